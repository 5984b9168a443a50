//! `aws:lb/targetGroupAttachment:TargetGroupAttachment`. The id is
//! `<target group ARN>,<target>[,<port>[,<zone>[,<QUIC server id>]]]`.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthReasonEnum as Reason,
    TargetHealthStateEnum as State,
};
use futures_util::future;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{aws::error::absent, provider::*};

pub(super) struct TargetGroupAttachment;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    target_group_arn: String,
    /// An instance, an IP address, or the ARN of a function or of an
    /// Application Load Balancer.
    #[schemars(extend("replace" = true))]
    target_id: String,
    /// The target group's own when left out.
    #[schemars(extend("replace" = true), range(min = 1, max = 65_535))]
    port: Option<i32>,
    #[schemars(extend("replace" = true))]
    availability_zone: Option<String>,
    #[schemars(extend("replace" = true))]
    quic_server_id: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

const MISSING: &[&str] = &["TargetGroupNotFound", "InvalidTarget"];

impl Resource for TargetGroupAttachment {
    const TYPE: &'static str = "aws:lb/targetGroupAttachment:TargetGroupAttachment";
    const ALIASES: &'static [&'static str] = &[
        "aws:alb/targetGroupAttachment:TargetGroupAttachment",
        "aws:elasticloadbalancingv2/targetGroupAttachment:TargetGroupAttachment",
    ];
    const KEY: &'static [&'static str] =
        &["targetGroupArn", "targetId", "port", "availabilityZone"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.lb().register_targets().target_group_arn(&new.target_group_arn);
        call.targets(new.target()).send().await?;
        Ok(new.id())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// One call per target group.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let wanted = ids.iter().map(|id| Inputs::parse(id)).collect::<Result<Vec<_>>>()?;
        let mut groups: Vec<&str> = wanted.iter().map(|it| &*it.target_group_arn).collect();
        groups.sort_unstable();
        groups.dedup();
        let asks = groups.into_iter().map(|group| async move {
            let reply = cx.aws.lb().describe_target_health().target_group_arn(group).send().await;
            let targets = absent(reply, MISSING)?.and_then(|it| it.target_health_descriptions);
            Result::Ok((group, targets.unwrap_or_default()))
        });
        let live: HashMap<&str, Vec<TargetHealthDescription>> =
            future::try_join_all(asks).await?.into_iter().collect();
        let read = |it: &Inputs| {
            let there = live[&*it.target_group_arn].iter().any(|live| it.is(live));
            there.then(|| Outputs { inputs: it.clone() })
        };
        Ok(wanted.iter().map(read).collect())
    }

    /// Every property replaces.
    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    /// Requests under way go on for the group's deregistration delay.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let it = Inputs::parse(id)?;
        let call = cx.aws.lb().deregister_targets().target_group_arn(&it.target_group_arn);
        absent(call.targets(it.target()).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = inputs.id();
        Ok(Self::read(cx, &id).await?.map(|_| id))
    }
}

impl Inputs {
    fn id(&self) -> String {
        let port = self.port.map(|it| it.to_string()).unwrap_or_default();
        let zone = self.availability_zone.as_deref().unwrap_or_default();
        let quic = self.quic_server_id.as_deref().unwrap_or_default();
        let (group, target) = (self.target_group_arn.as_str(), self.target_id.as_str());
        let all = [group, target, &port, zone, quic].join(",");
        all.trim_end_matches(',').to_owned()
    }

    fn parse(id: &str) -> Result<Self> {
        let mut parts = id.split(',');
        let mut next = || parts.next().filter(|it| !it.is_empty()).map(str::to_owned);
        let broken = || Error::invalid("id", "is `<target group ARN>,<target>[,<port>[,<zone>]]`");
        let (group, target, port) = (next(), next(), next());
        Ok(Self {
            target_group_arn: group.ok_or_else(broken)?,
            target_id: target.ok_or_else(broken)?,
            port: port.map(|it| it.parse()).transpose().map_err(|_| broken())?,
            availability_zone: next(),
            quic_server_id: next(),
        })
    }

    fn target(&self) -> TargetDescription {
        TargetDescription::builder()
            .id(&self.target_id)
            .set_port(self.port)
            .set_availability_zone(self.availability_zone.clone())
            .set_quic_server_id(self.quic_server_id.clone())
            .build()
    }

    /// Whether a registered target is this one; one that drains is as good as
    /// gone.
    fn is(&self, live: &TargetHealthDescription) -> bool {
        let Some(target) = &live.target else { return false };
        let health = live.target_health.as_ref();
        let leaves = health.is_some_and(|it| {
            it.state == Some(State::Draining)
                || matches!(
                    it.reason,
                    Some(Reason::NotRegistered | Reason::DeregistrationInProgress)
                )
        });
        !leaves
            && target.id.as_ref() == Some(&self.target_id)
            && (self.port.is_none() || target.port == self.port)
            && (self.availability_zone.is_none()
                || target.availability_zone.is_none()
                || target.availability_zone == self.availability_zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written() {
        for id in ["arn:tg,i-1", "arn:tg,i-1,80", "arn:tg,10.0.0.1,,us-east-1a", "arn:tg,i-1,1,,q"]
        {
            assert_eq!(Inputs::parse(id).unwrap().id(), id);
        }
        assert!(Inputs::parse("arn:tg").is_err());
        assert!(Inputs::parse("arn:tg,i-1,http").is_err());
    }
}
