//! `aws:scheduler/scheduleGroup:ScheduleGroup`. The id is the group's name.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_scheduler::{
    operation::get_schedule_group::GetScheduleGroupOutput,
    types::{ScheduleGroupState, Tag},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, check_name};
use crate::{
    aws::{
        error::{absent, if_seen, seen},
        twin::{Built as _, Moment},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct ScheduleGroup;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 64, "replace" = true))]
    name: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    creation_date: Option<Moment>,
    /// Changes with every tag.
    #[schemars(extend("volatile" = true))]
    last_modification_date: Option<Moment>,
    state: String,
}

impl Resource for ScheduleGroup {
    const TYPE: &'static str = "aws:scheduler/scheduleGroup:ScheduleGroup";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([
            ("id".to_owned(), Value::string(name)),
            ("arn".to_owned(), Value::String(arn(place, name))),
        ])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.scheduler().create_schedule_group().name(&new.name).client_token(&cx.op);
        let made = call.set_tags(Some(tag_list(cx.birth_tags(&new.tags))?)).send().await;
        match made.map_err(Error::from) {
            Err(error) if error.is(&["ConflictException"]) => {
                let ours = Self::find(cx, new).await?;
                ours.ok_or(Error::not_ours("a schedule group of this name"))
            }
            made => made.map(|_| new.name.clone()),
        }
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let shows = || async { Ok(live(cx, id).await?.map(drop)) };
        cx.wait("the group to show", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let arn = live.arn.ok_or(Error::missing("Arn"))?;
        let tags = match cx.asks("tags") {
            true => Tags::live(tags_raw(cx, &arn).await?),
            false => Tags::default(),
        };
        Ok(Some(Outputs {
            inputs: Inputs {
                name: live.name.ok_or(Error::missing("Name"))?,
                name_prefix: None,
                tags,
            },
            arn,
            creation_date: live.creation_date.map(Moment),
            last_modification_date: live.last_modification_date.map(Moment),
            state: live.state.map(|it| it.to_string()).unwrap_or_default(),
        }))
    }

    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let arn = arn(&cx.place, id);
        let (set, removed) = new.tags.since(&old.tags);
        if !set.is_empty() {
            let call = cx.aws.scheduler().tag_resource().resource_arn(&arn);
            call.set_tags(Some(tag_list(set)?)).send().await?;
        }
        if !removed.is_empty() {
            let call = cx.aws.scheduler().untag_resource().resource_arn(&arn);
            call.set_tag_keys(Some(removed)).send().await?;
        }
        Ok(())
    }

    /// With all schedules that are left in it.
    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.scheduler().delete_schedule_group().name(id);
        absent(call.client_token(&cx.op).send().await, MISSING).map(drop)
    }

    /// Deleting many schedules takes its time.
    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let gone = || async {
            let reply = cx.aws.scheduler().get_schedule_group().name(id).send().await;
            Ok(absent(reply, MISSING)?.is_none().then_some(()))
        };
        cx.wait("the group to be gone", Duration::from_secs(300), gone).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let Some(live) = live(cx, &inputs.name).await? else { return Ok(None) };
        let tags = if_seen(tags_raw(cx, live.arn.as_deref().unwrap_or_default()).await)?;
        Ok(tags.is_some_and(|it| cx.made(it)).then(|| inputs.name.clone()))
    }
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("scheduler", &format!("schedule-group/{name}"))
}

/// One that is being deleted is gone.
async fn live(cx: &Cx, name: &str) -> Result<Option<GetScheduleGroupOutput>> {
    let reply = cx.aws.scheduler().get_schedule_group().name(name).send().await;
    Ok(absent(reply, MISSING)?.filter(|it| it.state != Some(ScheduleGroupState::Deleting)))
}

/// With our own, which prove who made it.
async fn tags_raw(cx: &Cx, arn: &str) -> Result<BTreeMap<String, String>> {
    let reply = cx.aws.scheduler().list_tags_for_resource().resource_arn(arn).send().await;
    let tags = seen(reply, MISSING, "the group")?.tags.unwrap_or_default();
    Ok(tags.into_iter().map(|it| (it.key, it.value)).collect())
}

fn tag_list(tags: BTreeMap<String, String>) -> Result<Vec<Tag>> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().built();
    tags.into_iter().map(tag).collect()
}
