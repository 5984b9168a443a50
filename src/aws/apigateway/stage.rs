//! `aws:apigateway/stage:Stage`. The id is `api/stage`.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_apigateway::types::{
    CacheClusterSize, CacheClusterStatus, CanarySettings, Stage as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AccessLog, MISSING, arn, birth_tags, foretold, host, listed, patch::Patch, retag, same_log,
    serial, split,
};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Stage;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("replace" = true))]
    stage_name: String,
    deployment: String,
    description: Option<String>,
    access_log_settings: Option<AccessLog>,
    #[serde(default)]
    cache_cluster_enabled: bool,
    /// In gigabytes.
    #[schemars(extend("computed" = true, "enum" = ["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"]))]
    cache_cluster_size: Option<String>,
    canary_settings: Option<Canary>,
    client_certificate_id: Option<String>,
    documentation_version: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    xray_tracing_enabled: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StageCanarySettings")]
struct Canary {
    deployment_id: String,
    #[serde(default)]
    percent_traffic: f64,
    #[serde(default)]
    stage_variable_overrides: BTreeMap<String, String>,
    #[serde(default)]
    use_stage_cache: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    execution_arn: String,
    invoke_url: String,
    /// Another resource sets it.
    #[schemars(extend("volatile" = true))]
    web_acl_arn: Option<String>,
}

