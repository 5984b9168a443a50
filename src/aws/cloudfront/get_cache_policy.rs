//! `aws:cloudfront/getCachePolicy:getCachePolicy`: one of the account's, or of
//! AWS.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    cache_policy::{config, listed, live, named},
    policy_parts::{Args, Asked, CookiesConfig, HeadersConfig, Items, QueryStringsConfig},
};
use crate::provider::*;

pub(super) struct GetCachePolicy;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    arn: String,
    comment: Option<String>,
    default_ttl: Option<i64>,
    etag: Option<String>,
    id: String,
    max_ttl: Option<i64>,
    min_ttl: i64,
    name: String,
    parameters_in_cache_key_and_forwarded_to_origins: Vec<Parameters>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    cookies_configs: Vec<CookiesConfig>,
    enable_accept_encoding_brotli: bool,
    enable_accept_encoding_gzip: bool,
    headers_configs: Vec<HeadersConfig>,
    query_strings_configs: Vec<QueryStringsConfig>,
}

impl Function for GetCachePolicy {
    const TOKEN: &'static str = "aws:cloudfront/getCachePolicy:getCachePolicy";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let asked = args.asked()?;
        let none = || asked.unknown("cache policy");
        let id = match asked {
            Asked::Id(id) => id.to_owned(),
            Asked::Name(name) => {
                let found = listed(cx, None).await?.into_iter().find(|it| named(it, name));
                found.ok_or_else(none)?.id
            }
        };
        let live = live(cx, &id).await?.ok_or_else(none)?;
        let etag = live.e_tag.clone();
        let config = config(live)?;
        let parameters = config.parameters_in_cache_key_and_forwarded_to_origin;
        let parameters = parameters.map(|it| Parameters {
            cookies_configs: it
                .cookies_config
                .into_iter()
                .map(|it| CookiesConfig {
                    cookie_behavior: it.cookie_behavior.to_string(),
                    cookies: Items::one(it.cookies.and_then(|it| it.items)),
                })
                .collect(),
            enable_accept_encoding_brotli: it.enable_accept_encoding_brotli.unwrap_or_default(),
            enable_accept_encoding_gzip: it.enable_accept_encoding_gzip,
            headers_configs: it
                .headers_config
                .into_iter()
                .map(|it| HeadersConfig {
                    header_behavior: it.header_behavior.to_string(),
                    headers: Items::one(it.headers.and_then(|it| it.items)),
                })
                .collect(),
            query_strings_configs: it
                .query_strings_config
                .into_iter()
                .map(|it| QueryStringsConfig {
                    query_string_behavior: it.query_string_behavior.to_string(),
                    query_strings: Items::one(it.query_strings.and_then(|it| it.items)),
                })
                .collect(),
        });
        Ok(Output {
            arn: cx.place.global_arn("cloudfront", &format!("cache-policy/{id}")),
            comment: config.comment,
            default_ttl: config.default_ttl,
            etag,
            id,
            max_ttl: config.max_ttl,
            min_ttl: config.min_ttl,
            name: config.name,
            parameters_in_cache_key_and_forwarded_to_origins: parameters.into_iter().collect(),
        })
    }
}
