//! `aws:ec2/vpcPeeringConnection:VpcPeeringConnection`. The id is the
//! connection's, `pcx-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{
    Filter, PeeringConnectionOptionsRequest, ResourceType, VpcPeeringConnection as Live,
    VpcPeeringConnectionStateReasonCode as Code, VpcPeeringConnectionVpcInfo as SideOfLive,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FILTER_VALUES, born, by_birth, filter, in_order, live_tags, made, retag};
use crate::{aws::error::absent, provider::*};

pub(super) struct VpcPeeringConnection;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    vpc_id: String,
    #[schemars(extend("replace" = true))]
    peer_vpc_id: String,
    #[schemars(extend("replace" = true, "computed" = true))]
    peer_owner_id: Option<String>,
    #[schemars(extend("replace" = true, "computed" = true))]
    peer_region: Option<String>,
    /// Where both VPCs are in this account and region: elsewhere the owner of
    /// the peer accepts.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    auto_accept: bool,
    #[schemars(extend("computed" = true))]
    accepter: Option<Side>,
    #[schemars(extend("computed" = true))]
    requester: Option<Side>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "PeeringSide")]
struct Side {
    #[serde(default)]
    allow_remote_vpc_dns_resolution: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    #[schemars(extend("volatile" = true))]
    accept_status: String,
}

impl Resource for VpcPeeringConnection {
    const TYPE: &'static str = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection";
    /// A second request for the same pair answers the first one's connection.
    const KEY: &'static [&'static str] = &["vpcId", "peerVpcId", "peerOwnerId", "peerRegion"];
    const ANONYMOUS: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let far = new.peer_region.is_some();
        if new.auto_accept && far {
            let rule = "is for peers in the same region: the owner of the peer accepts there";
            return Err(Error::invalid("autoAccept", rule));
        }
        Ok(())
    }

    /// Two VPCs have one connection: one that is there and not ours would be
    /// answered as if it were.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let sides = [
            filter("requester-vpc-info.vpc-id", [&new.vpc_id]),
            filter("accepter-vpc-info.vpc-id", [&new.peer_vpc_id]),
        ];
        let there = describe(cx, sides.into()).await?.into_iter().filter(|it| !is_gone(it));
        if let Some(live) = there.into_iter().next() {
            return match (made(cx, live.tags.as_deref()), live.vpc_peering_connection_id) {
                (true, Some(id)) => Ok(id),
                _ => Err(Error::not_ours("a connection of these two VPCs")),
            };
        }
        let call = cx.aws.ec2().create_vpc_peering_connection().vpc_id(&new.vpc_id);
        let reply = call
            .peer_vpc_id(&new.peer_vpc_id)
            .set_peer_owner_id(new.peer_owner_id.clone())
            .set_peer_region(new.peer_region.clone())
            .tag_specifications(born(cx, ResourceType::VpcPeeringConnection, &new.tags))
            .send()
            .await?;
        let id = reply.vpc_peering_connection.and_then(|it| it.vpc_peering_connection_id);
        id.ok_or(Error::missing("VpcPeeringConnectionId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        accept(cx, id, new).await?;
        configure(cx, id, (None, None), new).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            let sides = outputs(live.clone())?.inputs;
            let settled = [(&sides.accepter, &new.accepter), (&sides.requester, &new.requester)]
                .iter()
                .all(|(live, new)| new.is_none() || live == new);
            Ok((settled && requested(&live, new.auto_accept)?).then_some(()))
        };
        cx.wait("the connection to be made", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            let lives = describe(cx, vec![by_id(ids)]).await?;
            for live in lives.into_iter().filter(|it| !is_gone(it)) {
                let id = live.vpc_peering_connection_id.clone();
                found.push((id.ok_or(Error::missing("VpcPeeringConnectionId"))?, outputs(live)?));
            }
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        accept(cx, id, new).await?;
        configure(cx, id, (old.accepter.as_ref(), old.requester.as_ref()), new).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        if one(cx, id).await?.is_none_or(|it| is_gone(&it)) {
            return Ok(());
        }
        let call = cx.aws.ec2().delete_vpc_peering_connection().vpc_peering_connection_id(id);
        absent(call.send().await, &["InvalidVpcPeeringConnectionID.NotFound"])?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async {
            let code = one(cx, id).await?.and_then(|it| code(&it).cloned());
            Ok(code.is_none_or(|it| it != Code::Deleting && it != Code::Active).then_some(()))
        };
        cx.wait("the connection to be gone", LIMIT, look).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()) && !is_gone(it));
        Ok(found.pop().and_then(|it| it.vpc_peering_connection_id))
    }
}

