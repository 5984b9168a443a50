//! `aws:lambda/permission:Permission`: a statement of a function's policy. The
//! id is `function/statement`, or `function:qualifier/statement`.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Document;

use super::{MISSING, name_of};
use crate::{
    aws::error::absent,
    model::{Map, Value},
    provider::*,
};

pub(super) struct Permission;

#[derive(Deserialize, Serialize, JsonSchema, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    action: String,
    #[schemars(extend("replace" = true))]
    event_source_token: Option<String>,
    /// Name or ARN.
    #[schemars(extend("replace" = true))]
    function: IdOrArn,
    #[schemars(extend("replace" = true, "enum" = ["AWS_IAM", "NONE"]))]
    function_url_auth_type: Option<String>,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    invoked_via_function_url: bool,
    /// A service, an account, an ARN or `*`.
    #[schemars(extend("replace" = true))]
    principal: String,
    #[schemars(extend("replace" = true))]
    principal_org_id: Option<String>,
    /// A version or an alias.
    #[schemars(extend("replace" = true))]
    qualifier: Option<String>,
    #[schemars(extend("replace" = true))]
    source_account: Option<String>,
    #[schemars(extend("replace" = true))]
    source_arn: Option<String>,
    #[schemars(extend("autoname" = 100, "replace" = true))]
    statement_id: String,
    #[schemars(extend("replace" = true, "writeOnly" = true))]
    statement_id_prefix: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

