//! The parts of an event source mapping, from and to the SDK's.

use std::collections::BTreeMap;

use aws_sdk_lambda::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::Set;

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Kafka {
    #[schemars(extend("computed" = true))]
    consumer_group_id: Option<String>,
    schema_registry_config: Option<Registry>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Registry {
    #[serde(default)]
    access_configs: Set<RegistryAccess>,
    event_record_format: Option<String>,
    schema_registry_uri: Option<String>,
    #[serde(default)]
    schema_validation_configs: Set<Validation>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RegistryAccess {
    #[serde(rename = "type")]
    kind: Option<String>,
    uri: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Validation {
    attribute: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Destination {
    on_failure: Option<OnFailure>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OnFailure {
    destination_arn: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DocumentDb {
    collection_name: Option<String>,
    database_name: String,
    #[serde(default = "default_document")]
    full_document: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filters {
    #[serde(default)]
    filters: Set<Filter>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Filter {
    pattern: Option<crate::provider::Json>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Metrics {
    metrics: Set<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Pollers {
    #[schemars(extend("computed" = true))]
    maximum_pollers: Option<i32>,
    #[schemars(extend("computed" = true))]
    minimum_pollers: Option<i32>,
    #[schemars(extend("computed" = true))]
    poller_group_name: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Scaling {
    maximum_concurrency: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SelfManaged {
    /// By kind (`KAFKA_BOOTSTRAP_SERVERS`), addresses with commas between.
    endpoints: BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Access {
    #[serde(rename = "type")]
    kind: String,
    uri: String,
}

fn default_document() -> String {
    "Default".to_owned()
}

impl Kafka {
    pub(super) fn live_managed(live: sdk::AmazonManagedKafkaEventSourceConfig) -> Self {
        Self {
            consumer_group_id: live.consumer_group_id,
            schema_registry_config: live.schema_registry_config.map(Registry::live),
        }
    }

    pub(super) fn live_own(live: sdk::SelfManagedKafkaEventSourceConfig) -> Self {
        Self {
            consumer_group_id: live.consumer_group_id,
            schema_registry_config: live.schema_registry_config.map(Registry::live),
        }
    }

    pub(super) fn managed(&self) -> sdk::AmazonManagedKafkaEventSourceConfig {
        sdk::AmazonManagedKafkaEventSourceConfig::builder()
            .set_consumer_group_id(self.consumer_group_id.clone())
            .set_schema_registry_config(self.schema_registry_config.as_ref().map(Registry::sdk))
            .build()
    }

    pub(super) fn own(&self) -> sdk::SelfManagedKafkaEventSourceConfig {
        sdk::SelfManagedKafkaEventSourceConfig::builder()
            .set_consumer_group_id(self.consumer_group_id.clone())
            .set_schema_registry_config(self.schema_registry_config.as_ref().map(Registry::sdk))
            .build()
    }
}

impl Registry {
    fn live(live: sdk::KafkaSchemaRegistryConfig) -> Self {
        let access = |it: sdk::KafkaSchemaRegistryAccessConfig| RegistryAccess {
            kind: it.r#type.map(|it| it.as_str().to_owned()),
            uri: it.uri,
        };
        let validation = |it: sdk::KafkaSchemaValidationConfig| Validation {
            attribute: it.attribute.map(|it| it.as_str().to_owned()),
        };
        Self {
            access_configs: live
                .access_configs
                .unwrap_or_default()
                .into_iter()
                .map(access)
                .collect(),
            event_record_format: live.event_record_format.map(|it| it.as_str().to_owned()),
            schema_registry_uri: live.schema_registry_uri,
            schema_validation_configs: live
                .schema_validation_configs
                .unwrap_or_default()
                .into_iter()
                .map(validation)
                .collect(),
        }
    }

    fn sdk(&self) -> sdk::KafkaSchemaRegistryConfig {
        let access = |it: &RegistryAccess| {
            sdk::KafkaSchemaRegistryAccessConfig::builder()
                .set_type(it.kind.as_deref().map(Into::into))
                .set_uri(it.uri.clone())
                .build()
        };
        let validation = |it: &Validation| {
            sdk::KafkaSchemaValidationConfig::builder()
                .set_attribute(it.attribute.as_deref().map(Into::into))
                .build()
        };
        sdk::KafkaSchemaRegistryConfig::builder()
            .set_access_configs(Some(self.access_configs.0.iter().map(access).collect()))
            .set_event_record_format(self.event_record_format.as_deref().map(Into::into))
            .set_schema_registry_uri(self.schema_registry_uri.clone())
            .set_schema_validation_configs(Some(
                self.schema_validation_configs.0.iter().map(validation).collect(),
            ))
            .build()
    }
}

impl Destination {
    pub(super) fn live(live: sdk::DestinationConfig) -> Option<Self> {
        let destination_arn = live.on_failure?.destination.filter(|it| !it.is_empty())?;
        Some(Self { on_failure: Some(OnFailure { destination_arn }) })
    }

    /// Nowhere, when there is none.
    pub(super) fn sdk(&self) -> sdk::DestinationConfig {
        let arn = self.on_failure.as_ref().map_or("", |it| &it.destination_arn);
        let failed = sdk::OnFailure::builder().destination(arn).build();
        sdk::DestinationConfig::builder().on_failure(failed).build()
    }

    pub(super) fn none() -> sdk::DestinationConfig {
        Self { on_failure: None }.sdk()
    }
}

impl DocumentDb {
    pub(super) fn live(live: sdk::DocumentDbEventSourceConfig) -> Option<Self> {
        Some(Self {
            collection_name: live.collection_name.filter(|it| !it.is_empty()),
            database_name: live.database_name.filter(|it| !it.is_empty())?,
            full_document: live
                .full_document
                .map_or_else(default_document, |it| it.as_str().to_owned()),
        })
    }

    pub(super) fn sdk(&self) -> sdk::DocumentDbEventSourceConfig {
        sdk::DocumentDbEventSourceConfig::builder()
            .set_collection_name(self.collection_name.clone())
            .database_name(&self.database_name)
            .full_document(self.full_document.as_str().into())
            .build()
    }
}

impl Filters {
    pub(super) fn live(live: sdk::FilterCriteria) -> crate::provider::Result<Option<Self>> {
        let filters = live.filters.unwrap_or_default();
        let filter = |it: sdk::Filter| {
            let pattern = it.pattern.map(|it| crate::provider::Json::parse(&it)).transpose()?;
            Ok(Filter { pattern })
        };
        let filters: Vec<Filter> =
            filters.into_iter().map(filter).collect::<crate::provider::Result<_>>()?;
        Ok((!filters.is_empty()).then_some(Self { filters: Set(filters) }))
    }

    pub(super) fn sdk(&self) -> sdk::FilterCriteria {
        let filter = |it: &Filter| {
            let pattern = it.pattern.as_ref().map(ToString::to_string);
            sdk::Filter::builder().set_pattern(pattern).build()
        };
        let filters = self.filters.0.iter().map(filter).collect();
        sdk::FilterCriteria::builder().set_filters(Some(filters)).build()
    }

    pub(super) fn none() -> sdk::FilterCriteria {
        sdk::FilterCriteria::builder().build()
    }
}

impl Metrics {
    pub(super) fn live(live: sdk::EventSourceMappingMetricsConfig) -> Option<Self> {
        let metrics = live.metrics.filter(|it| !it.is_empty())?;
        Some(Self { metrics: metrics.iter().map(|it| it.as_str()).collect() })
    }

    pub(super) fn sdk(&self) -> sdk::EventSourceMappingMetricsConfig {
        let metrics = self.metrics.0.iter().map(|it| it.as_str().into()).collect();
        sdk::EventSourceMappingMetricsConfig::builder().set_metrics(Some(metrics)).build()
    }

    pub(super) fn none() -> sdk::EventSourceMappingMetricsConfig {
        Self { metrics: Set::default() }.sdk()
    }
}

impl Pollers {
    pub(super) fn live(live: sdk::ProvisionedPollerConfig) -> Self {
        Self {
            maximum_pollers: live.maximum_pollers,
            minimum_pollers: live.minimum_pollers,
            poller_group_name: live.poller_group_name,
        }
    }

    pub(super) fn sdk(&self) -> sdk::ProvisionedPollerConfig {
        sdk::ProvisionedPollerConfig::builder()
            .set_maximum_pollers(self.maximum_pollers)
            .set_minimum_pollers(self.minimum_pollers)
            .set_poller_group_name(self.poller_group_name.clone())
            .build()
    }

    pub(super) fn none() -> sdk::ProvisionedPollerConfig {
        sdk::ProvisionedPollerConfig::builder().build()
    }
}

impl Scaling {
    pub(super) fn live(live: &sdk::ScalingConfig) -> Option<Self> {
        let maximum_concurrency = Some(live.maximum_concurrency?);
        Some(Self { maximum_concurrency })
    }

    pub(super) fn sdk(&self) -> sdk::ScalingConfig {
        let it = sdk::ScalingConfig::builder();
        it.set_maximum_concurrency(self.maximum_concurrency).build()
    }

    pub(super) fn none() -> sdk::ScalingConfig {
        sdk::ScalingConfig::builder().build()
    }
}

impl SelfManaged {
    pub(super) fn live(live: sdk::SelfManagedEventSource) -> Option<Self> {
        let endpoints = live.endpoints.filter(|it| !it.is_empty())?;
        let text = |(kind, all): (sdk::EndPointType, Vec<String>)| {
            (kind.as_str().to_owned(), all.join(","))
        };
        Some(Self { endpoints: endpoints.into_iter().map(text).collect() })
    }

    pub(super) fn sdk(&self) -> sdk::SelfManagedEventSource {
        let list = |(kind, all): (&String, &String)| {
            let all = all.split(',').map(|it| it.trim().to_owned()).collect();
            (sdk::EndPointType::from(kind.as_str()), all)
        };
        let endpoints = self.endpoints.iter().map(list).collect();
        sdk::SelfManagedEventSource::builder().set_endpoints(Some(endpoints)).build()
    }
}

impl Access {
    pub(super) fn live(live: sdk::SourceAccessConfiguration) -> Option<Self> {
        Some(Self { kind: live.r#type?.as_str().to_owned(), uri: live.uri? })
    }

    pub(super) fn sdk(&self) -> sdk::SourceAccessConfiguration {
        let it = sdk::SourceAccessConfiguration::builder().r#type(self.kind.as_str().into());
        it.uri(&self.uri).build()
    }
}
