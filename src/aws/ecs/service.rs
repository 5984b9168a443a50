//! `aws:ecs/service:Service`. The id is the service's ARN; Pulumi's import
//! form, `cluster/name`, is understood too.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aws_sdk_ecs::{
    operation::update_service::builders::UpdateServiceFluentBuilder,
    types::{
        Deployment, DeploymentConfiguration as LiveDeployment, DeploymentRolloutState,
        Service as Live, ServiceField,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    NO_SERVICE,
    cluster_capacity_providers::{Strategy, live_strategy, sent_strategy},
    pairs, retag, sent_tags,
    service_parts::*,
    split, tail,
    task_definition::same_revision,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Service;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    alarms: Option<Alarms>,
    /// On for every new service that can have it.
    #[schemars(extend("computed" = true, "enum" = ["ENABLED", "DISABLED"]))]
    availability_zone_rebalancing: Option<String>,
    /// The cluster's default strategy holds when nothing is said.
    #[schemars(extend("computed" = true))]
    capacity_provider_strategies: Option<Set<Strategy>>,
    #[schemars(extend("replace" = true))]
    cluster: Option<IdOrArn>,
    deployment_circuit_breaker: Option<CircuitBreaker>,
    deployment_configuration: Option<DeploymentConfiguration>,
    #[schemars(extend("replace" = true))]
    deployment_controller: Option<Controller>,
    #[schemars(extend("computed" = true))]
    deployment_maximum_percent: Option<i32>,
    #[schemars(extend("computed" = true))]
    deployment_minimum_healthy_percent: Option<i32>,
    /// Another resource (`appautoscaling.Target`) may own it.
    #[schemars(range(min = 0), extend("computed" = true))]
    desired_count: Option<i32>,
    #[serde(default)]
    enable_ecs_managed_tags: bool,
    #[serde(default)]
    enable_execute_command: bool,
    /// Deletes without scaling to zero first.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_delete: bool,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_new_deployment: bool,
    #[schemars(range(min = 0))]
    health_check_grace_period_seconds: Option<i32>,
    #[schemars(extend("replace" = true, "computed" = true))]
    iam_role: Option<IdOrArn>,
    #[schemars(extend(
        "replace" = true,
        "computed" = true,
        "enum" = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]
    ))]
    launch_type: Option<String>,
    load_balancers: Option<Set<LoadBalancer>>,
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    network_configuration: Option<NetworkConfiguration>,
    ordered_placement_strategies: Option<Vec<PlacementStrategy>>,
    placement_constraints: Option<Set<ServicePlacementConstraint>>,
    #[schemars(extend("computed" = true))]
    platform_version: Option<String>,
    #[schemars(extend("enum" = ["SERVICE", "TASK_DEFINITION", "NONE"]))]
    propagate_tags: Option<String>,
    #[serde(default = "replica")]
    #[schemars(extend("replace" = true, "enum" = ["REPLICA", "DAEMON"]))]
    scheduling_strategy: String,
    service_connect_configuration: Option<Connect>,
    service_registries: Option<ServiceRegistries>,
    #[serde(default)]
    tags: Tags,
    task_definition: Option<String>,
    /// Whatever changes in here starts a new deployment.
    #[schemars(extend("writeOnly" = true))]
    triggers: Option<BTreeMap<String, String>>,
    volume_configuration: Option<VolumeConfiguration>,
    vpc_lattice_configurations: Option<Set<LatticeConfiguration>>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    wait_for_steady_state: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for Service {
    const TYPE: &'static str = "aws:ecs/service:Service";
    const REFUSED: &'static [(&'static str, &'static str)] = &[(
        "sigintRollback",
        "an interrupted run is continued by the next one, not rolled back; use `deploymentCircuitBreaker` for rollbacks",
    )];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if new.name.is_empty() || new.name.len() > 255 || !new.name.chars().all(fits) {
            return Err(Error::invalid("name", "is 1 to 255 letters, digits, `-` and `_`"));
        }
        if new.launch_type.is_some() && new.capacity_provider_strategies.is_some() {
            let rule = "excludes `capacityProviderStrategies`: one of them places the tasks";
            return Err(Error::invalid("launchType", rule));
        }
        if new.scheduling_strategy == "DAEMON" {
            if new.desired_count.is_some() {
                let rule = "is not for a DAEMON, which runs one task per instance";
                return Err(Error::invalid("desiredCount", rule));
            }
            if new.launch_type.as_deref() == Some("FARGATE") {
                return Err(Error::invalid("schedulingStrategy", "is `REPLICA` on Fargate"));
            }
        }
        if new.task_definition.is_none() && controller(new) != "EXTERNAL" {
            let rule = "is required, save for an EXTERNAL deployment controller";
            return Err(Error::invalid("taskDefinition", rule));
        }
        for it in new.load_balancers.iter().flat_map(|it| &it.0) {
            if it.elb_name.is_some() == it.target_group_arn.is_some() {
                let rule = "each name either `targetGroupArn` or `elbName`";
                return Err(Error::invalid("loadBalancers", rule));
            }
        }
        new.deployment_configuration.as_ref().map_or(Ok(()), DeploymentConfiguration::check)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let cluster = match inputs.get("cluster") {
            Some(it) => it.as_str().map(tail),
            None => Some("default"),
        };
        let Some(cluster) = cluster else { return Map::new() };
        let arn = Value::String(place.arn("ecs", &format!("service/{cluster}/{name}")));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let (Some(wanted), Some(live)) = (wanted.as_str(), live.as_str()) else { return false };
        match path {
            "taskDefinition" => same_revision(wanted, live),
            "cluster" | "iamRole" => tail(wanted) == tail(live),
            _ if path.starts_with("orderedPlacementStrategies") => {
                let host = |it| matches!(it, "host" | "instanceId");
                wanted.eq_ignore_ascii_case(live) || host(wanted) && host(live)
            }
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let replica = new.scheduling_strategy != "DAEMON";
        let call = cx
            .aws
            .ecs()
            .create_service()
            .client_token(&cx.op)
            .service_name(&new.name)
            .set_cluster(new.cluster.as_ref().map(|it| it.0.clone()))
            .set_task_definition(new.task_definition.clone())
            .set_availability_zone_rebalancing(
                new.availability_zone_rebalancing.as_deref().map(Into::into),
            )
            .set_load_balancers(new.load_balancers.as_ref().map(load_balancers))
            .set_service_registries(new.service_registries.as_ref().map(|it| vec![it.sent()]))
            .set_desired_count(replica.then_some(new.desired_count.unwrap_or_default()))
            .set_launch_type(new.launch_type.as_deref().map(Into::into))
            .set_capacity_provider_strategy(
                new.capacity_provider_strategies.as_ref().map(sent_strategy).transpose()?,
            )
            .set_platform_version(new.platform_version.clone())
            .set_role(new.iam_role.as_ref().map(|it| it.0.clone()))
            .set_deployment_configuration(deployment(new)?)
            .set_placement_constraints(
                new.placement_constraints
                    .as_ref()
                    .map(|all| all.0.iter().map(ServicePlacementConstraint::sent).collect()),
            )
            .set_placement_strategy(
                new.ordered_placement_strategies
                    .as_ref()
                    .map(|all| all.iter().map(PlacementStrategy::sent).collect()),
            )
            .set_network_configuration(
                new.network_configuration.as_ref().map(NetworkConfiguration::sent).transpose()?,
            )
            .set_health_check_grace_period_seconds(new.health_check_grace_period_seconds)
            .scheduling_strategy(new.scheduling_strategy.as_str().into())
            .set_deployment_controller(
                new.deployment_controller.as_ref().map(Controller::sent).transpose()?,
            )
            .enable_ecs_managed_tags(new.enable_ecs_managed_tags)
            .set_propagate_tags(new.propagate_tags.as_deref().map(Into::into))
            .enable_execute_command(new.enable_execute_command)
            .set_service_connect_configuration(
                new.service_connect_configuration.as_ref().map(Connect::sent).transpose()?,
            )
            .set_volume_configurations(volumes(new)?)
            .set_vpc_lattice_configurations(
                new.vpc_lattice_configurations.as_ref().map(lattices).transpose()?,
            )
            .set_tags(sent_tags(cx.birth_tags(&new.tags)));
        let made = Box::pin(call.send()).await?.service.ok_or(Error::missing("service"))?;
        made.service_arn.ok_or(Error::missing("serviceArn"))
    }

    /// ECS always tells a deployment configuration. An answer without one (the
    /// local emulator's) is of a service that kept only part of what its
    /// creation said: it is told the rest.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let live = live(cx, id, false).await?.ok_or_else(|| Error::unseen("the service"))?;
        if live.deployment_configuration.is_some() || controller(new) != "ECS" {
            return Ok(());
        }
        let Outputs { inputs: mut kept, .. } = outputs(live)?;
        kept.tags = new.tags.clone();
        // Not for an update to tell.
        kept.force_new_deployment = new.force_new_deployment;
        kept.triggers = new.triggers.clone();
        Self::update(cx, id, &kept, new).await
    }

    /// Pulls of images, network interfaces and a load balancer's health checks
    /// take 1 to 5 minutes; a failing deployment's circuit breaker needs up to
    /// 15 to trip.
    async fn ready(cx: &Cx, id: &str, inputs: &Inputs) -> Result<()> {
        let looks = AtomicU32::new(0);
        let look = || async {
            // A new service may not be visible yet.
            let Some(live) = live(cx, id, false).await? else { return Ok(None) };
            match progress(&live, inputs, looks.fetch_add(1, Ordering::Relaxed)) {
                Progress::Ready => Ok(Some(())),
                Progress::Failed(why) => Err(Error::failed(format!("{why}{}", told(&live)))),
                Progress::Waiting(why) => {
                    cx.say(why);
                    Ok(None)
                }
            }
        };
        let what = if inputs.wait_for_steady_state { "a steady state" } else { "its deployment" };
        let waited = cx.wait(what, Duration::from_secs(20 * 60), look).await;
        match waited {
            // Why tasks do not come up is told in the service's events only.
            Err(error) if error.kind == Kind::Unready && error.message.starts_with("waited") => {
                let events = live(cx, id, false).await?.map(|it| told(&it)).unwrap_or_default();
                Err(Error { message: format!("{}{events}", error.message), ..error })
            }
            other => other,
        }
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// Ten at a time, of one cluster.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut clusters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for id in ids {
            let (cluster, name) = split(id);
            clusters.entry(cluster).or_default().push(name);
        }
        let mut found = BTreeMap::new();
        for (cluster, names) in clusters {
            for names in names.chunks(10) {
                for live in describe(cx, cluster, names, cx.asks("tags")).await? {
                    let name = live.service_name.clone().unwrap_or_default();
                    found.insert((cluster.to_owned(), name), live);
                }
            }
        }
        let of = |id: &String| {
            let (cluster, name) = split(id);
            let live = found.remove(&(cluster.to_owned(), name.to_owned()));
            live.filter(is_there).map(outputs).transpose()
        };
        ids.iter().map(of).collect()
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (cluster, name) = split(id);
        let call = cx.aws.ecs().update_service().cluster(cluster).service(name);
        if let Some(call) = changes(call, old, new)? {
            Box::pin(call.send()).await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let Some(live) = live(cx, id, false).await? else { return Ok(()) };
        let (cluster, name) = split(id);
        let running = live.desired_count > 0 && last.scheduling_strategy != "DAEMON";
        if running && !last.force_delete {
            let call = cx.aws.ecs().update_service().cluster(cluster).service(name);
            absent(call.desired_count(0).send().await, NO_SERVICE)?;
        }
        let call = cx.aws.ecs().delete_service().cluster(cluster).service(name);
        // A daemon cannot be scaled down: it must be forced.
        let force = last.force_delete || last.scheduling_strategy == "DAEMON";
        absent(call.force(force).send().await, NO_SERVICE)?;
        Ok(())
    }

    /// A service drains for as long as its targets deregister (300 s unless
    /// the target group says otherwise) and its tasks take to stop. Until then
    /// its name is taken, and its cluster and network are in use.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let (cluster, name) = split(id);
        let drained = || async {
            let all = describe(cx, cluster, &[name], false).await?;
            let there = all.iter().any(|it| it.status.as_deref() != Some("INACTIVE"));
            Ok((!there).then_some(()))
        };
        cx.wait("its tasks to drain", Duration::from_secs(20 * 60), drained).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let cluster = inputs.cluster.as_ref().map_or("default", |it| tail(&it.0));
        let id = format!("{cluster}/{}", inputs.name);
        let Some(live) = live(cx, &id, true).await? else { return Ok(None) };
        Ok(if cx.made(pairs(live.tags)) { live.service_arn } else { None })
    }
}

