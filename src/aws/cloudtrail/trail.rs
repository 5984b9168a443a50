//! `aws:cloudtrail/trail:Trail`. The id is the trail's ARN.

use std::{collections::HashMap, time::Duration};

use aws_sdk_cloudtrail::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    aws::{
        error::{absent, if_seen, seen},
        twin::{Built as _, Field, Twin as _, Word, twin, words},
    },
    model::{Map, Value},
    provider::*,
};

pub(super) struct Trail;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 128, "replace" = true))]
    name: String,
    s3_bucket_name: String,
    s3_key_prefix: Option<String>,
    /// By its name or by its ARN.
    sns_topic_name: Option<IdOrArn>,
    cloud_watch_logs_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<IdOrArn>,
    #[serde(default)]
    enable_log_file_validation: bool,
    #[serde(default = "yes")]
    enable_logging: bool,
    #[serde(default = "yes")]
    include_global_service_events: bool,
    #[serde(default)]
    is_multi_region_trail: bool,
    #[serde(default)]
    is_organization_trail: bool,
    advanced_event_selectors: Option<Set<AdvancedEventSelector>>,
    event_selectors: Option<Set<EventSelector>>,
    insight_selectors: Option<Set<InsightSelector>>,
    #[serde(default)]
    tags: Tags,
}

words! {
    aws_sdk_cloudtrail: InsightType ReadWriteType
}

twin! {
    AdvancedEventSelector = sdk::AdvancedEventSelector {
        field_selectors: Set<FieldSelector> => field_selectors, set_field_selectors;
        name: Option<String> => name, set_name;
    }
}

twin! {
    FieldSelector = sdk::AdvancedFieldSelector {
        ends_withs: Option<Set<String>> => ends_with, set_ends_with;
        equals: Option<Set<String>> => equals, set_equals;
        field: String => field, set_field;
        not_ends_withs: Option<Set<String>> => not_ends_with, set_not_ends_with;
        not_equals: Option<Set<String>> => not_equals, set_not_equals;
        not_starts_withs: Option<Set<String>> => not_starts_with, set_not_starts_with;
        starts_withs: Option<Set<String>> => starts_with, set_starts_with;
    }
}

twin! {
    EventSelector = sdk::EventSelector {
        data_resources: Option<Set<DataResource>> => data_resources, set_data_resources;
        exclude_management_event_sources: Option<Set<String>>
            => exclude_management_event_sources, set_exclude_management_event_sources;
        include_management_events: Option<bool>
            => include_management_events, set_include_management_events;
        read_write_type: Option<Word<sdk::ReadWriteType>> => read_write_type, set_read_write_type;
    }
}

twin! {
    DataResource = sdk::DataResource {
        r#type: Option<String> => r#type, set_type;
        values: Option<Set<String>> => values, set_values;
    }
}

