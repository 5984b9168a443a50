//! `aws:ec2/networkAcl:NetworkAcl`. The id is the list's, `acl-…`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ec2::types::{
    Filter, IcmpTypeCode, NetworkAcl as Live, NetworkAclAssociation, NetworkAclEntry, PortRange,
    ResourceType, RuleAction,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    FILTER_VALUES, arn, born, by_birth, canonical_cidr, filter, in_order, live_tags, made, retag,
};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct NetworkAcl;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    vpc_id: String,
    /// Rules that are resources of their own may fill these two: only a
    /// program that sets them owns them.
    #[schemars(extend("computed" = true))]
    egress: Option<Set<Rule>>,
    #[schemars(extend("computed" = true))]
    ingress: Option<Set<Rule>>,
    #[schemars(extend("computed" = true))]
    subnet_ids: Option<Set<String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "NetworkAclRule")]
struct Rule {
    #[schemars(extend("enum" = ["allow", "deny"]))]
    action: String,
    cidr_block: Option<Cidr>,
    from_port: i32,
    icmp_code: Option<i32>,
    icmp_type: Option<i32>,
    ipv6_cidr_block: Option<Cidr>,
    /// A name or a number; `-1` for all.
    protocol: String,
    /// The lowest that fits decides.
    #[schemars(range(min = 1, max = 32_766))]
    rule_no: i32,
    to_port: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    owner_id: String,
}

impl Resource for NetworkAcl {
    const TYPE: &'static str = "aws:ec2/networkAcl:NetworkAcl";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        for (property, rules) in [("egress", &new.egress), ("ingress", &new.ingress)] {
            let rules = rules.iter().flat_map(|it| &it.0);
            let mut numbers: Vec<i32> = Vec::new();
            for rule in rules {
                if numbers.contains(&rule.rule_no) {
                    return Err(Error::invalid(property, "two rules have the same `ruleNo`"));
                }
                numbers.push(rule.rule_no);
                if rule.cidr_block.is_some() == rule.ipv6_cidr_block.is_some() {
                    let rule = "a rule has either `cidrBlock` or `ipv6CidrBlock`";
                    return Err(Error::invalid(property, rule));
                }
                if !matches!(rule.action.as_str(), "allow" | "deny") {
                    return Err(Error::invalid(property, "an `action` is `allow` or `deny`"));
                }
            }
        }
        Ok(())
    }

    /// Protocols have names and numbers, and some have no ports.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let rules = |value: &Value| -> Option<BTreeMap<i32, Canonical>> {
            let known = value.is_known().then(|| value.reveal())?;
            let known = if known.is_array() { known } else { serde_json::json!([known]) };
            let list: Set<Rule> = serde_json::from_value(known).ok()?;
            Some(canonical(&list))
        };
        let ours = path.starts_with("ingress") || path.starts_with("egress");
        ours && !wanted.is_null() && rules(wanted).is_some_and(|it| Some(it) == rules(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_network_acl().vpc_id(&new.vpc_id).client_token(&cx.op);
        let tags = born(cx, ResourceType::NetworkAcl, &new.tags);
        let reply = call.tag_specifications(tags).send().await?;
        reply.network_acl.and_then(|it| it.network_acl_id).ok_or(Error::missing("NetworkAclId"))
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || one(cx, id);
        let live = cx.wait("the list to be visible", LIMIT, look).await?;
        align(cx, id, &live, new).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = one(cx, id).await? else { return Ok(None) };
            let settled =
                [(true, &new.egress), (false, &new.ingress)].iter().all(|(egress, it)| {
                    let live = canonical(&rules(&live, *egress));
                    it.as_ref().is_none_or(|it| canonical(it) == live)
                });
            Ok(settled.then_some(()))
        };
        cx.wait("its rules to be visible", LIMIT, look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        one(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(FILTER_VALUES) {
            for live in describe(cx, vec![filter("network-acl-id", ids)]).await? {
                let id = live.network_acl_id.clone().ok_or(Error::missing("NetworkAclId"))?;
                found.push((id, outputs(cx, live)?));
            }
        }
        Ok(in_order(ids, found))
    }

    /// Compared with the live list once more: a rule that is there already
    /// cannot be made again.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = one(cx, id).await?.ok_or_else(|| Error::unseen("the list"))?;
        align(cx, id, &live, new).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// Its subnets go back to the VPC's own list: AWS deletes none that is
    /// used.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(live) = one(cx, id).await? else { return Ok(()) };
        release(cx, &live, |_| true).await?;
        let reply = cx.aws.ec2().delete_network_acl().network_acl_id(id).send().await;
        absent(reply, &["InvalidNetworkAclID.NotFound"])?;
        Ok(())
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = describe(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.network_acl_id))
    }
}

