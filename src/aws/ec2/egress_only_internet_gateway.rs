//! `aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway`. The id is
//! the gateway's, `eigw-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{
    AttachmentStatus, EgressOnlyInternetGateway as Live, Filter, ResourceType,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{born, by_birth, in_order, live_tags, made, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct EgressOnlyInternetGateway;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    vpc_id: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for EgressOnlyInternetGateway {
    const TYPE: &'static str = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway";
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_egress_only_internet_gateway().client_token(&cx.op);
        let reply = call
            .vpc_id(&new.vpc_id)
            .tag_specifications(born(cx, ResourceType::EgressOnlyInternetGateway, &new.tags))
            .send()
            .await?;
        let id =
            reply.egress_only_internet_gateway.and_then(|it| it.egress_only_internet_gateway_id);
        id.ok_or(Error::missing("EgressOnlyInternetGatewayId"))
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let live = Self::read(cx, id).await?;
            Ok(live.filter(|it| it.inputs.vpc_id == new.vpc_id).map(drop))
        };
        // It takes seconds.
        cx.wait("the gateway to be attached", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// There is no filter by id, and one id that is gone fails a call for all:
    /// of the few that a region has, all are listed.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = describe(cx, None).await?.into_iter();
        let found = found.filter_map(|it| {
            let id = it.egress_only_internet_gateway_id.clone()?;
            Some((id, outputs(it)))
        });
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.ec2().delete_egress_only_internet_gateway();
        let reply = call.egress_only_internet_gateway_id(id).send().await;
        absent(reply, &["InvalidGatewayID.NotFound"])?;
        Ok(())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, Some(by_birth(cx))).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.egress_only_internet_gateway_id))
    }
}

async fn describe(cx: &Cx, filter: Option<Filter>) -> Result<Vec<Live>> {
    let call = cx.aws.ec2().describe_egress_only_internet_gateways();
    let pages = call.set_filters(filter.map(|it| vec![it])).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn outputs(live: Live) -> Outputs {
    let attachments = live.attachments.unwrap_or_default().into_iter();
    let gone = |it: &AttachmentStatus| matches!(it, AttachmentStatus::Detached);
    let held = attachments.filter(|it| !it.state.as_ref().is_some_and(gone));
    let vpc_id = held.filter_map(|it| it.vpc_id).next().unwrap_or_default();
    Outputs { inputs: Inputs { vpc_id, tags: live_tags(live.tags) } }
}
