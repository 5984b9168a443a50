//! `aws:iam/getPolicyDocument:getPolicyDocument`: a policy out of its parts,
//! letter by letter as Terraform's `aws_iam_policy_document` writes it, so
//! that a program which comes from there sees no change.

use std::collections::{BTreeMap, HashSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::provider::{Cx, Error, Function, Result};

pub(super) struct GetPolicyDocument;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Args {
    statements: Option<Vec<Statement>>,
    /// Merged first; no `Sid` twice.
    source_policy_documents: Option<Vec<String>>,
    /// Merged last; statements take the place of those with their `Sid`.
    override_policy_documents: Option<Vec<String>>,
    policy_id: Option<String>,
    #[serde(default = "version")]
    #[schemars(extend("enum" = ["2008-10-17", "2012-10-17"]))]
    version: String,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    sid: Option<String>,
    #[serde(default = "allow")]
    #[schemars(extend("enum" = ["Allow", "Deny"]))]
    effect: String,
    actions: Option<Vec<String>>,
    not_actions: Option<Vec<String>>,
    resources: Option<Vec<String>>,
    not_resources: Option<Vec<String>>,
    principals: Option<Vec<Principal>>,
    not_principals: Option<Vec<Principal>>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Principal {
    r#type: String,
    identifiers: Vec<String>,
}

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Condition {
    test: String,
    variable: String,
    values: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    id: String,
    json: String,
    minified_json: String,
    #[serde(flatten)]
    args: Args,
}

impl Function for GetPolicyDocument {
    const TOKEN: &'static str = "aws:iam/getPolicyDocument:getPolicyDocument";
    const REFUSED: &'static [(&'static str, &'static str)] = &[
        ("overrideJson", "has no effect any more: use `overridePolicyDocuments`"),
        ("sourceJson", "has no effect any more: use `sourcePolicyDocuments`"),
    ];
    type Args = Args;
    type Output = Output;

    async fn call(_: &Cx, args: &Args) -> Result<Output> {
        let document = whole(args)?;
        let broken = |error: serde_json::Error| Error::invalid("statements", error.to_string());
        let json = escaped(&serde_json::to_string_pretty(&document).map_err(broken)?);
        let minified_json = escaped(&serde_json::to_string(&document).map_err(broken)?);
        Ok(Output { id: crc32(&json).to_string(), json, minified_json, args: args.clone() })
    }
}

fn version() -> String {
    "2012-10-17".to_owned()
}

fn allow() -> String {
    "Allow".to_owned()
}

/// A document in the order in which its keys are written.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(rename = "Statement", skip_serializing_if = "Vec::is_empty")]
    statements: Vec<Clause>,
}

/// A statement of a document. Actions and resources of given documents stay
/// as they are; principals and conditions are put in order.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Clause {
    #[serde(skip_serializing_if = "String::is_empty")]
    sid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_action: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_resource: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_principal: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Json>,
}

impl Document {
    fn merge(&mut self, other: Self) {
        if !other.id.is_empty() {
            self.id = other.id;
        }
        self.version = std::mem::take(&mut self.version).max(other.version);
        for clause in other.statements {
            let same = |it: &&mut Clause| !clause.sid.is_empty() && it.sid == clause.sid;
            match self.statements.iter_mut().find(same) {
                Some(place) => *place = clause,
                None => self.statements.push(clause),
            }
        }
    }
}

fn whole(args: &Args) -> Result<Document> {
    let mut whole = Document::default();
    let mut sids = HashSet::new();
    for text in args.source_policy_documents.iter().flatten() {
        let source = given("sourcePolicyDocuments", text)?;
        for clause in source.statements.iter().filter(|it| !it.sid.is_empty()) {
            if !sids.insert(clause.sid.clone()) {
                let rule = format!("has two statements with the `Sid` `{}`", clause.sid);
                return Err(Error::invalid("sourcePolicyDocuments", rule));
            }
        }
        whole.merge(source);
    }
    whole.merge(own(args)?);
    for text in args.override_policy_documents.iter().flatten() {
        whole.merge(given("overridePolicyDocuments", text)?);
    }
    Ok(whole)
}

/// The document that the arguments themselves describe.
fn own(args: &Args) -> Result<Document> {
    let mut sids = HashSet::new();
    let mut statements = Vec::new();
    for it in args.statements.iter().flatten() {
        let sid = it.sid.clone().unwrap_or_default();
        if !sid.chars().all(|it| it.is_ascii_alphanumeric()) {
            let rule = format!("has a `sid` with other than letters and digits: `{sid}`");
            return Err(Error::invalid("statements", rule));
        }
        if !sid.is_empty() && !sids.insert(sid.clone()) {
            let rule = format!("has two statements with the `sid` `{sid}`");
            return Err(Error::invalid("statements", rule));
        }
        let list = |list: &Option<Vec<String>>| {
            list.as_ref().filter(|it| !it.is_empty()).map(|it| one_or_more(sorted(it)))
        };
        let variables = |list: &Option<Vec<String>>| -> Result<Option<Json>> {
            let Some(list) = list.as_ref().filter(|it| !it.is_empty()) else { return Ok(None) };
            Ok(Some(one_or_more(sorted(&replaced(list, &args.version)?))))
        };
        statements.push(Clause {
            effect: it.effect.clone(),
            action: list(&it.actions),
            not_action: list(&it.not_actions),
            resource: variables(&it.resources)?,
            not_resource: variables(&it.not_resources)?,
            principal: own_principals(it.principals.as_deref(), &args.version)?,
            not_principal: own_principals(it.not_principals.as_deref(), &args.version)?,
            condition: own_conditions(it.conditions.as_deref(), &args.version)?,
            sid,
        });
    }
    let id = args.policy_id.clone().unwrap_or_default();
    Ok(Document { version: args.version.clone(), id, statements })
}