twin! {
    InsightSelector = sdk::InsightSelector {
        insight_type: Option<Word<sdk::InsightType>> => insight_type, set_insight_type;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    home_region: String,
    sns_topic_arn: Option<String>,
}

impl Resource for Trail {
    const TYPE: &'static str = "aws:cloudtrail/trail:Trail";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        check_name(&new.name)?;
        if new.event_selectors.is_some() && new.advanced_event_selectors.is_some() {
            let rule = "excludes `eventSelectors`: a trail has one kind of selectors";
            return Err(Error::invalid("advancedEventSelectors", rule));
        }
        if new.is_multi_region_trail && !new.include_global_service_events {
            let rule = "is not `false` for a trail of all regions";
            return Err(Error::invalid("includeGlobalServiceEvents", rule));
        }
        if new.cloud_watch_logs_group_arn.is_some() != new.cloud_watch_logs_role_arn.is_some() {
            let rule = "goes together with `cloudWatchLogsGroupArn`";
            return Err(Error::invalid("cloudWatchLogsRoleArn", rule));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        let arn = Value::String(place.arn("cloudtrail", &format!("trail/{name}")));
        Map::from([("id".to_owned(), arn.clone()), ("arn".to_owned(), arn)])
    }

    /// CloudTrail wants the ARN of the log group's streams, which ends in `:*`.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let group = |it: &Value| it.as_str().map(|it| it.trim_end_matches(":*").to_owned());
        path == "cloudWatchLogsGroupArn" && group(wanted) == group(live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.cloudtrail().create_trail().name(&new.name);
        let call = call
            .s3_bucket_name(&new.s3_bucket_name)
            .set_s3_key_prefix(new.s3_key_prefix.clone())
            .set_sns_topic_name(new.sns_topic_name.put()?)
            .set_cloud_watch_logs_log_group_arn(new.cloud_watch_logs_group_arn.clone())
            .set_cloud_watch_logs_role_arn(new.cloud_watch_logs_role_arn.clone())
            .set_kms_key_id(new.kms_key_id.put()?)
            .enable_log_file_validation(new.enable_log_file_validation)
            .include_global_service_events(new.include_global_service_events)
            .is_multi_region_trail(new.is_multi_region_trail)
            .is_organization_trail(new.is_organization_trail)
            .set_tags_list(Some(tag_list(cx.birth_tags(&new.tags))?));
        match call.send().await.map_err(Error::from) {
            Err(error) if error.is(&["TrailAlreadyExistsException"]) => {
                let ours = Self::find(cx, new).await?;
                ours.ok_or(Error::not_ours("a trail of this name"))
            }
            made => made?.trail_arn.ok_or(Error::missing("TrailARN")),
        }
    }

    /// What it records comes first: a trail is born silent.
    async fn finish(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        if new.event_selectors.is_some() || new.advanced_event_selectors.is_some() {
            select(cx, arn, new).await?;
        }
        if new.insight_selectors.is_some() {
            select_insights(cx, arn, new).await?;
        }
        if new.enable_logging { log(cx, arn, true).await } else { Ok(()) }
    }

    async fn ready(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let asked = [arn.to_owned()];
        let shows = || async { Ok(live(cx, &asked).await?.contains_key(arn).then_some(())) };
        cx.wait("the trail to show", Duration::from_secs(120), shows).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        Ok(Self::read_many(cx, &[arn.to_owned()]).await?.pop().flatten())
    }

    /// One call tells of all trails; what each records takes one more or two.
    async fn read_many<'a>(cx: &'a Cx, arns: &'a [String]) -> Result<Vec<Option<Outputs>>> {
        let mut live = live(cx, arns).await?;
        let there: Vec<String> = live.keys().cloned().collect();
        let mut tags = match cx.asks("tags") {
            true => tags_raw(cx, &there).await?,
            false => HashMap::new(),
        };
        let mut found = Vec::with_capacity(arns.len());
        for arn in arns {
            found.push(match live.remove(arn) {
                Some(live) => {
                    let tags = Tags::live(tags.remove(arn).unwrap_or_default());
                    Some(outputs(cx, arn, live, tags).await?)
                }
                None => None,
            });
        }
        Ok(found)
    }

    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        // Nothing is said by an empty text.
        let text = |old: Option<&String>, new: Option<&String>| {
            (old != new).then(|| new.cloned().unwrap_or_default())
        };
        let flag = |old: bool, new: bool| (old != new).then_some(new);
        let (topic, new_topic) = (old.sns_topic_name.put()?, new.sns_topic_name.put()?);
        let (key, new_key) = (old.kms_key_id.put()?, new.kms_key_id.put()?);
        let group = |it: &Inputs| it.cloud_watch_logs_group_arn.clone().unwrap_or_default();
        let role = |it: &Inputs| it.cloud_watch_logs_role_arn.clone().unwrap_or_default();
        let delivered = (group(old), role(old)) != (group(new), role(new));
        let call = cx.aws.cloudtrail().update_trail().name(arn);
        let call = call
            .set_s3_bucket_name(
                (old.s3_bucket_name != new.s3_bucket_name).then(|| new.s3_bucket_name.clone()),
            )
            .set_s3_key_prefix(text(old.s3_key_prefix.as_ref(), new.s3_key_prefix.as_ref()))
            .set_sns_topic_name(text(topic.as_ref(), new_topic.as_ref()))
            .set_cloud_watch_logs_log_group_arn(delivered.then(|| group(new)))
            .set_cloud_watch_logs_role_arn(delivered.then(|| role(new)))
            .set_kms_key_id(text(key.as_ref(), new_key.as_ref()))
            .set_enable_log_file_validation(flag(
                old.enable_log_file_validation,
                new.enable_log_file_validation,
            ))
            .set_include_global_service_events(flag(
                old.include_global_service_events,
                new.include_global_service_events,
            ))
            .set_is_multi_region_trail(flag(old.is_multi_region_trail, new.is_multi_region_trail))
            .set_is_organization_trail(flag(old.is_organization_trail, new.is_organization_trail));
        let nothing = cx.aws.cloudtrail().update_trail().name(arn);
        if call.as_input() != nothing.as_input() {
            call.send().await?;
        }
        let selectors =
            |it: &Inputs| (it.event_selectors.clone(), it.advanced_event_selectors.clone());
        if selectors(old) != selectors(new) {
            select(cx, arn, new).await?;
        }
        if old.insight_selectors != new.insight_selectors {
            select_insights(cx, arn, new).await?;
        }
        if old.enable_logging != new.enable_logging {
            log(cx, arn, new.enable_logging).await?;
        }
        let (set, removed) = new.tags.since(&old.tags);
        if !set.is_empty() {
            let call = cx.aws.cloudtrail().add_tags().resource_id(arn);
            call.set_tags_list(Some(tag_list(set)?)).send().await?;
        }
        if !removed.is_empty() {
            let removed = removed.into_iter().filter_map(|key| {
                let value = old.tags.0.get(&key)?.clone();
                Some((key, value))
            });
            let call = cx.aws.cloudtrail().remove_tags().resource_id(arn);
            call.set_tags_list(Some(tag_list(removed)?)).send().await?;
        }
        Ok(())
    }

    /// What it wrote into its bucket stays.
    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        absent(cx.aws.cloudtrail().delete_trail().name(arn).send().await, MISSING).map(drop)
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let arn = cx.place.arn("cloudtrail", &format!("trail/{}", inputs.name));
        let asked = [arn.clone()];
        if !live(cx, &asked).await?.contains_key(&arn) {
            return Ok(None);
        }
        let tags = if_seen(tags_raw(cx, &asked).await)?.and_then(|mut it| it.remove(&arn));
        Ok(cx.made(tags.unwrap_or_default()).then_some(arn))
    }
}

