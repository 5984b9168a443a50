//! `aws:ec2/getRouteTable:getRouteTable`: the one table that the arguments
//! describe.

use aws_sdk_ec2::types::RouteTableAssociation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Query, arn,
    hop::{Hop, tables, written},
    live_tags, looked_for, sole,
};
use crate::provider::*;

pub(super) struct GetRouteTable;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    #[serde(default)]
    filters: Vec<Query>,
    gateway_id: Option<String>,
    route_table_id: Option<String>,
    subnet_id: Option<String>,
    #[serde(default)]
    tags: Tags,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    associations: Vec<Association>,
    filters: Vec<Query>,
    gateway_id: Option<String>,
    owner_id: String,
    route_table_id: String,
    routes: Set<Hop>,
    subnet_id: Option<String>,
    tags: Tags,
    vpc_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Association {
    gateway_id: Option<String>,
    main: bool,
    route_table_association_id: Option<String>,
    route_table_id: Option<String>,
    subnet_id: Option<String>,
}

impl Function for GetRouteTable {
    const TOKEN: &'static str = "aws:ec2/getRouteTable:getRouteTable";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let texts = [
            ("route-table-id", &args.route_table_id),
            ("association.gateway-id", &args.gateway_id),
            ("association.subnet-id", &args.subnet_id),
            ("vpc-id", &args.vpc_id),
        ];
        let filters = looked_for(texts, &args.filters, &args.tags);
        let live = sole(tables(cx, filters).await?, "route table")?;
        let id = live.route_table_id.clone().ok_or(Error::missing("RouteTableId"))?;
        let owner_id = live.owner_id.clone().ok_or(Error::missing("OwnerId"))?;
        let routes = written(&live).into_values().map(|(hop, _)| hop);
        let association = |it: &RouteTableAssociation| Association {
            gateway_id: it.gateway_id.clone(),
            main: it.main.unwrap_or_default(),
            route_table_association_id: it.route_table_association_id.clone(),
            route_table_id: it.route_table_id.clone(),
            subnet_id: it.subnet_id.clone(),
        };
        Ok(Output {
            arn: arn(cx, &owner_id, &format!("route-table/{id}")),
            associations: live.associations().iter().map(association).collect(),
            filters: args.filters.clone(),
            gateway_id: args.gateway_id.clone(),
            owner_id,
            route_table_id: id.clone(),
            routes: routes.filter(|it| !it.is_local()).collect(),
            subnet_id: args.subnet_id.clone(),
            tags: live_tags(live.tags),
            vpc_id: live.vpc_id,
            id,
        })
    }
}
