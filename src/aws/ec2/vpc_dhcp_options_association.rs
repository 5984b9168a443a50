//! `aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation`. The id is
//! the VPC's.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, filter, in_order, vpc::describe};
use crate::{aws::error::absent, provider::*};

pub(super) struct VpcDhcpOptionsAssociation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    dhcp_options_id: String,
    #[schemars(extend("replace" = true))]
    vpc_id: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

/// The id of the set without options, which a VPC has when none is associated.
const NONE: &str = "default";

impl Resource for VpcDhcpOptionsAssociation {
    const TYPE: &'static str = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation";
    const KEY: &'static [&'static str] = &["vpcId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("dhcp:{}", inputs.vpc_id))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        associate(cx, &new.vpc_id, &new.dhcp_options_id).await?;
        Ok(new.vpc_id.clone())
    }

    async fn ready(cx: &Cx, vpc: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            Ok((live(cx, vpc).await?.as_ref() == Some(&new.dhcp_options_id)).then_some(()))
        };
        // It takes seconds.
        cx.wait("the VPC to have the options", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, vpc: &str) -> Result<Option<Outputs>> {
        Ok(live(cx, vpc).await?.map(|id| outputs(vpc.to_owned(), id)))
    }

    async fn read_many(cx: &Cx, vpcs: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for vpcs in vpcs.chunks(FILTER_VALUES) {
            let lives = describe(cx, vec![filter("vpc-id", vpcs)]).await?.into_iter();
            let pairs = lives.filter_map(|it| Some((it.vpc_id?, it.dhcp_options_id?)));
            let pairs = pairs.filter(|(_, id)| id != NONE);
            found.extend(pairs.map(|(vpc, id)| (vpc.clone(), outputs(vpc, id))));
        }
        Ok(in_order(vpcs, found))
    }

    async fn update(cx: &Cx, vpc: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        associate(cx, vpc, &new.dhcp_options_id).await
    }

    /// Options that somebody else has associated since stay.
    async fn delete(cx: &Cx, vpc: &str, last: &Inputs) -> Result<()> {
        if live(cx, vpc).await?.as_ref() != Some(&last.dhcp_options_id) {
            return Ok(());
        }
        let call = cx.aws.ec2().associate_dhcp_options().vpc_id(vpc).dhcp_options_id(NONE);
        absent(call.send().await, &["InvalidVpcID.NotFound"])?;
        Ok(())
    }

    /// A VPC has one set: it is this one, whoever associated it.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let there = live(cx, &inputs.vpc_id).await?.as_ref() == Some(&inputs.dhcp_options_id);
        Ok(there.then(|| inputs.vpc_id.clone()))
    }
}

async fn associate(cx: &Cx, vpc: &str, options: &str) -> Result<()> {
    cx.aws.ec2().associate_dhcp_options().vpc_id(vpc).dhcp_options_id(options).send().await?;
    Ok(())
}

async fn live(cx: &Cx, vpc: &str) -> Result<Option<String>> {
    let live = describe(cx, vec![filter("vpc-id", [vpc])]).await?.pop();
    Ok(live.and_then(|it| it.dhcp_options_id).filter(|it| it != NONE))
}

fn outputs(vpc_id: String, dhcp_options_id: String) -> Outputs {
    Outputs { inputs: Inputs { dhcp_options_id, vpc_id } }
}
