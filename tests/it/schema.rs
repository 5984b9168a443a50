//! Completeness: what the Pulumi schema of a type or function has, ours has
//! too, or refuses by name. `src/aws/pulumi-schema.json` holds names and flags only:
//! per token the inputs and outputs, `!` after what is required and `*` after
//! what is secret; an input that holds objects is a map of their properties.

use std::{collections::BTreeMap, path::Path};

use orderinfra::{
    aws,
    model::{
        Schema,
        schema::{Object, Type},
    },
};
use serde_json::Value as Json;

/// Where the facts say less than AWS does: token, property, why.
const WRONG: &[(&str, &str, &str)] = &[
    (NOTIFICATION, "lambdaFunctions.lambdaFunctionArn", "somebody must be told"),
    (ALARM, "comparisonOperator", "AWS refuses a metric alarm without it"),
    (ALARM, "evaluationPeriods", "AWS refuses a metric alarm without it"),
    (NAT, "availabilityZoneAddresses.allocationIds", "addresses of a zone are what it is for"),
    (ROLE, "inlinePolicies.name", "optional only for an empty entry; here an empty list"),
    (ROLE, "inlinePolicies.policy", "optional only for an empty entry; here an empty list"),
];

const NOTIFICATION: &str = "aws:s3/bucketNotification:BucketNotification";
const ALARM: &str = "aws:cloudwatch/metricAlarm:MetricAlarm";
const NAT: &str = "aws:ec2/natGateway:NatGateway";
const ROLE: &str = "aws:iam/role:Role";

#[test]
fn every_property_is_there_or_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws/pulumi-schema.json");
    let text = std::fs::read_to_string(path).expect("the facts are there");
    let facts: BTreeMap<String, Json> = serde_json::from_str(&text).expect("the facts are JSON");
    let mut gaps = Vec::new();
    let mut all: Vec<Schema> = aws::types().iter().map(|it| it.schema().clone()).collect();
    all.extend(aws::functions().iter().map(|it| it.schema().clone()));
    // Of our own, which Pulumi does not have.
    all.retain(|it| !it.token.starts_with("aws:orderinfra/"));
    for schema in &all {
        let Some(fact) = facts.get(&schema.token) else {
            gaps.push(format!("{}: no facts", schema.token));
            continue;
        };
        let mut walk = Walk { schema, gaps: Vec::new(), within: Vec::new() };
        walk.object("", &fact["inputs"], &schema.inputs);
        walk.outputs(&fact["outputs"]);
        let known = |it: &String| {
            !WRONG.iter().any(|(token, path, _)| {
                *token == schema.token && it.starts_with(&format!("{path}:"))
            })
        };
        gaps.extend(
            walk.gaps.into_iter().filter(known).map(|it| format!("{}: {it}", schema.token)),
        );
    }
    assert!(gaps.is_empty(), "{} gaps:\n{}", gaps.len(), gaps.join("\n"));
}

struct Walk<'a> {
    schema: &'a Schema,
    gaps: Vec<String>,
    /// Our object types on the way here, so that recursion ends.
    within: Vec<String>,
}

/// The name in the facts without its flags.
fn bare(name: &str) -> &str {
    name.trim_end_matches(['!', '*'])
}

impl Walk<'_> {
    fn object(&mut self, at: &str, fact: &Json, ours: &Object) {
        for (flagged, nested) in fact.as_object().into_iter().flatten() {
            let name = bare(flagged);
            let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            if self.schema.refused.contains_key(&path) {
                continue;
            }
            let Some(property) = ours.properties.get(name) else {
                self.gaps.push(format!("{path}: missing"));
                continue;
            };
            match (property.required, flagged.contains('!')) {
                (true, false) => self.gaps.push(format!("{path}: required here only")),
                // Deeper inside, fewer may be: some are checked by rules.
                (false, true) if at.is_empty() => {
                    self.gaps.push(format!("{path}: not required here"));
                }
                _ => {}
            }
            if flagged.contains('*') && !property.secret {
                self.gaps.push(format!("{path}: not secret"));
            }
            if nested.is_object() {
                self.nested(&path, nested, &property.ty);
            }
        }
    }

    fn nested(&mut self, path: &str, fact: &Json, ty: &Type) {
        match ty {
            Type::List(item) | Type::Set(item) | Type::Map(item) => self.nested(path, fact, item),
            Type::Object(name) if self.within.contains(name) => {}
            Type::Object(name) => {
                let object = self.schema.types.get(name).cloned().unwrap_or_default();
                self.within.push(name.clone());
                self.object(path, fact, &object);
                self.within.pop();
            }
            Type::Any | Type::String { .. } => {}
            other => self.gaps.push(format!("{path}: {} instead of an object", other.word())),
        }
    }

    fn outputs(&mut self, fact: &Json) {
        for flagged in fact.as_array().into_iter().flatten().filter_map(Json::as_str) {
            let name = bare(flagged);
            match self.schema.outputs.properties.get(name) {
                _ if self.schema.refused.contains_key(name) => {}
                None => self.gaps.push(format!("{name}: missing output")),
                Some(it) if flagged.contains('*') && !it.secret => {
                    self.gaps.push(format!("{name}: output not secret"));
                }
                Some(_) => {}
            }
        }
    }
}
