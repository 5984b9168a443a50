//! A task definition's volumes.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    DockerVolumeConfiguration, EfsAuthorizationConfig, EfsVolumeConfiguration,
    FSxWindowsFileServerAuthorizationConfig, FSxWindowsFileServerVolumeConfiguration,
    HostVolumeProperties, S3FilesVolumeConfiguration, Volume as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::built;
use crate::provider::*;

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Volume {
    configure_at_launch: Option<bool>,
    docker_volume_configuration: Option<DockerVolume>,
    efs_volume_configuration: Option<EfsVolume>,
    fsx_windows_file_server_volume_configuration: Option<FsxVolume>,
    host_path: Option<String>,
    name: String,
    s3files_volume_configuration: Option<S3FilesVolume>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DockerVolume {
    autoprovision: Option<bool>,
    driver: Option<String>,
    driver_opts: Option<BTreeMap<String, String>>,
    labels: Option<BTreeMap<String, String>>,
    #[schemars(extend("enum" = ["task", "shared"]))]
    scope: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EfsVolume {
    authorization_config: Option<EfsAuthorization>,
    file_system_id: String,
    root_directory: Option<String>,
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    transit_encryption: Option<String>,
    transit_encryption_port: Option<i32>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EfsAuthorization {
    access_point_id: Option<String>,
    #[schemars(extend("enum" = ["ENABLED", "DISABLED"]))]
    iam: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FsxVolume {
    authorization_config: FsxAuthorization,
    file_system_id: String,
    root_directory: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FsxAuthorization {
    credentials_parameter: String,
    domain: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct S3FilesVolume {
    access_point_arn: Option<String>,
    file_system_arn: String,
    root_directory: Option<String>,
    transit_encryption_port: Option<i32>,
}

impl Volume {
    /// ECS leaves out some of its defaults and fills in others: here they are
    /// all there.
    pub(super) fn live(live: Live) -> Option<Self> {
        Some(Self {
            configure_at_launch: Some(live.configured_at_launch.unwrap_or_default()),
            docker_volume_configuration: live.docker_volume_configuration.map(|it| DockerVolume {
                autoprovision: Some(it.autoprovision.unwrap_or_default()),
                driver: it.driver,
                driver_opts: it.driver_opts.map(|it| it.into_iter().collect()),
                labels: it.labels.map(|it| it.into_iter().collect()),
                scope: it.scope.map(|it| it.as_str().to_owned()),
            }),
            efs_volume_configuration: live.efs_volume_configuration.map(|it| EfsVolume {
                authorization_config: it.authorization_config.map(|it| EfsAuthorization {
                    access_point_id: it.access_point_id,
                    iam: it.iam.map(|it| it.as_str().to_owned()).or_else(disabled),
                }),
                file_system_id: it.file_system_id,
                root_directory: it.root_directory.or_else(|| Some("/".to_owned())),
                transit_encryption: it
                    .transit_encryption
                    .map(|it| it.as_str().to_owned())
                    .or_else(disabled),
                transit_encryption_port: it.transit_encryption_port,
            }),
            fsx_windows_file_server_volume_configuration: live
                .fsx_windows_file_server_volume_configuration
                .and_then(|it| {
                    let access = it.authorization_config?;
                    Some(FsxVolume {
                        authorization_config: FsxAuthorization {
                            credentials_parameter: access.credentials_parameter,
                            domain: access.domain,
                        },
                        file_system_id: it.file_system_id,
                        root_directory: it.root_directory,
                    })
                }),
            host_path: live.host.and_then(|it| it.source_path),
            name: live.name?,
            s3files_volume_configuration: live.s3files_volume_configuration.map(|it| {
                S3FilesVolume {
                    access_point_arn: it.access_point_arn,
                    file_system_arn: it.file_system_arn,
                    root_directory: it.root_directory.or_else(|| Some("/".to_owned())),
                    transit_encryption_port: it.transit_encryption_port,
                }
            }),
        })
    }

    pub(super) fn sent(&self) -> Result<Live> {
        let map = |it: &Option<BTreeMap<_, _>>| it.clone().map(|it| it.into_iter().collect());
        let docker = self.docker_volume_configuration.as_ref().map(|it| {
            DockerVolumeConfiguration::builder()
                .set_autoprovision(it.autoprovision)
                .set_driver(it.driver.clone())
                .set_driver_opts(map(&it.driver_opts))
                .set_labels(map(&it.labels))
                .set_scope(it.scope.as_deref().map(Into::into))
                .build()
        });
        let efs = self.efs_volume_configuration.as_ref().map(|it| {
            let access = it.authorization_config.as_ref().map(|it| {
                EfsAuthorizationConfig::builder()
                    .set_access_point_id(it.access_point_id.clone())
                    .set_iam(it.iam.as_deref().map(Into::into))
                    .build()
            });
            EfsVolumeConfiguration::builder()
                .file_system_id(&it.file_system_id)
                .set_root_directory(it.root_directory.clone())
                .set_transit_encryption(it.transit_encryption.as_deref().map(Into::into))
                .set_transit_encryption_port(it.transit_encryption_port)
                .set_authorization_config(access)
                .build()
        });
        let fsx = self.fsx_windows_file_server_volume_configuration.as_ref().map(|it| {
            let access = FSxWindowsFileServerAuthorizationConfig::builder()
                .credentials_parameter(&it.authorization_config.credentials_parameter)
                .domain(&it.authorization_config.domain);
            FSxWindowsFileServerVolumeConfiguration::builder()
                .file_system_id(&it.file_system_id)
                .root_directory(&it.root_directory)
                .authorization_config(built(access.build())?)
                .build()
                .map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
        });
        let s3files = self.s3files_volume_configuration.as_ref().map(|it| {
            S3FilesVolumeConfiguration::builder()
                .file_system_arn(&it.file_system_arn)
                .set_access_point_arn(it.access_point_arn.clone())
                .set_root_directory(it.root_directory.clone())
                .set_transit_encryption_port(it.transit_encryption_port)
                .build()
        });
        let host = self.host_path.as_ref();
        let host = host.map(|it| HostVolumeProperties::builder().source_path(it).build());
        Ok(Live::builder()
            .name(&self.name)
            .set_configured_at_launch(self.configure_at_launch)
            .set_host(host)
            .set_docker_volume_configuration(docker)
            .set_efs_volume_configuration(efs.map(built).transpose()?)
            .set_fsx_windows_file_server_volume_configuration(fsx.transpose()?)
            .set_s3files_volume_configuration(s3files.map(built).transpose()?)
            .build())
    }
}

fn disabled() -> Option<String> {
    Some("DISABLED".to_owned())
}
