//! `aws:ec2/securityGroup:SecurityGroup`. The id is the group's, `sg-…`.

use std::{collections::HashMap, time::Duration};

use aws_sdk_ec2::types::{ResourceType, SecurityGroup as Live};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    arn, born, by_birth, holders, in_order, live_tags, made, retag,
    rules::{self, Direction, Flow, Flows, Peer, align, group, groups, groups_by_id, live_flows},
};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct SecurityGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    pub(super) name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// AWS takes it at birth only.
    #[serde(default = "managed")]
    #[schemars(extend("replace" = true))]
    pub(super) description: String,
    #[schemars(extend("replace" = true, "computed" = true))]
    pub(super) vpc_id: Option<String>,
    /// Rules that are resources of their own may fill these two: only a
    /// program that sets them owns them.
    #[schemars(extend("computed" = true))]
    pub(super) ingress: Option<Set<GroupRule>>,
    #[schemars(extend("computed" = true))]
    pub(super) egress: Option<Set<GroupRule>>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    revoke_rules_on_delete: bool,
    #[serde(default)]
    pub(super) tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GroupRule {
    protocol: String,
    from_port: i32,
    to_port: i32,
    #[serde(default)]
    cidr_blocks: Set<Cidr>,
    #[serde(default)]
    ipv6_cidr_blocks: Set<Cidr>,
    #[serde(default)]
    prefix_list_ids: Set<String>,
    /// Ids; those of another account as `account/id`.
    #[serde(default)]
    security_groups: Set<String>,
    /// This group itself.
    #[serde(default, rename = "self")]
    own: bool,
    description: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    pub(super) inputs: Inputs,
    pub(super) arn: String,
    pub(super) owner_id: String,
}

/// What Pulumi writes there.
fn managed() -> String {
    "Managed by Pulumi".to_owned()
}

impl Resource for SecurityGroup {
    const TYPE: &'static str = "aws:ec2/securityGroup:SecurityGroup";
    const HELD: bool = true;
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let name = new.name.to_lowercase();
        if name.starts_with("sg-") || name == "default" {
            return Err(Error::invalid("name", "is reserved: `sg-…` and `default` are AWS's own"));
        }
        let allowed =
            |it: char| it.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(it);
        let texts = [("name", &new.name), ("description", &new.description)];
        for (property, text) in texts {
            if text.is_empty() || text.len() > 255 || !text.chars().all(allowed) {
                let rule = "has 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*";
                return Err(Error::invalid(property, rule));
            }
        }
        check_rules([("ingress", new.ingress.as_ref()), ("egress", new.egress.as_ref())])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let rules = |value: &Value| -> Option<Flows> {
            let known = value.is_known().then(|| value.reveal())?;
            let known = if known.is_array() { known } else { serde_json::json!([known]) };
            let list: Set<GroupRule> = serde_json::from_value(known).ok()?;
            Some(flows("", &list))
        };
        let ours = path.starts_with("ingress") || path.starts_with("egress");
        ours && !wanted.is_null() && rules(wanted).is_some_and(|it| Some(it) == rules(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.ec2().create_security_group().group_name(&new.name);
        let reply = call
            .description(&new.description)
            .set_vpc_id(new.vpc_id.clone())
            .tag_specifications(born(cx, ResourceType::SecurityGroup, &new.tags))
            .send()
            .await?;
        reply.group_id.ok_or(Error::missing("GroupId"))
    }

    /// A group is born with a rule that allows all egress. As with Pulumi, a
    /// program that wants it says so.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let look = || group(cx, id);
        let live = cx.wait("the group to be visible", LIMIT, look).await?;
        let none = Set::default();
        let egress = (Direction::Egress, Some(new.egress.as_ref().unwrap_or(&none)));
        align_both(cx, id, &live, [egress, (Direction::Ingress, new.ingress.as_ref())]).await
    }

