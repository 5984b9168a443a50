//! What a distribution has beside origins and behaviors.

use aws_sdk_cloudfront::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::counted::quantity;
use crate::{
    aws::twin::{Built as _, Twin, Word, twin},
    provider::*,
};

twin! {
    CustomErrorResponse = sdk::CustomErrorResponse {
        #[schemars(extend("computed" = true))]
        error_caching_min_ttl: Option<i64> => error_caching_min_ttl, set_error_caching_min_ttl;
        error_code: i32 => error_code, set_error_code;
        response_code: Option<Code> => response_code, set_response_code;
        response_page_path: Option<String> => response_page_path, set_response_page_path;
    }
}

/// A number in a program, text in the API, where nothing is an empty one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Code(i32);

impl Twin for Code {
    type Sdk = String;
    fn to_sdk(&self) -> Result<String> {
        Ok(if self.0 == 0 { String::new() } else { self.0.to_string() })
    }
    fn from_sdk(sdk: &String) -> Result<Self> {
        if sdk.is_empty() {
            return Ok(Self(0));
        }
        let odd = |_| Error::new(Kind::Broken, "", format!("`{sdk}` is no response code"));
        sdk.parse().map(Self).map_err(odd)
    }
}

twin! {
    CacheTag = sdk::CacheTagConfig {
        header_name: String => header_name, set_header_name;
    }
}

twin! {
    ConnectionFunction = sdk::ConnectionFunctionAssociation {
        id: String => id, set_id;
    }
}

/// Standard logs of the older kind; they are on when there is a bucket.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Logging {
    bucket: Option<String>,
    include_cookies: Option<bool>,
    prefix: Option<String>,
}

impl Twin for Logging {
    type Sdk = sdk::LoggingConfig;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        let bucket = self.bucket.clone().unwrap_or_default();
        let logs = sdk::LoggingConfig::builder().enabled(!bucket.is_empty()).bucket(bucket);
        let logs = logs.include_cookies(self.include_cookies.unwrap_or_default());
        logs.prefix(self.prefix.clone().unwrap_or_default()).build().built()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        let some = |it: &String| Some(it.clone()).filter(|it| !it.is_empty());
        Ok(Self {
            bucket: some(&sdk.bucket),
            include_cookies: Some(sdk.include_cookies),
            prefix: some(&sdk.prefix),
        })
    }
}

impl Logging {
    pub(super) fn off() -> Self {
        Self { bucket: None, include_cookies: None, prefix: None }
    }
}

twin! {
    Restrictions = sdk::Restrictions {
        geo_restriction: GeoRestriction => geo_restriction, set_geo_restriction;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GeoRestriction {
    /// Countries, by their codes of two letters.
    locations: Option<Set<String>>,
    restriction_type: Word<sdk::GeoRestrictionType>,
}

impl Twin for GeoRestriction {
    type Sdk = sdk::GeoRestriction;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        let items = self.locations.clone().unwrap_or_default().0;
        let restriction = sdk::GeoRestriction::builder()
            .restriction_type(self.restriction_type.0.clone())
            .quantity(quantity(&items)?);
        restriction.set_items(Some(items).filter(|it| !it.is_empty())).build().built()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        Ok(Self {
            locations: sdk.items.clone().map(Set),
            restriction_type: Word(sdk.restriction_type.clone()),
        })
    }
}

twin! {
    ViewerCertificate = sdk::ViewerCertificate {
        acm_certificate_arn: Option<String> => acm_certificate_arn, set_acm_certificate_arn;
        cloudfront_default_certificate: Option<bool>
            => cloud_front_default_certificate, set_cloud_front_default_certificate;
        iam_certificate_id: Option<String> => iam_certificate_id, set_iam_certificate_id;
        #[schemars(extend("computed" = true))]
        minimum_protocol_version: Option<Word<sdk::MinimumProtocolVersion>>
            => minimum_protocol_version, set_minimum_protocol_version;
        #[schemars(extend("computed" = true))]
        ssl_support_method: Option<Word<sdk::SslSupportMethod>>
            => ssl_support_method, set_ssl_support_method;
    }
}

impl ViewerCertificate {
    pub(super) fn check(&self) -> Result<()> {
        let kinds = [
            self.acm_certificate_arn.is_some(),
            self.cloudfront_default_certificate == Some(true),
            self.iam_certificate_id.is_some(),
        ];
        if kinds.iter().filter(|it| **it).count() != 1 {
            let rule = "has one of `acmCertificateArn`, `cloudfrontDefaultCertificate: true` and `iamCertificateId`";
            return Err(Error::invalid("viewerCertificate", rule));
        }
        if self.cloudfront_default_certificate != Some(true) && self.ssl_support_method.is_none() {
            let rule = "has `sslSupportMethod` with a certificate of one's own: `sni-only`";
            return Err(Error::invalid("viewerCertificate", rule));
        }
        Ok(())
    }
}

twin! {
    ViewerMtls = sdk::ViewerMtlsConfig {
        #[schemars(extend("computed" = true))]
        mode: Option<Word<sdk::ViewerMtlsMode>> => mode, set_mode;
        trust_store_config: Option<TrustStore> => trust_store_config, set_trust_store_config;
    }
}

twin! {
    TrustStore = sdk::TrustStoreConfig {
        advertise_trust_store_ca_names: Option<bool>
            => advertise_trust_store_ca_names, set_advertise_trust_store_ca_names;
        ignore_certificate_expiry: Option<bool>
            => ignore_certificate_expiry, set_ignore_certificate_expiry;
        trust_store_id: String => trust_store_id, set_trust_store_id;
    }
}
