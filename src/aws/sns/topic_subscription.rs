//! `aws:sns/topicSubscription:TopicSubscription`. The id is the
//! subscription's ARN.

use std::{collections::HashMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MISSING, serial};
use crate::{aws::error::absent, model::Value, provider::*};

pub(super) struct TopicSubscription;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// How long to wait for an endpoint that confirms by itself.
    #[serde(default = "int::<1>")]
    #[schemars(range(min = 1), extend("writeOnly" = true))]
    confirmation_timeout_in_minutes: i32,
    delivery_policy: Option<Json>,
    #[schemars(extend("replace" = true))]
    endpoint: String,
    /// The endpoint answers SNS's question by itself, without a person.
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    endpoint_auto_confirms: bool,
    filter_policy: Option<Json>,
    /// `MessageAttributes`, or `MessageBody`.
    #[schemars(extend("computed" = true))]
    filter_policy_scope: Option<String>,
    #[schemars(extend("replace" = true))]
    protocol: String,
    #[serde(default)]
    raw_message_delivery: bool,
    redrive_policy: Option<Json>,
    replay_policy: Option<Json>,
    subscription_role_arn: Option<String>,
    #[schemars(extend("replace" = true))]
    topic: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    arn: String,
    #[schemars(extend("volatile" = true))]
    confirmation_was_authenticated: bool,
    owner_id: String,
    /// Somebody must say yes before messages come; SNS asks for two days.
    #[schemars(extend("volatile" = true))]
    pending_confirmation: bool,
}

impl Resource for TopicSubscription {
    const TYPE: &'static str = "aws:sns/topicSubscription:TopicSubscription";
    const KEY: &'static [&'static str] = &["topic", "protocol", "endpoint"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        const PROTOCOLS: &[&str] = &[
            "application",
            "email",
            "email-json",
            "firehose",
            "http",
            "https",
            "lambda",
            "sms",
            "sqs",
        ];
        if !PROTOCOLS.contains(&new.protocol.as_str()) {
            let rule = format!("is one of {}", PROTOCOLS.join(", "));
            return Err(Error::invalid("protocol", rule));
        }
        if new.protocol == "firehose" && new.subscription_role_arn.is_none() {
            let rule = "is needed by `protocol: firehose`";
            return Err(Error::invalid("subscriptionRoleArn", rule));
        }
        if new.filter_policy_scope.is_some() && new.filter_policy.is_none() {
            return Err(Error::invalid("filterPolicyScope", "says how `filterPolicy` is meant"));
        }
        Ok(())
    }

    fn serial(inputs: &Inputs) -> Option<String> {
        Some(serial(&inputs.topic))
    }

    /// SNS hides the password in a URL.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let bare = |it: &Value| {
            let (scheme, rest) = it.as_str()?.split_once("://")?;
            Some((scheme.to_owned(), rest.rsplit_once('@')?.1.to_owned()))
        };
        path == "endpoint"
            && live.as_str().is_some_and(|it| it.contains("****"))
            && bare(wanted).is_some_and(|it| Some(it) == bare(live))
    }

    /// Subscribing an endpoint again gives the subscription that is there:
    /// look first, so that nobody else's is taken over. One that still waits to be
    /// confirmed is nobody's, and may be what a lost request has made.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        if confirmed(cx, new).await?.is_some() {
            return Err(Error::not_ours("a subscription of this endpoint to the topic"));
        }
        let attributes = attributes(new).into_iter();
        let attributes = attributes
            .filter(|(name, value)| !(value.is_empty() || *name == RAW && value == "false"));
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).collect();
        let call = cx.aws.sns().subscribe().topic_arn(&new.topic).protocol(&new.protocol);
        let call = call.endpoint(&new.endpoint).set_attributes(Some(attributes));
        let reply = call.return_subscription_arn(true).send().await?;
        reply.subscription_arn.ok_or(Error::missing("SubscriptionArn"))
    }

    /// A person may take days to confirm: only an endpoint that does so by
    /// itself is waited for.
    async fn ready(cx: &Cx, arn: &str, new: &Inputs) -> Result<()> {
        let limit = u64::try_from(new.confirmation_timeout_in_minutes).unwrap_or(1) * 60;
        let confirmed = || async {
            let Some(live) = Self::read(cx, arn).await? else { return Ok(None) };
            if live.pending_confirmation && !new.endpoint_auto_confirms {
                cx.say(format!("{} must confirm the subscription", live.inputs.endpoint));
                return Ok(Some(()));
            }
            Ok((!live.pending_confirmation).then_some(()))
        };
        let limit = Duration::from_secs(limit);
        cx.wait("the endpoint to confirm the subscription", limit, confirmed).await
    }

    async fn read(cx: &Cx, arn: &str) -> Result<Option<Outputs>> {
        let reply = cx.aws.sns().get_subscription_attributes().subscription_arn(arn).send().await;
        let Some(live) = absent(reply, MISSING)? else { return Ok(None) };
        outputs(arn, &live.attributes.unwrap_or_default()).map(Some)
    }

    /// One attribute per call.
    async fn update(cx: &Cx, arn: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let before: HashMap<_, _> = attributes(old).into_iter().collect();
        for (name, value) in attributes(new) {
            if before.get(name) == Some(&value) {
                continue;
            }
            let call = cx.aws.sns().set_subscription_attributes().subscription_arn(arn);
            let value = match (name, value.as_str()) {
                // Emptied by an empty document, by no value, and by an empty text.
                ("FilterPolicy" | "DeliveryPolicy", "") => Some("{}".to_owned()),
                ("RedrivePolicy", "") => None,
                _ => Some(value),
            };
            call.attribute_name(name).set_attribute_value(value).send().await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx, arn: &str, _: &Inputs) -> Result<()> {
        let reply = cx.aws.sns().unsubscribe().subscription_arn(arn).send().await;
        match absent(reply, MISSING) {
            Err(error) if unconfirmed(&error) => {
                cx.say("never confirmed: SNS forgets it by itself within two days");
                Ok(())
            }
            reply => reply.map(drop),
        }
    }

    /// No tags: a topic has one subscription of an endpoint. One that waits to
    /// be confirmed does not say its ARN; to ask again is harmless, and tells it.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        confirmed(cx, inputs).await
    }
}

