//! `aws:cloudfront/cachePolicy:CachePolicy`. The id is CloudFront's, a uuid.

use aws_sdk_cloudfront::{operation::get_cache_policy::GetCachePolicyOutput, types as sdk};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    MISSING,
    counted::{CookieItems, HeaderItems, QueryStringItems},
    every, holders, shown,
};
use crate::{
    aws::{
        error::absent,
        kept,
        twin::{Twin as _, Word, covers, twin},
    },
    provider::*,
};

pub(super) struct CachePolicy;

twin! {
    Inputs = sdk::CachePolicyConfig {
        comment: Option<String> => comment, set_comment;
        /// A day, or `minTtl` when that is more.
        #[schemars(extend("computed" = true))]
        default_ttl: Option<i64> => default_ttl, set_default_ttl;
        /// A year, or `minTtl` or `defaultTtl` when they are more.
        #[schemars(extend("computed" = true))]
        max_ttl: Option<i64> => max_ttl, set_max_ttl;
        #[serde(default)]
        min_ttl: i64 => min_ttl, set_min_ttl;
        #[schemars(extend("autoname" = 128))]
        name: String => name, set_name;
        parameters_in_cache_key_and_forwarded_to_origin: Parameters
            => parameters_in_cache_key_and_forwarded_to_origin,
            set_parameters_in_cache_key_and_forwarded_to_origin;
    }
}

twin! {
    Parameters = sdk::ParametersInCacheKeyAndForwardedToOrigin {
        cookies_config: CookiesConfig => cookies_config, set_cookies_config;
        enable_accept_encoding_brotli: Option<bool>
            => enable_accept_encoding_brotli, set_enable_accept_encoding_brotli;
        #[serde(default)]
        enable_accept_encoding_gzip: bool
            => enable_accept_encoding_gzip, set_enable_accept_encoding_gzip;
        headers_config: HeadersConfig => headers_config, set_headers_config;
        query_strings_config: QueryStringsConfig => query_strings_config, set_query_strings_config;
    }
}

twin! {
    CookiesConfig = sdk::CachePolicyCookiesConfig {
        cookie_behavior: Word<sdk::CachePolicyCookieBehavior>
            => cookie_behavior, set_cookie_behavior;
        cookies: Option<CookieItems> => cookies, set_cookies;
    }
}

twin! {
    HeadersConfig = sdk::CachePolicyHeadersConfig {
        #[serde(default = "no_headers")]
        header_behavior: Word<sdk::CachePolicyHeaderBehavior>
            => header_behavior, set_header_behavior;
        headers: Option<HeaderItems> => headers, set_headers;
    }
}

twin! {
    QueryStringsConfig = sdk::CachePolicyQueryStringsConfig {
        query_string_behavior: Word<sdk::CachePolicyQueryStringBehavior>
            => query_string_behavior, set_query_string_behavior;
        query_strings: Option<QueryStringItems> => query_strings, set_query_strings;
    }
}

fn no_headers() -> Word<sdk::CachePolicyHeaderBehavior> {
    Word(sdk::CachePolicyHeaderBehavior::None)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    etag: Option<String>,
}

impl Resource for CachePolicy {
    const TYPE: &'static str = "aws:cloudfront/cachePolicy:CachePolicy";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let default = new.default_ttl.unwrap_or(new.min_ttl.max(86_400));
        let max = new.max_ttl.unwrap_or(default.max(31_536_000));
        if new.min_ttl > default || default > max {
            let rule = "is at least `minTtl` and at most `maxTtl`";
            return Err(Error::invalid("defaultTtl", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cloudfront().create_cache_policy();
        let reply = call.cache_policy_config(new.to_sdk()?).send().await?;
        Ok(reply.cache_policy.ok_or(Error::missing("CachePolicy"))?.id)
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        shown(cx, || live(cx, id)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let etag = live.e_tag.clone();
        Ok(Some(Outputs {
            inputs: Inputs::from_sdk(&config(live)?)?,
            arn: cx.place.global_arn("cloudfront", &format!("cache-policy/{id}")),
            etag,
        }))
    }

    /// The call replaces everything.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the cache policy"))?;
        let etag = live.e_tag.clone();
        let live = config(live)?;
        let mut wanted = new.to_sdk()?;
        wanted.comment = kept(old.comment.clone(), wanted.comment, live.comment);
        let call = cx.aws.cloudfront().update_cache_policy().id(id).set_if_match(etag);
        call.cache_policy_config(wanted).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = live(cx, id).await? else { return Ok(()) };
        let call = cx.aws.cloudfront().delete_cache_policy().id(id);
        absent(call.set_if_match(live.e_tag).send().await, MISSING).map(drop)
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::of_cache_policy(cx, id).await
    }

    /// It bears neither tags nor a reference, but its name is the account's
    /// only one: what is all as wanted was made by this operation.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let custom = listed(cx, Some(sdk::CachePolicyType::Custom)).await?;
        let Some(live) = custom.into_iter().find(|it| named(it, &inputs.name)) else {
            return Ok(None);
        };
        let config = live.cache_policy_config.as_ref();
        let told = Inputs::from_sdk(config.ok_or(Error::missing("CachePolicyConfig"))?)?;
        Ok(covers(&told, inputs)?.then_some(live.id))
    }
}

pub(super) fn named(it: &sdk::CachePolicy, name: &str) -> bool {
    it.cache_policy_config.as_ref().is_some_and(|it| it.name == name)
}

/// Of the account, of AWS, or of both.
pub(super) async fn listed(
    cx: &Cx,
    kind: Option<sdk::CachePolicyType>,
) -> Result<Vec<sdk::CachePolicy>> {
    let call = || cx.aws.cloudfront().list_cache_policies().set_type(kind.clone());
    let all = every!(call(), cache_policy_list).into_iter();
    Ok(all.filter_map(|it| it.cache_policy).collect())
}

pub(super) fn config(live: GetCachePolicyOutput) -> Result<sdk::CachePolicyConfig> {
    let config = live.cache_policy.and_then(|it| it.cache_policy_config);
    config.ok_or(Error::missing("CachePolicyConfig"))
}

pub(super) async fn live(cx: &Cx, id: &str) -> Result<Option<GetCachePolicyOutput>> {
    absent(cx.aws.cloudfront().get_cache_policy().id(id).send().await, MISSING)
}
