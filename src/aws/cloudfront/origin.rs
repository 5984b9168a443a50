//! Origins of a distribution: where what it serves comes from.

use aws_sdk_cloudfront::types as sdk;

use super::counted::{CustomHeaders, OriginGroupMembers, OriginSslProtocols, StatusCodes};
use crate::{
    aws::twin::{Twin as _, Word, twin},
    provider::*,
};

twin! {
    Origin = sdk::Origin {
        #[schemars(extend("computed" = true))]
        connection_attempts: Option<i32> => connection_attempts, set_connection_attempts;
        #[schemars(extend("computed" = true))]
        connection_timeout: Option<i32> => connection_timeout, set_connection_timeout;
        custom_headers: Option<CustomHeaders> => custom_headers, set_custom_headers;
        custom_origin_config: Option<CustomOrigin>
            => custom_origin_config, set_custom_origin_config;
        domain_name: String => domain_name, set_domain_name;
        origin_access_control_id: Option<String>
            => origin_access_control_id, set_origin_access_control_id;
        origin_id: String => id, set_id;
        origin_path: Option<String> => origin_path, set_origin_path;
        origin_shield: Option<Shield> => origin_shield, set_origin_shield;
        response_completion_timeout: Option<i32>
            => response_completion_timeout, set_response_completion_timeout;
        s3_origin_config: Option<S3Origin> => s3_origin_config, set_s3_origin_config;
        vpc_origin_config: Option<VpcOrigin> => vpc_origin_config, set_vpc_origin_config;
    }
}

twin! {
    CustomHeader = sdk::OriginCustomHeader {
        name: String => header_name, set_header_name;
        value: String => header_value, set_header_value;
    }
}

twin! {
    CustomOrigin = sdk::CustomOriginConfig {
        http_port: i32 => http_port, set_http_port;
        https_port: i32 => https_port, set_https_port;
        #[schemars(extend("computed" = true))]
        ip_address_type: Option<Word<sdk::IpAddressType>>
            => ip_address_type, set_ip_address_type;
        #[schemars(extend("computed" = true))]
        origin_keepalive_timeout: Option<i32>
            => origin_keepalive_timeout, set_origin_keepalive_timeout;
        origin_mtls_config: Option<OriginMtls> => origin_mtls_config, set_origin_mtls_config;
        origin_protocol_policy: Word<sdk::OriginProtocolPolicy>
            => origin_protocol_policy, set_origin_protocol_policy;
        #[schemars(extend("computed" = true))]
        origin_read_timeout: Option<i32> => origin_read_timeout, set_origin_read_timeout;
        origin_ssl_protocols: OriginSslProtocols
            => origin_ssl_protocols, set_origin_ssl_protocols;
    }
}

twin! {
    OriginMtls = sdk::OriginMtlsConfig {
        client_certificate_arn: String => client_certificate_arn, set_client_certificate_arn;
    }
}

twin! {
    Shield = sdk::OriginShield {
        enabled: bool => enabled, set_enabled;
        origin_shield_region: Option<String> => origin_shield_region, set_origin_shield_region;
    }
}

twin! {
    S3Origin = sdk::S3OriginConfig {
        origin_access_identity: String => origin_access_identity, set_origin_access_identity;
    }
}

twin! {
    VpcOrigin = sdk::VpcOriginConfig {
        #[schemars(extend("computed" = true))]
        origin_keepalive_timeout: Option<i32>
            => origin_keepalive_timeout, set_origin_keepalive_timeout;
        #[schemars(extend("computed" = true))]
        origin_read_timeout: Option<i32> => origin_read_timeout, set_origin_read_timeout;
        owner_account_id: Option<String> => owner_account_id, set_owner_account_id;
        vpc_origin_id: String => vpc_origin_id, set_vpc_origin_id;
    }
}

twin! {
    OriginGroup = sdk::OriginGroup {
        failover_criteria: Failover => failover_criteria, set_failover_criteria;
        /// The first is asked first.
        members: OriginGroupMembers => members, set_members;
        origin_id: String => id, set_id;
    }
}

twin! {
    Failover = sdk::OriginGroupFailoverCriteria {
        status_codes: StatusCodes => status_codes, set_status_codes;
    }
}

twin! {
    OriginGroupMember = sdk::OriginGroupMember {
        origin_id: String => origin_id, set_origin_id;
    }
}

impl Origin {
    pub(super) fn check(&self) -> Result<()> {
        let kinds = [
            self.custom_origin_config.is_some(),
            self.s3_origin_config.is_some(),
            self.vpc_origin_config.is_some(),
        ];
        if kinds.iter().filter(|it| **it).count() > 1 {
            let rule = "has one of `customOriginConfig`, `s3OriginConfig` and `vpcOriginConfig`";
            return Err(Error::invalid("origins", rule));
        }
        Ok(())
    }

    /// As CloudFront takes it: one that says nothing else is a bucket, and what
    /// there is none of is said.
    pub(super) fn whole(&self) -> Result<sdk::Origin> {
        let mut it = self.to_sdk()?;
        it.custom_headers.get_or_insert(CustomHeaders::default().to_sdk()?);
        it.origin_path.get_or_insert_default();
        it.origin_access_control_id.get_or_insert_default();
        if it.custom_origin_config.is_none() && it.vpc_origin_config.is_none() {
            let bucket = S3Origin { origin_access_identity: String::new() };
            it.s3_origin_config.get_or_insert(bucket.to_sdk()?);
        }
        Ok(it)
    }
}
