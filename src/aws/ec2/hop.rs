//! One entry of a route table, as `RouteTable` writes it inline and as
//! `Route` is made of it.

use std::collections::HashMap;

use aws_sdk_ec2::types::{Filter, Route, RouteOrigin, RouteTable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, canonical_cidr, filter};
use crate::{aws::error::absent, provider::*};

/// One destination and one target.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RouteTableRoute")]
pub(super) struct Hop {
    pub(super) cidr_block: Option<Cidr>,
    pub(super) ipv6_cidr_block: Option<Cidr>,
    pub(super) destination_prefix_list_id: Option<String>,
    pub(super) carrier_gateway_id: Option<String>,
    pub(super) core_network_arn: Option<String>,
    pub(super) egress_only_gateway_id: Option<String>,
    /// Of the internet or of a VPN; `local` for the VPC itself.
    pub(super) gateway_id: Option<String>,
    pub(super) local_gateway_id: Option<String>,
    pub(super) nat_gateway_id: Option<String>,
    pub(super) network_interface_id: Option<String>,
    pub(super) odb_network_arn: Option<String>,
    pub(super) transit_gateway_id: Option<String>,
    pub(super) vpc_endpoint_id: Option<String>,
    pub(super) vpc_peering_connection_id: Option<String>,
}

pub(super) const LOCAL: &str = "local";

/// The route or its table is gone.
pub(super) const MISSING: &[&str] = &["InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"];

/// CreateRoute and ReplaceRoute take the same.
macro_rules! with_hop {
    ($call:expr, $table:expr, $hop:expr) => {
        $call
            .route_table_id($table)
            .set_destination_cidr_block(text($hop.cidr_block.as_ref()))
            .set_destination_ipv6_cidr_block(text($hop.ipv6_cidr_block.as_ref()))
            .set_destination_prefix_list_id(given($hop.destination_prefix_list_id.as_ref()))
            .set_carrier_gateway_id(given($hop.carrier_gateway_id.as_ref()))
            .set_core_network_arn(given($hop.core_network_arn.as_ref()))
            .set_egress_only_internet_gateway_id(given($hop.egress_only_gateway_id.as_ref()))
            .set_gateway_id(given($hop.gateway_id.as_ref()).filter(|it| it != LOCAL))
            .set_local_gateway_id(given($hop.local_gateway_id.as_ref()))
            .set_nat_gateway_id(given($hop.nat_gateway_id.as_ref()))
            .set_network_interface_id(given($hop.network_interface_id.as_ref()))
            .set_odb_network_arn(given($hop.odb_network_arn.as_ref()))
            .set_transit_gateway_id(given($hop.transit_gateway_id.as_ref()))
            .set_vpc_endpoint_id(given($hop.vpc_endpoint_id.as_ref()))
            .set_vpc_peering_connection_id(given($hop.vpc_peering_connection_id.as_ref()))
    };
}

fn given(it: Option<&String>) -> Option<String> {
    it.cloned().filter(|it| !it.is_empty())
}

fn text(it: Option<&Cidr>) -> Option<String> {
    it.map(|it| it.0.clone()).filter(|it| !it.is_empty())
}

impl Hop {
    pub(super) fn live(route: &Route) -> Self {
        let route = route.clone();
        let cidr = |it: Option<String>| it.filter(|it| !it.is_empty()).map(Cidr);
        // Endpoints are told as gateways.
        let is_endpoint = route.gateway_id().is_some_and(|it| it.starts_with("vpce-"));
        let (endpoint, gateway) =
            if is_endpoint { (route.gateway_id, None) } else { (None, route.gateway_id) };
        Self {
            cidr_block: cidr(route.destination_cidr_block),
            ipv6_cidr_block: cidr(route.destination_ipv6_cidr_block),
            destination_prefix_list_id: route.destination_prefix_list_id,
            carrier_gateway_id: route.carrier_gateway_id,
            core_network_arn: route.core_network_arn,
            egress_only_gateway_id: route.egress_only_internet_gateway_id,
            gateway_id: gateway,
            local_gateway_id: route.local_gateway_id,
            nat_gateway_id: route.nat_gateway_id,
            network_interface_id: route.network_interface_id,
            odb_network_arn: route.odb_network_arn,
            transit_gateway_id: route.transit_gateway_id,
            vpc_endpoint_id: endpoint,
            vpc_peering_connection_id: route.vpc_peering_connection_id,
        }
    }