fn replica() -> String {
    "REPLICA".to_owned()
}

fn controller(inputs: &Inputs) -> &str {
    let named = inputs.deployment_controller.as_ref().and_then(|it| it.kind.as_deref());
    named.unwrap_or("ECS")
}

pub(super) async fn describe(
    cx: &Cx,
    cluster: &str,
    names: &[&str],
    with_tags: bool,
) -> Result<Vec<Live>> {
    let call = cx.aws.ecs().describe_services().cluster(cluster);
    let call = call.set_services(Some(names.iter().map(|&it| it.to_owned()).collect()));
    let call = call.set_include(with_tags.then(|| vec![ServiceField::Tags]));
    let reply = absent(call.send().await, NO_SERVICE)?;
    Ok(reply.and_then(|it| it.services).unwrap_or_default())
}

/// `None` also for one that drains: nothing can be done with it any more.
async fn live(cx: &Cx, id: &str, with_tags: bool) -> Result<Option<Live>> {
    let (cluster, name) = split(id);
    let live = describe(cx, cluster, &[name], with_tags).await?.pop();
    Ok(live.filter(is_there))
}

pub(super) fn is_there(live: &Live) -> bool {
    !matches!(live.status.as_deref(), Some("DRAINING" | "INACTIVE"))
}

enum Progress {
    Ready,
    Waiting(String),
    Failed(String),
}

