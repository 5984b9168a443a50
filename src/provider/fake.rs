//! A cloud in a JSON file, for tests of the engine and of the command line:
//! it survives a killed process, and fails on demand.
//!
//! `fake:index:Thing` has properties of every kind that the engine treats
//! differently; `fake:index:Named` refuses a second one of its name, and its
//! deletion while another thing uses it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{AnyResource, Cx, Error, Kind, Made, Place, Result, Settings};
use crate::model::{
    Map, Schema, Value,
    schema::{AutoName, Object, Property, Type},
};

/// Its region shows in the ARNs of what is made by it.
const PROVIDER: &str = "pulumi:providers:fake";

/// What stands in for an account and a region.
pub fn place(settings: &Settings) -> Place {
    Place {
        partition: "aws".to_owned(),
        account: "000000000000".to_owned(),
        region: settings.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
    }
}

pub fn types(path: &Path) -> Vec<Box<dyn AnyResource>> {
    let cloud = Cloud { path: path.to_owned() };
    let thing = Fake {
        token: "fake:index:Thing",
        held: false,
        cloud: cloud.clone(),
        schema: schema("fake:index:Thing"),
    };
    let named =
        Fake { token: "fake:index:Named", held: true, cloud, schema: schema("fake:index:Named") };
    let provider =
        Fake { token: PROVIDER, held: false, cloud: thing.cloud.clone(), schema: provider() };
    vec![Box::new(thing), Box::new(named), Box::new(provider)]
}

#[derive(Clone)]
struct Cloud {
    path: PathBuf,
}

/// The file: things by id, calls in order, and faults to come.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Contents {
    next: u64,
    things: BTreeMap<String, Json>,
    calls: Vec<String>,
    /// Operation (`create`, `read`, …) or `operation name` to what happens:
    /// `refuse`, `throttle`, `lose` (acted on, not answered), `drop` (neither).
    faults: BTreeMap<String, Vec<String>>,
}

impl Cloud {
    fn load(&self) -> Contents {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn save(&self, contents: &Contents) {
        let draft = self.path.with_extension("new");
        let text = serde_json::to_string_pretty(contents).expect("plain data");
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, &self.path))
            .expect("the fake cloud's file can be written");
    }

    /// One call: logged, faulted, acted on.
    fn call<T>(
        &self,
        operation: &str,
        name: &str,
        act: impl FnOnce(&mut Contents) -> Result<T>,
    ) -> Result<T> {
        let mut contents = self.load();
        contents.calls.push(format!("{operation} {name}"));
        let of = |contents: &mut Contents, key: &str| {
            let faults = contents.faults.get_mut(key).filter(|it| !it.is_empty());
            faults.map(|it| it.remove(0))
        };
        let fault = of(&mut contents, &format!("{operation} {name}"));
        let fault = fault.or_else(|| of(&mut contents, operation)).unwrap_or_default();
        let refused = |kind, code: &str| {
            Err(Error::new(kind, code, format!("the fake cloud was told to {fault}")))
        };
        let result = match &*fault {
            "refuse" => refused(Kind::Service, "Refused"),
            "throttle" => refused(Kind::Service, "Throttling"),
            "drop" => refused(Kind::Ambiguous, ""),
            "lose" => act(&mut contents).and_then(|_| refused(Kind::Ambiguous, "")),
            _ => act(&mut contents),
        };
        self.save(&contents);
        result
    }
}

struct Fake {
    token: &'static str,
    held: bool,
    cloud: Cloud,
    schema: Schema,
}

fn property(ty: Type) -> Property {
    Property {
        ty,
        required: false,
        default: None,
        replace: false,
        secret: false,
        computed: false,
        write_only: false,
        volatile: false,
        autoname: None,
        deprecated: None,
        doc: String::new(),
    }
}

fn schema(token: &str) -> Schema {
    let text = || Type::String { allowed: Vec::new(), format: None };
    let name = AutoName { max_length: 40, lower_case: false };
    let inputs = BTreeMap::from([
        ("name".to_owned(), Property { autoname: Some(name), replace: true, ..property(text()) }),
        ("size".to_owned(), property(Type::Integer)),
        ("text".to_owned(), property(text())),
        ("fixed".to_owned(), Property { replace: true, ..property(text()) }),
        ("uses".to_owned(), property(text())),
        ("password".to_owned(), Property { secret: true, write_only: true, ..property(text()) }),
        ("chosen".to_owned(), Property { computed: true, ..property(text()) }),
        ("tags".to_owned(), property(Type::Map(Box::new(text())))),
        ("members".to_owned(), property(Type::Set(Box::new(text())))),
        ("list".to_owned(), property(Type::List(Box::new(text())))),
    ]);
    let mut outputs = inputs.clone();
    outputs.insert("arn".to_owned(), property(text()));
    outputs.insert("version".to_owned(), Property { volatile: true, ..property(Type::Integer) });
    Schema {
        token: token.to_owned(),
        inputs: Object { properties: inputs },
        outputs: Object { properties: outputs },
        types: BTreeMap::new(),
        refused: BTreeMap::from([("refused".to_owned(), "is refused for the tests".to_owned())]),
    }
}

