//! Rules of web ACLs and rule groups: their actions, and the JSON form in
//! which AWS's own documents write them (`ruleJson`).

use std::collections::HashMap;

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{
    statement::Statement,
    twin::{Twin as _, Unit, Word, twin},
};
use crate::{
    model::Value,
    provider::{self, Error, Result, Set},
};

twin! {
    Rule = Rule {
        action: Option<RuleAction> => action, set_action;
        captcha_config: Option<CaptchaConfig> => captcha_config, set_captcha_config;
        challenge_config: Option<ChallengeConfig> => challenge_config, set_challenge_config;
        name: String => name, set_name;
        override_action: Option<OverrideAction> => override_action, set_override_action;
        priority: i32 => priority, set_priority;
        rule_labels: Option<Vec<RuleLabel>> => rule_labels, set_rule_labels;
        statement: Statement => statement, set_statement;
        visibility_config: VisibilityConfig => visibility_config, set_visibility_config;
    }
}

twin! {
    /// Exactly one of these.
    RuleAction = RuleAction {
        allow: Option<AllowAction> => allow, set_allow;
        block: Option<BlockAction> => block, set_block;
        captcha: Option<CaptchaAction> => captcha, set_captcha;
        challenge: Option<ChallengeAction> => challenge, set_challenge;
        count: Option<CountAction> => count, set_count;
    }
}

twin! {
    /// For rules that are a rule group: `none` lets its own actions stand.
    OverrideAction = OverrideAction {
        count: Option<Unit<sdk::CountAction>> => count, set_count;
        none: Option<Unit<sdk::NoneAction>> => none, set_none;
    }
}

twin! {
    DefaultAction = DefaultAction {
        allow: Option<AllowAction> => allow, set_allow;
        block: Option<BlockAction> => block, set_block;
    }
}

twin! {
    AllowAction = AllowAction {
        custom_request_handling: Option<CustomRequestHandling>
            => custom_request_handling, set_custom_request_handling;
    }
}

twin! {
    CaptchaAction = CaptchaAction {
        custom_request_handling: Option<CustomRequestHandling>
            => custom_request_handling, set_custom_request_handling;
    }
}

twin! {
    ChallengeAction = ChallengeAction {
        custom_request_handling: Option<CustomRequestHandling>
            => custom_request_handling, set_custom_request_handling;
    }
}

twin! {
    CountAction = CountAction {
        custom_request_handling: Option<CustomRequestHandling>
            => custom_request_handling, set_custom_request_handling;
    }
}

twin! {
    BlockAction = BlockAction {
        custom_response: Option<CustomResponse> => custom_response, set_custom_response;
    }
}

twin! {
    CustomRequestHandling = CustomRequestHandling {
        #[serde(default)]
        insert_headers: Vec<CustomHeader> => insert_headers, set_insert_headers;
    }
}

twin! {
    CustomResponse = CustomResponse {
        custom_response_body_key: Option<String>
            => custom_response_body_key, set_custom_response_body_key;
        response_code: i32 => response_code, set_response_code;
        response_headers: Option<Vec<CustomHeader>> => response_headers, set_response_headers;
    }
}

twin! {
    CustomHeader = CustomHttpHeader {
        name: String => name, set_name;
        value: String => value, set_value;
    }
}

twin! {
    RuleLabel = Label {
        name: String => name, set_name;
    }
}

twin! {
    CaptchaConfig = CaptchaConfig {
        immunity_time_property: Option<ImmunityTime>
            => immunity_time_property, set_immunity_time_property;
    }
}

twin! {
    ChallengeConfig = ChallengeConfig {
        immunity_time_property: Option<ImmunityTime>
            => immunity_time_property, set_immunity_time_property;
    }
}

twin! {
    ImmunityTime = ImmunityTimeProperty {
        immunity_time: Option<i64> => immunity_time, set_immunity_time;
    }
}

twin! {
    VisibilityConfig = VisibilityConfig {
        cloudwatch_metrics_enabled: bool
            => cloud_watch_metrics_enabled, set_cloud_watch_metrics_enabled;
        metric_name: String => metric_name, set_metric_name;
        sampled_requests_enabled: bool => sampled_requests_enabled, set_sampled_requests_enabled;
    }
}

