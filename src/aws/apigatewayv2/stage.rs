//! `aws:apigatewayv2/stage:Stage`. The id is `api/stage`; programs read the
//! stage's name.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigatewayv2::types::{
    AccessLogSettings, LoggingLevel, ProtocolType, RouteSettings, Stage as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AccessLog, MISSING, api, arn, birth_tags, changed, entries, every, foretold, host, last,
    listed, retag, said, same_log, serial, split, text,
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
    api_id: String,
    /// `$default` is served at the domain itself.
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    description: Option<String>,
    access_log_settings: Option<AccessLog>,
    /// Of an HTTP API: whatever changes is deployed at once.
    #[serde(default)]
    auto_deploy: bool,
    #[schemars(extend("computed" = true))]
    deployment_id: Option<String>,
    client_certificate_id: Option<String>,
    #[schemars(extend("computed" = true))]
    default_route_settings: Option<Settings>,
    #[serde(default)]
    route_settings: Set<RouteSetting>,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
    #[serde(default)]
    tags: Tags,
}

/// Levels and traces are for WebSocket APIs only.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StageDefaultRouteSettings")]
struct Settings {
    #[schemars(extend("computed" = true))]
    data_trace_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    detailed_metrics_enabled: Option<bool>,
    #[schemars(extend("computed" = true, "enum" = ["ERROR", "INFO", "OFF"]))]
    logging_level: Option<String>,
    #[schemars(extend("computed" = true))]
    throttling_burst_limit: Option<i32>,
    #[schemars(extend("computed" = true))]
    throttling_rate_limit: Option<f64>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "StageRouteSetting")]
struct RouteSetting {
    route_key: String,
    #[schemars(extend("computed" = true))]
    data_trace_enabled: Option<bool>,
    #[schemars(extend("computed" = true))]
    detailed_metrics_enabled: Option<bool>,
    #[schemars(extend("computed" = true, "enum" = ["ERROR", "INFO", "OFF"]))]
    logging_level: Option<String>,
    #[schemars(extend("computed" = true))]
    throttling_burst_limit: Option<i32>,
    #[schemars(extend("computed" = true))]
    throttling_rate_limit: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    execution_arn: String,
    invoke_url: Option<String>,
}

impl Resource for Stage {
    const TYPE: &'static str = "aws:apigatewayv2/stage:Stage";
    const KEY: &'static [&'static str] = &["apiId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.auto_deploy && new.deployment_id.is_some() {
            let rule = "excludes `autoDeploy`, which chooses the deployment";
            return Err(Error::invalid("deploymentId", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(id) = foretold(inputs, &["apiId", "name"]) else { return Map::new() };
        let Some((api, stage)) = id.split_once('/') else { return Map::new() };
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, &path(api, stage)))),
            ("executionArn".to_owned(), Value::String(execution_arn(place, &id))),
            ("id".to_owned(), Value::String(id)),
        ])
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.api_id))
    }

    fn shown_id(id: &str) -> &str {
        last(id)
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        same_log(path, wanted, live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.apigatewayv2().create_stage().api_id(&new.api_id);
        call.stage_name(&new.name)
            .set_description(new.description.clone())
            .set_access_log_settings(new.access_log_settings.as_ref().map(log))
            .auto_deploy(new.auto_deploy)
            .set_deployment_id(new.deployment_id.clone())
            .set_client_certificate_id(new.client_certificate_id.clone())
            .set_default_route_settings(new.default_route_settings.as_ref().map(settings))
            .set_route_settings(routes(&new.route_settings.0))
            .set_stage_variables(entries(&BTreeMap::new(), &new.stage_variables))
            .set_tags(Some(birth_tags(cx, &new.tags)))
            .send()
            .await?;
        Ok(format!("{}/{}", new.api_id, new.name))
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[id.to_owned()]).await?.pop().flatten())
    }

    /// Its URL depends on the API's protocol.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let found = listed(ids, |api| stages(cx, api), named).await?;
        let mut schemes: HashMap<String, &str> = HashMap::new();
        for (id, _) in found.iter().flatten() {
            if cx.asks("invokeUrl") && !schemes.contains_key(id) {
                let protocol = api::one(cx, id).await?.and_then(|it| it.protocol_type);
                let scheme =
                    if protocol == Some(ProtocolType::Websocket) { "wss" } else { "https" };
                schemes.insert(id.clone(), scheme);
            }
        }
        let told = |(api, live): (String, Live)| {
            let scheme = schemes.get(&api).copied();
            outputs(cx, api, live, scheme)
        };
        Ok(found.into_iter().map(|it| it.map(told)).collect())
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (api, stage) = split(id)?;
        let client = cx.aws.apigatewayv2();
        let (set, removed) = new.route_settings.since(&old.route_settings);
        for it in removed {
            if set.iter().any(|set| set.route_key == it.route_key) {
                continue;
            }
            let call = client.delete_route_settings().api_id(api).stage_name(stage);
            absent(call.route_key(it.route_key).send().await, MISSING)?;
        }
        if old.access_log_settings.is_some() && new.access_log_settings.is_none() {
            let call = client.delete_access_log_settings().api_id(api).stage_name(stage);
            absent(call.send().await, MISSING)?;
        }
        let logs = changed(&old.access_log_settings, &new.access_log_settings).flatten();
        let defaults = changed(&old.default_route_settings, &new.default_route_settings).flatten();
        let deployment = changed(&old.deployment_id, &new.deployment_id).flatten();
        let certificate =
            text(old.client_certificate_id.as_ref(), new.client_certificate_id.as_ref());
        client
            .update_stage()
            .api_id(api)
            .stage_name(stage)
            .set_description(text(old.description.as_ref(), new.description.as_ref()))
            .set_access_log_settings(logs.as_ref().map(log))
            .set_auto_deploy(changed(&old.auto_deploy, &new.auto_deploy))
            .set_deployment_id(deployment.filter(|_| !new.auto_deploy))
            .set_client_certificate_id(certificate)
            .set_default_route_settings(defaults.as_ref().map(settings))
            .set_route_settings(routes(&set))
            .set_stage_variables(entries(&old.stage_variables, &new.stage_variables))
            .send()
            .await?;
        retag(cx, &path(api, stage), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (api, stage) = split(id)?;
        let call = cx.aws.apigatewayv2().delete_stage().api_id(api).stage_name(stage);
        absent(call.send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = format!("{}/{}", inputs.api_id, inputs.name);
        let found =
            listed(std::slice::from_ref(&id), |api| stages(cx, api), named).await?.pop().flatten();
        Ok(found.is_some_and(|(_, it)| cx.made(it.tags.iter().flatten())).then_some(id))
    }
}

