//! `aws:s3/bucketNotification:BucketNotification`: whom a bucket tells of what
//! happens in it.

use aws_sdk_s3::{
    operation::get_bucket_notification_configuration::GetBucketNotificationConfigurationOutput,
    types::{
        Event, EventBridgeConfiguration, FilterRule, FilterRuleName, LambdaFunctionConfiguration,
        NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration,
        S3KeyFilter, TopicConfiguration,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{At, Part};
use crate::{aws::twin::Built as _, provider::*};

pub(super) struct BucketNotification;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    #[serde(default)]
    eventbridge: bool,
    #[serde(default)]
    lambda_functions: Set<ToFunction>,
    #[serde(default)]
    queues: Set<ToQueue>,
    #[serde(default)]
    topics: Set<ToTopic>,
}

/// For one kind of receiver: its properties, and both ways of conversion.
macro_rules! receiver {
    ($name:ident: $arn:ident, $sdk:ident) => {
        #[derive(Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct $name {
            /// `s3:ObjectCreated:*`
            events: Set<String>,
            filter_prefix: Option<String>,
            filter_suffix: Option<String>,
            /// AWS makes one up.
            id: Option<String>,
            $arn: String,
        }

        impl $name {
            fn sent(&self) -> Result<$sdk> {
                $sdk::builder()
                    .set_events(Some(events(&self.events)))
                    .set_filter(filter(self.filter_prefix.as_ref(), self.filter_suffix.as_ref()))
                    .set_id(self.id.clone())
                    .$arn(&self.$arn)
                    .build()
                    .built()
            }

            fn live(sdk: $sdk) -> Self {
                let (filter_prefix, filter_suffix) = affixes(sdk.filter);
                let events = sdk.events.iter().map(Event::as_str).collect();
                Self { events, filter_prefix, filter_suffix, id: sdk.id, $arn: sdk.$arn }
            }
        }
    };
}

receiver! { ToFunction: lambda_function_arn, LambdaFunctionConfiguration }
receiver! { ToQueue: queue_arn, QueueConfiguration }
receiver! { ToTopic: topic_arn, TopicConfiguration }

impl Part for BucketNotification {
    const TYPE: &'static str = "aws:s3/bucketNotification:BucketNotification";
    const TAKEN: Option<&'static str> = Some("a notification configuration of this bucket");
    type Inputs = Inputs;
    type Outputs = Inputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, None)
    }

    /// A bucket that tells nobody is one without this resource.
    fn check(new: &Inputs) -> Result<()> {
        let nobody =
            new.lambda_functions.0.is_empty() && new.queues.0.is_empty() && new.topics.0.is_empty();
        if nobody && !new.eventbridge {
            let rule = "is on, or there are `lambdaFunctions`, `queues` or `topics`";
            return Err(Error::invalid("eventbridge", rule));
        }
        Ok(())
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Inputs>> {
        let call = cx.aws.s3().get_bucket_notification_configuration().bucket(&at.bucket);
        Ok(inputs(at, call.send().await?))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let functions = new.lambda_functions.0.iter().map(ToFunction::sent);
        let queues = new.queues.0.iter().map(ToQueue::sent);
        let topics = new.topics.0.iter().map(ToTopic::sent);
        let bridge = || EventBridgeConfiguration::builder().build();
        let all = NotificationConfiguration::builder()
            .set_lambda_function_configurations(some(functions.collect::<Result<_>>()?))
            .set_queue_configurations(some(queues.collect::<Result<_>>()?))
            .set_topic_configurations(some(topics.collect::<Result<_>>()?))
            .set_event_bridge_configuration(new.eventbridge.then(bridge));
        put(cx, at, all.build()).await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        put(cx, at, NotificationConfiguration::builder().build()).await
    }
}

async fn put(cx: &Cx, at: &At, all: NotificationConfiguration) -> Result<()> {
    let call = cx.aws.s3().put_bucket_notification_configuration().bucket(&at.bucket);
    call.notification_configuration(all).send().await?;
    Ok(())
}

/// `None` when the bucket tells nobody.
fn inputs(at: &At, live: GetBucketNotificationConfigurationOutput) -> Option<Inputs> {
    let functions = live.lambda_function_configurations.unwrap_or_default();
    let queues = live.queue_configurations.unwrap_or_default();
    let topics = live.topic_configurations.unwrap_or_default();
    let inputs = Inputs {
        bucket: at.bucket.clone(),
        eventbridge: live.event_bridge_configuration.is_some(),
        lambda_functions: functions.into_iter().map(ToFunction::live).collect(),
        queues: queues.into_iter().map(ToQueue::live).collect(),
        topics: topics.into_iter().map(ToTopic::live).collect(),
    };
    BucketNotification::check(&inputs).is_ok().then_some(inputs)
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn events(names: &Set<String>) -> Vec<Event> {
    names.0.iter().map(|it| it.as_str().into()).collect()
}

/// Keys by how they begin and end.
fn filter(
    prefix: Option<&String>,
    suffix: Option<&String>,
) -> Option<NotificationConfigurationFilter> {
    let rule = |name, value: Option<&String>| {
        let value = value.filter(|it| !it.is_empty())?;
        Some(FilterRule::builder().name(name).value(value).build())
    };
    let rules = [rule(FilterRuleName::Prefix, prefix), rule(FilterRuleName::Suffix, suffix)];
    let rules = some(rules.into_iter().flatten().collect())?;
    let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
    Some(NotificationConfigurationFilter::builder().key(key).build())
}

/// S3 answers with a capital `Prefix`.
fn affixes(filter: Option<NotificationConfigurationFilter>) -> (Option<String>, Option<String>) {
    let rules = filter.and_then(|it| it.key).and_then(|it| it.filter_rules).unwrap_or_default();
    let named = |wanted: FilterRuleName| {
        let is = |it: &&FilterRule| {
            it.name().is_some_and(|it| it.as_str().eq_ignore_ascii_case(wanted.as_str()))
        };
        rules.iter().find(is).and_then(|it| it.value.clone())
    };
    (named(FilterRuleName::Prefix), named(FilterRuleName::Suffix))
}
