//! `aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration`.

use aws_sdk_s3::{
    operation::get_bucket_website::GetBucketWebsiteOutput,
    types::{self as sdk, Protocol, WebsiteConfiguration},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Raw;

use super::{
    part::{At, Part},
    place::{website_domain, website_endpoint},
};
use crate::{
    aws::{
        error::absent,
        twin::{Twin, Word, twin},
    },
    provider::*,
};

pub(super) struct BucketWebsiteConfiguration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    bucket: String,
    error_document: Option<ErrorDocument>,
    #[schemars(extend("replace" = true))]
    expected_bucket_owner: Option<String>,
    index_document: Option<IndexDocument>,
    redirect_all_requests_to: Option<RedirectAll>,
    /// `routingRules` as S3's own JSON, with capital letters.
    routing_rule_details: Option<Json>,
    routing_rules: Option<Vec<RoutingRule>>,
}

twin! {
    ErrorDocument = sdk::ErrorDocument {
        key: String => key, set_key;
    }
}

twin! {
    IndexDocument = sdk::IndexDocument {
        suffix: String => suffix, set_suffix;
    }
}

twin! {
    RedirectAll = sdk::RedirectAllRequestsTo {
        host_name: String => host_name, set_host_name;
        protocol: Option<Word<Protocol>> => protocol, set_protocol;
    }
}

twin! {
    RoutingRule = sdk::RoutingRule {
        condition: Option<Condition> => condition, set_condition;
        redirect: Redirect => redirect, set_redirect;
    }
}

twin! {
    Condition = sdk::Condition {
        http_error_code_returned_equals: Option<String>
            => http_error_code_returned_equals, set_http_error_code_returned_equals;
        key_prefix_equals: Option<String> => key_prefix_equals, set_key_prefix_equals;
    }
}

twin! {
    Redirect = sdk::Redirect {
        host_name: Option<String> => host_name, set_host_name;
        http_redirect_code: Option<String> => http_redirect_code, set_http_redirect_code;
        protocol: Option<Word<Protocol>> => protocol, set_protocol;
        replace_key_prefix_with: Option<String>
            => replace_key_prefix_with, set_replace_key_prefix_with;
        replace_key_with: Option<String> => replace_key_with, set_replace_key_with;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    website_domain: String,
    website_endpoint: String,
}

const MISSING: &[&str] = &["NoSuchWebsiteConfiguration"];

impl Part for BucketWebsiteConfiguration {
    const TYPE: &'static str = "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration";
    const ALIASES: &'static [&'static str] =
        &["aws:s3/bucketWebsiteConfigurationV2:BucketWebsiteConfigurationV2"];
    const TAKEN: Option<&'static str> = Some("a website configuration of this bucket");
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn at(inputs: &Inputs) -> At {
        At::of(&inputs.bucket, inputs.expected_bucket_owner.as_deref())
    }

    fn check(new: &Inputs) -> Result<()> {
        let pages = new.error_document.is_some() || new.index_document.is_some();
        let rules = new.routing_rules.is_some() || new.routing_rule_details.is_some();
        if new.redirect_all_requests_to.is_some() && (pages || rules) {
            let rule = "leaves nothing to an index, an error document or routing rules";
            return Err(Error::invalid("redirectAllRequestsTo", rule));
        }
        if new.redirect_all_requests_to.is_none() && new.index_document.is_none() {
            let rule = "is needed, unless there is `redirectAllRequestsTo`";
            return Err(Error::invalid("indexDocument", rule));
        }
        if let Some(details) = &new.routing_rule_details {
            parsed(details, "routingRuleDetails")?;
        }
        Ok(())
    }

    async fn live(cx: &Cx, at: &At) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, at).await? else { return Ok(None) };
        let rules = live.routing_rules.map(|it| Vec::<RoutingRule>::from_sdk(&it)).transpose()?;
        let inputs = Inputs {
            bucket: at.bucket.clone(),
            error_document: live.error_document.as_ref().map(Twin::from_sdk).transpose()?,
            expected_bucket_owner: at.owner.clone(),
            index_document: live.index_document.as_ref().map(Twin::from_sdk).transpose()?,
            redirect_all_requests_to: live
                .redirect_all_requests_to
                .as_ref()
                .map(Twin::from_sdk)
                .transpose()?,
            routing_rule_details: rules.as_deref().map(details).transpose()?,
            routing_rules: rules,
        };
        Ok(Some(Outputs {
            inputs,
            website_domain: website_domain(&cx.place),
            website_endpoint: website_endpoint(&cx.place, &at.bucket),
        }))
    }

    async fn put(cx: &Cx, at: &At, new: &Inputs) -> Result<()> {
        let rules = match (&new.routing_rules, &new.routing_rule_details) {
            (None, Some(details)) => Some(parsed(details, "routingRuleDetails")?),
            (rules, _) => rules.clone(),
        };
        put(
            cx,
            at,
            Website {
                error_document: new.error_document.clone(),
                index_document: new.index_document.clone(),
                redirect_all_requests_to: new.redirect_all_requests_to.clone(),
                routing_rules: rules.filter(|it| !it.is_empty()),
            },
        )
        .await
    }

    async fn remove(cx: &Cx, at: &At, _: &Inputs) -> Result<()> {
        remove(cx, at).await
    }
}