    /// Reads may come from a copy that has not heard of the last change.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let ingress = (Direction::Ingress, new.ingress.as_ref());
        settle(cx, id, [ingress, (Direction::Egress, new.egress.as_ref())]).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        group(cx, id).await?.map(|it| outputs(cx, it)).transpose()
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        for live in groups_by_id(cx, ids).await? {
            let id = live.group_id.clone().ok_or(Error::missing("GroupId"))?;
            found.push((id, outputs(cx, live)?));
        }
        Ok(in_order(ids, found))
    }

    /// Rules are compared with the live ones once more: a rule that is there
    /// already would fail the call for all.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let sides = [
            (Direction::Ingress, &old.ingress, &new.ingress),
            (Direction::Egress, &old.egress, &new.egress),
        ];
        for (direction, old, new) in sides {
            let Some(new) = new.as_ref().filter(|it| Some(*it) != old.as_ref()) else { continue };
            let live = group(cx, id).await?.ok_or(Error::missing("SecurityGroup"))?;
            align(cx, id, direction, &live_flows(&live, direction), &flows(id, new)).await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.revoke_rules_on_delete
            && let Some(live) = group(cx, id).await?
        {
            for direction in [Direction::Ingress, Direction::Egress] {
                let flows = live_flows(&live, direction);
                rules::revoke(cx, id, direction, &flows, rules::MISSING).await?;
            }
        }
        absent(cx.aws.ec2().delete_security_group().group_id(id).send().await, rules::MISSING)?;
        Ok(())
    }

    async fn holders(cx: &Cx, id: &str) -> Result<Vec<String>> {
        holders::of_group(cx, id).await
    }

    async fn find(cx: &Cx, _: &Inputs) -> Result<Option<String>> {
        let mut found = groups(cx, vec![by_birth(cx)]).await?;
        found.retain(|it| made(cx, it.tags.as_deref()));
        Ok(found.pop().and_then(|it| it.group_id))
    }
}

/// New groups are visible everywhere within seconds; the provider world waits
/// this long.
pub(super) const LIMIT: Duration = Duration::from_secs(300);

/// Each direction with its rules, where any are wanted.
pub(super) type Sides<'a> = [(Direction, Option<&'a Set<GroupRule>>); 2];

pub(super) fn check_rules(sides: [(&str, Option<&Set<GroupRule>>); 2]) -> Result<()> {
    for (property, list) in sides {
        for rule in list.iter().flat_map(|it| &it.0) {
            if rule.flows("").is_empty() {
                return Err(Error::invalid(property, "a rule names no peer"));
            }
        }
    }
    Ok(())
}

/// Comes from what is live to what is wanted.
pub(super) async fn align_both(cx: &Cx, id: &str, live: &Live, sides: Sides<'_>) -> Result<()> {
    for (direction, wanted) in sides {
        if let Some(wanted) = wanted {
            align(cx, id, direction, &live_flows(live, direction), &flows(id, wanted)).await?;
        }
    }
    Ok(())
}

pub(super) async fn settle(cx: &Cx, id: &str, sides: Sides<'_>) -> Result<()> {
    let look = || async {
        let Some(live) = group(cx, id).await? else { return Ok(None) };
        let settled = sides.iter().all(|(direction, wanted)| {
            let live = live_flows(&live, *direction);
            wanted.is_none_or(|it| flows(id, it).keys().eq(live.keys()))
        });
        Ok(settled.then_some(()))
    };
    cx.wait("its rules to be visible", LIMIT, look).await
}

impl GroupRule {
    fn flows(&self, own: &str) -> Flows {
        let ipv4 = self.cidr_blocks.0.iter().map(|it| Peer::ipv4(&it.0));
        let ipv6 = self.ipv6_cidr_blocks.0.iter().map(|it| Peer::ipv6(&it.0));
        let lists = self.prefix_list_ids.0.iter().map(|it| Peer::PrefixList(it.clone()));
        let groups = self.security_groups.0.iter().map(|it| Peer::group(it, own));
        let all = ipv4.chain(ipv6).chain(lists).chain(groups);
        let all = all.chain(self.own.then_some(Peer::Own));
        let description = self.description.clone().filter(|it| !it.is_empty());
        let flow = |peer| Flow::new(&self.protocol, self.from_port, self.to_port, peer);
        all.map(|peer| (flow(peer), description.clone())).collect()
    }

