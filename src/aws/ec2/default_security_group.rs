//! `aws:ec2/defaultSecurityGroup:DefaultSecurityGroup`: the group that every
//! VPC is born with. It is adopted, and its rules become those of the program:
//! none, when it names none. The id is the group's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    default_vpc, filter, retag,
    rules::{Direction, group, groups},
    security_group::{self, GroupRule, LIMIT, SecurityGroup, Sides},
};
use crate::{model::Value, provider::*};

pub(super) struct DefaultSecurityGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// The default VPC, when left out.
    #[schemars(extend("replace" = true, "computed" = true))]
    vpc_id: Option<String>,
    #[serde(default)]
    ingress: Set<GroupRule>,
    #[serde(default)]
    egress: Set<GroupRule>,
    /// AWS does not delete it, and so its rules stay.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    revoke_rules_on_delete: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    description: String,
    name: String,
    name_prefix: Option<String>,
    owner_id: String,
}

impl Resource for DefaultSecurityGroup {
    const TYPE: &'static str = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup";
    const KEY: &'static [&'static str] = &["vpcId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        security_group::check_rules([
            ("ingress", Some(&new.ingress)),
            ("egress", Some(&new.egress)),
        ])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        SecurityGroup::same(path, wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let look = || Self::find(cx, new);
        cx.wait("the default security group to be visible", LIMIT, look).await
    }

    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let live = group(cx, id).await?.ok_or_else(|| Error::unseen("the group"))?;
        security_group::align_both(cx, id, &live, new.sides()).await?;
        retag(cx, id, &Tags::default(), &new.tags).await
    }

    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        security_group::settle(cx, id, new.sides()).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(SecurityGroup::read(cx, id).await?.map(outputs))
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = SecurityGroup::read_many(cx, ids).await?;
        Ok(found.into_iter().map(|it| it.map(outputs)).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = group(cx, id).await?.ok_or_else(|| Error::unseen("the group"))?;
        security_group::align_both(cx, id, &live, new.sides()).await?;
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// It goes with its VPC, and stays as it is until then.
    async fn delete(_: &Cx, _: &str, _: &Inputs) -> Result<()> {
        Ok(())
    }

    /// A VPC has one, which AWS made.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let vpc = match &inputs.vpc_id {
            Some(vpc) => vpc.clone(),
            None => default_vpc::id(cx).await?,
        };
        let theirs = vec![filter("vpc-id", [vpc]), filter("group-name", ["default"])];
        Ok(groups(cx, theirs).await?.into_iter().find_map(|it| it.group_id))
    }
}

impl Inputs {
    fn sides(&self) -> Sides<'_> {
        [(Direction::Ingress, Some(&self.ingress)), (Direction::Egress, Some(&self.egress))]
    }
}

fn outputs(live: security_group::Outputs) -> Outputs {
    let security_group::Outputs { inputs: it, arn, owner_id } = live;
    let inputs = Inputs {
        vpc_id: it.vpc_id,
        ingress: it.ingress.unwrap_or_default(),
        egress: it.egress.unwrap_or_default(),
        revoke_rules_on_delete: false,
        tags: it.tags,
    };
    Outputs { inputs, arn, description: it.description, name: it.name, name_prefix: None, owner_id }
}