/// A document that is given as text.
fn given(argument: &str, text: &str) -> Result<Document> {
    let broken = |what: &str| Error::invalid(argument, format!("has a document {what}"));
    let json: Json = serde_json::from_str(text)
        .map_err(|error| broken(&format!("which is not JSON: {error}")))?;
    let map = json.as_object().ok_or_else(|| broken("which is not an object"))?;
    let statements: Vec<&Json> = match map.get("Statement") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
    };
    let text = |of: &Json, key: &str| of[key].as_str().unwrap_or_default().to_owned();
    let any = |of: &Json, key: &str| of.get(key).filter(|it| !it.is_null()).cloned();
    let clause = |it: &Json| Clause {
        sid: text(it, "Sid"),
        effect: text(it, "Effect"),
        action: any(it, "Action"),
        not_action: any(it, "NotAction"),
        resource: any(it, "Resource"),
        not_resource: any(it, "NotResource"),
        principal: any(it, "Principal").map(|it| given_principals(&it)),
        not_principal: any(it, "NotPrincipal").map(|it| given_principals(&it)),
        condition: any(it, "Condition").map(|it| given_conditions(&it)),
    };
    Ok(Document {
        version: text(&json, "Version"),
        id: text(&json, "Id"),
        statements: statements.into_iter().map(clause).collect(),
    })
}

/// Without repetitions, the last letters first.
fn sorted(list: &[String]) -> Vec<String> {
    let mut list = list.to_vec();
    list.sort_unstable_by(|a, b| b.cmp(a));
    list.dedup();
    list
}

fn one_or_more(mut list: Vec<String>) -> Json {
    if list.len() == 1 { Json::String(list.remove(0)) } else { Json::from(list) }
}

/// `&{aws:username}` stands for `${aws:username}`, which the program's own
/// language would take for its own.
fn replaced(list: &[String], version: &str) -> Result<Vec<String>> {
    if version == "2008-10-17"
        && let Some(it) = list.iter().find(|it| it.contains("&{"))
    {
        let rule = format!("has variables, which version {version} does not know: `{it}`");
        return Err(Error::invalid("statements", rule));
    }
    Ok(list.iter().map(|it| it.replace("&{", "${")).collect())
}

