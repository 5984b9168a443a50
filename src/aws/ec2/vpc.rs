//! `aws:ec2/vpc:Vpc`. The id is the VPC's, `vpc-…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::{
    Filter, ResourceType, Tenancy, Vpc as Live, VpcAttributeName as Attribute,
    VpcCidrBlockStateCode as Block, VpcIpv6CidrBlockAssociation, VpcState,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, arn, born, by_birth, filter, flag, holders, in_order, live_tags, made, retag,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct Vpc;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// Absent where a pool chooses it.
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) cidr_block: Option<Cidr>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv4_ipam_pool_id: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    pub(super) ipv4_netmask_length: Option<i32>,
    #[serde(default)]
    pub(super) assign_generated_ipv6_cidr_block: bool,
    #[schemars(extend("computed" = true))]
    pub(super) ipv6_cidr_block: Option<Cidr>,
    #[schemars(extend("computed" = true))]
    pub(super) ipv6_cidr_block_network_border_group: Option<String>,
    pub(super) ipv6_ipam_pool_id: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    pub(super) ipv6_netmask_length: Option<i32>,
    #[serde(default = "yes")]
    pub(super) enable_dns_support: bool,
    #[serde(default)]
    pub(super) enable_dns_hostnames: bool,
    #[schemars(extend("computed" = true))]
    pub(super) enable_network_address_usage_metrics: Option<bool>,
    #[serde(default = "shared")]
    #[schemars(extend("replace" = true, "enum" = ["default", "dedicated"]))]
    pub(super) instance_tenancy: String,
    #[serde(default)]
    pub(super) tags: Tags,
}

fn shared() -> String {
    "default".to_owned()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    arn: String,
    default_network_acl_id: Option<String>,
    default_route_table_id: Option<String>,
    default_security_group_id: Option<String>,
    dhcp_options_id: Option<String>,
    #[schemars(extend("volatile" = true))]
    ipv6_association_id: Option<String>,
    main_route_table_id: Option<String>,
    owner_id: String,
}

impl Resource for Vpc {
    const TYPE: &'static str = "aws:ec2/vpc:Vpc";
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.enable_dns_hostnames && !new.enable_dns_support {
            return Err(Error::invalid("enableDnsHostnames", "needs `enableDnsSupport`"));
        }
        if new.cidr_block.is_none() && new.ipv4_ipam_pool_id.is_none() {
            let rule = "is needed, unless `ipv4IpamPoolId` names a pool to take one from";
            return Err(Error::invalid("cidrBlock", rule));
        }
        if new.assign_generated_ipv6_cidr_block && new.ipv6_ipam_pool_id.is_some() {
            let rule = "excludes `assignGeneratedIpv6CidrBlock`: a VPC has one IPv6 block";
            return Err(Error::invalid("ipv6IpamPoolId", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_vpc();
        let border = new.ipv6_cidr_block_network_border_group.clone();
        let reply = call
            .set_cidr_block(new.cidr_block.as_ref().map(|it| it.0.clone()))
            .set_ipv4_ipam_pool_id(new.ipv4_ipam_pool_id.clone())
            .set_ipv4_netmask_length(new.ipv4_netmask_length)
            .set_amazon_provided_ipv6_cidr_block(
                new.assign_generated_ipv6_cidr_block.then_some(true),
            )
            .set_ipv6_cidr_block(new.ipv6_cidr_block.as_ref().map(|it| it.0.clone()))
            .set_ipv6_cidr_block_network_border_group(border)
            .set_ipv6_ipam_pool_id(new.ipv6_ipam_pool_id.clone())
            .set_ipv6_netmask_length(new.ipv6_netmask_length)
            .instance_tenancy(Tenancy::from(new.instance_tenancy.as_str()))
            .tag_specifications(born(cx, ResourceType::Vpc, &new.tags))
            .send()
            .await?;
        reply.vpc.and_then(|it| it.vpc_id).ok_or(Error::missing("VpcId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        modify(cx, id, Settings::of_newborn(), Settings::of(new)).await
    }

    /// EC2 may show a VPC, and each change of it, only seconds later.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            if live.state != Some(VpcState::Available) || !settled(&live) {
                return Ok(None);
            }
            let hostnames = attribute(cx, id, Attribute::EnableDnsHostnames).await?;
            Ok((hostnames == Some(new.enable_dns_hostnames)).then_some(()))
        };
        cx.wait("the VPC to be available", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let lives = describe(cx, vec![filter("vpc-id", ids)]).await?;
            if lives.is_empty() {
                continue;
            }
            let born_with = BornWith::of(cx, ids).await?;
            let outputs = lives.into_iter().map(|live| outputs(cx, live, &born_with));
            let outputs: Vec<_> = stream::iter(outputs).buffered(4).try_collect().await?;
            found.extend(outputs);
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        modify(cx, id, Settings::of(old), Settings::of(new)).await?;
        readdress(cx, id, old, new).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ec2().delete_vpc().vpc_id(id).send().await, MISSING)?;
        Ok(())
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::of_vpc(cx, id).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.vpc_id))
    }
}

