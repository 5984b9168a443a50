//! Container definitions. They go to ECS and come back as the JSON they are,
//! around the SDK's types, so that what is newer than those is neither refused
//! nor lost. And how a wanted text compares with the one that ECS filled in.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::AfterDeserializationInterceptorContextRef},
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use serde_json::{Map, Value, json};

use crate::provider::{Error, Json, Result};

const KEY: &str = "containerDefinitions";

/// What a container may say. ECS ignores other keys without a word, so a
/// misspelt one must be refused here.
const KNOWN: &[&str] = &[
    "command",
    "cpu",
    "credentialSpecs",
    "dependsOn",
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerLabels",
    "dockerSecurityOptions",
    "entryPoint",
    "environment",
    "environmentFiles",
    "essential",
    "extraHosts",
    "firelensConfiguration",
    "healthCheck",
    "hostname",
    "image",
    "interactive",
    "links",
    "linuxParameters",
    "logConfiguration",
    "memory",
    "memoryReservation",
    "mountPoints",
    "name",
    "portMappings",
    "privileged",
    "pseudoTerminal",
    "readonlyRootFilesystem",
    "repositoryCredentials",
    "resourceRequirements",
    "restartPolicy",
    "secrets",
    "startTimeout",
    "stopTimeout",
    "systemControls",
    "ulimits",
    "user",
    "versionConsistency",
    "volumesFrom",
    "workingDirectory",
];

/// Lists in which order means nothing; ECS sorts some of them.
const UNORDERED: &[&str] = &[
    "add",
    "dependsOn",
    "devices",
    "dockerSecurityOptions",
    "drop",
    "environment",
    "extraHosts",
    "ignoredExitCodes",
    "mountOptions",
    "mountPoints",
    "permissions",
    "portMappings",
    "resourceRequirements",
    "secretOptions",
    "secrets",
    "systemControls",
    "tmpfs",
    "ulimits",
    "volumesFrom",
];

pub(super) fn check(definitions: &Json) -> Result<()> {
    let wrong = |rule: String| Err(Error::invalid(KEY, rule));
    let Some(all) = definitions.0.as_array().filter(|it| !it.is_empty()) else {
        return wrong("is a list of at least one container".to_owned());
    };
    let mut names = Vec::new();
    for container in all {
        let Some(container) = container.as_object() else {
            return wrong("holds objects, one per container".to_owned());
        };
        for key in ["name", "image"] {
            if container.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                return wrong(format!("has a container without `{key}`"));
            }
        }
        if let Some(key) = container.keys().find(|it| !KNOWN.contains(&it.as_str())) {
            return wrong(format!("has a container with `{key}`, which ECS does not know"));
        }
        let name = container["name"].as_str().unwrap_or_default();
        if names.contains(&name) {
            return wrong(format!("has two containers named `{name}`"));
        }
        names.push(name);
    }
    Ok(())
}

/// Puts the definitions into a RegisterTaskDefinition request.
pub(super) fn put(definitions: &Json, request: &mut HttpRequest) {
    let body = request.body().bytes().and_then(|it| serde_json::from_slice(it).ok());
    let Some(Value::Object(mut body)) = body else { return };
    body.insert(KEY.to_owned(), sent(&definitions.0));
    let body = Value::Object(body).to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}

/// Keeps an answer's text beside what the SDK makes of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tap(Arc<Mutex<Vec<u8>>>);

impl Tap {
    /// The definitions in the answer to DescribeTaskDefinition.
    pub(super) fn definitions(&self) -> Result<Json> {
        let text = self.0.lock().map_err(|_| Error::missing(KEY))?;
        let mut answer: Value = serde_json::from_slice(&text).map_err(|_| Error::missing(KEY))?;
        Ok(Json(answer["taskDefinition"][KEY].take()))
    }
}

impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "container definitions"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        if let (Some(text), Ok(mut kept)) = (context.response().body().bytes(), self.0.lock()) {
            *kept = text.to_vec();
        }
        Ok(())
    }
}

