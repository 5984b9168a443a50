//! `aws:ec2/eip:Eip`. The id is the allocation's, `eipalloc-…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::{Address, AddressAttributeName, DomainType, Filter, ResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, born, by_birth, filter, in_order, live_tags, made, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct Eip;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true, "computed" = true, "enum" = ["vpc", "standard"]))]
    domain: Option<String>,
    #[schemars(extend("writeOnly" = true, "deprecatedBecause" = "use `domain: vpc`"))]
    vpc: Option<bool>,
    /// One's own address, out of a pool.
    #[schemars(extend("replace" = true, "computed" = true))]
    address: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    public_ipv4_pool: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    ipam_pool_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    network_border_group: Option<String>,
    #[schemars(extend("replace" = true))]
    customer_owned_ipv4_pool: Option<String>,
    /// A NAT gateway or an `EipAssociation` may own these three.
    #[schemars(extend("computed" = true))]
    instance: Option<String>,
    #[schemars(extend("computed" = true))]
    network_interface: Option<String>,
    #[schemars(extend("computed" = true))]
    associate_with_private_ip: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    allocation_id: String,
    arn: String,
    #[schemars(extend("volatile" = true))]
    association_id: Option<String>,
    carrier_ip: Option<String>,
    customer_owned_ip: Option<String>,
    #[schemars(extend("volatile" = true))]
    private_dns: Option<String>,
    #[schemars(extend("volatile" = true))]
    private_ip: Option<String>,
    ptr_record: Option<String>,
    public_dns: Option<String>,
    public_ip: Option<String>,
}

impl Resource for Eip {
    const TYPE: &'static str = "aws:ec2/eip:Eip";
    /// And there are only five by default.
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.domain.as_deref() == Some("standard") || new.vpc == Some(false) {
            let property = if new.vpc.is_some() { "vpc" } else { "domain" };
            return Err(Error::invalid(property, "EC2-Classic is gone: addresses are for VPCs"));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().allocate_address().domain(DomainType::Vpc);
        let reply = call
            .set_address(new.address.clone())
            .set_public_ipv4_pool(new.public_ipv4_pool.clone())
            .set_ipam_pool_id(new.ipam_pool_id.clone())
            .set_network_border_group(new.network_border_group.clone())
            .set_customer_owned_ipv4_pool(new.customer_owned_ipv4_pool.clone())
            .tag_specifications(born(cx, ResourceType::ElasticIp, &new.tags))
            .send()
            .await?;
        reply.allocation_id.ok_or(Error::missing("AllocationId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let Inputs { instance, network_interface, associate_with_private_ip, .. } = new;
        let target = Target { instance, network_interface, private_ip: associate_with_private_ip };
        associate(cx, id, target).await
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(one(cx, id).await?.map(drop)) };
        // It takes seconds.
        cx.wait("the address to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let live = describe(cx, vec![filter("allocation-id", ids)]).await?;
            let names =
                if cx.asks("ptrRecord") { reverse_names(cx, &live).await? } else { HashMap::new() };
            for live in live {
                let id = live.allocation_id.clone().ok_or(Error::missing("AllocationId"))?;
                let ptr_record = names.get(&id).cloned();
                found.push((id.clone(), outputs(cx, id, ptr_record, live)));
            }
        }
        Ok(in_order(ids, found))
    }

    /// An instance and its interface name the same target: only what changed
    /// is sent, for the other is still that of the old one.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let changed = |of: fn(&Inputs) -> &Option<String>| {
            if of(old) == of(new) { &None } else { of(new) }
        };
        let mut target = Target {
            instance: changed(|it| &it.instance),
            network_interface: changed(|it| &it.network_interface),
            private_ip: changed(|it| &it.associate_with_private_ip),
        };
        let moved = target.instance.is_some() || target.network_interface.is_some();
        if !moved && target.private_ip.is_some() {
            target.network_interface = &new.network_interface;
        }
        let cleared = [target.instance, target.network_interface];
        if moved && cleared.iter().all(|it| it.as_ref().is_none_or(String::is_empty)) {
            disassociate(cx, id).await?;
        } else {
            associate(cx, id, target).await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        // One that does not show yet is released all the same.
        let live = disassociate(cx, id).await?;
        let call = cx.aws.ec2().release_address().allocation_id(id);
        let call = call.set_network_border_group(live.and_then(|it| it.network_border_group));
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.allocation_id))
    }
}

