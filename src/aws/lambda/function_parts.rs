//! The parts of a function's configuration, from and to the SDK's.

use aws_sdk_lambda::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::*;

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DeadLetter {
    /// A queue or a topic.
    pub(super) target_arn: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Durable {
    /// In seconds.
    pub(super) execution_timeout: i32,
    /// In days.
    #[schemars(extend("computed" = true))]
    pub(super) retention_period: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Environment {
    #[serde(default)]
    pub(super) variables: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Storage {
    /// In MB.
    #[schemars(range(min = 512, max = 10_240), extend("computed" = true))]
    pub(super) size: Option<i32>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileSystem {
    /// Of an access point.
    pub(super) arn: String,
    /// Below `/mnt/`.
    pub(super) local_mount_path: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Image {
    pub(super) commands: Option<Vec<String>>,
    pub(super) entry_points: Option<Vec<String>>,
    pub(super) working_directory: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Logging {
    #[schemars(extend("computed" = true))]
    pub(super) application_log_level: Option<String>,
    #[schemars(extend("enum" = ["Text", "JSON"]))]
    pub(super) log_format: String,
    #[schemars(extend("computed" = true))]
    pub(super) log_group: Option<String>,
    #[schemars(extend("computed" = true))]
    pub(super) system_log_level: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SnapStart {
    #[schemars(extend("enum" = ["PublishedVersions", "None"]))]
    pub(super) apply_on: String,
    #[schemars(extend("computed" = true))]
    pub(super) optimization_status: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tenancy {
    #[schemars(extend("enum" = ["PER_TENANT"]))]
    pub(super) tenant_isolation_mode: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Tracing {
    #[schemars(extend("enum" = ["Active", "PassThrough"]))]
    pub(super) mode: String,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Vpc {
    #[schemars(extend("computed" = true))]
    pub(super) ipv6_allowed_for_dual_stack: Option<bool>,
    pub(super) security_group_ids: Set<String>,
    pub(super) subnet_ids: Set<String>,
    #[schemars(extend("computed" = true))]
    pub(super) vpc_id: Option<String>,
}

/// Nothing that AWS shows for a function without the setting.
fn some(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

impl DeadLetter {
    pub(super) fn live(live: sdk::DeadLetterConfig) -> Option<Self> {
        Some(Self { target_arn: some(live.target_arn)? })
    }

    pub(super) fn sdk(&self) -> sdk::DeadLetterConfig {
        sdk::DeadLetterConfig::builder().target_arn(&self.target_arn).build()
    }
}

impl Durable {
    pub(super) fn live(live: sdk::DurableConfig) -> Option<Self> {
        let retention_period = live.retention_period_in_days;
        Some(Self { execution_timeout: live.execution_timeout?, retention_period })
    }

    pub(super) fn sdk(&self) -> sdk::DurableConfig {
        sdk::DurableConfig::builder()
            .execution_timeout(self.execution_timeout)
            .set_retention_period_in_days(self.retention_period)
            .build()
    }
}

impl Environment {
    pub(super) fn live(live: sdk::EnvironmentResponse) -> Result<Option<Self>> {
        if let Some(error) = live.error {
            let text = error.message.unwrap_or_default();
            return Err(Error::failed(format!("its environment cannot be read: {text}")));
        }
        let variables = live.variables.unwrap_or_default();
        Ok((!variables.is_empty()).then(|| Self { variables: variables.into_iter().collect() }))
    }

    pub(super) fn sdk(&self) -> sdk::Environment {
        let variables = self.variables.clone().into_iter().collect();
        sdk::Environment::builder().set_variables(Some(variables)).build()
    }
}

impl FileSystem {
    pub(super) fn live(live: sdk::FileSystemConfig) -> Self {
        Self { arn: live.arn, local_mount_path: live.local_mount_path }
    }

    pub(super) fn sdk(&self) -> Result<sdk::FileSystemConfig> {
        sdk::FileSystemConfig::builder()
            .arn(&self.arn)
            .local_mount_path(&self.local_mount_path)
            .build()
            .map_err(|it| Error::invalid("fileSystemConfig", it.to_string()))
    }
}

impl Image {
    pub(super) fn live(live: sdk::ImageConfig) -> Option<Self> {
        let list = |it: Option<Vec<String>>| it.filter(|it| !it.is_empty());
        let it = Self {
            commands: list(live.command),
            entry_points: list(live.entry_point),
            working_directory: some(live.working_directory),
        };
        let set = it.commands.is_some() || it.entry_points.is_some();
        (set || it.working_directory.is_some()).then_some(it)
    }

    pub(super) fn sdk(&self) -> sdk::ImageConfig {
        sdk::ImageConfig::builder()
            .set_command(self.commands.clone())
            .set_entry_point(self.entry_points.clone())
            .set_working_directory(self.working_directory.clone())
            .build()
    }
}

impl Logging {
    pub(super) fn live(live: sdk::LoggingConfig) -> Option<Self> {
        Some(Self {
            application_log_level: live.application_log_level.map(|it| it.as_str().to_owned()),
            log_format: live.log_format?.as_str().to_owned(),
            log_group: some(live.log_group),
            system_log_level: live.system_log_level.map(|it| it.as_str().to_owned()),
        })
    }

    /// Levels are for JSON only.
    pub(super) fn sdk(&self) -> sdk::LoggingConfig {
        let json = self.log_format == "JSON";
        let level = |it: &Option<String>| it.clone().filter(|_| json);
        sdk::LoggingConfig::builder()
            .log_format(self.log_format.as_str().into())
            .set_application_log_level(
                level(&self.application_log_level).map(|it| it.as_str().into()),
            )
            .set_log_group(self.log_group.clone())
            .set_system_log_level(level(&self.system_log_level).map(|it| it.as_str().into()))
            .build()
    }
}

impl SnapStart {
    pub(super) fn live(live: sdk::SnapStartResponse) -> Option<Self> {
        let apply_on = live.apply_on.filter(|it| it.as_str() != "None")?;
        Some(Self {
            apply_on: apply_on.as_str().to_owned(),
            optimization_status: live.optimization_status.map(|it| it.as_str().to_owned()),
        })
    }

    pub(super) fn sdk(&self) -> sdk::SnapStart {
        sdk::SnapStart::builder().apply_on(self.apply_on.as_str().into()).build()
    }

    pub(super) fn off() -> sdk::SnapStart {
        sdk::SnapStart::builder().apply_on(sdk::SnapStartApplyOn::None).build()
    }
}

impl Storage {
    pub(super) fn live(live: &sdk::EphemeralStorage) -> Self {
        Self { size: Some(live.size) }
    }

    pub(super) fn sdk(&self) -> Result<sdk::EphemeralStorage> {
        sdk::EphemeralStorage::builder()
            .size(self.size.unwrap_or(512))
            .build()
            .map_err(|it| Error::invalid("ephemeralStorage", it.to_string()))
    }
}

impl Tenancy {
    pub(super) fn live(live: &sdk::TenancyConfig) -> Self {
        Self { tenant_isolation_mode: live.tenant_isolation_mode.as_str().to_owned() }
    }

    pub(super) fn sdk(&self) -> Result<sdk::TenancyConfig> {
        sdk::TenancyConfig::builder()
            .tenant_isolation_mode(self.tenant_isolation_mode.as_str().into())
            .build()
            .map_err(|it| Error::invalid("tenancyConfig", it.to_string()))
    }
}

impl Tracing {
    pub(super) fn live(live: sdk::TracingConfigResponse) -> Option<Self> {
        Some(Self { mode: live.mode?.as_str().to_owned() })
    }

    pub(super) fn sdk(&self) -> sdk::TracingConfig {
        sdk::TracingConfig::builder().mode(self.mode.as_str().into()).build()
    }
}

impl Vpc {
    pub(super) fn live(live: sdk::VpcConfigResponse) -> Option<Self> {
        let subnet_ids = live.subnet_ids.filter(|it| !it.is_empty())?;
        Some(Self {
            ipv6_allowed_for_dual_stack: live.ipv6_allowed_for_dual_stack,
            security_group_ids: Set(live.security_group_ids.unwrap_or_default()),
            subnet_ids: Set(subnet_ids),
            vpc_id: some(live.vpc_id),
        })
    }

    pub(super) fn sdk(&self) -> sdk::VpcConfig {
        sdk::VpcConfig::builder()
            .set_ipv6_allowed_for_dual_stack(self.ipv6_allowed_for_dual_stack)
            .set_security_group_ids(Some(self.security_group_ids.0.clone()))
            .set_subnet_ids(Some(self.subnet_ids.0.clone()))
            .build()
    }

    /// In no VPC.
    pub(super) fn none() -> sdk::VpcConfig {
        let none = || Some(Vec::new());
        let it = sdk::VpcConfig::builder().set_security_group_ids(none());
        it.set_subnet_ids(none()).build()
    }
}
