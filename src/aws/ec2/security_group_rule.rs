//! `aws:ec2/securityGroupRule:SecurityGroupRule`: one kind of traffic with
//! any number of peers. The id is what Pulumi imports it by, for AWS has none
//! for all of it together: `sg-1_ingress_tcp_80_80_10.0.0.0/16_sg-2`.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_ec2::types::SecurityGroup as Group;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    filter,
    rules::{
        Direction, Flow, Flows, MISSING, Peer, align, authorize, canonical_protocol, group,
        groups_by_id, live_flows, revoke,
    },
    vpc_security_group_rule::describe,
};
use crate::{model::Value, provider::*};

pub(super) struct SecurityGroupRule;

/// All but the group and the direction change in place: additions first, then
/// removals, so that no traffic that both rules allow is cut.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    security_group_id: String,
    #[serde(rename = "type")]
    #[schemars(extend("replace" = true, "enum" = ["ingress", "egress"]))]
    direction: String,
    protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_blocks: Option<Set<Cidr>>,
    ipv6_cidr_blocks: Option<Set<Cidr>>,
    prefix_list_ids: Option<Set<String>>,
    source_security_group_id: Option<String>,
    /// The group itself.
    #[serde(default, rename = "self")]
    own: bool,
    description: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    /// Of a rule with a single peer.
    #[schemars(extend("volatile" = true))]
    security_group_rule_id: Option<String>,
}

impl Resource for SecurityGroupRule {
    const TYPE: &'static str = "aws:ec2/securityGroupRule:SecurityGroupRule";
    const KEY: &'static [&'static str] = &[
        "type",
        "securityGroupId",
        "protocol",
        "fromPort",
        "toPort",
        "cidrBlocks",
        "ipv6CidrBlocks",
        "prefixListIds",
        "self",
        "sourceSecurityGroupId",
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let cidrs = [&new.cidr_blocks, &new.ipv6_cidr_blocks];
        let cidrs = cidrs.into_iter().flatten().any(|it| !it.0.is_empty());
        let source = new.source_security_group_id.is_some();
        if source && (cidrs || new.own) {
            let rule = "excludes `cidrBlocks`, `ipv6CidrBlocks` and `self`";
            return Err(Error::invalid("sourceSecurityGroupId", rule));
        }
        if new.own && cidrs {
            return Err(Error::invalid("self", "excludes `cidrBlocks` and `ipv6CidrBlocks`"));
        }
        if new.rule().peers.is_empty() {
            return Err(Error::invalid("cidrBlocks", "a rule names no peer"));
        }
        Ok(())
    }

    /// One group's rules change one after the other.
    fn serial(inputs: &Inputs) -> Option<String> {
        Some(format!("sg:{}", inputs.security_group_id))
    }

    /// The ports need no such look: the id has them as the program says them.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let text = |it: &Value| it.as_str().map(canonical_protocol);
        path == "protocol" && text(wanted).is_some_and(|it| Some(it) == text(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let rule = new.rule();
        authorize(cx, &rule.group, rule.direction, &rule.flows(new.description.as_ref())).await?;
        Ok(rule.id())
    }

    async fn ready(cx: &Cx, _: &str, new: &Inputs) -> Result<()> {
        let rule = new.rule();
        let look = || async {
            let Some(live) = group(cx, &rule.group).await? else { return Ok(None) };
            let live = live_flows(&live, rule.direction);
            let wanted = rule.flows(None);
            Ok(wanted.keys().all(|it| live.contains_key(it)).then_some(()))
        };
        cx.wait("the rule to be visible", Duration::from_secs(300), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let rules: Vec<Rule> = ids.iter().map(|id| Rule::parse(id)).collect::<Result<_>>()?;
        let groups: BTreeSet<String> = rules.iter().map(|it| it.group.clone()).collect();
        let groups: Vec<String> = groups.into_iter().collect();
        let live = groups_by_id(cx, &groups).await?;
        let mut outputs: Vec<Option<Outputs>> = rules.iter().map(|it| it.outputs(&live)).collect();
        if cx.asks("securityGroupRuleId") && !live.is_empty() {
            let live = describe(cx, filter("group-id", &groups)).await?;
            for (rule, outputs) in rules.iter().zip(&mut outputs) {
                let Some(outputs) = outputs else { continue };
                let mut of_rule = live.iter().filter(|it| {
                    it.group_id() == Some(&rule.group)
                        && it.is_egress() == Some(rule.direction == Direction::Egress)
                });
                let found = of_rule.find(|it| rule.is_only(it));
                outputs.security_group_rule_id =
                    found.and_then(|it| it.security_group_rule_id.clone());
            }
        }
        Ok(outputs)
    }

    /// Only flows of the old rule are ever revoked: others of the group may
    /// belong to other resources.
    async fn update(cx: &Cx, id: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        let (old, rule) = (Rule::parse(id)?, new.rule());
        let live = group(cx, &rule.group).await?.ok_or(Error::missing("SecurityGroup"))?;
        let mut live = live_flows(&live, rule.direction);
        let (before, wanted) = (old.flows(None), rule.flows(new.description.as_ref()));
        live.retain(|flow, _| before.contains_key(flow) || wanted.contains_key(flow));
        align(cx, &rule.group, rule.direction, &live, &wanted).await
    }

    async fn renamed(_: &Cx, _: &str, new: &Inputs) -> Result<String> {
        Ok(new.rule().id())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let rule = Rule::parse(id)?;
        let Some(live) = group(cx, &rule.group).await? else { return Ok(()) };
        let mut live = live_flows(&live, rule.direction);
        let ours = rule.flows(None);
        live.retain(|flow, _| ours.contains_key(flow));
        revoke(cx, &rule.group, rule.direction, &live, MISSING).await
    }

    /// AWS refuses the same rule twice: all of it there is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let rule = inputs.rule();
        let Some(live) = group(cx, &rule.group).await? else { return Ok(None) };
        let live = live_flows(&live, rule.direction);
        let all = rule.flows(None).keys().all(|it| live.contains_key(it));
        Ok(all.then(|| rule.id()))
    }
}

