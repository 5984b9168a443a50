//! `aws:ecs/taskDefinition:TaskDefinition`. The id is the ARN of one revision,
//! `…:task-definition/family:3`. (Pulumi's id is the family, which cannot say
//! which revision to read or to deregister.)

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    EphemeralStorage as LiveStorage, KeyValuePair, ProxyConfiguration as LiveProxy,
    RuntimePlatform as LivePlatform, SortOrder, TaskDefinition as Live, TaskDefinitionField,
    TaskDefinitionPlacementConstraint as LiveConstraint, TaskDefinitionStatus,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{built, containers, pairs, retag, sent_tags, tail, volume::Volume};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct TaskDefinition;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    container_definitions: Json,
    #[schemars(extend("replace" = true))]
    cpu: Option<String>,
    #[schemars(extend("replace" = true))]
    enable_fault_injection: Option<bool>,
    #[schemars(extend("replace" = true))]
    ephemeral_storage: Option<EphemeralStorage>,
    #[schemars(extend("replace" = true))]
    execution_role_arn: Option<String>,
    #[schemars(extend("replace" = true))]
    family: String,
    #[schemars(extend("replace" = true, "enum" = ["host", "task", "none"]))]
    ipc_mode: Option<String>,
    #[schemars(extend("replace" = true))]
    memory: Option<String>,
    #[schemars(extend("replace" = true, "enum" = ["awsvpc", "bridge", "host", "none"]))]
    network_mode: Option<String>,
    #[schemars(extend("replace" = true, "enum" = ["host", "task"]))]
    pid_mode: Option<String>,
    #[schemars(extend("replace" = true))]
    placement_constraints: Option<Set<PlacementConstraint>>,
    #[schemars(extend("replace" = true))]
    proxy_configuration: Option<ProxyConfiguration>,
    #[schemars(extend("replace" = true))]
    requires_compatibilities: Option<Set<String>>,
    #[schemars(extend("replace" = true))]
    runtime_platform: Option<RuntimePlatform>,
    /// Leaves the revision active when it is replaced or deleted.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    skip_destroy: bool,
    #[serde(default)]
    tags: Tags,
    #[schemars(extend("replace" = true))]
    task_role_arn: Option<String>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    track_latest: bool,
    #[schemars(extend("replace" = true))]
    volumes: Option<Set<Volume>>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EphemeralStorage {
    #[schemars(range(min = 21, max = 200), extend("replace" = true))]
    size_in_gib: i32,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlacementConstraint {
    expression: Option<String>,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProxyConfiguration {
    #[schemars(extend("replace" = true))]
    container_name: String,
    #[schemars(extend("replace" = true))]
    properties: Option<BTreeMap<String, String>>,
    #[serde(rename = "type", default = "app_mesh")]
    #[schemars(extend("replace" = true))]
    kind: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuntimePlatform {
    #[schemars(extend("replace" = true, "enum" = ["X86_64", "ARM64"]))]
    cpu_architecture: Option<String>,
    #[schemars(extend("replace" = true))]
    operating_system_family: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    arn_without_revision: String,
    revision: i32,
}

impl Resource for TaskDefinition {
    const TYPE: &'static str = "aws:ecs/taskDefinition:TaskDefinition";
    /// A resend would make a second revision.
    const ANONYMOUS: bool = true;

    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if new.family.is_empty() || new.family.len() > 255 || !new.family.chars().all(fits) {
            return Err(Error::invalid("family", "is 1 to 255 letters, digits, `-` and `_`"));
        }
        if new.track_latest {
            let rule = "is not offered: an id names one revision, and that one is compared";
            return Err(Error::invalid("trackLatest", rule));
        }
        let fargate = new
            .requires_compatibilities
            .as_ref()
            .is_some_and(|it| it.0.iter().any(|it| it == "FARGATE"));
        if fargate {
            for (property, value) in [("cpu", &new.cpu), ("memory", &new.memory)] {
                if value.is_none() {
                    return Err(Error::invalid(property, "is required for FARGATE"));
                }
            }
            if new.network_mode.as_deref() != Some("awsvpc") {
                return Err(Error::invalid("networkMode", "is `awsvpc` for FARGATE"));
            }
        }
        containers::check(&new.container_definitions)
    }

    /// The revision is counted by ECS.
    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(family) = inputs.get("family").and_then(Value::as_str) else {
            return Map::new();
        };
        let arn = place.arn("ecs", &format!("task-definition/{family}"));
        Map::from([("arnWithoutRevision".to_owned(), Value::String(arn))])
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        match path {
            "containerDefinitions" => match (document(wanted), document(live)) {
                (Some(wanted), Some(live)) => containers::same(&wanted, &live),
                _ => false,
            },
            "cpu" | "memory" => match (wanted.as_str(), live.as_str()) {
                (Some(wanted), Some(live)) => {
                    units(wanted).is_some_and(|it| Some(it) == units(live))
                }
                _ => false,
            },
            _ => false,
        }
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let definitions = new.container_definitions.clone();
        let call = cx
            .aws
            .ecs()
            .register_task_definition()
            .family(&new.family)
            .set_container_definitions(Some(Vec::new()))
            .set_cpu(new.cpu.clone())
            .set_memory(new.memory.clone())
            .set_enable_fault_injection(new.enable_fault_injection)
            .set_ephemeral_storage(
                new.ephemeral_storage
                    .as_ref()
                    .map(|it| LiveStorage::builder().size_in_gib(it.size_in_gib).build()),
            )
            .set_execution_role_arn(new.execution_role_arn.clone())
            .set_task_role_arn(new.task_role_arn.clone())
            .set_ipc_mode(new.ipc_mode.as_deref().map(Into::into))
            .set_pid_mode(new.pid_mode.as_deref().map(Into::into))
            .set_network_mode(new.network_mode.as_deref().map(Into::into))
            .set_placement_constraints(new.placement_constraints.as_ref().map(sent_constraints))
            .set_proxy_configuration(new.proxy_configuration.as_ref().map(sent_proxy).transpose()?)
            .set_requires_compatibilities(
                new.requires_compatibilities
                    .as_ref()
                    .map(|all| all.0.iter().map(|it| it.as_str().into()).collect()),
            )
            .set_runtime_platform(new.runtime_platform.as_ref().map(sent_platform))
            .set_volumes(
                new.volumes
                    .as_ref()
                    .map(|all| all.0.iter().map(Volume::sent).collect::<Result<_>>())
                    .transpose()?,
            )
            .set_tags(sent_tags(cx.birth_tags(&new.tags)));
        let call =
            call.customize().mutate_request(move |request| containers::put(&definitions, request));
        let made = call.send().await?.task_definition.ok_or(Error::missing("taskDefinition"))?;
        made.task_definition_arn.ok_or(Error::missing("taskDefinitionArn"))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some((live, definitions, tags)) = live(cx, id, cx.asks("tags")).await? else {
            return Ok(None);
        };
        outputs(live, definitions, Tags::live(tags)).map(Some)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        retag(cx, id, &old.tags, &new.tags).await
    }

    /// Running tasks go on; new ones can no longer be started with it.
    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        if last.skip_destroy || live(cx, id, false).await?.is_none() {
            return Ok(());
        }
        cx.aws.ecs().deregister_task_definition().task_definition(id).send().await?;
        Ok(())
    }

    /// The newest revisions first: ours is among them unless somebody
    /// registered twenty more in between.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let call = cx.aws.ecs().list_task_definitions().family_prefix(&inputs.family);
        let call = call.status(TaskDefinitionStatus::Active).sort(SortOrder::Desc);
        let mut arns = call.send().await?.task_definition_arns.unwrap_or_default();
        arns.sort_by_key(|it| std::cmp::Reverse(revision(it)));
        for arn in arns.into_iter().take(20) {
            if let Some((_, _, tags)) = live(cx, &arn, true).await?
                && cx.made(tags)
            {
                return Ok(Some(arn));
            }
        }
        Ok(None)
    }
}

