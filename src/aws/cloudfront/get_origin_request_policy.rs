//! `aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy`: one of the
//! account's, or of AWS.

use aws_sdk_cloudfront::types as sdk;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    MISSING, every,
    policy_parts::{Args, Asked, CookiesConfig, HeadersConfig, Items, QueryStringsConfig},
};
use crate::{aws::error::absent, provider::*};

pub(super) struct GetOriginRequestPolicy;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    arn: String,
    comment: Option<String>,
    cookies_configs: Vec<CookiesConfig>,
    etag: Option<String>,
    headers_configs: Vec<HeadersConfig>,
    id: String,
    name: String,
    query_strings_configs: Vec<QueryStringsConfig>,
}

impl Function for GetOriginRequestPolicy {
    const TOKEN: &'static str = "aws:cloudfront/getOriginRequestPolicy:getOriginRequestPolicy";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let asked = args.asked()?;
        let none = || asked.unknown("origin request policy");
        let id = match asked {
            Asked::Id(id) => id.to_owned(),
            Asked::Name(name) => id_of(cx, name).await?.ok_or_else(none)?,
        };
        let reply = cx.aws.cloudfront().get_origin_request_policy().id(&id).send().await;
        let live = absent(reply, MISSING)?.ok_or_else(none)?;
        let config = live.origin_request_policy.and_then(|it| it.origin_request_policy_config);
        let config = config.ok_or(Error::missing("OriginRequestPolicyConfig"))?;
        let cookies = config.cookies_config.map(|it| CookiesConfig {
            cookie_behavior: it.cookie_behavior.to_string(),
            cookies: Items::one(it.cookies.and_then(|it| it.items)),
        });
        let headers = config.headers_config.map(|it| HeadersConfig {
            header_behavior: it.header_behavior.to_string(),
            headers: Items::one(it.headers.and_then(|it| it.items)),
        });
        let queries = config.query_strings_config.map(|it| QueryStringsConfig {
            query_string_behavior: it.query_string_behavior.to_string(),
            query_strings: Items::one(it.query_strings.and_then(|it| it.items)),
        });
        Ok(Output {
            arn: cx.place.global_arn("cloudfront", &format!("origin-request-policy/{id}")),
            comment: config.comment,
            cookies_configs: cookies.into_iter().collect(),
            etag: live.e_tag,
            headers_configs: headers.into_iter().collect(),
            id,
            name: config.name,
            query_strings_configs: queries.into_iter().collect(),
        })
    }
}

async fn id_of(cx: &Cx, name: &str) -> Result<Option<String>> {
    let call = || cx.aws.cloudfront().list_origin_request_policies();
    let all = every!(call(), origin_request_policy_list).into_iter();
    let mut all = all.filter_map(|it| it.origin_request_policy);
    let named = |config: &sdk::OriginRequestPolicyConfig| config.name == name;
    let found = all.find(|it| it.origin_request_policy_config.as_ref().is_some_and(named));
    Ok(found.map(|it| it.id))
}
