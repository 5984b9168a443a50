//! What a rollout names in AWS: a resource of the program, an ARN or a name.

use super::{GROUP, Part, SERVICE};
use crate::{
    model::{Urn, Value},
    rollout::{LISTENER, RULE, read::Node},
};

/// What a part may be.
pub(super) struct Kind {
    what: &'static str,
    tokens: &'static [&'static str],
    /// What is in its ARN.
    arn: &'static [&'static str],
    /// How a resource of the program is written, if its id is no ARN but one
    /// is needed.
    output: Option<&'static str>,
    named: bool,
}

pub(super) const TARGET_GROUP: Kind = Kind {
    what: "a target group",
    tokens: &[GROUP],
    arn: &[":targetgroup/"],
    output: None,
    named: false,
};
pub(super) const ECS_SERVICE: Kind = Kind {
    what: "an ECS service",
    tokens: &[SERVICE],
    arn: &[":service/"],
    output: None,
    named: false,
};
pub(super) const ROUTE: Kind = Kind {
    what: "a listener or a rule",
    tokens: &[LISTENER, RULE],
    arn: &[":listener/", ":listener-rule/"],
    output: None,
    named: false,
};
pub(super) const TEST_LISTENER: Kind = Kind {
    what: "a listener",
    tokens: &[LISTENER],
    arn: &[":listener/"],
    output: None,
    named: false,
};
pub(super) const ALARM: Kind = Kind {
    what: "an alarm",
    tokens: &[
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    ],
    arn: &[":alarm:"],
    output: None,
    named: true,
};
pub(super) const FUNCTION: Kind = Kind {
    what: "a Lambda function",
    tokens: &["aws:lambda/function:Function"],
    arn: &[":function:"],
    output: None,
    named: true,
};
pub(super) const TOPIC: Kind = Kind {
    what: "an SNS topic",
    tokens: &["aws:sns/topic:Topic"],
    arn: &[":sns:"],
    output: None,
    named: false,
};
pub(super) const ROLE: Kind = Kind {
    what: "a role",
    tokens: &["aws:iam/role:Role"],
    arn: &[":role/"],
    output: Some("${role.arn}"),
    named: false,
};

impl Kind {
    pub(super) fn read(&self, node: &Node<'_>) -> Option<Part> {
        if let Value::Ref(it) = node.value() {
            let urn = Urn(it.urn.clone());
            if !self.tokens.contains(&urn.token()) {
                let (what, token) = (self.what, urn.token());
                node.wrong(format!("must be {what}, and `{}` is {token}", urn.name()));
                return None;
            }
            if let Some(output) = self.output {
                node.wrong(format!("must be the ARN: write it as `{output}`"));
                return None;
            }
            let id = match it.id.bare() {
                Value::Unknown(_) => {
                    node.unknown();
                    return None;
                }
                id => id.as_str()?.to_owned(),
            };
            return Some(Part { id, urn: Some(urn) });
        }
        let what = if self.named { "its name or its ARN" } else { "its ARN" };
        if !node.is_text() {
            return node.instead(&format!("{}: the resource, or {what}", self.what));
        }
        let id = node.text()?;
        let is_arn = id.starts_with("arn:");
        if is_arn && !self.arn.iter().any(|it| id.contains(it)) || !is_arn && !self.named {
            node.wrong(format!("must be {}, and `{id}` is not {what}", self.what));
        }
        Some(Part { id, urn: None })
    }
}
