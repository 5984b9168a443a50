//! `aws:ec2/natGateway:NatGateway`. The id is the gateway's, `nat-…`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ec2::types::{
    AutoProvisionZonesState, AvailabilityMode, AvailabilityZoneAddress, ConnectivityType, Filter,
    NatGateway as Live, NatGatewayAddress, NatGatewayAddressStatus as AddressStatus,
    NatGatewayState as State, ResourceType,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, born, by_birth, filter, in_order, live_tags, made, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct NatGateway;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true, "computed" = true, "enum" = ["zonal", "regional"]))]
    availability_mode: Option<String>,
    #[serde(default = "public")]
    #[schemars(extend("replace" = true, "enum" = ["public", "private"]))]
    connectivity_type: String,
    /// For a zonal gateway.
    #[schemars(extend("replace" = true))]
    subnet_id: Option<String>,
    /// For a regional gateway.
    #[schemars(extend("replace" = true, "computed" = true))]
    vpc_id: Option<String>,
    #[schemars(extend("replace" = true))]
    allocation_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    private_ip: Option<String>,
    #[schemars(extend("computed" = true))]
    secondary_allocation_ids: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    secondary_private_ip_addresses: Option<Set<String>>,
    #[schemars(extend("replace" = true, "computed" = true))]
    secondary_private_ip_address_count: Option<i32>,
    /// A regional gateway without it takes addresses in the zones it needs.
    #[schemars(extend("computed" = true))]
    availability_zone_addresses: Option<Set<ZoneAddresses>>,
    #[serde(default)]
    tags: Tags,
}

fn public() -> String {
    "public".to_owned()
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ZoneAddresses {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    allocation_ids: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    association_id: Option<String>,
    auto_provision_zones: Option<String>,
    auto_scaling_ips: Option<String>,
    network_interface_id: Option<String>,
    public_ip: Option<String>,
    #[schemars(extend("volatile" = true))]
    regional_nat_gateway_addresses: Vec<RegionalAddress>,
    regional_nat_gateway_auto_mode: Option<String>,
    route_table_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RegionalAddress {
    allocation_id: Option<String>,
    association_id: Option<String>,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    network_interface_id: Option<String>,
    public_ip: Option<String>,
    status: Option<String>,
}

impl Resource for NatGateway {
    const TYPE: &'static str = "aws:ec2/natGateway:NatGateway";
    const KEY: &'static [&'static str] = &["allocationId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let regional = new.availability_mode.as_deref() == Some("regional");
        let public = new.connectivity_type == "public";
        let rules = [
            (!regional && new.subnet_id.is_none(), "subnetId", "is needed by a zonal gateway"),
            (regional && new.subnet_id.is_some(), "subnetId", "is for zonal gateways"),
            (regional && new.vpc_id.is_none(), "vpcId", "is needed by a regional gateway"),
            (
                !regional && public && new.allocation_id.is_none(),
                "allocationId",
                "is needed by a public gateway",
            ),
            (!public && new.allocation_id.is_some(), "allocationId", "is for public gateways"),
            (
                !regional && new.availability_zone_addresses.is_some(),
                "availabilityZoneAddresses",
                "is for regional gateways",
            ),
            (
                new.secondary_private_ip_address_count.is_some()
                    && new.secondary_private_ip_addresses.is_some(),
                "secondaryPrivateIpAddressCount",
                "excludes `secondaryPrivateIpAddresses`",
            ),
        ];
        match rules.into_iter().find(|(broken, ..)| *broken) {
            Some((_, property, rule)) => Err(Error::invalid(property, rule)),
            None => Ok(()),
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let zones = new.availability_zone_addresses.as_ref();
        let zones = zones.map(|it| it.0.iter().map(zone).collect());
        let mode = new.availability_mode.as_deref().map(AvailabilityMode::from);
        let regional = mode == Some(AvailabilityMode::Regional);
        let call = cx.aws.ec2().create_nat_gateway().client_token(&cx.op);
        let reply = call
            .connectivity_type(ConnectivityType::from(new.connectivity_type.as_str()))
            .set_availability_mode(mode)
            .set_subnet_id(new.subnet_id.clone())
            .set_vpc_id(new.vpc_id.clone().filter(|_| regional))
            .set_allocation_id(new.allocation_id.clone())
            .set_private_ip_address(new.private_ip.clone())
            .set_secondary_allocation_ids(list(&new.secondary_allocation_ids))
            .set_secondary_private_ip_addresses(list(&new.secondary_private_ip_addresses))
            .set_secondary_private_ip_address_count(new.secondary_private_ip_address_count)
            .set_availability_zone_addresses(zones)
            .tag_specifications(born(cx, ResourceType::Natgateway, &new.tags))
            .send()
            .await?;
        reply.nat_gateway.and_then(|it| it.nat_gateway_id).ok_or(Error::missing("NatGatewayId"))
    }

    /// One to two minutes. What is wrong with its address or subnet shows
    /// only here.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            match live.state() {
                Some(State::Failed) => {
                    let code = live.failure_code().unwrap_or("failed");
                    let message = live.failure_message().unwrap_or("AWS gives no reason");
                    Err(Error::failed(format!("{code}: {message}")))
                }
                Some(State::Available) => {
                    Ok((!live.nat_gateway_addresses().iter().any(is_moving)).then_some(()))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the NAT gateway to be available", Duration::from_secs(600), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, vec![filter("nat-gateway-id", ids)]).await? {
                if is_there(&live) {
                    let id = live.nat_gateway_id.clone().ok_or(Error::missing("NatGatewayId"))?;
                    found.push((id, outputs(live)));
                }
            }
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let secondary = |it: &Inputs| {
            (it.secondary_allocation_ids.clone(), it.secondary_private_ip_addresses.clone())
        };
        let zones = |it: &Inputs| it.availability_zone_addresses.clone();
        if secondary(old) != secondary(new) || zones(old) != zones(new) {
            let live = one(cx, id).await?.ok_or(Error::missing("NatGateway"))?;
            if secondary(old) != secondary(new) {
                realign(cx, id, &live, old, new).await?;
            }
            if let Some(zones) = zones(new).filter(|it| Some(it) != zones(old).as_ref()) {
                rezone(cx, id, &live, &zones).await?;
            }
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.ec2().delete_nat_gateway().nat_gateway_id(id).send().await;
        absent(reply, MISSING)?;
        Ok(())
    }

    /// About a minute; until then its address and its subnet are in use.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async {
            let live = one(cx, id).await?;
            let over =
                live.is_none_or(|it| matches!(it.state(), Some(State::Deleted | State::Failed)));
            Ok(over.then_some(()))
        };
        cx.wait("the NAT gateway to be deleted", Duration::from_secs(1800), look).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| is_there(it) && made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.nat_gateway_id))
    }
}

