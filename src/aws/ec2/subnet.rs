//! `aws:ec2/subnet:Subnet`. The id is the subnet's, `subnet-…`.

use std::time::Duration;

use aws_sdk_ec2::{
    operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder as Call,
    types::{AttributeBooleanValue, Filter, ResourceType, Subnet as Live},
    types::{SubnetCidrBlockStateCode as Block, SubnetIpv6CidrBlockAssociation, SubnetState},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, born, by_birth, canonical_cidr, filter, flag, holders, in_order, live_tags,
    made, retag,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct Subnet;

/// It takes seconds; providers have waited this long for a slow control plane.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    pub(super) vpc_id: String,
    /// Absent for IPv6-only subnets and where a pool chooses it.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) cidr_block: Option<Cidr>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) availability_zone: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) availability_zone_id: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) ipv6_cidr_block: Option<Cidr>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    pub(super) ipv6_native: bool,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv4_ipam_pool_id: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv4_netmask_length: Option<i32>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv6_ipam_pool_id: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv6_netmask_length: Option<i32>,
    #[schemars(extend("replace" = true))]
    pub(super) outpost_arn: Option<String>,
    #[serde(default)]
    pub(super) assign_ipv6_address_on_creation: bool,
    pub(super) customer_owned_ipv4_pool: Option<String>,
    #[serde(default)]
    pub(super) enable_dns64: bool,
    #[schemars(range(min = 1), extend("computed" = true))]
    pub(super) enable_lni_at_device_index: Option<i32>,
    #[serde(default)]
    pub(super) enable_resource_name_dns_a_record_on_launch: bool,
    #[serde(default)]
    pub(super) enable_resource_name_dns_aaaa_record_on_launch: bool,
    #[serde(default)]
    pub(super) map_customer_owned_ip_on_launch: bool,
    #[serde(default)]
    pub(super) map_public_ip_on_launch: bool,
    #[schemars(extend("computed" = true, "enum" = ["ip-name", "resource-name"]))]
    pub(super) private_dns_hostname_type_on_launch: Option<String>,
    #[serde(default)]
    pub(super) tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    ipv6_cidr_block_association_id: Option<String>,
    owner_id: String,
}

impl Resource for Subnet {
    const TYPE: &'static str = "aws:ec2/subnet:Subnet";
    const KEY: &'static [&'static str] = &["vpcId", "cidrBlock"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.availability_zone.is_some() && new.availability_zone_id.is_some() {
            return Err(Error::invalid("availabilityZoneId", "excludes `availabilityZone`"));
        }
        if new.map_customer_owned_ip_on_launch != new.customer_owned_ipv4_pool.is_some() {
            let rule = "goes together with `customerOwnedIpv4Pool`";
            return Err(Error::invalid("mapCustomerOwnedIpOnLaunch", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let text = |it: &Option<Cidr>| it.as_ref().map(|it| it.0.clone());
        let call = cx.aws.ec2().create_subnet().vpc_id(&new.vpc_id);
        let reply = call
            .set_cidr_block(text(&new.cidr_block))
            .set_ipv6_cidr_block(text(&new.ipv6_cidr_block))
            .set_availability_zone(new.availability_zone.clone())
            .set_availability_zone_id(new.availability_zone_id.clone())
            .set_ipv6_native(new.ipv6_native.then_some(true))
            .set_ipv4_ipam_pool_id(new.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(new.ipv4_netmask_length)
            .set_ipv6_ipam_pool_id(new.ipv6_ipam_pool_id.clone())
            .set_ipv6_netmask_length(new.ipv6_netmask_length)
            .set_outpost_arn(new.outpost_arn.clone())
            .tag_specifications(born(cx, ResourceType::Subnet, &new.tags))
            .send()
            .await?;
        reply.subnet.and_then(|it| it.subnet_id).ok_or(Error::missing("SubnetId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        modify(cx, id, None, new, true).await
    }

    /// EC2 may show a subnet, and each change of it, only seconds later.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            let available = live.state == Some(SubnetState::Available);
            let live = outputs(live)?.inputs;
            Ok((available && FLAGS.iter().all(|(is, _)| is(&live) == is(new))).then_some(()))
        };
        cx.wait("the subnet to be available", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(outputs).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, vec![filter("subnet-id", ids)]).await? {
                let id = live.subnet_id.clone().ok_or(Error::missing("SubnetId"))?;
                found.push((id, outputs(live)?));
            }
        }
        Ok(in_order(ids, found))
    }

    /// IPv6 features are turned off while the subnet still has its old block
    /// and turned on when it has the new one.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        modify(cx, id, Some(old), new, false).await?;
        if new.ipv6_cidr_block != old.ipv6_cidr_block {
            readdress(cx, id, new.ipv6_cidr_block.as_ref()).await?;
        }
        modify(cx, id, Some(old), new, true).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ec2().delete_subnet().subnet_id(id).send().await, MISSING)?;
        Ok(())
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::interfaces(cx, vec![filter("subnet-id", [id])]).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.subnet_id))
    }
}

/// EC2 writes the code both ways.
const MISSING: &[&str] = &["InvalidSubnetID.NotFound", "InvalidSubnetId.NotFound"];

type Wanted = fn(&Inputs) -> bool;
type Write = fn(Call, AttributeBooleanValue) -> Call;

