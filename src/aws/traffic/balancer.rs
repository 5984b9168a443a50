//! Listeners, rules, target groups and their load balancer.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, DescribeTargetHealthInputIncludeEnum as Include, Listener,
};

use super::{actions, request_id};
use crate::{
    aws::{
        error::{absent, seen},
        lb::{MISSING, batched, sdk_tags, tags_raw},
    },
    provider::*,
    rollout::cloud::{Group, LiveRoute, LoadBalancer, RouteKind, Target},
};

pub(super) async fn route(cx: &Cx, kind: RouteKind, arn: &str) -> Result<Option<LiveRoute>> {
    match kind {
        RouteKind::Default => listener(cx, arn).await,
        RouteKind::Rule => rule(cx, arn).await,
    }
}

async fn listener(cx: &Cx, arn: &str) -> Result<Option<LiveRoute>> {
    let call = cx.aws.lb().describe_listeners().listener_arns(arn);
    let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let Some(live) = reply.listeners.and_then(|it| it.into_iter().next()) else {
        return Ok(None);
    };
    Ok(Some(LiveRoute {
        actions: actions::told(live.default_actions)?,
        load_balancer: live.load_balancer_arn.ok_or(Error::missing("LoadBalancerArn"))?,
        protocol: live.protocol.map(|it| it.as_str().to_owned()),
        port: live.port,
    }))
}

async fn rule(cx: &Cx, arn: &str) -> Result<Option<LiveRoute>> {
    let call = cx.aws.lb().describe_rules().rule_arns(arn);
    let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let Some(live) = reply.rules.and_then(|it| it.into_iter().next()) else { return Ok(None) };
    Ok(Some(LiveRoute {
        actions: actions::told(live.actions)?,
        load_balancer: balancer_of(arn)?,
        protocol: None,
        port: None,
    }))
}

/// AWS tells neither the load balancer nor the listener of a rule, but its ARN
/// begins like theirs: `…:listener-rule/app/web/<balancer>/<listener>/<rule>`.
fn balancer_of(rule: &str) -> Result<String> {
    let odd = || Error::invalid("RuleArn", format!("`{rule}` is no ARN of a rule"));
    let (place, path) = rule.split_once(":listener-rule/").ok_or_else(odd)?;
    let parts: Vec<&str> = path.split('/').collect();
    let [kind, name, balancer, _, _] = parts[..] else { return Err(odd()) };
    Ok(format!("{place}:loadbalancer/{kind}/{name}/{balancer}"))
}

pub(super) async fn routes_to(
    cx: &Cx,
    load_balancer: &str,
    groups: &[&str],
) -> Result<Vec<(RouteKind, String)>> {
    let any = |actions: Option<Vec<Action>>| {
        actions.into_iter().flatten().any(|it| actions::forwards_to(&it, groups))
    };
    let mut found = Vec::new();
    let call = cx.aws.lb().describe_listeners().load_balancer_arn(load_balancer);
    let listeners: Vec<Listener> = call.into_paginator().items().send().try_collect().await?;
    for listener in listeners {
        let arn = listener.listener_arn.ok_or(Error::missing("ListenerArn"))?;
        let call = cx.aws.lb().describe_rules().listener_arn(&arn).into_paginator();
        // A listener that went in between has no rules.
        let rules = absent(call.items().send().try_collect().await, MISSING)?.unwrap_or_default();
        if any(listener.default_actions) {
            found.push((RouteKind::Default, arn));
        }
        // The default rule is what the listener itself does.
        for rule in rules.into_iter().filter(|it| it.is_default != Some(true)) {
            if any(rule.actions) {
                let arn = rule.rule_arn.ok_or(Error::missing("RuleArn"))?;
                found.push((RouteKind::Rule, arn));
            }
        }
    }
    Ok(found)
}

pub(super) async fn targets(cx: &Cx, group: &str) -> Result<Vec<Target>> {
    let call = cx.aws.lb().describe_target_health().target_group_arn(group);
    let reply = call.include(Include::Anomaly).send().await?;
    let targets = reply.target_health_descriptions.unwrap_or_default().into_iter().map(|it| {
        let (health, target) = (it.target_health, it.target);
        let state = health.as_ref().and_then(|it| it.state.as_ref());
        let anomaly = it.anomaly_detection.and_then(|it| it.result);
        let shift = it.administrative_override.and_then(|it| it.state);
        let shift = shift.map(|it| it.as_str().to_owned());
        Target {
            state: state.map_or("unavailable", |it| it.as_str()).to_owned(),
            reason: health.and_then(|it| it.reason).map(|it| it.as_str().to_owned()),
            anomalous: anomaly.is_some_and(|it| it.as_str() == "anomalous"),
            // AWS also says that there is none.
            overridden: shift.filter(|it| it.starts_with("zonal_shift")),
            port: target.as_ref().and_then(|it| it.port),
            zone: target.as_ref().and_then(|it| it.availability_zone.clone()),
            id: target.and_then(|it| it.id).unwrap_or_default(),
        }
    });
    Ok(targets.collect())
}

