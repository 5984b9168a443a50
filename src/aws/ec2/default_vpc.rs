//! `aws:ec2/defaultVpc:DefaultVpc`: the default VPC of a region, adopted
//! where there is one and made where there is none. The id is the VPC's.

use aws_sdk_ec2::types::{Filter, Tag};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    filter,
    vpc::{self, Vpc, describe},
};
use crate::provider::*;

pub(super) struct DefaultVpc;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[serde(default)]
    assign_generated_ipv6_cidr_block: bool,
    #[serde(default = "yes")]
    enable_dns_hostnames: bool,
    #[serde(default = "yes")]
    enable_dns_support: bool,
    #[schemars(extend("computed" = true))]
    enable_network_address_usage_metrics: Option<bool>,
    /// Whether a destroy deletes it; otherwise it stays, as it is.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[schemars(extend("computed" = true))]
    ipv6_cidr_block: Option<Cidr>,
    #[schemars(extend("computed" = true))]
    ipv6_cidr_block_network_border_group: Option<String>,
    ipv6_ipam_pool_id: Option<String>,
    #[schemars(extend("writeOnly" = true))]
    ipv6_netmask_length: Option<i32>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    vpc: vpc::Outputs,
    force_destroy: bool,
    /// Not made by this stack.
    existing_default_vpc: bool,
}

impl Resource for DefaultVpc {
    const TYPE: &'static str = "aws:ec2/defaultVpc:DefaultVpc";
    /// A new one would be the old one, and go with it.
    const KEY: &'static [&'static str] = &["forceDestroy"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.enable_dns_hostnames && !new.enable_dns_support {
            return Err(Error::invalid("enableDnsHostnames", "needs `enableDnsSupport`"));
        }
        Ok(())
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some("default-vpc".to_owned())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(id) = Self::find(cx, new).await? {
            return Ok(id);
        }
        let reply = cx.aws.ec2().create_default_vpc().send().await?;
        let id = reply.vpc.and_then(|it| it.vpc_id).ok_or(Error::missing("VpcId"))?;
        mark(cx, &id).await?;
        Ok(id)
    }

    /// What was there is not a newborn: only what differs is changed, and what
    /// the program does not mention stays.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || Vpc::read(cx, id);
        let live = cx.wait("the VPC to be visible", vpc::LIMIT, look).await?.inputs;
        let mut wanted = live.clone();
        wanted.enable_dns_hostnames = new.enable_dns_hostnames;
        wanted.enable_dns_support = new.enable_dns_support;
        if new.enable_network_address_usage_metrics.is_some() {
            wanted.enable_network_address_usage_metrics = new.enable_network_address_usage_metrics;
        }
        if new.assign_generated_ipv6_cidr_block || new.ipv6_ipam_pool_id.is_some() {
            wanted.assign_generated_ipv6_cidr_block = new.assign_generated_ipv6_cidr_block;
            wanted.ipv6_ipam_pool_id = new.ipv6_ipam_pool_id.clone();
            wanted.ipv6_netmask_length = new.ipv6_netmask_length;
            wanted.ipv6_cidr_block = new.ipv6_cidr_block.clone().or(wanted.ipv6_cidr_block);
            let border = new.ipv6_cidr_block_network_border_group.clone();
            wanted.ipv6_cidr_block_network_border_group =
                border.or(wanted.ipv6_cidr_block_network_border_group);
        }
        if !new.tags.0.is_empty() {
            wanted.tags = new.tags.clone();
        }
        Vpc::update(cx, id, &live, &wanted).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        Vpc::ready(cx, id, &as_vpc(new)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let asked = cx.asks("existingDefaultVpc");
        let made = if asked { describe(cx, vec![marked()]).await? } else { Vec::new() };
        let made: Vec<String> = made.into_iter().filter_map(|it| it.vpc_id).collect();
        let found = Vpc::read_many(cx, ids).await?.into_iter().zip(ids);
        let told = |(vpc, id): (Option<vpc::Outputs>, &String)| {
            let existing_default_vpc = !made.contains(id);
            Some(Outputs { vpc: vpc?, force_destroy: false, existing_default_vpc })
        };
        Ok(found.map(told).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        Vpc::update(cx, id, &as_vpc(old), &as_vpc(new)).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if !last.force_destroy {
            return Ok(());
        }
        Vpc::delete(cx, id, &as_vpc(last)).await
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        Vpc::holders(cx, id).await
    }

    /// A region has one, whoever made it.
    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        live(cx).await
    }
}

async fn live(cx: &Cx) -> Result<Option<String>> {
    let found = describe(cx, vec![filter("is-default", ["true"])]).await?;
    Ok(found.into_iter().find_map(|it| it.vpc_id))
}

/// For what is there in the default VPC when no other is named.
pub(super) async fn id(cx: &Cx) -> Result<String> {
    let none = || Error::invalid("vpcId", "is needed: the region has no default VPC");
    live(cx).await?.ok_or_else(none)
}

/// Marks a default VPC or subnet that a stack has made.
const MADE_TAG: &str = "orderinfra:made";

/// CreateDefaultVpc and CreateDefaultSubnet take no tags.
pub(super) async fn mark(cx: &Cx, id: &str) -> Result<()> {
    let mark = Tag::builder().key(MADE_TAG).value("true").build();
    cx.aws.ec2().create_tags().resources(id).tags(mark).send().await?;
    Ok(())
}

pub(super) fn marked() -> Filter {
    filter(&format!("tag:{MADE_TAG}"), ["true"])
}

fn as_vpc(it: &Inputs) -> vpc::Inputs {
    vpc::Inputs {
        cidr_block: None,
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        assign_generated_ipv6_cidr_block: it.assign_generated_ipv6_cidr_block,
        ipv6_cidr_block: it.ipv6_cidr_block.clone(),
        ipv6_cidr_block_network_border_group: it.ipv6_cidr_block_network_border_group.clone(),
        ipv6_ipam_pool_id: it.ipv6_ipam_pool_id.clone(),
        ipv6_netmask_length: it.ipv6_netmask_length,
        enable_dns_support: it.enable_dns_support,
        enable_dns_hostnames: it.enable_dns_hostnames,
        enable_network_address_usage_metrics: it.enable_network_address_usage_metrics,
        instance_tenancy: "default".to_owned(),
        tags: it.tags.clone(),
    }
}
