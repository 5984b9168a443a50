//! `aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule` and
//! `aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule`: one permission
//! with one peer. The id is the rule's, `sgr-…`.

use std::time::Duration;

use aws_sdk_ec2::types::{
    Filter, ResourceType, SecurityGroupRule as Live, SecurityGroupRuleRequest as Request,
    SecurityGroupRuleUpdate,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, arn, born, by_birth, filter, in_order, live_tags, made, retag,
    rules::{Direction, Flow, Peer, canonical_protocol, permissions, revoke_by_id},
};
use crate::{model::Value, provider::*};

/// The two types differ in the calls that make and delete them only.
pub(super) struct Rule<const EGRESS: bool>;
pub(super) type Ingress = Rule<false>;
pub(super) type Egress = Rule<true>;

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    security_group_id: String,
    ip_protocol: String,
    /// An ICMP type where the protocol is that.
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ipv4: Option<Cidr>,
    cidr_ipv6: Option<Cidr>,
    prefix_list_id: Option<String>,
    /// In another account: `account/id`.
    referenced_security_group_id: Option<IdOrArn>,
    description: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    security_group_rule_id: String,
}

impl<const EGRESS: bool> Resource for Rule<EGRESS> {
    const TYPE: &'static str = if EGRESS {
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    } else {
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    };
    const KEY: &'static [&'static str] = &[
        "securityGroupId",
        "ipProtocol",
        "fromPort",
        "toPort",
        "cidrIpv4",
        "cidrIpv6",
        "prefixListId",
        "referencedSecurityGroupId",
    ];

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let peers = [
            new.cidr_ipv4.is_some(),
            new.cidr_ipv6.is_some(),
            new.prefix_list_id.is_some(),
            new.referenced_security_group_id.is_some(),
        ];
        if peers.into_iter().filter(|it| *it).count() != 1 {
            let rule = "one of `cidrIpv4`, `cidrIpv6`, `prefixListId` and \
                        `referencedSecurityGroupId` is the peer";
            return Err(Error::invalid("cidrIpv4", rule));
        }
        let protocol = canonical_protocol(&new.ip_protocol);
        let with_ports = matches!(protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6");
        if with_ports && new.from_port.is_none() {
            return Err(Error::invalid("fromPort", "is needed for this protocol"));
        }
        if with_ports && new.to_port.is_none() {
            return Err(Error::invalid("toPort", "is needed for this protocol"));
        }
        Ok(())
    }

    /// One group's rules change one after the other.
    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("sg:{}", inputs.security_group_id))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let text = |it: &Value| it.as_str().map(canonical_protocol);
        match path {
            "ipProtocol" => text(wanted).is_some_and(|it| Some(it) == text(live)),
            // How AWS says that there are no ports.
            "fromPort" | "toPort" => {
                live.as_i64() == Some(-1) && matches!(wanted.as_i64(), Some(0 | 65_535))
            }
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let group = &new.security_group_id;
        let description = new.description.clone().filter(|it| !it.is_empty());
        let permission = permissions(group, &[(flow(new), description)].into());
        let tags = born(cx, ResourceType::SecurityGroupRule, &new.tags);
        let made = if EGRESS {
            let call = cx.aws.ec2().authorize_security_group_egress().group_id(group);
            let call = call.set_ip_permissions(Some(permission)).tag_specifications(tags);
            call.send().await?.security_group_rules
        } else {
            let call = cx.aws.ec2().authorize_security_group_ingress().group_id(group);
            let call = call.set_ip_permissions(Some(permission)).tag_specifications(tags);
            call.send().await?.security_group_rules
        };
        let rule = made.and_then(|it| it.into_iter().next());
        rule.and_then(|it| it.security_group_rule_id).ok_or(Error::missing("SecurityGroupRuleId"))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            Ok(describe(cx, filter("security-group-rule-id", [id])).await?.pop().map(drop))
        };
        // It takes seconds.
        cx.wait("the rule to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, filter("security-group-rule-id", ids)).await? {
                if live.is_egress() == Some(EGRESS) {
                    let outputs = outputs(cx, live)?;
                    found.push((outputs.security_group_rule_id.clone(), outputs));
                }
            }
        }
        Ok(in_order(ids, found))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let untagged = |it: &Inputs| Inputs { tags: Tags::default(), ..it.clone() };
        if untagged(old) != untagged(new) {
            let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(id);
            let update = update.security_group_rule(request(new)).build();
            let call = cx.aws.ec2().modify_security_group_rules();
            let call = call.group_id(&new.security_group_id).security_group_rules(update);
            call.send().await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let direction = if EGRESS { Direction::Egress } else { Direction::Ingress };
        revoke_by_id(cx, &last.security_group_id, direction, id).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, by_birth(cx)).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.security_group_rule_id))
    }
}

