//! The seam between the engine and whatever makes things. Authors write typed
//! `async fn`s (`Resource`, `Local`, `Function`); the engine sees `dyn`
//! (`AnyResource`, `AnyFunction`); `erase` is the only bridge.

mod asset;
mod calls;
mod cx;
mod echo;
mod erase;
mod error;
pub mod fake;
mod pace;
pub mod retry;
mod schema;
mod settings;
mod types;

use std::{
    collections::BTreeMap,
    future::{Future, ready},
};

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

pub use asset::{Archive, Asset, Assets};
pub use calls::{Call, Calls};
pub use cx::{Clients, Cx, Notes, OP_TAG, STACK_TAG, Status};
pub use echo::Echo;
pub use erase::{function, local, resource};
pub use error::{Error, Kind, Result};
pub use pace::Pace;
pub use settings::{AssumeRole, Settings};
pub use types::{CiString, Cidr, IdOrArn, Json, Lot, Policy, Secret, Set, Tags, Version, int, yes};

pub use crate::model::Place;
use crate::model::{Map, Schema, Value};

/// A thing in AWS that has a life.
///
/// Each method makes the AWS calls it is named after and nothing else: no
/// diffing, no state, no retries beyond the SDK's, no printing. The executor
/// repeats a method whose error `retry::classify` calls passing, so each must
/// be safe to run twice.
pub trait Resource: Send + Sync + 'static {
    /// The canonical token, `aws:sqs/queue:Queue`.
    const TYPE: &'static str;
    /// Other tokens for the same type, `aws:alb/loadBalancer:LoadBalancer`.
    const ALIASES: &'static [&'static str] = &[];
    /// Properties of the Pulumi schema that a program cannot use here, with
    /// the reason: refused by name before anything runs.
    const REFUSED: &'static [(&'static str, &'static str)] = &[];

    /// Properties that no two of its kind can share, beside a chosen name: when
    /// all of them stay, a replacement must delete first.
    const KEY: &'static [&'static str] = &[];
    /// AWS refuses to delete it while something uses it.
    const HELD: bool = false;
    /// AWS knows a create by neither name nor token: sent twice, it makes two.
    /// After a lost answer it is looked for as long as AWS takes to show it,
    /// and only then sent again.
    const ANONYMOUS: bool = false;
    /// While it only waits to be ready, others of its serial key may begin.
    const WAITS_ASIDE: bool = false;

    type Inputs: Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    /// The live resource as AWS reports it: every input, plus what AWS adds.
    type Outputs: Serialize + JsonSchema + Send;

    /// Pure checks across properties, run before anything is made.
    fn check(_: &Self::Inputs) -> Result<()> {
        Ok(())
    }

    /// The outputs that can be told before creation (an ARN from a name).
    /// `inputs` may hold unknowns: leave out what depends on them.
    fn predict(_: &Place, _: &Value) -> Map {
        Map::new()
    }

    /// Steps with the same key never run at the same time.
    fn serial(_: &Self::Inputs) -> Option<String> {
        None
    }

    /// The end of a chosen name, `.fifo`.
    fn name_suffix(_: &Value) -> &'static str {
        ""
    }

    /// What a program reads as `${it.id}`: for things whose own id does not
    /// say where they are, the part of the id that other things name them by.
    fn shown_id(id: &str) -> &str {
        id
    }

    /// Whether a wanted value is the live one although it looks different.
    /// Asked only when the schema's own comparison says they differ.
    fn same(_path: &str, _wanted: &Value, _live: &Value) -> bool {
        false
    }

    /// The one call that makes it; the id is journaled at once.
    fn create(cx: &Cx, new: &Self::Inputs) -> impl Future<Output = Result<String>> + Send;

    /// In place of `create`, for a thing of which AWS tells something once
    /// only (a secret): the outputs are journaled together with the id, and
    /// those marked `writeOnly` stay whatever reads say.
    fn create_told(
        _: &Cx,
        _: &Self::Inputs,
    ) -> impl Future<Output = Result<Option<(String, Self::Outputs)>>> + Send {
        async { Ok(None) }
    }

    /// What creation needs beyond that call (attributes, attachments).
    fn finish(_: &Cx, _id: &str, _: &Self::Inputs) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// Waits until dependents can use it, after a create and after an update;
    /// `new` is what the program sets. Reads only: an interrupt leaves it at any
    /// point.
    fn ready(_: &Cx, _id: &str, _: &Self::Inputs) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// `None`: it is gone, or as good as gone (section 1.5 of the hazards).
    fn read(cx: &Cx, id: &str) -> impl Future<Output = Result<Option<Self::Outputs>>> + Send;

    /// The same for many, in the order of `ids`, in as few calls as AWS allows.
    fn read_many<'a>(
        cx: &'a Cx,
        ids: &'a [String],
    ) -> impl Future<Output = Result<Vec<Option<Self::Outputs>>>> + Send + 'a {
        let reads: Vec<BoxFuture<'a, _>> =
            ids.iter().map(|id| Box::pin(Self::read(cx, id)) as BoxFuture<'a, _>).collect();
        erase::all(reads)
    }

    /// `old` is live, cut to what the program or the state set; what neither
    /// ever set is `None` in both, save for computed properties, which are
    /// the live ones in both.
    fn update(
        cx: &Cx,
        id: &str,
        old: &Self::Inputs,
        new: &Self::Inputs,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The id after an update, for the few things whose update renames them.
    fn renamed(
        _: &Cx,
        id: &str,
        _new: &Self::Inputs,
    ) -> impl Future<Output = Result<String>> + Send {
        let id = id.to_owned();
        async { Ok(id) }
    }

    /// Gone already is `Ok`.
    fn delete(cx: &Cx, id: &str, last: &Self::Inputs) -> impl Future<Output = Result<()>> + Send;

    /// Who uses it, as AWS says, in words for a user: for a delete that AWS
    /// refuses.
    fn holders(_: &Cx, _id: &str) -> impl Future<Output = Result<Vec<String>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Waits until it no longer holds what it was made of, after a delete.
    /// Reads only, like `ready`.
    fn gone(_: &Cx, _id: &str) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// After a lost answer: the id of what *this operation* made, proved by
    /// `cx.made` or by a key that nobody else can have.
    fn find(cx: &Cx, inputs: &Self::Inputs) -> impl Future<Output = Result<Option<String>>> + Send;
}

