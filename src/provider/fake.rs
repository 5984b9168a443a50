//! A cloud in a JSON file, for tests of the engine and of the command line:
//! it survives a killed process, and fails on demand. Or in memory, for tests
//! that run the engine thousands of times in their own process.
//!
//! `fake:index:Thing` has properties of every kind that the engine treats
//! differently; `fake:index:Named` is also held: its deletion is refused while
//! another thing uses it. No two things of one name can be at once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{AnyResource, Call, Cx, Echo, Error, Kind, Made, Place, Result, Settings};
use crate::model::{
    Map, Schema, Value,
    schema::{AutoName, Object, Property, Type},
};

/// Its region shows in the ARNs of what is made by it.
const PROVIDER: &str = "pulumi:providers:fake";

/// Makes a connection, as far as there is anything to connect to.
pub fn connect(path: &Path, settings: &Settings) -> Place {
    Cloud(At::File(path.to_owned())).with(|it| it.connected += 1);
    place(settings)
}

/// What stands in for an account and a region.
pub fn place(settings: &Settings) -> Place {
    Place {
        partition: "aws".to_owned(),
        account: "000000000000".to_owned(),
        region: settings.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
    }
}

/// The fake types on a cloud in a file.
pub fn types(path: &Path) -> Vec<Box<dyn AnyResource>> {
    types_on(&Cloud(At::File(path.to_owned())))
}

/// The fake types on a cloud.
pub fn types_on(cloud: &Cloud) -> Vec<Box<dyn AnyResource>> {
    let fake = |token, held, schema| Fake { token, held, cloud: cloud.clone(), schema };
    vec![
        Box::new(fake("fake:index:Thing", false, schema("fake:index:Thing"))),
        Box::new(fake("fake:index:Named", true, schema("fake:index:Named"))),
        Echo::boxed(provider(), None),
    ]
}

/// Where the things are. Clones are the same cloud.
#[derive(Clone)]
pub struct Cloud(At);

#[derive(Clone)]
enum At {
    File(PathBuf),
    Memory(Arc<Mutex<Contents>>),
}

/// Things by id, calls in order, and faults to come.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contents {
    next: u64,
    /// By id, each with its properties and what the cloud adds.
    pub things: BTreeMap<String, Json>,
    /// `operation name`, whatever came of it.
    pub calls: Vec<String>,
    /// Operation (`create`, `read`, …) or `operation name` to what happens:
    /// `refuse`, `throttle`, `lose` (acted on, not answered), `drop` (neither),
    /// `hold` (not before `cloud.go` is there), `stall` (throttled until then),
    /// `expire` and `cut` (this call and all after it), `blind` (it sees nothing
    /// of what is there); of `ready` and `gone` also `wait` (for `cloud.go`).
    pub faults: BTreeMap<String, Vec<String>>,
    /// Calls that were held, in order.
    held: Vec<String>,
    /// The credentials have expired: every call is refused.
    expired: bool,
    /// The network is gone: no call gets through.
    cut: bool,
    /// How often a connection was made.
    connected: u64,
    /// What calls did, in order. In memory only.
    #[serde(skip)]
    pub acted: Vec<Acted>,
    /// In memory, calls take turns by these lots; zero is no turns at all.
    #[serde(skip)]
    pub lots: u64,
}

/// Something that was done to a thing.
#[derive(Clone, Debug)]
pub struct Acted {
    pub operation: &'static str,
    pub id: String,
    /// The thing after it; for a deletion, before it.
    pub thing: Json,
}

impl Contents {
    /// The next fault of a call.
    fn fault(&mut self, operation: &str, name: &str, of: impl Fn(&str) -> bool) -> Option<String> {
        for key in [format!("{operation} {name}"), operation.to_owned()] {
            if let Some(faults) = self.faults.get_mut(&key)
                && faults.first().is_some_and(|it| of(it))
            {
                return Some(faults.remove(0));
            }
        }
        None
    }
}

