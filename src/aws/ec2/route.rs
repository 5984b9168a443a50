//! `aws:ec2/route:Route`. The id is `rtb-…_` and the destination, as Pulumi
//! imports it: `rtb-1_0.0.0.0/0`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::Route as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hop::{Hop, table, tables_by_id, written};
use crate::provider::*;

pub(super) struct Route;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    route_table_id: String,
    #[schemars(extend("replace" = true))]
    destination_cidr_block: Option<Cidr>,
    #[schemars(extend("replace" = true))]
    destination_ipv6_cidr_block: Option<Cidr>,
    #[schemars(extend("replace" = true))]
    destination_prefix_list_id: Option<String>,
    carrier_gateway_id: Option<String>,
    core_network_arn: Option<String>,
    egress_only_gateway_id: Option<String>,
    gateway_id: Option<String>,
    local_gateway_id: Option<String>,
    nat_gateway_id: Option<String>,
    network_interface_id: Option<String>,
    odb_network_arn: Option<String>,
    transit_gateway_id: Option<String>,
    vpc_endpoint_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    instance_id: Option<String>,
    #[schemars(extend("volatile" = true))]
    instance_owner_id: Option<String>,
    #[schemars(extend("volatile" = true))]
    origin: Option<String>,
    /// `blackhole` when the target is gone.
    #[schemars(extend("volatile" = true))]
    state: Option<String>,
}

impl Resource for Route {
    const TYPE: &'static str = "aws:ec2/route:Route";
    const KEY: &'static [&'static str] = &[
        "routeTableId",
        "destinationCidrBlock",
        "destinationIpv6CidrBlock",
        "destinationPrefixListId",
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        hop(new).check("destinationCidrBlock")
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        hop(new).create(cx, &new.route_table_id).await?;
        id(new)
    }

    /// A new route may be missing from the next answers.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let wanted = hop(new).target();
        let look = || async {
            let live = live(cx, id).await?;
            Ok((live.is_some_and(|it| it.target() == wanted)).then_some(()))
        };
        // What providers wait for a route that does not appear.
        cx.wait("the route to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let keys: Vec<_> = ids.iter().map(|id| parse(id)).collect::<Result<_>>()?;
        let mut tables: Vec<String> = keys.iter().map(|(table, _)| (*table).to_owned()).collect();
        tables.sort();
        tables.dedup();
        let live = tables_by_id(cx, &tables).await?;
        let mut routes = HashMap::new();
        for table in &live {
            let id = table.route_table_id().unwrap_or_default().to_owned();
            routes.insert(id, written(table));
        }
        let mut read = |(table, destination): &(&str, String)| {
            let (hop, route) = routes.get_mut(*table)?.remove(destination)?;
            Some(outputs(table, hop, route))
        };
        Ok(keys.iter().map(&mut read).collect())
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        hop(new).replace(cx, &new.route_table_id).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(hop) = live(cx, id).await? else { return Ok(()) };
        hop.delete(cx, parse(id)?.0).await
    }

    /// Nobody else makes the same route to the same target.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs)?;
        let found = live(cx, &id).await?;
        Ok(found.is_some_and(|it| it.target() == hop(inputs).target()).then_some(id))
    }
}

async fn live(cx: &Cx, id: &str) -> Result<Option<Hop>> {
    let (table_id, destination) = parse(id)?;
    let Some(table) = table(cx, table_id).await? else { return Ok(None) };
    Ok(written(&table).remove(&destination).map(|(hop, _)| hop))
}

fn id(inputs: &Inputs) -> Result<String> {
    let destination = hop(inputs).destination();
    let destination = destination
        .ok_or_else(|| Error::invalid("destinationCidrBlock", "a route has one destination"))?;
    Ok(format!("{}_{destination}", inputs.route_table_id))
}

/// The table and the destination.
fn parse(id: &str) -> Result<(&str, String)> {
    let parts = id.split_once('_');
    let (table, destination) =
        parts.ok_or_else(|| Error::invalid("id", "is `rtb-…_` and the destination"))?;
    Ok((table, super::canonical_cidr(destination)))
}

fn hop(inputs: &Inputs) -> Hop {
    Hop {
        cidr_block: inputs.destination_cidr_block.clone(),
        ipv6_cidr_block: inputs.destination_ipv6_cidr_block.clone(),
        destination_prefix_list_id: inputs.destination_prefix_list_id.clone(),
        carrier_gateway_id: inputs.carrier_gateway_id.clone(),
        core_network_arn: inputs.core_network_arn.clone(),
        egress_only_gateway_id: inputs.egress_only_gateway_id.clone(),
        gateway_id: inputs.gateway_id.clone(),
        local_gateway_id: inputs.local_gateway_id.clone(),
        nat_gateway_id: inputs.nat_gateway_id.clone(),
        network_interface_id: inputs.network_interface_id.clone(),
        odb_network_arn: inputs.odb_network_arn.clone(),
        transit_gateway_id: inputs.transit_gateway_id.clone(),
        vpc_endpoint_id: inputs.vpc_endpoint_id.clone(),
        vpc_peering_connection_id: inputs.vpc_peering_connection_id.clone(),
    }
}

fn outputs(table: &str, hop: Hop, live: &Live) -> Outputs {
    let inputs = Inputs {
        route_table_id: table.to_owned(),
        destination_cidr_block: hop.cidr_block,
        destination_ipv6_cidr_block: hop.ipv6_cidr_block,
        destination_prefix_list_id: hop.destination_prefix_list_id,
        carrier_gateway_id: hop.carrier_gateway_id,
        core_network_arn: hop.core_network_arn,
        egress_only_gateway_id: hop.egress_only_gateway_id,
        gateway_id: hop.gateway_id,
        local_gateway_id: hop.local_gateway_id,
        nat_gateway_id: hop.nat_gateway_id,
        network_interface_id: hop.network_interface_id,
        odb_network_arn: hop.odb_network_arn,
        transit_gateway_id: hop.transit_gateway_id,
        vpc_endpoint_id: hop.vpc_endpoint_id,
        vpc_peering_connection_id: hop.vpc_peering_connection_id,
    };
    Outputs {
        inputs,
        instance_id: live.instance_id.clone(),
        instance_owner_id: live.instance_owner_id.clone(),
        origin: live.origin.as_ref().map(ToString::to_string),
        state: live.state.as_ref().map(ToString::to_string),
    }
}