/// In the order of `arns`, without those that are gone.
pub(super) async fn groups(cx: &Cx, arns: &[&str]) -> Result<Vec<Group>> {
    let wanted: Vec<String> = arns.iter().map(|it| (*it).to_owned()).collect();
    let found = batched(&wanted, |batch| async {
        let call = cx.aws.lb().describe_target_groups().set_target_group_arns(Some(batch));
        let reply = absent(call.send().await, MISSING)?;
        Ok(reply.map(|it| it.target_groups.unwrap_or_default()))
    });
    let mut groups: Vec<Group> = Vec::new();
    for live in found.await? {
        let arn = live.target_group_arn.ok_or(Error::missing("TargetGroupArn"))?;
        let call = cx.aws.lb().describe_target_group_attributes().target_group_arn(&arn);
        let attributes = seen(call.send().await, MISSING, "the target group")?.attributes;
        let attributes = attributes.unwrap_or_default().into_iter();
        groups.push(Group {
            name: live.target_group_name.unwrap_or_default(),
            protocol: live.protocol.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            target_type: live.target_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            load_balancers: live.load_balancer_arns.unwrap_or_default(),
            attributes: attributes.filter_map(|it| Some((it.key?, it.value?))).collect(),
            arn,
        });
    }
    groups.sort_by_key(|it| arns.iter().position(|arn| *arn == it.arn));
    Ok(groups)
}

pub(super) async fn load_balancer(cx: &Cx, arn: &str) -> Result<Option<LoadBalancer>> {
    let call = cx.aws.lb().describe_load_balancers().load_balancer_arns(arn);
    let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(None) };
    let live = reply.load_balancers.and_then(|it| it.into_iter().next());
    Ok(live.map(|live| LoadBalancer {
        arn: arn.to_owned(),
        name: live.load_balancer_name.unwrap_or_default(),
        dns_name: live.dns_name.unwrap_or_default(),
        kind: live.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        zones: live
            .availability_zones
            .unwrap_or_default()
            .into_iter()
            .filter_map(|it| it.zone_name)
            .collect(),
    }))
}

pub(super) async fn tags(cx: &Cx, group: &str) -> Result<BTreeMap<String, String>> {
    let all = tags_raw(cx, &[group.to_owned()]).await?;
    Ok(all.into_values().flatten().collect())
}

/// Nothing else is said, and stays as it is.
pub(super) async fn modify_listener(
    cx: &Cx,
    arn: &str,
    actions: &[serde_json::Value],
) -> Result<Option<String>> {
    let call = cx.aws.lb().modify_listener().listener_arn(arn);
    let call = call.set_default_actions(Some(actions::said(actions)?));
    Ok(request_id(&call.send().await?))
}

pub(super) async fn modify_rule(
    cx: &Cx,
    arn: &str,
    actions: &[serde_json::Value],
) -> Result<Option<String>> {
    let call = cx.aws.lb().modify_rule().rule_arn(arn);
    Ok(request_id(&call.set_actions(Some(actions::said(actions)?)).send().await?))
}

pub(super) async fn add_tags(
    cx: &Cx,
    arns: &[String],
    tags: &BTreeMap<String, String>,
) -> Result<Option<String>> {
    let call = cx.aws.lb().add_tags().set_resource_arns(Some(arns.to_vec()));
    Ok(request_id(&call.set_tags(Some(sdk_tags(tags.clone()))).send().await?))
}

pub(super) async fn remove_tags(
    cx: &Cx,
    arns: &[String],
    keys: &[String],
) -> Result<Option<String>> {
    let call = cx.aws.lb().remove_tags().set_resource_arns(Some(arns.to_vec()));
    Ok(request_id(&call.set_tag_keys(Some(keys.to_vec())).send().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_load_balancer() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/web/50dc/f2f7/9683";
        let wanted = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/web/50dc";
        assert_eq!(balancer_of(arn).as_deref(), Ok(wanted));
        let listener = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/web/50dc/f2f7";
        assert!(balancer_of(listener).is_err());
    }
}