/// Judges a deployment by itself, not by the service: after a rollback the
/// service is as steady as before, with the old task definition.
fn progress(live: &Live, wanted: &Inputs, looks: u32) -> Progress {
    if controller(wanted) != "ECS" {
        return Progress::Ready;
    }
    let deployments = live.deployments();
    let primary = deployments.iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
    let Some(primary) = primary else {
        return Progress::Waiting("waiting for its deployment".to_owned());
    };
    let ours = |of: Option<&str>| match (&wanted.task_definition, of) {
        (Some(wanted), Some(live)) => same_revision(wanted, live),
        _ => true,
    };
    let state = |it: &Deployment, wanted| it.rollout_state.as_ref() == Some(&wanted);
    let failed = deployments.iter().find(|it| {
        let newest = it.status.as_deref() == Some("PRIMARY") || it.created_at > primary.created_at;
        let replaced =
            ours(it.task_definition.as_deref()) && !ours(primary.task_definition.as_deref());
        state(it, DeploymentRolloutState::Failed) && (newest || replaced)
    });
    if let Some(failed) = failed {
        let reason = failed.rollout_state_reason.as_deref().unwrap_or("no reason told");
        return Progress::Failed(format!("the deployment failed: {reason}"));
    }
    let done = state(primary, DeploymentRolloutState::Completed);
    if !ours(live.task_definition.as_deref()) {
        // The first answers after an update may still be the old ones.
        return match done && looks >= 5 {
            true => Progress::Failed("the deployment was rolled back".to_owned()),
            false => Progress::Waiting("waiting for its deployment".to_owned()),
        };
    }
    if !wanted.wait_for_steady_state || live.desired_count == 0 {
        return Progress::Ready;
    }
    // Deployments of very old services have no rollout state.
    let alone = primary.rollout_state.is_none() && deployments.len() == 1;
    if (done || alone) && live.running_count == live.desired_count {
        return Progress::Ready;
    }
    let event = live.events().first().and_then(|it| it.message.as_deref()).unwrap_or_default();
    let (running, desired) = (live.running_count, live.desired_count);
    Progress::Waiting(format!("{running} of {desired} tasks running {event}").trim_end().to_owned())
}

