//! `aws:route53/healthCheck:HealthCheck`. The id is the check's uuid.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use aws_sdk_route53::types::{self as sdk, ResettableElementName as Element, TagResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, built, tag, tags};
use crate::{aws::error::absent, provider::*};

pub(super) struct HealthCheck;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true, "enum" = [
        "HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP", "CALCULATED",
        "CLOUDWATCH_METRIC", "RECOVERY_CONTROL",
    ]))]
    r#type: String,
    /// How many of its children must be healthy.
    #[schemars(range(max = 256))]
    child_health_threshold: Option<i32>,
    child_healthchecks: Option<Set<String>>,
    cloudwatch_alarm_name: Option<String>,
    cloudwatch_alarm_region: Option<String>,
    /// Counts as healthy while it is.
    #[serde(default)]
    disabled: bool,
    #[schemars(extend("computed" = true))]
    enable_sni: Option<bool>,
    #[schemars(range(min = 1, max = 10), extend("computed" = true))]
    failure_threshold: Option<i32>,
    fqdn: Option<String>,
    #[schemars(extend("enum" = ["Healthy", "Unhealthy", "LastKnownStatus"]))]
    insufficient_data_health_status: Option<String>,
    #[serde(default)]
    invert_healthcheck: bool,
    ip_address: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    measure_latency: bool,
    #[schemars(extend("computed" = true))]
    port: Option<i32>,
    /// Part of what AWS knows the request by.
    #[schemars(length(max = 27), extend("replace" = true, "writeOnly" = true))]
    reference_name: Option<String>,
    /// Where from it is checked; three at least.
    regions: Option<Set<String>>,
    /// Seconds, 10 or 30.
    #[schemars(extend("replace" = true, "computed" = true))]
    request_interval: Option<i32>,
    resource_path: Option<String>,
    #[schemars(extend("replace" = true))]
    routing_control_arn: Option<String>,
    search_string: Option<String>,
    /// With a change of these the alarm is read again.
    #[schemars(extend("writeOnly" = true))]
    triggers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for HealthCheck {
    const TYPE: &'static str = "aws:route53/healthCheck:HealthCheck";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let of = |kinds: &[&str]| kinds.contains(&new.r#type.as_str());
        let needs = [
            (
                "searchString",
                new.search_string.is_some(),
                of(&["HTTP_STR_MATCH", "HTTPS_STR_MATCH"]),
            ),
            ("childHealthchecks", new.child_healthchecks.is_some(), of(&["CALCULATED"])),
            (
                "cloudwatchAlarmName",
                new.cloudwatch_alarm_name.is_some(),
                of(&["CLOUDWATCH_METRIC"]),
            ),
            (
                "cloudwatchAlarmRegion",
                new.cloudwatch_alarm_region.is_some(),
                of(&["CLOUDWATCH_METRIC"]),
            ),
            ("routingControlArn", new.routing_control_arn.is_some(), of(&["RECOVERY_CONTROL"])),
        ];
        for (property, set, needed) in needs {
            if set != needed {
                let rule = if needed { "is needed by" } else { "is not for" };
                let rule = format!("{rule} checks of the type {}", new.r#type);
                return Err(Error::invalid(property, rule));
            }
        }
        let probes = !of(&["CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"]);
        if probes && new.fqdn.is_none() && new.ip_address.is_none() {
            return Err(Error::invalid("fqdn", "or `ipAddress` is needed"));
        }
        if new.regions.as_ref().is_some_and(|it| it.0.len() < 3) {
            return Err(Error::invalid("regions", "has three at least"));
        }
        if new.request_interval.is_some_and(|it| it != 10 && it != 30) {
            return Err(Error::invalid("requestInterval", "is 10 or 30"));
        }
        Ok(())
    }

    /// The reference can never be used again, and says whose check it is.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.route53().create_health_check();
        let call = call.caller_reference(reference(cx, new)).health_check_config(config(new)?);
        Ok(call.send().await?.health_check.ok_or(Error::missing("HealthCheck"))?.id)
    }

    /// A check is born without tags.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        tag(cx, TagResourceType::Healthcheck, id, cx.birth_tags(&new.tags), Vec::new()).await
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, id).await?.map(|_| ())) };
        cx.wait("the health check to be visible", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let ids = [id.to_owned()];
        let tags = tags(cx, TagResourceType::Healthcheck, &ids).await?.remove(id);
        outputs(cx, live, tags.unwrap_or_default()).map(Some)
    }

    /// All of the account's, a thousand at a time, once there are several.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let all = listed(cx).await?.into_iter().map(|it| (it.id.clone(), it));
        let mut found: HashMap<String, sdk::HealthCheck> = all.collect();
        let there: Vec<String> = ids.iter().filter(|id| found.contains_key(*id)).cloned().collect();
        let mut tags = tags(cx, TagResourceType::Healthcheck, &there).await?;
        let told = |id: &String| {
            let live = found.remove(id)?;
            Some(outputs(cx, live, tags.remove(id).unwrap_or_default()))
        };
        ids.iter().map(told).map(Option::transpose).collect()
    }

    /// What is left out stays as it is, save for what can be reset.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (before, wanted) = (config(old)?, config(new)?);
        if before != wanted || old.triggers != new.triggers {
            let live = live(cx, id).await?.ok_or(Error::unseen("the health check"))?;
            let dropped = [
                (
                    Element::ChildHealthChecks,
                    old.child_healthchecks.is_some(),
                    new.child_healthchecks.is_some(),
                ),
                (Element::FullyQualifiedDomainName, old.fqdn.is_some(), new.fqdn.is_some()),
                (Element::Regions, old.regions.is_some(), new.regions.is_some()),
                (Element::ResourcePath, old.resource_path.is_some(), new.resource_path.is_some()),
            ];
            let dropped = dropped.into_iter().filter(|(_, had, has)| *had && !has);
            let dropped: Vec<Element> = dropped.map(|(element, ..)| element).collect();
            // With other triggers the alarm is read again, though it is the same.
            let alarm = match old.triggers == new.triggers {
                true => changed(before.alarm_identifier, wanted.alarm_identifier),
                false => wanted.alarm_identifier,
            };
            let call = cx.aws.route53().update_health_check().health_check_id(id);
            call.health_check_version(live.health_check_version)
                .set_ip_address(changed(before.ip_address, wanted.ip_address))
                .set_port(changed(before.port, wanted.port))
                .set_resource_path(changed(before.resource_path, wanted.resource_path))
                .set_fully_qualified_domain_name(changed(
                    before.fully_qualified_domain_name,
                    wanted.fully_qualified_domain_name,
                ))
                .set_search_string(changed(before.search_string, wanted.search_string))
                .set_failure_threshold(changed(before.failure_threshold, wanted.failure_threshold))
                .set_inverted(changed(before.inverted, wanted.inverted))
                .set_disabled(changed(before.disabled, wanted.disabled))
                .set_health_threshold(changed(before.health_threshold, wanted.health_threshold))
                .set_child_health_checks(changed(
                    before.child_health_checks,
                    wanted.child_health_checks,
                ))
                .set_enable_sni(changed(before.enable_sni, wanted.enable_sni))
                .set_regions(changed(before.regions, wanted.regions))
                .set_alarm_identifier(alarm)
                .set_insufficient_data_health_status(changed(
                    before.insufficient_data_health_status,
                    wanted.insufficient_data_health_status,
                ))
                .set_reset_elements((!dropped.is_empty()).then_some(dropped))
                .send()
                .await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        tag(cx, TagResourceType::Healthcheck, id, set, removed).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.route53().delete_health_check().health_check_id(id).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let ours = reference(cx, inputs);
        let found = listed(cx).await?.into_iter().find(|it| it.caller_reference == ours);
        Ok(found.map(|it| it.id))
    }
}

