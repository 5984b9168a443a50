//! `aws:appautoscaling/scheduledAction:ScheduledAction`. The id is
//! `<namespace>/<resource id>/<dimension>/<name>`.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types as sdk;
use aws_smithy_types::{DateTime, date_time::Format};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scalable, is_gone};
use crate::{
    model::{Map, Value},
    provider::*,
};

pub(super) struct ScheduledAction;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 256, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true))]
    service_namespace: String,
    #[schemars(extend("replace" = true))]
    resource_id: String,
    #[schemars(extend("replace" = true))]
    scalable_dimension: String,
    scalable_target_action: Capacity,
    /// `at(2026-12-24T18:00:00)`, `rate(1 day)` or `cron(0 8 * * ? *)`.
    schedule: String,
    #[serde(default = "utc")]
    timezone: String,
    /// As RFC 3339 writes it, in UTC.
    start_time: Option<String>,
    end_time: Option<String>,
}

#[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Capacity {
    #[schemars(range(min = 0))]
    min_capacity: Option<i32>,
    #[schemars(range(min = 0))]
    max_capacity: Option<i32>,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
}

impl Resource for ScheduledAction {
    const TYPE: &'static str = "aws:appautoscaling/scheduledAction:ScheduledAction";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        new.scalable().check()?;
        let Capacity { min_capacity: min, max_capacity: max } = new.scalable_target_action;
        if min.is_none() && max.is_none() {
            return Err(Error::invalid("scalableTargetAction", "has a capacity, `min` or `max`"));
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let rule = format!("is above `maxCapacity`, {max}");
            return Err(Error::invalid("scalableTargetAction.minCapacity", rule));
        }
        time("startTime", new.start_time.as_ref())?;
        time("endTime", new.end_time.as_ref()).map(drop)
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name: &str| inputs.get(name)?.as_str().map(str::to_owned);
        let id = || {
            let (namespace, resource) = (text("serviceNamespace")?, text("resourceId")?);
            let dimension = text("scalableDimension")?;
            let scalable = Scalable { namespace, resource, dimension };
            Some(format!("{scalable}/{}", text("name")?))
        };
        id().map(|it| ("id".to_owned(), Value::String(it))).into_iter().collect()
    }

    /// One at a time for each thing that scales: the service answers others
    /// with `ConcurrentUpdateException`.
    fn serial(new: &Inputs) -> Option<String> {
        Some(format!("appautoscaling:{}/{}", new.service_namespace, new.resource_id))
    }

    /// One moment may be written in more than one way.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let at = |it: &Value| DateTime::from_str(it.as_str()?, Format::DateTimeWithOffset).ok();
        matches!(path, "startTime" | "endTime") && at(wanted).is_some_and(|it| at(live) == Some(it))
    }

    /// Putting what exists changes it: look first, so that nobody else's is
    /// taken over. Scheduled actions have no tags to tell them by.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if live(cx, &new.scalable(), &new.name).await?.is_some() {
            return Err(Error::not_ours("a scheduled action of this name"));
        }
        put(cx, new).await?;
        Ok(new.id())
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (scalable, name) = parse(id)?;
        let visible = || async { Ok(live(cx, &scalable, name).await?.map(|_| ())) };
        cx.wait("the action to be visible", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let (scalable, name) = parse(id)?;
        Ok(live(cx, &scalable, name).await?.map(|it| outputs(scalable, it)))
    }

    async fn update(cx: &Cx, _: &str, _: &Inputs, new: &Inputs) -> Result<()> {
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let (scalable, name) = parse(id)?;
        let call = cx.aws.appautoscaling().delete_scheduled_action().scheduled_action_name(name);
        let reply = call
            .service_namespace(scalable.namespace.as_str().into())
            .resource_id(scalable.resource)
            .scalable_dimension(scalable.dimension.as_str().into())
            .send()
            .await;
        match reply.map_err(Error::from) {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// By its natural key: a create never begins where there is one.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.scalable(), &inputs.name).await?;
        Ok(live.map(|_| inputs.id()))
    }
}

impl Inputs {
    fn scalable(&self) -> Scalable {
        Scalable {
            namespace: self.service_namespace.clone(),
            resource: self.resource_id.clone(),
            dimension: self.scalable_dimension.clone(),
        }
    }

    fn id(&self) -> String {
        format!("{}/{}", self.scalable(), self.name)
    }
}

fn parse(id: &str) -> Result<(Scalable, &str)> {
    let (scalable, name) = Scalable::parse(id)?;
    if name.is_empty() {
        return Err(Error::invalid("id", "ends with the action's name"));
    }
    Ok((scalable, name))
}

fn time(property: &str, text: Option<&String>) -> Result<Option<DateTime>> {
    let wrong = |_| Error::invalid(property, "is no time like `2026-12-24T18:00:00Z`");
    let parse = |it: &String| DateTime::from_str(it, Format::DateTimeWithOffset).map_err(wrong);
    text.map(parse).transpose()
}

/// The whole action: what is left out ends.
async fn put(cx: &Cx, new: &Inputs) -> Result<()> {
    let capacity = sdk::ScalableTargetAction::builder()
        .set_min_capacity(new.scalable_target_action.min_capacity)
        .set_max_capacity(new.scalable_target_action.max_capacity)
        .build();
    let call = cx.aws.appautoscaling().put_scheduled_action().scheduled_action_name(&new.name);
    call.service_namespace(new.service_namespace.as_str().into())
        .resource_id(&new.resource_id)
        .scalable_dimension(new.scalable_dimension.as_str().into())
        .scalable_target_action(capacity)
        .schedule(&new.schedule)
        .timezone(&new.timezone)
        .set_start_time(time("startTime", new.start_time.as_ref())?)
        .set_end_time(time("endTime", new.end_time.as_ref())?)
        .send()
        .await?;
    Ok(())
}

async fn live(cx: &Cx, scalable: &Scalable, name: &str) -> Result<Option<sdk::ScheduledAction>> {
    let call = cx.aws.appautoscaling().describe_scheduled_actions();
    let reply = call
        .service_namespace(scalable.namespace.as_str().into())
        .resource_id(&scalable.resource)
        .scalable_dimension(scalable.dimension.as_str().into())
        .scheduled_action_names(name)
        .send()
        .await?;
    let mut found = reply.scheduled_actions.unwrap_or_default().into_iter();
    Ok(found.find(|it| it.scheduled_action_name == name))
}

fn outputs(scalable: Scalable, live: sdk::ScheduledAction) -> Outputs {
    let text = |it: Option<DateTime>| it.and_then(|it| it.fmt(Format::DateTime).ok());
    let capacity = live.scalable_target_action;
    let inputs = Inputs {
        name: live.scheduled_action_name,
        service_namespace: scalable.namespace,
        resource_id: scalable.resource,
        scalable_dimension: scalable.dimension,
        scalable_target_action: Capacity {
            min_capacity: capacity.as_ref().and_then(|it| it.min_capacity),
            max_capacity: capacity.as_ref().and_then(|it| it.max_capacity),
        },
        schedule: live.schedule,
        timezone: live.timezone.filter(|it| !it.is_empty()).unwrap_or_else(utc),
        start_time: text(live.start_time),
        end_time: text(live.end_time),
    };
    Outputs { inputs, arn: live.scheduled_action_arn }
}