    /// The destination as AWS writes it: a table has one route for each.
    pub(super) fn destination(&self) -> Option<String> {
        let cidr = text(self.cidr_block.as_ref()).or_else(|| text(self.ipv6_cidr_block.as_ref()));
        let cidr = cidr.map(|it| canonical_cidr(&it));
        cidr.or_else(|| given(self.destination_prefix_list_id.as_ref()))
    }

    /// The property that says where to, and what it says.
    pub(super) fn target(&self) -> Option<(&'static str, String)> {
        let mut all = self.targets().into_iter();
        all.find_map(|(name, it)| Some((name, given(it.as_ref())?)))
    }

    fn targets(&self) -> [(&'static str, &Option<String>); 11] {
        [
            ("carrierGatewayId", &self.carrier_gateway_id),
            ("coreNetworkArn", &self.core_network_arn),
            ("egressOnlyGatewayId", &self.egress_only_gateway_id),
            ("gatewayId", &self.gateway_id),
            ("localGatewayId", &self.local_gateway_id),
            ("natGatewayId", &self.nat_gateway_id),
            ("networkInterfaceId", &self.network_interface_id),
            ("odbNetworkArn", &self.odb_network_arn),
            ("transitGatewayId", &self.transit_gateway_id),
            ("vpcEndpointId", &self.vpc_endpoint_id),
            ("vpcPeeringConnectionId", &self.vpc_peering_connection_id),
        ]
    }

    pub(super) fn is_local(&self) -> bool {
        self.gateway_id.as_deref() == Some(LOCAL)
    }

    /// `property` is where a program reads about it.
    pub(super) fn check(&self, property: &str) -> Result<()> {
        let destinations = [
            text(self.cidr_block.as_ref()),
            text(self.ipv6_cidr_block.as_ref()),
            given(self.destination_prefix_list_id.as_ref()),
        ];
        if destinations.iter().flatten().count() != 1 {
            return Err(Error::invalid(property, "a route has exactly one destination"));
        }
        if self.targets().iter().filter_map(|(_, it)| given(it.as_ref())).count() != 1 {
            return Err(Error::invalid(property, "a route has exactly one target"));
        }
        Ok(())
    }

    pub(super) async fn create(&self, cx: &Cx, table: &str) -> Result<()> {
        with_hop!(cx.aws.ec2().create_route(), table, self).send().await?;
        Ok(())
    }

    /// Another target for the same destination.
    pub(super) async fn replace(&self, cx: &Cx, table: &str) -> Result<()> {
        let call = with_hop!(cx.aws.ec2().replace_route(), table, self);
        call.set_local_target(self.is_local().then_some(true)).send().await?;
        Ok(())
    }

    pub(super) async fn delete(&self, cx: &Cx, table: &str) -> Result<()> {
        let call = cx.aws.ec2().delete_route().route_table_id(table);
        let call = call
            .set_destination_cidr_block(text(self.cidr_block.as_ref()))
            .set_destination_ipv6_cidr_block(text(self.ipv6_cidr_block.as_ref()))
            .set_destination_prefix_list_id(given(self.destination_prefix_list_id.as_ref()));
        absent(call.send().await, MISSING)?;
        Ok(())
    }
}

/// The routes of a table that somebody wrote, by destination: without those
/// that a VPN gateway or a gateway endpoint puts there by itself.
pub(super) fn written(table: &RouteTable) -> HashMap<String, (Hop, &Route)> {
    let hop = |route| (Hop::live(route), route);
    let all = table.routes().iter().map(hop).filter(|(hop, route)| {
        let propagated = route.origin() == Some(&RouteOrigin::EnableVgwRoutePropagation);
        let endpoints = hop.destination_prefix_list_id.is_some() && hop.vpc_endpoint_id.is_some();
        !propagated && !endpoints
    });
    all.filter_map(|(hop, route)| Some((hop.destination()?, (hop, route)))).collect()
}

pub(super) async fn tables(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<RouteTable>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_route_tables().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

pub(super) async fn tables_by_id(cx: &Cx, ids: &[String]) -> Result<Vec<RouteTable>> {
    let mut found = Vec::new();
    for ids in ids.chunks(FILTER_VALUES) {
        found.extend(tables(cx, vec![filter("route-table-id", ids)]).await?);
    }
    Ok(found)
}

pub(super) async fn table(cx: &Cx, id: &str) -> Result<Option<RouteTable>> {
    Ok(tables(cx, vec![filter("route-table-id", [id])]).await?.pop())
}
