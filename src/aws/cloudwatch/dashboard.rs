//! `aws:cloudwatch/dashboard:Dashboard`. The id is the dashboard's name, which
//! is the account's: dashboards have no region.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Dashboard;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    dashboard_body: Json,
    #[schemars(extend("replace" = true))]
    dashboard_name: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    dashboard_arn: String,
}

const MISSING: &[&str] = &["ResourceNotFound", "DashboardNotFoundError"];

impl Resource for Dashboard {
    const TYPE: &'static str = "aws:cloudwatch/dashboard:Dashboard";
    const KEY: &'static [&'static str] = &["dashboardName"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let name = &new.dashboard_name;
        if name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
            let rule = "is 1 to 255 letters, digits, `-` and `_`";
            return Err(Error::invalid("dashboardName", rule));
        }
        if !new.dashboard_body.0.is_object() {
            return Err(Error::invalid("dashboardBody", "is an object with `widgets`"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("dashboardName").and_then(Value::as_str) else {
            return Map::new();
        };
        let arn = place.global_arn("cloudwatch", &format!("dashboard/{name}"));
        Map::from([
            ("id".to_owned(), Value::string(name)),
            ("dashboardArn".to_owned(), Value::String(arn)),
        ])
    }

    /// Putting overwrites: whatever is there already is somebody's.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if live(cx, &new.dashboard_name).await?.is_some() {
            return Err(Error::not_ours("a dashboard of this name"));
        }
        put(cx, new).await?;
        Ok(new.dashboard_name.clone())
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        live(cx, id).await
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.cloudwatch().delete_dashboards().dashboard_names(id).send().await, MISSING)?;
        Ok(())
    }

    /// Dashboards have no tags: the one that says the same is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.dashboard_name).await?;
        let ours = live.is_some_and(|it| it.inputs.dashboard_body == inputs.dashboard_body);
        Ok(ours.then(|| inputs.dashboard_name.clone()))
    }
}

/// The answer's messages may be warnings or errors, and do not say which:
/// whether the body was taken tells.
async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    let call = cx.aws.cloudwatch().put_dashboard().dashboard_name(&new.dashboard_name);
    let reply = call.dashboard_body(new.dashboard_body.to_string()).send().await?;
    let messages: Vec<String> = reply
        .dashboard_validation_messages
        .unwrap_or_default()
        .into_iter()
        .map(|it| match (it.data_path, it.message.unwrap_or_default()) {
            (Some(path), message) if !path.is_empty() => format!("{path}: {message}"),
            (_, message) => message,
        })
        .collect();
    if messages.is_empty() {
        return Ok(());
    }
    let messages = messages.join("; ");
    let live = live(cx, &new.dashboard_name).await?;
    if live.is_some_and(|it| it.inputs.dashboard_body == new.dashboard_body) {
        cx.say(format!("the dashboard has flaws: {messages}"));
        return Ok(());
    }
    Err(Error::new(Kind::Service, "InvalidParameterInput", messages))
}

async fn live(cx: &Cx, name: &str) -> Result<Option<Outputs>> {
    let reply = cx.aws.cloudwatch().get_dashboard().dashboard_name(name).send().await;
    let Some(live) = absent(reply, MISSING)? else { return Ok(None) };
    let body = live.dashboard_body.ok_or(Error::missing("DashboardBody"))?;
    let inputs = Inputs { dashboard_body: Json::parse(&body)?, dashboard_name: name.to_owned() };
    let dashboard_arn = live.dashboard_arn.ok_or(Error::missing("DashboardArn"))?;
    Ok(Some(Outputs { inputs, dashboard_arn }))
}