/// The last things that the service said, newest first.
fn told(live: &Live) -> String {
    let events = live.events().iter().filter_map(|it| it.message.as_deref()).take(4);
    let events: Vec<&str> = events.collect();
    if events.is_empty() { String::new() } else { format!("; {}", events.join("; ")) }
}

fn outputs(live: Live) -> Result<Outputs> {
    let text = |it: &str| it.to_owned();
    let daemon = live.scheduling_strategy.as_ref().is_some_and(|it| it.as_str() == "DAEMON");
    // What only a deployment tells.
    let primary = live.deployments.unwrap_or_default().into_iter();
    let primary = primary.into_iter().find(|it| it.status.as_deref() == Some("PRIMARY"));
    let (connect, volumes, lattices) = match primary {
        Some(it) => (
            it.service_connect_configuration,
            it.volume_configurations,
            it.vpc_lattice_configurations,
        ),
        None => (None, None, None),
    };
    let rules = live.deployment_configuration;
    let rules = rules.as_ref();
    let strategies = live_strategy(live.capacity_provider_strategy);
    let inputs = Inputs {
        alarms: rules.and_then(|it| it.alarms.clone()).map(Alarms::live),
        availability_zone_rebalancing: live
            .availability_zone_rebalancing
            .map(|it| text(it.as_str())),
        capacity_provider_strategies: (!strategies.0.is_empty()).then_some(strategies),
        cluster: live.cluster_arn.map(IdOrArn),
        deployment_circuit_breaker: rules
            .and_then(|it| it.deployment_circuit_breaker.as_ref())
            .map(CircuitBreaker::live),
        deployment_configuration: rules.map(DeploymentConfiguration::live),
        deployment_controller: live.deployment_controller.as_ref().map(Controller::live),
        deployment_maximum_percent: rules.and_then(|it| it.maximum_percent),
        deployment_minimum_healthy_percent: rules.and_then(|it| it.minimum_healthy_percent),
        desired_count: (!daemon).then_some(live.desired_count),
        enable_ecs_managed_tags: live.enable_ecs_managed_tags,
        enable_execute_command: live.enable_execute_command,
        force_delete: false,
        force_new_deployment: false,
        health_check_grace_period_seconds: live.health_check_grace_period_seconds,
        iam_role: live.role_arn.map(IdOrArn),
        launch_type: live.launch_type.map(|it| text(it.as_str())),
        load_balancers: Some(
            live.load_balancers.unwrap_or_default().iter().map(LoadBalancer::live).collect(),
        ),
        name: live.service_name.ok_or(Error::missing("serviceName"))?,
        network_configuration: live.network_configuration.and_then(NetworkConfiguration::live),
        ordered_placement_strategies: Some(
            live.placement_strategy
                .unwrap_or_default()
                .into_iter()
                .filter_map(PlacementStrategy::live)
                .collect(),
        ),
        placement_constraints: Some(
            live.placement_constraints
                .unwrap_or_default()
                .into_iter()
                .filter_map(ServicePlacementConstraint::live)
                .collect(),
        ),
        platform_version: live.platform_version,
        propagate_tags: live.propagate_tags.map(|it| text(it.as_str())),
        scheduling_strategy: live.scheduling_strategy.map_or_else(replica, |it| text(it.as_str())),
        service_connect_configuration: connect.map(Connect::live),
        service_registries: live
            .service_registries
            .unwrap_or_default()
            .pop()
            .and_then(ServiceRegistries::live),
        tags: Tags::live(pairs(live.tags)),
        task_definition: live.task_definition,
        triggers: None,
        volume_configuration: volumes.unwrap_or_default().pop().and_then(VolumeConfiguration::live),
        vpc_lattice_configurations: lattices
            .map(|all| all.into_iter().map(LatticeConfiguration::live).collect()),
        wait_for_steady_state: false,
    };
    Ok(Outputs { inputs, arn: live.service_arn.ok_or(Error::missing("serviceArn"))? })
}

