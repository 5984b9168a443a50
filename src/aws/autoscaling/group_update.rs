//! What of an Auto Scaling group changes, and what comes after its creation.

use aws_sdk_autoscaling::types::{RefreshStrategy, TrafficSourceIdentifier};

use super::{
    group::{Inputs, TagOfGroup, sent},
    group_blocks::{LifecycleHook, TrafficSource},
};
use crate::{
    aws::{error::absent, fresh, mirror::Sent as _},
    provider::*,
};

/// What creation does not take.
pub(super) async fn complete(
    cx: &Cx,
    name: &str,
    old: Option<&Inputs>,
    new: &Inputs,
) -> Result<()> {
    let none = Set::default();
    metrics(cx, name, old.map_or(&none, |it| &it.enabled_metrics), new).await?;
    let suspended = old.map_or(&none, |it| &it.suspended_processes);
    let (suspend, resume) = new.suspended_processes.since(suspended);
    let client = cx.aws.autoscaling();
    if !suspend.is_empty() {
        let call = client.suspend_processes().auto_scaling_group_name(name);
        call.set_scaling_processes(Some(suspend)).send().await?;
    }
    if !resume.is_empty() {
        let call = client.resume_processes().auto_scaling_group_name(name);
        call.set_scaling_processes(Some(resume)).send().await?;
    }
    let pool = old.and_then(|it| it.warm_pool.as_ref());
    match &new.warm_pool {
        Some(wanted) if pool != Some(wanted) => {
            client
                .put_warm_pool()
                .auto_scaling_group_name(name)
                .set_instance_reuse_policy(sent(wanted.instance_reuse_policy.as_ref()))
                .set_max_group_prepared_capacity(wanted.max_group_prepared_capacity)
                .set_min_size(wanted.min_size)
                .set_pool_state(sent(wanted.pool_state.as_ref()))
                .send()
                .await?;
        }
        None if pool.is_some() => {
            let call = client.delete_warm_pool().auto_scaling_group_name(name);
            call.force_delete(new.force_delete_warm_pool).send().await?;
        }
        _ => {}
    }
    Ok(())
}

async fn metrics(cx: &Cx, name: &str, old: &Set<String>, new: &Inputs) -> Result<()> {
    let (enable, disable) = new.enabled_metrics.since(old);
    let client = cx.aws.autoscaling();
    if !disable.is_empty() {
        let call = client.disable_metrics_collection().auto_scaling_group_name(name);
        call.set_metrics(Some(disable)).send().await?;
    }
    if !enable.is_empty() {
        let call = client.enable_metrics_collection().auto_scaling_group_name(name);
        let call = call.granularity(&new.metrics_granularity);
        call.set_metrics(Some(enable)).send().await?;
    }
    Ok(())
}

pub(super) async fn change(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let client = cx.aws.autoscaling();
    // What is left out stays as it is; an empty text clears.
    let zones = fresh(old.availability_zones.as_ref(), new.availability_zones.as_ref());
    let distribution = fresh(
        old.availability_zone_distribution.as_ref(),
        new.availability_zone_distribution.as_ref(),
    );
    let reservation = fresh(
        old.capacity_reservation_specification.as_ref(),
        new.capacity_reservation_specification.as_ref(),
    );
    let lifecycle =
        fresh(old.instance_lifecycle_policy.as_ref(), new.instance_lifecycle_policy.as_ref());
    let warmup = new.default_instance_warmup.or(old.default_instance_warmup.map(|_| -1));
    let subnets = new.subnets().filter(|it| old.subnets().as_ref() != Some(it));
    let policies = fresh(old.termination_policies.as_ref(), new.termination_policies.as_ref());
    client
        .update_auto_scaling_group()
        .auto_scaling_group_name(name)
        .set_availability_zone_distribution(sent(distribution))
        .set_availability_zones(zones.map(|it| it.0.clone()))
        .set_capacity_rebalance(
            fresh(old.capacity_rebalance.as_ref(), new.capacity_rebalance.as_ref()).copied(),
        )
        .set_capacity_reservation_specification(sent(reservation))
        .set_context(cleared(old.context.as_ref(), new.context.as_ref()))
        .set_default_cooldown(
            fresh(old.default_cooldown.as_ref(), new.default_cooldown.as_ref()).copied(),
        )
        .set_default_instance_warmup(warmup)
        // A policy may have moved it since.
        .set_desired_capacity(
            fresh(old.desired_capacity.as_ref(), new.desired_capacity.as_ref()).copied(),
        )
        .set_desired_capacity_type(
            fresh(old.desired_capacity_type.as_ref(), new.desired_capacity_type.as_ref()).cloned(),
        )
        .health_check_grace_period(new.health_check_grace_period)
        .set_health_check_type(
            fresh(old.health_check_type.as_ref(), new.health_check_type.as_ref()).cloned(),
        )
        .set_instance_lifecycle_policy(sent(lifecycle))
        .set_instance_maintenance_policy(sent(new.instance_maintenance_policy.as_ref()))
        .set_launch_configuration_name(new.launch_configuration.clone())
        .set_launch_template(sent(new.launch_template.as_ref()))
        .set_max_instance_lifetime(
            fresh(old.max_instance_lifetime.as_ref(), new.max_instance_lifetime.as_ref()).copied(),
        )
        .max_size(new.max_size)
        .min_size(new.min_size)
        .set_mixed_instances_policy(sent(new.mixed_instances_policy.as_ref()))
        .set_placement_group(cleared(old.placement_group.as_ref(), new.placement_group.as_ref()))
        .new_instances_protected_from_scale_in(new.protect_from_scale_in)
        .set_service_linked_role_arn(
            fresh(old.service_linked_role_arn.as_ref(), new.service_linked_role_arn.as_ref())
                .cloned(),
        )
        .set_termination_policies(policies.cloned())
        .set_vpc_zone_identifier(subnets)
        .send()
        .await?;
    attachments(cx, name, old, new).await?;
    hooks(cx, name, old, new).await?;
    complete(cx, name, Some(old), new).await?;
    retag(cx, name, &old.tags, &new.tags).await?;
    refresh(cx, name, old, new).await
}

