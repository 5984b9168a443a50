//! `aws:apigateway/methodSettings:MethodSettings`, a part of a stage. The id is
//! `api/stage/path/METHOD`, or `api/stage/*/*` for all methods.

use aws_sdk_apigateway::types::MethodSetting;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, foretold_id, listed, patch::Patch, serial, split, stage::stages};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct MethodSettings;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    rest_api: String,
    #[schemars(extend("replace" = true))]
    stage_name: String,
    /// Without `/` at its beginning, and `~1` for each within the path.
    #[schemars(extend("replace" = true))]
    method_path: String,
    settings: Settings,
}

/// AWS has a value for each that is not said.
#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "MethodSettingsSettings")]
struct Settings {
    #[schemars(extend("computed" = true))]
    metrics_enabled: Option<bool>,
    #[schemars(extend("computed" = true, "enum" = ["OFF", "ERROR", "INFO"]))]
    logging_level: Option<String>,
    #[schemars(extend("computed" = true))]
    data_trace_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    throttling_burst_limit: Option<i32>,
    #[schemars(extend("computed" = true))]
    throttling_rate_limit: Option<f64>,
    #[schemars(extend("computed" = true))]
    caching_enabled: Option<bool>,
    #[schemars(range(max = 3600), extend("computed" = true))]
    cache_ttl_in_seconds: Option<i32>,
    #[schemars(extend("computed" = true))]
    cache_data_encrypted: Option<bool>,
    #[schemars(extend("computed" = true))]
    require_authorization_for_cache_control: Option<bool>,
    #[schemars(extend("computed" = true))]
    unauthorized_cache_control_header_strategy: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for MethodSettings {
    const TYPE: &'static str = "aws:apigateway/methodSettings:MethodSettings";
    const KEY: &'static [&'static str] = &["restApi", "stageName", "methodPath"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.method_path.starts_with('/') || !new.method_path.contains('/') {
            let rule = "is `path/METHOD` without `/` at its beginning, or `*/*`";
            return Err(Error::invalid("methodPath", rule));
        }
        if changes("", &Settings::default(), &new.settings).operations().is_none() {
            return Err(Error::invalid("settings", "says nothing"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        foretold_id(inputs, Self::KEY)
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.rest_api))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let id = id(new);
        if Self::read(cx, &id).await?.is_some() {
            return Err(Error::not_ours("settings of this method in this stage"));
        }
        patch(cx, &id, changes(&new.method_path, &Settings::default(), &new.settings)).await?;
        Ok(id)
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let is = |it: &aws_sdk_apigateway::types::Stage, rest: &str| {
            rest.split_once('/').is_some_and(|(stage, _)| it.stage_name.as_deref() == Some(stage))
        };
        let stages = listed(ids, |api| stages(cx, api), is).await?;
        let mut found = Vec::with_capacity(ids.len());
        for (id, stage) in ids.iter().zip(stages) {
            let [api, stage_name, path] = parts(id)?;
            let all = stage.and_then(|(_, it)| it.method_settings).unwrap_or_default();
            let live = all.into_iter().find(|(key, _)| plain(key) == plain(path));
            found.push(live.map(|(_, live)| Outputs {
                inputs: Inputs {
                    rest_api: api.to_owned(),
                    stage_name: stage_name.to_owned(),
                    method_path: path.to_owned(),
                    settings: settings(live),
                },
            }));
        }
        Ok(found)
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        patch(cx, id, changes(&new.method_path, &old.settings, &new.settings)).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        if Self::read(cx, id).await?.is_none() {
            return Ok(());
        }
        let [_, _, path] = parts(id)?;
        match patch(cx, id, Patch::default().remove(format!("/{path}"))).await {
            Err(error) if error.is(MISSING) => Ok(()),
            reply => reply,
        }
    }

    /// There were none before, and now there are these.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        Ok(Self::read(cx, &id).await?.map(|_| id))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}/{}/{}", inputs.rest_api, inputs.stage_name, inputs.method_path)
}

/// The API, the stage and the method's path.
fn parts(id: &str) -> Result<[&str; 3]> {
    let (api, rest) = split(id)?;
    let (stage, path) = split(rest)?;
    Ok([api, stage, path])
}

/// A method's path however its slashes are written.
fn plain(path: &str) -> String {
    path.replace("~1", "/").trim_start_matches('/').to_owned()
}

fn changes(path: &str, old: &Settings, new: &Settings) -> Patch {
    fn text<T: ToString>(it: Option<T>) -> Option<String> {
        it.map(|it| it.to_string())
    }
    let all = |it: &Settings| {
        [
            ("metrics/enabled", text(it.metrics_enabled)),
            ("logging/loglevel", it.logging_level.clone()),
            ("logging/dataTrace", text(it.data_trace_enabled)),
            ("throttling/burstLimit", text(it.throttling_burst_limit)),
            ("throttling/rateLimit", text(it.throttling_rate_limit)),
            ("caching/enabled", text(it.caching_enabled)),
            ("caching/ttlInSeconds", text(it.cache_ttl_in_seconds)),
            ("caching/dataEncrypted", text(it.cache_data_encrypted)),
            (
                "caching/requireAuthorizationForCacheControl",
                text(it.require_authorization_for_cache_control),
            ),
            (
                "caching/unauthorizedCacheControlHeaderStrategy",
                it.unauthorized_cache_control_header_strategy.clone(),
            ),
        ]
    };
    let both = all(old).into_iter().zip(all(new));
    both.fold(Patch::default(), |patch, ((name, old), (_, new))| match new {
        Some(new) if old.as_ref() != Some(&new) => patch.set(format!("/{path}/{name}"), new),
        _ => patch,
    })
}

async fn patch(cx: &Cx, id: &str, patch: Patch) -> Result<()> {
    let [api, stage, _] = parts(id)?;
    if let Some(operations) = patch.operations() {
        let call = cx.aws.apigateway().update_stage().rest_api_id(api).stage_name(stage);
        call.set_patch_operations(Some(operations)).send().await?;
    }
    Ok(())
}

fn settings(live: MethodSetting) -> Settings {
    Settings {
        metrics_enabled: Some(live.metrics_enabled),
        logging_level: live.logging_level.or_else(|| Some("OFF".to_owned())),
        data_trace_enabled: Some(live.data_trace_enabled),
        throttling_burst_limit: Some(live.throttling_burst_limit),
        throttling_rate_limit: Some(live.throttling_rate_limit),
        caching_enabled: Some(live.caching_enabled),
        cache_ttl_in_seconds: Some(live.cache_ttl_in_seconds),
        cache_data_encrypted: Some(live.cache_data_encrypted),
        require_authorization_for_cache_control: Some(live.require_authorization_for_cache_control),
        unauthorized_cache_control_header_strategy: live
            .unauthorized_cache_control_header_strategy
            .map(|it| it.as_str().to_owned()),
    }
}