/// What an update must say; `None` when there is nothing. A list that is no
/// longer wanted is sent empty: what is left out stays as it is.
fn changes(
    mut call: UpdateServiceFluentBuilder,
    old: &Inputs,
    new: &Inputs,
) -> Result<Option<UpdateServiceFluentBuilder>> {
    let mut any = false;
    let mut on = |differs: bool| {
        any |= differs;
        differs
    };
    if on(old.task_definition != new.task_definition) {
        call = call.set_task_definition(new.task_definition.clone());
    }
    if on(old.desired_count != new.desired_count) {
        call = call.set_desired_count(new.desired_count);
    }
    if on(!same_deployment(old, new)) {
        call = call.set_deployment_configuration(turned_off(old, new)?);
    }
    if on(old.availability_zone_rebalancing != new.availability_zone_rebalancing) {
        let value = new.availability_zone_rebalancing.as_deref();
        call = call.set_availability_zone_rebalancing(value.map(Into::into));
    }
    if on(old.network_configuration != new.network_configuration) {
        let value = new.network_configuration.as_ref().map(NetworkConfiguration::sent);
        call = call.set_network_configuration(value.transpose()?);
    }
    if on(!alike_some(old.placement_constraints.as_ref(), new.placement_constraints.as_ref())) {
        let all = new.placement_constraints.iter().flat_map(|it| &it.0);
        let all = all.map(ServicePlacementConstraint::sent).collect();
        call = call.set_placement_constraints(Some(all));
    }
    if on(old.ordered_placement_strategies != new.ordered_placement_strategies) {
        let all = new.ordered_placement_strategies.iter().flatten();
        call = call.set_placement_strategy(Some(all.map(PlacementStrategy::sent).collect()));
    }
    if on(old.platform_version != new.platform_version) {
        call = call.set_platform_version(new.platform_version.clone());
    }
    if on(old.health_check_grace_period_seconds != new.health_check_grace_period_seconds) {
        let seconds = new.health_check_grace_period_seconds.unwrap_or_default();
        call = call.health_check_grace_period_seconds(seconds);
    }
    if on(old.enable_execute_command != new.enable_execute_command) {
        call = call.enable_execute_command(new.enable_execute_command);
    }
    if on(old.enable_ecs_managed_tags != new.enable_ecs_managed_tags) {
        call = call.enable_ecs_managed_tags(new.enable_ecs_managed_tags);
    }
    if on(!alike_some(old.load_balancers.as_ref(), new.load_balancers.as_ref())) {
        let all = new.load_balancers.as_ref().map(load_balancers).unwrap_or_default();
        call = call.set_load_balancers(Some(all));
    }
    if on(old.propagate_tags != new.propagate_tags) {
        let value = new.propagate_tags.as_deref().unwrap_or("NONE");
        call = call.propagate_tags(value.into());
    }
    if on(old.service_registries != new.service_registries) {
        let all = new.service_registries.iter().map(ServiceRegistries::sent).collect();
        call = call.set_service_registries(Some(all));
    }
    if on(old.service_connect_configuration != new.service_connect_configuration) {
        let off = Connect::off();
        let value = new.service_connect_configuration.as_ref().unwrap_or(&off);
        call = call.service_connect_configuration(value.sent()?);
    }
    if on(old.volume_configuration != new.volume_configuration) {
        call = call.set_volume_configurations(Some(volumes(new)?.unwrap_or_default()));
    }
    let (before, after) = (&old.vpc_lattice_configurations, &new.vpc_lattice_configurations);
    if on(!alike_some(before.as_ref(), after.as_ref())) {
        let all = after.as_ref().map(lattices).transpose()?;
        call = call.set_vpc_lattice_configurations(Some(all.unwrap_or_default()));
    }
    let (before, after) = (&old.capacity_provider_strategies, &new.capacity_provider_strategies);
    let moved = !alike_some(before.as_ref(), after.as_ref());
    if on(moved) {
        // An empty strategy goes back to the launch type.
        let all = after.as_ref().map(sent_strategy).transpose()?;
        call = call.set_capacity_provider_strategy(Some(all.unwrap_or_default()));
    }
    // A new strategy places only tasks of a new deployment.
    let forced = new.force_new_deployment && !old.force_new_deployment;
    let triggered = old.triggers != new.triggers;
    if on(forced || triggered || moved) || (any && new.force_new_deployment) {
        call = call.force_new_deployment(true);
        any = true;
    }
    Ok(any.then_some(call))
}