const MISSING: &[&str] = &["TrailNotFoundException", "ResourceNotFoundException"];

/// How many trails one call tells the tags of.
const TAGGED: usize = 20;

fn check_name(name: &str) -> Result<()> {
    let mark = |it: char| "._-".contains(it);
    let fits = |it: char| it.is_ascii_alphanumeric() || mark(it);
    let marks = name.chars().zip(name.chars().skip(1)).any(|(a, b)| mark(a) && mark(b));
    let ends = name.starts_with(mark) || name.ends_with(mark);
    if !(3..=128).contains(&name.len()) || !name.chars().all(fits) || marks || ends {
        let rule = "has 3 to 128 letters and digits, with single `.`, `_` or `-` between them";
        return Err(Error::invalid("name", rule));
    }
    Ok(())
}

/// A trail without selectors of its own records what happens to resources, but
/// not to their data.
async fn select(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
    let call = cx.aws.cloudtrail().put_event_selectors().trail_name(arn);
    let call = match &new.advanced_event_selectors {
        Some(selectors) if !selectors.0.is_empty() => {
            call.set_advanced_event_selectors(Some(selectors.to_sdk()?))
        }
        _ => {
            let mut selectors = new.event_selectors.put()?.unwrap_or_default();
            if selectors.is_empty() {
                let all = sdk::EventSelector::builder().read_write_type(sdk::ReadWriteType::All);
                selectors.push(all.include_management_events(true).build());
            }
            call.set_event_selectors(Some(selectors))
        }
    };
    call.send().await?;
    Ok(())
}

async fn select_insights(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
    let selectors = new.insight_selectors.put()?.unwrap_or_default();
    let call = cx.aws.cloudtrail().put_insight_selectors().trail_name(arn);
    call.set_insight_selectors(Some(selectors)).send().await?;
    Ok(())
}

async fn log(cx: &Cx, arn: &str, on: bool) -> Result<()> {
    if on {
        cx.aws.cloudtrail().start_logging().name(arn).send().await?;
    } else {
        cx.aws.cloudtrail().stop_logging().name(arn).send().await?;
    }
    Ok(())
}

