//! `aws:autoscaling/group:Group`. The id is the group's name.

use std::time::Duration;

use aws_sdk_autoscaling::types::{AutoScalingGroup as Live, LifecycleState, Tag, WarmPoolStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    group_blocks::{
        CapacityReservation, LifecycleHook, LifecyclePolicy, MaintenancePolicy, MixedInstances,
        RefreshPreferences, TemplateOfGroup, TrafficSource, WarmPool, ZoneDistribution,
    },
    group_update::{change, complete},
};
use crate::{
    aws::{
        error::absent,
        mirror::{Live as Mirrored, Sent},
    },
    provider::*,
};

pub(super) struct Group;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    pub(super) name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) availability_zone_distribution: Option<ZoneDistribution>,
    #[schemars(extend("computed" = true))]
    pub(super) availability_zones: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    pub(super) capacity_rebalance: Option<bool>,
    #[schemars(extend("computed" = true))]
    pub(super) capacity_reservation_specification: Option<CapacityReservation>,
    pub(super) context: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) default_cooldown: Option<i32>,
    pub(super) default_instance_warmup: Option<i32>,
    /// A scaling policy may choose it.
    #[schemars(extend("computed" = true))]
    pub(super) desired_capacity: Option<i32>,
    #[schemars(extend("computed" = true))]
    pub(super) desired_capacity_type: Option<String>,
    #[serde(default)]
    pub(super) enabled_metrics: Set<String>,
    /// Whether a delete takes instances along without waiting for them.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    pub(super) force_delete: bool,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    pub(super) force_delete_warm_pool: bool,
    #[serde(default = "int::<300>")]
    pub(super) health_check_grace_period: i32,
    #[schemars(extend("computed" = true))]
    pub(super) health_check_type: Option<String>,
    /// There before the first instance is.
    #[schemars(extend("writeOnly" = true))]
    pub(super) initial_lifecycle_hooks: Option<Set<LifecycleHook>>,
    #[schemars(extend("computed" = true))]
    pub(super) instance_lifecycle_policy: Option<LifecyclePolicy>,
    pub(super) instance_maintenance_policy: Option<MaintenancePolicy>,
    /// Replaces the instances when what they are launched from changes.
    #[schemars(extend("writeOnly" = true))]
    pub(super) instance_refresh: Option<Refresh>,
    pub(super) launch_configuration: Option<String>,
    pub(super) launch_template: Option<TemplateOfGroup>,
    #[schemars(extend("computed" = true))]
    pub(super) load_balancers: Option<Set<String>>,
    /// In seconds; 0 is for ever.
    #[schemars(extend("computed" = true))]
    pub(super) max_instance_lifetime: Option<i32>,
    pub(super) max_size: i32,
    #[serde(default = "minute")]
    #[schemars(extend("enum" = ["1Minute"]))]
    pub(super) metrics_granularity: String,
    pub(super) min_size: i32,
    pub(super) mixed_instances_policy: Option<MixedInstances>,
    pub(super) placement_group: Option<String>,
    #[serde(default)]
    pub(super) protect_from_scale_in: bool,
    #[schemars(extend("computed" = true))]
    pub(super) service_linked_role_arn: Option<String>,
    #[serde(default)]
    pub(super) suspended_processes: Set<String>,
    #[serde(default)]
    pub(super) tags: Set<TagOfGroup>,
    #[schemars(extend("computed" = true))]
    pub(super) target_group_arns: Option<Set<String>>,
    #[schemars(extend("computed" = true))]
    pub(super) termination_policies: Option<Vec<String>>,
    #[schemars(extend("computed" = true))]
    pub(super) traffic_sources: Option<Set<TrafficSource>>,
    /// The ids of subnets.
    #[schemars(extend("computed" = true))]
    pub(super) vpc_zone_identifiers: Option<Set<String>>,
    /// `0` does not wait.
    #[serde(default = "ten_minutes")]
    #[schemars(extend("writeOnly" = true))]
    wait_for_capacity_timeout: String,
    pub(super) warm_pool: Option<WarmPool>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TagOfGroup {
    pub(super) key: String,
    /// Whether the instances have it, too.
    pub(super) propagate_at_launch: bool,
    pub(super) value: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    pub(super) preferences: Option<RefreshPreferences>,
    pub(super) strategy: String,
    /// Further properties whose change replaces the instances.
    #[serde(default)]
    pub(super) triggers: Set<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    predicted_capacity: Option<i32>,
    #[schemars(extend("volatile" = true))]
    warm_pool_size: Option<i32>,
}

fn minute() -> String {
    "1Minute".to_owned()
}

