//! `aws:apigatewayv2/getApi:getApi`: an API by its id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    api::{Cors, one, told_cors},
    arn,
};
use crate::provider::*;

pub(super) struct GetApi;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    api_id: String,
    /// That it must have.
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    api_endpoint: Option<String>,
    api_id: String,
    api_key_selection_expression: Option<String>,
    arn: String,
    cors_configurations: Vec<Cors>,
    description: Option<String>,
    disable_execute_api_endpoint: bool,
    execution_arn: String,
    ip_address_type: Option<String>,
    name: String,
    protocol_type: Option<String>,
    route_selection_expression: Option<String>,
    tags: Tags,
    version: Option<String>,
}

impl Function for GetApi {
    const TOKEN: &'static str = "aws:apigatewayv2/getApi:getApi";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let id = args.api_id.clone();
        let Some(live) = one(cx, &id).await? else {
            return Err(Error::invalid("apiId", format!("there is no API `{id}`")));
        };
        let tags = Tags::live(live.tags.unwrap_or_default());
        if args.tags.0.iter().any(|(key, value)| tags.0.get(key) != Some(value)) {
            return Err(Error::invalid("tags", format!("the API `{id}` does not have them all")));
        }
        Ok(Output {
            api_endpoint: live.api_endpoint,
            api_key_selection_expression: live.api_key_selection_expression,
            arn: arn(&cx.place, &format!("apis/{id}")),
            cors_configurations: live.cors_configuration.map(told_cors).into_iter().collect(),
            description: live.description,
            disable_execute_api_endpoint: live.disable_execute_api_endpoint.unwrap_or_default(),
            execution_arn: cx.place.arn("execute-api", &id),
            ip_address_type: live.ip_address_type.map(|it| it.as_str().to_owned()),
            name: live.name.unwrap_or_default(),
            protocol_type: live.protocol_type.map(|it| it.as_str().to_owned()),
            route_selection_expression: live.route_selection_expression,
            tags,
            version: live.version,
            api_id: id.clone(),
            id,
        })
    }
}
