//! Cache behaviors of a distribution: what is done with requests.

#![expect(deprecated, reason = "programs still say `forwardedValues` in place of a cache policy")]

use aws_sdk_cloudfront::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::counted::{
    AllowedMethods, CachedMethods, CookieNames, FunctionAssociations, Headers,
    LambdaFunctionAssociations, QueryStringCacheKeys, TrustedKeyGroups, TrustedSigners,
};
use crate::{
    aws::twin::{Built as _, Twin, Word, twin},
    provider::*,
};

/// The two kinds of behaviors differ in that ordered ones have a pattern.
macro_rules! behavior {
    ($name:ident = $sdk:ident { $($more:tt)* }) => {
        twin! {
            $name = sdk::$sdk {
                allowed_methods: AllowedMethods => allowed_methods, set_allowed_methods;
                cache_policy_id: Option<String> => cache_policy_id, set_cache_policy_id;
                cached_methods: Cached => allowed_methods, set_cached_methods;
                compress: Option<bool> => compress, set_compress;
                #[schemars(extend("computed" = true))]
                default_ttl: Option<i64> => default_ttl, set_default_ttl;
                field_level_encryption_id: Option<String>
                    => field_level_encryption_id, set_field_level_encryption_id;
                forwarded_values: Option<ForwardedValues>
                    => forwarded_values, set_forwarded_values;
                function_associations: Option<FunctionAssociations>
                    => function_associations, set_function_associations;
                grpc_config: Option<Grpc> => grpc_config, set_grpc_config;
                lambda_function_associations: Option<LambdaFunctionAssociations>
                    => lambda_function_associations, set_lambda_function_associations;
                #[schemars(extend("computed" = true))]
                max_ttl: Option<i64> => max_ttl, set_max_ttl;
                min_ttl: Option<i64> => min_ttl, set_min_ttl;
                origin_request_policy_id: Option<String>
                    => origin_request_policy_id, set_origin_request_policy_id;
                realtime_log_config_arn: Option<String>
                    => realtime_log_config_arn, set_realtime_log_config_arn;
                response_headers_policy_id: Option<String>
                    => response_headers_policy_id, set_response_headers_policy_id;
                smooth_streaming: Option<bool> => smooth_streaming, set_smooth_streaming;
                target_origin_id: String => target_origin_id, set_target_origin_id;
                trusted_key_groups: Option<TrustedKeyGroups>
                    => trusted_key_groups, set_trusted_key_groups;
                trusted_signers: Option<TrustedSigners> => trusted_signers, set_trusted_signers;
                viewer_protocol_policy: Word<sdk::ViewerProtocolPolicy>
                    => viewer_protocol_policy, set_viewer_protocol_policy;
                $($more)*
            }
        }

        impl $name {
            pub(super) fn check(&self, property: &str) -> Result<()> {
                if self.cache_policy_id.is_some() == self.forwarded_values.is_some() {
                    let rule = "has either `cachePolicyId` or `forwardedValues`";
                    return Err(Error::invalid(property, rule));
                }
                let times = [self.min_ttl, self.default_ttl, self.max_ttl];
                let timed = times.into_iter().flatten().any(|it| it != 0);
                if self.cache_policy_id.is_some() && timed {
                    let rule = "has its times in the cache policy";
                    return Err(Error::invalid(property, rule));
                }
                Ok(())
            }

            /// As CloudFront takes it: with all that there is none of.
            pub(super) fn whole(&self) -> Result<sdk::$sdk> {
                let mut it = self.to_sdk()?;
                it.function_associations.get_or_insert(FunctionAssociations::default().to_sdk()?);
                let lambdas = LambdaFunctionAssociations::default().to_sdk()?;
                it.lambda_function_associations.get_or_insert(lambdas);
                it.trusted_key_groups.get_or_insert(TrustedKeyGroups::default().to_sdk()?);
                it.trusted_signers.get_or_insert(TrustedSigners::default().to_sdk()?);
                it.field_level_encryption_id.get_or_insert_default();
                it.compress.get_or_insert_default();
                it.smooth_streaming.get_or_insert_default();
                if it.forwarded_values.is_some() {
                    it.min_ttl.get_or_insert_default();
                } else {
                    (it.min_ttl, it.default_ttl, it.max_ttl) = (None, None, None);
                }
                Ok(it)
            }
        }
    };
}

behavior! { DefaultBehavior = DefaultCacheBehavior {} }

behavior! {
    OrderedBehavior = CacheBehavior {
        path_pattern: String => path_pattern, set_path_pattern;
    }
}

twin! {
    ForwardedValues = sdk::ForwardedValues {
        cookies: Cookies => cookies, set_cookies;
        headers: Option<Headers> => headers, set_headers;
        query_string: bool => query_string, set_query_string;
        query_string_cache_keys: Option<QueryStringCacheKeys>
            => query_string_cache_keys, set_query_string_cache_keys;
    }
}

twin! {
    Cookies = sdk::CookiePreference {
        forward: Word<sdk::ItemSelection> => forward, set_forward;
        whitelisted_names: Option<CookieNames> => whitelisted_names, set_whitelisted_names;
    }
}

twin! {
    FunctionAssociation = sdk::FunctionAssociation {
        event_type: Word<sdk::EventType> => event_type, set_event_type;
        function_arn: String => function_arn, set_function_arn;
    }
}

twin! {
    LambdaAssociation = sdk::LambdaFunctionAssociation {
        event_type: Word<sdk::EventType> => event_type, set_event_type;
        include_body: Option<bool> => include_body, set_include_body;
        /// With its version.
        lambda_arn: String => lambda_function_arn, set_lambda_function_arn;
    }
}

twin! {
    Grpc = sdk::GrpcConfig {
        #[serde(default)]
        enabled: bool => enabled, set_enabled;
    }
}

/// CloudFront has the cached methods within those that are allowed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Cached(CachedMethods);

impl Twin for Cached {
    type Sdk = sdk::AllowedMethods;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        let none = sdk::AllowedMethods::builder().quantity(0).set_items(Some(Vec::new()));
        none.cached_methods(self.0.to_sdk()?).build().built()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        let cached = sdk.cached_methods.as_ref().ok_or(Error::missing("CachedMethods"))?;
        CachedMethods::from_sdk(cached).map(Self)
    }
}

/// Puts the cached methods into the allowed ones, which come before them.
trait SetCached {
    fn set_cached_methods(self, cached: Option<sdk::AllowedMethods>) -> Self;
}

macro_rules! set_cached {
    ($($builder:ident)*) => { $(
        impl SetCached for sdk::builders::$builder {
            fn set_cached_methods(self, cached: Option<sdk::AllowedMethods>) -> Self {
                let mut allowed = self.get_allowed_methods().clone();
                if let Some(allowed) = &mut allowed {
                    allowed.cached_methods = cached.and_then(|it| it.cached_methods);
                }
                self.set_allowed_methods(allowed)
            }
        }
    )* };
}

set_cached! { CacheBehaviorBuilder DefaultCacheBehaviorBuilder }
