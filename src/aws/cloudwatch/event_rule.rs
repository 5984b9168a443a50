//! `aws:cloudwatch/eventRule:EventRule`. The id is the rule's name, after the
//! bus and a slash where that is not the default one.

use std::{collections::HashMap, time::Duration};

use aws_sdk_eventbridge::{
    operation::put_rule::builders::PutRuleFluentBuilder as Call, types::Rule as Live,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DEFAULT_BUS, MISSING, check_event_name, default_bus, event_retag, event_tag_list, event_tags,
    rule_serial,
};
use crate::{
    aws::{error::absent, kept},
    model::{Map, Value},
    provider::*,
};

pub(super) struct EventRule;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// Name or ARN.
    #[serde(default = "default_bus")]
    #[schemars(extend("replace" = true))]
    event_bus_name: String,
    description: Option<String>,
    event_pattern: Option<Json>,
    /// `rate(5 minutes)` or `cron(0 20 * * ? *)`, on the default bus only.
    schedule_expression: Option<String>,
    role_arn: Option<String>,
    #[schemars(extend("computed" = true, "deprecatedBecause" = "use `state`"))]
    is_enabled: Option<bool>,
    #[schemars(extend(
        "computed" = true,
        "enum" = ["DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]
    ))]
    state: Option<String>,
    /// Deletes a rule that an AWS service made for itself, too.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    force_destroy: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for EventRule {
    const TYPE: &'static str = "aws:cloudwatch/eventRule:EventRule";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_event_name("name", &new.name, 64)?;
        if new.event_pattern.is_none() && new.schedule_expression.is_none() {
            return Err(Error::invalid("eventPattern", "or `scheduleExpression` is needed"));
        }
        if new.schedule_expression.is_some() && bus_name(&new.event_bus_name) != DEFAULT_BUS {
            return Err(Error::invalid("scheduleExpression", "is for the default bus only"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let bus = match inputs.get("eventBusName") {
            None => DEFAULT_BUS,
            Some(Value::String(bus)) => bus,
            Some(_) => return Map::new(),
        };
        let Some(name) = text("name") else { return Map::new() };
        let id = id(bus, name);
        let mut told = Map::from([("id".to_owned(), Value::string(&id))]);
        if !bus.starts_with("arn:") {
            told.insert(
                "arn".to_owned(),
                Value::String(place.arn("events", &format!("rule/{id}"))),
            );
        }
        told
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(rule_serial(&inputs.event_bus_name, &inputs.name))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let bus = &new.event_bus_name;
        if let Some(live) = one(cx, bus, &new.name).await? {
            return if cx.made(event_tags(cx, &live.arn.ok_or(Error::missing("Arn"))?).await?) {
                Ok(id(bus, &new.name))
            } else {
                Err(Error::not_ours("an event rule of this name"))
            };
        }
        let call = put(cx, bus, &new.name)
            .set_description(new.description.clone())
            .set_event_pattern(new.event_pattern.as_ref().map(ToString::to_string))
            .set_schedule_expression(new.schedule_expression.clone())
            .set_role_arn(new.role_arn.clone())
            .state(state(None, new).as_str().into());
        call.set_tags(Some(event_tag_list(cx.birth_tags(&new.tags))?)).send().await?;
        Ok(id(bus, &new.name))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (bus, name) = parts(id);
        let visible = || async { Ok(one(cx, bus, name).await?.map(|_| ())) };
        cx.wait("EventBridge to show the rule", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (bus, name) = parts(id);
        match one(cx, bus, name).await? {
            Some(live) => outputs(cx, id, live).await.map(Some),
            None => Ok(None),
        }
    }

    /// A bus has few hundred rules, of which one call lists a hundred.
    async fn read_many<'a>(cx: &'a Cx, ids: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut buses: HashMap<&str, HashMap<String, Live>> = HashMap::new();
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let (bus, name) = parts(id);
            if !buses.contains_key(bus) {
                let rules = listed(cx, bus, None).await?.into_iter();
                buses.insert(bus, rules.filter_map(|it| Some((it.name.clone()?, it))).collect());
            }
            let live = buses.get_mut(bus).and_then(|it| it.remove(name));
            all.push(match live {
                Some(live) => Some(outputs(cx, id, live).await?),
                None => None,
            });
        }
        Ok(all)
    }

    /// The call replaces the whole rule: what the program never said is sent
    /// as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (bus, name) = parts(id);
        let live = one(cx, bus, name).await?.ok_or(Error::unseen("the rule"))?;
        let arn = live.arn.ok_or(Error::missing("Arn"))?;
        let changed = old.description != new.description
            || old.event_pattern != new.event_pattern
            || old.schedule_expression != new.schedule_expression
            || old.role_arn != new.role_arn
            || old.state != new.state
            || old.is_enabled != new.is_enabled;
        if changed {
            let pattern = |it: &Inputs| it.event_pattern.as_ref().map(ToString::to_string);
            put(cx, bus, name)
                .set_description(kept(
                    old.description.clone(),
                    new.description.clone(),
                    live.description,
                ))
                .set_event_pattern(kept(pattern(old), pattern(new), live.event_pattern))
                .set_schedule_expression(kept(
                    old.schedule_expression.clone(),
                    new.schedule_expression.clone(),
                    live.schedule_expression,
                ))
                .set_role_arn(kept(old.role_arn.clone(), new.role_arn.clone(), live.role_arn))
                .state(state(Some(old), new).as_str().into())
                .send()
                .await?;
        }
        event_retag(cx, &arn, &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, last: &Inputs) -> Result<()> {
        let (bus, name) = parts(id);
        let call = cx.aws.events().delete_rule().event_bus_name(bus).name(name);
        absent(call.force(last.force_destroy).send().await, MISSING)?;
        Ok(())
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let bus = &inputs.event_bus_name;
        let Some(live) = one(cx, bus, &inputs.name).await? else { return Ok(None) };
        let tags = event_tags(cx, &live.arn.ok_or(Error::missing("Arn"))?).await?;
        Ok(cx.made(tags).then(|| id(bus, &inputs.name)))
    }
}

