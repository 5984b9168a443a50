//! ECS services behind the target groups, and how they are scaled.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use aws_sdk_ecs::types::Task as LiveTask;

use super::request_id;
use crate::{
    aws::{
        ecs::{NO_SERVICE, split},
        error::absent,
    },
    provider::*,
    rollout::cloud::{Scaling, Service, Suspended, Task},
};

/// How many tasks one describing call takes.
const BATCH: usize = 100;

pub(super) async fn service(cx: &Cx, arn: &str) -> Result<Option<Service>> {
    let (cluster, name) = split(arn);
    let call = cx.aws.ecs().describe_services().cluster(cluster).services(name);
    let Some(reply) = absent(call.send().await, NO_SERVICE)? else { return Ok(None) };
    let Some(live) = reply.services.and_then(|it| it.into_iter().next()) else {
        let failure = reply.failures.and_then(|it| it.into_iter().next());
        let reason = failure.and_then(|it| it.reason).unwrap_or_else(|| "MISSING".to_owned());
        return match reason.as_str() {
            "MISSING" => Ok(None),
            _ => Err(Error::failed(format!("ECS does not tell of the service: {reason}"))),
        };
    };
    let status = live.status.unwrap_or_default();
    // AWS tells of a deleted service for a while.
    if status == "INACTIVE" {
        return Ok(None);
    }
    let controller = live.deployment_controller.map(|it| it.r#type.as_str().to_owned());
    let strategy = live.deployment_configuration.and_then(|it| it.strategy);
    Ok(Some(Service {
        arn: live.service_arn.unwrap_or_else(|| arn.to_owned()),
        cluster: cluster.to_owned(),
        name: name.to_owned(),
        status,
        desired: live.desired_count,
        running: live.running_count,
        pending: live.pending_count,
        deployments: live.deployments.map_or(0, |it| it.len()),
        controller: controller.unwrap_or_else(|| "ECS".to_owned()),
        strategy: strategy.map(|it| it.as_str().to_owned()),
        task_definition: live.task_definition.unwrap_or_default(),
        tasks: tasks(cx, cluster, name).await?,
    }))
}

/// Those that are to run, whether they do already or not.
async fn tasks(cx: &Cx, cluster: &str, service: &str) -> Result<Vec<Task>> {
    let call = cx.aws.ecs().list_tasks().cluster(cluster).service_name(service);
    let arns = call.into_paginator().items().send().try_collect().await;
    // A service that went in between has no tasks.
    let arns = absent(arns, NO_SERVICE)?.unwrap_or_default();
    let mut tasks = Vec::new();
    for batch in arns.chunks(BATCH) {
        let call = cx.aws.ecs().describe_tasks().cluster(cluster);
        let reply = call.set_tasks(Some(batch.to_vec())).send().await?;
        tasks.extend(reply.tasks.unwrap_or_default().into_iter().map(task));
    }
    Ok(tasks)
}

fn task(live: LiveTask) -> Task {
    let mut addresses = BTreeSet::new();
    for detail in live.attachments.into_iter().flatten().filter_map(|it| it.details).flatten() {
        if detail.name.as_deref() == Some("privateIPv4Address") {
            addresses.extend(detail.value);
        }
    }
    let containers = live.containers.into_iter().flatten();
    for interface in containers.filter_map(|it| it.network_interfaces).flatten() {
        addresses.extend(interface.private_ipv4_address);
        addresses.extend(interface.ipv6_address);
    }
    Task {
        task_definition: live.task_definition_arn.unwrap_or_default(),
        addresses: addresses.into_iter().collect(),
    }
}

pub(super) async fn scaling(cx: &Cx, service: &Service) -> Result<Option<Scaling>> {
    let resource = format!("service/{}/{}", service.cluster, service.name);
    let call = cx.aws.appautoscaling().describe_scalable_targets();
    let call = call.service_namespace(ServiceNamespace::Ecs).resource_ids(&resource);
    let reply = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).send().await?;
    let live = reply.scalable_targets.and_then(|it| it.into_iter().next());
    Ok(live.map(|live| Scaling {
        resource,
        min: live.min_capacity,
        max: live.max_capacity,
        suspended: live.suspended_state.map(suspended).unwrap_or_default(),
    }))
}

fn suspended(live: SuspendedState) -> Suspended {
    Suspended {
        dynamic_scaling_in_suspended: live.dynamic_scaling_in_suspended.unwrap_or_default(),
        dynamic_scaling_out_suspended: live.dynamic_scaling_out_suspended.unwrap_or_default(),
        scheduled_scaling_suspended: live.scheduled_scaling_suspended.unwrap_or_default(),
    }
}

/// Its count and nothing else: no new deployment.
pub(super) async fn update_service(
    cx: &Cx,
    cluster: &str,
    service: &str,
    desired: i32,
) -> Result<Option<String>> {
    let call = cx.aws.ecs().update_service().cluster(cluster).service(service);
    Ok(request_id(&Box::pin(call.desired_count(desired).send()).await?))
}

/// In place of the target that is there already: its policies stay.
pub(super) async fn register_scalable_target(
    cx: &Cx,
    resource: &str,
    min: i32,
    max: i32,
    suspended: Suspended,
) -> Result<Option<String>> {
    let suspended = SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended.dynamic_scaling_in_suspended)
        .dynamic_scaling_out_suspended(suspended.dynamic_scaling_out_suspended)
        .scheduled_scaling_suspended(suspended.scheduled_scaling_suspended)
        .build();
    let call = cx
        .aws
        .appautoscaling()
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(resource)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .min_capacity(min)
        .max_capacity(max)
        .suspended_state(suspended);
    Ok(request_id(&call.send().await?))
}
