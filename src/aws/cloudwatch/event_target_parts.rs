//! The parts of an event target: a program's words and the SDK's.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_eventbridge::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{event_tag_list, unbuilt};
use crate::provider::*;

/// Derived for each of the parts.
macro_rules! part {
    ($(#[$meta:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$attr])* $field: $type,)*
        }
    };
}

part! { AppsyncTarget { graphql_operation: Option<String>, } }
part! { DeadLetterConfig { arn: Option<String>, } }
part! { KinesisTarget { partition_key_path: Option<String>, } }
part! { SqsTarget { message_group_id: Option<String>, } }
part! { RunCommandTarget { key: String, values: Vec<String>, } }
part! {
    BatchTarget {
        array_size: Option<i32>,
        job_attempts: Option<i32>,
        job_definition: String,
        job_name: String,
    }
}
part! {
    EcsTarget {
        task_definition_arn: String,
        #[serde(default = "int::<1>")]
        task_count: i32,
        #[schemars(extend("enum" = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]))]
        launch_type: Option<String>,
        platform_version: Option<String>,
        group: Option<String>,
        network_configuration: Option<NetworkConfiguration>,
        capacity_provider_strategies: Option<Set<CapacityProviderStrategy>>,
        #[serde(default)]
        enable_ecs_managed_tags: bool,
        #[serde(default)]
        enable_execute_command: bool,
        #[schemars(extend("enum" = ["TASK_DEFINITION"]))]
        propagate_tags: Option<String>,
        placement_constraints: Option<Set<PlacementConstraint>>,
        ordered_placement_strategies: Option<Vec<PlacementStrategy>>,
        tags: Option<BTreeMap<String, String>>,
    }
}
part! {
    NetworkConfiguration {
        subnets: Set<String>,
        security_groups: Option<Set<String>>,
        #[serde(default)]
        assign_public_ip: bool,
    }
}
part! {
    CapacityProviderStrategy {
        capacity_provider: String,
        #[serde(default)]
        base: i32,
        #[serde(default)]
        weight: i32,
    }
}
part! {
    PlacementConstraint {
        expression: Option<String>,
        #[schemars(extend("enum" = ["distinctInstance", "memberOf"]))]
        r#type: String,
    }
}
part! {
    PlacementStrategy {
        field: Option<String>,
        #[schemars(extend("enum" = ["random", "spread", "binpack"]))]
        r#type: String,
    }
}
part! {
    HttpTarget {
        header_parameters: Option<BTreeMap<String, String>>,
        path_parameter_values: Option<Vec<String>>,
        query_string_parameters: Option<BTreeMap<String, String>>,
    }
}
part! {
    InputTransformer {
        input_paths: Option<BTreeMap<String, String>>,
        /// With `<name>` for each of `inputPaths`.
        input_template: String,
    }
}
part! {
    RedshiftTarget {
        database: String,
        db_user: Option<String>,
        secrets_manager_arn: Option<String>,
        sql: Option<String>,
        statement_name: Option<String>,
        #[serde(default)]
        with_event: bool,
    }
}
part! {
    RetryPolicy {
        #[schemars(range(min = 60, max = 86_400))]
        maximum_event_age_in_seconds: Option<i32>,
        #[schemars(range(max = 185))]
        maximum_retry_attempts: Option<i32>,
    }
}
part! { SagemakerPipelineTarget { pipeline_parameter_lists: Option<Set<PipelineParameter>>, } }
part! { PipelineParameter { name: String, value: String, } }

impl AppsyncTarget {
    pub(super) fn to_sdk(&self) -> sdk::AppSyncParameters {
        let operation = self.graphql_operation.clone();
        sdk::AppSyncParameters::builder().set_graph_ql_operation(operation).build()
    }
    pub(super) fn from_sdk(live: sdk::AppSyncParameters) -> Self {
        Self { graphql_operation: live.graph_ql_operation }
    }
}

impl BatchTarget {
    pub(super) fn to_sdk(&self) -> Result<sdk::BatchParameters> {
        let size = |it| sdk::BatchArrayProperties::builder().size(it).build();
        let attempts = |it| sdk::BatchRetryStrategy::builder().attempts(it).build();
        sdk::BatchParameters::builder()
            .job_definition(&self.job_definition)
            .job_name(&self.job_name)
            .set_array_properties(self.array_size.map(size))
            .set_retry_strategy(self.job_attempts.map(attempts))
            .build()
            .map_err(unbuilt)
    }
    pub(super) fn from_sdk(live: sdk::BatchParameters) -> Self {
        Self {
            array_size: live.array_properties.map(|it| it.size),
            job_attempts: live.retry_strategy.map(|it| it.attempts),
            job_definition: live.job_definition,
            job_name: live.job_name,
        }
    }
}

impl DeadLetterConfig {
    pub(super) fn to_sdk(&self) -> sdk::DeadLetterConfig {
        sdk::DeadLetterConfig::builder().set_arn(self.arn.clone()).build()
    }
    pub(super) fn from_sdk(live: sdk::DeadLetterConfig) -> Self {
        Self { arn: live.arn }
    }
}