fn id(bus: &str, name: &str) -> String {
    if bus == DEFAULT_BUS { name.to_owned() } else { format!("{bus}/{name}") }
}

/// The bus, by name or ARN, and the rule's name.
fn parts(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or((DEFAULT_BUS, id))
}

/// Of a bus given by name or ARN.
fn bus_name(bus: &str) -> &str {
    bus.split_once(":event-bus/").map_or(bus, |(_, name)| name)
}

/// In either of its two forms. Where the program says one, the other is as it
/// lives in both `old` and `new`.
fn state(old: Option<&Inputs>, new: &Inputs) -> String {
    let flag = |enabled| if enabled { "ENABLED" } else { "DISABLED" };
    let flagged = old.is_none_or(|old| old.is_enabled != new.is_enabled && old.state == new.state);
    let by_flag = new.is_enabled.filter(|_| flagged).map(|it| flag(it).to_owned());
    match (old, by_flag) {
        (Some(_), Some(state)) => state,
        (_, by_flag) => new.state.clone().or(by_flag).unwrap_or_else(|| flag(true).to_owned()),
    }
}

fn put(cx: &Cx, bus: &str, name: &str) -> Call {
    cx.aws.events().put_rule().event_bus_name(bus).name(name)
}

async fn one(cx: &Cx, bus: &str, name: &str) -> Result<Option<Live>> {
    let mut rules = listed(cx, bus, Some(name)).await?.into_iter();
    Ok(rules.find(|it| it.name.as_deref() == Some(name)))
}

/// None of a bus that is not there.
async fn listed(cx: &Cx, bus: &str, prefix: Option<&str>) -> Result<Vec<Live>> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let call = cx.aws.events().list_rules().event_bus_name(bus).limit(100);
        let call = call.set_name_prefix(prefix.map(str::to_owned)).set_next_token(next);
        let Some(page) = absent(call.send().await, MISSING)? else { return Ok(all) };
        all.extend(page.rules.unwrap_or_default());
        next = page.next_token;
        if next.is_none() {
            return Ok(all);
        }
    }
}

async fn outputs(cx: &Cx, id: &str, live: Live) -> Result<Outputs> {
    let (bus, name) = parts(id);
    let arn = live.arn.ok_or(Error::missing("Arn"))?;
    let tags = match cx.asks("tags") {
        true => Tags::live(event_tags(cx, &arn).await?),
        false => Tags::default(),
    };
    let state = live.state.map(|it| it.as_str().to_owned());
    let inputs = Inputs {
        name: name.to_owned(),
        name_prefix: None,
        event_bus_name: bus.to_owned(),
        description: live.description.filter(|it| !it.is_empty()),
        event_pattern: live.event_pattern.map(|it| Json::parse(&it)).transpose()?,
        schedule_expression: live.schedule_expression.filter(|it| !it.is_empty()),
        role_arn: live.role_arn.filter(|it| !it.is_empty()),
        is_enabled: Some(state.as_deref() != Some("DISABLED")),
        state,
        force_destroy: false,
        tags,
    };
    Ok(Outputs { inputs, arn })
}
