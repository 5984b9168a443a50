//! `aws:ec2/defaultSubnet:DefaultSubnet`: the default subnet of a zone,
//! adopted where there is one and made where there is none. The id is the
//! subnet's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    default_vpc::{mark, marked},
    filter,
    subnet::{self, Subnet, describe},
};
use crate::provider::*;

pub(super) struct DefaultSubnet;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    availability_zone: String,
    #[serde(default)]
    assign_ipv6_address_on_creation: bool,
    customer_owned_ipv4_pool: Option<String>,
    #[serde(default)]
    enable_dns64: bool,
    #[serde(default)]
    enable_resource_name_dns_a_record_on_launch: bool,
    #[serde(default)]
    enable_resource_name_dns_aaaa_record_on_launch: bool,
    /// Whether a destroy deletes it; otherwise it stays, as it is.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[schemars(extend("computed" = true))]
    ipv6_cidr_block: Option<Cidr>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    ipv6_native: bool,
    #[serde(default)]
    map_customer_owned_ip_on_launch: bool,
    #[serde(default = "yes")]
    map_public_ip_on_launch: bool,
    #[schemars(extend("computed" = true, "enum" = ["ip-name", "resource-name"]))]
    private_dns_hostname_type_on_launch: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    subnet: subnet::Outputs,
    force_destroy: bool,
    /// Not made by this stack.
    existing_default_subnet: bool,
}

impl Resource for DefaultSubnet {
    const TYPE: &'static str = "aws:ec2/defaultSubnet:DefaultSubnet";
    const KEY: &'static [&'static str] = &["availabilityZone"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        Subnet::check(&as_subnet(new))
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("default-subnet:{}", inputs.availability_zone))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(id) = Self::find(cx, new).await? {
            return Ok(id);
        }
        let call = cx.aws.ec2().create_default_subnet();
        let call = call.set_ipv6_native(new.ipv6_native.then_some(true));
        let reply = call.availability_zone(&new.availability_zone).send().await?;
        let id = reply.subnet.and_then(|it| it.subnet_id).ok_or(Error::missing("SubnetId"))?;
        mark(cx, &id).await?;
        Ok(id)
    }

    /// What was there is not a newborn: only what differs is changed.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || Subnet::read(cx, id);
        let live = cx.wait("the subnet to be visible", subnet::LIMIT, look).await?.inputs;
        let mut wanted = as_subnet(new);
        wanted.ipv6_cidr_block = wanted.ipv6_cidr_block.or_else(|| live.ipv6_cidr_block.clone());
        if new.tags.0.is_empty() {
            wanted.tags = live.tags.clone();
        }
        Subnet::update(cx, id, &live, &wanted).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        Subnet::ready(cx, id, &as_subnet(new)).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let asked = cx.asks("existingDefaultSubnet");
        let made = if asked { describe(cx, vec![marked()]).await? } else { Vec::new() };
        let made: Vec<String> = made.into_iter().filter_map(|it| it.subnet_id).collect();
        let found = Subnet::read_many(cx, ids).await?.into_iter().zip(ids);
        let told = |(subnet, id): (Option<subnet::Outputs>, &String)| {
            let existing_default_subnet = !made.contains(id);
            Some(Outputs { subnet: subnet?, force_destroy: false, existing_default_subnet })
        };
        Ok(found.map(told).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        Subnet::update(cx, id, &as_subnet(old), &as_subnet(new)).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.force_destroy { Subnet::delete(cx, id, &as_subnet(last)).await } else { Ok(()) }
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        Subnet::holders(cx, id).await
    }

    /// A zone has one, whoever made it.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let zone = filter("availability-zone", [&inputs.availability_zone]);
        let found = describe(cx, vec![zone, filter("default-for-az", ["true"])]).await?;
        Ok(found.into_iter().find_map(|it| it.subnet_id))
    }
}

fn as_subnet(it: &Inputs) -> subnet::Inputs {
    let aaaa = it.enable_resource_name_dns_aaaa_record_on_launch;
    subnet::Inputs {
        vpc_id: String::new(),
        cidr_block: None,
        availability_zone: Some(it.availability_zone.clone()),
        availability_zone_id: None,
        ipv6_cidr_block: it.ipv6_cidr_block.clone(),
        ipv6_native: it.ipv6_native,
        ipv4_ipam_pool_id: None,
        ipv4_netmask_length: None,
        ipv6_ipam_pool_id: None,
        ipv6_netmask_length: None,
        outpost_arn: None,
        assign_ipv6_address_on_creation: it.assign_ipv6_address_on_creation,
        customer_owned_ipv4_pool: it.customer_owned_ipv4_pool.clone(),
        enable_dns64: it.enable_dns64,
        enable_lni_at_device_index: None,
        enable_resource_name_dns_a_record_on_launch: it.enable_resource_name_dns_a_record_on_launch,
        enable_resource_name_dns_aaaa_record_on_launch: aaaa,
        map_customer_owned_ip_on_launch: it.map_customer_owned_ip_on_launch,
        map_public_ip_on_launch: it.map_public_ip_on_launch,
        private_dns_hostname_type_on_launch: it.private_dns_hostname_type_on_launch.clone(),
        tags: it.tags.clone(),
    }
}