fn same_deployment(old: &Inputs, new: &Inputs) -> bool {
    old.alarms == new.alarms
        && old.deployment_circuit_breaker == new.deployment_circuit_breaker
        && old.deployment_configuration == new.deployment_configuration
        && old.deployment_maximum_percent == new.deployment_maximum_percent
        && old.deployment_minimum_healthy_percent == new.deployment_minimum_healthy_percent
}

/// `None` when the program says nothing about deployments.
fn deployment(new: &Inputs) -> Result<Option<LiveDeployment>> {
    let breaker = new.deployment_circuit_breaker.as_ref();
    let all = LiveDeployment::builder()
        .set_maximum_percent(new.deployment_maximum_percent)
        .set_minimum_healthy_percent(new.deployment_minimum_healthy_percent)
        .set_deployment_circuit_breaker(breaker.map(CircuitBreaker::sent))
        .set_alarms(new.alarms.as_ref().map(Alarms::sent).transpose()?);
    let all = match &new.deployment_configuration {
        Some(it) => it.put(all)?,
        None => all,
    };
    let all = all.build();
    Ok((all != LiveDeployment::builder().build()).then_some(all))
}

/// The same for an update, where what is no longer wanted must be said.
fn turned_off(old: &Inputs, new: &Inputs) -> Result<Option<LiveDeployment>> {
    let mut all = deployment(new)?.unwrap_or_else(|| LiveDeployment::builder().build());
    if old.deployment_circuit_breaker.is_some() && new.deployment_circuit_breaker.is_none() {
        all.deployment_circuit_breaker = Some(CircuitBreaker::off().sent());
    }
    if old.alarms.is_some() && new.alarms.is_none() {
        all.alarms = Some(Alarms::off().sent()?);
    }
    if old.deployment_configuration.is_some() && new.deployment_configuration.is_none() {
        all.strategy = Some("ROLLING".into());
        all.lifecycle_hooks = Some(Vec::new());
    }
    Ok(Some(all))
}