impl Resource for Permission {
    const TYPE: &'static str = "aws:lambda/permission:Permission";
    const KEY: &'static [&'static str] = &["function", "qualifier", "statementId"];
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        let fits = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
        if new.statement_id.is_empty() || !new.statement_id.chars().all(fits) {
            return Err(Error::invalid("statementId", "is letters, digits, `-` and `_`"));
        }
        Ok(())
    }

    fn predict(_: &Place, inputs: &Value) -> Map {
        let text = |name| inputs.get(name).and_then(Value::as_str);
        let known = inputs.get("qualifier").is_none_or(|it| it.as_str().is_some());
        match (text("function"), text("statementId")) {
            (Some(function), Some(statement)) if known => {
                let id = id(function, text("qualifier"), statement);
                Map::from([("id".to_owned(), Value::String(id))])
            }
            _ => Map::new(),
        }
    }

    /// Of two that are added at once, one is lost without a word.
    fn serial(inputs: &Inputs) -> Option<String> {
        super::serial(&inputs.function.0)
    }

    fn same(path: &str, wanted: &Value, live: &Value) -> bool {
        let (Some(wanted), Some(live)) = (wanted.as_str(), live.as_str()) else { return false };
        path == "principal" && account(wanted) == account(live)
    }

    async fn create(cx: &Cx, new: &Inputs) -> Result<String> {
        let call = cx.aws.lambda().add_permission().function_name(name_of(&new.function.0));
        call.action(&new.action)
            .principal(&new.principal)
            .statement_id(&new.statement_id)
            .set_qualifier(new.qualifier.clone())
            .set_event_source_token(new.event_source_token.clone())
            .set_function_url_auth_type(new.function_url_auth_type.as_deref().map(Into::into))
            .set_invoked_via_function_url(new.invoked_via_function_url.then_some(true))
            .set_principal_org_id(new.principal_org_id.clone())
            .set_source_account(new.source_account.clone())
            .set_source_arn(new.source_arn.clone())
            .send()
            .await?;
        Ok(own_id(new))
    }

    /// A policy may be old for up to a minute.
    async fn ready(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let look = || async { Ok(Self::read(cx, id).await?.map(drop)) };
        cx.wait("the permission to show", Duration::from_secs(120), look).await
    }

    async fn read(cx: &Cx, id: &str) -> Result<Option<Outputs>> {
        let found = Self::read_many(cx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// A function's statements are all in its one policy.
    async fn read_many(cx: &Cx, ids: &[String]) -> Result<Vec<Option<Outputs>>> {
        let mut policies: BTreeMap<&str, Vec<Document>> = BTreeMap::new();
        for target in ids.iter().filter_map(|it| Some(it.split_once('/')?.0)) {
            if !policies.contains_key(target) {
                policies.insert(target, statements(cx, target).await?);
            }
        }
        let one = |id: &String| {
            let (target, sid) = id.split_once('/')?;
            let statement = policies.get(target)?.iter().find(|it| it["Sid"] == sid)?;
            Some(Outputs { inputs: live(target, statement) })
        };
        Ok(ids.iter().map(one).collect())
    }

    async fn update(_: &Cx, _: &str, _: &Inputs, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn delete(cx: &Cx, id: &str, _: &Inputs) -> Result<()> {
        let Some((target, sid)) = id.split_once('/') else { return Ok(()) };
        let (function, qualifier) = parts(target);
        let call = cx.aws.lambda().remove_permission().function_name(function).statement_id(sid);
        absent(call.set_qualifier(qualifier.map(str::to_owned)).send().await, MISSING)?;
        Ok(())
    }

    /// A statement of its id that was there would have been refused: it is
    /// ours if it allows what we allowed.
    async fn find(cx: &Cx, inputs: &Inputs) -> Result<Option<String>> {
        let id = own_id(inputs);
        let live = Self::read(cx, &id).await?;
        let same = |it: &Outputs| {
            let it = &it.inputs;
            it.action == inputs.action
                && account(&it.principal) == account(&inputs.principal)
                && it.source_arn == inputs.source_arn
                && it.source_account == inputs.source_account
                && it.principal_org_id == inputs.principal_org_id
        };
        Ok(live.filter(same).map(|_| id))
    }
}

fn own_id(it: &Inputs) -> String {
    id(&it.function.0, it.qualifier.as_deref(), &it.statement_id)
}

fn id(function: &str, qualifier: Option<&str>, statement: &str) -> String {
    let name = name_of(function);
    match qualifier {
        Some(qualifier) => format!("{name}:{qualifier}/{statement}"),
        None => format!("{name}/{statement}"),
    }
}

fn parts(target: &str) -> (&str, Option<&str>) {
    target.split_once(':').map_or((target, None), |(name, it)| (name, Some(it)))
}

async fn statements(cx: &Cx, target: &str) -> Result<Vec<Document>> {
    let (function, qualifier) = parts(target);
    let call = cx.aws.lambda().get_policy().function_name(function);
    let call = call.set_qualifier(qualifier.map(str::to_owned));
    let Some(reply) = absent(call.send().await, MISSING)? else { return Ok(Vec::new()) };
    let policy = Json::parse(reply.policy.as_deref().unwrap_or("{}"))?;
    Ok(policy.0["Statement"].as_array().cloned().unwrap_or_default())
}

/// The arguments of `AddPermission` out of the statement that it made.
fn live(target: &str, statement: &Document) -> Inputs {
    let (function, qualifier) = parts(target);
    let principal = match &statement["Principal"] {
        Document::String(all) => Some(all.as_str()),
        kinds => kinds["Service"].as_str().or_else(|| kinds["AWS"].as_str()),
    };
    let condition = |key: &str| {
        let operators = statement["Condition"].as_object()?;
        let mut tests = operators.values().filter_map(Document::as_object).flatten();
        let (_, value) = tests.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        value.as_str().map(str::to_owned).or_else(|| value.as_bool().map(|it| it.to_string()))
    };
    Inputs {
        action: statement["Action"].as_str().unwrap_or_default().to_owned(),
        event_source_token: condition("lambda:EventSourceToken"),
        function: IdOrArn(function.to_owned()),
        function_url_auth_type: condition("lambda:FunctionUrlAuthType"),
        invoked_via_function_url: condition("lambda:InvokedViaFunctionUrl").as_deref()
            == Some("true"),
        principal: principal.unwrap_or_default().to_owned(),
        principal_org_id: condition("aws:PrincipalOrgID"),
        qualifier: qualifier.map(str::to_owned),
        source_account: condition("AWS:SourceAccount"),
        source_arn: condition("AWS:SourceArn"),
        statement_id: statement["Sid"].as_str().unwrap_or_default().to_owned(),
        statement_id_prefix: None,
    }
}

/// An account id is the account's root.
fn account(principal: &str) -> &str {
    match principal.strip_prefix("arn:").and_then(|it| it.strip_suffix(":root")) {
        Some(rest) => rest.rsplit(':').next().unwrap_or_default(),
        None => principal,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_tells_what_made_it() {
        let it = live(
            "orders:live",
            &json!({
                "Sid": "events", "Effect": "Allow", "Action": "lambda:InvokeFunction",
                "Principal": { "Service": "events.amazonaws.com" },
                "Resource": "arn:aws:lambda:us-east-1:1:function:orders:live",
                "Condition": {
                    "ArnLike": { "AWS:SourceArn": "arn:aws:events:us-east-1:1:rule/x" },
                    "StringEquals": { "AWS:SourceAccount": "1", "aws:PrincipalOrgID": "o-1" },
                },
            }),
        );
        assert_eq!(own_id(&it), "orders:live/events");
        assert_eq!(it.principal, "events.amazonaws.com");
        assert_eq!(it.source_arn.as_deref(), Some("arn:aws:events:us-east-1:1:rule/x"));
        assert_eq!(it.source_account.as_deref(), Some("1"));
        assert_eq!(it.principal_org_id.as_deref(), Some("o-1"));
        let all = live("orders", &json!({ "Sid": "a", "Principal": "*" }));
        assert_eq!((all.principal.as_str(), own_id(&all).as_str()), ("*", "orders/a"));
    }

    #[test]
    fn a_function_has_one_id_however_it_is_named() {
        let arn = "arn:aws:lambda:us-east-1:1:function:orders";
        assert_eq!(id(arn, None, "a"), id("orders", None, "a"));
        assert_eq!(account("arn:aws:iam::123456789012:root"), account("123456789012"));
    }
}
