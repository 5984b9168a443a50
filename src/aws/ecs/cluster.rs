//! `aws:ecs/cluster:Cluster`. The id is the cluster's ARN; a bare name is
//! understood too.

use aws_sdk_ecs::types::{
    Cluster as Live, ClusterConfiguration, ClusterField, ClusterServiceConnectDefaultsRequest,
    ClusterSetting, ExecuteCommandConfiguration, ExecuteCommandLogConfiguration,
    ManagedStorageConfiguration,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_CLUSTER, built, pairs, retag, sent_tags, tail};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Cluster;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: String,
    configuration: Option<Configuration>,
    service_connect_defaults: Option<ConnectDefaults>,
    /// The account's own defaults hold for what is not set.
    #[schemars(extend("computed" = true))]
    settings: Option<Set<Setting>>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Configuration {
    execute_command_configuration: Option<ExecuteCommand>,
    managed_storage_configuration: Option<ManagedStorage>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExecuteCommand {
    kms_key_id: Option<IdOrArn>,
    log_configuration: Option<ExecuteCommandLog>,
    #[schemars(extend("enum" = ["NONE", "DEFAULT", "OVERRIDE"]))]
    logging: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExecuteCommandLog {
    #[serde(default)]
    cloud_watch_encryption_enabled: bool,
    cloud_watch_log_group_name: Option<String>,
    #[serde(default)]
    s3_bucket_encryption_enabled: bool,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ManagedStorage {
    fargate_ephemeral_storage_kms_key_id: Option<IdOrArn>,
    kms_key_id: Option<IdOrArn>,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectDefaults {
    namespace: String,
}

#[derive(Deserialize, Serialize, JsonSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Setting {
    name: String,
    value: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for Cluster {
    const TYPE: &'static str = "aws:ecs/cluster:Cluster";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if new.name.is_empty() || new.name.len() > 255 || !new.name.chars().all(fits) {
            return Err(Error::invalid("name", "is 1 to 255 letters, digits, `-` and `_`"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(place.arn("ecs", &format!("cluster/{name}")));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// Creating a cluster that exists answers with it, whoever made it: look
    /// first.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if let Some(live) = one(cx, &new.name).await? {
            let arn = live.cluster_arn.ok_or(Error::missing("clusterArn"))?;
            return if cx.made(pairs(live.tags)) {
                Ok(arn)
            } else {
                Err(Error::not_ours("a cluster of this name"))
            };
        }
        let call = cx.aws.ecs().create_cluster().cluster_name(&new.name);
        let call = call
            .set_configuration(new.configuration.as_ref().map(configuration))
            .set_settings(settings(new))
            .set_service_connect_defaults(connect_defaults(new)?)
            .set_tags(sent_tags(cx.birth_tags(&new.tags)));
        let cluster = call.send().await?.cluster.ok_or(Error::missing("cluster"))?;
        cluster.cluster_arn.ok_or(Error::missing("clusterArn"))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(100) {
            let live = live(cx, ids).await?;
            for id in ids {
                let it = live.iter().find(|it| it.cluster_name.as_deref() == Some(tail(id)));
                found.push(it.cloned().map(outputs).transpose()?);
            }
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let configuration_changed = old.configuration != new.configuration;
        let settings_changed = old.settings != new.settings;
        let connect_changed = old.service_connect_defaults != new.service_connect_defaults;
        if configuration_changed || settings_changed || connect_changed {
            let mut call = cx.aws.ecs().update_cluster().cluster(id);
            if configuration_changed {
                let none = || ClusterConfiguration::builder().build();
                let some = new.configuration.as_ref().map(configuration);
                call = call.configuration(some.unwrap_or_else(none));
            }
            if settings_changed {
                call = call.set_settings(settings(new));
            }
            if connect_changed {
                // An empty namespace takes the default away.
                let none = ClusterServiceConnectDefaultsRequest::builder().namespace("").build();
                let some = connect_defaults(new)?;
                call = call.service_connect_defaults(some.map_or_else(|| built(none), Ok)?);
            }
            call.send().await?;
        }
        retag(cx, id, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.ecs().delete_cluster().cluster(id).send().await, NO_CLUSTER)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = one(cx, &inputs.name).await? else { return Ok(None) };
        let arn = live.cluster_arn;
        Ok(if cx.made(pairs(live.tags)) { arn } else { None })
    }
}

/// The clusters that are there; an INACTIVE one is gone.
async fn live(cx: &Cx, ids: &[String]) -> Result<Vec<Live>> {
    let call = cx.aws.ecs().describe_clusters().set_clusters(Some(ids.to_vec()));
    let mut call = call.include(ClusterField::Settings).include(ClusterField::Configurations);
    if cx.asks("tags") {
        call = call.include(ClusterField::Tags);
    }
    let mut live = call.send().await?.clusters.unwrap_or_default();
    live.retain(|it| it.status.as_deref() != Some("INACTIVE"));
    Ok(live)
}

/// One cluster by name, always with its tags.
pub(super) async fn one(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let cx = Cx { asked: None, ..cx.clone() };
    Ok(live(&cx, &[name.to_owned()]).await?.pop())
}

fn outputs(live: Live) -> Result<Outputs> {
    let settings = live.settings.unwrap_or_default().into_iter().filter_map(|it| {
        Some(Setting { name: it.name?.as_str().to_owned(), value: it.value.unwrap_or_default() })
    });
    let inputs = Inputs {
        name: live.cluster_name.ok_or(Error::missing("clusterName"))?,
        configuration: live.configuration.map(|it| Configuration {
            execute_command_configuration: it.execute_command_configuration.map(execute_command),
            managed_storage_configuration: it.managed_storage_configuration.map(|it| {
                ManagedStorage {
                    fargate_ephemeral_storage_kms_key_id: it
                        .fargate_ephemeral_storage_kms_key_id
                        .map(IdOrArn),
                    kms_key_id: it.kms_key_id.map(IdOrArn),
                }
            }),
        }),
        service_connect_defaults: live
            .service_connect_defaults
            .and_then(|it| it.namespace)
            .filter(|it| !it.is_empty())
            .map(|namespace| ConnectDefaults { namespace }),
        settings: Some(settings.collect()),
        tags: Tags::live(pairs(live.tags)),
    };
    Ok(Outputs { inputs, arn: live.cluster_arn.ok_or(Error::missing("clusterArn"))? })
}

fn execute_command(live: ExecuteCommandConfiguration) -> ExecuteCommand {
    ExecuteCommand {
        kms_key_id: live.kms_key_id.map(IdOrArn),
        logging: live.logging.map(|it| it.as_str().to_owned()),
        log_configuration: live.log_configuration.map(|it| ExecuteCommandLog {
            cloud_watch_encryption_enabled: it.cloud_watch_encryption_enabled,
            cloud_watch_log_group_name: it.cloud_watch_log_group_name,
            s3_bucket_encryption_enabled: it.s3_encryption_enabled,
            s3_bucket_name: it.s3_bucket_name,
            s3_key_prefix: it.s3_key_prefix,
        }),
    }
}

fn configuration(wanted: &Configuration) -> ClusterConfiguration {
    let key = |it: &Option<IdOrArn>| it.as_ref().map(|it| it.0.clone());
    let log = |it: &ExecuteCommandLog| {
        ExecuteCommandLogConfiguration::builder()
            .cloud_watch_encryption_enabled(it.cloud_watch_encryption_enabled)
            .set_cloud_watch_log_group_name(it.cloud_watch_log_group_name.clone())
            .s3_encryption_enabled(it.s3_bucket_encryption_enabled)
            .set_s3_bucket_name(it.s3_bucket_name.clone())
            .set_s3_key_prefix(it.s3_key_prefix.clone())
            .build()
    };
    let execute = wanted.execute_command_configuration.as_ref().map(|it| {
        ExecuteCommandConfiguration::builder()
            .set_kms_key_id(key(&it.kms_key_id))
            .set_logging(it.logging.as_deref().map(Into::into))
            .set_log_configuration(it.log_configuration.as_ref().map(log))
            .build()
    });
    let storage = wanted.managed_storage_configuration.as_ref().map(|it| {
        ManagedStorageConfiguration::builder()
            .set_kms_key_id(key(&it.kms_key_id))
            .set_fargate_ephemeral_storage_kms_key_id(key(&it.fargate_ephemeral_storage_kms_key_id))
            .build()
    });
    ClusterConfiguration::builder()
        .set_execute_command_configuration(execute)
        .set_managed_storage_configuration(storage)
        .build()
}

fn settings(wanted: &Inputs) -> Option<Vec<ClusterSetting>> {
    let setting = |it: &Setting| {
        ClusterSetting::builder().name(it.name.as_str().into()).value(&it.value).build()
    };
    wanted.settings.as_ref().map(|all| all.0.iter().map(setting).collect())
}

fn connect_defaults(wanted: &Inputs) -> Result<Option<ClusterServiceConnectDefaultsRequest>> {
    let some = wanted
        .service_connect_defaults
        .as_ref()
        .map(|it| ClusterServiceConnectDefaultsRequest::builder().namespace(&it.namespace).build());
    some.map(built).transpose()
}