impl EcsTarget {
    pub(super) fn to_sdk(&self) -> Result<sdk::EcsParameters> {
        let network = self.network_configuration.as_ref();
        let providers = self.capacity_provider_strategies.as_ref();
        let providers = providers.map(|it| it.0.iter().map(CapacityProviderStrategy::to_sdk));
        let constraint = |it: &PlacementConstraint| {
            sdk::PlacementConstraint::builder()
                .r#type(it.r#type.as_str().into())
                .set_expression(it.expression.clone())
                .build()
        };
        let strategy = |it: &PlacementStrategy| {
            sdk::PlacementStrategy::builder()
                .r#type(it.r#type.as_str().into())
                .set_field(it.field.clone())
                .build()
        };
        let constraints = self.placement_constraints.as_ref();
        let strategies = self.ordered_placement_strategies.as_ref();
        sdk::EcsParameters::builder()
            .task_definition_arn(&self.task_definition_arn)
            .task_count(self.task_count)
            .set_launch_type(self.launch_type.as_deref().map(Into::into))
            .set_platform_version(self.platform_version.clone())
            .set_group(self.group.clone())
            .set_network_configuration(network.map(NetworkConfiguration::to_sdk).transpose()?)
            .set_capacity_provider_strategy(providers.map(Iterator::collect).transpose()?)
            .enable_ecs_managed_tags(self.enable_ecs_managed_tags)
            .enable_execute_command(self.enable_execute_command)
            .set_propagate_tags(self.propagate_tags.as_deref().map(Into::into))
            .set_placement_constraints(constraints.map(|it| it.0.iter().map(constraint).collect()))
            .set_placement_strategy(strategies.map(|it| it.iter().map(strategy).collect()))
            .set_tags(self.tags.clone().map(event_tag_list).transpose()?)
            .build()
            .map_err(unbuilt)
    }
    pub(super) fn from_sdk(live: sdk::EcsParameters) -> Self {
        let constraint = |it: sdk::PlacementConstraint| PlacementConstraint {
            expression: it.expression,
            r#type: it.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        };
        let strategy = |it: sdk::PlacementStrategy| PlacementStrategy {
            field: it.field,
            r#type: it.r#type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        };
        let provider = |it: sdk::CapacityProviderStrategyItem| CapacityProviderStrategy {
            capacity_provider: it.capacity_provider,
            base: it.base,
            weight: it.weight,
        };
        let network = live.network_configuration.and_then(|it| it.awsvpc_configuration);
        Self {
            task_definition_arn: live.task_definition_arn,
            task_count: live.task_count.unwrap_or(1),
            launch_type: live.launch_type.map(|it| it.as_str().to_owned()),
            platform_version: live.platform_version,
            group: live.group,
            network_configuration: network.map(NetworkConfiguration::from_sdk),
            capacity_provider_strategies: live
                .capacity_provider_strategy
                .map(|it| it.into_iter().map(provider).collect()),
            enable_ecs_managed_tags: live.enable_ecs_managed_tags,
            enable_execute_command: live.enable_execute_command,
            propagate_tags: live.propagate_tags.map(|it| it.as_str().to_owned()),
            placement_constraints: live
                .placement_constraints
                .map(|it| it.into_iter().map(constraint).collect()),
            ordered_placement_strategies: live
                .placement_strategy
                .map(|it| it.into_iter().map(strategy).collect()),
            tags: live.tags.map(|it| it.into_iter().map(|it| (it.key, it.value)).collect()),
        }
    }
}

impl NetworkConfiguration {
    fn to_sdk(&self) -> Result<sdk::NetworkConfiguration> {
        let public = if self.assign_public_ip { "ENABLED" } else { "DISABLED" };
        let vpc = sdk::AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.0.clone()))
            .set_security_groups(self.security_groups.as_ref().map(|it| it.0.clone()))
            .assign_public_ip(public.into())
            .build()
            .map_err(unbuilt)?;
        Ok(sdk::NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
    }
    fn from_sdk(live: sdk::AwsVpcConfiguration) -> Self {
        Self {
            subnets: Set(live.subnets),
            security_groups: live.security_groups.map(Set),
            assign_public_ip: live.assign_public_ip == Some(sdk::AssignPublicIp::Enabled),
        }
    }
}

impl CapacityProviderStrategy {
    fn to_sdk(&self) -> Result<sdk::CapacityProviderStrategyItem> {
        sdk::CapacityProviderStrategyItem::builder()
            .capacity_provider(&self.capacity_provider)
            .base(self.base)
            .weight(self.weight)
            .build()
            .map_err(unbuilt)
    }
}

impl HttpTarget {
    pub(super) fn to_sdk(&self) -> sdk::HttpParameters {
        sdk::HttpParameters::builder()
            .set_header_parameters(self.header_parameters.clone().map(unsorted))
            .set_path_parameter_values(self.path_parameter_values.clone())
            .set_query_string_parameters(self.query_string_parameters.clone().map(unsorted))
            .build()
    }
    pub(super) fn from_sdk(live: sdk::HttpParameters) -> Self {
        Self {
            header_parameters: live.header_parameters.map(sorted),
            path_parameter_values: live.path_parameter_values,
            query_string_parameters: live.query_string_parameters.map(sorted),
        }
    }
}

fn unsorted(map: BTreeMap<String, String>) -> HashMap<String, String> {
    map.into_iter().collect()
}

fn sorted(map: HashMap<String, String>) -> BTreeMap<String, String> {
    map.into_iter().collect()
}

impl InputTransformer {
    pub(super) fn to_sdk(&self) -> Result<sdk::InputTransformer> {
        sdk::InputTransformer::builder()
            .set_input_paths_map(self.input_paths.clone().map(unsorted))
            .input_template(&self.input_template)
            .build()
            .map_err(unbuilt)
    }
    pub(super) fn from_sdk(live: sdk::InputTransformer) -> Self {
        Self { input_paths: live.input_paths_map.map(sorted), input_template: live.input_template }
    }
}

impl KinesisTarget {
    pub(super) fn to_sdk(&self) -> Result<sdk::KinesisParameters> {
        let path = self.partition_key_path.clone();
        sdk::KinesisParameters::builder().set_partition_key_path(path).build().map_err(unbuilt)
    }
    pub(super) fn from_sdk(live: sdk::KinesisParameters) -> Self {
        Self { partition_key_path: Some(live.partition_key_path) }
    }
}

impl RedshiftTarget {
    pub(super) fn to_sdk(&self) -> Result<sdk::RedshiftDataParameters> {
        sdk::RedshiftDataParameters::builder()
            .database(&self.database)
            .set_db_user(self.db_user.clone())
            .set_secret_manager_arn(self.secrets_manager_arn.clone())
            .set_sql(self.sql.clone())
            .set_statement_name(self.statement_name.clone())
            .with_event(self.with_event)
            .build()
            .map_err(unbuilt)
    }
    pub(super) fn from_sdk(live: sdk::RedshiftDataParameters) -> Self {
        Self {
            database: live.database,
            db_user: live.db_user,
            secrets_manager_arn: live.secret_manager_arn,
            sql: live.sql,
            statement_name: live.statement_name,
            with_event: live.with_event,
        }
    }
}

impl RetryPolicy {
    pub(super) fn to_sdk(&self) -> sdk::RetryPolicy {
        sdk::RetryPolicy::builder()
            .set_maximum_event_age_in_seconds(self.maximum_event_age_in_seconds)
            .set_maximum_retry_attempts(self.maximum_retry_attempts)
            .build()
    }
    pub(super) fn from_sdk(live: sdk::RetryPolicy) -> Self {
        Self {
            maximum_event_age_in_seconds: live.maximum_event_age_in_seconds,
            maximum_retry_attempts: live.maximum_retry_attempts,
        }
    }
}

pub(super) fn commands_to_sdk(targets: &[RunCommandTarget]) -> Result<sdk::RunCommandParameters> {
    let one = |it: &RunCommandTarget| {
        let target = sdk::RunCommandTarget::builder().key(&it.key);
        target.set_values(Some(it.values.clone())).build().map_err(unbuilt)
    };
    let all = targets.iter().map(one).collect::<Result<_>>()?;
    let parameters = sdk::RunCommandParameters::builder();
    parameters.set_run_command_targets(Some(all)).build().map_err(unbuilt)
}

pub(super) fn commands_from_sdk(live: sdk::RunCommandParameters) -> Vec<RunCommandTarget> {
    let one = |it: sdk::RunCommandTarget| RunCommandTarget { key: it.key, values: it.values };
    live.run_command_targets.into_iter().map(one).collect()
}

impl SagemakerPipelineTarget {
    pub(super) fn to_sdk(&self) -> Result<sdk::SageMakerPipelineParameters> {
        let one = |it: &PipelineParameter| {
            let parameter = sdk::SageMakerPipelineParameter::builder();
            parameter.name(&it.name).value(&it.value).build().map_err(unbuilt)
        };
        let all = self.pipeline_parameter_lists.as_ref();
        let all = all.map(|it| it.0.iter().map(one).collect::<Result<_>>()).transpose()?;
        Ok(sdk::SageMakerPipelineParameters::builder().set_pipeline_parameter_list(all).build())
    }
    pub(super) fn from_sdk(live: sdk::SageMakerPipelineParameters) -> Self {
        let one = |it: sdk::SageMakerPipelineParameter| PipelineParameter {
            name: it.name,
            value: it.value,
        };
        let all = live.pipeline_parameter_list;
        Self { pipeline_parameter_lists: all.map(|it| it.into_iter().map(one).collect()) }
    }
}

impl SqsTarget {
    pub(super) fn to_sdk(&self) -> sdk::SqsParameters {
        sdk::SqsParameters::builder().set_message_group_id(self.message_group_id.clone()).build()
    }
    pub(super) fn from_sdk(live: sdk::SqsParameters) -> Self {
        Self { message_group_id: live.message_group_id }
    }
}
