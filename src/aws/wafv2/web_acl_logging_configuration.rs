//! `aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration`. The id
//! is the web ACL's ARN.

use std::time::Duration;

use aws_sdk_wafv2::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MISSING, SERIAL,
    statement::SingleHeader,
    twin::{Built as _, Field, Twin as _, Unit, Word, twin},
};
use crate::{
    aws::{error::absent, kept},
    model::{Map, Value},
    provider::*,
};

pub(super) struct WebAclLoggingConfiguration;

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    resource_arn: String,
    /// The ARN of one log group, delivery stream or bucket, whose name begins
    /// with `aws-waf-logs-`.
    log_destination_configs: Set<String>,
    /// Which requests are logged.
    logging_filter: Option<LoggingFilter>,
    /// What of them is not.
    redacted_fields: Option<Set<RedactedField>>,
}

twin! {
    LoggingFilter = LoggingFilter {
        default_behavior: Word<sdk::FilterBehavior> => default_behavior, set_default_behavior;
        filters: Set<Filter> => filters, set_filters;
    }
}

twin! {
    Filter = Filter {
        behavior: Word<sdk::FilterBehavior> => behavior, set_behavior;
        conditions: Set<Condition> => conditions, set_conditions;
        requirement: Word<sdk::FilterRequirement> => requirement, set_requirement;
    }
}

twin! {
    /// One of these.
    Condition = Condition {
        action_condition: Option<ActionCondition> => action_condition, set_action_condition;
        label_name_condition: Option<LabelNameCondition>
            => label_name_condition, set_label_name_condition;
    }
}

twin! {
    ActionCondition = ActionCondition {
        action: Word<sdk::ActionValue> => action, set_action;
    }
}

twin! {
    LabelNameCondition = LabelNameCondition {
        label_name: String => label_name, set_label_name;
    }
}

twin! {
    /// One of these.
    RedactedField = FieldToMatch {
        method: Option<Unit<sdk::Method>> => method, set_method;
        query_string: Option<Unit<sdk::QueryString>> => query_string, set_query_string;
        single_header: Option<SingleHeader> => single_header, set_single_header;
        uri_path: Option<Unit<sdk::UriPath>> => uri_path, set_uri_path;
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for WebAclLoggingConfiguration {
    const TYPE: &'static str = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration";
    const KEY: &'static [&'static str] = &["resourceArn"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let [destination] = &new.log_destination_configs.0[..] else {
            return Err(Error::invalid("logDestinationConfigs", "has one destination"));
        };
        let name = without_streams(destination).rsplit([':', '/']).next().unwrap_or_default();
        if !name.starts_with("aws-waf-logs-") {
            let rule = format!("`{name}` does not begin with `aws-waf-logs-`, as WAF demands");
            return Err(Error::invalid("logDestinationConfigs", rule));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let Some(acl) = inputs.get("resourceArn").and_then(Value::as_str) else {
            return Map::new();
        };
        Map::from([("id".to_owned(), Value::string(acl))])
    }

    fn serial(_: &Inputs) -> Option<String> {
        Some(SERIAL.to_owned())
    }

    /// Log groups have two ARNs, and headers no case.
    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let texts = |it: &Value, normal: fn(&str) -> String| match it {
            Value::List(all) => all.iter().map(|it| it.as_str().map(normal)).collect(),
            other => vec![other.as_str().map(normal)],
        };
        let destination: fn(&str) -> String = |it| without_streams(it).to_owned();
        let alike = |normal| texts(wanted, normal) == texts(live, normal);
        (path.starts_with("logDestinationConfigs") && alike(destination))
            || (path.starts_with("redactedFields") && lower(wanted) == lower(live))
    }

    /// Putting overwrites: look first, so that nobody else's is taken over.
    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        match live(cx, &new.resource_arn).await? {
            Some(live) if !alike(&live, new) => {
                return Err(Error::not_ours("a logging configuration of this web ACL"));
            }
            Some(_) => {}
            None => put(cx, configuration(new)?).await?,
        }
        Ok(new.resource_arn.clone())
    }

    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let visible = || async { Ok(live(cx, id).await?.map(|_| ())) };
        cx.wait("WAF to show the configuration", Duration::from_secs(120), visible).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let Some(live) = live(cx, id).await? else { return Ok(None) };
        let inputs = Inputs {
            resource_arn: live.resource_arn,
            log_destination_configs: Set(live.log_destination_configs),
            logging_filter: Field::take(live.logging_filter.as_ref())?,
            redacted_fields: Field::take(live.redacted_fields.as_ref())?,
        };
        Ok(Some(Outputs { inputs }))
    }

    /// The call replaces the whole configuration: what the program never said
    /// is sent as it is.
    async fn update(cx: &Cx, id: &str, old: &Inputs, new: &Inputs) -> Result<()> {
        let live = live(cx, id).await?.ok_or(Error::unseen("the logging configuration"))?;
        let (old, mut new) = (configuration(old)?, configuration(new)?);
        new.logging_filter = kept(old.logging_filter, new.logging_filter, live.logging_filter);
        new.redacted_fields = kept(old.redacted_fields, new.redacted_fields, live.redacted_fields);
        put(cx, new).await
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let call = cx.aws.wafv2().delete_logging_configuration().resource_arn(id);
        absent(call.send().await, MISSING)?;
        Ok(())
    }

    /// A web ACL has one configuration: what logs to the same place is what
    /// this operation would make.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let live = live(cx, &inputs.resource_arn).await?;
        Ok(live.filter(|it| alike(it, inputs)).map(|_| inputs.resource_arn.clone()))
    }
}

/// A log group's ARN without the `:*` for its streams.
fn without_streams(arn: &str) -> &str {
    arn.trim_end_matches(":*")
}

fn lower(value: &Value) -> String {
    value.reveal().to_string().to_lowercase()
}

fn alike(live: &sdk::LoggingConfiguration, wanted: &Inputs) -> bool {
    let normal = |all: &[String]| all.iter().map(|it| without_streams(it).to_owned()).collect();
    let live: Vec<String> = normal(&live.log_destination_configs);
    live == normal(&wanted.log_destination_configs.0)
}

fn configuration(inputs: &Inputs) -> Result<sdk::LoggingConfiguration> {
    sdk::LoggingConfiguration::builder()
        .resource_arn(&inputs.resource_arn)
        .set_log_destination_configs(Some(inputs.log_destination_configs.0.clone()))
        .set_logging_filter(inputs.logging_filter.put()?)
        .set_redacted_fields(inputs.redacted_fields.as_ref().map(|it| it.to_sdk()).transpose()?)
        .build()
        .built()
}

async fn put(cx: &Cx, configuration: sdk::LoggingConfiguration) -> Result<()> {
    let call = cx.aws.wafv2().put_logging_configuration();
    call.logging_configuration(configuration).send().await?;
    Ok(())
}

async fn live(cx: &Cx, acl: &str) -> Result<Option<sdk::LoggingConfiguration>> {
    let call = cx.aws.wafv2().get_logging_configuration().resource_arn(acl);
    Ok(absent(call.send().await, MISSING)?.and_then(|it| it.logging_configuration))
}
