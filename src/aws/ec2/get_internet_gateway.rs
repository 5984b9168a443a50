//! `aws:ec2/getInternetGateway:getInternetGateway`: the one gateway that the
//! arguments describe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Query, arn, internet_gateway::describe, live_tags, looked_for, sole};
use crate::provider::*;

pub(super) struct GetInternetGateway;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    internet_gateway_id: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    attachments: Vec<Attachment>,
    filters: Vec<Query>,
    internet_gateway_id: String,
    owner_id: String,
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    state: Option<String>,
    vpc_id: Option<String>,
}

impl Function for GetInternetGateway {
    const TOKEN: &'static str = "aws:ec2/getInternetGateway:getInternetGateway";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [("internet-gateway-id", &args.internet_gateway_id)];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let live = sole(describe(cx, filters).await?, "internet gateway")?;
        let id = live.internet_gateway_id.ok_or(Error::missing("InternetGatewayId"))?;
        let owner_id = live.owner_id.unwrap_or_else(|| cx.place.account.clone());
        let attachments = live
            .attachments
            .unwrap_or_default()
            .into_iter()
            .map(|it| Attachment { state: it.state.map(|it| it.to_string()), vpc_id: it.vpc_id });
        Ok(Output {
            arn: arn(cx, &owner_id, &format!("internet-gateway/{id}")),
            attachments: attachments.collect(),
            filters: args.filters.clone(),
            internet_gateway_id: id.clone(),
            owner_id,
            tags: live_tags(live.tags),
            id,
        })
    }
}
