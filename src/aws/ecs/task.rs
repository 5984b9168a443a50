//! `aws:orderinfra/task:Task`: a task that must have run, and run well, before
//! what depends on it is changed: a migration before its service. Pulumi has no
//! such type.
//!
//! It runs when it is made, and once more for each of its replacements: any
//! change of its inputs, the revision of its task definition above all. As with
//! every create the journal has it before ECS is asked, and ECS knows it by the
//! operation's token: a crash neither skips nor repeats it. One that failed
//! counts as gone, so that the next run shows and makes it anew. The id is the
//! task's ARN.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aws_sdk_ecs::types::{ContainerOverride, DesiredStatus, Task as Live, TaskOverride};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    NO_CLUSTER,
    cluster_capacity_providers::{Strategy, sent_strategy},
    sent_tags,
    service_parts::NetworkConfiguration,
    tail,
};
use crate::{aws::error::absent, provider::*};

pub(super) struct Task;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    capacity_provider_strategies: Option<Set<Strategy>>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    cluster: Option<IdOrArn>,
    /// Instead of the image's own.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    command: Option<Vec<String>>,
    /// Whose command is replaced; not needed where there is one only.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    container: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true, "enum" = ["EC2", "FARGATE", "EXTERNAL"]))]
    launch_type: Option<String>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    network_configuration: Option<NetworkConfiguration>,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    platform_version: Option<String>,
    /// A new revision runs it again.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    task_definition: String,
    /// Whatever changes in here runs it again.
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    triggers: Option<BTreeMap<String, String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    arn: String,
}

impl Resource for Task {
    const TYPE: &'static str = "aws:orderinfra/task:Task";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.command.is_some() && new.container.is_none() {
            return Err(Error::invalid("container", "says whose `command` it is"));
        }
        if new.launch_type.is_some() && new.capacity_provider_strategies.is_some() {
            let rule = "excludes `capacityProviderStrategies`: one of them places the task";
            return Err(Error::invalid("launchType", rule));
        }
        Ok(())
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let changed = new.container.as_ref().map(|name| {
            let changed = ContainerOverride::builder().name(name);
            let changed = changed.set_command(new.command.clone()).build();
            TaskOverride::builder().container_overrides(changed).build()
        });
        let call = cx
            .aws
            .ecs()
            .run_task()
            .client_token(&cx.op)
            .started_by(&cx.op)
            .task_definition(&new.task_definition)
            .set_cluster(new.cluster.as_ref().map(|it| it.0.clone()))
            .set_launch_type(new.launch_type.as_deref().map(Into::into))
            .set_capacity_provider_strategy(
                new.capacity_provider_strategies.as_ref().map(sent_strategy).transpose()?,
            )
            .set_network_configuration(
                new.network_configuration.as_ref().map(NetworkConfiguration::sent).transpose()?,
            )
            .set_platform_version(new.platform_version.clone())
            .set_overrides(changed)
            .set_tags(sent_tags(cx.birth_tags(&Tags::default())));
        let reply = Box::pin(call.send()).await?;
        if let Some(task) = reply.tasks.and_then(|it| it.into_iter().next()) {
            return task.task_arn.ok_or(Error::missing("taskArn"));
        }
        let failure = reply.failures.and_then(|it| it.into_iter().next());
        let why = failure.and_then(|it| it.reason).unwrap_or_default();
        Err(Error::failed(format!("ECS started no task: {why}")))
    }

    /// Migrations take their time; `customTimeouts` says how much.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let looks = AtomicU32::new(0);
        let look = || async {
            let Some(task) = described(cx, &[id.to_owned()]).await?.remove(id) else {
                // A new one may not be visible yet.
                if looks.fetch_add(1, Ordering::Relaxed) < UNSEEN_LOOKS {
                    return Ok(None);
                }
                let message = "ECS has forgotten the task, and nobody saw how it ended; look into its log, then run it again with `--replace`";
                return Err(Error::failed(message));
            };
            match outcome(&task) {
                None => {
                    cx.say(format!("the task is {}", task.last_status.unwrap_or_default()));
                    Ok(None)
                }
                Some(Ok(())) => Ok(Some(())),
                Some(Err(why)) => Err(Error::failed(why)),
            }
        };
        cx.wait("the task to end", Duration::from_secs(60 * 60), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// ECS forgets a task an hour after its end: what it no longer knows has
    /// ended well, or the journal would have it unfinished.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let found = described(cx, ids).await?;
        let of = |id: &String| {
            let failed = found.get(id).is_some_and(|it| matches!(outcome(it), Some(Err(_))));
            (!failed).then(|| Outputs { arn: id.clone() })
        };
        Ok(ids.iter().map(of).collect())
    }

    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    /// What has ended needs nothing more.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some(task) = described(cx, &[id.to_owned()]).await?.remove(id) else { return Ok(()) };
        if outcome(&task).is_none() {
            let call = cx.aws.ecs().stop_task().cluster(cluster(id)).task(id);
            absent(call.reason("deleted by orderinfra").send().await, NO_CLUSTER)?;
        }
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let ended = || async {
            let task = described(cx, &[id.to_owned()]).await?.remove(id);
            Ok(task.is_none_or(|it| outcome(&it).is_some()).then_some(()))
        };
        cx.wait("the task to stop", Duration::from_secs(5 * 60), ended).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let call = cx.aws.ecs().list_tasks().started_by(&cx.op).desired_status(status);
            let call = call.set_cluster(inputs.cluster.as_ref().map(|it| it.0.clone()));
            let reply = absent(call.send().await, NO_CLUSTER)?;
            let arns = reply.and_then(|it| it.task_arns).unwrap_or_default();
            if let Some(arn) = arns.into_iter().next() {
                return Ok(Some(arn));
            }
        }
        Ok(None)
    }
}