twin! {
    Website = WebsiteConfiguration {
        error_document: Option<ErrorDocument> => error_document, set_error_document;
        index_document: Option<IndexDocument> => index_document, set_index_document;
        redirect_all_requests_to: Option<RedirectAll>
            => redirect_all_requests_to, set_redirect_all_requests_to;
        routing_rules: Option<Vec<RoutingRule>> => routing_rules, set_routing_rules;
    }
}

pub(super) async fn live(cx: &Cx, at: &At) -> Result<Option<WebsiteConfiguration>> {
    let call = cx.aws.s3().get_bucket_website().bucket(&at.bucket);
    let reply = call.set_expected_bucket_owner(at.owner.clone()).send().await;
    let website = |it: GetBucketWebsiteOutput| {
        WebsiteConfiguration::builder()
            .set_error_document(it.error_document)
            .set_index_document(it.index_document)
            .set_redirect_all_requests_to(it.redirect_all_requests_to)
            .set_routing_rules(it.routing_rules.filter(|it| !it.is_empty()))
            .build()
    };
    Ok(absent(reply, MISSING)?.map(website))
}

pub(super) async fn put(cx: &Cx, at: &At, website: Website) -> Result<()> {
    let call = cx.aws.s3().put_bucket_website().bucket(&at.bucket);
    let call = call.set_expected_bucket_owner(at.owner.clone());
    call.website_configuration(website.to_sdk()?).send().await?;
    Ok(())
}

pub(super) async fn remove(cx: &Cx, at: &At) -> Result<()> {
    let call = cx.aws.s3().delete_bucket_website().bucket(&at.bucket);
    absent(call.set_expected_bucket_owner(at.owner.clone()).send().await, MISSING).map(drop)
}

/// Rules in S3's own words: `{"Condition": {"KeyPrefixEquals": "docs/"}, …}`.
pub(super) fn parsed(details: &Json, property: &str) -> Result<Vec<RoutingRule>> {
    let rules = respelt(details.0.clone(), str::to_lowercase);
    serde_json::from_value(rules).map_err(|error| Error::invalid(property, error.to_string()))
}

pub(super) fn details(rules: &[RoutingRule]) -> Result<Json> {
    let broken = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
    let rules = serde_json::to_value(rules).map_err(broken)?;
    Ok(Json(respelt(rules, str::to_uppercase)))
}

/// With another first letter in every key.
fn respelt(json: Raw, letter: fn(&str) -> String) -> Raw {
    match json {
        Raw::Array(items) => items.into_iter().map(|it| respelt(it, letter)).collect(),
        Raw::Object(entries) => {
            let entry = |(key, value): (String, Raw)| {
                let end = key.chars().next().map_or(0, char::len_utf8);
                (letter(&key[..end]) + &key[end..], respelt(value, letter))
            };
            Raw::Object(entries.into_iter().map(entry).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written_as_s3_says_them() {
        let text = r#"[{"Condition":{"KeyPrefixEquals":"docs/"},"Redirect":{"ReplaceKeyPrefixWith":"documents/","Protocol":"https"}}]"#;
        let json = Json::parse(text).unwrap();
        let rules = parsed(&json, "routingRules").unwrap();
        assert_eq!(rules[0].redirect.replace_key_prefix_with.as_deref(), Some("documents/"));
        assert_eq!(details(&rules), Ok(json));
        let odd = Json::parse(r#"[{"Redirect":{"To":"x"}}]"#).unwrap();
        assert!(parsed(&odd, "routingRules").is_err());
    }
}
