//! `aws:lb/listenerRule:ListenerRule`. The id is the rule's ARN.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING,
    action::{self, Action},
    batched, birth_tags, retag, tags, tags_raw,
};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct ListenerRule;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    listener_arn: String,
    /// The next free one after all others when the program gives none.
    #[schemars(extend("computed" = true), range(min = 1, max = 50_000))]
    priority: Option<i32>,
    actions: Vec<Action>,
    conditions: Set<Condition>,
    transforms: Option<Set<Transform>>,
    #[serde(default)]
    tags: Tags,
}

/// One of them per condition.
#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    host_header: Option<Patterns>,
    http_header: Option<HttpHeader>,
    http_request_method: Option<RequestMethods>,
    path_pattern: Option<Patterns>,
    query_strings: Option<Set<QueryString>>,
    source_ip: Option<SourceIp>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Patterns {
    values: Option<Set<String>>,
    regex_values: Option<Set<String>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HttpHeader {
    http_header_name: CiString,
    values: Option<Set<String>>,
    regex_values: Option<Set<String>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestMethods {
    values: Set<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QueryString {
    key: Option<String>,
    value: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SourceIp {
    #[schemars(extend("computed" = true, "enum" = ["ipv4", "ipv6"]))]
    ip_address_type: Option<String>,
    values: Option<Set<String>>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Transform {
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["host-header-rewrite", "url-rewrite"]))]
    kind: String,
    host_header_rewrite_config: Option<RewriteConfig>,
    url_rewrite_config: Option<RewriteConfig>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RewriteConfig {
    rewrite: Option<Rewrite>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rewrite {
    regex: String,
    replace: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for ListenerRule {
    const TYPE: &'static str = "aws:lb/listenerRule:ListenerRule";
    const ALIASES: &'static [&'static str] = &[
        "aws:alb/listenerRule:ListenerRule",
        "aws:elasticloadbalancingv2/listenerRule:ListenerRule",
    ];
    const KEY: &'static [&'static str] = &["listenerArn", "priority"];
    /// A resend may choose another priority.
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        action::check("actions", &new.actions)?;
        if new.conditions.0.is_empty() {
            return Err(Error::invalid("conditions", "has at least one item"));
        }
        for (place, it) in new.conditions.0.iter().enumerate() {
            let kinds = [
                it.host_header.is_some(),
                it.http_header.is_some(),
                it.http_request_method.is_some(),
                it.path_pattern.is_some(),
                it.query_strings.is_some(),
                it.source_ip.is_some(),
            ];
            if kinds.into_iter().filter(|it| *it).count() != 1 {
                let at = format!("conditions[{place}]");
                return Err(Error::invalid(&at, "says exactly one kind of condition"));
            }
        }
        for (place, it) in new.transforms.iter().flat_map(|it| &it.0).enumerate() {
            let host = it.kind == "host-header-rewrite";
            if host != it.host_header_rewrite_config.is_some()
                || host == it.url_rewrite_config.is_some()
            {
                let at = format!("transforms[{place}]");
                return Err(Error::invalid(&at, "has the one config that fits its `type`"));
            }
        }
        Ok(())
    }

    /// Priorities are unique in a listener, and some are chosen by looking.
    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("listener:{}", new.listener_arn))
    }

    fn same(path: &str, _: &Value, live: &Value) -> bool {
        action::same(path, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let priority = match new.priority {
            Some(given) => given,
            None => next_priority(cx, &new.listener_arn).await?,
        };
        let call = cx.aws.lb().create_rule().listener_arn(&new.listener_arn).priority(priority);
        let reply = call
            .set_actions(Some(action::to_sdk(&new.actions)))
            .set_conditions(Some(new.conditions.0.iter().map(Condition::sdk).collect()))
            .set_transforms(transforms(new))
            .set_tags(birth_tags(cx, &new.tags))
            .send()
            .await?;
        let made = reply.rules.unwrap_or_default().into_iter().next();
        made.and_then(|it| it.rule_arn).ok_or(Error::missing("RuleArn"))
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[arn.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = batched(arns, |arns| async {
            let call = cx.aws.lb().describe_rules().set_rule_arns(Some(arns));
            let reply = absent(call.send().await, MISSING)?;
            Ok(reply.map(|it| it.rules.unwrap_or_default()))
        })
        .await?;
        let mut found: HashMap<String, types::Rule> =
            found.into_iter().filter_map(|it| Some((it.rule_arn.clone()?, it))).collect();
        let there: Vec<String> = found.keys().cloned().collect();
        let mut tags = tags(cx, &there).await?;
        let read = |arn: &String| {
            let tags = tags.remove(arn).unwrap_or_default();
            found.remove(arn).map(|it| outputs(arn, it, tags))
        };
        Ok(arns.iter().map(read).collect())
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let mut call = cx.aws.lb().modify_rule().rule_arn(arn);
        let mut changes = false;
        if old.actions != new.actions {
            call = call.set_actions(Some(action::to_sdk(&new.actions)));
            changes = true;
        }
        if old.conditions != new.conditions {
            let conditions = new.conditions.0.iter().map(Condition::sdk);
            call = call.set_conditions(Some(conditions.collect()));
            changes = true;
        }
        if old.transforms != new.transforms {
            let none = new.transforms.as_ref().is_none_or(|it| it.0.is_empty());
            let given = if none { None } else { transforms(new) };
            call = call.set_transforms(given).set_reset_transforms(none.then_some(true));
            changes = true;
        }
        if changes {
            call.send().await?;
        }
        if old.priority != new.priority
            && let Some(priority) = new.priority
        {
            move_to(cx, arn, priority).await?;
        }
        retag(cx, arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.lb().delete_rule().rule_arn(arn).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let rules = rules(cx, &inputs.listener_arn).await?.into_iter();
        let arns: Vec<String> = rules.filter_map(|it| it.rule_arn).collect();
        let tags = tags_raw(cx, &arns).await?;
        Ok(tags.into_iter().find(|(_, tags)| cx.made(tags.clone())).map(|(arn, _)| arn))
    }
}

/// All but the listener's own default rule.
async fn rules(cx: &Cx, listener: &str) -> Result<Vec<types::Rule>> {
    let call = cx.aws.lb().describe_rules().listener_arn(listener);
    let all: std::result::Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let mut all = absent(all, MISSING)?.unwrap_or_default();
    all.retain(|it| it.is_default != Some(true));
    Ok(all)
}

fn priority(rule: &types::Rule) -> Option<i32> {
    rule.priority.as_deref()?.parse().ok()
}

async fn next_priority(cx: &Cx, listener: &str) -> Result<i32> {
    let highest = rules(cx, listener).await?.iter().filter_map(priority).max();
    let next = highest.unwrap_or_default() + 1;
    if next > 50_000 {
        let message = "none is free after the highest in use, 50000; give one";
        return Err(Error::invalid("priority", message));
    }
    Ok(next)
}

/// Another rule of this stack that has the place takes ours in exchange: the
/// program may want two rules to swap, which no two single moves can do.
async fn move_to(cx: &Cx, arn: &str, wanted: i32) -> Result<()> {
    let all = rules(cx, &listener_arn(arn)).await?;
    let now = all.iter().find(|it| it.rule_arn() == Some(arn)).and_then(priority);
    if now == Some(wanted) {
        return Ok(());
    }
    let pair = |arn: &str, priority| {
        types::RulePriorityPair::builder().rule_arn(arn).priority(priority).build()
    };
    let mut call = cx.aws.lb().set_rule_priorities().rule_priorities(pair(arn, wanted));
    let holder = all.iter().find(|it| priority(it) == Some(wanted));
    if let (Some(holder), Some(now)) = (holder.and_then(|it| it.rule_arn.as_deref()), now) {
        let tags = tags_raw(cx, &[holder.to_owned()]).await?;
        let mut tags = tags.into_values().flatten();
        if tags.any(|(key, value)| key == STACK_TAG && value == cx.stack) {
            call = call.rule_priorities(pair(holder, now));
        }
    }
    call.send().await?;
    Ok(())
}

/// `…:listener-rule/app/web/50dc/f2f7/9683` is of `…:listener/app/web/50dc/f2f7`.
fn listener_arn(rule: &str) -> String {
    let listener = rule.rsplit_once('/').map_or(rule, |it| it.0);
    listener.replacen(":listener-rule/", ":listener/", 1)
}

impl Condition {
    fn sdk(&self) -> types::RuleCondition {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let condition = types::RuleCondition::builder();
        if let Some(it) = &self.host_header {
            let config = types::HostHeaderConditionConfig::builder()
                .set_values(list(&it.values))
                .set_regex_values(list(&it.regex_values));
            return condition.field("host-header").host_header_config(config.build()).build();
        }
        if let Some(it) = &self.path_pattern {
            let config = types::PathPatternConditionConfig::builder()
                .set_values(list(&it.values))
                .set_regex_values(list(&it.regex_values));
            return condition.field("path-pattern").path_pattern_config(config.build()).build();
        }
        if let Some(it) = &self.http_header {
            let config = types::HttpHeaderConditionConfig::builder()
                .http_header_name(&it.http_header_name.0)
                .set_values(list(&it.values))
                .set_regex_values(list(&it.regex_values));
            return condition.field("http-header").http_header_config(config.build()).build();
        }
        if let Some(it) = &self.http_request_method {
            let values = Some(it.values.0.clone());
            let config = types::HttpRequestMethodConditionConfig::builder().set_values(values);
            let condition = condition.field("http-request-method");
            return condition.http_request_method_config(config.build()).build();
        }
        if let Some(it) = &self.query_strings {
            let pairs = it.0.iter().map(|it| {
                let pair = types::QueryStringKeyValuePair::builder().set_key(it.key.clone());
                pair.value(&it.value).build()
            });
            let config =
                types::QueryStringConditionConfig::builder().set_values(Some(pairs.collect()));
            return condition.field("query-string").query_string_config(config.build()).build();
        }
        let config = self.source_ip.as_ref().map(|it| {
            types::SourceIpConditionConfig::builder()
                .set_values(list(&it.values))
                .set_ip_address_type(it.ip_address_type.as_deref().map(Into::into))
                .build()
        });
        condition.field("source-ip").set_source_ip_config(config).build()
    }

    /// Two kinds have an older spelling without a config.
    fn live(live: types::RuleCondition) -> Self {
        let field = live.field.unwrap_or_default();
        let (values, regex_values) = (live.values, live.regex_values);
        let old = |kind: &str| {
            (field == kind).then(|| Patterns {
                values: values.clone().map(Set),
                regex_values: regex_values.clone().map(Set),
            })
        };
        let host = live.host_header_config.map(|it| Patterns {
            values: it.values.map(Set),
            regex_values: it.regex_values.map(Set),
        });
        let path = live.path_pattern_config.map(|it| Patterns {
            values: it.values.map(Set),
            regex_values: it.regex_values.map(Set),
        });
        let header = live.http_header_config.map(|it| HttpHeader {
            http_header_name: CiString(it.http_header_name.unwrap_or_default()),
            values: it.values.map(Set),
            regex_values: it.regex_values.map(Set),
        });
        let methods = live.http_request_method_config;
        let queries = live.query_string_config.and_then(|it| it.values).map(|it| {
            let pairs = it.into_iter();
            let pairs = pairs.filter_map(|it| Some(QueryString { key: it.key, value: it.value? }));
            Set(pairs.collect())
        });
        let source = live.source_ip_config.map(|it| SourceIp {
            ip_address_type: it.ip_address_type.map(|it| it.as_str().to_owned()),
            values: it.values.map(Set),
        });
        Self {
            host_header: host.or_else(|| old("host-header")),
            http_header: header,
            http_request_method: methods
                .map(|it| RequestMethods { values: Set(it.values.unwrap_or_default()) }),
            path_pattern: path.or_else(|| old("path-pattern")),
            query_strings: queries,
            source_ip: source,
        }
    }
}

fn transforms(new: &Inputs) -> Option<Vec<types::RuleTransform>> {
    let rewrites = |it: &RewriteConfig| {
        let rewrite = it.rewrite.as_ref()?;
        let it = types::RewriteConfig::builder().regex(&rewrite.regex).replace(&rewrite.replace);
        Some(vec![it.build()])
    };
    let transforms = new.transforms.as_ref()?.0.iter().map(|it| {
        let host = it
            .host_header_rewrite_config
            .as_ref()
            .map(|it| types::HostHeaderRewriteConfig::builder().set_rewrites(rewrites(it)).build());
        let url = it
            .url_rewrite_config
            .as_ref()
            .map(|it| types::UrlRewriteConfig::builder().set_rewrites(rewrites(it)).build());
        types::RuleTransform::builder()
            .r#type(it.kind.as_str().into())
            .set_host_header_rewrite_config(host)
            .set_url_rewrite_config(url)
            .build()
    });
    Some(transforms.collect())
}

fn live_transform(live: types::RuleTransform) -> Transform {
    let config = |rewrites: Option<Vec<types::RewriteConfig>>| {
        let first = rewrites.unwrap_or_default().into_iter().next();
        let rewrite = first.map(|it| Rewrite {
            regex: it.regex.unwrap_or_default(),
            replace: it.replace.unwrap_or_default(),
        });
        RewriteConfig { rewrite }
    };
    Transform {
        kind: live.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        host_header_rewrite_config: live.host_header_rewrite_config.map(|it| config(it.rewrites)),
        url_rewrite_config: live.url_rewrite_config.map(|it| config(it.rewrites)),
    }
}

fn outputs(arn: &str, live: types::Rule, tags: Tags) -> Outputs {
    let priority = priority(&live);
    let transforms = live.transforms.map(|it| it.into_iter().map(live_transform).collect());
    let inputs = Inputs {
        listener_arn: listener_arn(arn),
        priority,
        actions: action::live(live.actions),
        conditions: live.conditions.unwrap_or_default().into_iter().map(Condition::live).collect(),
        transforms: transforms.map(Set),
        tags,
    };
    Outputs { inputs, arn: arn.to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_rule_knows_its_listener() {
        let rule = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/web/50dc/f2f7/9683";
        let listener = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/web/50dc/f2f7";
        assert_eq!(super::listener_arn(rule), listener);
    }
}
