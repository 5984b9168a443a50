//! `aws:ec2/routeTable:RouteTable`. The id is the table's, `rtb-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, RouteTable as Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    arn, born, by_birth,
    hop::{Hop, table, tables, tables_by_id, written},
    in_order, live_tags, made, retag,
};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct RouteTable;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    pub(super) vpc_id: String,
    /// `Route`s of their own may fill it: only a program that sets it owns
    /// all routes of the table.
    #[schemars(extend("computed" = true))]
    pub(super) routes: Option<Set<Hop>>,
    #[schemars(extend("computed" = true))]
    pub(super) propagating_vgws: Option<Set<String>>,
    #[serde(default)]
    pub(super) tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    pub(super) owner_id: String,
}

impl Resource for RouteTable {
    const TYPE: &'static str = "aws:ec2/routeTable:RouteTable";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        new.routes.iter().flat_map(|it| &it.0).try_for_each(|it| it.check("routes"))
    }

    /// A program may write down the route to the VPC itself, which AWS made.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let routes = |value: &Value| -> Option<Vec<_>> {
            let known = value.is_known().then(|| value.reveal())?;
            let list: Vec<Hop> = serde_json::from_value(known).ok()?;
            let list = list.iter().filter(|it| !it.is_local());
            let mut list: Vec<_> = list.map(|it| (it.destination(), it.target())).collect();
            list.sort();
            Some(list)
        };
        path == "routes" && routes(wanted).is_some_and(|it| Some(it) == routes(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_route_table().vpc_id(&new.vpc_id).client_token(&cx.op);
        let tags = born(cx, ResourceType::RouteTable, &new.tags);
        let reply = call.tag_specifications(tags).send().await?;
        reply.route_table.and_then(|it| it.route_table_id).ok_or(Error::missing("RouteTableId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if let Some(routes) = &new.routes {
            let look = || table(cx, id);
            let live = cx.wait("the table to be visible", LIMIT, look).await?;
            align(cx, id, &live, routes).await?;
        }
        propagate(cx, id, None, new.propagating_vgws.as_ref()).await
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(table(cx, id).await?.map(drop)) };
        cx.wait("the table to be visible", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        table(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for live in tables_by_id(cx, ids).await? {
            let id = live.route_table_id.clone().ok_or(Error::missing("RouteTableId"))?;
            found.push((id, outputs(cx, live)?));
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if let Some(routes) = new.routes.as_ref().filter(|it| Some(*it) != old.routes.as_ref()) {
            let live = table(cx, id).await?.ok_or(Error::missing("RouteTable"))?;
            align(cx, id, &live, routes).await?;
        }
        propagate(cx, id, old.propagating_vgws.as_ref(), new.propagating_vgws.as_ref()).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// Associations of others would hold it.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = table(cx, id).await? else { return Ok(()) };
        for it in live.associations().iter().filter(|it| it.main() != Some(true)) {
            let call = cx.aws.ec2().disassociate_route_table();
            let call = call.set_association_id(it.route_table_association_id.clone());
            absent(call.send().await, &["InvalidAssociationID.NotFound"])?;
        }
        let reply = cx.aws.ec2().delete_route_table().route_table_id(id).send().await;
        absent(reply, &["InvalidRouteTableID.NotFound"])?;
        Ok(())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = tables(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.route_table_id))
    }
}

/// It takes seconds.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

/// Comes from what is live to what is wanted, one call a route. A target is
/// replaced in place, so that no traffic is cut.
pub(super) async fn align(cx: &Cx, id: &str, live: &Live, wanted: &Set<Hop>) -> Result<()> {
    let mut live = written(live);
    for hop in &wanted.0 {
        let old = hop.destination().and_then(|it| live.remove(&it));
        match old {
            Some((old, _)) if old.target() == hop.target() => {}
            Some(_) => hop.replace(cx, id).await?,
            None => hop.create(cx, id).await?,
        }
    }
    for (hop, _) in live.into_values() {
        if !hop.is_local() {
            hop.delete(cx, id).await?;
        }
    }
    Ok(())
}

pub(super) async fn propagate(
    cx: &Cx,
    id: &str,
    old: Option<&Set<String>>,
    new: Option<&Set<String>>,
) -> Result<()> {
    let none = Set::default();
    let (add, remove) = new.unwrap_or(&none).since(old.unwrap_or(&none));
    for gateway in remove {
        let call = cx.aws.ec2().disable_vgw_route_propagation().route_table_id(id);
        call.gateway_id(gateway).send().await?;
    }
    for gateway in add {
        let call = cx.aws.ec2().enable_vgw_route_propagation().route_table_id(id);
        call.gateway_id(gateway).send().await?;
    }
    Ok(())
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.route_table_id.as_deref().ok_or(Error::missing("RouteTableId"))?;
    let owner_id = live.owner_id.clone().ok_or(Error::missing("OwnerId"))?;
    let arn = arn(cx, &owner_id, &format!("route-table/{id}"));
    let routes = written(&live).into_values().map(|(hop, _)| hop);
    let inputs = Inputs {
        routes: Some(routes.filter(|it| !it.is_local()).collect()),
        propagating_vgws: Some(
            live.propagating_vgws().iter().filter_map(|it| it.gateway_id()).collect(),
        ),
        vpc_id: live.vpc_id.ok_or(Error::missing("VpcId"))?,
        tags: live_tags(live.tags),
    };
    Ok(Outputs { inputs, arn, owner_id })
}
