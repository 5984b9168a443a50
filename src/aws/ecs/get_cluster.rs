//! `aws:ecs/getCluster:getCluster`. The id is the cluster's ARN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{cluster::one, pairs};
use crate::{aws::check_tags, provider::*};

pub(super) struct GetCluster;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    cluster_name: String,
    /// Only a cluster with these tags, among others, is an answer.
    tags: Option<Tags>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    arn: String,
    cluster_name: String,
    pending_tasks_count: i32,
    registered_container_instances_count: i32,
    running_tasks_count: i32,
    service_connect_defaults: Vec<ConnectDefaults>,
    settings: Vec<Setting>,
    status: String,
    tags: Tags,
    region: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConnectDefaults {
    namespace: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Setting {
    name: Option<String>,
    value: Option<String>,
}

impl Function for GetCluster {
    const TOKEN: &'static str = "aws:ecs/getCluster:getCluster";
    type Args = Args;
    type Output = Output;

    async fn call(cx: &Cx, args: &Args) -> Result<Output> {
        let none = || {
            Error::invalid("clusterName", format!("there is no cluster `{}`", args.cluster_name))
        };
        let live = one(cx, &args.cluster_name).await?.ok_or_else(none)?;
        let tags = Tags::live(pairs(live.tags));
        check_tags(args.tags.as_ref(), &tags)?;
        let arn = live.cluster_arn.ok_or(Error::missing("clusterArn"))?;
        let connect = live.service_connect_defaults.into_iter();
        let settings = live.settings.unwrap_or_default().into_iter();
        Ok(Output {
            id: arn.clone(),
            arn,
            cluster_name: live.cluster_name.unwrap_or_default(),
            pending_tasks_count: live.pending_tasks_count,
            registered_container_instances_count: live.registered_container_instances_count,
            running_tasks_count: live.running_tasks_count,
            service_connect_defaults: connect
                .map(|it| ConnectDefaults { namespace: it.namespace })
                .collect(),
            settings: settings
                .map(|it| Setting {
                    name: it.name.map(|it| it.as_str().to_owned()),
                    value: it.value,
                })
                .collect(),
            status: live.status.unwrap_or_default(),
            tags,
            region: cx.place.region.clone(),
        })
    }
}
