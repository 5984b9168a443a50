//! `aws:ec2/routeTableAssociation:RouteTableAssociation`. The id is the
//! association's, `rtbassoc-…`, and another one after a change of the table.

use std::time::Duration;

use aws_sdk_ec2::types::{
    Filter, RouteTableAssociation as Live, RouteTableAssociationStateCode as State,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, filter, hop::tables, in_order};
use crate::{aws::error::absent, provider::*};

pub(super) struct RouteTableAssociation;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    route_table_id: String,
    #[schemars(extend("replace" = true))]
    subnet_id: Option<String>,
    #[schemars(extend("replace" = true))]
    gateway_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for RouteTableAssociation {
    const TYPE: &'static str = "aws:ec2/routeTableAssociation:RouteTableAssociation";
    const KEY: &'static [&'static str] = &["subnetId", "gatewayId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        match (&new.subnet_id, &new.gateway_id) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            (Some(_), Some(_)) => Err(Error::invalid("gatewayId", "excludes `subnetId`")),
            (None, None) => Err(Error::invalid("subnetId", "is needed, or `gatewayId`")),
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().associate_route_table().route_table_id(&new.route_table_id);
        let call = call.set_subnet_id(new.subnet_id.clone());
        let reply = call.set_gateway_id(new.gateway_id.clone()).send().await?;
        reply.association_id.ok_or(Error::missing("AssociationId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let found = describe(cx, by_id([id])).await?;
            let Some(it) = found.into_iter().find(|it| it.route_table_association_id() == Some(id))
            else {
                return Ok(None);
            };
            let state = it.association_state();
            match state.and_then(|it| it.state()) {
                Some(State::Associated) | None => Ok(Some(())),
                Some(State::Failed) => {
                    let why = state.and_then(|it| it.status_message()).unwrap_or("it failed");
                    Err(Error::failed(why))
                }
                _ => Ok(None),
            }
        };
        cx.wait("the subnet to use the route table", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for it in describe(cx, by_id(ids)).await?.into_iter().filter(holds) {
                let id = it.route_table_association_id;
                let id = id.ok_or(Error::missing("RouteTableAssociationId"))?;
                let inputs = Inputs {
                    route_table_id: it.route_table_id.ok_or(Error::missing("RouteTableId"))?,
                    subnet_id: it.subnet_id,
                    gateway_id: it.gateway_id,
                };
                found.push((id, Outputs { inputs }));
            }
        }
        Ok(in_order(ids, found))
    }

    /// Which association it is now is looked up: a repeated call must not
    /// name the one that the first call replaced.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.route_table_id == new.route_table_id {
            return Ok(());
        }
        let live = of_target(cx, new).await?;
        if live.as_ref().is_some_and(|it| it.route_table_id() == Some(&new.route_table_id)) {
            return Ok(());
        }
        let id = live.and_then(|it| it.route_table_association_id).unwrap_or(id.to_owned());
        let call = cx.aws.ec2().replace_route_table_association().association_id(id);
        call.route_table_id(&new.route_table_id).send().await?;
        Ok(())
    }

    async fn renamed(cx: &Cx, _: &str, new: &Inputs) -> Result<String> {
        let look = || async {
            let live = of_target(cx, new).await?;
            let live = live.filter(|it| it.route_table_id() == Some(&new.route_table_id));
            Ok(live.and_then(|it| it.route_table_association_id))
        };
        cx.wait("the new association to be visible", LIMIT, look).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.ec2().disassociate_route_table().association_id(id);
        absent(call.send().await, &["InvalidAssociationID.NotFound"])?;
        Ok(())
    }

    /// A subnet has one association at a time.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = of_target(cx, inputs).await?;
        let live = live.filter(|it| it.route_table_id() == Some(&inputs.route_table_id));
        Ok(live.and_then(|it| it.route_table_association_id))
    }
}

/// It takes seconds for a subnet; a gateway's may take some minutes.
const LIMIT: Duration = Duration::from_secs(600);

fn by_id(ids: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    filter("association.route-table-association-id", ids)
}

/// All associations of the tables that have one of those asked for.
async fn describe(cx: &Cx, filter: Filter) -> Result<Vec<Live>> {
    let tables = tables(cx, vec![filter]).await?;
    Ok(tables.into_iter().flat_map(|it| it.associations.unwrap_or_default()).collect())
}

fn holds(it: &Live) -> bool {
    let state = it.association_state().and_then(|it| it.state());
    !matches!(state, Some(State::Disassociated | State::Disassociating | State::Failed))
}

async fn of_target(cx: &Cx, inputs: &Inputs) -> Result<Option<Live>> {
    let filter = match (&inputs.subnet_id, &inputs.gateway_id) {
        (Some(subnet), _) => filter("association.subnet-id", [subnet]),
        (None, gateway) => filter("association.gateway-id", gateway),
    };
    let ours = |it: &Live| {
        let subnet = inputs.subnet_id.is_some() && it.subnet_id == inputs.subnet_id;
        let gateway = inputs.gateway_id.is_some() && it.gateway_id == inputs.gateway_id;
        (subnet || gateway) && holds(it)
    };
    Ok(describe(cx, filter).await?.into_iter().find(ours))
}
