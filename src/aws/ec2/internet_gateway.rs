//! `aws:ec2/internetGateway:InternetGateway`. The id is the gateway's, `igw-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, InternetGateway as Live, ResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, arn, born, by_birth, filter, holders, in_order, live_tags, made, retag,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct InternetGateway;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// An `InternetGatewayAttachment` may own it.
    #[schemars(extend("computed" = true))]
    vpc_id: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    owner_id: String,
}

impl Resource for InternetGateway {
    const TYPE: &'static str = "aws:ec2/internetGateway:InternetGateway";
    const KEY: &'static [&'static str] = &["vpcId"];
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let tags = born(cx, ResourceType::InternetGateway, &new.tags);
        let reply = cx.aws.ec2().create_internet_gateway().tag_specifications(tags).send().await?;
        let id = reply.internet_gateway.and_then(|it| it.internet_gateway_id);
        id.ok_or(Error::missing("InternetGatewayId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        match &new.vpc_id {
            Some(vpc) => attach(cx, id, vpc).await,
            None => Ok(()),
        }
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            let there = new.vpc_id.is_none() || new.vpc_id.as_deref() == attached(&live);
            Ok(there.then_some(()))
        };
        cx.wait("the gateway to be attached", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for live in by_id(cx, ids).await? {
            let id = live.internet_gateway_id.clone();
            found.push((id.ok_or(Error::missing("InternetGatewayId"))?, outputs(cx, live)?));
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if let Some(vpc) = new.vpc_id.as_ref().filter(|it| Some(*it) != old.vpc_id.as_ref()) {
            if let Some(old) = old.vpc_id.as_ref().filter(|it| !it.is_empty()) {
                detach(cx, id, old).await?;
            }
            if !vpc.is_empty() {
                attach(cx, id, vpc).await?;
            }
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// Whatever VPC it is attached to holds it.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = one(cx, id).await? else { return Ok(()) };
        if let Some(vpc) = attached(&live) {
            detach(cx, id, vpc).await?;
        }
        let call = cx.aws.ec2().delete_internet_gateway().internet_gateway_id(id);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// What has a public address in its VPC.
    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        let live = one(cx, id).await?;
        let Some(vpc) = live.as_ref().and_then(attached) else { return Ok(Vec::new()) };
        holders::mapped(cx, vpc).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.internet_gateway_id))
    }
}

pub(super) const MISSING: &[&str] = &["InvalidInternetGatewayID.NotFound"];

/// It takes seconds.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

/// Attached already is as good, if it is to the same VPC.
pub(super) async fn attach(cx: &Cx, id: &str, vpc: &str) -> Result<()> {
    let call = cx.aws.ec2().attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    match call.send().await.map_err(Error::from) {
        Err(error) if error.is(&["Resource.AlreadyAssociated"]) => {
            match one(cx, id).await?.as_ref().and_then(attached) {
                Some(to) if to == vpc => Ok(()),
                Some(_) => Err(error),
                None => Err(Error::unseen("the gateway's attachment")),
            }
        }
        reply => reply.map(drop),
    }
}

pub(super) async fn detach(cx: &Cx, id: &str, vpc: &str) -> Result<()> {
    let gone =
        ["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"];
    let call = cx.aws.ec2().detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    absent(call.send().await, &gone)?;
    Ok(())
}

/// The VPC that it is attached to.
pub(super) fn attached(live: &Live) -> Option<&str> {
    let leaving = |state: &str| matches!(state, "detaching" | "detached");
    let mut here = live.attachments().iter();
    let here = here.find(|it| !it.state().is_some_and(|it| leaving(it.as_str())))?;
    here.vpc_id()
}

pub(super) async fn by_id(cx: &Cx, ids: &[String]) -> Result<Vec<Live>> {
    let mut found = Vec::new();
    for ids in ids.chunks(FILTER_VALUES) {
        found.extend(describe(cx, vec![filter("internet-gateway-id", ids)]).await?);
    }
    Ok(found)
}

pub(super) async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![filter("internet-gateway-id", [id])]).await?.pop())
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_internet_gateways().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.internet_gateway_id.as_deref().ok_or(Error::missing("InternetGatewayId"))?;
    let owner_id = live.owner_id.clone().ok_or(Error::missing("OwnerId"))?;
    let arn = arn(cx, &owner_id, &format!("internet-gateway/{id}"));
    let vpc_id = attached(&live).map(str::to_owned);
    Ok(Outputs { inputs: Inputs { vpc_id, tags: live_tags(live.tags) }, arn, owner_id })
}
