//! The rules of security groups, taken apart: AWS merges what has the same
//! protocol and ports, programs write it as they like, and only single flows
//! compare.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroup, UserIdGroupPair,
};

use super::{FILTER_VALUES, canonical_cidr, filter};
use crate::{
    aws::error::absent,
    provider::{Cx, Result},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// One permission that AWS keeps as one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    pub(super) protocol: String,
    /// 0 where there are no ports.
    pub(super) from: i32,
    pub(super) to: i32,
    pub(super) peer: Peer,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// `sg-…`, or `123456789012/sg-…` in another account.
    Group(String),
    Own,
}

/// Flows with their descriptions.
pub(super) type Flows = BTreeMap<Flow, Option<String>>;

/// What says that a rule is not there. A group that is not there may only not
/// show yet: its default rule must not be left because of that.
const NO_RULE: &[&str] = &["InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound"];

/// The same for a delete: a group's rules are gone with it.
pub(super) const MISSING: &[&str] = &[
    "InvalidGroup.NotFound",
    "InvalidSecurityGroupID.NotFound",
    "InvalidSecurityGroupRuleId.NotFound",
    "InvalidPermission.NotFound",
];

impl Flow {
    pub(super) fn new(protocol: &str, from: i32, to: i32, peer: Peer) -> Self {
        let protocol = canonical_protocol(protocol);
        let (from, to) = if protocol == "-1" { (0, 0) } else { (from, to) };
        Self { protocol, from, to, peer }
    }
}

impl Peer {
    pub(super) fn ipv4(cidr: &str) -> Self {
        Self::Ipv4(canonical_cidr(cidr))
    }

    pub(super) fn ipv6(cidr: &str) -> Self {
        Self::Ipv6(canonical_cidr(cidr))
    }

    /// A group in a rule of `own`, which may be that group.
    pub(super) fn group(id: &str, own: &str) -> Self {
        if id == own { Self::Own } else { Self::Group(id.to_owned()) }
    }
}

/// AWS answers with names where it has one, whatever it was given.
pub(super) fn canonical_protocol(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    }
}

/// What a live group allows.
pub(super) fn live_flows(group: &SecurityGroup, direction: Direction) -> Flows {
    let own = group.group_id().unwrap_or_default();
    let owner = group.owner_id().unwrap_or_default();
    let permissions = match direction {
        Direction::Ingress => group.ip_permissions(),
        Direction::Egress => group.ip_permissions_egress(),
    };
    let mut flows = Flows::new();
    for it in permissions {
        let mut add = |peer, description: Option<&str>| {
            let (from, to) = (it.from_port().unwrap_or(0), it.to_port().unwrap_or(0));
            let flow = Flow::new(it.ip_protocol().unwrap_or("-1"), from, to, peer);
            let description = description.filter(|it| !it.is_empty());
            flows.insert(flow, description.map(str::to_owned));
        };
        for it in it.ip_ranges() {
            add(Peer::ipv4(it.cidr_ip().unwrap_or_default()), it.description());
        }
        for it in it.ipv6_ranges() {
            add(Peer::ipv6(it.cidr_ipv6().unwrap_or_default()), it.description());
        }
        for it in it.prefix_list_ids() {
            let id = it.prefix_list_id().unwrap_or_default().to_owned();
            add(Peer::PrefixList(id), it.description());
        }
        for it in it.user_id_group_pairs() {
            let id = it.group_id().unwrap_or_default();
            let peer = match it.user_id() {
                Some(user) if user != owner => Peer::Group(format!("{user}/{id}")),
                _ => Peer::group(id, own),
            };
            add(peer, it.description());
        }
    }
    flows
}

/// Flows as AWS takes them, those of one protocol and ports together.
pub(super) fn permissions(own: &str, flows: &Flows) -> Vec<IpPermission> {
    let mut merged: BTreeMap<(&str, i32, i32), _> = BTreeMap::new();
    for (Flow { protocol, from, to, peer }, description) in flows {
        let mut it = merged
            .remove(&(protocol.as_str(), *from, *to))
            .unwrap_or_else(|| IpPermission::builder().ip_protocol(protocol));
        if protocol != "-1" {
            it = it.from_port(*from).to_port(*to);
        }
        let description = description.clone();
        it = match peer {
            Peer::Ipv4(cidr) => {
                it.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build())
            }
            Peer::Ipv6(cidr) => it.ipv6_ranges(
                Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build(),
            ),
            Peer::PrefixList(id) => it.prefix_list_ids(
                PrefixListId::builder().prefix_list_id(id).set_description(description).build(),
            ),
            Peer::Group(_) | Peer::Own => {
                let id = if let Peer::Group(id) = peer { id } else { own };
                let (user, id) = match id.split_once('/') {
                    Some((user, id)) => (Some(user.to_owned()), id),
                    None => (None, id),
                };
                let pair = UserIdGroupPair::builder().group_id(id).set_user_id(user);
                it.user_id_group_pairs(pair.set_description(description).build())
            }
        };
        merged.insert((protocol, *from, *to), it);
    }
    merged.into_values().map(aws_sdk_ec2::types::builders::IpPermissionBuilder::build).collect()
}

