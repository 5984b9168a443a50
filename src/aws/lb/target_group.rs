//! `aws:lb/targetGroup:TargetGroup`. The id is the target group's ARN.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types;
use futures_util::future;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Attributes, MISSING, batched, birth_tags, changed, made, plain_name, retag, suffix, tags,
};
use crate::{
    aws::error::{absent, seen},
    provider::*,
};

pub(super) struct TargetGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 32, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default = "instance")]
    #[schemars(extend("replace" = true, "enum" = ["instance", "ip", "lambda", "alb"]))]
    target_type: String,
    #[schemars(extend("replace" = true), range(min = 1, max = 65_535))]
    port: Option<i32>,
    #[schemars(extend("replace" = true))]
    protocol: Option<CiString>,
    /// HTTP1 for HTTP and HTTPS.
    #[schemars(extend("computed" = true, "replace" = true))]
    protocol_version: Option<CiString>,
    #[schemars(extend("replace" = true))]
    vpc_id: Option<String>,
    #[schemars(extend("computed" = true, "replace" = true, "enum" = ["ipv4", "ipv6"]))]
    ip_address_type: Option<String>,
    #[schemars(extend("replace" = true), range(min = 1, max = 65_535))]
    target_control_port: Option<i32>,
    /// The defaults depend on protocol and target type.
    #[schemars(extend("computed" = true))]
    health_check: Option<HealthCheck>,
    /// On for UDP, off for others.
    #[schemars(extend("computed" = true))]
    connection_termination: Option<bool>,
    #[schemars(range(min = 0, max = 3600))]
    deregistration_delay: Option<i32>,
    lambda_multi_value_headers_enabled: Option<bool>,
    #[schemars(extend("enum" = [
        "round_robin", "least_outstanding_requests", "weighted_random",
    ]))]
    load_balancing_algorithm_type: Option<String>,
    #[schemars(extend("enum" = ["on", "off"]))]
    load_balancing_anomaly_mitigation: Option<String>,
    #[schemars(extend("enum" = ["true", "false", "use_load_balancer_configuration"]))]
    load_balancing_cross_zone_enabled: Option<String>,
    /// Depends on protocol and target type.
    #[schemars(extend("computed" = true))]
    preserve_client_ip: Option<String>,
    proxy_protocol_v2: Option<bool>,
    #[schemars(range(min = 0, max = 900))]
    slow_start: Option<i32>,
    stickiness: Option<Stickiness>,
    target_failovers: Option<Vec<TargetFailover>>,
    target_group_health: Option<TargetGroupHealth>,
    target_health_states: Option<Vec<TargetHealthState>>,
    #[serde(default)]
    tags: Tags,
}

fn instance() -> String {
    "instance".to_owned()
}