    fn add(&mut self, peer: Peer) {
        match peer {
            Peer::Ipv4(cidr) => self.cidr_blocks.0.push(Cidr(cidr)),
            Peer::Ipv6(cidr) => self.ipv6_cidr_blocks.0.push(Cidr(cidr)),
            Peer::PrefixList(id) => self.prefix_list_ids.0.push(id),
            Peer::Group(id) => self.security_groups.0.push(id),
            Peer::Own => self.own = true,
        }
    }
}

fn flows(own: &str, rules: &Set<GroupRule>) -> Flows {
    rules.0.iter().flat_map(|it| it.flows(own)).collect()
}

/// Live flows as rules: those with the same protocol, ports, description and
/// kind of peer together. One kind a rule, so that a kind which the program
/// does not mention is a rule too many and not a property that nobody looks at.
fn grouped(flows: Flows) -> Set<GroupRule> {
    let mut rules: HashMap<_, GroupRule> = HashMap::new();
    for (Flow { protocol, from, to, peer }, description) in flows {
        let kind = std::mem::discriminant(&peer);
        let key = (protocol.clone(), from, to, description.clone(), kind);
        let new = || GroupRule {
            protocol,
            from_port: from,
            to_port: to,
            cidr_blocks: Set::default(),
            ipv6_cidr_blocks: Set::default(),
            prefix_list_ids: Set::default(),
            security_groups: Set::default(),
            own: false,
            description,
        };
        rules.entry(key).or_insert_with(new).add(peer);
    }
    rules.into_values().collect()
}

fn outputs(cx: &Cx, live: Live) -> Result<Outputs> {
    let id = live.group_id.as_deref().ok_or(Error::missing("GroupId"))?;
    let owner_id = live.owner_id.clone().ok_or(Error::missing("OwnerId"))?;
    let arn = arn(cx, &owner_id, &format!("security-group/{id}"));
    let inputs = Inputs {
        ingress: Some(grouped(live_flows(&live, Direction::Ingress))),
        egress: Some(grouped(live_flows(&live, Direction::Egress))),
        name: live.group_name.ok_or(Error::missing("GroupName"))?,
        name_prefix: None,
        description: live.description.unwrap_or_default(),
        vpc_id: live.vpc_id,
        revoke_rules_on_delete: false,
        tags: live_tags(live.tags),
    };
    Ok(Outputs { inputs, arn, owner_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: serde_json::Value) -> Value {
        Value::from_json(&json)
    }

    #[test]
    fn rules_are_the_same_however_they_are_grouped() {
        let split = value(serde_json::json!([
            { "protocol": "6", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.1.2.3/16"] },
            { "protocol": "tcp", "fromPort": 80, "toPort": 80, "self": true },
            { "protocol": "all", "fromPort": 0, "toPort": 65535, "ipv6CidrBlocks": ["::0/0"] },
        ]));
        let merged = value(serde_json::json!([
            { "protocol": "-1", "fromPort": 0, "toPort": 0, "ipv6CidrBlocks": ["::/0"] },
            { "protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["10.1.0.0/16"],
              "self": true },
        ]));
        assert!(SecurityGroup::same("ingress", &split, &merged));
        let other = value(serde_json::json!([
            { "protocol": "tcp", "fromPort": 80, "toPort": 81, "cidrBlocks": ["10.1.0.0/16"] },
        ]));
        assert!(!SecurityGroup::same("ingress", &other, &merged));
        assert!(!SecurityGroup::same("tags", &split, &merged));
    }
}