/// What to send: nothing that stays, since not every type takes everything.
fn changed<T: PartialEq>(old: Option<T>, new: Option<T>) -> Option<T> {
    if old == new { None } else { new }
}

/// At most 64 characters.
fn reference(cx: &Cx, inputs: &Inputs) -> String {
    match &inputs.reference_name {
        Some(name) => format!("{name}-{}", cx.op),
        None => cx.op.clone(),
    }
}

fn config(inputs: &Inputs) -> Result<sdk::HealthCheckConfig> {
    let alarm = match (&inputs.cloudwatch_alarm_name, &inputs.cloudwatch_alarm_region) {
        (Some(name), Some(region)) => {
            let alarm = sdk::AlarmIdentifier::builder().name(name).region(region.as_str().into());
            Some(built(alarm.build())?)
        }
        _ => None,
    };
    let regions = inputs.regions.as_ref();
    let regions = regions.map(|it| it.0.iter().map(|it| it.as_str().into()).collect());
    let data = inputs.insufficient_data_health_status.as_deref();
    let builder = sdk::HealthCheckConfig::builder()
        .r#type(inputs.r#type.as_str().into())
        .set_ip_address(inputs.ip_address.clone())
        .set_port(inputs.port)
        .set_resource_path(inputs.resource_path.clone())
        .set_fully_qualified_domain_name(inputs.fqdn.clone())
        .set_search_string(inputs.search_string.clone())
        .set_request_interval(inputs.request_interval)
        .set_failure_threshold(inputs.failure_threshold)
        .set_measure_latency(inputs.measure_latency.then_some(true))
        .inverted(inputs.invert_healthcheck)
        .disabled(inputs.disabled)
        .set_health_threshold(inputs.child_health_threshold)
        .set_child_health_checks(inputs.child_healthchecks.as_ref().map(|it| it.0.clone()))
        .set_enable_sni(inputs.enable_sni)
        .set_regions(regions)
        .set_alarm_identifier(alarm)
        .set_insufficient_data_health_status(data.map(Into::into))
        .set_routing_control_arn(inputs.routing_control_arn.clone());
    built(builder.build())
}

