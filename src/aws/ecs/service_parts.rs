//! The objects inside a service, in Pulumi's words and in the SDK's.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types as sdk;
use aws_smithy_types::{Document, Number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{built, pairs, sent_tags};
use crate::provider::*;

/// Whether two sets hold the same, in whatever order.
pub(super) fn alike<T: PartialEq + Clone>(one: &Set<T>, other: &Set<T>) -> bool {
    one.since(other) == (vec![], vec![])
}

pub(super) fn alike_some<T: PartialEq + Clone>(
    one: Option<&Set<T>>,
    other: Option<&Set<T>>,
) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => alike(one, other),
        (one, other) => one.is_none() == other.is_none(),
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Alarms {
    alarm_names: Set<String>,
    enable: bool,
    rollback: bool,
}

impl PartialEq for Alarms {
    fn eq(&self, other: &Self) -> bool {
        alike(&self.alarm_names, &other.alarm_names)
            && (self.enable, self.rollback) == (other.enable, other.rollback)
    }
}

impl Alarms {
    pub(super) fn live(live: sdk::DeploymentAlarms) -> Self {
        Self { alarm_names: Set(live.alarm_names), enable: live.enable, rollback: live.rollback }
    }

    pub(super) fn sent(&self) -> Result<sdk::DeploymentAlarms> {
        let alarms = sdk::DeploymentAlarms::builder().enable(self.enable).rollback(self.rollback);
        built(alarms.set_alarm_names(Some(self.alarm_names.0.clone())).build())
    }

    pub(super) fn off() -> Self {
        Self { alarm_names: Set::default(), enable: false, rollback: false }
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CircuitBreaker {
    enable: bool,
    rollback: bool,
}

impl CircuitBreaker {
    pub(super) fn live(live: &sdk::DeploymentCircuitBreaker) -> Self {
        Self { enable: live.enable, rollback: live.rollback }
    }

    pub(super) fn sent(&self) -> sdk::DeploymentCircuitBreaker {
        let breaker = sdk::DeploymentCircuitBreaker::builder();
        breaker.enable(self.enable).rollback(self.rollback).build()
    }

    pub(super) fn off() -> Self {
        Self { enable: false, rollback: false }
    }
}

/// Minutes are text in the Pulumi schema.
#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeploymentConfiguration {
    bake_time_in_minutes: Option<String>,
    canary_configuration: Option<Canary>,
    lifecycle_hooks: Option<Set<LifecycleHook>>,
    linear_configuration: Option<Linear>,
    #[schemars(extend("enum" = ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]))]
    strategy: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Canary {
    canary_bake_time_in_minutes: Option<String>,
    canary_percent: Option<f64>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Linear {
    step_bake_time_in_minutes: Option<String>,
    step_percent: Option<f64>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LifecycleHook {
    hook_details: Option<Json>,
    hook_target_arn: Option<String>,
    lifecycle_stages: Set<String>,
    role_arn: Option<String>,
    #[schemars(extend("enum" = ["AWS_LAMBDA", "PAUSE"]))]
    target_type: Option<String>,
    timeout_configuration: Option<HookTimeout>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HookTimeout {
    #[schemars(extend("enum" = ["ROLLBACK", "CONTINUE"]))]
    action: Option<String>,
    timeout_in_minutes: Option<String>,
}

fn minutes(text: Option<&String>) -> Result<Option<i32>> {
    let wrong = |_| Error::invalid("deploymentConfiguration", "tells minutes as a whole number");
    text.map(|it| it.trim().parse().map_err(wrong)).transpose()
}

fn minutes_text(minutes: Option<i32>) -> Option<String> {
    minutes.map(|it| it.to_string())
}

impl DeploymentConfiguration {
    pub(super) fn check(&self) -> Result<()> {
        self.put(sdk::DeploymentConfiguration::builder()).map(drop)
    }

    pub(super) fn live(live: &sdk::DeploymentConfiguration) -> Self {
        let hook = |it: &sdk::DeploymentLifecycleHook| LifecycleHook {
            hook_details: it.hook_details.as_ref().map(|it| Json(from_document(it))),
            hook_target_arn: it.hook_target_arn.clone(),
            lifecycle_stages: it
                .lifecycle_stages()
                .iter()
                .map(|it| it.as_str().to_owned())
                .collect(),
            role_arn: it.role_arn.clone(),
            target_type: it.target_type.as_ref().map(|it| it.as_str().to_owned()),
            timeout_configuration: it.timeout_configuration.as_ref().map(|it| HookTimeout {
                action: it.action.as_ref().map(|it| it.as_str().to_owned()),
                timeout_in_minutes: minutes_text(it.timeout_in_minutes),
            }),
        };
        Self {
            bake_time_in_minutes: minutes_text(live.bake_time_in_minutes),
            canary_configuration: live.canary_configuration.as_ref().map(|it| Canary {
                canary_bake_time_in_minutes: minutes_text(it.canary_bake_time_in_minutes),
                canary_percent: it.canary_percent,
            }),
            lifecycle_hooks: Some(live.lifecycle_hooks().iter().map(hook).collect()),
            linear_configuration: live.linear_configuration.as_ref().map(|it| Linear {
                step_bake_time_in_minutes: minutes_text(it.step_bake_time_in_minutes),
                step_percent: it.step_percent,
            }),
            strategy: live.strategy.as_ref().map(|it| it.as_str().to_owned()),
        }
    }

    pub(super) fn put(
        &self,
        to: sdk::builders::DeploymentConfigurationBuilder,
    ) -> Result<sdk::builders::DeploymentConfigurationBuilder> {
        let canary = match &self.canary_configuration {
            Some(it) => Some(
                sdk::CanaryConfiguration::builder()
                    .set_canary_percent(it.canary_percent)
                    .set_canary_bake_time_in_minutes(minutes(
                        it.canary_bake_time_in_minutes.as_ref(),
                    )?)
                    .build(),
            ),
            None => None,
        };
        let linear = match &self.linear_configuration {
            Some(it) => Some(
                sdk::LinearConfiguration::builder()
                    .set_step_percent(it.step_percent)
                    .set_step_bake_time_in_minutes(minutes(it.step_bake_time_in_minutes.as_ref())?)
                    .build(),
            ),
            None => None,
        };
        let hooks = self.lifecycle_hooks.as_ref();
        let hooks = hooks.map(|all| all.0.iter().map(LifecycleHook::sent).collect::<Result<_>>());
        Ok(to
            .set_strategy(self.strategy.as_deref().map(Into::into))
            .set_bake_time_in_minutes(minutes(self.bake_time_in_minutes.as_ref())?)
            .set_canary_configuration(canary)
            .set_linear_configuration(linear)
            .set_lifecycle_hooks(hooks.transpose()?))
    }
}

impl LifecycleHook {
    fn sent(&self) -> Result<sdk::DeploymentLifecycleHook> {
        let timeout = match &self.timeout_configuration {
            Some(it) => Some(
                sdk::DeploymentLifecycleHookTimeoutConfiguration::builder()
                    .set_action(it.action.as_deref().map(Into::into))
                    .set_timeout_in_minutes(minutes(it.timeout_in_minutes.as_ref())?)
                    .build(),
            ),
            None => None,
        };
        let stages = self.lifecycle_stages.0.iter().map(|it| it.as_str().into());
        Ok(sdk::DeploymentLifecycleHook::builder()
            .set_hook_details(self.hook_details.as_ref().map(|it| to_document(&it.0)))
            .set_hook_target_arn(self.hook_target_arn.clone())
            .set_lifecycle_stages(Some(stages.collect()))
            .set_role_arn(self.role_arn.clone())
            .set_target_type(self.target_type.as_deref().map(Into::into))
            .set_timeout_configuration(timeout)
            .build())
    }
}

fn to_document(json: &serde_json::Value) -> Document {
    use serde_json::Value as Json;
    match json {
        Json::Null => Document::Null,
        Json::Bool(it) => Document::Bool(*it),
        Json::String(it) => Document::String(it.clone()),
        Json::Array(items) => Document::Array(items.iter().map(to_document).collect()),
        Json::Object(map) => {
            Document::Object(map.iter().map(|(key, it)| (key.clone(), to_document(it))).collect())
        }
        Json::Number(it) => Document::Number(match (it.as_u64(), it.as_i64()) {
            (Some(it), _) => Number::PosInt(it),
            (_, Some(it)) => Number::NegInt(it),
            _ => Number::Float(it.as_f64().unwrap_or_default()),
        }),
    }
}

fn from_document(document: &Document) -> serde_json::Value {
    match document {
        Document::Null => serde_json::Value::Null,
        Document::Bool(it) => (*it).into(),
        Document::String(it) => it.clone().into(),
        Document::Array(items) => items.iter().map(from_document).collect(),
        Document::Object(map) => {
            map.iter().map(|(key, it)| (key.clone(), from_document(it))).collect()
        }
        Document::Number(Number::PosInt(it)) => (*it).into(),
        Document::Number(Number::NegInt(it)) => (*it).into(),
        Document::Number(Number::Float(it)) => (*it).into(),
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Controller {
    #[serde(rename = "type")]
    #[schemars(extend("replace" = true, "enum" = ["CODE_DEPLOY", "ECS", "EXTERNAL"]))]
    pub(super) kind: Option<String>,
}

impl Controller {
    pub(super) fn live(live: &sdk::DeploymentController) -> Self {
        Self { kind: Some(live.r#type.as_str().to_owned()) }
    }

    pub(super) fn sent(&self) -> Result<sdk::DeploymentController> {
        let kind = self.kind.as_deref().unwrap_or("ECS");
        built(sdk::DeploymentController::builder().r#type(kind.into()).build())
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LoadBalancer {
    advanced_configuration: Option<AdvancedConfiguration>,
    container_name: String,
    container_port: i32,
    pub(super) elb_name: Option<String>,
    pub(super) target_group_arn: Option<String>,
}

/// The second target group of a blue-green deployment.
#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AdvancedConfiguration {
    alternate_target_group_arn: String,
    production_listener_rule: String,
    role_arn: String,
    test_listener_rule: Option<String>,
}

impl LoadBalancer {
    pub(super) fn live(live: &sdk::LoadBalancer) -> Self {
        let advanced = live.advanced_configuration.as_ref().map(|it| AdvancedConfiguration {
            alternate_target_group_arn: it.alternate_target_group_arn.clone().unwrap_or_default(),
            production_listener_rule: it.production_listener_rule.clone().unwrap_or_default(),
            role_arn: it.role_arn.clone().unwrap_or_default(),
            test_listener_rule: it.test_listener_rule.clone(),
        });
        Self {
            advanced_configuration: advanced,
            container_name: live.container_name.clone().unwrap_or_default(),
            container_port: live.container_port.unwrap_or_default(),
            elb_name: live.load_balancer_name.clone(),
            target_group_arn: live.target_group_arn.clone(),
        }
    }

    pub(super) fn sent(&self) -> sdk::LoadBalancer {
        let advanced = self.advanced_configuration.as_ref().map(|it| {
            sdk::AdvancedConfiguration::builder()
                .alternate_target_group_arn(&it.alternate_target_group_arn)
                .production_listener_rule(&it.production_listener_rule)
                .role_arn(&it.role_arn)
                .set_test_listener_rule(it.test_listener_rule.clone())
                .build()
        });
        sdk::LoadBalancer::builder()
            .container_name(&self.container_name)
            .container_port(self.container_port)
            .set_load_balancer_name(self.elb_name.clone())
            .set_target_group_arn(self.target_group_arn.clone())
            .set_advanced_configuration(advanced)
            .build()
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NetworkConfiguration {
    #[serde(default)]
    assign_public_ip: bool,
    security_groups: Option<Set<String>>,
    subnets: Set<String>,
}

impl PartialEq for NetworkConfiguration {
    fn eq(&self, other: &Self) -> bool {
        self.assign_public_ip == other.assign_public_ip
            && alike_some(self.security_groups.as_ref(), other.security_groups.as_ref())
            && alike(&self.subnets, &other.subnets)
    }
}

impl NetworkConfiguration {
    pub(super) fn live(live: sdk::NetworkConfiguration) -> Option<Self> {
        let live = live.awsvpc_configuration?;
        Some(Self {
            assign_public_ip: live.assign_public_ip == Some(sdk::AssignPublicIp::Enabled),
            security_groups: live.security_groups.map(Set),
            subnets: Set(live.subnets),
        })
    }

    pub(super) fn sent(&self) -> Result<sdk::NetworkConfiguration> {
        let public = match self.assign_public_ip {
            true => sdk::AssignPublicIp::Enabled,
            false => sdk::AssignPublicIp::Disabled,
        };
        let network = sdk::AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.0.clone()))
            .set_security_groups(Some(
                self.security_groups.as_ref().map(|it| it.0.clone()).unwrap_or_default(),
            ))
            .assign_public_ip(public);
        let network = built(network.build())?;
        Ok(sdk::NetworkConfiguration::builder().awsvpc_configuration(network).build())
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PlacementStrategy {
    field: Option<String>,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["binpack", "random", "spread"]))]
    kind: String,
}

impl PlacementStrategy {
    pub(super) fn live(live: sdk::PlacementStrategy) -> Option<Self> {
        Some(Self { kind: live.r#type?.as_str().to_owned(), field: live.field })
    }

    pub(super) fn sent(&self) -> sdk::PlacementStrategy {
        let strategy = sdk::PlacementStrategy::builder().r#type(self.kind.as_str().into());
        strategy.set_field(self.field.clone()).build()
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ServicePlacementConstraint {
    expression: Option<String>,
    #[serde(rename = "type")]
    #[schemars(extend("enum" = ["memberOf", "distinctInstance"]))]
    kind: String,
}

impl ServicePlacementConstraint {
    pub(super) fn live(live: sdk::PlacementConstraint) -> Option<Self> {
        Some(Self { kind: live.r#type?.as_str().to_owned(), expression: live.expression })
    }

    pub(super) fn sent(&self) -> sdk::PlacementConstraint {
        let constraint = sdk::PlacementConstraint::builder().r#type(self.kind.as_str().into());
        constraint.set_expression(self.expression.clone()).build()
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ServiceRegistries {
    container_name: Option<String>,
    container_port: Option<i32>,
    port: Option<i32>,
    registry_arn: String,
}

impl ServiceRegistries {
    pub(super) fn live(live: sdk::ServiceRegistry) -> Option<Self> {
        Some(Self {
            container_name: live.container_name,
            container_port: live.container_port.filter(|it| *it > 0),
            port: live.port.filter(|it| *it > 0),
            registry_arn: live.registry_arn?,
        })
    }

    pub(super) fn sent(&self) -> sdk::ServiceRegistry {
        sdk::ServiceRegistry::builder()
            .registry_arn(&self.registry_arn)
            .set_container_name(self.container_name.clone())
            .set_container_port(self.container_port)
            .set_port(self.port)
            .build()
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LatticeConfiguration {
    port_name: String,
    role_arn: String,
    target_group_arn: String,
}

impl LatticeConfiguration {
    pub(super) fn live(live: sdk::VpcLatticeConfiguration) -> Self {
        Self {
            port_name: live.port_name,
            role_arn: live.role_arn,
            target_group_arn: live.target_group_arn,
        }
    }

    pub(super) fn sent(&self) -> Result<sdk::VpcLatticeConfiguration> {
        let lattice = sdk::VpcLatticeConfiguration::builder().port_name(&self.port_name);
        built(lattice.role_arn(&self.role_arn).target_group_arn(&self.target_group_arn).build())
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VolumeConfiguration {
    managed_ebs_volume: ManagedEbsVolume,
    name: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ManagedEbsVolume {
    encrypted: Option<bool>,
    #[schemars(extend("enum" = ["ext3", "ext4", "xfs", "ntfs"]))]
    file_system_type: Option<String>,
    iops: Option<i32>,
    kms_key_id: Option<IdOrArn>,
    role_arn: String,
    size_in_gb: Option<i32>,
    snapshot_id: Option<String>,
    tag_specifications: Option<Vec<TagSpecification>>,
    throughput: Option<i32>,
    volume_initialization_rate: Option<i32>,
    volume_type: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TagSpecification {
    propagate_tags: Option<String>,
    resource_type: String,
    tags: Option<BTreeMap<String, String>>,
}

impl VolumeConfiguration {
    pub(super) fn live(live: sdk::ServiceVolumeConfiguration) -> Option<Self> {
        let volume = live.managed_ebs_volume?;
        let specification = |it: sdk::EbsTagSpecification| TagSpecification {
            propagate_tags: it.propagate_tags.map(|it| it.as_str().to_owned()),
            resource_type: it.resource_type.as_str().to_owned(),
            tags: it.tags.map(|tags| Tags::live(pairs(Some(tags))).0),
        };
        let specifications = volume.tag_specifications;
        Some(Self {
            managed_ebs_volume: ManagedEbsVolume {
                encrypted: volume.encrypted,
                file_system_type: volume.filesystem_type.map(|it| it.as_str().to_owned()),
                iops: volume.iops,
                kms_key_id: volume.kms_key_id.map(IdOrArn),
                role_arn: volume.role_arn,
                size_in_gb: volume.size_in_gib,
                snapshot_id: volume.snapshot_id,
                tag_specifications: specifications
                    .map(|all| all.into_iter().map(specification).collect()),
                throughput: volume.throughput,
                volume_initialization_rate: volume.volume_initialization_rate,
                volume_type: volume.volume_type,
            },
            name: live.name,
        })
    }

    pub(super) fn sent(&self) -> Result<sdk::ServiceVolumeConfiguration> {
        let volume = &self.managed_ebs_volume;
        let specification = |it: &TagSpecification| {
            let specification = sdk::EbsTagSpecification::builder()
                .resource_type(it.resource_type.as_str().into())
                .set_propagate_tags(it.propagate_tags.as_deref().map(Into::into))
                .set_tags(it.tags.clone().and_then(sent_tags));
            built(specification.build())
        };
        let specifications = volume.tag_specifications.as_ref();
        let specifications =
            specifications.map(|all| all.iter().map(specification).collect::<Result<_>>());
        let ebs = sdk::ServiceManagedEbsVolumeConfiguration::builder()
            .set_encrypted(volume.encrypted)
            .set_filesystem_type(volume.file_system_type.as_deref().map(Into::into))
            .set_iops(volume.iops)
            .set_kms_key_id(volume.kms_key_id.as_ref().map(|it| it.0.clone()))
            .role_arn(&volume.role_arn)
            .set_size_in_gib(volume.size_in_gb)
            .set_snapshot_id(volume.snapshot_id.clone())
            .set_tag_specifications(specifications.transpose()?)
            .set_throughput(volume.throughput)
            .set_volume_initialization_rate(volume.volume_initialization_rate)
            .set_volume_type(volume.volume_type.clone());
        let configuration = sdk::ServiceVolumeConfiguration::builder().name(&self.name);
        built(configuration.managed_ebs_volume(built(ebs.build())?).build())
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Connect {
    access_log_configuration: Option<AccessLog>,
    enabled: bool,
    log_configuration: Option<ConnectLog>,
    namespace: Option<String>,
    services: Option<Vec<ConnectService>>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccessLog {
    #[schemars(extend("enum" = ["TEXT", "JSON"]))]
    format: String,
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    include_query_parameters: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectLog {
    log_driver: String,
    options: Option<BTreeMap<String, String>>,
    secret_options: Option<Set<SecretOption>>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SecretOption {
    name: String,
    value_from: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectService {
    client_alias: Option<Vec<ClientAlias>>,
    discovery_name: Option<String>,
    ingress_port_override: Option<i32>,
    port_name: String,
    timeout: Option<ConnectTimeout>,
    tls: Option<ConnectTls>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClientAlias {
    dns_name: Option<String>,
    port: i32,
    /// ECS takes one.
    #[schemars(length(max = 1))]
    test_traffic_rules: Option<Vec<TestTrafficRule>>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestTrafficRule {
    header: Option<TestTrafficHeader>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestTrafficHeader {
    name: String,
    value: TestTrafficValue,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestTrafficValue {
    exact: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectTimeout {
    idle_timeout_seconds: Option<i32>,
    per_request_timeout_seconds: Option<i32>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectTls {
    issuer_cert_authority: CertAuthority,
    kms_key: Option<IdOrArn>,
    role_arn: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CertAuthority {
    aws_pca_authority_arn: String,
}

impl Connect {
    pub(super) fn off() -> Self {
        Self {
            access_log_configuration: None,
            enabled: false,
            log_configuration: None,
            namespace: None,
            services: None,
        }
    }

    pub(super) fn live(live: sdk::ServiceConnectConfiguration) -> Self {
        let secret = |it: sdk::Secret| SecretOption { name: it.name, value_from: it.value_from };
        let services = live.services.unwrap_or_default().into_iter().map(ConnectService::live);
        Self {
            access_log_configuration: live.access_log_configuration.map(|it| AccessLog {
                format: it.format.as_str().to_owned(),
                include_query_parameters: it
                    .include_query_parameters
                    .map(|it| it.as_str().to_owned()),
            }),
            enabled: live.enabled,
            log_configuration: live.log_configuration.map(|it| ConnectLog {
                log_driver: it.log_driver.as_str().to_owned(),
                options: it.options.map(|it| it.into_iter().collect()),
                secret_options: it.secret_options.map(|all| all.into_iter().map(secret).collect()),
            }),
            namespace: live.namespace,
            services: Some(services.collect()),
        }
    }

    pub(super) fn sent(&self) -> Result<sdk::ServiceConnectConfiguration> {
        let access_log = self.access_log_configuration.as_ref().map(|it| {
            let log = sdk::ServiceConnectAccessLogConfiguration::builder()
                .format(it.format.as_str().into())
                .set_include_query_parameters(
                    it.include_query_parameters.as_deref().map(Into::into),
                );
            built(log.build())
        });
        let services = self.services.as_ref();
        let services =
            services.map(|all| all.iter().map(ConnectService::sent).collect::<Result<_>>());
        let configuration = sdk::ServiceConnectConfiguration::builder()
            .enabled(self.enabled)
            .set_namespace(self.namespace.clone())
            .set_access_log_configuration(access_log.transpose()?)
            .set_log_configuration(self.log_configuration.as_ref().map(sent_log).transpose()?)
            .set_services(services.transpose()?);
        Ok(configuration.build())
    }
}

fn sent_log(wanted: &ConnectLog) -> Result<sdk::LogConfiguration> {
    let secret = |it: &SecretOption| {
        built(sdk::Secret::builder().name(&it.name).value_from(&it.value_from).build())
    };
    let secrets = wanted.secret_options.as_ref();
    let secrets = secrets.map(|all| all.0.iter().map(secret).collect::<Result<_>>());
    let options: Option<HashMap<_, _>> =
        wanted.options.clone().map(|all| all.into_iter().collect());
    let log = sdk::LogConfiguration::builder()
        .log_driver(wanted.log_driver.as_str().into())
        .set_options(options)
        .set_secret_options(secrets.transpose()?);
    built(log.build())
}

impl ConnectService {
    fn live(live: sdk::ServiceConnectService) -> Self {
        let rule = |it: sdk::ServiceConnectTestTrafficRules| TestTrafficRule {
            header: it.header.and_then(|it| {
                let value = TestTrafficValue { exact: it.value?.exact };
                Some(TestTrafficHeader { name: it.name, value })
            }),
        };
        let alias = |it: sdk::ServiceConnectClientAlias| ClientAlias {
            dns_name: it.dns_name,
            port: it.port,
            test_traffic_rules: it.test_traffic_rules.map(|it| vec![rule(it)]),
        };
        Self {
            client_alias: live.client_aliases.map(|all| all.into_iter().map(alias).collect()),
            discovery_name: live.discovery_name,
            ingress_port_override: live.ingress_port_override,
            port_name: live.port_name,
            timeout: live.timeout.map(|it| ConnectTimeout {
                idle_timeout_seconds: it.idle_timeout_seconds,
                per_request_timeout_seconds: it.per_request_timeout_seconds,
            }),
            tls: live.tls.map(|it| ConnectTls {
                issuer_cert_authority: CertAuthority {
                    aws_pca_authority_arn: it
                        .issuer_certificate_authority
                        .and_then(|it| it.aws_pca_authority_arn)
                        .unwrap_or_default(),
                },
                kms_key: it.kms_key.map(IdOrArn),
                role_arn: it.role_arn,
            }),
        }
    }

    fn sent(&self) -> Result<sdk::ServiceConnectService> {
        let aliases = self.client_alias.as_ref();
        let aliases = aliases.map(|all| all.iter().map(ClientAlias::sent).collect::<Result<_>>());
        let timeout = self.timeout.as_ref().map(|it| {
            sdk::TimeoutConfiguration::builder()
                .set_idle_timeout_seconds(it.idle_timeout_seconds)
                .set_per_request_timeout_seconds(it.per_request_timeout_seconds)
                .build()
        });
        let tls = self.tls.as_ref().map(|it| {
            let authority = sdk::ServiceConnectTlsCertificateAuthority::builder()
                .aws_pca_authority_arn(&it.issuer_cert_authority.aws_pca_authority_arn)
                .build();
            sdk::ServiceConnectTlsConfiguration::builder()
                .issuer_certificate_authority(authority)
                .set_kms_key(it.kms_key.as_ref().map(|it| it.0.clone()))
                .set_role_arn(it.role_arn.clone())
                .build()
        });
        let service = sdk::ServiceConnectService::builder()
            .port_name(&self.port_name)
            .set_client_aliases(aliases.transpose()?)
            .set_discovery_name(self.discovery_name.clone())
            .set_ingress_port_override(self.ingress_port_override)
            .set_timeout(timeout)
            .set_tls(tls);
        built(service.build())
    }
}

impl ClientAlias {
    fn sent(&self) -> Result<sdk::ServiceConnectClientAlias> {
        let rule = match self.test_traffic_rules.as_deref().and_then(<[_]>::first) {
            Some(TestTrafficRule { header: Some(header) }) => {
                let value = sdk::ServiceConnectTestTrafficHeaderMatchRules::builder()
                    .exact(&header.value.exact);
                let header = sdk::ServiceConnectTestTrafficHeaderRules::builder()
                    .name(&header.name)
                    .value(built(value.build())?);
                let rules = sdk::ServiceConnectTestTrafficRules::builder();
                Some(rules.header(built(header.build())?).build())
            }
            _ => None,
        };
        let alias = sdk::ServiceConnectClientAlias::builder()
            .port(self.port)
            .set_dns_name(self.dns_name.clone())
            .set_test_traffic_rules(rule);
        built(alias.build())
    }
}