const RAW: &str = "RawMessageDelivery";

/// In the order of setting: a policy for bodies says more than one for
/// attributes can, so the wider scope comes before it and the narrower after.
fn attributes(inputs: &Inputs) -> Vec<(&'static str, String)> {
    let text = |it: Option<&Json>| it.map(ToString::to_string).unwrap_or_default();
    let policy = ("FilterPolicy", text(inputs.filter_policy.as_ref()));
    let scope = inputs.filter_policy_scope.clone();
    let scope = scope.map(|it| ("FilterPolicyScope", it));
    let bodies = scope.as_ref().is_some_and(|(_, it)| it == "MessageBody");
    let filter = match scope {
        // It means nothing without a policy, and SNS refuses it then.
        Some(_) | None if policy.1.is_empty() => vec![policy],
        None => vec![policy],
        Some(scope) if bodies => vec![scope, policy],
        Some(scope) => vec![policy, scope],
    };
    let others = [
        ("DeliveryPolicy", text(inputs.delivery_policy.as_ref())),
        (RAW, inputs.raw_message_delivery.to_string()),
        ("RedrivePolicy", text(inputs.redrive_policy.as_ref())),
        ("ReplayPolicy", text(inputs.replay_policy.as_ref())),
        ("SubscriptionRoleArn", inputs.subscription_role_arn.clone().unwrap_or_default()),
    ];
    filter.into_iter().chain(others).collect()
}

/// The ARN of the topic's subscription of this endpoint; another word stands in
/// its place until it is confirmed.
async fn confirmed(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
    let call = cx.aws.sns().list_subscriptions_by_topic().topic_arn(&inputs.topic);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        for it in page?.subscriptions() {
            if it.protocol() == Some(&inputs.protocol) && it.endpoint() == Some(&inputs.endpoint) {
                return Ok(it.subscription_arn.clone().filter(|it| it.starts_with("arn:")));
            }
        }
    }
    Ok(None)
}

fn unconfirmed(error: &Error) -> bool {
    error.is(&["InvalidParameter"]) && error.message.contains("pending confirmation")
}

fn outputs(arn: &str, live: &HashMap<String, String>) -> Result<Outputs> {
    let text = |name: &str| live.get(name).filter(|it| !it.is_empty()).cloned();
    let needed = |name: &str| text(name).ok_or(Error::missing(name));
    let json = |name: &str| text(name).map(|it| Json::parse(&it)).transpose();
    let flag = |name: &str| live.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let inputs = Inputs {
        confirmation_timeout_in_minutes: 1,
        delivery_policy: json("DeliveryPolicy")?,
        endpoint: needed("Endpoint")?,
        endpoint_auto_confirms: false,
        filter_policy: json("FilterPolicy")?.filter(|it| it.to_string() != "{}"),
        filter_policy_scope: text("FilterPolicyScope"),
        protocol: needed("Protocol")?,
        raw_message_delivery: flag(RAW),
        redrive_policy: json("RedrivePolicy")?,
        replay_policy: json("ReplayPolicy")?,
        subscription_role_arn: text("SubscriptionRoleArn"),
        topic: needed("TopicArn")?,
    };
    Ok(Outputs {
        inputs,
        arn: arn.to_owned(),
        confirmation_was_authenticated: flag("ConfirmationWasAuthenticated"),
        owner_id: text("Owner").unwrap_or_default(),
        pending_confirmation: flag("PendingConfirmation"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_never_stands_under_a_scope_that_it_does_not_fit() {
        let named = |scope: &str| {
            let json = serde_json::json!({
                "endpoint": "e", "protocol": "sqs", "topic": "t",
                "filterPolicy": "{\"a\":[1]}", "filterPolicyScope": scope,
            });
            let inputs: Inputs = serde_json::from_value(json).unwrap();
            attributes(&inputs).iter().take(2).map(|it| it.0).collect::<Vec<_>>()
        };
        assert_eq!(named("MessageBody"), ["FilterPolicyScope", "FilterPolicy"]);
        assert_eq!(named("MessageAttributes"), ["FilterPolicy", "FilterPolicyScope"]);
    }

    #[test]
    fn a_hidden_password_is_no_change() {
        let same = |wanted: &str, live: &str| {
            TopicSubscription::same("endpoint", &Value::string(wanted), &Value::string(live))
        };
        assert!(same("https://me:secret@example.com/x", "https://me:****@example.com/x"));
        assert!(!same("https://me:secret@example.com/x", "https://me:****@example.com/y"));
        assert!(!same("https://example.com/x", "https://example.com/y"));
    }
}
