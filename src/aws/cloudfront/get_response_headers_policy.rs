//! `aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy`: one of
//! the account's, or of AWS.

use aws_sdk_cloudfront::types as sdk;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    MISSING, every,
    policy_parts::{Args, Asked, Items},
};
use crate::{aws::error::absent, provider::*};

pub(super) struct GetResponseHeadersPolicy;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    arn: String,
    comment: Option<String>,
    cors_configs: Vec<Cors>,
    custom_headers_configs: Vec<Items<CustomHeader>>,
    etag: Option<String>,
    id: String,
    name: String,
    remove_headers_configs: Vec<Items<RemovedHeader>>,
    security_headers_configs: Vec<Security>,
    server_timing_headers_configs: Vec<ServerTiming>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Cors {
    access_control_allow_credentials: bool,
    access_control_allow_headers: Vec<Items<String>>,
    access_control_allow_methods: Vec<Items<String>>,
    access_control_allow_origins: Vec<Items<String>>,
    access_control_expose_headers: Vec<Items<String>>,
    access_control_max_age_sec: Option<i32>,
    origin_override: bool,
}

#[derive(Serialize, JsonSchema)]
struct CustomHeader {
    header: String,
    r#override: bool,
    value: String,
}

#[derive(Serialize, JsonSchema)]
struct RemovedHeader {
    header: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Security {
    content_security_policies: Vec<ContentSecurity>,
    content_type_options: Vec<ContentTypeOptions>,
    frame_options: Vec<FrameOptions>,
    referrer_policies: Vec<Referrer>,
    strict_transport_securities: Vec<StrictTransport>,
    xss_protections: Vec<XssProtection>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ContentSecurity {
    content_security_policy: String,
    r#override: bool,
}

#[derive(Serialize, JsonSchema)]
struct ContentTypeOptions {
    r#override: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FrameOptions {
    frame_option: String,
    r#override: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Referrer {
    r#override: bool,
    referrer_policy: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StrictTransport {
    access_control_max_age_sec: i32,
    include_subdomains: Option<bool>,
    r#override: bool,
    preload: Option<bool>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct XssProtection {
    mode_block: Option<bool>,
    r#override: bool,
    protection: bool,
    report_uri: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ServerTiming {
    enabled: bool,
    sampling_rate: Option<f64>,
}

impl Function for GetResponseHeadersPolicy {
    const TOKEN: &'static str = "aws:cloudfront/getResponseHeadersPolicy:getResponseHeadersPolicy";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let asked = args.asked()?;
        let none = || asked.unknown("response headers policy");
        let id = match asked {
            Asked::Id(id) => id.to_owned(),
            Asked::Name(name) => id_of(cx, name).await?.ok_or_else(none)?,
        };
        let reply = cx.aws.cloudfront().get_response_headers_policy().id(&id).send().await;
        let live = absent(reply, MISSING)?.ok_or_else(none)?;
        let config = live.response_headers_policy.and_then(|it| it.response_headers_policy_config);
        let config = config.ok_or(Error::missing("ResponseHeadersPolicyConfig"))?;
        let custom = config.custom_headers_config.map(|it| {
            let items = it.items.unwrap_or_default().into_iter();
            items.map(|it| CustomHeader {
                header: it.header,
                r#override: it.r#override,
                value: it.value,
            })
        });
        let removed = config.remove_headers_config.map(|it| {
            let items = it.items.unwrap_or_default().into_iter();
            items.map(|it| RemovedHeader { header: it.header })
        });
        let timing = config
            .server_timing_headers_config
            .map(|it| ServerTiming { enabled: it.enabled, sampling_rate: it.sampling_rate });
        Ok(Output {
            arn: cx.place.global_arn("cloudfront", &format!("response-headers-policy/{id}")),
            comment: config.comment,
            cors_configs: config.cors_config.map(Cors::from).into_iter().collect(),
            custom_headers_configs: custom
                .map(|it| Items::one(Some(it.collect())))
                .unwrap_or_default(),
            etag: live.e_tag,
            id,
            name: config.name,
            remove_headers_configs: removed
                .map(|it| Items::one(Some(it.collect())))
                .unwrap_or_default(),
            security_headers_configs: config
                .security_headers_config
                .map(Security::from)
                .into_iter()
                .collect(),
            server_timing_headers_configs: timing.into_iter().collect(),
        })
    }
}

impl From<sdk::ResponseHeadersPolicyCorsConfig> for Cors {
    fn from(it: sdk::ResponseHeadersPolicyCorsConfig) -> Self {
        let methods = it.access_control_allow_methods.map(|it| it.items);
        let methods = methods.map(|all| all.iter().map(ToString::to_string).collect());
        Self {
            access_control_allow_credentials: it.access_control_allow_credentials,
            access_control_allow_headers: Items::one(
                it.access_control_allow_headers.map(|it| it.items),
            ),
            access_control_allow_methods: Items::one(methods),
            access_control_allow_origins: Items::one(
                it.access_control_allow_origins.map(|it| it.items),
            ),
            access_control_expose_headers: Items::one(
                it.access_control_expose_headers.and_then(|it| it.items),
            ),
            access_control_max_age_sec: it.access_control_max_age_sec,
            origin_override: it.origin_override,
        }
    }
}

impl From<sdk::ResponseHeadersPolicySecurityHeadersConfig> for Security {
    fn from(it: sdk::ResponseHeadersPolicySecurityHeadersConfig) -> Self {
        let content = it.content_security_policy.map(|it| ContentSecurity {
            content_security_policy: it.content_security_policy,
            r#override: it.r#override,
        });
        let types =
            it.content_type_options.map(|it| ContentTypeOptions { r#override: it.r#override });
        let frames = it.frame_options.map(|it| FrameOptions {
            frame_option: it.frame_option.to_string(),
            r#override: it.r#override,
        });
        let referrer = it.referrer_policy.map(|it| Referrer {
            r#override: it.r#override,
            referrer_policy: it.referrer_policy.to_string(),
        });
        let transport = it.strict_transport_security.map(|it| StrictTransport {
            access_control_max_age_sec: it.access_control_max_age_sec,
            include_subdomains: it.include_subdomains,
            r#override: it.r#override,
            preload: it.preload,
        });
        let xss = it.xss_protection.map(|it| XssProtection {
            mode_block: it.mode_block,
            r#override: it.r#override,
            protection: it.protection,
            report_uri: it.report_uri,
        });
        Self {
            content_security_policies: content.into_iter().collect(),
            content_type_options: types.into_iter().collect(),
            frame_options: frames.into_iter().collect(),
            referrer_policies: referrer.into_iter().collect(),
            strict_transport_securities: transport.into_iter().collect(),
            xss_protections: xss.into_iter().collect(),
        }
    }
}

async fn id_of(cx: &Cx, name: &str) -> Result<Option<String>> {
    let call = || cx.aws.cloudfront().list_response_headers_policies();
    let all = every!(call(), response_headers_policy_list).into_iter();
    let mut all = all.filter_map(|it| it.response_headers_policy);
    let named = |config: &sdk::ResponseHeadersPolicyConfig| config.name == name;
    let found = all.find(|it| it.response_headers_policy_config.as_ref().is_some_and(named));
    Ok(found.map(|it| it.id))
}