const MISSING: &[&str] = &["NatGatewayNotFound", "InvalidNatGatewayID.NotFound"];

/// Deleted gateways are listed for an hour. One that failed never worked and
/// goes by itself: as good as gone, so that another is made.
fn is_there(live: &Live) -> bool {
    !matches!(live.state(), Some(State::Deleting | State::Deleted | State::Failed))
}

fn is_moving(address: &NatGatewayAddress) -> bool {
    use AddressStatus::{Assigning, Associating, Disassociating, Unassigning};
    let status = address.status();
    matches!(status, Some(Assigning | Associating | Disassociating | Unassigning))
}

fn zone(it: &ZoneAddresses) -> AvailabilityZoneAddress {
    AvailabilityZoneAddress::builder()
        .set_availability_zone(it.availability_zone.clone())
        .set_availability_zone_id(it.availability_zone_id.clone())
        .set_allocation_ids(Some(it.allocation_ids.0.clone()))
        .build()
}

/// Brings the secondary addresses to what is wanted, additions first.
async fn realign(cx: &Cx, id: &str, live: &Live, old: &Inputs, new: &Inputs) -> Result<()> {
    let ec2 = cx.aws.ec2();
    let none = Set::default();
    let held = || secondary(live.nat_gateway_addresses());
    let wanted_ips = new.secondary_private_ip_addresses.as_ref().unwrap_or(&none);
    let live_ips: Set<String> = held().filter_map(|it| it.private_ip()).collect();
    let (mut add_ips, remove_ips) = wanted_ips.since(&live_ips);
    if new.connectivity_type == "private" {
        if !add_ips.is_empty() {
            let call = ec2.assign_private_nat_gateway_address().nat_gateway_id(id);
            call.set_private_ip_addresses(Some(add_ips)).send().await?;
        }
        if !remove_ips.is_empty() {
            let call = ec2.unassign_private_nat_gateway_address().nat_gateway_id(id);
            call.set_private_ip_addresses(Some(remove_ips)).send().await?;
        }
        return Ok(());
    }
    if new.secondary_private_ip_addresses == old.secondary_private_ip_addresses {
        add_ips.clear();
    }
    let wanted = new.secondary_allocation_ids.as_ref().unwrap_or(&none);
    let held_ids: Set<String> = held().filter_map(|it| it.allocation_id()).collect();
    let (add, remove) = wanted.since(&held_ids);
    if !add.is_empty() {
        let call = ec2.associate_nat_gateway_address().nat_gateway_id(id);
        let ips = (!add_ips.is_empty()).then_some(add_ips);
        call.set_allocation_ids(Some(add)).set_private_ip_addresses(ips).send().await?;
    }
    let over = held().filter(|it| remove.iter().any(|id| it.allocation_id() == Some(id)));
    disassociate(cx, id, over).await
}