impl Inputs {
    fn rule(&self) -> Rule {
        let group = &self.security_group_id;
        let ipv4 = self.cidr_blocks.iter().flat_map(|it| &it.0).map(|it| Peer::ipv4(&it.0));
        let ipv6 = self.ipv6_cidr_blocks.iter().flat_map(|it| &it.0).map(|it| Peer::ipv6(&it.0));
        let lists = self.prefix_list_ids.iter().flat_map(|it| &it.0).cloned();
        let source = self.source_security_group_id.iter().map(|it| Peer::group(it, group));
        let peers = ipv4.chain(ipv6).chain(lists.map(Peer::PrefixList)).chain(source);
        let direction =
            if self.direction == "egress" { Direction::Egress } else { Direction::Ingress };
        Rule {
            group: group.clone(),
            direction,
            protocol: canonical_protocol(&self.protocol),
            from: self.from_port,
            to: self.to_port,
            peers: peers.chain(self.own.then_some(Peer::Own)).collect(),
        }
    }
}

/// What an id says.
struct Rule {
    group: String,
    direction: Direction,
    protocol: String,
    from: i32,
    to: i32,
    peers: Vec<Peer>,
}

impl Rule {
    fn id(&self) -> String {
        let Self { group, protocol, from, to, .. } = self;
        let direction = self.word();
        let mut id = format!("{group}_{direction}_{protocol}_{from}_{to}");
        for peer in &self.peers {
            id.push('_');
            id.push_str(match peer {
                Peer::Ipv4(it) | Peer::Ipv6(it) | Peer::PrefixList(it) | Peer::Group(it) => it,
                Peer::Own => "self",
            });
        }
        id
    }