/// It takes seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// The rules behind all others, which nobody can change.
const LAST: i32 = 32_767;

/// Action, protocol, block, ports and ICMP's type and code, as AWS has them.
type Canonical = (String, String, String, (i32, i32), (i32, i32));

impl Rule {
    /// Its number at AWS.
    fn number(&self) -> String {
        let name = self.protocol.to_lowercase();
        let number = match name.as_str() {
            "all" => "-1",
            "icmp" => "1",
            "tcp" => "6",
            "udp" => "17",
            "icmpv6" => "58",
            number => number,
        };
        number.to_owned()
    }

    fn has_ports(&self) -> bool {
        matches!(self.number().as_str(), "6" | "17")
    }

    fn icmp(&self) -> Option<(i32, i32)> {
        let icmp = matches!(self.number().as_str(), "1" | "58");
        icmp.then(|| (self.icmp_type.unwrap_or_default(), self.icmp_code.unwrap_or_default()))
    }

    fn canonical(&self) -> Canonical {
        let block = self.cidr_block.as_ref().or(self.ipv6_cidr_block.as_ref());
        let block = block.map(|it| canonical_cidr(&it.0)).unwrap_or_default();
        let ports = if self.has_ports() { (self.from_port, self.to_port) } else { (0, 0) };
        (self.action.clone(), self.number(), block, ports, self.icmp().unwrap_or_default())
    }