/// Brings a regional gateway's addresses to what is wanted, additions first.
async fn rezone(cx: &Cx, id: &str, live: &Live, wanted: &Set<ZoneAddresses>) -> Result<()> {
    let live = live.nat_gateway_addresses();
    let is_in = |it: &NatGatewayAddress, zone: &ZoneAddresses| {
        let by_name =
            zone.availability_zone.is_some() && it.availability_zone == zone.availability_zone;
        let by_id = zone.availability_zone_id.is_some()
            && it.availability_zone_id == zone.availability_zone_id;
        by_name || by_id
    };
    let is_wanted = |it: &&NatGatewayAddress| {
        let mut zones = wanted.0.iter().filter(|zone| is_in(it, zone));
        let allocation = it.allocation_id.clone().unwrap_or_default();
        zones.any(|zone| zone.allocation_ids.0.contains(&allocation))
    };
    for zone in &wanted.0 {
        let held: Set<String> =
            live.iter().filter(|it| is_in(it, zone)).filter_map(|it| it.allocation_id()).collect();
        let (add, _) = zone.allocation_ids.since(&held);
        if !add.is_empty() {
            let call = cx.aws.ec2().associate_nat_gateway_address().nat_gateway_id(id);
            call.set_availability_zone(zone.availability_zone.clone())
                .set_availability_zone_id(zone.availability_zone_id.clone())
                .set_allocation_ids(Some(add))
                .send()
                .await?;
        }
    }
    disassociate(cx, id, live.iter().filter(|it| !is_wanted(it))).await
}

async fn disassociate<'a>(
    cx: &Cx,
    id: &str,
    addresses: impl Iterator<Item = &'a NatGatewayAddress>,
) -> Result<()> {
    let over: Vec<String> = addresses.filter_map(|it| it.association_id.clone()).collect();
    if !over.is_empty() {
        let call = cx.aws.ec2().disassociate_nat_gateway_address().nat_gateway_id(id);
        call.set_association_ids(Some(over)).send().await?;
    }
    Ok(())
}

fn secondary(all: &[NatGatewayAddress]) -> impl Iterator<Item = &NatGatewayAddress> {
    all.iter().filter(|it| it.is_primary() == Some(false))
}

pub(super) async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_nat_gateways().set_filter(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![filter("nat-gateway-id", [id])]).await?.pop())
}

pub(super) fn outputs(live: Live) -> Outputs {
    let addresses = live.nat_gateway_addresses.unwrap_or_default();
    let regional = live.availability_mode == Some(AvailabilityMode::Regional);
    let primary = addresses.iter().find(|it| it.is_primary() != Some(false));
    let primary = primary.filter(|_| !regional);
    let of_primary =
        |of: fn(&NatGatewayAddress) -> &Option<String>| primary.and_then(|it| of(it).clone());
    let others: Vec<_> = if regional { Vec::new() } else { secondary(&addresses).collect() };
    let automatic = live.auto_provision_zones == Some(AutoProvisionZonesState::Enabled);
    let text = |it: Option<&dyn ToString>| it.map(ToString::to_string);
    let inputs = Inputs {
        availability_mode: text(live.availability_mode.as_ref().map(|it| it as _)),
        connectivity_type: live.connectivity_type.map_or_else(public, |it| it.to_string()),
        subnet_id: live.subnet_id,
        vpc_id: live.vpc_id,
        allocation_id: of_primary(|it| &it.allocation_id),
        private_ip: of_primary(|it| &it.private_ip),
        secondary_allocation_ids: Some(others.iter().filter_map(|it| it.allocation_id()).collect()),
        secondary_private_ip_addresses: Some(
            others.iter().filter_map(|it| it.private_ip()).collect(),
        ),
        secondary_private_ip_address_count: i32::try_from(others.len()).ok(),
        availability_zone_addresses: (regional && !automatic).then(|| by_zone(&addresses)),
        tags: live_tags(live.tags),
    };
    Outputs {
        association_id: of_primary(|it| &it.association_id),
        auto_provision_zones: text(live.auto_provision_zones.as_ref().map(|it| it as _)),
        auto_scaling_ips: text(live.auto_scaling_ips.as_ref().map(|it| it as _)),
        network_interface_id: of_primary(|it| &it.network_interface_id),
        public_ip: of_primary(|it| &it.public_ip),
        regional_nat_gateway_addresses: if regional {
            addresses.iter().map(regional_address).collect()
        } else {
            Vec::new()
        },
        regional_nat_gateway_auto_mode: regional
            .then(|| if automatic { "enabled" } else { "disabled" }.to_owned()),
        route_table_id: live.route_table_id,
        inputs,
    }
}

fn by_zone(addresses: &[NatGatewayAddress]) -> Set<ZoneAddresses> {
    let mut zones = BTreeMap::new();
    for it in addresses {
        let new = || ZoneAddresses {
            availability_zone: it.availability_zone.clone(),
            availability_zone_id: it.availability_zone_id.clone(),
            allocation_ids: Set::default(),
        };
        let zone = zones.entry(it.availability_zone_id.clone()).or_insert_with(new);
        zone.allocation_ids.0.extend(it.allocation_id.clone());
    }
    zones.into_values().collect()
}

fn regional_address(it: &NatGatewayAddress) -> RegionalAddress {
    RegionalAddress {
        allocation_id: it.allocation_id.clone(),
        association_id: it.association_id.clone(),
        availability_zone: it.availability_zone.clone(),
        availability_zone_id: it.availability_zone_id.clone(),
        network_interface_id: it.network_interface_id.clone(),
        public_ip: it.public_ip.clone(),
        status: it.status.as_ref().map(ToString::to_string),
    }
}