fn cleared(old: Option<&String>, new: Option<&String>) -> Option<String> {
    new.cloned().or(old.map(|_| String::new()))
}

/// Load balancers of all kinds.
async fn attachments(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let client = cx.aws.autoscaling();
    let none = Set::default();
    let diff = |old: &Option<Set<String>>, new: &Option<Set<String>>| {
        new.as_ref().unwrap_or(&none).since(old.as_ref().unwrap_or(&none))
    };
    let (attach, detach) = diff(&old.load_balancers, &new.load_balancers);
    if !attach.is_empty() {
        let call = client.attach_load_balancers().auto_scaling_group_name(name);
        call.set_load_balancer_names(Some(attach)).send().await?;
    }
    if !detach.is_empty() {
        let call = client.detach_load_balancers().auto_scaling_group_name(name);
        call.set_load_balancer_names(Some(detach)).send().await?;
    }
    let (attach, detach) = diff(&old.target_group_arns, &new.target_group_arns);
    if !attach.is_empty() {
        let call = client.attach_load_balancer_target_groups().auto_scaling_group_name(name);
        call.set_target_group_arns(Some(attach)).send().await?;
    }
    if !detach.is_empty() {
        let call = client.detach_load_balancer_target_groups().auto_scaling_group_name(name);
        call.set_target_group_arns(Some(detach)).send().await?;
    }
    let none = Set::default();
    let wanted = new.traffic_sources.as_ref().unwrap_or(&none);
    let (attach, detach) = wanted.since(old.traffic_sources.as_ref().unwrap_or(&none));
    let sources = |all: &[TrafficSource]| -> Vec<TrafficSourceIdentifier> {
        all.iter().map(|it| it.sent()).collect()
    };
    if !attach.is_empty() {
        let call = client.attach_traffic_sources().auto_scaling_group_name(name);
        call.set_traffic_sources(Some(sources(&attach))).send().await?;
    }
    if !detach.is_empty() {
        let call = client.detach_traffic_sources().auto_scaling_group_name(name);
        call.set_traffic_sources(Some(sources(&detach))).send().await?;
    }
    Ok(())
}

async fn hooks(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let none = Set::default();
    let wanted = new.initial_lifecycle_hooks.as_ref().unwrap_or(&none);
    let (put, gone) = wanted.since(old.initial_lifecycle_hooks.as_ref().unwrap_or(&none));
    let client = cx.aws.autoscaling();
    let named = |it: &LifecycleHook| it.lifecycle_hook_name.clone();
    for it in gone.iter().filter(|it| !put.iter().any(|put| named(put) == named(it))) {
        let call = client.delete_lifecycle_hook().auto_scaling_group_name(name);
        let reply = call.set_lifecycle_hook_name(named(it)).send().await;
        absent(reply, &["ValidationError"])?;
    }
    for it in put {
        client
            .put_lifecycle_hook()
            .auto_scaling_group_name(name)
            .set_lifecycle_hook_name(it.lifecycle_hook_name)
            .set_lifecycle_transition(it.lifecycle_transition)
            .set_default_result(it.default_result)
            .set_heartbeat_timeout(it.heartbeat_timeout)
            .set_notification_metadata(it.notification_metadata)
            .set_notification_target_arn(it.notification_target_arn)
            .set_role_arn(it.role_arn)
            .send()
            .await?;
    }
    Ok(())
}

async fn retag(cx: &Cx, name: &str, old: &Set<TagOfGroup>, new: &Set<TagOfGroup>) -> Result<()> {
    let (set, gone) = new.since(old);
    let client = cx.aws.autoscaling();
    if !set.is_empty() {
        let tags = set.iter().map(|it| it.sent(name)).collect();
        client.create_or_update_tags().set_tags(Some(tags)).send().await?;
    }
    // One that only changed is set already.
    let gone: Vec<_> = gone
        .iter()
        .filter(|it| !set.iter().any(|set| set.key == it.key))
        .map(|it| it.sent(name))
        .collect();
    if !gone.is_empty() {
        client.delete_tags().set_tags(Some(gone)).send().await?;
    }
    Ok(())
}

/// Replaces the instances when what they are launched from has changed, or
/// what the program calls a trigger.
async fn refresh(cx: &Cx, name: &str, old: &Inputs, new: &Inputs) -> Result<()> {
    let Some(refresh) = &new.instance_refresh else { return Ok(()) };
    let json = |it: &Inputs| {
        serde_json::to_value(it).map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
    };
    let (before, after) = (json(old)?, json(new)?);
    let launched = ["launchConfiguration", "launchTemplate", "mixedInstancesPolicy"];
    // Terraform's name for one of them, which Pulumi programs have.
    let triggers = refresh.triggers.0.iter().map(|it| if it == "tag" { "tags" } else { it });
    let mut watched = launched.into_iter().chain(triggers);
    if !watched.any(|it| before[it] != after[it]) {
        return Ok(());
    }
    let call = cx.aws.autoscaling().start_instance_refresh().auto_scaling_group_name(name);
    let call = call.strategy(RefreshStrategy::from(refresh.strategy.as_str()));
    let reply = call.set_preferences(sent(refresh.preferences.as_ref())).send().await;
    // An attempt before this one may have started it.
    absent(reply, &["InstanceRefreshInProgress"])?;
    Ok(())
}
