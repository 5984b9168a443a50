//! `aws:scheduler/schedule:Schedule`. The id is `group/name`.

use std::time::Duration;

use aws_sdk_scheduler::types::{
    self as sdk, ActionAfterCompletion, FlexibleTimeWindowMode, ScheduleState,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, check_name, target::Target};
use crate::{
    aws::{
        error::absent,
        twin::{Moment, Twin as _, Word, covers, kept, twin},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Schedule;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// `DELETE`: a schedule that will never run again is deleted by AWS, and
    /// is made anew by the next run.
    #[serde(default = "none")]
    action_after_completion: Word<ActionAfterCompletion>,
    #[schemars(length(max = 512))]
    description: Option<String>,
    end_date: Option<Moment>,
    flexible_time_window: Window,
    #[serde(default = "default_group")]
    #[schemars(extend("replace" = true))]
    group_name: String,
    kms_key_arn: Option<String>,
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    /// `at(…)`, `rate(…)` or `cron(…)`.
    schedule_expression: String,
    #[serde(default = "utc")]
    schedule_expression_timezone: String,
    start_date: Option<Moment>,
    #[serde(default = "enabled")]
    state: Word<ScheduleState>,
    target: Target,
}

twin! {
    Window = sdk::FlexibleTimeWindow {
        #[schemars(range(min = 1, max = 1440))]
        maximum_window_in_minutes: Option<i32>
            => maximum_window_in_minutes, set_maximum_window_in_minutes;
        mode: Word<FlexibleTimeWindowMode> => mode, set_mode;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

/// Creating and updating say all of it.
macro_rules! whole {
    ($call:expr, $new:expr) => {
        $call
            .action_after_completion($new.action_after_completion.0.clone())
            .set_description($new.description.clone())
            .set_end_date($new.end_date.as_ref().map(|it| it.0))
            .flexible_time_window($new.flexible_time_window.to_sdk()?)
            .group_name(&$new.group_name)
            .set_kms_key_arn($new.kms_key_arn.clone())
            .name(&$new.name)
            .schedule_expression(&$new.schedule_expression)
            .schedule_expression_timezone(&$new.schedule_expression_timezone)
            .set_start_date($new.start_date.as_ref().map(|it| it.0))
            .state($new.state.0.clone())
            .target($new.target.to_sdk()?)
    };
}

impl Resource for Schedule {
    const TYPE: &'static str = "aws:scheduler/schedule:Schedule";
    const KEY: &'static [&'static str] = &["groupName", "name"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        let expression = &new.schedule_expression;
        let kinds = ["at(", "cron(", "rate("];
        if !kinds.iter().any(|it| expression.starts_with(it)) || !expression.ends_with(')') {
            return Err(Error::invalid("scheduleExpression", "is `at(…)`, `rate(…)` or `cron(…)`"));
        }
        let window = &new.flexible_time_window;
        let flexible = window.mode.0 == FlexibleTimeWindowMode::Flexible;
        if flexible != window.maximum_window_in_minutes.is_some() {
            let rule = "has `maximumWindowInMinutes` with `mode: FLEXIBLE`, and only then";
            return Err(Error::invalid("flexibleTimeWindow", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let group = match inputs.get("groupName") {
            None => Some("default"),
            Some(group) => group.as_str(),
        };
        let (Some(group), Some(name)) = (group, text("name")) else { return Map::new() };
        let arn = place.arn("scheduler", &format!("schedule/{group}/{name}"));
        Map::from([
            ("id".to_owned(), Value::String(format!("{group}/{name}"))),
            ("arn".to_owned(), Value::String(arn)),
        ])
    }

    /// JSON is compared as such.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let json = |it: &Value| Json::parse(it.as_str()?).ok();
        path == "target.input" && json(wanted).is_some_and(|it| Some(it) == json(live))
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.scheduler().create_schedule().client_token(&cx.op);
        match whole!(call, new).send().await.map_err(Error::from) {
            Err(error) if error.is(&["ConflictException"]) => {
                Err(Error::not_ours("a schedule of this name in the group"))
            }
            made => made.map(|_| id(new)),
        }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(Self::read(cx, id).await?.map(drop)) };
        cx.wait("the schedule to show", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (group, name) = parts(id)?;
        let call = cx.aws.scheduler().get_schedule().group_name(group).name(name);
        let Some(live) = absent(call.send().await, MISSING)? else { return Ok(None) };
        let window = live.flexible_time_window.ok_or(Error::missing("FlexibleTimeWindow"))?;
        let inputs = Inputs {
            action_after_completion: live.action_after_completion.map_or_else(none, Word),
            description: live.description.filter(|it| !it.is_empty()),
            end_date: live.end_date.map(Moment),
            flexible_time_window: Window::from_sdk(&window)?,
            group_name: live.group_name.unwrap_or_else(default_group),
            kms_key_arn: live.kms_key_arn,
            name: live.name.ok_or(Error::missing("Name"))?,
            name_prefix: None,
            schedule_expression: live.schedule_expression.unwrap_or_default(),
            schedule_expression_timezone: live.schedule_expression_timezone.unwrap_or_else(utc),
            start_date: live.start_date.map(Moment),
            state: live.state.map_or_else(enabled, Word),
            target: Target::from_sdk(&live.target.ok_or(Error::missing("Target"))?)?,
        };
        Ok(Some(Outputs { inputs, arn: live.arn.ok_or(Error::missing("Arn"))? }))
    }

    /// The call resets all that it is not told: what the program never said
    /// is sent as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = Self::read(cx, id).await?.ok_or(Error::unseen("the schedule"))?;
        let new: Inputs = kept(&live, old, new)?;
        whole!(cx.aws.scheduler().update_schedule(), new).send().await?;
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (group, name) = parts(id)?;
        let call = cx.aws.scheduler().delete_schedule().group_name(group).name(name);
        absent(call.client_token(&cx.op).send().await, MISSING).map(drop)
    }

    /// Schedules bear no tags: one of this name that does the same is ours.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = id(inputs);
        let Some(live) = Self::read(cx, &id).await? else { return Ok(None) };
        Ok(covers(&live, inputs)?.then_some(id))
    }
}

fn id(inputs: &Inputs) -> String {
    format!("{}/{}", inputs.group_name, inputs.name)
}

fn parts(id: &str) -> Result<(&str, &str)> {
    let broken = || Error::invalid("import", format!("`{id}` is not `group/name`"));
    id.split_once('/').ok_or_else(broken)
}

fn none() -> Word<ActionAfterCompletion> {
    Word(ActionAfterCompletion::None)
}

fn default_group() -> String {
    "default".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

fn enabled() -> Word<ScheduleState> {
    Word(ScheduleState::Enabled)
}