pub(super) async fn describe(cx: &Cx, filter: Filter) -> Result<Vec<Live>> {
    let pages = cx.aws.ec2().describe_security_group_rules().filters(filter).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn flow(inputs: &Inputs) -> Flow {
    let peer = match inputs {
        Inputs { cidr_ipv4: Some(it), .. } => Peer::ipv4(&it.0),
        Inputs { cidr_ipv6: Some(it), .. } => Peer::ipv6(&it.0),
        Inputs { prefix_list_id: Some(it), .. } => Peer::PrefixList(it.clone()),
        Inputs { referenced_security_group_id: Some(it), .. } => {
            Peer::group(&it.0, &inputs.security_group_id)
        }
        _ => Peer::Own,
    };
    let port = |it: Option<i32>| it.unwrap_or_default();
    Flow::new(&inputs.ip_protocol, port(inputs.from_port), port(inputs.to_port), peer)
}

/// The whole rule: what it leaves out, AWS removes.
fn request(inputs: &Inputs) -> Request {
    let flow = flow(inputs);
    let ports = (flow.protocol != "-1").then_some((flow.from, flow.to));
    let request = Request::builder()
        .ip_protocol(flow.protocol)
        .set_from_port(ports.map(|it| it.0))
        .set_to_port(ports.map(|it| it.1))
        .set_description(inputs.description.clone().filter(|it| !it.is_empty()));
    let request = match flow.peer {
        Peer::Ipv4(cidr) => request.cidr_ipv4(cidr),
        Peer::Ipv6(cidr) => request.cidr_ipv6(cidr),
        Peer::PrefixList(id) => request.prefix_list_id(id),
        Peer::Group(id) => {
            let id = id.split_once('/').map_or(id.as_str(), |(_, id)| id);
            request.referenced_group_id(id)
        }
        Peer::Own => request.referenced_group_id(&inputs.security_group_id),
    };
    request.build()
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.security_group_rule_id.ok_or(Error::missing("SecurityGroupRuleId"))?;
    let owner = live.group_owner_id.unwrap_or_else(|| cx.place.account.clone());
    let group = |it: aws_sdk_ec2::types::ReferencedSecurityGroup| {
        let id = it.group_id?;
        let elsewhere = it.user_id.filter(|user| *user != owner);
        Some(IdOrArn(elsewhere.map_or_else(|| id.clone(), |user| format!("{user}/{id}"))))
    };
    let inputs = Inputs {
        security_group_id: live.group_id.ok_or(Error::missing("GroupId"))?,
        ip_protocol: live.ip_protocol.ok_or(Error::missing("IpProtocol"))?,
        from_port: live.from_port,
        to_port: live.to_port,
        cidr_ipv4: live.cidr_ipv4.map(Cidr),
        cidr_ipv6: live.cidr_ipv6.map(Cidr),
        prefix_list_id: live.prefix_list_id,
        referenced_security_group_id: live.referenced_group_info.and_then(group),
        description: live.description.filter(|it| !it.is_empty()),
        tags: live_tags(live.tags),
    };
    let made_up = || arn(cx, &owner, &format!("security-group-rule/{id}"));
    let arn = live.security_group_rule_arn.unwrap_or_else(made_up);
    Ok(Outputs { inputs, arn, security_group_rule_id: id })
}