fn path(api: &str, stage: &str) -> String {
    format!("apis/{api}/stages/{stage}")
}

fn execution_arn(place: &Place, id: &str) -> String {
    place.arn("execute-api", id)
}

fn named(live: &Live, stage: &str) -> bool {
    live.stage_name.as_deref() == Some(stage)
}

async fn stages(cx: &Cx, api: String) -> Result<Option<Vec<Live>>> {
    Ok(every!(cx.aws.apigatewayv2().get_stages().api_id(api)))
}

fn log(wanted: &AccessLog) -> AccessLogSettings {
    AccessLogSettings::builder().destination_arn(wanted.group()).format(&wanted.format).build()
}

fn settings(wanted: &Settings) -> RouteSettings {
    RouteSettings::builder()
        .set_data_trace_enabled(wanted.data_trace_enabled)
        .set_detailed_metrics_enabled(wanted.detailed_metrics_enabled)
        .set_logging_level(wanted.logging_level.as_deref().map(LoggingLevel::from))
        .set_throttling_burst_limit(wanted.throttling_burst_limit)
        .set_throttling_rate_limit(wanted.throttling_rate_limit)
        .build()
}

fn told(live: RouteSettings) -> Settings {
    Settings {
        data_trace_enabled: live.data_trace_enabled,
        detailed_metrics_enabled: live.detailed_metrics_enabled,
        logging_level: live.logging_level.map(|it| it.as_str().to_owned()),
        throttling_burst_limit: live.throttling_burst_limit,
        throttling_rate_limit: live.throttling_rate_limit,
    }
}

fn routes(wanted: &[RouteSetting]) -> Option<HashMap<String, RouteSettings>> {
    let pair = |it: &RouteSetting| {
        let it = it.clone();
        let own = Settings {
            data_trace_enabled: it.data_trace_enabled,
            detailed_metrics_enabled: it.detailed_metrics_enabled,
            logging_level: it.logging_level,
            throttling_burst_limit: it.throttling_burst_limit,
            throttling_rate_limit: it.throttling_rate_limit,
        };
        (it.route_key, settings(&own))
    };
    (!wanted.is_empty()).then(|| wanted.iter().map(pair).collect())
}

fn outputs(cx: &Cx, api: String, live: Live, scheme: Option<&str>) -> Outputs {
    let stage = live.stage_name.unwrap_or_default();
    let at = if stage == "$default" { "" } else { &stage };
    let invoke_url = scheme.map(|it| format!("{it}://{}/{at}", host(&cx.place, &api)));
    let routes = live.route_settings.unwrap_or_default().into_iter().map(|(route_key, it)| {
        let own = told(it);
        RouteSetting {
            route_key,
            data_trace_enabled: own.data_trace_enabled,
            detailed_metrics_enabled: own.detailed_metrics_enabled,
            logging_level: own.logging_level,
            throttling_burst_limit: own.throttling_burst_limit,
            throttling_rate_limit: own.throttling_rate_limit,
        }
    });
    Outputs {
        arn: arn(&cx.place, &path(&api, &stage)),
        execution_arn: execution_arn(&cx.place, &format!("{api}/{stage}")),
        invoke_url,
        inputs: Inputs {
            api_id: api,
            name: stage,
            description: said(live.description),
            access_log_settings: live
                .access_log_settings
                .map(|it| AccessLog::live(it.destination_arn, it.format)),
            auto_deploy: live.auto_deploy.unwrap_or_default(),
            deployment_id: said(live.deployment_id),
            client_certificate_id: said(live.client_certificate_id),
            default_route_settings: live.default_route_settings.map(told),
            route_settings: routes.collect(),
            stage_variables: live.stage_variables.unwrap_or_default().into_iter().collect(),
            tags: Tags::live(live.tags.unwrap_or_default()),
        },
    }
}
