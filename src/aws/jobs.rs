//! What a person does with a service beside its life: a task like its own, a
//! new deployment, a look into logs.

use crate::provider::{Cx, Result};

/// A task like those of a service.
pub struct Launch<'a> {
    /// The service's id.
    pub service: &'a str,
    /// Whose command is replaced and whose exit code counts: the first that is
    /// essential, if none is named.
    pub container: Option<&'a str>,
    /// Empty: the image's own.
    pub command: &'a [String],
    /// Two requests with the same one start one task.
    pub token: &'a str,
}

/// A task that was started.
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub cluster: String,
    /// Its ARN.
    pub task: String,
    pub container: String,
    /// Log group and stream, where its container writes to one.
    pub log: Option<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// In ECS's word.
    Going(String),
    /// The container's exit code, if it came to run, and why the task stopped.
    Ended { code: Option<i32>, why: String },
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// By which it is told apart from others of the same time.
    pub id: String,
    /// Milliseconds since 1970.
    pub time: i64,
    pub stream: String,
    pub text: String,
}

#[cfg(not(feature = "aws"))]
mod here {
    use super::{Cx, Job, JobState, Launch, Line, Result};
    use crate::provider::Error;

    fn none<T>() -> Result<T> {
        Err(Error::failed("this build has no AWS in it"))
    }

    pub async fn launch(_: &Cx, _: &Launch<'_>) -> Result<Job> {
        none()
    }
    pub async fn look(_: &Cx, _: &Job) -> Result<JobState> {
        none()
    }
    pub async fn redeploy(_: &Cx, _: &str) -> Result<()> {
        none()
    }
    pub async fn lines(_: &Cx, _: &str, _: Option<&str>, _: i64) -> Result<Vec<Line>> {
        none()
    }
}

#[cfg(feature = "aws")]
mod here {
    use aws_sdk_ecs::types::{
        ContainerDefinition, ContainerOverride, LogDriver, Task, TaskOverride,
    };

    use super::{Cx, Job, JobState, Launch, Line, Result};
    use crate::{
        aws::{
            ecs,
            error::{absent, seen},
        },
        provider::Error,
    };

    const NO_SERVICE: &[&str] = &["ServiceNotFoundException", "ClusterNotFoundException"];
    const NO_LOG: &[&str] = &["ResourceNotFoundException"];

    /// With the image, network and roles of the service as it is now. A task of
    /// its own: no load balancer sends to it.
    pub async fn launch(cx: &Cx, wanted: &Launch<'_>) -> Result<Job> {
        let (cluster, name) = ecs::split(wanted.service);
        let ecs = cx.aws.ecs();
        let reply = ecs.describe_services().cluster(cluster).services(name).send().await;
        let reply = seen(reply, NO_SERVICE, "the service")?;
        let service = reply.services.and_then(|it| it.into_iter().next());
        let service = service.ok_or_else(|| Error::unseen("the service"))?;
        let definition = service.task_definition.ok_or(Error::missing("taskDefinition"))?;
        let reply = ecs.describe_task_definition().task_definition(&definition).send().await?;
        let containers = reply.task_definition.and_then(|it| it.container_definitions);
        let container = chosen(containers.unwrap_or_default(), wanted.container)?;
        let container_name = container.name.clone().unwrap_or_default();
        let command = (!wanted.command.is_empty()).then(|| wanted.command.to_vec());
        let changed =
            ContainerOverride::builder().name(&container_name).set_command(command).build();
        // One that places tasks by a strategy has no launch type.
        let strategy = service.capacity_provider_strategy.filter(|it| !it.is_empty());
        let launch_type = service.launch_type.filter(|_| strategy.is_none());
        let call = ecs
            .run_task()
            .cluster(cluster)
            .task_definition(&definition)
            .client_token(wanted.token)
            .started_by("orderinfra")
            .set_network_configuration(service.network_configuration)
            .set_launch_type(launch_type)
            .set_capacity_provider_strategy(strategy)
            .set_platform_version(service.platform_version)
            .overrides(TaskOverride::builder().container_overrides(changed).build());
        let reply = Box::pin(call.send()).await?;
        let task = match reply.tasks.and_then(|it| it.into_iter().next()) {
            Some(task) => task.task_arn.ok_or(Error::missing("taskArn"))?,
            None => {
                let failure = reply.failures.and_then(|it| it.into_iter().next());
                let why = failure.and_then(|it| it.reason).unwrap_or_default();
                return Err(Error::failed(format!("ECS started no task: {why}")));
            }
        };
        let log = log_of(&container, &container_name, &task);
        Ok(Job { cluster: cluster.to_owned(), task, container: container_name, log })
    }

