//! `aws:apigateway/getRestApi:getRestApi`: the one API of a name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{arn, rest_api};
use crate::provider::*;

pub(super) struct GetRestApi;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    name: String,
    /// That it must have.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    api_key_source: Option<String>,
    arn: String,
    binary_media_types: Vec<String>,
    description: Option<String>,
    endpoint_access_mode: Option<String>,
    endpoint_configurations: Vec<Endpoint>,
    execution_arn: String,
    minimum_compression_size: Option<String>,
    name: String,
    policy: Option<Policy>,
    root_resource_id: Option<String>,
    security_policy: Option<String>,
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GetRestApiEndpointConfiguration")]
struct Endpoint {
    ip_address_type: Option<String>,
    types: Vec<String>,
    vpc_endpoint_ids: Vec<String>,
}

impl Function for GetRestApi {
    const TOKEN: &'static str = "aws:apigateway/getRestApi:getRestApi";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let mut found = rest_api::all(cx).await?;
        found.retain(|it| {
            let tags = Tags::live(it.tags.clone().unwrap_or_default());
            let has = |(key, value): (&String, &String)| tags.0.get(key) == Some(value);
            it.name.as_ref() == Some(&args.name) && args.tags.0.iter().all(has)
        });
        let Some(live) = found.pop() else {
            return Err(Error::invalid("name", format!("no REST API is called `{}`", args.name)));
        };
        if !found.is_empty() {
            let rule =
                format!("several REST APIs are called `{}`, and one is asked for", args.name);
            return Err(Error::invalid("name", rule));
        }
        let id = live.id.ok_or(Error::missing("id"))?;
        let endpoint = live.endpoint_configuration.map(|it| Endpoint {
            ip_address_type: it.ip_address_type.map(|it| it.as_str().to_owned()),
            types: it.types.iter().flatten().map(|it| it.as_str().to_owned()).collect(),
            vpc_endpoint_ids: it.vpc_endpoint_ids.unwrap_or_default(),
        });
        Ok(Output {
            api_key_source: live.api_key_source.map(|it| it.as_str().to_owned()),
            arn: arn(&cx.place, &format!("restapis/{id}")),
            binary_media_types: live.binary_media_types.unwrap_or_default(),
            description: live.description,
            endpoint_access_mode: live.endpoint_access_mode.map(|it| it.as_str().to_owned()),
            endpoint_configurations: endpoint.into_iter().collect(),
            execution_arn: cx.place.arn("execute-api", &id),
            minimum_compression_size: live.minimum_compression_size.map(|it| it.to_string()),
            name: live.name.unwrap_or_default(),
            policy: rest_api::policy(live.policy.as_deref())?,
            root_resource_id: live.root_resource_id,
            security_policy: live.security_policy.map(|it| it.as_str().to_owned()),
            tags: Tags::live(live.tags.unwrap_or_default()),
            id,
        })
    }
}