async fn live(cx: &Cx, id: &str) -> Result<Option<sdk::HealthCheck>> {
    let reply = cx.aws.route53().get_health_check().health_check_id(id).send().await;
    Ok(absent(reply, MISSING)?.and_then(|it| it.health_check))
}

async fn listed(cx: &Cx) -> Result<Vec<sdk::HealthCheck>> {
    let pages = cx.aws.route53().list_health_checks().into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

fn outputs(cx: &Cx, live: sdk::HealthCheck, tags: Tags) -> Result<Outputs> {
    let config = live.health_check_config.ok_or(Error::missing("HealthCheckConfig"))?;
    let alarm = config.alarm_identifier;
    let regions = config.regions.filter(|it| !it.is_empty());
    let children = config.child_health_checks.filter(|it| !it.is_empty());
    let inputs = Inputs {
        r#type: config.r#type.as_str().to_owned(),
        child_health_threshold: config.health_threshold,
        child_healthchecks: children.map(Set),
        cloudwatch_alarm_name: alarm.as_ref().map(|it| it.name.clone()),
        cloudwatch_alarm_region: alarm.map(|it| it.region.as_str().to_owned()),
        disabled: config.disabled.unwrap_or_default(),
        enable_sni: config.enable_sni,
        failure_threshold: config.failure_threshold,
        fqdn: config.fully_qualified_domain_name,
        insufficient_data_health_status: config
            .insufficient_data_health_status
            .map(|it| it.as_str().to_owned()),
        invert_healthcheck: config.inverted.unwrap_or_default(),
        ip_address: config.ip_address,
        measure_latency: config.measure_latency.unwrap_or_default(),
        port: config.port,
        reference_name: None,
        regions: regions.map(|it| it.iter().map(|it| it.as_str()).collect()),
        request_interval: config.request_interval,
        resource_path: config.resource_path,
        routing_control_arn: config.routing_control_arn,
        search_string: config.search_string,
        triggers: None,
        tags,
    };
    let arn = format!("arn:{}:route53:::healthcheck/{}", cx.place.partition, live.id);
    Ok(Outputs { inputs, arn })
}