const MISSING: &[&str] = &["InvalidVpcID.NotFound"];

/// An IPv6 block may take ten minutes to be associated; all else, seconds.
pub(super) const LIMIT: Duration = Duration::from_secs(600);

/// What ModifyVpcAttribute sets, one a call.
#[derive(Clone, Copy)]
struct Settings {
    support: bool,
    hostnames: bool,
    metrics: bool,
}

impl Settings {
    fn of(inputs: &Inputs) -> Self {
        Self {
            support: inputs.enable_dns_support,
            hostnames: inputs.enable_dns_hostnames,
            metrics: inputs.enable_network_address_usage_metrics.unwrap_or_default(),
        }
    }

    fn of_newborn() -> Self {
        Self { support: true, hostnames: false, metrics: false }
    }
}

/// Host names need DNS support: it goes on before them and off after them.
async fn modify(cx: &Cx, id: &str, old: Settings, new: Settings) -> Result<()> {
    let call = || cx.aws.ec2().modify_vpc_attribute().vpc_id(id);
    let support =
        (old.support != new.support).then(|| call().enable_dns_support(flag(new.support)));
    let hostnames =
        (old.hostnames != new.hostnames).then(|| call().enable_dns_hostnames(flag(new.hostnames)));
    let metrics = (old.metrics != new.metrics)
        .then(|| call().enable_network_address_usage_metrics(flag(new.metrics)));
    let dns = if new.support { [support, hostnames] } else { [hostnames, support] };
    for call in dns.into_iter().chain([metrics]).flatten() {
        call.send().await?;
    }
    Ok(())
}

/// A change of the IPv6 block gives the old one back and asks for a new one.
async fn readdress(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let source = |it: &Inputs| {
        let border = it.ipv6_cidr_block_network_border_group.clone();
        let pool = it.ipv6_ipam_pool_id.clone();
        (it.assign_generated_ipv6_cidr_block, pool, it.ipv6_cidr_block.clone(), border)
    };
    if source(old) == source(new) {
        return Ok(());
    }
    let block = async || Result::Ok(one(cx, id).await?.and_then(|it| ipv6_block(&it)));
    if let Some(old) = block().await? {
        let call = cx.aws.ec2().disassociate_vpc_cidr_block();
        call.set_association_id(old.association_id).send().await?;
        let gone = || async { Ok(block().await?.is_none().then_some(())) };
        cx.wait("its IPv6 block to be given back", LIMIT, gone).await?;
    }
    if !new.assign_generated_ipv6_cidr_block && new.ipv6_ipam_pool_id.is_none() {
        return Ok(());
    }
    // What only the old block had does not bind the new one.
    let changed =
        |old: Option<&str>, new: Option<&str>| new.filter(|it| old != Some(*it)).map(str::to_owned);
    let text = |it: &Inputs| it.ipv6_cidr_block.as_ref().map(|it| it.0.clone());
    let border = |it: &Inputs| it.ipv6_cidr_block_network_border_group.clone();
    let call = cx.aws.ec2().associate_vpc_cidr_block().vpc_id(id);
    call.set_amazon_provided_ipv6_cidr_block(new.assign_generated_ipv6_cidr_block.then_some(true))
        .set_ipv6_ipam_pool_id(new.ipv6_ipam_pool_id.clone())
        .set_ipv6_netmask_length(new.ipv6_netmask_length)
        .set_ipv6_cidr_block(changed(text(old).as_deref(), text(new).as_deref()))
        .set_ipv6_cidr_block_network_border_group(changed(
            border(old).as_deref(),
            border(new).as_deref(),
        ))
        .send()
        .await?;
    Ok(())
}

fn ipv6_block(live: &Live) -> Option<VpcIpv6CidrBlockAssociation> {
    let held = |it: &&VpcIpv6CidrBlockAssociation| {
        let state = it.ipv6_cidr_block_state().and_then(|it| it.state());
        !matches!(state, Some(Block::Disassociated | Block::Failed | Block::Failing))
    };
    live.ipv6_cidr_block_association_set().iter().find(held).cloned()
}

fn settled(live: &Live) -> bool {
    let moving = |it: VpcIpv6CidrBlockAssociation| {
        let state = it.ipv6_cidr_block_state.and_then(|it| it.state);
        matches!(state, Some(Block::Associating | Block::Disassociating))
    };
    !ipv6_block(live).is_some_and(moving)
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_vpcs().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![filter("vpc-id", [id])]).await?.pop())
}

/// `None`: it was deleted since it was described.
pub(super) async fn attribute(cx: &Cx, id: &str, name: Attribute) -> Result<Option<bool>> {
    let call = cx.aws.ec2().describe_vpc_attribute().vpc_id(id).attribute(name);
    let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let all = [
        reply.enable_dns_support,
        reply.enable_dns_hostnames,
        reply.enable_network_address_usage_metrics,
    ];
    Ok(all.into_iter().flatten().find_map(|it| it.value))
}

