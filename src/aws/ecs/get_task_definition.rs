//! `aws:ecs/getTaskDefinition:getTaskDefinition`. The id is the revision's
//! ARN.

use aws_sdk_ecs::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Document;

use super::{task_definition::live, volume::Volume};
use crate::provider::*;

pub(super) struct GetTaskDefinition;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    /// A family, for its latest revision, `family:revision` or an ARN.
    task_definition: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    arn_without_revision: String,
    container_definitions: Json,
    cpu: Option<String>,
    enable_fault_injection: bool,
    ephemeral_storages: Vec<EphemeralStorage>,
    execution_role_arn: Option<String>,
    family: String,
    ipc_mode: Option<String>,
    memory: Option<String>,
    network_mode: Option<String>,
    pid_mode: Option<String>,
    placement_constraints: Vec<PlacementConstraint>,
    proxy_configurations: Vec<Proxy>,
    requires_compatibilities: Vec<String>,
    revision: i32,
    runtime_platforms: Vec<RuntimePlatform>,
    status: String,
    task_definition: String,
    task_role_arn: Option<String>,
    /// As those of the resource.
    volumes: Vec<Document>,
    region: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EphemeralStorage {
    size_in_gib: i32,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlacementConstraint {
    expression: Option<String>,
    r#type: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Proxy {
    container_name: String,
    properties: std::collections::BTreeMap<String, String>,
    r#type: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RuntimePlatform {
    cpu_architecture: Option<String>,
    operating_system_family: Option<String>,
}

impl Function for GetTaskDefinition {
    const TOKEN: &'static str = "aws:ecs/getTaskDefinition:getTaskDefinition";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let Some((live, definitions, _)) = live(cx, &args.task_definition, false).await? else {
            let rule = format!("there is no active revision of `{}`", args.task_definition);
            return Err(Error::invalid("taskDefinition", rule));
        };
        let arn = live.task_definition_arn.ok_or(Error::missing("taskDefinitionArn"))?;
        let family = arn.rsplit_once(':').map_or(arn.as_str(), |(family, _)| family);
        let broken = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
        let volumes = live.volumes.unwrap_or_default().into_iter().filter_map(Volume::live);
        let constraint = |it: sdk::TaskDefinitionPlacementConstraint| PlacementConstraint {
            expression: it.expression,
            r#type: it.r#type.map(|it| it.as_str().to_owned()),
        };
        let pair = |it: sdk::KeyValuePair| Some((it.name?, it.value.unwrap_or_default()));
        let proxy = |it: sdk::ProxyConfiguration| Proxy {
            container_name: it.container_name,
            properties: it.properties.unwrap_or_default().into_iter().filter_map(pair).collect(),
            r#type: it.r#type.map(|it| it.as_str().to_owned()),
        };
        let platform = |it: sdk::RuntimePlatform| RuntimePlatform {
            cpu_architecture: it.cpu_architecture.map(|it| it.as_str().to_owned()),
            operating_system_family: it.operating_system_family.map(|it| it.as_str().to_owned()),
        };
        let constraints = live.placement_constraints.unwrap_or_default().into_iter();
        let storage = live.ephemeral_storage.into_iter();
        Ok(Output {
            id: arn.clone(),
            arn_without_revision: family.to_owned(),
            arn,
            container_definitions: definitions,
            cpu: live.cpu,
            enable_fault_injection: live.enable_fault_injection.unwrap_or_default(),
            ephemeral_storages: storage
                .map(|it| EphemeralStorage { size_in_gib: it.size_in_gib })
                .collect(),
            execution_role_arn: live.execution_role_arn,
            family: live.family.unwrap_or_default(),
            ipc_mode: live.ipc_mode.map(|it| it.as_str().to_owned()),
            memory: live.memory,
            network_mode: live.network_mode.map(|it| it.as_str().to_owned()),
            pid_mode: live.pid_mode.map(|it| it.as_str().to_owned()),
            placement_constraints: constraints.map(constraint).collect(),
            proxy_configurations: live.proxy_configuration.into_iter().map(proxy).collect(),
            requires_compatibilities: live
                .requires_compatibilities
                .unwrap_or_default()
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
            revision: live.revision,
            runtime_platforms: live.runtime_platform.into_iter().map(platform).collect(),
            status: live.status.map(|it| it.as_str().to_owned()).unwrap_or_default(),
            task_definition: args.task_definition.clone(),
            task_role_arn: live.task_role_arn,
            volumes: volumes
                .map(|it| serde_json::to_value(it).map_err(broken))
                .collect::<Result<_>>()?,
            region: cx.place.region.clone(),
        })
    }
}