    fn live(it: &NetworkAclEntry) -> Option<Self> {
        let ports = it.port_range();
        let icmp = it.icmp_type_code();
        Some(Self {
            action: it.rule_action()?.to_string(),
            cidr_block: it.cidr_block().map(|it| Cidr(it.to_owned())),
            from_port: ports.and_then(PortRange::from).unwrap_or_default(),
            icmp_code: icmp.and_then(IcmpTypeCode::code),
            icmp_type: icmp.and_then(IcmpTypeCode::r#type),
            ipv6_cidr_block: it.ipv6_cidr_block().map(|it| Cidr(it.to_owned())),
            protocol: it.protocol()?.to_owned(),
            rule_no: it.rule_number().filter(|it| *it < LAST)?,
            to_port: ports.and_then(PortRange::to).unwrap_or_default(),
        })
    }
}

fn canonical(rules: &Set<Rule>) -> BTreeMap<i32, Canonical> {
    rules.0.iter().map(|it| (it.rule_no, it.canonical())).collect()
}

fn rules(live: &Live, egress: bool) -> Set<Rule> {
    let side = live.entries().iter().filter(|it| it.egress() == Some(egress));
    Set(side.filter_map(Rule::live).collect())
}

/// CreateNetworkAclEntry and ReplaceNetworkAclEntry take the same.
macro_rules! with_rule {
    ($call:expr, $id:expr, $egress:expr, $rule:expr) => {{
        let ports = PortRange::builder().from($rule.from_port).to($rule.to_port).build();
        let icmp = |(ty, code)| IcmpTypeCode::builder().r#type(ty).code(code).build();
        $call
            .network_acl_id($id)
            .egress($egress)
            .rule_number($rule.rule_no)
            .rule_action(RuleAction::from($rule.action.as_str()))
            .protocol($rule.number())
            .set_cidr_block($rule.cidr_block.as_ref().map(|it| it.0.clone()))
            .set_ipv6_cidr_block($rule.ipv6_cidr_block.as_ref().map(|it| it.0.clone()))
            .set_port_range($rule.has_ports().then_some(ports))
            .set_icmp_type_code($rule.icmp().map(icmp))
    }};
}

/// Comes from what is live to what is wanted, where anything is.
async fn align(cx: &Cx, id: &str, live: &Live, new: &Inputs) -> Result<()> {
    let ec2 = cx.aws.ec2();
    for (egress, wanted) in [(true, &new.egress), (false, &new.ingress)] {
        let Some(wanted) = wanted else { continue };
        let mut old = canonical(&rules(live, egress));
        for rule in &wanted.0 {
            match old.remove(&rule.rule_no) {
                Some(old) if old == rule.canonical() => {}
                Some(_) => {
                    with_rule!(ec2.replace_network_acl_entry(), id, egress, rule).send().await?;
                }
                None => {
                    with_rule!(ec2.create_network_acl_entry(), id, egress, rule).send().await?;
                }
            }
        }
        for number in old.into_keys() {
            let call = ec2.delete_network_acl_entry().network_acl_id(id).egress(egress);
            let reply = call.rule_number(number).send().await;
            absent(reply, &["InvalidNetworkAclEntry.NotFound"])?;
        }
    }
    if let Some(wanted) = &new.subnet_ids {
        let held: Vec<&str> = live.associations().iter().filter_map(|it| it.subnet_id()).collect();
        let new: Vec<&String> = wanted.0.iter().filter(|it| !held.contains(&it.as_str())).collect();
        move_to(cx, id, &new).await?;
        release(cx, live, |it| !wanted.0.iter().any(|wanted| wanted == it)).await?;
    }
    Ok(())
}

/// A subnet always has one list: it changes from that to this.
async fn move_to(cx: &Cx, id: &str, subnets: &[&String]) -> Result<()> {
    if subnets.is_empty() {
        return Ok(());
    }
    let theirs = filter("association.subnet-id", subnets.iter().copied());
    let lists = describe(cx, vec![theirs]).await?;
    let held: Vec<&NetworkAclAssociation> = lists.iter().flat_map(|it| it.associations()).collect();
    for subnet in subnets {
        let held = held.iter().find(|it| it.subnet_id() == Some(subnet.as_str()));
        let held = held.ok_or_else(|| Error::unseen("the subnet's network ACL"))?;
        replace(cx, held, id).await?;
    }
    Ok(())
}

/// Gives subnets back to the VPC's own list.
async fn release(cx: &Cx, live: &Live, which: impl Fn(&str) -> bool) -> Result<()> {
    let held = live.associations().iter();
    let held: Vec<_> = held.filter(|it| it.subnet_id().is_some_and(&which)).collect();
    let (Some(vpc), false) = (live.vpc_id(), held.is_empty()) else { return Ok(()) };
    let own = describe(cx, vec![filter("vpc-id", [vpc]), filter("default", ["true"])]).await?;
    let own = own.into_iter().find_map(|it| it.network_acl_id);
    let own = own.ok_or(Error::missing("default network ACL"))?;
    for association in held {
        replace(cx, association, &own).await?;
    }
    Ok(())
}

async fn replace(cx: &Cx, association: &NetworkAclAssociation, id: &str) -> Result<()> {
    let call = cx.aws.ec2().replace_network_acl_association().network_acl_id(id);
    let call = call.set_association_id(association.network_acl_association_id.clone());
    match call.send().await.map_err(Error::from) {
        // By a call whose answer was lost, it may be: the lists tell.
        Err(error) if error.is(&["InvalidAssociationID.NotFound"]) => {
            Err(Error::unseen("the subnet's network ACL"))
        }
        reply => reply.map(drop),
    }
}

async fn describe(cx: &Cx, filters: Vec<Filter>) -> Result<Vec<Live>> {
    let pages = cx.aws.ec2().describe_network_acls().set_filters(Some(filters)).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    Ok(describe(cx, vec![filter("network-acl-id", [id])]).await?.pop())
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.network_acl_id.as_deref().ok_or(Error::missing("NetworkAclId"))?;
    let owner_id = live.owner_id.clone().ok_or(Error::missing("OwnerId"))?;
    let arn = arn(cx, &owner_id, &format!("network-acl/{id}"));
    let inputs = Inputs {
        egress: Some(rules(&live, true)),
        ingress: Some(rules(&live, false)),
        subnet_ids: Some(live.associations().iter().filter_map(|it| it.subnet_id()).collect()),
        vpc_id: live.vpc_id.ok_or(Error::missing("VpcId"))?,
        tags: live_tags(live.tags),
    };
    Ok(Outputs { inputs, arn, owner_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_the_same_however_they_are_written() {
        let value = |json: serde_json::Value| Value::from_json(&json);
        let rule = |protocol: &str, port: i32| {
            serde_json::json!({ "action": "allow", "ruleNo": 100, "protocol": protocol,
                "cidrBlock": "10.1.2.3/16", "fromPort": port, "toPort": port })
        };
        let (tcp, six) = (value([rule("tcp", 80)].into()), value([rule("6", 80)].into()));
        assert!(NetworkAcl::same("ingress", &tcp, &six));
        let (all, any) = (value([rule("all", 5)].into()), value([rule("-1", 0)].into()));
        assert!(NetworkAcl::same("egress", &all, &any));
        assert!(!NetworkAcl::same("egress", &all, &six));
        assert!(!NetworkAcl::same("tags", &all, &any));
    }
}