/// What AWS makes together with each VPC, by the VPC's id: asked for all VPCs
/// at once, and only when somebody wants to know.
#[derive(Default)]
struct BornWith {
    network_acl: HashMap<String, String>,
    route_table: HashMap<String, String>,
    security_group: HashMap<String, String>,
}

impl BornWith {
    async fn of(cx: &Cx, vpcs: &[String]) -> Result<Self> {
        let mut all = Self::default();
        let of_them = || filter("vpc-id", vpcs);
        if cx.asks("defaultNetworkAclId") {
            let call = cx.aws.ec2().describe_network_acls().filters(of_them());
            let pages = call.filters(filter("default", ["true"])).into_paginator();
            let found: Vec<_> = pages.items().send().try_collect().await?;
            let pair = found.into_iter().map(|it| (it.vpc_id, it.network_acl_id));
            all.network_acl = pairs(pair);
        }
        if cx.asks("mainRouteTableId") || cx.asks("defaultRouteTableId") {
            all.route_table = main_route_tables(cx, vpcs).await?;
        }
        if cx.asks("defaultSecurityGroupId") {
            let call = cx.aws.ec2().describe_security_groups().filters(of_them());
            let pages = call.filters(filter("group-name", ["default"])).into_paginator();
            let found: Vec<_> = pages.items().send().try_collect().await?;
            all.security_group = pairs(found.into_iter().map(|it| (it.vpc_id, it.group_id)));
        }
        Ok(all)
    }
}

/// The main route tables by the ids of their VPCs.
pub(super) async fn main_route_tables(cx: &Cx, vpcs: &[String]) -> Result<HashMap<String, String>> {
    let call = cx.aws.ec2().describe_route_tables().filters(filter("vpc-id", vpcs));
    let pages = call.filters(filter("association.main", ["true"])).into_paginator();
    let found: Vec<_> = pages.items().send().try_collect().await?;
    Ok(pairs(found.into_iter().map(|it| (it.vpc_id, it.route_table_id))))
}

fn pairs(all: impl Iterator<Item = (Option<String>, Option<String>)>) -> HashMap<String, String> {
    all.filter_map(|(vpc, id)| Some((vpc?, id?))).collect()
}

/// Attributes cost a call each; what nobody asks keeps its default.
async fn outputs(cx: &Cx, live: Live, born_with: &BornWith) -> Result<(String, Outputs)> {
    let id = live.vpc_id.clone().ok_or(Error::missing("VpcId"))?;
    let told = async |property: &str, name: Attribute| {
        if cx.asks(property) { attribute(cx, &id, name).await } else { Ok(None) }
    };
    let support = told("enableDnsSupport", Attribute::EnableDnsSupport).await?;
    let hostnames = told("enableDnsHostnames", Attribute::EnableDnsHostnames).await?;
    let usage = "enableNetworkAddressUsageMetrics";
    let usage = told(usage, Attribute::EnableNetworkAddressUsageMetrics).await?;
    let ipv6 = ipv6_block(&live);
    let pool = ipv6.as_ref().and_then(|it| it.ipv6_pool.clone());
    let inputs = Inputs {
        cidr_block: live.cidr_block.map(Cidr),
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        assign_generated_ipv6_cidr_block: pool.as_deref() == Some("Amazon"),
        ipv6_cidr_block: ipv6.as_ref().and_then(|it| it.ipv6_cidr_block.clone()).map(Cidr),
        ipv6_cidr_block_network_border_group: ipv6
            .as_ref()
            .and_then(|it| it.network_border_group.clone()),
        ipv6_ipam_pool_id: pool.filter(|it| it.starts_with("ipam-pool-")),
        ipv6_netmask_length: None,
        enable_dns_support: support.unwrap_or(true),
        enable_dns_hostnames: hostnames.unwrap_or_default(),
        enable_network_address_usage_metrics: usage,
        instance_tenancy: live.instance_tenancy.map_or_else(shared, |it| it.to_string()),
        tags: live_tags(live.tags),
    };
    let owner_id = live.owner_id.ok_or(Error::missing("OwnerId"))?;
    let outputs = Outputs {
        inputs,
        arn: arn(cx, &owner_id, &format!("vpc/{id}")),
        default_network_acl_id: born_with.network_acl.get(&id).cloned(),
        default_route_table_id: born_with.route_table.get(&id).cloned(),
        default_security_group_id: born_with.security_group.get(&id).cloned(),
        dhcp_options_id: live.dhcp_options_id,
        ipv6_association_id: ipv6.and_then(|it| it.association_id),
        main_route_table_id: born_with.route_table.get(&id).cloned(),
        owner_id,
    };
    Ok((id, outputs))
}
