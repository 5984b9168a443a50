//! Whether a target group's targets can take traffic.

use crate::provider::{Cx, Result};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub total: usize,
    pub healthy: usize,
    /// Of those that are not: target, and why.
    pub others: Vec<(String, String)>,
}

impl Health {
    pub fn all_healthy(&self) -> bool {
        self.total > 0 && self.healthy == self.total
    }

    /// `2 of 3 targets healthy; 10.0.1.5: initial (Elb.RegistrationInProgress)`
    pub fn words(&self) -> String {
        let mut text = match self.total {
            0 => "no targets".to_owned(),
            total => format!("{} of {total} targets healthy", self.healthy),
        };
        for (target, why) in &self.others {
            text.push_str("; ");
            text.push_str(target);
            text.push_str(": ");
            text.push_str(why);
        }
        text
    }
}

#[cfg(not(feature = "aws"))]
pub async fn target_health(_: &Cx, _: &str) -> Result<Health> {
    Ok(Health::default())
}

/// Targets that drain are on their way out and do not count.
#[cfg(feature = "aws")]
pub async fn target_health(cx: &Cx, group: &str) -> Result<Health> {
    let reply = cx.aws.lb().describe_target_health().target_group_arn(group).send().await?;
    let mut health = Health::default();
    for it in reply.target_health_descriptions.unwrap_or_default() {
        let state = it.target_health.as_ref().and_then(|it| it.state.as_ref());
        let state = state.map_or("unknown", |it| it.as_str()).to_owned();
        if state == "draining" {
            continue;
        }
        health.total += 1;
        if state == "healthy" {
            health.healthy += 1;
            continue;
        }
        let reason = it.target_health.and_then(|it| it.reason);
        let why = reason.map_or_else(|| state.clone(), |it| format!("{state} ({})", it.as_str()));
        let target = it.target.and_then(|it| it.id).unwrap_or_default();
        health.others.push((target, why));
    }
    Ok(health)
}