fn own_principals(all: Option<&[Principal]>, version: &str) -> Result<Option<Json>> {
    let Some(all) = all.filter(|it| !it.is_empty()) else { return Ok(None) };
    let mut pairs = Vec::new();
    for it in all {
        let identifiers = one_or_more(sorted(&replaced(&it.identifiers, version)?));
        pairs.push((it.r#type.clone(), identifiers));
    }
    Ok(Some(principals(pairs)))
}

fn given_principals(given: &Json) -> Json {
    match given {
        Json::Object(map) => {
            principals(map.iter().map(|(kind, it)| (kind.clone(), it.clone())).collect())
        }
        _ => Json::from("*"),
    }
}

/// One key per kind; only "anyone of any kind" is written in short, since IAM
/// tells `"*"` from `{"AWS": "*"}` in a role's trust policy.
fn principals(pairs: Vec<(String, Json)>) -> Json {
    if let [(kind, identifiers)] = &pairs[..]
        && kind == "*"
        && (*identifiers == "*" || *identifiers == Json::from(vec!["*"]))
    {
        return Json::from("*");
    }
    let mut map: BTreeMap<String, Json> = BTreeMap::new();
    for (kind, identifiers) in pairs {
        let identifiers = match identifiers {
            Json::Array(list) => {
                let mut list: Vec<String> =
                    list.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                list.sort_unstable_by(|a, b| b.cmp(a));
                Json::from(list)
            }
            one => one,
        };
        let both = match (map.remove(&kind), identifiers) {
            (None, new) => new,
            (Some(old), new) => Json::Array(items(old).into_iter().chain(items(new)).collect()),
        };
        map.insert(kind, both);
    }
    map.into_iter().collect::<serde_json::Map<_, _>>().into()
}

fn items(of: Json) -> Vec<Json> {
    match of {
        Json::Array(list) => list,
        one => vec![one],
    }
}

fn own_conditions(all: Option<&[Condition]>, version: &str) -> Result<Option<Json>> {
    let Some(all) = all.filter(|it| !it.is_empty()) else { return Ok(None) };
    let mut triples = Vec::new();
    for Condition { test, variable, values } in all {
        triples.push((test.clone(), variable.clone(), replaced(values, version)?));
    }
    Ok(Some(conditions(triples)))
}

fn given_conditions(given: &Json) -> Json {
    let text = |it: Json| match it {
        Json::String(text) => text,
        other => other.to_string(),
    };
    let mut triples = Vec::new();
    for (test, variables) in given.as_object().into_iter().flatten() {
        for (variable, values) in variables.as_object().into_iter().flatten() {
            let values = items(values.clone()).into_iter().map(text).collect();
            triples.push((test.clone(), variable.clone(), values));
        }
    }
    conditions(triples)
}

/// Grouped by test and variable; the order of values is kept.
fn conditions(triples: Vec<(String, String, Vec<String>)>) -> Json {
    let mut map: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (test, variable, values) in triples {
        map.entry(test).or_default().entry(variable).or_default().extend(values);
    }
    let inner = |variables: BTreeMap<String, Vec<String>>| -> Json {
        let flat = variables.into_iter().map(|(variable, values)| (variable, one_or_more(values)));
        flat.collect::<serde_json::Map<_, _>>().into()
    };
    map.into_iter().map(|(test, it)| (test, inner(it))).collect::<serde_json::Map<_, _>>().into()
}

/// Terraform's JSON is fit for HTML. These only stand inside of strings.
fn escaped(json: &str) -> String {
    json.replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// The checksum that Terraform makes the id of.
fn crc32(text: &str) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 }
        })
    };
    !text.as_bytes().iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(args: Json) -> Result<String> {
        let args = serde_json::from_value(args).expect("the arguments fit");
        Ok(escaped(&serde_json::to_string(&whole(&args)?).expect("it is JSON")))
    }

    #[test]
    fn a_statement_with_everything() {
        let args = json!({
            "policyId": "p",
            "statements": [{
                "sid": "All",
                "actions": ["s3:GetObject", "s3:PutObject", "s3:GetObject"],
                "resources": ["arn:aws:s3:::b/&{aws:username}/*"],
                "principals": [
                    { "type": "Service", "identifiers": ["a.amazonaws.com"] },
                    { "type": "AWS", "identifiers": ["1", "2"] },
                    { "type": "Service", "identifiers": ["b.amazonaws.com"] },
                ],
                "conditions": [
                    { "test": "StringEquals", "variable": "k", "values": ["x"] },
                    { "test": "StringEquals", "variable": "k", "values": ["a", "b"] },
                    { "test": "NumericLessThan", "variable": "n", "values": ["1"] },
                ],
            }],
        });
        assert_eq!(
            document(args).expect("it is right"),
            concat!(
                r#"{"Version":"2012-10-17","Id":"p","Statement":[{"Sid":"All","Effect":"Allow","#,
                r#""Action":["s3:PutObject","s3:GetObject"],"#,
                r#""Resource":"arn:aws:s3:::b/${aws:username}/*","#,
                r#""Principal":{"AWS":["2","1"],"Service":["a.amazonaws.com","b.amazonaws.com"]},"#,
                r#""Condition":{"NumericLessThan":{"n":"1"},"StringEquals":{"k":["x","a","b"]}}}]}"#,
            )
        );
    }

    #[test]
    fn anyone_is_short_only_where_it_means_the_same() {
        let of = |kind: &str| {
            let principals = json!([{ "type": kind, "identifiers": ["*"] }]);
            let statement = json!({ "effect": "Deny", "actions": ["*"], "principals": principals });
            document(json!({ "version": "2008-10-17", "statements": [statement] }))
        };
        assert!(of("*").expect("it is right").contains(r#""Principal":"*""#));
        assert!(of("AWS").expect("it is right").contains(r#""Principal":{"AWS":"*"}"#));
    }

    #[test]
    fn sources_are_extended_and_overridden_by_sid() {
        let text = |sid: &str, action: &str| {
            json!({ "Statement": [{ "Sid": sid, "Effect": "Allow", "Action": [action] }] })
                .to_string()
        };
        let statement = json!({ "sid": "b", "actions": ["own"] });
        let args = json!({
            "sourcePolicyDocuments": [text("a", "first"), text("b", "second")],
            "statements": [statement],
            "overridePolicyDocuments": [text("a", "<last>"), text("", "more")],
        });
        assert_eq!(
            document(args).expect("it is right"),
            concat!(
                r#"{"Version":"2012-10-17","Statement":["#,
                r#"{"Sid":"a","Effect":"Allow","Action":["\u003clast\u003e"]},"#,
                r#"{"Sid":"b","Effect":"Allow","Action":"own"},"#,
                r#"{"Effect":"Allow","Action":["more"]}]}"#,
            )
        );
        let twice = json!({ "sourcePolicyDocuments": [text("a", "x"), text("a", "y")] });
        assert!(document(twice).is_err());
    }

    #[test]
    fn old_documents_have_no_variables() {
        let statement = json!({ "actions": ["x"], "resources": ["&{aws:username}"] });
        let args = json!({ "version": "2008-10-17", "statements": [statement] });
        assert!(document(args).is_err());
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32("123456789"), 0xCBF4_3926);
    }
}