fn app_mesh() -> String {
    "APPMESH".to_owned()
}

pub(super) type Tagged = (Live, Json, Vec<(String, String)>);

/// `None` for a revision that is deregistered: it is described for ever.
pub(super) async fn live(cx: &Cx, id: &str, with_tags: bool) -> Result<Option<Tagged>> {
    let tap = containers::Tap::default();
    let call = cx.aws.ecs().describe_task_definition().task_definition(id);
    let call = call.set_include(with_tags.then(|| vec![TaskDefinitionField::Tags]));
    let reply = match call.customize().interceptor(tap.clone()).send().await.map_err(Error::from) {
        Ok(reply) => reply,
        // The code is the one of every mistake; only the text tells.
        Err(error)
            if error.is(&["ClientException"])
                && error.message.contains("Unable to describe task definition") =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let live = reply.task_definition.ok_or(Error::missing("taskDefinition"))?;
    if live.status.as_ref().is_some_and(|it| *it != TaskDefinitionStatus::Active) {
        return Ok(None);
    }
    Ok(Some((live, tap.definitions()?, pairs(reply.tags))))
}

fn outputs(live: Live, mut definitions: Json, tags: Tags) -> Result<Outputs> {
    let network_mode = live.network_mode.map(|it| it.as_str().to_owned());
    if matches!(network_mode.as_deref(), Some("awsvpc" | "host")) {
        containers::without_host_ports(&mut definitions);
    }
    let constraint = |it: LiveConstraint| {
        Some(PlacementConstraint {
            kind: it.r#type?.as_str().to_owned(),
            expression: it.expression,
        })
    };
    let inputs = Inputs {
        container_definitions: definitions,
        cpu: live.cpu,
        enable_fault_injection: Some(live.enable_fault_injection.unwrap_or_default()),
        ephemeral_storage: live
            .ephemeral_storage
            .map(|it| EphemeralStorage { size_in_gib: it.size_in_gib }),
        execution_role_arn: live.execution_role_arn,
        family: live.family.ok_or(Error::missing("family"))?,
        ipc_mode: live.ipc_mode.map(|it| it.as_str().to_owned()),
        memory: live.memory,
        network_mode,
        pid_mode: live.pid_mode.map(|it| it.as_str().to_owned()),
        placement_constraints: Some(
            live.placement_constraints
                .unwrap_or_default()
                .into_iter()
                .filter_map(constraint)
                .collect(),
        ),
        proxy_configuration: live.proxy_configuration.map(live_proxy),
        requires_compatibilities: Some(
            live.requires_compatibilities
                .unwrap_or_default()
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
        ),
        runtime_platform: live.runtime_platform.map(|it| RuntimePlatform {
            cpu_architecture: it.cpu_architecture.map(|it| it.as_str().to_owned()),
            operating_system_family: it.operating_system_family.map(|it| it.as_str().to_owned()),
        }),
        skip_destroy: false,
        tags,
        task_role_arn: live.task_role_arn,
        track_latest: false,
        volumes: Some(
            live.volumes.unwrap_or_default().into_iter().filter_map(Volume::live).collect(),
        ),
    };
    let arn = live.task_definition_arn.ok_or(Error::missing("taskDefinitionArn"))?;
    let family = arn.rsplit_once(':').map_or(arn.as_str(), |(family, _)| family);
    Ok(Outputs { inputs, arn_without_revision: family.to_owned(), revision: live.revision, arn })
}

fn live_proxy(live: LiveProxy) -> ProxyConfiguration {
    let properties = live.properties.unwrap_or_default().into_iter();
    let properties = properties.filter_map(|it| Some((it.name?, it.value.unwrap_or_default())));
    ProxyConfiguration {
        properties: Some(properties.collect()),
        kind: live.r#type.map_or_else(app_mesh, |it| it.as_str().to_owned()),
        container_name: live.container_name,
    }
}

fn sent_proxy(wanted: &ProxyConfiguration) -> Result<LiveProxy> {
    let pair = |(name, value)| KeyValuePair::builder().name(name).value(value).build();
    let properties = wanted.properties.clone().map(|all| all.into_iter().map(pair).collect());
    let proxy = LiveProxy::builder().container_name(&wanted.container_name);
    built(proxy.r#type(wanted.kind.as_str().into()).set_properties(properties).build())
}

fn sent_platform(wanted: &RuntimePlatform) -> LivePlatform {
    LivePlatform::builder()
        .set_cpu_architecture(wanted.cpu_architecture.as_deref().map(Into::into))
        .set_operating_system_family(wanted.operating_system_family.as_deref().map(Into::into))
        .build()
}

fn sent_constraints(wanted: &Set<PlacementConstraint>) -> Vec<LiveConstraint> {
    let constraint = |it: &PlacementConstraint| {
        let constraint = LiveConstraint::builder().r#type(it.kind.as_str().into());
        constraint.set_expression(it.expression.clone()).build()
    };
    wanted.0.iter().map(constraint).collect()
}

/// The number after the family.
fn revision(arn: &str) -> u32 {
    arn.rsplit(':').next().and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn document(value: &Value) -> Option<serde_json::Value> {
    match value.reveal() {
        serde_json::Value::String(text) => serde_json::from_str(&text).ok(),
        other => Some(other),
    }
}

/// `512`, `.5 vCPU` and `0.5vcpu` in CPU units; `1024` and `1 GB` in MiB.
fn units(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let number = ["vcpu", "gb"].iter().find_map(|unit| text.strip_suffix(unit));
    let Some(number) = number else { return text.parse().ok() };
    let number: f64 = number.trim().parse().ok()?;
    // Beyond any real size, and never compared equal by accident.
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the nearest unit")]
    Some((number * 1024.0).round() as i64)
}

/// `web`, `web:3` and their ARNs name the same where they say the same: a
/// family without a revision is any of them.
pub(super) fn same_revision(wanted: &str, live: &str) -> bool {
    let family = |it| match tail(it).split_once(':') {
        Some((family, revision)) => (family.to_owned(), Some(revision.to_owned())),
        None => (tail(it).to_owned(), None),
    };
    let (wanted, live) = (family(wanted), family(live));
    let any = wanted.1.is_none() || live.1.is_none();
    wanted.0 == live.0 && (any || wanted.1 == live.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_units_are_sizes() {
        assert_eq!(units("512"), Some(512));
        assert_eq!(units("0.5 vCPU"), Some(512));
        assert_eq!(units("2GB"), Some(2048));
        assert_eq!(units("much"), None);
    }

    #[test]
    fn a_family_names_any_of_its_revisions() {
        let arn = "arn:aws:ecs:us-east-1:1:task-definition/web:3";
        assert!(same_revision("web", arn));
        assert!(same_revision("web:3", arn));
        assert!(same_revision(arn, arn));
        assert!(!same_revision("web:2", arn));
        assert!(!same_revision("webs", arn));
    }
}
