//! `aws:rds/eventSubscription:EventSubscription`. The id is its name.

use aws_sdk_rds::types::EventSubscription as Live;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PAGE, birth_tags, minutes, ours, retag, tags};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct EventSubscription;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("autoname" = 255, "replace" = true))]
    name: CiString,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    name_prefix: Option<String>,
    sns_topic: String,
    /// `db-instance`, `db-cluster`, `db-snapshot`, …; events of all without it.
    /// AWS cannot take it away again.
    #[schemars(extend("computed" = true))]
    source_type: Option<String>,
    /// Of all sources of the type without it.
    #[serde(default)]
    source_ids: Set<String>,
    /// All of the type without it.
    #[serde(default)]
    event_categories: Set<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    tags: Tags,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    customer_aws_id: String,
}

const MISSING: &[&str] = &["SubscriptionNotFound"];

impl Resource for EventSubscription {
    const TYPE: &'static str = "aws:rds/eventSubscription:EventSubscription";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let name = &new.name.0;
        let fits = |it: char| it.is_ascii_alphanumeric() || it == '-';
        if name.is_empty() || name.len() > 255 || !name.chars().all(fits) {
            return Err(Error::invalid("name", "has 1 to 255 letters, digits and `-`"));
        }
        if new.source_type.is_none() && !new.source_ids.0.is_empty() {
            return Err(Error::invalid("sourceIds", "needs a `sourceType`"));
        }
        Ok(())
    }

    fn predict(place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([
            ("arn".to_owned(), Value::String(arn(place, name))),
            ("id".to_owned(), Value::string(name)),
        ])
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let name = &new.name.0;
        let call = cx.aws.rds().create_event_subscription().subscription_name(name);
        let call = call
            .sns_topic_arn(&new.sns_topic)
            .set_source_type(new.source_type.clone())
            .set_source_ids(some(&new.source_ids))
            .set_event_categories(some(&new.event_categories))
            .enabled(new.enabled);
        let made = call.set_tags(birth_tags(cx, &new.tags)).send().await.map_err(Error::from);
        let taken = &["SubscriptionAlreadyExist"];
        let id =
            ours(made, taken, "an event subscription of this name", Self::find(cx, new)).await?;
        Ok(id.unwrap_or_else(|| name.clone()))
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async {
            let Some(live) = live(cx, id).await? else { return Ok(None) };
            match live.status.as_deref().unwrap_or_default() {
                "creating" | "modifying" => Ok(None),
                "no-permission" => Err(Error::failed("RDS may not publish to its topic")),
                "topic-not-exist" => Err(Error::failed("its topic does not exist")),
                _ => Ok(Some(())),
            }
        };
        cx.wait("the subscription to be active", minutes(40), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        outputs(cx, id, live).await.map(Some)
    }

    /// There is no filter by name: one list of all serves many.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        if let [id] = ids {
            return Ok(vec![Self::read(cx, id).await?]);
        }
        let pages = cx.aws.rds().describe_event_subscriptions().max_records(PAGE).into_paginator();
        let all: Vec<Live> = pages.items().send().try_collect().await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let live = all.iter().find(|it| it.cust_subscription_id.as_ref() == Some(id));
            found.push(match live.filter(|it| !is_going(it)) {
                Some(live) => Some(outputs(cx, id, live.clone()).await?),
                None => None,
            });
        }
        Ok(found)
    }

    /// Sources come and go one by one, by calls of their own.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let (come, gone) = new.source_ids.since(&old.source_ids);
        // Sources are of the type that there is: the old ones go before it.
        for source in gone {
            let call = cx.aws.rds().remove_source_identifier_from_subscription();
            let call = call.subscription_name(id).source_identifier(source).send().await;
            absent(call, &["SourceNotFound"])?;
            Self::ready(cx, id, new).await?;
        }
        let categories = new.event_categories.since(&old.event_categories) != (vec![], vec![]);
        let words = |it: &Inputs| (it.sns_topic.clone(), it.source_type.clone(), it.enabled);
        if categories || words(old) != words(new) {
            let call = cx.aws.rds().modify_event_subscription().subscription_name(id);
            call.sns_topic_arn(&new.sns_topic)
                .set_source_type(new.source_type.clone())
                .set_event_categories(categories.then(|| new.event_categories.0.clone()))
                .enabled(new.enabled)
                .send()
                .await?;
            Self::ready(cx, id, new).await?;
        }
        for source in come {
            let call = cx.aws.rds().add_source_identifier_to_subscription();
            call.subscription_name(id).source_identifier(source).send().await?;
            Self::ready(cx, id, new).await?;
        }
        retag(cx, &arn(&cx.place, id), &old.tags, &new.tags).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.rds().delete_event_subscription().subscription_name(id);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    async fn gone(cx: &Cx, id: &str) -> Result<()> {
        let look = || async {
            let call = cx.aws.rds().describe_event_subscriptions().subscription_name(id);
            let there = absent(call.send().await, MISSING)?;
            let there = there.and_then(|it| it.event_subscriptions_list).unwrap_or_default();
            Ok(there.is_empty().then_some(()))
        };
        cx.wait("the subscription to be gone", minutes(40), look).await
    }

    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let name = &inputs.name.0;
        if live(cx, name).await?.is_none() {
            return Ok(None);
        }
        Ok(cx.made(tags(cx, &arn(&cx.place, name)).await?).then(|| name.clone()))
    }
}

fn yes() -> bool {
    true
}

fn some(texts: &Set<String>) -> Option<Vec<String>> {
    Some(texts.0.clone()).filter(|it| !it.is_empty())
}

fn arn(place: &Place, name: &str) -> String {
    place.arn("rds", &format!("es:{name}"))
}

fn is_going(live: &Live) -> bool {
    live.status.as_deref() == Some("deleting")
}

async fn live(cx: &Cx, name: &str) -> Result<Option<Live>> {
    let call = cx.aws.rds().describe_event_subscriptions().subscription_name(name);
    let reply = absent(call.send().await, MISSING)?;
    let live = reply.and_then(|it| it.event_subscriptions_list?.pop());
    Ok(live.filter(|it| !is_going(it)))
}

async fn outputs(cx: &Cx, id: &str, live: Live) -> Result<Outputs> {
    let arn = live.event_subscription_arn.unwrap_or_else(|| arn(&cx.place, id));
    let tags = if cx.asks("tags") { Tags::live(tags(cx, &arn).await?) } else { Tags::default() };
    let set = |it: Option<Vec<String>>| it.unwrap_or_default().into_iter().collect();
    let inputs = Inputs {
        name: CiString(id.to_owned()),
        name_prefix: None,
        sns_topic: live.sns_topic_arn.unwrap_or_default(),
        source_type: live.source_type.filter(|it| !it.is_empty()),
        source_ids: set(live.source_ids_list),
        event_categories: set(live.event_categories_list),
        enabled: live.enabled.unwrap_or_default(),
        tags,
    };
    Ok(Outputs { inputs, arn, customer_aws_id: live.customer_aws_id.unwrap_or_default() })
}