twin! {
    /// What a `block` may answer with; the list's items have a `key` too.
    ResponseBody = CustomResponseBody {
        content: String => content, set_content;
        content_type: Word<sdk::ResponseContentType> => content_type, set_content_type;
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomResponseBody {
    content: String,
    content_type: Word<sdk::ResponseContentType>,
    key: String,
}

type Bodies = HashMap<String, sdk::CustomResponseBody>;

pub(super) fn bodies_to_sdk(bodies: Option<&Set<CustomResponseBody>>) -> Result<Option<Bodies>> {
    let one = |it: &CustomResponseBody| {
        let CustomResponseBody { content, content_type, key } = it.clone();
        Ok((key, ResponseBody { content, content_type }.to_sdk()?))
    };
    bodies.map(|it| it.0.iter().map(one).collect()).transpose()
}

pub(super) fn bodies_from_sdk(bodies: Bodies) -> Set<CustomResponseBody> {
    let one = |(key, it): (String, sdk::CustomResponseBody)| CustomResponseBody {
        content: it.content,
        content_type: Word(it.content_type),
        key,
    };
    let mut all: Vec<_> = bodies.into_iter().map(one).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    Set(all)
}

/// In either of their two forms; `None` when the program says nothing.
pub(super) fn wanted(
    rules: Option<&Set<Rule>>,
    document: Option<&provider::Json>,
) -> Result<Option<Vec<Rule>>> {
    match (rules, document) {
        (Some(rules), _) => Ok(Some(rules.0.clone())),
        (None, Some(document)) => from_json(&document.0).map(Some),
        (None, None) => Ok(None),
    }
}

/// Each by itself, and their priorities.
pub(super) fn check_all(rules: &[Rule]) -> Result<()> {
    let mut taken = HashMap::new();
    for rule in rules {
        rule.check()?;
        if let Some(other) = taken.insert(rule.priority, &rule.name) {
            let (name, priority) = (&rule.name, rule.priority);
            let rule = format!("`{other}` and `{name}` have the same priority {priority}");
            return Err(Error::invalid("rules", rule));
        }
    }
    Ok(())
}

impl Rule {
    /// Whether it runs the rules of a group, managed or one's own.
    pub(super) fn runs_a_group(&self) -> bool {
        self.statement.managed_rule_group_statement.is_some()
            || self.statement.rule_group_reference_statement.is_some()
    }

    /// What AWS would refuse only after other things are made.
    pub(super) fn check(&self) -> Result<()> {
        let group = self.runs_a_group();
        let trouble = if kinds(&self.statement) != 1 {
            "needs exactly one kind of `statement`"
        } else if group && (self.action.is_some() || self.override_action.is_none()) {
            "uses a rule group: it needs `overrideAction` and no `action`"
        } else if !group && (self.action.is_none() || self.override_action.is_some()) {
            "needs `action` and no `overrideAction`, which is for rule groups"
        } else if self.action.as_ref().is_some_and(|it| kinds(it) != 1) {
            "needs exactly one kind of `action`"
        } else {
            return Ok(());
        };
        Err(Error::invalid("rules", format!("rule `{}` {trouble}", self.name)))
    }
}

/// How many of the properties that exclude each other are set.
pub(super) fn kinds<T: serde::Serialize>(of: &T) -> usize {
    serde_json::to_value(of).ok().and_then(|it| it.as_object().map(Map::len)).unwrap_or_default()
}

/// Names that AWS's documents write otherwise than with a capital.
const NAMES: &[(&str, &str)] = &[
    ("ARN", "arn"),
    ("ASN", "asn"),
    ("AWSManagedRulesACFPRuleSet", "awsManagedRulesAcfpRuleSet"),
    ("AWSManagedRulesATPRuleSet", "awsManagedRulesAtpRuleSet"),
    ("AWSManagedRulesAntiDDoSRuleSet", "awsManagedRulesAntiDdosRuleSet"),
    ("AWSManagedRulesBotControlRuleSet", "awsManagedRulesBotControlRuleSet"),
    ("AsnList", "asnLists"),
    ("CloudWatchMetricsEnabled", "cloudwatchMetricsEnabled"),
    ("ForwardedIP", "forwardedIp"),
    ("ForwardedIPConfig", "forwardedIpConfig"),
    ("HTTPMethod", "httpMethod"),
    ("HeaderOrder", "headerOrders"),
    ("IP", "ip"),
    ("IPSetForwardedIPConfig", "ipSetForwardedIpConfig"),
    ("IPSetReferenceStatement", "ipSetReferenceStatement"),
    ("JA3Fingerprint", "ja3Fingerprint"),
    ("JA4Fingerprint", "ja4Fingerprint"),
];

/// Rules out of AWS's JSON.
pub(super) fn from_json(document: &Json) -> Result<Vec<Rule>> {
    serde_json::from_value(to_program("", document))
        .map_err(|error| Error::invalid("ruleJson", error.to_string()))
}

/// Rules as AWS's JSON.
pub(super) fn to_json(rules: &[Rule]) -> Result<Json> {
    let rules = serde_json::to_value(rules)
        .map_err(|error| Error::invalid("ruleJson", error.to_string()))?;
    Ok(to_aws("", &rules))
}

/// The same for two values, as text or not.
pub(super) fn same_document(wanted: &Value, live: &Value) -> bool {
    let document = |it: &Value| match it.as_str() {
        Some(text) => serde_json::from_str(text).ok(),
        None => Some(it.reveal()),
    };
    matches!(
        (document(wanted), document(live)),
        (Some(wanted), Some(live)) if same_json(&wanted, &live)
    )
}

/// Whether two such documents mean the same, whatever AWS has filled in.
fn same_json(wanted: &Json, live: &Json) -> bool {
    let normal = |document: &Json| from_json(document).and_then(|it| to_json(&it));
    matches!((normal(wanted), normal(live)), (Ok(wanted), Ok(live)) if covers(&wanted, &live))
}

fn to_program(parent: &str, document: &Json) -> Json {
    let map = match document {
        Json::Array(items) => return items.iter().map(|it| to_program(parent, it)).collect(),
        Json::Object(map) => map,
        other => return other.clone(),
    };
    let entry = |(key, value): (&String, &Json)| {
        let value = to_program(key, value);
        let known = NAMES.iter().find(|(aws, _)| aws == key);
        let name = known.map_or_else(|| first(key, char::to_ascii_lowercase), |it| it.1.to_owned());
        match (parent, key.as_str()) {
            ("Cookies", "MatchPattern") => ("matchPatterns".to_owned(), json!([value])),
            (_, "HeaderOrder" | "Headers") => (name, json!([value])),
            (_, "AddressFields" | "PhoneNumberFields") => {
                let all: Vec<&Json> =
                    value.as_array().into_iter().flatten().map(|it| &it["identifier"]).collect();
                (name, json!({ "identifiers": all }))
            }
            _ => (name, value),
        }
    };
    Json::Object(map.iter().filter(|(_, value)| !value.is_null()).map(entry).collect())
}

fn to_aws(parent: &str, document: &Json) -> Json {
    let map = match document {
        Json::Array(items) => return items.iter().map(|it| to_aws(parent, it)).collect(),
        Json::Object(map) => map,
        other => return other.clone(),
    };
    let entry = |(key, value): (&String, &Json)| {
        let value = to_aws(key, value);
        let known = NAMES.iter().find(|(_, program)| program == key);
        let name = known.map_or_else(|| first(key, char::to_ascii_uppercase), |it| it.0.to_owned());
        match (parent, key.as_str()) {
            ("cookies", "matchPatterns") => ("MatchPattern".to_owned(), value[0].clone()),
            (_, "headerOrders" | "headers") => (name, value[0].clone()),
            (_, "addressFields" | "phoneNumberFields") => {
                let all = value["Identifiers"].as_array().into_iter().flatten();
                let all: Vec<Json> = all.map(|it| json!({ "Identifier": it })).collect();
                (name, json!(all))
            }
            _ => (name, value),
        }
    };
    Json::Object(map.iter().map(entry).collect())
}

/// The name with another first letter.
fn first(name: &str, case: impl Fn(&char) -> char) -> String {
    let mut letters = name.chars();
    letters.next().map(|it| case(&it)).into_iter().chain(letters).collect()
}

/// Whether `live` has all that `wanted` says; lists in any order.
fn covers(wanted: &Json, live: &Json) -> bool {
    match (wanted, live) {
        (Json::Object(wanted), Json::Object(live)) => {
            wanted.iter().all(|(key, value)| live.get(key).is_some_and(|live| covers(value, live)))
        }
        (Json::Array(wanted), Json::Array(live)) => {
            wanted.len() == live.len()
                && wanted.iter().all(|wanted| live.iter().any(|live| covers(wanted, live)))
        }
        _ => wanted == live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind of property that is not simply renamed.
    fn document() -> Json {
        json!([{
            "Name": "a",
            "Priority": 1,
            "Action": { "Block": { "CustomResponse": { "ResponseCode": 403 } } },
            "Statement": { "AndStatement": { "Statements": [
                { "IPSetReferenceStatement": {
                    "ARN": "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/a/b",
                    "IPSetForwardedIPConfig": {
                        "FallbackBehavior": "MATCH", "HeaderName": "X-Forwarded-For", "Position": "FIRST",
                    },
                } },
                { "NotStatement": { "Statement": { "ByteMatchStatement": {
                    "FieldToMatch": { "Cookies": {
                        "MatchPattern": { "All": {} }, "MatchScope": "ALL", "OversizeHandling": "MATCH",
                    } },
                    "PositionalConstraint": "CONTAINS",
                    "SearchString": "bad",
                    "TextTransformations": [{ "Priority": 0, "Type": "NONE" }],
                } } } },
                { "SqliMatchStatement": {
                    "FieldToMatch": { "Headers": {
                        "MatchPattern": { "IncludedHeaders": ["x-a"] }, "MatchScope": "VALUE", "OversizeHandling": "NO_MATCH",
                    } },
                    "TextTransformations": [{ "Priority": 0, "Type": "URL_DECODE" }],
                } },
            ] } },
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": true, "MetricName": "a", "SampledRequestsEnabled": true,
            },
        }, {
            "Name": "b",
            "Priority": 2,
            "OverrideAction": { "None": {} },
            "Statement": { "ManagedRuleGroupStatement": {
                "Name": "AWSManagedRulesACFPRuleSet",
                "VendorName": "AWS",
                "ManagedRuleGroupConfigs": [{ "AWSManagedRulesACFPRuleSet": {
                    "CreationPath": "/new",
                    "RegistrationPagePath": "/register",
                    "EnableRegexInPath": false,
                    "RequestInspection": {
                        "PayloadType": "JSON",
                        "AddressFields": [{ "Identifier": "/street" }, { "Identifier": "/town" }],
                    },
                } }],
            } },
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": false, "MetricName": "b", "SampledRequestsEnabled": false,
            },
        }, {
            "Name": "c",
            "Priority": 3,
            "Action": { "Count": {} },
            "Statement": { "RateBasedStatement": {
                "AggregateKeyType": "CUSTOM_KEYS",
                "EvaluationWindowSec": 300,
                "Limit": 1000,
                "CustomKeys": [{ "IP": {} }, { "HTTPMethod": {} }],
            } },
            "VisibilityConfig": {
                "CloudWatchMetricsEnabled": false, "MetricName": "c", "SampledRequestsEnabled": false,
            },
        }])
    }

    #[test]
    fn aws_json_and_back() {
        let rules = from_json(&document()).expect("AWS's own form is understood");
        for rule in &rules {
            rule.check().expect("each rule is whole");
        }
        assert_eq!(to_json(&rules).expect("rules are JSON"), document());
    }

    #[test]
    fn the_sdk_and_back() {
        let rules = from_json(&document()).expect("AWS's own form is understood");
        let sdk = rules.to_sdk().expect("nothing required is missing");
        assert_eq!(Vec::<Rule>::from_sdk(&sdk).expect("nothing is lost"), rules);
    }

    #[test]
    fn what_aws_fills_in_is_no_change() {
        let mut live = document();
        live.as_array_mut().expect("a list").reverse();
        let mut wanted = document();
        let rate = &mut wanted[2]["Statement"]["RateBasedStatement"];
        rate.as_object_mut().expect("a map").remove("EvaluationWindowSec");
        assert!(same_json(&wanted, &live));
        wanted[2]["Statement"]["RateBasedStatement"]["Limit"] = json!(2000);
        assert!(!same_json(&wanted, &live));
    }

    #[test]
    fn a_rule_group_takes_no_action() {
        let mut document = document();
        document[1]["Action"] = json!({ "Block": {} });
        let rules = from_json(&document).expect("it has the right form");
        let error = rules[1].check().expect_err("AWS would refuse it");
        assert!(error.message.contains("`overrideAction`"), "{error}");
    }
}