/// Comes from what is live to what is wanted. Additions go first, so that no
/// traffic that both allow is ever cut.
pub(super) async fn align(
    cx: &Cx,
    id: &str,
    direction: Direction,
    live: &Flows,
    wanted: &Flows,
) -> Result<()> {
    let pick = |from: &Flows, keep: &dyn Fn(&Flow, &Option<String>) -> bool| -> Flows {
        let picked = from.iter().filter(|(flow, text)| keep(flow, text));
        picked.map(|(flow, text)| (flow.clone(), text.clone())).collect()
    };
    authorize(cx, id, direction, &pick(wanted, &|flow, _| !live.contains_key(flow))).await?;
    let retold = |flow: &Flow, text: &Option<String>| live.get(flow).is_some_and(|it| it != text);
    describe_anew(cx, id, direction, &pick(wanted, &retold)).await?;
    let more = pick(live, &|flow, _| !wanted.contains_key(flow));
    revoke(cx, id, direction, &more, NO_RULE).await
}

pub(super) async fn authorize(
    cx: &Cx,
    id: &str,
    direction: Direction,
    flows: &Flows,
) -> Result<()> {
    if flows.is_empty() {
        return Ok(());
    }
    let (ec2, all) = (cx.aws.ec2(), Some(permissions(id, flows)));
    match direction {
        Direction::Ingress => {
            let call = ec2.authorize_security_group_ingress().group_id(id);
            call.set_ip_permissions(all).send().await?;
        }
        Direction::Egress => {
            let call = ec2.authorize_security_group_egress().group_id(id);
            call.set_ip_permissions(all).send().await?;
        }
    }
    Ok(())
}

/// `gone`: codes that say that there is nothing to revoke.
pub(super) async fn revoke(
    cx: &Cx,
    id: &str,
    direction: Direction,
    flows: &Flows,
    gone: &[&str],
) -> Result<()> {
    if flows.is_empty() {
        return Ok(());
    }
    let (ec2, all) = (cx.aws.ec2(), Some(permissions(id, flows)));
    match direction {
        Direction::Ingress => {
            let call = ec2.revoke_security_group_ingress().group_id(id);
            absent(call.set_ip_permissions(all).send().await, gone)?;
        }
        Direction::Egress => {
            let call = ec2.revoke_security_group_egress().group_id(id);
            absent(call.set_ip_permissions(all).send().await, gone)?;
        }
    }
    Ok(())
}

/// One rule that has an id of its own.
pub(super) async fn revoke_by_id(
    cx: &Cx,
    group: &str,
    direction: Direction,
    id: &str,
) -> Result<()> {
    match direction {
        Direction::Ingress => {
            let call = cx.aws.ec2().revoke_security_group_ingress().group_id(group);
            absent(call.security_group_rule_ids(id).send().await, MISSING)?;
        }
        Direction::Egress => {
            let call = cx.aws.ec2().revoke_security_group_egress().group_id(group);
            absent(call.security_group_rule_ids(id).send().await, MISSING)?;
        }
    }
    Ok(())
}

async fn describe_anew(cx: &Cx, id: &str, direction: Direction, flows: &Flows) -> Result<()> {
    if flows.is_empty() {
        return Ok(());
    }
    let (ec2, all) = (cx.aws.ec2(), Some(permissions(id, flows)));
    match direction {
        Direction::Ingress => {
            let call = ec2.update_security_group_rule_descriptions_ingress().group_id(id);
            call.set_ip_permissions(all).send().await?;
        }
        Direction::Egress => {
            let call = ec2.update_security_group_rule_descriptions_egress().group_id(id);
            call.set_ip_permissions(all).send().await?;
        }
    }
    Ok(())
}

pub(super) async fn groups(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<SecurityGroup>> {
    let filters = (!filters.is_empty()).then_some(filters);
    let pages = cx.aws.ec2().describe_security_groups().set_filters(filters).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

pub(super) async fn groups_by_id(cx: &Cx, ids: &[String]) -> Result<Vec<SecurityGroup>> {
    let mut found = Vec::new();
    for ids in ids.chunks(FILTER_VALUES) {
        found.extend(groups(cx, vec![filter("group-id", ids)]).await?);
    }
    Ok(found)
}

pub(super) async fn group(cx: &Cx, id: &str) -> Result<Option<SecurityGroup>> {
    Ok(groups(cx, vec![filter("group-id", [id])]).await?.pop())
}