const MISSING: &[&str] = &["InvalidAllocationID.NotFound"];

struct Target<'a> {
    instance: &'a Option<String>,
    network_interface: &'a Option<String>,
    private_ip: &'a Option<String>,
}

async fn associate(cx: &Cx, id: &str, target: Target<'_>) -> Result<()> {
    let given = |it: &Option<String>| it.clone().filter(|it| !it.is_empty());
    let (instance, interface) = (given(target.instance), given(target.network_interface));
    if instance.is_none() && interface.is_none() {
        return Ok(());
    }
    let call = cx.aws.ec2().associate_address().allocation_id(id).allow_reassociation(true);
    call.set_instance_id(instance)
        .set_network_interface_id(interface)
        .set_private_ip_address(given(target.private_ip))
        .send()
        .await?;
    Ok(())
}

/// Answers the address as it was; `None` when it is gone.
async fn disassociate(cx: &Cx, id: &str) -> Result<Option<Address>> {
    let Some(live) = one(cx, id).await? else { return Ok(None) };
    if let Some(association) = &live.association_id {
        let call = cx.aws.ec2().disassociate_address().association_id(association);
        absent(call.send().await, &["InvalidAssociationID.NotFound"])?;
    }
    Ok(Some(live))
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Address>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let reply = cx.aws.ec2().describe_addresses().set_filters(filters).send().await?;
    Ok(reply.addresses.unwrap_or_default())
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Address>> {
    Ok(describe(cx, vec![filter("allocation-id", [id])]).await?.pop())
}

/// What the addresses resolve to, by allocation id.
pub(super) async fn reverse_names(cx: &Cx, live: &[Address]) -> Result<HashMap<String, String>> {
    if live.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = live.iter().filter_map(|it| it.allocation_id.clone()).collect();
    let call = cx.aws.ec2().describe_addresses_attribute().set_allocation_ids(Some(ids));
    let pages = call.attribute(AddressAttributeName::DomainName).into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    Ok(found.into_iter().filter_map(|it| Some((it.allocation_id?, it.ptr_record?))).collect())
}

pub(super) fn outputs(cx: &Cx, id: String, ptr_record: Option<String>, live: Address) -> Outputs {
    let region = &cx.place.region;
    let dashed = |ip: &String| ip.replace('.', "-");
    let private_dns = live.private_ip_address.as_ref().map(|ip| match region.as_str() {
        "us-east-1" => format!("ip-{}.ec2.internal", dashed(ip)),
        region => format!("ip-{}.{region}.compute.internal", dashed(ip)),
    });
    let public_dns = live.public_ip.as_ref().map(|ip| match region.as_str() {
        "us-east-1" => format!("ec2-{}.compute-1.amazonaws.com", dashed(ip)),
        region => format!("ec2-{}.{region}.compute.amazonaws.com", dashed(ip)),
    });
    let inputs = Inputs {
        domain: live.domain.map(|it| it.to_string()),
        vpc: None,
        address: live.public_ip.clone(),
        public_ipv4_pool: live.public_ipv4_pool,
        ipam_pool_id: None,
        network_border_group: live.network_border_group,
        customer_owned_ipv4_pool: live.customer_owned_ipv4_pool,
        instance: live.instance_id.filter(|it| !it.is_empty()),
        network_interface: live.network_interface_id,
        associate_with_private_ip: live.private_ip_address.clone(),
        tags: live_tags(live.tags),
    };
    Outputs {
        inputs,
        arn: cx.place.arn("ec2", &format!("elastic-ip/{id}")),
        allocation_id: id,
        association_id: live.association_id,
        carrier_ip: live.carrier_ip,
        customer_owned_ip: live.customer_owned_ip,
        private_dns,
        private_ip: live.private_ip_address,
        ptr_record,
        public_dns,
        public_ip: live.public_ip,
    }
}