fn load_balancers(wanted: &Set<LoadBalancer>) -> Vec<aws_sdk_ecs::types::LoadBalancer> {
    wanted.0.iter().map(LoadBalancer::sent).collect()
}

fn lattices(
    wanted: &Set<LatticeConfiguration>,
) -> Result<Vec<aws_sdk_ecs::types::VpcLatticeConfiguration>> {
    wanted.0.iter().map(LatticeConfiguration::sent).collect()
}

fn volumes(wanted: &Inputs) -> Result<Option<Vec<aws_sdk_ecs::types::ServiceVolumeConfiguration>>> {
    wanted.volume_configuration.as_ref().map(|it| Ok(vec![it.sent()?])).transpose()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::ServiceEvent;
    use aws_smithy_types::DateTime;

    use super::*;

    const NEW: &str = "arn:aws:ecs:us-east-1:1:task-definition/web:2";
    const OLD: &str = "arn:aws:ecs:us-east-1:1:task-definition/web:1";

    fn wanted(steady: bool) -> Inputs {
        serde_json::from_value(serde_json::json!({
            "name": "web", "taskDefinition": NEW, "waitForSteadyState": steady,
        }))
        .unwrap()
    }

    fn deployment(status: &str, of: &str, state: &str, at: i64) -> Deployment {
        let deployment = Deployment::builder().status(status).task_definition(of);
        let deployment = deployment.rollout_state(state.into()).rollout_state_reason("because");
        deployment.created_at(DateTime::from_secs(at)).build()
    }

    fn live(of: &str, running: i32, deployments: Vec<Deployment>) -> Live {
        let event = ServiceEvent::builder().message("unable to place a task").build();
        let live = Live::builder().status("ACTIVE").task_definition(of).desired_count(2);
        live.running_count(running).events(event).set_deployments(Some(deployments)).build()
    }

    fn word(live: &Live, steady: bool, looks: u32) -> &'static str {
        match progress(live, &wanted(steady), looks) {
            Progress::Ready => "ready",
            Progress::Waiting(_) => "waiting",
            Progress::Failed(_) => "failed",
        }
    }

    #[test]
    fn a_deployment_is_ready_when_it_is_complete() {
        let begun = live(NEW, 2, vec![deployment("PRIMARY", NEW, "IN_PROGRESS", 2)]);
        assert_eq!(word(&begun, false, 0), "ready");
        assert_eq!(word(&begun, true, 0), "waiting");
        let done = live(NEW, 2, vec![deployment("PRIMARY", NEW, "COMPLETED", 2)]);
        assert_eq!(word(&done, true, 0), "ready");
        let short = live(NEW, 1, vec![deployment("PRIMARY", NEW, "COMPLETED", 2)]);
        assert_eq!(word(&short, true, 0), "waiting");
    }

    #[test]
    fn a_service_without_tasks_is_steady() {
        let mut none = live(NEW, 0, vec![deployment("PRIMARY", NEW, "IN_PROGRESS", 2)]);
        none.desired_count = 0;
        assert_eq!(word(&none, true, 0), "ready");
    }

    #[test]
    fn a_rollback_is_a_failure_though_the_service_is_steady() {
        let rolling = vec![
            deployment("PRIMARY", OLD, "IN_PROGRESS", 1),
            deployment("ACTIVE", NEW, "FAILED", 2),
        ];
        assert_eq!(word(&live(OLD, 2, rolling), false, 0), "failed");
        let rolled = live(OLD, 2, vec![deployment("PRIMARY", OLD, "COMPLETED", 1)]);
        assert_eq!(word(&rolled, true, 0), "waiting");
        assert_eq!(word(&rolled, true, 5), "failed");
        assert_eq!(told(&rolled), "; unable to place a task");
    }

    #[test]
    fn a_failure_before_ours_is_not_ours() {
        let next = vec![
            deployment("PRIMARY", NEW, "IN_PROGRESS", 3),
            deployment("ACTIVE", OLD, "FAILED", 2),
        ];
        assert_eq!(word(&live(NEW, 1, next), false, 0), "ready");
        let alone = vec![deployment("PRIMARY", NEW, "FAILED", 3)];
        assert_eq!(word(&live(NEW, 1, alone), false, 0), "failed");
    }

    #[test]
    fn ids_of_all_ages_are_understood() {
        assert_eq!(split("arn:aws:ecs:us-east-1:1:service/main/web"), ("main", "web"));
        assert_eq!(split("arn:aws:ecs:us-east-1:1:service/web"), ("default", "web"));
        assert_eq!(split("main/web"), ("main", "web"));
    }
}
