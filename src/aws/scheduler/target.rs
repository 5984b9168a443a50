//! What a schedule calls, and what each kind of target is told.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_scheduler::types::{
    self as sdk, AssignPublicIp, AwsVpcConfiguration, LaunchType, NetworkConfiguration,
    PlacementConstraintType, PlacementStrategyType, PropagateTags,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::twin::{Built as _, Twin, Word, twin},
    provider::*,
};

twin! {
    Target = sdk::Target {
        arn: String => arn, set_arn;
        dead_letter_config: Option<DeadLetters> => dead_letter_config, set_dead_letter_config;
        ecs_parameters: Option<Ecs> => ecs_parameters, set_ecs_parameters;
        eventbridge_parameters: Option<EventBridge>
            => event_bridge_parameters, set_event_bridge_parameters;
        /// Text, which most targets want to be JSON.
        input: Option<String> => input, set_input;
        kinesis_parameters: Option<Kinesis> => kinesis_parameters, set_kinesis_parameters;
        retry_policy: Option<Retries> => retry_policy, set_retry_policy;
        role_arn: String => role_arn, set_role_arn;
        sagemaker_pipeline_parameters: Option<Pipeline>
            => sage_maker_pipeline_parameters, set_sage_maker_pipeline_parameters;
        sqs_parameters: Option<Sqs> => sqs_parameters, set_sqs_parameters;
    }
}

twin! {
    DeadLetters = sdk::DeadLetterConfig {
        arn: String => arn, set_arn;
    }
}

twin! {
    EventBridge = sdk::EventBridgeParameters {
        detail_type: String => detail_type, set_detail_type;
        source: String => source, set_source;
    }
}

twin! {
    Kinesis = sdk::KinesisParameters {
        partition_key: String => partition_key, set_partition_key;
    }
}

twin! {
    Retries = sdk::RetryPolicy {
        #[schemars(range(min = 60, max = 86_400))]
        maximum_event_age_in_seconds: Option<i32>
            => maximum_event_age_in_seconds, set_maximum_event_age_in_seconds;
        #[schemars(range(min = 0, max = 185))]
        maximum_retry_attempts: Option<i32>
            => maximum_retry_attempts, set_maximum_retry_attempts;
    }
}

twin! {
    Pipeline = sdk::SageMakerPipelineParameters {
        pipeline_parameters: Option<Set<PipelineParameter>>
            => pipeline_parameter_list, set_pipeline_parameter_list;
    }
}

twin! {
    PipelineParameter = sdk::SageMakerPipelineParameter {
        name: String => name, set_name;
        value: String => value, set_value;
    }
}

twin! {
    Sqs = sdk::SqsParameters {
        message_group_id: Option<String> => message_group_id, set_message_group_id;
    }
}

twin! {
    Ecs = sdk::EcsParameters {
        capacity_provider_strategies: Option<Set<Share>>
            => capacity_provider_strategy, set_capacity_provider_strategy;
        enable_ecs_managed_tags: Option<bool>
            => enable_ecs_managed_tags, set_enable_ecs_managed_tags;
        enable_execute_command: Option<bool>
            => enable_execute_command, set_enable_execute_command;
        group: Option<String> => group, set_group;
        launch_type: Option<Word<LaunchType>> => launch_type, set_launch_type;
        network_configuration: Option<Network>
            => network_configuration, set_network_configuration;
        placement_constraints: Option<Set<Constraint>>
            => placement_constraints, set_placement_constraints;
        placement_strategies: Option<Vec<Placement>>
            => placement_strategy, set_placement_strategy;
        platform_version: Option<String> => platform_version, set_platform_version;
        propagate_tags: Option<Word<PropagateTags>> => propagate_tags, set_propagate_tags;
        reference_id: Option<String> => reference_id, set_reference_id;
        tags: Option<TaskTags> => tags, set_tags;
        #[schemars(range(min = 1, max = 10))]
        task_count: Option<i32> => task_count, set_task_count;
        task_definition_arn: String => task_definition_arn, set_task_definition_arn;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Share {
    #[serde(default)]
    base: i32,
    capacity_provider: String,
    #[serde(default)]
    weight: i32,
}

impl Twin for Share {
    type Sdk = sdk::CapacityProviderStrategyItem;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        let item = Self::Sdk::builder().base(self.base).weight(self.weight);
        item.capacity_provider(&self.capacity_provider).build().built()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        let capacity_provider = sdk.capacity_provider.clone();
        Ok(Self { base: sdk.base, capacity_provider, weight: sdk.weight })
    }
}

twin! {
    Constraint = sdk::PlacementConstraint {
        expression: Option<String> => expression, set_expression;
        r#type: Word<PlacementConstraintType> => r#type, set_type;
    }
}

twin! {
    Placement = sdk::PlacementStrategy {
        field: Option<String> => field, set_field;
        r#type: Word<PlacementStrategyType> => r#type, set_type;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Network {
    #[serde(default)]
    assign_public_ip: bool,
    #[serde(default)]
    security_groups: Set<String>,
    subnets: Set<String>,
}

impl Twin for Network {
    type Sdk = NetworkConfiguration;
    fn to_sdk(&self) -> Result<NetworkConfiguration> {
        let public = match self.assign_public_ip {
            true => AssignPublicIp::Enabled,
            false => AssignPublicIp::Disabled,
        };
        let groups = self.security_groups.0.clone();
        let network = AwsVpcConfiguration::builder()
            .assign_public_ip(public)
            .set_security_groups((!groups.is_empty()).then_some(groups))
            .set_subnets(Some(self.subnets.0.clone()));
        Ok(NetworkConfiguration::builder().awsvpc_configuration(network.build().built()?).build())
    }
    fn from_sdk(sdk: &NetworkConfiguration) -> Result<Self> {
        let network = sdk.awsvpc_configuration().ok_or(Error::missing("awsvpcConfiguration"))?;
        Ok(Self {
            assign_public_ip: network.assign_public_ip == Some(AssignPublicIp::Enabled),
            security_groups: Set(network.security_groups().to_vec()),
            subnets: Set(network.subnets.clone()),
        })
    }
}

/// The tags of the tasks, which the API has as a list of maps.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct TaskTags(BTreeMap<String, String>);

impl Twin for TaskTags {
    type Sdk = Vec<HashMap<String, String>>;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        let tag = |(key, value): (&String, &String)| {
            HashMap::from([("key".to_owned(), key.clone()), ("value".to_owned(), value.clone())])
        };
        Ok(self.0.iter().map(tag).collect())
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        let of = |tag: &HashMap<String, String>, name: [&str; 2]| {
            name.iter().find_map(|it| tag.get(*it).cloned()).unwrap_or_default()
        };
        let tag = |it| (of(it, ["key", "Key"]), of(it, ["value", "Value"]));
        Ok(Self(sdk.iter().map(tag).collect()))
    }
}