fn provider() -> Schema {
    let region = property(Type::String { allowed: Vec::new(), format: None });
    let properties = BTreeMap::from([("region".to_owned(), region)]);
    Schema {
        token: PROVIDER.to_owned(),
        inputs: Object { properties: properties.clone() },
        outputs: Object { properties },
        types: BTreeMap::new(),
        refused: BTreeMap::new(),
    }
}

fn name_of(inputs: &Value) -> String {
    inputs.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Clouds repeat what they were sent in their refusals.
fn echoing(error: Error, sent: &Value) -> Error {
    match sent.get("password").and_then(Value::as_str) {
        Some(password) => {
            Error { message: format!("{} (password `{password}`)", error.message), ..error }
        }
        None => error,
    }
}

impl AnyResource for Fake {
    fn token(&self) -> &'static str {
        self.token
    }
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn is_local(&self) -> bool {
        self.token == PROVIDER
    }
    fn key(&self) -> &'static [&'static str] {
        &[]
    }
    fn held(&self) -> bool {
        self.held
    }
    fn check(&self, inputs: &Value) -> Result<()> {
        match inputs.get("size").and_then(Value::as_i64) {
            Some(size) if size < 0 => Err(Error::invalid("size", "is not negative")),
            _ => Ok(()),
        }
    }
    fn predict(&self, place: &Place, inputs: &Value) -> Map {
        let Some(name) = inputs.get("name").and_then(Value::as_str) else { return Map::new() };
        Map::from([("arn".to_owned(), Value::String(place.arn("fake", name)))])
    }
    fn serial(&self, _: &Value) -> Option<String> {
        None
    }
    fn name_suffix(&self, _: &Value) -> &'static str {
        ""
    }
    fn same(&self, _: &str, _: &Value, _: &Value) -> bool {
        false
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            if self.is_local() {
                return Ok(Made { id: cx.op.clone(), outputs: Some(new.clone()) });
            }
            let name = name_of(new);
            let made = self.cloud.call("create", &name, |cloud| {
                if cloud.things.values().any(|it| it["name"] == *name) {
                    return Err(Error::new(
                        Kind::Service,
                        "AlreadyExists",
                        format!("`{name}` exists"),
                    ));
                }
                cloud.next += 1;
                let id = format!("fake-{}", cloud.next);
                let mut thing = new.reveal();
                thing["type"] = self.token.into();
                thing["op"] = cx.op.clone().into();
                thing["version"] = 1.into();
                thing["arn"] = cx.place.arn("fake", &name).into();
                if thing["chosen"].is_null() {
                    thing["chosen"] = "by the cloud".into();
                }
                cloud.things.insert(id.clone(), thing);
                Ok(id)
            });
            let made = made.map_err(|it| echoing(it, new));
            made.map(|id| Made { id, outputs: None })
        })
    }
    fn finish<'a>(&'a self, _: &'a Cx, id: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.cloud.call("finish", id, |cloud| {
                if let Some(thing) = cloud.things.get_mut(id) {
                    thing["finished"] = true.into();
                }
                Ok(())
            })
        })
    }
    fn ready<'a>(&'a self, _: &'a Cx, _: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn read_many<'a>(
        &'a self,
        _: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        Box::pin(async move {
            self.cloud.call("read", &ids.join(","), |cloud| {
                let one = |id: &String| {
                    let mut thing = cloud.things.get(id)?.clone();
                    let map = thing.as_object_mut()?;
                    for hidden in ["type", "op", "finished", "password"] {
                        map.remove(hidden);
                    }
                    Some(Value::from_json(&thing))
                };
                Ok(ids.iter().map(one).collect())
            })
        })
    }
    fn update<'a>(
        &'a self,
        _: &'a Cx,
        id: &'a str,
        old: &'a Value,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.cloud
                .call("update", id, |cloud| {
                    let thing = cloud
                        .things
                        .get_mut(id)
                        .ok_or_else(|| Error::new(Kind::Service, "NotFound", "it is gone"))?;
                    let (old, new) = (old.reveal(), new.reveal());
                    for (key, _) in old.as_object().into_iter().flatten() {
                        if new.get(key).is_none() {
                            thing[key] = Json::Null;
                        }
                    }
                    for (key, value) in new.as_object().into_iter().flatten() {
                        thing[key] = value.clone();
                    }
                    thing["version"] = json!(thing["version"].as_u64().unwrap_or_default() + 1);
                    Ok(())
                })
                .map_err(|it| echoing(it, new))
        })
    }
    fn renamed<'a>(
        &'a self,
        _: &'a Cx,
        id: &'a str,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { Ok(id.to_owned()) })
    }
    fn delete<'a>(&'a self, _: &'a Cx, id: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.is_local() {
                return Ok(());
            }
            self.cloud.call("delete", id, |cloud| {
                let used = cloud.things.iter().any(|(other, it)| other != id && it["uses"] == *id);
                if used {
                    return Err(Error::new(Kind::Service, "InUse", format!("`{id}` is in use")));
                }
                cloud.things.remove(id);
                Ok(())
            })
        })
    }
    fn gone<'a>(&'a self, _: &'a Cx, _: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn find<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            self.cloud.call("find", &name_of(new), |cloud| {
                let found = cloud.things.iter().find(|(_, it)| it["op"] == *cx.op);
                Ok(found.map(|(id, _)| id.clone()))
            })
        })
    }
}