fn ten_minutes() -> String {
    "10m".to_owned()
}

const ELB: &str = "instances are waited for until they are in service; whether a load balancer \
                   finds them healthy decides that with `healthCheckType: ELB`";

impl Resource for Group {
    const TYPE: &'static str = "aws:autoscaling/group:Group";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        (
            "ignoreFailedScalingActivities",
            "none is taken for the end: AWS launches again until the time to wait is over",
        ),
        ("minElbCapacity", ELB),
        ("waitForElbCapacity", ELB),
    ];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let sources = [
            new.launch_configuration.is_some(),
            new.launch_template.is_some(),
            new.mixed_instances_policy.is_some(),
        ];
        if sources.iter().filter(|it| **it).count() != 1 {
            let rule = "exactly one of `launchTemplate`, `launchConfiguration` and \
                        `mixedInstancesPolicy` says what is launched";
            return Err(Error::invalid("launchTemplate", rule));
        }
        if new.min_size > new.max_size {
            return Err(Error::invalid("minSize", "is not above `maxSize`"));
        }
        if new.desired_capacity.is_some_and(|it| it < new.min_size || it > new.max_size) {
            return Err(Error::invalid("desiredCapacity", "is from `minSize` to `maxSize`"));
        }
        if new.availability_zones.is_some() && new.vpc_zone_identifiers.is_some() {
            return Err(Error::invalid("availabilityZones", "excludes `vpcZoneIdentifiers`"));
        }
        let unclear = || Error::invalid("waitForCapacityTimeout", "is a time like `10m`, or `0`");
        duration(&new.wait_for_capacity_timeout).map(drop).ok_or_else(unclear)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(super::serial(&inputs.name))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let list = |it: &Option<Set<String>>| it.as_ref().map(|it| it.0.clone());
        let sources = new.traffic_sources.as_ref().map(Sent::sent);
        let hooks = new.initial_lifecycle_hooks.as_ref().map(Sent::sent);
        let call = cx.aws.autoscaling().create_auto_scaling_group();
        call.auto_scaling_group_name(&new.name)
            .set_availability_zone_distribution(sent(new.availability_zone_distribution.as_ref()))
            .set_availability_zones(list(&new.availability_zones))
            .set_capacity_rebalance(new.capacity_rebalance)
            .set_capacity_reservation_specification(sent(
                new.capacity_reservation_specification.as_ref(),
            ))
            .set_context(new.context.clone())
            .set_default_cooldown(new.default_cooldown)
            .set_default_instance_warmup(new.default_instance_warmup)
            .set_desired_capacity(new.desired_capacity)
            .set_desired_capacity_type(new.desired_capacity_type.clone())
            .health_check_grace_period(new.health_check_grace_period)
            .set_health_check_type(new.health_check_type.clone())
            .set_instance_lifecycle_policy(sent(new.instance_lifecycle_policy.as_ref()))
            .set_instance_maintenance_policy(sent(new.instance_maintenance_policy.as_ref()))
            .set_launch_configuration_name(new.launch_configuration.clone())
            .set_launch_template(sent(new.launch_template.as_ref()))
            .set_lifecycle_hook_specification_list(hooks)
            .set_load_balancer_names(list(&new.load_balancers))
            .set_max_instance_lifetime(new.max_instance_lifetime)
            .max_size(new.max_size)
            .min_size(new.min_size)
            .set_mixed_instances_policy(sent(new.mixed_instances_policy.as_ref()))
            .set_placement_group(new.placement_group.clone())
            .new_instances_protected_from_scale_in(new.protect_from_scale_in)
            .set_service_linked_role_arn(new.service_linked_role_arn.clone())
            .set_tags(Some(born(cx, new)))
            .set_target_group_arns(list(&new.target_group_arns))
            .set_termination_policies(new.termination_policies.clone())
            .set_traffic_sources(sources)
            .set_vpc_zone_identifier(new.subnets())
            .send()
            .await?;
        Ok(new.name.clone())
    }

    async fn finish(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        complete(cx, name, None, new).await
    }

    async fn ready(cx: &Cx, name: &str, new: &Inputs) -> Result<()> {
        let Some(limit) = duration(&new.wait_for_capacity_timeout).filter(|it| !it.is_zero())
        else {
            return Ok(());
        };
        let look = || async {
            let Some(live) = one(cx, name).await? else { return Ok(None) };
            let wanted = live.desired_capacity.unwrap_or_default();
            Ok((in_service(&live) >= wanted).then_some(()))
        };
        cx.wait("the instances to be in service", limit, look).await
    }

    async fn read(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[name.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, names: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::new();
        // A call takes this many names.
        for names in names.chunks(50) {
            for live in describe(cx, names).await?.into_iter().filter(|it| !is_leaving(it)) {
                found.push(outputs(live)?);
            }
        }
        let mut take = |name: &String| {
            let at = found.iter().position(|it| it.inputs.name == *name)?;
            Some(found.swap_remove(at))
        };
        Ok(names.iter().map(&mut take).collect())
    }

    async fn update(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        change(cx, name, old, new).await
    }

    /// Without force, the instances go first, as gently as they may.
    async fn delete(cx: &Cx, name: &str, last: &Inputs) -> Result<()> {
        let Some(live) = one(cx, name).await? else { return Ok(()) };
        if is_leaving(&live) {
            return Ok(());
        }
        let client = cx.aws.autoscaling();
        let pool = live.warm_pool_configuration;
        if pool.is_some_and(|it| it.status != Some(WarmPoolStatus::PendingDelete)) {
            let force = last.force_delete_warm_pool || last.force_delete;
            let call = client.delete_warm_pool().auto_scaling_group_name(name);
            absent(call.force_delete(force).send().await, &["ValidationError"])?;
            let look = || async {
                let live = one(cx, name).await?;
                Ok(live.is_none_or(|it| it.warm_pool_configuration.is_none()).then_some(()))
            };
            cx.wait("the warm pool to be gone", LEAVES, look).await?;
        }
        if !last.force_delete {
            let call = client.update_auto_scaling_group().auto_scaling_group_name(name);
            call.min_size(0).max_size(0).desired_capacity(0).send().await?;
            let look = || async {
                let live = one(cx, name).await?;
                Ok(live.is_none_or(|it| it.instances().is_empty()).then_some(()))
            };
            cx.wait("its instances to be gone", LEAVES, look).await?;
        }
        let call = client.delete_auto_scaling_group().auto_scaling_group_name(name);
        let reply = call.force_delete(last.force_delete).send().await.map_err(Error::from);
        match reply {
            Err(error) if is_gone(&error) => Ok(()),
            reply => reply.map(drop),
        }
    }

    async fn gone(cx: &Cx, name: &str) -> Result<()> {
        let look = || async { Ok(one(cx, name).await?.is_none().then_some(())) };
        cx.wait("the group to be gone", LEAVES, look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = one(cx, &inputs.name).await?;
        let made = |it: &Live| {
            let tags = it.tags().iter();
            cx.made(tags.filter_map(|it| Some((it.key()?, it.value()?))))
        };
        Ok(live.filter(|it| made(it) && !is_leaving(it)).map(|_| inputs.name.clone()))
    }
}

/// As long as HashiCorp's provider waits for the last instance.
const LEAVES: Duration = Duration::from_secs(1200);

/// AWS has one code for everything that is wrong with a request.
fn is_gone(error: &Error) -> bool {
    error.is(&["ValidationError"]) && error.message.contains("not found")
}

impl Inputs {
    pub(super) fn subnets(&self) -> Option<String> {
        self.vpc_zone_identifiers.as_ref().map(|it| it.0.join(","))
    }
}

pub(super) fn sent<T, U: Sent<T>>(block: Option<&U>) -> Option<T> {
    block.map(Sent::sent)
}

/// `10m`, `1h30m`, `90s`, `0`
fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut seconds = 0;
    let mut digits = String::new();
    for it in text.chars() {
        let unit = match it {
            '0'..='9' => {
                digits.push(it);
                continue;
            }
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds += digits.parse::<u64>().ok()?.checked_mul(unit)?;
        digits.clear();
    }
    (digits.is_empty() && !text.is_empty()).then(|| Duration::from_secs(seconds))
}

fn born(cx: &Cx, new: &Inputs) -> Vec<Tag> {
    let own = cx.birth_tags(&Tags::default()).into_iter();
    let own = own.map(|(key, value)| TagOfGroup { key, propagate_at_launch: false, value });
    new.tags.0.iter().cloned().chain(own).map(|it| it.sent(&new.name)).collect()
}

impl TagOfGroup {
    pub(super) fn sent(&self, group: &str) -> Tag {
        Tag::builder()
            .resource_id(group)
            .resource_type("auto-scaling-group")
            .key(&self.key)
            .value(&self.value)
            .propagate_at_launch(self.propagate_at_launch)
            .build()
    }
}

async fn describe(cx: &Cx, names: &[String]) -> Result<Vec<Live>> {
    let call = cx.aws.autoscaling().describe_auto_scaling_groups();
    let pages = call.set_auto_scaling_group_names(Some(names.to_vec())).into_paginator();
    Ok(pages.items().send().try_collect().await?)
}

pub(super) async fn one(cx: &Cx, name: &str) -> Result<Option<Live>> {
    Ok(describe(cx, &[name.to_owned()]).await?.pop())
}

/// While it is deleted, it says so.
fn is_leaving(live: &Live) -> bool {
    live.status().is_some_and(|it| it.starts_with("Delete"))
}

/// In units of capacity: an instance may count for several.
fn in_service(live: &Live) -> i32 {
    let there = live.instances().iter().filter(|it| {
        it.lifecycle_state() == Some(&LifecycleState::InService)
            && it.health_status() == Some("Healthy")
    });
    there.map(|it| it.weighted_capacity().and_then(|it| it.parse().ok()).unwrap_or(1)).sum()
}

fn outputs(live: Live) -> Result<Outputs> {
    let arn = live.auto_scaling_group_arn.ok_or(Error::missing("AutoScalingGroupARN"))?;
    let text = |it: Option<String>| it.filter(|it| !it.is_empty());
    let subnets = text(live.vpc_zone_identifier);
    let subnets = subnets.map(|it| it.split(',').map(|it| it.trim().to_owned()).collect());
    let tags = live.tags.unwrap_or_default().into_iter().filter_map(|it| {
        let key = it.key.filter(|it| !it.starts_with("aws:") && !it.starts_with("orderinfra:"))?;
        let value = it.value.unwrap_or_default();
        Some(TagOfGroup { key, value, propagate_at_launch: it.propagate_at_launch? })
    });
    let metrics = live.enabled_metrics.unwrap_or_default();
    let granularity = metrics.first().and_then(|it| it.granularity.clone());
    let pool = live.warm_pool_configuration;
    let pool = pool.filter(|it| it.status != Some(WarmPoolStatus::PendingDelete));
    let processes = live.suspended_processes.unwrap_or_default().into_iter();
    let inputs = Inputs {
        name: live.auto_scaling_group_name.ok_or(Error::missing("AutoScalingGroupName"))?,
        name_prefix: None,
        availability_zone_distribution: live.availability_zone_distribution.map(Mirrored::live),
        availability_zones: live.availability_zones.map(Set),
        capacity_rebalance: live.capacity_rebalance,
        capacity_reservation_specification: live
            .capacity_reservation_specification
            .map(Mirrored::live),
        context: text(live.context),
        default_cooldown: live.default_cooldown,
        default_instance_warmup: live.default_instance_warmup,
        desired_capacity: live.desired_capacity,
        desired_capacity_type: text(live.desired_capacity_type),
        enabled_metrics: metrics.into_iter().filter_map(|it| it.metric).collect(),
        force_delete: false,
        force_delete_warm_pool: false,
        health_check_grace_period: live.health_check_grace_period.unwrap_or_default(),
        health_check_type: text(live.health_check_type),
        initial_lifecycle_hooks: None,
        instance_lifecycle_policy: live.instance_lifecycle_policy.map(Mirrored::live),
        instance_maintenance_policy: live.instance_maintenance_policy.map(Mirrored::live),
        instance_refresh: None,
        launch_configuration: text(live.launch_configuration_name),
        launch_template: live.launch_template.map(Mirrored::live),
        load_balancers: live.load_balancer_names.map(Set),
        max_instance_lifetime: live.max_instance_lifetime,
        max_size: live.max_size.unwrap_or_default(),
        metrics_granularity: granularity.unwrap_or_else(minute),
        min_size: live.min_size.unwrap_or_default(),
        mixed_instances_policy: live.mixed_instances_policy.map(Mirrored::live),
        placement_group: text(live.placement_group),
        protect_from_scale_in: live.new_instances_protected_from_scale_in.unwrap_or_default(),
        service_linked_role_arn: text(live.service_linked_role_arn),
        suspended_processes: processes.filter_map(|it| it.process_name).collect(),
        tags: tags.collect(),
        target_group_arns: live.target_group_arns.map(Set),
        termination_policies: live.termination_policies,
        traffic_sources: live.traffic_sources.map(Mirrored::live),
        vpc_zone_identifiers: subnets,
        wait_for_capacity_timeout: ten_minutes(),
        warm_pool: pool.map(Mirrored::live),
    };
    Ok(Outputs {
        inputs,
        arn,
        predicted_capacity: live.predicted_capacity,
        warm_pool_size: live.warm_pool_size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_go_writes_them() {
        let seconds = |text| duration(text).map(|it| it.as_secs());
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("1h30m5s"), Some(5405));
        assert_eq!(seconds("0"), Some(0));
        for wrong in ["", "10", "m", "10 m", "99999999999999999999h"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