/// As ECS takes it: without nulls, and with text where a program may well
/// write a number (`value: 8080`).
fn sent(definitions: &Value) -> Value {
    let mut all = definitions.clone();
    drop_nulls(&mut all);
    for container in all.as_array_mut().into_iter().flatten() {
        for list in ["environment", "systemControls"] {
            for it in container.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                it.get_mut("value").map(to_text);
            }
        }
        for path in ["/dockerLabels", "/logConfiguration/options", "/firelensConfiguration/options"]
        {
            let options = container.pointer_mut(path).and_then(Value::as_object_mut);
            options.into_iter().flatten().for_each(|(_, it)| to_text(it));
        }
    }
    all
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|it| !it.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        Value::Object(map) => {
            map.retain(|_, it| !it.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

fn to_text(value: &mut Value) {
    if let Some(text) = scalar(value) {
        *value = Value::String(text);
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Under `awsvpc` and `host` the host's port is the container's: ECS says so
/// whether or not the program did.
pub(super) fn without_host_ports(definitions: &mut Json) {
    for container in definitions.0.as_array_mut().into_iter().flatten() {
        let ports = container.get_mut("portMappings").and_then(Value::as_array_mut);
        for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
            if port.get("hostPort") == port.get("containerPort") {
                port.remove("hostPort");
            }
        }
    }
}

/// Whether ECS would run the same containers: its defaults count as said, an
/// empty list as not said, and keys that no program may set are ignored.
pub(super) fn same(wanted: &Value, live: &Value) -> bool {
    let (Some(wanted), Some(live)) = (wanted.as_array(), live.as_array()) else { return false };
    wanted.len() == live.len()
        && wanted.iter().all(|one| {
            live.iter().any(|it| it.get("name") == one.get("name") && same_container(one, it))
        })
}

fn same_container(wanted: &Value, live: &Value) -> bool {
    let (Some(wanted), Some(mut live)) = (normal_container(wanted), normal_container(live)) else {
        return false;
    };
    live.retain(|key, _| KNOWN.contains(&key.as_str()));
    same_value("", &Value::Object(wanted), &Value::Object(live))
}

fn same_value(key: &str, wanted: &Value, live: &Value) -> bool {
    match (wanted, live) {
        (Value::Array(wanted), Value::Array(live)) if wanted.len() != live.len() => false,
        (Value::Array(wanted), Value::Array(live)) if UNORDERED.contains(&key) => {
            let mut left: Vec<&Value> = live.iter().collect();
            wanted.iter().all(|one| {
                let found = left.iter().position(|it| same_value("", one, it));
                found.is_some_and(|at| {
                    left.swap_remove(at);
                    true
                })
            })
        }
        (Value::Array(wanted), Value::Array(live)) => {
            wanted.iter().zip(live).all(|(one, it)| same_value("", one, it))
        }
        (Value::Object(wanted), Value::Object(live)) => {
            live.keys().all(|key| wanted.contains_key(key))
                && wanted.iter().all(|(key, one)| match live.get(key) {
                    Some(it) => same_value(key, one, it),
                    None => key == "hostPort" && Some(one) == wanted.get("containerPort"),
                })
        }
        _ => scalar(wanted).is_some_and(|it| Some(it) == scalar(live)),
    }
}

/// With ECS's defaults in, and without what means nothing.
fn normal_container(container: &Value) -> Option<Map<String, Value>> {
    let mut it = container.as_object()?.clone();
    drop_if(&mut it, "cpu", &json!(0));
    drop_if(&mut it, "versionConsistency", &json!("enabled"));
    fill(&mut it, "essential", json!(true));
    if let Some(check) = it.get_mut("healthCheck").and_then(Value::as_object_mut) {
        fill(check, "interval", json!(30));
        fill(check, "timeout", json!(5));
        fill(check, "retries", json!(3));
        drop_if(check, "startPeriod", &json!(0));
    }
    if let Some(policy) = it.get_mut("restartPolicy").and_then(Value::as_object_mut) {
        fill(policy, "restartAttemptPeriod", json!(300));
    }
    let ports = it.get_mut("portMappings").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        fill(port, "protocol", json!("tcp"));
        drop_if(port, "hostPort", &json!(0));
    }
    let essential = it.remove("essential");
    let mut rest = Value::Object(it);
    drop_empty(&mut rest);
    let mut it = rest.as_object()?.clone();
    it.extend(essential.map(|essential| ("essential".to_owned(), essential)));
    Some(it)
}

fn fill(map: &mut Map<String, Value>, key: &str, default: Value) {
    let value = map.entry(key).or_insert(Value::Null);
    if value.is_null() {
        *value = default;
    }
}

fn drop_if(map: &mut Map<String, Value>, key: &str, default: &Value) {
    if map.get(key) == Some(default) {
        map.remove(key);
    }
}

/// Nulls, `false`, and lists and maps with nothing in them.
fn drop_empty(value: &mut Value) {
    let empty = |it: &Value| match it {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_empty),
        Value::Object(map) => {
            map.values_mut().for_each(drop_empty);
            map.retain(|_, it| !empty(it));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Value {
        json!([{
            "name": "api",
            "image": "nginx:1",
            "portMappings": [{ "containerPort": 80 }],
            "environment": [{ "name": "B", "value": "2" }, { "name": "A", "value": 1 }],
            "secrets": null,
            "healthCheck": { "command": ["CMD", "true"] },
        }])
    }

    /// What ECS answers to `wanted` under awsvpc.
    fn live() -> Value {
        let mut live = Json(json!([{
            "name": "api",
            "image": "nginx:1",
            "cpu": 0,
            "essential": true,
            "portMappings": [{ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }],
            "environment": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }],
            "mountPoints": [],
            "volumesFrom": [],
            "systemControls": [],
            "healthCheck": {
                "command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3,
            },
            "somethingNew": { "by": "aws" },
        }]));
        without_host_ports(&mut live);
        live.0
    }

    fn with(mut list: Value, path: &str, value: Value) -> Value {
        let (map, key) = path.rsplit_once('/').unwrap();
        list.pointer_mut(map).unwrap()[key] = value;
        list
    }

    #[test]
    fn filled_in_defaults_are_no_difference() {
        assert!(same(&wanted(), &live()));
        assert!(same(&with(wanted(), "/0/portMappings/0/hostPort", json!(80)), &live()));
        assert!(same(&with(wanted(), "/0/essential", json!(true)), &live()));
        assert!(same(&with(wanted(), "/0/readonlyRootFilesystem", json!(false)), &live()));
        assert!(same(&with(wanted(), "/0/linuxParameters", json!({})), &live()));
    }

    #[test]
    fn what_was_changed_added_or_taken_away_is_one() {
        let changes = [
            ("/0/image", json!("nginx:2")),
            ("/0/essential", json!(false)),
            ("/0/cpu", json!(256)),
            ("/0/command", json!(["a"])),
            ("/0/environment", json!([{ "name": "A", "value": "1" }])),
            ("/0/portMappings/0/protocol", json!("udp")),
            ("/0/healthCheck/interval", json!(10)),
            ("/0/healthCheck", Value::Null),
            ("/0/portMappings", Value::Null),
        ];
        for (path, value) in changes {
            assert!(!same(&with(wanted(), path, value), &live()), "{path}");
        }
        assert!(!same(&wanted(), &with(live(), "/0/user", json!("root"))));
        assert!(!same(&json!([]), &live()));
    }

    #[test]
    fn order_matters_only_where_it_means_something() {
        let one = json!([{ "name": "a", "image": "i", "command": ["x", "y"] }]);
        let other = json!([{ "name": "a", "image": "i", "command": ["y", "x"] }]);
        assert!(!same(&one, &other));
        let two = json!([{ "name": "a", "image": "i" }, { "name": "b", "image": "j" }]);
        let turned = json!([{ "name": "b", "image": "j" }, { "name": "a", "image": "i" }]);
        assert!(same(&two, &turned));
    }

    #[test]
    fn a_dynamic_port_of_the_bridge_is_not_the_fixed_one() {
        let fixed = json!([{ "name": "a", "image": "i", "portMappings":
            [{ "containerPort": 80, "hostPort": 8080 }] }]);
        let dynamic = json!([{ "name": "a", "image": "i", "portMappings":
            [{ "containerPort": 80, "hostPort": 0, "protocol": "tcp" }] }]);
        assert!(!same(&fixed, &dynamic));
        assert!(same(&with(fixed, "/0/portMappings/0/hostPort", json!(0)), &dynamic));
    }

    #[test]
    fn numbers_are_sent_as_text_and_nulls_not_at_all() {
        let sent = sent(&json!([{
            "name": "a",
            "user": null,
            "environment": [{ "name": "PORT", "value": 8080 }],
            "logConfiguration": { "logDriver": "awslogs", "options": { "mode": true } },
        }]));
        assert_eq!(
            sent,
            json!([{
                "name": "a",
                "environment": [{ "name": "PORT", "value": "8080" }],
                "logConfiguration": { "logDriver": "awslogs", "options": { "mode": "true" } },
            }])
        );
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let fine = Json(wanted());
        assert_eq!(check(&fine), Ok(()));
        let wrong = Json(with(wanted(), "/0/enviroment", json!([])));
        assert!(check(&wrong).unwrap_err().message.contains("`enviroment`"));
        assert!(check(&Json(json!([]))).is_err());
        assert!(check(&Json(json!([{ "name": "a" }]))).is_err());
    }
}
