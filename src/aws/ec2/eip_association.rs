//! `aws:ec2/eipAssociation:EipAssociation`. The id is the association's,
//! `eipassoc-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{Address, Filter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, eip::describe, filter, in_order};
use crate::{aws::error::absent, provider::*};

pub(super) struct EipAssociation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true, "computed" = true))]
    allocation_id: Option<String>,
    /// Takes the address away from whatever has it.
    #[serde(default = "yes")]
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    allow_reassociation: bool,
    #[schemars(extend("replace" = true, "computed" = true))]
    instance_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    network_interface_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    private_ip_address: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    public_ip: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for EipAssociation {
    const TYPE: &'static str = "aws:ec2/eipAssociation:EipAssociation";
    /// An address is in one place.
    const KEY: &'static [&'static str] = &["allocationId", "publicIp"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.allocation_id.is_none() && new.public_ip.is_none() {
            return Err(Error::invalid("allocationId", "is needed, or `publicIp`"));
        }
        if new.instance_id.is_none() && new.network_interface_id.is_none() {
            return Err(Error::invalid("instanceId", "is needed, or `networkInterfaceId`"));
        }
        Ok(())
    }

    /// One address moves by one call at a time.
    fn serial(inputs: &Inputs) -> Option<String> {
        let address = inputs.allocation_id.as_ref().or(inputs.public_ip.as_ref())?;
        Some(format!("eip:{address}"))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().associate_address().allow_reassociation(new.allow_reassociation);
        let public_ip = new.public_ip.clone().filter(|_| new.allocation_id.is_none());
        let reply = call
            .set_allocation_id(new.allocation_id.clone())
            .set_public_ip(public_ip)
            .set_instance_id(new.instance_id.clone())
            .set_network_interface_id(new.network_interface_id.clone())
            .set_private_ip_address(new.private_ip_address.clone())
            .send()
            .await?;
        reply.association_id.ok_or(Error::missing("AssociationId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(describe(cx, vec![by_id([id])]).await?.pop().map(drop)) };
        // It takes seconds.
        cx.wait("the address to be associated", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(describe(cx, vec![by_id([id])]).await?.pop().map(outputs))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let live = describe(cx, vec![by_id(ids)]).await?;
            found.extend(
                live.into_iter().filter_map(|it| Some((it.association_id.clone()?, outputs(it)))),
            );
        }
        Ok(in_order(ids, found))
    }

    /// Every property replaces.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().disassociate_address().association_id(id).send().await;
        absent(reply, &["InvalidAssociationID.NotFound"])?;
        Ok(())
    }

    /// An address that is where it is wanted: another operation would have
    /// made the same.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let address = match (&inputs.allocation_id, &inputs.public_ip) {
            (Some(id), _) => filter("allocation-id", [id]),
            (None, Some(ip)) => filter("public-ip", [ip]),
            (None, None) => return Ok(None),
        };
        let fits =
            |wanted: &Option<String>, live: &Option<String>| wanted.is_none() || wanted == live;
        let there = |it: &Address| {
            fits(&inputs.instance_id, &it.instance_id)
                && fits(&inputs.network_interface_id, &it.network_interface_id)
                && fits(&inputs.private_ip_address, &it.private_ip_address)
        };
        let found = describe(cx, vec![address]).await?.pop().filter(there);
        Ok(found.and_then(|it| it.association_id))
    }
}

fn by_id(ids: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    filter("association-id", ids)
}

fn outputs(live: Address) -> Outputs {
    let inputs = Inputs {
        allocation_id: live.allocation_id,
        allow_reassociation: true,
        instance_id: live.instance_id.filter(|it| !it.is_empty()),
        network_interface_id: live.network_interface_id,
        private_ip_address: live.private_ip_address,
        public_ip: live.public_ip,
    };
    Outputs { inputs }
}
