//! Rules that are there for the time of a shift.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{actions, request_id};
use crate::{
    aws::{
        error::absent,
        lb::{MISSING, sdk_tags, tags_raw},
    },
    provider::*,
    rollout::cloud::Rule,
};

/// A rule to be.
pub(super) struct New<'a> {
    pub(super) listener: &'a str,
    pub(super) priority: u32,
    pub(super) conditions: &'a [Json],
    pub(super) actions: &'a [Json],
    pub(super) tags: &'a BTreeMap<String, String>,
}

impl New<'_> {
    /// Of two rules with one priority, the second is refused: it may be ours.
    pub(super) async fn create(&self, cx: &Cx) -> Result<Option<String>> {
        let call = cx.aws.lb().create_rule().listener_arn(self.listener);
        let call = call
            .priority(i32::try_from(self.priority).unwrap_or(i32::MAX))
            .set_conditions(Some(actions::conditions(self.conditions)?))
            .set_actions(Some(actions::said(self.actions)?))
            .set_tags(Some(sdk_tags(self.tags.clone())));
        match call.send().await.map_err(Error::from) {
            Ok(reply) => Ok(request_id(&reply)),
            Err(error) if error.is(&["PriorityInUse"]) => {
                let found = at(cx, self.listener, self.priority).await?;
                let ours =
                    |it: Rule| self.tags.iter().all(|(key, value)| it.tags.get(key) == Some(value));
                if found.is_some_and(ours) { Ok(error.request_id) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }
}

pub(super) async fn at(cx: &Cx, listener: &str, priority: u32) -> Result<Option<Rule>> {
    let call = cx.aws.lb().describe_rules().listener_arn(listener).into_paginator();
    let rules = absent(call.items().send().try_collect().await, MISSING)?;
    let priority = priority.to_string();
    let found = rules.into_iter().flatten().find(|it| it.priority.as_ref() == Some(&priority));
    let Some(rule) = found else { return Ok(None) };
    let arn = rule.rule_arn.ok_or(Error::missing("RuleArn"))?;
    let tags = tags_raw(cx, std::slice::from_ref(&arn)).await?;
    Ok(Some(Rule { tags: tags.into_values().flatten().collect(), arn }))
}

pub(super) async fn delete(cx: &Cx, arn: &str) -> Result<Option<String>> {
    let reply = cx.aws.lb().delete_rule().rule_arn(arn).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| request_id(&it)))
}