impl Resource for Stage {
    const TYPE: &'static str = "aws:apigateway/stage:Stage";
    const KEY: &'static [&'static str] = &["restApi", "stageName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        if new.stage_name.is_empty() || !new.stage_name.chars().all(allowed) {
            return Err(Error::invalid("stageName", "has letters, digits, `-` and `_` only"));
        }
        if new.cache_cluster_size.is_some() && !new.cache_cluster_enabled {
            return Err(Error::invalid("cacheClusterSize", "needs `cacheClusterEnabled`"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(id) = foretold(inputs, Self::KEY) else { return Map::new() };
        let Some((api, stage)) = id.split_once('/') else { return Map::new() };
        let told =
            addresses(place, api, stage).map(|(name, it)| (name.to_owned(), Value::String(it)));
        told.into_iter().chain([("id".to_owned(), Value::string(&id))]).collect()
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        same_log(path, wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigateway().create_stage().rest_api_id(&new.rest_api);
        let canary = |it: &Canary| {
            CanarySettings::builder()
                .deployment_id(&it.deployment_id)
                .percent_traffic(it.percent_traffic)
                .set_stage_variable_overrides(Some(
                    it.stage_variable_overrides.clone().into_iter().collect(),
                ))
                .use_stage_cache(it.use_stage_cache)
                .build()
        };
        call.stage_name(&new.stage_name)
            .deployment_id(&new.deployment)
            .set_description(new.description.clone())
            .cache_cluster_enabled(new.cache_cluster_enabled)
            .set_cache_cluster_size(new.cache_cluster_size.as_deref().map(CacheClusterSize::from))
            .set_canary_settings(new.canary_settings.as_ref().map(canary))
            .set_documentation_version(new.documentation_version.clone())
            .set_variables(Some(new.variables.clone().into_iter().collect()))
            .tracing_enabled(new.xray_tracing_enabled)
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        Ok(format!("{}/{}", new.rest_api, new.stage_name))
    }

    /// A create takes neither of these.
    async fn finish(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        let wanted = logging(Patch::default(), None, new.access_log_settings.as_ref());
        let certificate = new.client_certificate_id.as_ref();
        patch(cx, id, wanted.option("/clientCertificateId", None, certificate)).await
    }

    /// A cache takes minutes; 90 is what HashiCorp's provider allows.
    async fn ready(cx: &Cx, id: &str, new: &Inputs) -> Result<()> {
        if !new.cache_cluster_enabled {
            return Ok(());
        }
        let available = || async {
            let live = one(cx, id).await?.and_then(|it| it.cache_cluster_status);
            Ok((live == Some(CacheClusterStatus::Available)).then_some(()))
        };
        cx.wait("the cache to be available", Duration::from_secs(90 * 60), available).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = listed(ids, |api| stages(cx, api), named).await?;
        Ok(found.into_iter().map(|it| it.map(|(api, live)| outputs(cx, api, live))).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        patch(cx, id, changes(old, new)).await?;
        let (api, stage) = split(id)?;
        retag(cx, &path(api, stage), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, stage) = split(id)?;
        let call = cx.aws.apigateway().delete_stage().rest_api_id(api).stage_name(stage);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = format!("{}/{}", inputs.rest_api, inputs.stage_name);
        let live = one(cx, &id).await?;
        Ok(live.is_some_and(|it| cx.made(it.tags.iter().flatten())).then_some(id))
    }
}

fn path(api: &str, stage: &str) -> String {
    format!("restapis/{api}/stages/{stage}")
}

/// What follows from the names.
fn addresses(place: &Place, api: &str, stage: &str) -> [(&'static str, String); 3] {
    [
        ("arn", arn(place, &path(api, stage))),
        ("executionArn", place.arn("execute-api", &format!("{api}/{stage}"))),
        ("invokeUrl", format!("https://{}/{stage}", host(place, api))),
    ]
}

fn named(live: &Live, stage: &str) -> bool {
    live.stage_name.as_deref() == Some(stage)
}

/// The stages of an API; `None` without the API.
pub(super) async fn stages(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    let reply = cx.aws.apigateway().get_stages().rest_api_id(api).send().await;
    Ok(absent(reply, MISSING)?.map(|it| it.item.unwrap_or_default()))
}

async fn one(cx: &Cx, id: &str) -> Result<Option<Live>> {
    let found = listed(&[id.to_owned()], |api| stages(cx, api), named).await?.pop().flatten();
    Ok(found.map(|(_, it)| it))
}

async fn patch(cx: &Cx, id: &str, patch: Patch) -> Result<()> {
    if let Some(operations) = patch.operations() {
        let (api, stage) = split(id)?;
        let call = cx.aws.apigateway().update_stage().rest_api_id(api).stage_name(stage);
        call.set_patch_operations(Some(operations)).send().await?;
    }
    Ok(())
}

fn changes(old: &Inputs, new: &Inputs) -> Patch {
    let mut patch = Patch::default()
        .value("/deploymentId", &old.deployment, &new.deployment)
        .value("/cacheClusterEnabled", &old.cache_cluster_enabled, &new.cache_cluster_enabled)
        .variables("/variables", &old.variables, &new.variables)
        .value("/tracingEnabled", &old.xray_tracing_enabled, &new.xray_tracing_enabled);
    if new.cache_cluster_enabled && new.cache_cluster_size.is_some() {
        let size = |it: &Inputs| it.cache_cluster_size.clone();
        patch = patch.option("/cacheClusterSize", size(old).as_ref(), size(new).as_ref());
    }
    for (path, old, new) in [
        ("/description", &old.description, &new.description),
        ("/clientCertificateId", &old.client_certificate_id, &new.client_certificate_id),
        ("/documentationVersion", &old.documentation_version, &new.documentation_version),
    ] {
        patch = patch.option(path, old.as_ref(), new.as_ref());
    }
    patch = logging(patch, old.access_log_settings.as_ref(), new.access_log_settings.as_ref());
    canary(patch, old.canary_settings.as_ref(), new.canary_settings.as_ref())
}

fn logging(patch: Patch, old: Option<&AccessLog>, new: Option<&AccessLog>) -> Patch {
    match (old, new) {
        (old, new) if old == new => patch,
        (_, None) => patch.remove("/accessLogSettings"),
        (_, Some(new)) => patch
            .set("/accessLogSettings/destinationArn", new.group())
            .set("/accessLogSettings/format", &new.format),
    }
}

fn canary(patch: Patch, old: Option<&Canary>, new: Option<&Canary>) -> Patch {
    let Some(new) = new else {
        return if old.is_some() { patch.remove("/canarySettings") } else { patch };
    };
    let overrides =
        |it: Option<&Canary>| it.map(|it| it.stage_variable_overrides.clone()).unwrap_or_default();
    let at = |name: &str| format!("/canarySettings/{name}");
    patch
        .option(&at("deploymentId"), old.map(|it| &it.deployment_id), Some(&new.deployment_id))
        .option(
            &at("percentTraffic"),
            old.map(|it| &it.percent_traffic),
            Some(&new.percent_traffic),
        )
        .option(&at("useStageCache"), old.map(|it| &it.use_stage_cache), Some(&new.use_stage_cache))
        .variables(&at("stageVariableOverrides"), &overrides(old), &new.stage_variable_overrides)
}

fn outputs(cx: &Cx, api: String, live: Live) -> Outputs {
    let text = |it: Option<String>| it.filter(|it| !it.is_empty());
    let stage = live.stage_name.unwrap_or_default();
    let [(_, arn), (_, execution_arn), (_, invoke_url)] = addresses(&cx.place, &api, &stage);
    let inputs = Inputs {
        rest_api: api,
        stage_name: stage,
        deployment: live.deployment_id.unwrap_or_default(),
        description: text(live.description),
        access_log_settings: live
            .access_log_settings
            .map(|it| AccessLog::live(it.destination_arn, it.format)),
        cache_cluster_enabled: live.cache_cluster_enabled,
        cache_cluster_size: live.cache_cluster_size.map(|it| it.as_str().to_owned()),
        canary_settings: live.canary_settings.map(|it| Canary {
            deployment_id: it.deployment_id.unwrap_or_default(),
            percent_traffic: it.percent_traffic,
            stage_variable_overrides: it
                .stage_variable_overrides
                .unwrap_or_default()
                .into_iter()
                .collect(),
            use_stage_cache: it.use_stage_cache,
        }),
        client_certificate_id: text(live.client_certificate_id),
        documentation_version: text(live.documentation_version),
        variables: live.variables.unwrap_or_default().into_iter().collect(),
        xray_tracing_enabled: live.tracing_enabled,
        tags: Tags::live(live.tags.unwrap_or_default()),
    };
    Outputs { inputs, arn, execution_arn, invoke_url, web_acl_arn: live.web_acl_arn }
}