/// A thing that lives in the state only (`random:*`, `tls:*`): made from its
/// inputs and a lot drawn at plan time, so that making it twice is harmless.
pub trait Local: Send + Sync + 'static {
    const TYPE: &'static str;
    const REFUSED: &'static [(&'static str, &'static str)] = &[];
    type Inputs: Serialize + DeserializeOwned + JsonSchema + Send + Sync;
    type Outputs: Serialize + JsonSchema + Send;

    fn check(_: &Self::Inputs) -> Result<()> {
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Self::Inputs) -> Result<(String, Self::Outputs)>;

    /// From an id given with `import:`.
    fn adopt(_id: &str, _inputs: &Self::Inputs) -> Result<Self::Outputs> {
        Err(Error::invalid("import", format!("{} cannot be imported", Self::TYPE)))
    }
}

/// A question to AWS: `aws:getRegion`.
pub trait Function: Send + Sync + 'static {
    /// The canonical token, `aws:index/getRegion:getRegion`.
    const TOKEN: &'static str;
    const REFUSED: &'static [(&'static str, &'static str)] = &[];
    /// Asks nobody: the answer follows from the arguments.
    const PURE: bool = false;
    type Args: DeserializeOwned + JsonSchema + Send + Sync;
    type Output: Serialize + JsonSchema + Send;

    fn call(cx: &Cx, args: &Self::Args) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// What a create answers: local types and those of `create_told` say all at
/// once, others are read.
#[derive(Debug, PartialEq)]
pub struct Made {
    pub id: String,
    pub outputs: Option<Value>,
}

/// `Resource` and `Local` without their types. Values are known when they
/// are handed to an `async` method, and may hold secrets. The defaults are
/// those of what lives in the state only, where there is nothing to do.
pub trait AnyResource: Send + Sync {
    fn token(&self) -> &str;
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }
    fn schema(&self) -> &Schema;
    /// Lives in the state only: never read, never drifts.
    fn is_local(&self) -> bool;
    /// It only holds others together, and is nothing by itself.
    fn is_component(&self) -> bool {
        false
    }
    fn key(&self) -> &'static [&'static str] {
        &[]
    }
    fn held(&self) -> bool {
        false
    }
    fn anonymous(&self) -> bool {
        false
    }
    fn waits_aside(&self) -> bool {
        false
    }
    /// For inputs without unknowns.
    fn check(&self, _inputs: &Value) -> Result<()> {
        Ok(())
    }
    fn predict(&self, _: &Place, _inputs: &Value) -> Map {
        Map::new()
    }
    fn serial(&self, _inputs: &Value) -> Option<String> {
        None
    }
    fn name_suffix(&self, _inputs: &Value) -> &'static str {
        ""
    }
    /// The id as programs read it.
    fn shown_id<'a>(&self, id: &'a str) -> &'a str {
        id
    }
    fn same(&self, _path: &str, _wanted: &Value, _live: &Value) -> bool {
        false
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>>;
    fn finish<'a>(&'a self, _: &'a Cx, _id: &'a str, _new: &'a Value) -> BoxFuture<'a, Result<()>> {
        done(())
    }
    fn ready<'a>(&'a self, _: &'a Cx, _id: &'a str, _new: &'a Value) -> BoxFuture<'a, Result<()>> {
        done(())
    }
    fn read_many<'a>(
        &'a self,
        _: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        done(vec![None; ids.len()])
    }
    fn update<'a>(
        &'a self,
        _: &'a Cx,
        _id: &'a str,
        _old: &'a Value,
        _new: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        done(())
    }
    fn renamed<'a>(
        &'a self,
        _: &'a Cx,
        id: &'a str,
        _new: &'a Value,
    ) -> BoxFuture<'a, Result<String>> {
        done(id.to_owned())
    }
    fn delete<'a>(
        &'a self,
        _: &'a Cx,
        _id: &'a str,
        _last: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        done(())
    }
    fn holders<'a>(&'a self, _: &'a Cx, _id: &'a str) -> BoxFuture<'a, Result<Vec<String>>> {
        done(Vec::new())
    }
    fn gone<'a>(&'a self, _: &'a Cx, _id: &'a str) -> BoxFuture<'a, Result<()>> {
        done(())
    }
    /// What was made in no cloud is made again, and is the same.
    fn find<'a>(&'a self, _: &'a Cx, _new: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        done(None)
    }
    /// The outputs of a local type from an id given with `import:`.
    fn adopt(&self, _id: &str, _inputs: &Value) -> Result<Value> {
        Err(Error::invalid("import", format!("{} cannot be imported", self.token())))
    }
}