    fn word(&self) -> &'static str {
        if self.direction == Direction::Egress { "egress" } else { "ingress" }
    }

    fn parse(id: &str) -> Result<Self> {
        let odd = || {
            let shape = "is `sg-…_ingress_tcp_80_80_` and the peers";
            Error::invalid("id", shape)
        };
        let mut parts = id.split('_');
        let mut next = || parts.next().ok_or_else(odd);
        let (group, word, protocol) = (next()?, next()?, next()?);
        let (from, to) = (next()?, next()?);
        let direction = match word {
            "ingress" => Direction::Ingress,
            "egress" => Direction::Egress,
            _ => return Err(odd()),
        };
        let peer = |text: &str| match text {
            "self" => Peer::Own,
            it if it.contains("pl-") && !it.contains('/') => Peer::PrefixList(it.to_owned()),
            it if it.contains("sg-") => Peer::group(it, group),
            it if it.contains(':') => Peer::ipv6(it),
            it => Peer::ipv4(it),
        };
        Ok(Self {
            group: group.to_owned(),
            direction,
            protocol: canonical_protocol(protocol),
            from: from.parse().map_err(|_| odd())?,
            to: to.parse().map_err(|_| odd())?,
            peers: parts.map(peer).collect(),
        })
    }

    fn flows(&self, description: Option<&String>) -> Flows {
        let description = description.cloned().filter(|it| !it.is_empty());
        let flow = |it: &Peer| Flow::new(&self.protocol, self.from, self.to, it.clone());
        self.peers.iter().map(|it| (flow(it), description.clone())).collect()
    }

    /// What is left of it; `None` when nothing is.
    fn outputs(&self, groups: &[Group]) -> Option<Outputs> {
        let live = groups.iter().find(|it| it.group_id() == Some(&self.group))?;
        let mut live = live_flows(live, self.direction);
        let ours = self.flows(None);
        live.retain(|flow, _| ours.contains_key(flow));
        let description = live.values().flatten().next().cloned();
        if live.is_empty() {
            return None;
        }
        let mut inputs = Inputs {
            security_group_id: self.group.clone(),
            direction: self.word().to_owned(),
            protocol: self.protocol.clone(),
            from_port: self.from,
            to_port: self.to,
            cidr_blocks: None,
            ipv6_cidr_blocks: None,
            prefix_list_ids: None,
            source_security_group_id: None,
            own: false,
            description,
        };
        for Flow { peer, .. } in live.into_keys() {
            match peer {
                Peer::Ipv4(it) => inputs.cidr_blocks.get_or_insert_default().0.push(Cidr(it)),
                Peer::Ipv6(it) => inputs.ipv6_cidr_blocks.get_or_insert_default().0.push(Cidr(it)),
                Peer::PrefixList(it) => inputs.prefix_list_ids.get_or_insert_default().0.push(it),
                Peer::Group(it) => inputs.source_security_group_id = Some(it),
                Peer::Own => inputs.own = true,
            }
        }
        Some(Outputs { inputs, security_group_rule_id: None })
    }

    /// Whether the live rule is all of it.
    fn is_only(&self, live: &aws_sdk_ec2::types::SecurityGroupRule) -> bool {
        let group = live.referenced_group_info().and_then(|it| it.group_id());
        let cidr = live.cidr_ipv4().map(Peer::ipv4).or(live.cidr_ipv6().map(Peer::ipv6));
        let list = live.prefix_list_id().map(|it| Peer::PrefixList(it.to_owned()));
        let peer = cidr.or(list).or(group.map(|it| Peer::group(it, &self.group)));
        let Some(peer) = peer else { return false };
        let port = |it: Option<i32>| it.unwrap_or_default();
        let (from, to) = (port(live.from_port()), port(live.to_port()));
        let flow = Flow::new(live.ip_protocol().unwrap_or("-1"), from, to, peer);
        self.flows(None).into_keys().eq([flow])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_the_whole_rule() {
        let ids = [
            "sg-1_ingress_tcp_80_80_10.0.0.0/16_2001:db8::/48_pl-1_sg-2",
            "sg-1_egress_-1_0_0_self",
            "sg-1_ingress_icmp_8_-1_123456789012/sg-2",
        ];
        for id in ids {
            assert_eq!(Rule::parse(id).map(|it| it.id()), Ok(id.to_owned()));
        }
        let odd = Rule::parse("sg-1_egress_all_0_0_10.1.2.3/16").map(|it| it.id());
        assert_eq!(odd, Ok("sg-1_egress_-1_0_0_10.1.0.0/16".to_owned()));
        assert!(Rule::parse("sgr-1").is_err());
    }
}