impl Cloud {
    /// An empty one that ends with the process.
    pub fn in_memory() -> Self {
        Self(At::Memory(Arc::default()))
    }

    /// Looks at all that there is, and may change it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Contents) -> T) -> T {
        match &self.0 {
            At::File(path) => {
                // Other processes work in the same cloud.
                let guard = fs::File::create(path.with_extension("lock"));
                let _guard = guard.and_then(|it| it.lock().map(|()| it));
                let text = fs::read_to_string(path).unwrap_or_default();
                let mut contents = serde_json::from_str(&text).unwrap_or_default();
                let result = act(&mut contents);
                save(path, &contents);
                result
            }
            // What panics while it looks is a test, which ends.
            At::Memory(contents) => {
                act(&mut contents.lock().unwrap_or_else(PoisonError::into_inner))
            }
        }
    }

    /// A request or an answer is on its way: others may overtake it, and the
    /// process may end meanwhile.
    async fn travel(&self) {
        let At::Memory(contents) = &self.0 else { return };
        let turns = {
            let mut contents = contents.lock().unwrap_or_else(PoisonError::into_inner);
            let lots = &mut contents.lots;
            *lots ^= *lots << 13;
            *lots ^= *lots >> 7;
            *lots ^= *lots << 17;
            *lots % 4
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// Whether the test has let go of what it holds.
    fn may_go(&self) -> bool {
        match &self.0 {
            At::File(path) => path.with_extension("go").exists(),
            At::Memory(_) => true,
        }
    }

    /// Waits until the test lets go. Nothing is said of it.
    async fn let_go(&self, cx: &Cx) -> Result<()> {
        let quiet = Cx { status: None, limit: None, ..cx.clone() };
        self.wait(&quiet, "the test").await
    }

    /// The test lets go when it is ready, however long the machine takes.
    async fn wait(&self, cx: &Cx, what: &str) -> Result<()> {
        let look = || async { Ok(self.may_go().then_some(())) };
        cx.wait(what, Duration::from_secs(600) * 100, look).await
    }

    /// What `ready` and `gone` wait for, if they are told to.
    async fn settled(&self, cx: &Cx, operation: &str, id: &str) -> Result<()> {
        let fault = self.with(|it| it.fault(operation, id, |it| it == "wait"));
        if fault.is_some() {
            self.wait(cx, "the fake cloud").await?;
        }
        Ok(())
    }

    /// One call: held, logged, faulted, acted on, and told of.
    async fn call<T>(
        &self,
        cx: &Cx,
        operation: &str,
        name: &str,
        act: impl FnOnce(&mut Contents) -> Result<T>,
    ) -> Result<T> {
        self.travel().await;
        let held = self.with(|it| {
            let held = it.fault(operation, name, |it| it == "hold").is_some();
            if held {
                it.held.push(format!("{operation} {name}"));
            }
            held
        });
        if held {
            self.let_go(cx).await?;
        }
        let may_go = self.may_go();
        let started = std::time::Instant::now();
        let mut number = 0;
        let result = self.with(|contents| {
            contents.calls.push(format!("{operation} {name}"));
            number = contents.calls.len();
            let fault = contents.fault(operation, name, |_| true).unwrap_or_default();
            if fault == "stall" && !may_go {
                contents.faults.entry(operation.to_owned()).or_default().insert(0, fault.clone());
            }
            contents.expired |= fault == "expire";
            contents.cut |= fault == "cut";
            let refused = |kind, code: &str| {
                Err(Error::new(kind, code, format!("the fake cloud was told to {fault}")))
            };
            match &*fault {
                _ if contents.cut => Err(Error::new(Kind::NotSent, "", "connection refused")),
                _ if contents.expired => {
                    let message = "The security token included in the request is expired";
                    Err(Error::new(Kind::Credentials, "ExpiredToken", message))
                }
                "refuse" => refused(Kind::Service, "Refused"),
                "throttle" | "stall" => refused(Kind::Service, "Throttling"),
                "drop" => refused(Kind::Ambiguous, ""),
                "lose" => act(contents).and_then(|_| refused(Kind::Ambiguous, "")),
                "blind" => act(&mut Contents::default()),
                _ => act(contents),
            }
        });
        self.travel().await;
        cx.calls.record(Call {
            service: "fake".to_owned(),
            operation: operation.to_owned(),
            region: cx.place.region.clone(),
            request_id: Some(format!("fake-request-{number}")),
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            attempts: 1,
            error: result.as_ref().err().map(|it: &Error| match &*it.code {
                "" => "NoAnswer".to_owned(),
                code => code.to_owned(),
            }),
            ..Call::default()
        });
        result
    }
}

fn save(path: &Path, contents: &Contents) {
    let draft = path.with_extension("new");
    let text = serde_json::to_string_pretty(contents).expect("plain data");
    fs::write(&draft, text)
        .and_then(|()| fs::rename(&draft, path))
        .expect("the fake cloud's file can be written");
}

impl Contents {
    fn acted(&mut self, operation: &'static str, id: &str) {
        let thing = self.things.get(id).cloned().unwrap_or_default();
        self.acted.push(Acted { operation, id: id.to_owned(), thing });
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
    let name = AutoName { max_length: 40, lower_case: false, verbatim: false };
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
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn is_local(&self) -> bool {
        false
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
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            let name = name_of(new);
            let made = self.cloud.call(cx, "create", &name, |cloud| {
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
                cloud.acted("create", &id);
                Ok(id)
            });
            let made = made.await.map_err(|it| echoing(it, new));
            made.map(|id| Made { id, outputs: None })
        })
    }
    fn finish<'a>(&'a self, cx: &'a Cx, id: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let finished = self.cloud.call(cx, "finish", id, |cloud| {
                if let Some(thing) = cloud.things.get_mut(id) {
                    thing["finished"] = true.into();
                }
                Ok(())
            });
            finished.await
        })
    }
    fn ready<'a>(&'a self, cx: &'a Cx, id: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.cloud.settled(cx, "ready", id))
    }
    fn read_many<'a>(
        &'a self,
        cx: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        Box::pin(async move {
            let names = ids.join(",");
            let read = self.cloud.call(cx, "read", &names, |cloud| {
                let one = |id: &String| {
                    let mut thing = cloud.things.get(id)?.clone();
                    let map = thing.as_object_mut()?;
                    for hidden in ["type", "op", "finished", "password"] {
                        map.remove(hidden);
                    }
                    Some(Value::from_json(&thing))
                };
                Ok(ids.iter().map(one).collect())
            });
            read.await
        })
    }
    fn update<'a>(
        &'a self,
        cx: &'a Cx,
        id: &'a str,
        old: &'a Value,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let updated = self.cloud.call(cx, "update", id, |cloud| {
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
                cloud.acted("update", id);
                Ok(())
            });
            updated.await.map_err(|it| echoing(it, new))
        })
    }
    fn delete<'a>(&'a self, cx: &'a Cx, id: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let deleted = self.cloud.call(cx, "delete", id, |cloud| {
                let used = cloud.things.iter().any(|(other, it)| other != id && it["uses"] == *id);
                if self.held && used {
                    return Err(Error::new(Kind::Service, "InUse", format!("`{id}` is in use")));
                }
                if cloud.things.contains_key(id) {
                    cloud.acted("delete", id);
                }
                cloud.things.remove(id);
                Ok(())
            });
            deleted.await
        })
    }
    fn gone<'a>(&'a self, cx: &'a Cx, id: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.cloud.settled(cx, "gone", id))
    }
    fn find<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let name = name_of(new);
            let found = self.cloud.call(cx, "find", &name, |cloud| {
                let found = cloud.things.iter().find(|(_, it)| it["op"] == *cx.op);
                Ok(found.map(|(id, _)| id.clone()))
            });
            found.await
        })
    }
}
