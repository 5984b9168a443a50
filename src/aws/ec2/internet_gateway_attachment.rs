//! `aws:ec2/internetGatewayAttachment:InternetGatewayAttachment`. The id is
//! `igw-…:vpc-…`.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    holders,
    internet_gateway::{LIMIT, attach, attached, by_id, detach, one},
};
use crate::provider::*;

pub(super) struct InternetGatewayAttachment;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    internet_gateway_id: String,
    #[schemars(extend("replace" = true))]
    vpc_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for InternetGatewayAttachment {
    const TYPE: &'static str = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment";
    const KEY: &'static [&'static str] = &["internetGatewayId", "vpcId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        attach(cx, &new.internet_gateway_id, &new.vpc_id).await?;
        Ok(id(new))
    }

    async fn ready(cx: &Cx, _: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let live = one(cx, &new.internet_gateway_id).await?;
            let there = live.as_ref().and_then(attached) == Some(new.vpc_id.as_str());
            Ok(there.then_some(()))
        };
        cx.wait("the gateway to be attached", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let pairs: Vec<Inputs> = ids.iter().map(|id| parse(id)).collect::<Result<_>>()?;
        let gateways: Vec<String> = pairs.iter().map(|it| it.internet_gateway_id.clone()).collect();
        let live = by_id(cx, &gateways).await?;
        let live: HashMap<_, _> =
            live.iter().map(|it| (it.internet_gateway_id(), attached(it))).collect();
        let read = |inputs: Inputs| {
            let vpc = live.get(&Some(inputs.internet_gateway_id.as_str())).copied().flatten();
            (vpc == Some(inputs.vpc_id.as_str())).then_some(Outputs { inputs })
        };
        Ok(pairs.into_iter().map(read).collect())
    }

    /// Every property replaces.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Inputs { internet_gateway_id, vpc_id } = parse(id)?;
        detach(cx, &internet_gateway_id, &vpc_id).await
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::mapped(cx, &parse(id)?.vpc_id).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = one(cx, &inputs.internet_gateway_id).await?;
        let there = live.as_ref().and_then(attached) == Some(inputs.vpc_id.as_str());
        Ok(there.then(|| id(inputs)))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}:{}", inputs.internet_gateway_id, inputs.vpc_id)
}

fn parse(id: &str) -> Result<Inputs> {
    let parts = id.split_once(':');
    let (gateway, vpc) = parts.ok_or_else(|| Error::invalid("id", "is `igw-…:vpc-…`"))?;
    Ok(Inputs { internet_gateway_id: gateway.to_owned(), vpc_id: vpc.to_owned() })
}