/// What is off in a new subnet: where it is read and where it is written.
const FLAGS: &[(Wanted, Write)] = &[
    (|it| it.assign_ipv6_address_on_creation, Call::assign_ipv6_address_on_creation),
    (|it| it.enable_dns64, Call::enable_dns64),
    (
        |it| it.enable_resource_name_dns_a_record_on_launch,
        Call::enable_resource_name_dns_a_record_on_launch,
    ),
    (
        |it| it.enable_resource_name_dns_aaaa_record_on_launch,
        Call::enable_resource_name_dns_aaaa_record_on_launch,
    ),
    (|it| it.map_public_ip_on_launch, Call::map_public_ip_on_launch),
];

/// Either turns off what is to be off, or turns on and sets the rest, by one
/// call per attribute. `old` is `None` for a newborn.
async fn modify(cx: &Cx, id: &str, old: Option<&Inputs>, new: &Inputs, on: bool) -> Result<()> {
    let call = || cx.aws.ec2().modify_subnet_attribute().subnet_id(id);
    let flags = FLAGS.iter().filter(|(is, _)| is(new) == on && old.is_some_and(is) != on);
    let mut calls: Vec<Call> = flags.map(|(_, set)| set(call(), flag(on))).collect();
    if on {
        let hostname = |it: &Inputs| it.private_dns_hostname_type_on_launch.clone();
        if let Some(ty) = hostname(new).filter(|it| old.and_then(hostname).as_ref() != Some(it)) {
            calls.push(call().private_dns_hostname_type_on_launch(ty.as_str().into()));
        }
        let lni = |it: &Inputs| it.enable_lni_at_device_index;
        if let Some(index) = lni(new).filter(|it| old.and_then(lni) != Some(*it)) {
            calls.push(call().enable_lni_at_device_index(index));
        }
        let pool = |it: &Inputs| it.customer_owned_ipv4_pool.clone();
        if pool(new) != old.and_then(pool) {
            let call = call().map_customer_owned_ip_on_launch(flag(pool(new).is_some()));
            calls.push(call.set_customer_owned_ipv4_pool(pool(new)));
        }
    }
    for call in calls {
        call.send().await?;
    }
    Ok(())
}

/// A subnet has one IPv6 block at a time.
async fn readdress(cx: &Cx, id: &str, new: Option<&Cidr>) -> Result<()> {
    let block = async || Result::Ok(one(cx, id).await?.and_then(ipv6_block));
    if let Some(old) = block().await? {
        if old.ipv6_cidr_block == new.map(|it| canonical_cidr(&it.0)) {
            return Ok(());
        }
        let call = cx.aws.ec2().disassociate_subnet_cidr_block();
        call.set_association_id(old.association_id).send().await?;
        let gone = || async { Ok(block().await?.is_none().then_some(())) };
        cx.wait("its IPv6 block to be given back", LIMIT, gone).await?;
    }
    if let Some(new) = new {
        let call = cx.aws.ec2().associate_subnet_cidr_block().subnet_id(id);
        call.ipv6_cidr_block(&new.0).send().await?;
    }
    Ok(())
}

fn ipv6_block(live: Live) -> Option<SubnetIpv6CidrBlockAssociation> {
    let held = |it: &SubnetIpv6CidrBlockAssociation| {
        let state = it.ipv6_cidr_block_state.as_ref().and_then(|it| it.state.as_ref());
        !matches!(state, Some(Block::Disassociated | Block::Failed | Block::Failing))
    };
    live.ipv6_cidr_block_association_set.unwrap_or_default().into_iter().find(held)
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_subnets().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![filter("subnet-id", [id])]).await?.pop())
}

pub(super) fn outputs(live: Live) -> Result<Outputs> {
    let ipv6 = ipv6_block(live.clone());
    let dns = live.private_dns_name_options_on_launch.as_ref();
    let inputs = Inputs {
        vpc_id: live.vpc_id.ok_or(Error::missing("VpcId"))?,
        cidr_block: live.cidr_block.map(Cidr),
        availability_zone: live.availability_zone,
        availability_zone_id: live.availability_zone_id,
        ipv6_cidr_block: ipv6.as_ref().and_then(|it| it.ipv6_cidr_block.clone()).map(Cidr),
        ipv6_native: live.ipv6_native.unwrap_or_default(),
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        ipv6_ipam_pool_id: None,
        ipv6_netmask_length: None,
        outpost_arn: live.outpost_arn,
        assign_ipv6_address_on_creation: live.assign_ipv6_address_on_creation.unwrap_or_default(),
        customer_owned_ipv4_pool: live.customer_owned_ipv4_pool,
        enable_dns64: live.enable_dns64.unwrap_or_default(),
        enable_lni_at_device_index: live.enable_lni_at_device_index,
        enable_resource_name_dns_a_record_on_launch: dns
            .and_then(|it| it.enable_resource_name_dns_a_record)
            .unwrap_or_default(),
        enable_resource_name_dns_aaaa_record_on_launch: dns
            .and_then(|it| it.enable_resource_name_dns_aaaa_record)
            .unwrap_or_default(),
        map_customer_owned_ip_on_launch: live.map_customer_owned_ip_on_launch.unwrap_or_default(),
        map_public_ip_on_launch: live.map_public_ip_on_launch.unwrap_or_default(),
        private_dns_hostname_type_on_launch: dns
            .and_then(|it| it.hostname_type.as_ref())
            .map(ToString::to_string),
        tags: live_tags(live.tags),
    };
    Ok(Outputs {
        inputs,
        arn: live.subnet_arn.ok_or(Error::missing("SubnetArn"))?,
        ipv6_cidr_block_association_id: ipv6.and_then(|it| it.association_id),
        owner_id: live.owner_id.ok_or(Error::missing("OwnerId"))?,
    })
}
