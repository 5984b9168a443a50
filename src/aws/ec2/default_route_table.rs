//! `aws:ec2/defaultRouteTable:DefaultRouteTable`: the table that a VPC is born
//! with. It is adopted, and its routes become those of the program: none but
//! the VPC's own, when it names none. The id is the table's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    hop::{Hop, table},
    retag,
    route_table::{self, LIMIT, RouteTable, align, propagate},
};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct DefaultRouteTable;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    default_route_table_id: String,
    #[serde(default)]
    routes: Set<Hop>,
    #[serde(default)]
    propagating_vgws: Set<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    owner_id: String,
    vpc_id: String,
}

impl Resource for DefaultRouteTable {
    const TYPE: &'static str = "aws:ec2/defaultRouteTable:DefaultRouteTable";
    const KEY: &'static [&'static str] = &["defaultRouteTableId"];
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "routes.instanceId",
        "AWS tells of the instance's interface: name it as `networkInterfaceId`",
    )];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        new.routes.0.iter().try_for_each(|it| it.check("routes"))
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(id) = inputs.get("defaultRouteTableId").and_then(Value::as_str) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::string(id))])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        RouteTable::same(path, wanted, live)
    }

    async fn create(_: &Cx, new: &Inputs) -> Result<String> {
        Ok(new.default_route_table_id.clone())
    }

    /// What was there before is not the program's, and goes.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || table(cx, id);
        let live = cx.wait("the table to be visible", LIMIT, look).await?;
        let gateways = live.propagating_vgws().iter().filter_map(|it| it.gateway_id()).collect();
        propagate(cx, id, Some(&gateways), Some(&new.propagating_vgws)).await?;
        align(cx, id, &live, &new.routes).await?;
        retag(cx, id, &Tags::default(), &new.tags).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(RouteTable::read(cx, id).await?.map(|it| outputs(id, it)))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = RouteTable::read_many(cx, ids).await?.into_iter().zip(ids);
        Ok(found.map(|(it, id)| it.map(|it| outputs(id, it))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.routes != new.routes {
            let live = table(cx, id).await?.ok_or_else(|| Error::unseen("the table"))?;
            align(cx, id, &live, &new.routes).await?;
        }
        propagate(cx, id, Some(&old.propagating_vgws), Some(&new.propagating_vgws)).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// It goes with its VPC, and stays as it is until then.
    async fn delete(_: &Cx, _: &str, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        Ok(table(cx, &inputs.default_route_table_id).await?.and_then(|it| it.route_table_id))
    }
}

fn outputs(id: &str, live: route_table::Outputs) -> Outputs {
    let route_table::Outputs { inputs: it, arn, owner_id } = live;
    let inputs = Inputs {
        default_route_table_id: id.to_owned(),
        routes: it.routes.unwrap_or_default(),
        propagating_vgws: it.propagating_vgws.unwrap_or_default(),
        tags: it.tags,
    };
    Outputs { inputs, arn, owner_id, vpc_id: it.vpc_id }
}