/// It takes seconds; HashiCorp's provider waits one minute for each step.
const LIMIT: Duration = Duration::from_secs(180);

fn code(live: &Live) -> Option<&Code> {
    live.status.as_ref()?.code.as_ref()
}

/// AWS tells of what ended for hours.
fn is_gone(live: &Live) -> bool {
    use Code::{Deleted, Deleting, Expired, Failed, Rejected};
    matches!(code(live), Some(Deleted | Deleting | Expired | Failed | Rejected))
}

/// Whether it is as far as this side can bring it.
fn requested(live: &Live, accepted: bool) -> Result<bool> {
    if is_gone(live) {
        let reason = live.status.as_ref().and_then(|it| it.message.clone());
        let reason = reason.unwrap_or_else(|| "the connection failed".to_owned());
        return Err(Error::failed(format!("{reason} (do the two VPCs' blocks overlap?)")));
    }
    Ok(match code(live) {
        Some(Code::Active) => true,
        Some(Code::PendingAcceptance) => !accepted,
        _ => false,
    })
}

async fn accept(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
    if !new.auto_accept {
        return Ok(());
    }
    let look = || async {
        let Some(live) = one(cx, id).await? else { return Ok(None) };
        Ok(requested(&live, false)?.then_some(live))
    };
    let live = cx.wait("the request to arrive", LIMIT, look).await?;
    if code(&live) != Some(&Code::Active) {
        let call = cx.aws.ec2().accept_vpc_peering_connection();
        let reply = call.vpc_peering_connection_id(id).send().await.map_err(Error::from);
        return match reply {
            // Accepted by a call whose answer was lost, it may be.
            Err(error) if error.is(&["InvalidStateTransition"]) => {
                Err(Error::unseen("that the connection was accepted"))
            }
            reply => reply.map(drop),
        };
    }
    Ok(())
}

/// Options belong to an active connection.
async fn configure(
    cx: &Cx,
    id: &str,
    (accepter, requester): (Option<&Side>, Option<&Side>),
    new: &Inputs,
) -> Result<()> {
    let changed = |old: Option<&Side>, new: &Option<Side>| {
        let new = new.as_ref().filter(|it| Some(*it) != old)?;
        let dns = new.allow_remote_vpc_dns_resolution;
        let options = PeeringConnectionOptionsRequest::builder();
        Some(options.allow_dns_resolution_from_remote_vpc(dns).build())
    };
    let accepter = changed(accepter, &new.accepter);
    let requester = changed(requester, &new.requester);
    if accepter.is_none() && requester.is_none() {
        return Ok(());
    }
    let look = || async {
        let Some(live) = one(cx, id).await? else { return Ok(None) };
        if code(&live) == Some(&Code::PendingAcceptance) && !new.auto_accept {
            let rule = "options are for a connection that was accepted: set `autoAccept`, or set \
                        them once the peer's owner has accepted";
            return Err(Error::invalid("accepter", rule));
        }
        Ok(requested(&live, true)?.then_some(()))
    };
    cx.wait("the connection to be active", LIMIT, look).await?;
    let call = cx.aws.ec2().modify_vpc_peering_connection_options().vpc_peering_connection_id(id);
    call.set_accepter_peering_connection_options(accepter)
        .set_requester_peering_connection_options(requester)
        .send()
        .await?;
    Ok(())
}

fn by_id(ids: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    filter("vpc-peering-connection-id", ids)
}

async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let call = cx.aws.ec2().describe_vpc_peering_connections().set_filters(Some(filters));
    Ok(call.into_paginator().items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![by_id([id])]).await?.pop())
}

fn outputs(live: Live) -> Result<Outputs> {
    let accept_status = code(&live).map(ToString::to_string).unwrap_or_default();
    // What is not accepted yet has no options.
    let side = |it: &SideOfLive| {
        let options = it.peering_options.as_ref()?;
        let dns = options.allow_dns_resolution_from_remote_vpc.unwrap_or_default();
        Some(Side { allow_remote_vpc_dns_resolution: dns })
    };
    let requester = live.requester_vpc_info.ok_or(Error::missing("RequesterVpcInfo"))?;
    let accepter = live.accepter_vpc_info.ok_or(Error::missing("AccepterVpcInfo"))?;
    let inputs = Inputs {
        accepter: side(&accepter),
        requester: side(&requester),
        vpc_id: requester.vpc_id.ok_or(Error::missing("VpcId"))?,
        peer_vpc_id: accepter.vpc_id.ok_or(Error::missing("VpcId"))?,
        peer_owner_id: accepter.owner_id,
        peer_region: accepter.region,
        auto_accept: false,
        tags: live_tags(live.tags),
    };
    Ok(Outputs { inputs, accept_status })
}