async fn logs(cx: &Cx, arn: &str) -> Result<bool> {
    let reply = cx.aws.cloudtrail().get_trail_status().name(arn).send().await;
    Ok(seen(reply, MISSING, "the trail")?.is_logging.unwrap_or_default())
}

/// Of these trails those that are there, by ARN.
async fn live(cx: &Cx, arns: &[String]) -> Result<HashMap<String, sdk::Trail>> {
    let call = cx.aws.cloudtrail().describe_trails().set_trail_name_list(Some(arns.to_vec()));
    let reply = absent(call.send().await, MISSING)?;
    let trails = reply.and_then(|it| it.trail_list).unwrap_or_default().into_iter();
    Ok(trails.filter_map(|it| Some((it.trail_arn.clone()?, it))).collect())
}

async fn outputs(cx: &Cx, arn: &str, live: sdk::Trail, tags: Tags) -> Result<Outputs> {
    let asked = cx.asks("eventSelectors") || cx.asks("advancedEventSelectors");
    let selectors = if asked {
        let reply = cx.aws.cloudtrail().get_event_selectors().trail_name(arn).send().await;
        Some(seen(reply, MISSING, "the trail")?)
    } else {
        None
    };
    let insights = if cx.asks("insightSelectors") {
        let reply = cx.aws.cloudtrail().get_insight_selectors().trail_name(arn).send().await;
        absent(reply, &["InsightNotEnabledException"])?.and_then(|it| it.insight_selectors)
    } else {
        None
    };
    let some = |it: Option<String>| it.filter(|it| !it.is_empty());
    let inputs = Inputs {
        name: live.name.ok_or(Error::missing("Name"))?,
        s3_bucket_name: live.s3_bucket_name.unwrap_or_default(),
        s3_key_prefix: some(live.s3_key_prefix),
        sns_topic_name: some(live.sns_topic_arn.clone()).map(IdOrArn),
        cloud_watch_logs_group_arn: some(live.cloud_watch_logs_log_group_arn),
        cloud_watch_logs_role_arn: some(live.cloud_watch_logs_role_arn),
        kms_key_id: some(live.kms_key_id).map(IdOrArn),
        enable_log_file_validation: live.log_file_validation_enabled.unwrap_or_default(),
        enable_logging: !cx.asks("enableLogging") || logs(cx, arn).await?,
        include_global_service_events: live.include_global_service_events.unwrap_or_default(),
        is_multi_region_trail: live.is_multi_region_trail.unwrap_or_default(),
        is_organization_trail: live.is_organization_trail.unwrap_or_default(),
        advanced_event_selectors: Field::take(
            selectors.as_ref().and_then(|it| it.advanced_event_selectors.as_ref()),
        )?,
        event_selectors: Field::take(
            selectors.as_ref().and_then(|it| it.event_selectors.as_ref()),
        )?,
        insight_selectors: Field::take(insights.as_ref())?,
        tags,
    };
    Ok(Outputs {
        inputs,
        arn: arn.to_owned(),
        home_region: live.home_region.unwrap_or_default(),
        sns_topic_arn: live.sns_topic_arn,
    })
}

/// With our own, which prove who made it, by ARN.
async fn tags_raw(cx: &Cx, arns: &[String]) -> Result<HashMap<String, Vec<(String, String)>>> {
    let mut all = HashMap::new();
    for arns in arns.chunks(TAGGED) {
        let mut next = None;
        loop {
            let call = cx.aws.cloudtrail().list_tags().set_resource_id_list(Some(arns.to_vec()));
            let page = seen(call.set_next_token(next).send().await, MISSING, "the trail")?;
            for it in page.resource_tag_list.unwrap_or_default() {
                let tags = it.tags_list.unwrap_or_default().into_iter();
                let tags = tags.map(|it| (it.key, it.value.unwrap_or_default()));
                let trail: &mut Vec<_> = all.entry(it.resource_id.unwrap_or_default()).or_default();
                trail.extend(tags);
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

fn tag_list(tags: impl IntoIterator<Item = (String, String)>) -> Result<Vec<sdk::Tag>> {
    let tag = |(key, value)| sdk::Tag::builder().key(key).value(value).build().built();
    tags.into_iter().map(tag).collect()
}
