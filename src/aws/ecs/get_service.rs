//! `aws:ecs/getService:getService`. The id is the service's ARN.

use aws_sdk_ecs::types as sdk;
use aws_smithy_types::{DateTime, date_time::Format};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    pairs,
    service::{describe, is_there},
};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetService;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    cluster_arn: String,
    service_name: String,
    /// Only a service with these tags, among others, is an answer.
    tags: Option<Tags>,
}

/// Derived for the answer and each of its parts.
macro_rules! told {
    ($vis:vis $name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        $vis struct $name {
            $($field: $type,)*
        }
    };
}

told! {
    pub(super) Output {
        id: String,
        arn: String,
        availability_zone_rebalancing: Option<String>,
        capacity_provider_strategies: Vec<CapacityProviderStrategy>,
        cluster_arn: String,
        created_at: Option<String>,
        created_by: Option<String>,
        deployment_configurations: Vec<DeploymentConfiguration>,
        deployment_controllers: Vec<DeploymentController>,
        deployments: Vec<Deployment>,
        desired_count: i32,
        enable_ecs_managed_tags: bool,
        enable_execute_command: bool,
        events: Vec<Event>,
        health_check_grace_period_seconds: i32,
        iam_role: Option<String>,
        launch_type: Option<String>,
        load_balancers: Vec<LoadBalancer>,
        network_configurations: Vec<NetworkConfiguration>,
        ordered_placement_strategies: Vec<PlacementStrategy>,
        pending_count: i32,
        placement_constraints: Vec<PlacementConstraint>,
        platform_family: Option<String>,
        platform_version: Option<String>,
        propagate_tags: Option<String>,
        running_count: i32,
        scheduling_strategy: Option<String>,
        service_name: String,
        service_registries: Vec<ServiceRegistry>,
        status: Option<String>,
        tags: Tags,
        task_definition: Option<String>,
        task_sets: Vec<TaskSet>,
        region: String,
    }
}
told! { CapacityProviderStrategy { base: i32, capacity_provider: String, weight: i32, } }
told! {
    DeploymentConfiguration {
        alarms: Vec<Alarm>,
        bake_time_in_minutes: Option<String>,
        canary_configurations: Vec<Canary>,
        deployment_circuit_breakers: Vec<CircuitBreaker>,
        lifecycle_hooks: Vec<LifecycleHook>,
        linear_configurations: Vec<Linear>,
        maximum_percent: Option<i32>,
        minimum_healthy_percent: Option<i32>,
        strategy: Option<String>,
    }
}
told! { Alarm { alarm_names: Vec<String>, enable: bool, rollback: bool, } }
told! { Canary { canary_bake_time_in_minutes: Option<String>, canary_percent: Option<f64>, } }
told! { CircuitBreaker { enable: bool, rollback: bool, } }
told! {
    LifecycleHook {
        hook_target_arn: Option<String>,
        lifecycle_stages: Vec<String>,
        role_arn: Option<String>,
        target_type: Option<String>,
        timeout_configurations: Vec<HookTimeout>,
    }
}
told! { HookTimeout { action: Option<String>, timeout_in_minutes: Option<String>, } }
told! { Linear { step_bake_time_in_minutes: Option<String>, step_percent: Option<f64>, } }
told! { DeploymentController { r#type: String, } }
told! {
    Deployment {
        created_at: Option<String>,
        desired_count: i32,
        id: Option<String>,
        pending_count: i32,
        running_count: i32,
        status: Option<String>,
        task_definition: Option<String>,
        updated_at: Option<String>,
    }
}
told! { Event { created_at: Option<String>, id: Option<String>, message: Option<String>, } }
told! {
    LoadBalancer {
        advanced_configurations: Vec<AdvancedConfiguration>,
        container_name: Option<String>,
        container_port: Option<i32>,
        elb_name: Option<String>,
        target_group_arn: Option<String>,
    }
}
told! {
    AdvancedConfiguration {
        alternate_target_group_arn: Option<String>,
        production_listener_rule: Option<String>,
        role_arn: Option<String>,
        test_listener_rule: Option<String>,
    }
}
told! {
    NetworkConfiguration {
        assign_public_ip: bool,
        security_groups: Vec<String>,
        subnets: Vec<String>,
    }
}
told! { PlacementStrategy { field: Option<String>, r#type: Option<String>, } }
told! { PlacementConstraint { expression: Option<String>, r#type: Option<String>, } }
told! {
    ServiceRegistry {
        container_name: Option<String>,
        container_port: Option<i32>,
        port: Option<i32>,
        registry_arn: Option<String>,
    }
}
told! {
    TaskSet {
        arn: Option<String>,
        created_at: Option<String>,
        id: Option<String>,
        pending_count: i32,
        running_count: i32,
        stability_status: Option<String>,
        status: Option<String>,
        task_definition: Option<String>,
        updated_at: Option<String>,
    }
}

impl Function for GetService {
    const TOKEN: &'static str = "aws:ecs/getService:getService";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let name = args.service_name.as_str();
        let live = describe(cx, &args.cluster_arn, &[name], true).await?.pop().filter(is_there);
        let none = || Error::invalid("serviceName", format!("there is no service `{name}`"));
        let mut live = live.ok_or_else(none)?;
        let tags = Tags::live(pairs(live.tags.take()));
        check_tags(args.tags.as_ref(), &tags)?;
        output(cx, live, tags)
    }
}

fn output(cx: &Cx, live: sdk::Service, tags: Tags) -> Result<Output> {
    let arn = live.service_arn.ok_or(Error::missing("serviceArn"))?;
    let network = live.network_configuration.and_then(|it| it.awsvpc_configuration);
    Ok(Output {
        id: arn.clone(),
        arn,
        availability_zone_rebalancing: live
            .availability_zone_rebalancing
            .map(|it| it.as_str().to_owned()),
        capacity_provider_strategies: all(live.capacity_provider_strategy, |it| {
            CapacityProviderStrategy {
                base: it.base,
                capacity_provider: it.capacity_provider,
                weight: it.weight,
            }
        }),
        cluster_arn: live.cluster_arn.unwrap_or_default(),
        created_at: time(live.created_at),
        created_by: live.created_by,
        deployment_configurations: live
            .deployment_configuration
            .into_iter()
            .map(deployment_configuration)
            .collect(),
        deployment_controllers: live
            .deployment_controller
            .into_iter()
            .map(|it| DeploymentController { r#type: it.r#type.as_str().to_owned() })
            .collect(),
        deployments: all(live.deployments, |it| Deployment {
            created_at: time(it.created_at),
            desired_count: it.desired_count,
            id: it.id,
            pending_count: it.pending_count,
            running_count: it.running_count,
            status: it.status,
            task_definition: it.task_definition,
            updated_at: time(it.updated_at),
        }),
        desired_count: live.desired_count,
        enable_ecs_managed_tags: live.enable_ecs_managed_tags,
        enable_execute_command: live.enable_execute_command,
        events: all(live.events, |it| Event {
            created_at: time(it.created_at),
            id: it.id,
            message: it.message,
        }),
        health_check_grace_period_seconds: live
            .health_check_grace_period_seconds
            .unwrap_or_default(),
        iam_role: live.role_arn,
        launch_type: live.launch_type.map(|it| it.as_str().to_owned()),
        load_balancers: all(live.load_balancers, load_balancer),
        network_configurations: network
            .into_iter()
            .map(|it| NetworkConfiguration {
                assign_public_ip: it.assign_public_ip == Some(sdk::AssignPublicIp::Enabled),
                security_groups: it.security_groups.unwrap_or_default(),
                subnets: it.subnets,
            })
            .collect(),
        ordered_placement_strategies: all(live.placement_strategy, |it| PlacementStrategy {
            field: it.field,
            r#type: it.r#type.map(|it| it.as_str().to_owned()),
        }),
        pending_count: live.pending_count,
        placement_constraints: all(live.placement_constraints, |it| PlacementConstraint {
            expression: it.expression,
            r#type: it.r#type.map(|it| it.as_str().to_owned()),
        }),
        platform_family: live.platform_family,
        platform_version: live.platform_version,
        propagate_tags: live.propagate_tags.map(|it| it.as_str().to_owned()),
        running_count: live.running_count,
        scheduling_strategy: live.scheduling_strategy.map(|it| it.as_str().to_owned()),
        service_name: live.service_name.unwrap_or_default(),
        service_registries: all(live.service_registries, |it| ServiceRegistry {
            container_name: it.container_name,
            container_port: it.container_port,
            port: it.port,
            registry_arn: it.registry_arn,
        }),
        status: live.status,
        tags,
        task_definition: live.task_definition,
        task_sets: all(live.task_sets, |it| TaskSet {
            arn: it.task_set_arn,
            created_at: time(it.created_at),
            id: it.id,
            pending_count: it.pending_count,
            running_count: it.running_count,
            stability_status: it.stability_status.map(|it| it.as_str().to_owned()),
            status: it.status,
            task_definition: it.task_definition,
            updated_at: time(it.updated_at),
        }),
        region: cx.place.region.clone(),
    })
}

fn all<T, U>(live: Option<Vec<T>>, told: impl Fn(T) -> U) -> Vec<U> {
    live.unwrap_or_default().into_iter().map(told).collect()
}

fn time(at: Option<DateTime>) -> Option<String> {
    at.and_then(|it| it.fmt(Format::DateTime).ok())
}

fn load_balancer(live: sdk::LoadBalancer) -> LoadBalancer {
    let advanced = live.advanced_configuration.into_iter().map(|it| AdvancedConfiguration {
        alternate_target_group_arn: it.alternate_target_group_arn,
        production_listener_rule: it.production_listener_rule,
        role_arn: it.role_arn,
        test_listener_rule: it.test_listener_rule,
    });
    LoadBalancer {
        advanced_configurations: advanced.collect(),
        container_name: live.container_name,
        container_port: live.container_port,
        elb_name: live.load_balancer_name,
        target_group_arn: live.target_group_arn,
    }
}

/// Minutes are texts in the Pulumi schema.
fn deployment_configuration(live: sdk::DeploymentConfiguration) -> DeploymentConfiguration {
    let minutes = |it: Option<i32>| it.map(|it| it.to_string());
    let alarm = |it: sdk::DeploymentAlarms| Alarm {
        alarm_names: it.alarm_names,
        enable: it.enable,
        rollback: it.rollback,
    };
    let canary = |it: sdk::CanaryConfiguration| Canary {
        canary_bake_time_in_minutes: minutes(it.canary_bake_time_in_minutes),
        canary_percent: it.canary_percent,
    };
    let linear = |it: sdk::LinearConfiguration| Linear {
        step_bake_time_in_minutes: minutes(it.step_bake_time_in_minutes),
        step_percent: it.step_percent,
    };
    let breaker = |it: sdk::DeploymentCircuitBreaker| CircuitBreaker {
        enable: it.enable,
        rollback: it.rollback,
    };
    let timeout = |it: sdk::DeploymentLifecycleHookTimeoutConfiguration| HookTimeout {
        action: it.action.map(|it| it.as_str().to_owned()),
        timeout_in_minutes: minutes(it.timeout_in_minutes),
    };
    let hook = |it: sdk::DeploymentLifecycleHook| LifecycleHook {
        hook_target_arn: it.hook_target_arn,
        lifecycle_stages: all(it.lifecycle_stages, |it| it.as_str().to_owned()),
        role_arn: it.role_arn,
        target_type: it.target_type.map(|it| it.as_str().to_owned()),
        timeout_configurations: it.timeout_configuration.into_iter().map(timeout).collect(),
    };
    DeploymentConfiguration {
        alarms: live.alarms.into_iter().map(alarm).collect(),
        bake_time_in_minutes: minutes(live.bake_time_in_minutes),
        canary_configurations: live.canary_configuration.into_iter().map(canary).collect(),
        deployment_circuit_breakers: live
            .deployment_circuit_breaker
            .into_iter()
            .map(breaker)
            .collect(),
        lifecycle_hooks: all(live.lifecycle_hooks, hook),
        linear_configurations: live.linear_configuration.into_iter().map(linear).collect(),
        maximum_percent: live.maximum_percent,
        minimum_healthy_percent: live.minimum_healthy_percent,
        strategy: live.strategy.map(|it| it.as_str().to_owned()),
    }
}