fn done<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, Result<T>> {
    Box::pin(ready(Ok(answer)))
}

/// `Function` without its types.
pub trait AnyFunction: Send + Sync {
    fn token(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn is_pure(&self) -> bool;
    /// The answer of one that asks nobody and never waits.
    fn at_once(&self, _: &Value) -> Option<Result<Value>> {
        None
    }
    fn call<'a>(&'a self, cx: &'a Cx, args: &'a Value) -> BoxFuture<'a, Result<Value>>;
}

/// Every type and function there is, by token.
#[derive(Default)]
pub struct Registry {
    resources: BTreeMap<String, Box<dyn AnyResource>>,
    functions: BTreeMap<String, Box<dyn AnyFunction>>,
    /// Lower-cased token or alias to canonical token.
    names: BTreeMap<String, String>,
    /// Functions that a program cannot use here, by lower-cased token, with
    /// the reason.
    refused: BTreeMap<String, String>,
}

impl Registry {
    pub fn new(resources: Vec<Box<dyn AnyResource>>, functions: Vec<Box<dyn AnyFunction>>) -> Self {
        let mut registry = Self::default();
        for it in resources {
            let token = it.token().to_owned();
            for alias in it.aliases() {
                registry.names.insert(alias.to_lowercase(), token.clone());
            }
            registry.names.insert(token.to_lowercase(), token.clone());
            registry.resources.insert(token, it);
        }
        for it in functions {
            let token = it.token().to_owned();
            registry.names.insert(token.to_lowercase(), token.clone());
            registry.functions.insert(token, it);
        }
        registry
    }

    /// Types that no author wrote: components of the program, or of the state.
    pub fn know_components(&mut self, tokens: impl Iterator<Item = String>) {
        for token in tokens {
            self.resources.entry(token.clone()).or_insert_with(|| Echo::component(&token));
        }
    }

    /// Names functions that are not there, and says why.
    pub fn refuse(&mut self, functions: impl IntoIterator<Item = (String, String)>) {
        let functions = functions.into_iter();
        self.refused.extend(functions.map(|(token, why)| (token.to_lowercase(), why)));
    }

    pub fn refused(&self, token: &str) -> Option<&str> {
        spellings(token).into_iter().find_map(|it| self.refused.get(&it)).map(String::as_str)
    }

    pub fn resource(&self, token: &str) -> Option<&dyn AnyResource> {
        self.resources.get(token).map(AsRef::as_ref)
    }

    pub fn function(&self, token: &str) -> Option<&dyn AnyFunction> {
        self.functions.get(token).map(AsRef::as_ref)
    }

    /// An id of this type, as programs read it.
    pub fn shown_id(&self, token: &str, id: Value) -> Value {
        match (self.resource(token), &id) {
            (Some(kind), Value::String(text)) => Value::string(kind.shown_id(text)),
            _ => id,
        }
    }

    /// The canonical token for any of its spellings: as written, `pkg:Name`
    /// as `pkg:index:Name`, `pkg:mod:Name` as `pkg:mod/name:Name`.
    pub fn canonical(&self, token: &str) -> Option<&str> {
        spellings(token).into_iter().find_map(|it| self.names.get(&it)).map(String::as_str)
    }

    pub fn resource_tokens(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    pub fn function_tokens(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

/// The lower-cased canonical tokens that a written token may stand for.
fn spellings(token: &str) -> Vec<String> {
    let lower = token.to_lowercase();
    let mut all = vec![lower.clone()];
    let parts: Vec<&str> = lower.split(':').collect();
    if let [package, name] = parts[..] {
        all.push(format!("{package}:index:{name}"));
        all.push(format!("{package}:index/{name}:{name}"));
    }
    if let [package, module, name] = parts[..] {
        all.push(format!("{package}:{module}/{name}:{name}"));
    }
    all
}