/// After so many looks a task is not new any more.
const UNSEEN_LOOKS: u32 = 5;

/// The cluster in `arn:…:task/cluster/id`.
fn cluster(id: &str) -> &str {
    let path = id.split_once(":task/").map_or(id, |(_, path)| path);
    path.rsplit_once('/').map_or("default", |(cluster, _)| tail(cluster))
}

/// By ARN; what ECS does not know is left out.
async fn described(cx: &Cx, ids: &[String]) -> Result<BTreeMap<String, Live>> {
    let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for id in ids {
        clusters.entry(cluster(id)).or_default().push(id.clone());
    }
    let mut all = BTreeMap::new();
    for (cluster, ids) in clusters {
        for ids in ids.chunks(100) {
            let call = cx.aws.ecs().describe_tasks().cluster(cluster);
            let reply = absent(call.set_tasks(Some(ids.to_vec())).send().await, NO_CLUSTER)?;
            let tasks = reply.and_then(|it| it.tasks).unwrap_or_default();
            all.extend(tasks.into_iter().filter_map(|it| Some((it.task_arn.clone()?, it))));
        }
    }
    Ok(all)
}

/// How a task ended, once it has: every container with 0, or why not.
fn outcome(task: &Live) -> Option<std::result::Result<(), String>> {
    if task.last_status.as_deref() != Some("STOPPED") {
        return None;
    }
    let containers = task.containers.as_deref().unwrap_or_default();
    let bad = containers.iter().find(|it| it.exit_code != Some(0));
    let Some(bad) = bad else { return Some(Ok(())) };
    let name = bad.name.as_deref().unwrap_or_default();
    let code =
        bad.exit_code.map_or_else(|| "without running".to_owned(), |it| format!("with {it}"));
    let why = [&task.stopped_reason, &bad.reason].into_iter().flatten();
    let why: Vec<&str> = why.map(String::as_str).filter(|it| !it.is_empty()).collect();
    Some(Err(format!("`{name}` ended {code}: {}", why.join("; "))))
}