    fn chosen(
        containers: Vec<ContainerDefinition>,
        name: Option<&str>,
    ) -> Result<ContainerDefinition> {
        let names: Vec<String> = containers.iter().filter_map(|it| it.name.clone()).collect();
        let is_it = |it: &ContainerDefinition| match name {
            Some(name) => it.name.as_deref() == Some(name),
            None => it.essential != Some(false),
        };
        containers.into_iter().find(is_it).ok_or_else(|| {
            let wanted = name.unwrap_or("essential");
            Error::failed(format!("there is no container `{wanted}` among {}", names.join(", ")))
        })
    }

    /// As the awslogs driver names the stream.
    fn log_of(container: &ContainerDefinition, name: &str, task: &str) -> Option<(String, String)> {
        let log = container.log_configuration.as_ref()?;
        if log.log_driver != LogDriver::Awslogs {
            return None;
        }
        let options = log.options.as_ref()?;
        let (group, prefix) =
            (options.get("awslogs-group")?, options.get("awslogs-stream-prefix")?);
        let id = task.rsplit('/').next().unwrap_or(task);
        Some((group.clone(), format!("{prefix}/{name}/{id}")))
    }

    pub async fn look(cx: &Cx, job: &Job) -> Result<JobState> {
        let call = cx.aws.ecs().describe_tasks().cluster(&job.cluster).tasks(&job.task);
        let task = call.send().await?.tasks.and_then(|it| it.into_iter().next());
        // It may not be visible yet.
        let task = task.ok_or_else(|| Error::unseen("the task"))?;
        let status = task.last_status.clone().unwrap_or_default();
        if status != "STOPPED" {
            return Ok(JobState::Going(status));
        }
        Ok(ended(task, &job.container))
    }

    fn ended(task: Task, name: &str) -> JobState {
        let containers = task.containers.unwrap_or_default();
        let container = containers.into_iter().find(|it| it.name.as_deref() == Some(name));
        let (code, own) = container.map_or((None, None), |it| (it.exit_code, it.reason));
        let why = [task.stopped_reason, own].into_iter().flatten();
        let why: Vec<String> = why.filter(|it| !it.is_empty()).collect();
        JobState::Ended { code, why: why.join("; ") }
    }

    /// All tasks are replaced, one deployment of what is there already.
    pub async fn redeploy(cx: &Cx, service: &str) -> Result<()> {
        let (cluster, name) = ecs::split(service);
        let call = cx.aws.ecs().update_service().cluster(cluster).service(name);
        Box::pin(call.force_new_deployment(true).send()).await?;
        Ok(())
    }

    /// What a log group was told since then, in order. A group or stream that
    /// is not there yet has said nothing.
    pub async fn lines(
        cx: &Cx,
        group: &str,
        stream: Option<&str>,
        since: i64,
    ) -> Result<Vec<Line>> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let call = cx.aws.logs().filter_log_events().log_group_name(group).start_time(since);
            let call = call.set_log_stream_names(stream.map(|it| vec![it.to_owned()]));
            let reply = absent(call.set_next_token(next).send().await, NO_LOG)?;
            let Some(reply) = reply else { break };
            let line = |it: aws_sdk_cloudwatchlogs::types::FilteredLogEvent| Line {
                id: it.event_id.unwrap_or_default(),
                time: it.timestamp.unwrap_or_default(),
                stream: it.log_stream_name.unwrap_or_default(),
                text: it.message.unwrap_or_default(),
            };
            all.extend(reply.events.unwrap_or_default().into_iter().map(line));
            next = reply.next_token;
            if next.is_none() {
                break;
            }
        }
        all.sort_by(|one, other| (one.time, &one.id).cmp(&(other.time, &other.id)));
        Ok(all)
    }
}

pub use here::{launch, lines, look, redeploy};