#[derive(PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HealthCheck {
    #[serde(default = "yes")]
    enabled: bool,
    #[schemars(extend("computed" = true), range(min = 2, max = 10))]
    healthy_threshold: Option<i32>,
    #[schemars(extend("computed" = true), range(min = 5, max = 300))]
    interval: Option<i32>,
    #[schemars(extend("computed" = true))]
    matcher: Option<String>,
    #[schemars(extend("computed" = true))]
    path: Option<String>,
    #[schemars(extend("computed" = true))]
    port: Option<String>,
    #[schemars(extend("computed" = true))]
    protocol: Option<CiString>,
    #[schemars(extend("computed" = true), range(min = 2, max = 120))]
    timeout: Option<i32>,
    #[schemars(extend("computed" = true), range(min = 2, max = 10))]
    unhealthy_threshold: Option<i32>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stickiness {
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = [
        "lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto",
    ]))]
    kind: String,
    /// A day; only with a cookie.
    #[schemars(extend("computed" = true), range(min = 1, max = 604_800))]
    cookie_duration: Option<i32>,
    #[schemars(extend("computed" = true))]
    cookie_name: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetFailover {
    #[schemars(extend("enum" = ["rebalance", "no_rebalance"]))]
    on_deregistration: String,
    #[schemars(extend("enum" = ["rebalance", "no_rebalance"]))]
    on_unhealthy: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetGroupHealth {
    #[schemars(extend("computed" = true))]
    dns_failover: Option<DnsFailover>,
    #[schemars(extend("computed" = true))]
    unhealthy_state_routing: Option<UnhealthyStateRouting>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DnsFailover {
    /// A number, or `off`.
    #[schemars(extend("computed" = true))]
    minimum_healthy_targets_count: Option<String>,
    #[schemars(extend("computed" = true))]
    minimum_healthy_targets_percentage: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UnhealthyStateRouting {
    #[schemars(extend("computed" = true), range(min = 1))]
    minimum_healthy_targets_count: Option<i32>,
    #[schemars(extend("computed" = true))]
    minimum_healthy_targets_percentage: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TargetHealthState {
    enable_unhealthy_connection_termination: bool,
    #[schemars(extend("computed" = true), range(min = 0, max = 360_000))]
    unhealthy_draining_interval: Option<i32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    arn_suffix: String,
    #[schemars(extend("volatile" = true))]
    load_balancer_arns: Set<String>,
}

impl Resource for TargetGroup {
    const TYPE: &'static str = "aws:lb/targetGroup:TargetGroup";
    const ALIASES: &'static [&'static str] =
        &["aws:alb/targetGroup:TargetGroup", "aws:elasticloadbalancingv2/targetGroup:TargetGroup"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !plain_name(&new.name) || new.name.contains("--") {
            let rule =
                "has 1 to 32 letters, digits and single hyphens, with no hyphen at either end";
            return Err(Error::invalid("name", rule));
        }
        let lambda = new.target_type == "lambda";
        for (property, set) in [
            ("port", new.port.is_some()),
            ("protocol", new.protocol.is_some()),
            ("vpcId", new.vpc_id.is_some()),
        ] {
            if set == lambda {
                let rule = if lambda {
                    "is not for target groups of type `lambda`"
                } else {
                    "is needed, save for target groups of type `lambda`"
                };
                return Err(Error::invalid(property, rule));
            }
        }
        if lambda && new.deregistration_delay.is_some() {
            let rule = "is not for target groups of type `lambda`";
            return Err(Error::invalid("deregistrationDelay", rule));
        }
        if let Some(HealthCheck { interval: Some(interval), timeout: Some(timeout), .. }) =
            new.health_check
            && timeout > interval
        {
            let rule = format!("is longer than the interval of {interval} s");
            return Err(Error::invalid("healthCheck.timeout", rule));
        }
        if let Some(it) = &new.stickiness
            && it.enabled
            && (it.kind == "app_cookie") != it.cookie_name.is_some()
        {
            let rule = "is for stickiness of type `app_cookie`, which needs it";
            return Err(Error::invalid("stickiness.cookieName", rule));
        }
        for (property, count) in [
            ("targetFailovers", new.target_failovers.as_ref().map_or(0, Vec::len)),
            ("targetHealthStates", new.target_health_states.as_ref().map_or(0, Vec::len)),
        ] {
            if count > 1 {
                return Err(Error::invalid(property, "has at most one item"));
            }
        }
        Ok(())
    }

    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("tg:{}", new.name))
    }

    /// Creating one that exists with the same settings succeeds: look first,
    /// so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(arn) = by_name(cx, &new.name).await? {
            let ours = made(cx, &arn).await?;
            let taken = Error::not_ours("a target group of this name");
            return if ours { Ok(arn) } else { Err(taken) };
        }
        let upper = |it: &CiString| it.0.to_uppercase();
        let mut call = cx
            .aws
            .lb()
            .create_target_group()
            .name(&new.name)
            .target_type(new.target_type.as_str().into())
            .set_port(new.port)
            .set_protocol(new.protocol.as_ref().map(|it| upper(it).as_str().into()))
            .set_protocol_version(new.protocol_version.as_ref().map(upper))
            .set_vpc_id(new.vpc_id.clone())
            .set_ip_address_type(new.ip_address_type.as_deref().map(Into::into))
            .set_target_control_port(new.target_control_port)
            .set_tags(birth_tags(cx, &new.tags));
        if let Some(it) = &new.health_check {
            let lambda = new.target_type == "lambda";
            call = call
                .health_check_enabled(it.enabled)
                .set_healthy_threshold_count(it.healthy_threshold)
                .set_unhealthy_threshold_count(it.unhealthy_threshold)
                .set_health_check_interval_seconds(it.interval)
                .set_health_check_timeout_seconds(it.timeout)
                .set_health_check_path(it.path.clone())
                .set_health_check_port(it.port.clone())
                .set_health_check_protocol(it.protocol(lambda))
                .set_matcher(it.matcher(grpc(new)));
        }
        let made = call.send().await?.target_groups.unwrap_or_default().into_iter().next();
        made.and_then(|it| it.target_group_arn).ok_or(Error::missing("TargetGroupArn"))
    }

    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        set_attributes(cx, arn, attributes(new)).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[arn.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn read_many(cx: &Cx, arns: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = batched(arns, |arns| async {
            let call = cx.aws.lb().describe_target_groups().set_target_group_arns(Some(arns));
            let reply = absent(call.send().await, MISSING)?;
            Ok(reply.map(|it| it.target_groups.unwrap_or_default()))
        })
        .await?;
        let mut found: HashMap<String, types::TargetGroup> =
            found.into_iter().filter_map(|it| Some((it.target_group_arn.clone()?, it))).collect();
        let there: Vec<String> = found.keys().cloned().collect();
        let mut tags = tags(cx, &there).await?;
        let attributes = there
            .iter()
            .map(|arn| async move { Result::Ok((arn, live_attributes(cx, arn).await?)) });
        let attributes: HashMap<&String, HashMap<String, String>> =
            future::try_join_all(attributes).await?.into_iter().collect();
        let none = HashMap::new();
        let read = |arn: &String| {
            let attributes = attributes.get(arn).unwrap_or(&none);
            let tags = tags.remove(arn).unwrap_or_default();
            found.remove(arn).map(|it| outputs(arn, it, attributes, tags))
        };
        Ok(arns.iter().map(read).collect())
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        if old.health_check != new.health_check
            && let Some(it) = &new.health_check
        {
            let call = cx.aws.lb().modify_target_group().target_group_arn(arn);
            call.health_check_enabled(it.enabled)
                .set_healthy_threshold_count(it.healthy_threshold)
                .set_unhealthy_threshold_count(it.unhealthy_threshold)
                .set_health_check_interval_seconds(it.interval)
                .set_health_check_timeout_seconds(it.timeout)
                .set_health_check_path(it.path.clone())
                .set_health_check_port(it.port.clone())
                .set_health_check_protocol(it.protocol.as_ref().map(sdk_protocol))
                .set_matcher(it.matcher(grpc(new)))
                .send()
                .await?;
        }
        set_attributes(cx, arn, changed(&attributes(old), &attributes(new), DEFAULTS)).await?;
        retag(cx, arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.lb().delete_target_group().target_group_arn(arn);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(arn) = by_name(cx, &inputs.name).await? else { return Ok(None) };
        Ok(made(cx, &arn).await?.then_some(arn))
    }
}

/// What an attribute is when a program no longer says it.
const DEFAULTS: &[(&str, &str)] = &[
    ("deregistration_delay.timeout_seconds", "300"),
    ("lambda.multi_value_headers.enabled", "false"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("proxy_protocol_v2.enabled", "false"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("target_failover.on_deregistration", "no_rebalance"),
    ("target_failover.on_unhealthy", "no_rebalance"),
    (DNS_COUNT, "1"),
    (DNS_PERCENTAGE, "off"),
    (ROUTING_COUNT, "1"),
    (ROUTING_PERCENTAGE, "off"),
    (UNHEALTHY_TERMINATION, "true"),
];

const DNS_COUNT: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
const DNS_PERCENTAGE: &str = "target_group_health.dns_failover.minimum_healthy_targets.percentage";
const ROUTING_COUNT: &str =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
const ROUTING_PERCENTAGE: &str =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage";
const UNHEALTHY_TERMINATION: &str = "target_health_state.unhealthy.connection_termination.enabled";
const UNHEALTHY_DRAINING: &str = "target_health_state.unhealthy.draining_interval_seconds";

/// The properties that only `DescribeTargetGroupAttributes` tells.
const ATTRIBUTE_PROPERTIES: &[&str] = &[
    "connectionTermination",
    "deregistrationDelay",
    "lambdaMultiValueHeadersEnabled",
    "loadBalancingAlgorithmType",
    "loadBalancingAnomalyMitigation",
    "loadBalancingCrossZoneEnabled",
    "preserveClientIp",
    "proxyProtocolV2",
    "slowStart",
    "stickiness",
    "targetFailovers",
    "targetGroupHealth",
    "targetHealthStates",
];

fn attributes(it: &Inputs) -> Attributes {
    let flag = |it: Option<bool>| it.map(|it| it.to_string());
    let number = |it: Option<i32>| it.map(|it| it.to_string());
    let termination = it.connection_termination;
    let stickiness = it.stickiness.as_ref();
    let cookie = |kind: &str| stickiness.filter(|it| it.kind == kind);
    let cookie_duration = |kind: &str| number(cookie(kind).and_then(|it| it.cookie_duration));
    let failover = it.target_failovers.iter().flatten().next();
    let health = it.target_group_health.as_ref();
    let dns = health.and_then(|it| it.dns_failover.as_ref());
    let routing = health.and_then(|it| it.unhealthy_state_routing.as_ref());
    let states = it.target_health_states.iter().flatten().next();
    let given = [
        ("deregistration_delay.connection_termination.enabled", flag(termination)),
        ("deregistration_delay.timeout_seconds", number(it.deregistration_delay)),
        ("lambda.multi_value_headers.enabled", flag(it.lambda_multi_value_headers_enabled)),
        (
            "load_balancing.algorithm.anomaly_mitigation",
            it.load_balancing_anomaly_mitigation.clone(),
        ),
        ("load_balancing.algorithm.type", it.load_balancing_algorithm_type.clone()),
        ("load_balancing.cross_zone.enabled", it.load_balancing_cross_zone_enabled.clone()),
        ("preserve_client_ip.enabled", it.preserve_client_ip.clone()),
        ("proxy_protocol_v2.enabled", flag(it.proxy_protocol_v2)),
        ("slow_start.duration_seconds", number(it.slow_start)),
        ("stickiness.enabled", flag(stickiness.map(|it| it.enabled))),
        ("stickiness.type", stickiness.map(|it| it.kind.clone())),
        ("stickiness.lb_cookie.duration_seconds", cookie_duration("lb_cookie")),
        ("stickiness.app_cookie.duration_seconds", cookie_duration("app_cookie")),
        (
            "stickiness.app_cookie.cookie_name",
            cookie("app_cookie").and_then(|it| it.cookie_name.clone()),
        ),
        ("target_failover.on_deregistration", failover.map(|it| it.on_deregistration.clone())),
        ("target_failover.on_unhealthy", failover.map(|it| it.on_unhealthy.clone())),
        (DNS_COUNT, dns.and_then(|it| it.minimum_healthy_targets_count.clone())),
        (DNS_PERCENTAGE, dns.and_then(|it| it.minimum_healthy_targets_percentage.clone())),
        (ROUTING_COUNT, number(routing.and_then(|it| it.minimum_healthy_targets_count))),
        (ROUTING_PERCENTAGE, routing.and_then(|it| it.minimum_healthy_targets_percentage.clone())),
        (UNHEALTHY_TERMINATION, flag(states.map(|it| it.enable_unhealthy_connection_termination))),
        (UNHEALTHY_DRAINING, number(states.and_then(|it| it.unhealthy_draining_interval))),
    ];
    given.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

async fn set_attributes(cx: &Cx, arn: &str, mut attributes: Attributes) -> Result<()> {
    // A target group cannot be told of draining and of termination at once.
    if attributes.get(UNHEALTHY_TERMINATION).is_some_and(|it| it == "true") {
        attributes.remove(UNHEALTHY_DRAINING);
    }
    if attributes.is_empty() {
        return Ok(());
    }
    let attributes = attributes
        .into_iter()
        .map(|(key, value)| types::TargetGroupAttribute::builder().key(key).value(value).build());
    let call = cx.aws.lb().modify_target_group_attributes().target_group_arn(arn);
    call.set_attributes(Some(attributes.collect())).send().await?;
    Ok(())
}

fn grpc(new: &Inputs) -> bool {
    new.protocol_version.as_ref().is_some_and(|it| it.0.eq_ignore_ascii_case("grpc"))
}

fn sdk_protocol(it: &CiString) -> types::ProtocolEnum {
    it.0.to_uppercase().as_str().into()
}

impl HealthCheck {
    /// A new health check is over HTTP when the program does not say, whatever
    /// the target group's own protocol: as it is in Pulumi.
    fn protocol(&self, lambda: bool) -> Option<types::ProtocolEnum> {
        let given = self.protocol.as_ref().map(sdk_protocol);
        given.or_else(|| (!lambda).then_some(types::ProtocolEnum::Http))
    }

    fn matcher(&self, grpc: bool) -> Option<types::Matcher> {
        let codes = self.matcher.as_ref().filter(|it| !it.is_empty())?;
        let matcher = types::Matcher::builder();
        let matcher = if grpc { matcher.grpc_code(codes) } else { matcher.http_code(codes) };
        Some(matcher.build())
    }
}

pub(super) async fn by_name(cx: &Cx, name: &str) -> Result<Option<String>> {
    let reply = cx.aws.lb().describe_target_groups().names(name).send().await;
    let found = absent(reply, MISSING)?.and_then(|it| it.target_groups).unwrap_or_default();
    let named = |it: &types::TargetGroup| it.target_group_name() == Some(name);
    Ok(found.into_iter().find(named).and_then(|it| it.target_group_arn))
}

async fn live_attributes(cx: &Cx, arn: &str) -> Result<HashMap<String, String>> {
    if !ATTRIBUTE_PROPERTIES.iter().any(|it| cx.asks(it)) {
        return Ok(HashMap::new());
    }
    let call = cx.aws.lb().describe_target_group_attributes().target_group_arn(arn);
    let reply = seen(call.send().await, MISSING, "the target group")?;
    let all = reply.attributes.unwrap_or_default().into_iter();
    Ok(all.filter_map(|it| Some((it.key?, it.value?))).filter(|it| !it.1.is_empty()).collect())
}

fn outputs(
    arn: &str,
    live: types::TargetGroup,
    attributes: &HashMap<String, String>,
    tags: Tags,
) -> Outputs {
    let text = |key: &str| attributes.get(key).cloned();
    let flag = |key: &str| attributes.get(key).map(|it| it == "true");
    let number = |key: &str| -> Option<i32> { attributes.get(key)?.parse().ok() };
    let stickiness = text("stickiness.type").map(|kind| Stickiness {
        enabled: flag("stickiness.enabled").unwrap_or_default(),
        cookie_duration: number(&format!("stickiness.{kind}.duration_seconds")),
        cookie_name: text("stickiness.app_cookie.cookie_name").filter(|_| kind == "app_cookie"),
        kind,
    });
    let failover = text("target_failover.on_deregistration").map(|on_deregistration| {
        let on_unhealthy = text("target_failover.on_unhealthy").unwrap_or_default();
        vec![TargetFailover { on_deregistration, on_unhealthy }]
    });
    let dns = text(DNS_COUNT).or_else(|| text(DNS_PERCENTAGE)).map(|_| DnsFailover {
        minimum_healthy_targets_count: text(DNS_COUNT),
        minimum_healthy_targets_percentage: text(DNS_PERCENTAGE),
    });
    let routing =
        text(ROUTING_COUNT).or_else(|| text(ROUTING_PERCENTAGE)).map(|_| UnhealthyStateRouting {
            minimum_healthy_targets_count: number(ROUTING_COUNT),
            minimum_healthy_targets_percentage: text(ROUTING_PERCENTAGE),
        });
    let health = (dns.is_some() || routing.is_some())
        .then_some(TargetGroupHealth { dns_failover: dns, unhealthy_state_routing: routing });
    let states = flag(UNHEALTHY_TERMINATION).map(|enable_unhealthy_connection_termination| {
        let unhealthy_draining_interval = number(UNHEALTHY_DRAINING);
        vec![TargetHealthState {
            enable_unhealthy_connection_termination,
            unhealthy_draining_interval,
        }]
    });
    let health_check = HealthCheck {
        enabled: live.health_check_enabled.unwrap_or_default(),
        healthy_threshold: live.healthy_threshold_count,
        interval: live.health_check_interval_seconds,
        matcher: live.matcher.and_then(|it| it.http_code.or(it.grpc_code)),
        path: live.health_check_path,
        port: live.health_check_port,
        protocol: live.health_check_protocol.map(|it| CiString(it.as_str().to_owned())),
        timeout: live.health_check_timeout_seconds,
        unhealthy_threshold: live.unhealthy_threshold_count,
    };
    let lambda = live.target_type == Some(types::TargetTypeEnum::Lambda);
    let inputs = Inputs {
        name: live.target_group_name.unwrap_or_default(),
        name_prefix: None,
        target_type: live.target_type.map_or_else(instance, |it| it.as_str().to_owned()),
        port: live.port.filter(|_| !lambda),
        protocol: live.protocol.map(|it| CiString(it.as_str().to_owned())),
        protocol_version: live.protocol_version.map(CiString),
        vpc_id: live.vpc_id,
        ip_address_type: live.ip_address_type.map(|it| it.as_str().to_owned()),
        target_control_port: live.target_control_port,
        health_check: Some(health_check),
        connection_termination: flag("deregistration_delay.connection_termination.enabled"),
        deregistration_delay: number("deregistration_delay.timeout_seconds"),
        lambda_multi_value_headers_enabled: flag("lambda.multi_value_headers.enabled"),
        load_balancing_algorithm_type: text("load_balancing.algorithm.type"),
        load_balancing_anomaly_mitigation: text("load_balancing.algorithm.anomaly_mitigation"),
        load_balancing_cross_zone_enabled: text("load_balancing.cross_zone.enabled"),
        preserve_client_ip: text("preserve_client_ip.enabled"),
        proxy_protocol_v2: flag("proxy_protocol_v2.enabled"),
        slow_start: number("slow_start.duration_seconds"),
        stickiness,
        target_failovers: failover,
        target_group_health: health,
        target_health_states: states,
        tags,
    };
    Outputs {
        inputs,
        arn: arn.to_owned(),
        arn_suffix: suffix(arn),
        load_balancer_arns: Set(live.load_balancer_arns.unwrap_or_default()),
    }
}
