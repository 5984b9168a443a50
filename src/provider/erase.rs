//! Typed to `dyn`: serde and boxing, and what is the same for every type
//! (`region`, `tagsAll`). Nothing else here knows both sides.

use std::{marker::PhantomData, sync::OnceLock};

use futures_util::{
    StreamExt as _,
    future::BoxFuture,
    stream::{self, TryStreamExt as _},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    AnyFunction, AnyResource, Cx, Error, Function, Kind, Local, Lot, Made, Place, Resource, Result,
    schema,
};
use crate::model::{Map, Schema, Value};

pub fn resource<R: Resource>() -> Box<dyn AnyResource> {
    Box::new(Erased::<R> { schema: OnceLock::new(), of: PhantomData })
}

pub fn local<L: Local>() -> Box<dyn AnyResource> {
    Box::new(ErasedLocal::<L> { schema: OnceLock::new(), of: PhantomData })
}

pub fn function<F: Function>() -> Box<dyn AnyFunction> {
    Box::new(ErasedFunction::<F> { schema: OnceLock::new(), of: PhantomData })
}

/// How many single reads of one type run at a time.
const READS: usize = 16;

/// The default `read_many`.
pub(super) async fn all<T: Send>(reads: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    stream::iter(reads).buffered(READS).try_collect().await
}

struct Erased<R> {
    schema: OnceLock<Schema>,
    of: PhantomData<fn() -> R>,
}

impl<R: Resource> AnyResource for Erased<R> {
    fn token(&self) -> &'static str {
        R::TYPE
    }
    fn aliases(&self) -> &'static [&'static str] {
        R::ALIASES
    }
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| schema::of::<R::Inputs, R::Outputs>(R::TYPE, R::REFUSED))
    }
    fn is_local(&self) -> bool {
        false
    }
    fn key(&self) -> &'static [&'static str] {
        R::KEY
    }
    fn held(&self) -> bool {
        R::HELD
    }
    fn anonymous(&self) -> bool {
        R::ANONYMOUS
    }
    fn waits_aside(&self) -> bool {
        R::WAITS_ASIDE
    }
    fn check(&self, inputs: &Value) -> Result<()> {
        R::check(&typed(inputs)?)
    }
    fn predict(&self, place: &Place, inputs: &Value) -> Map {
        R::predict(place, inputs)
    }
    fn serial(&self, inputs: &Value) -> Option<String> {
        R::serial(&typed(inputs).ok()?)
    }
    fn name_suffix(&self, inputs: &Value) -> &'static str {
        R::name_suffix(inputs)
    }
    fn shown_id<'a>(&self, id: &'a str) -> &'a str {
        R::shown_id(id)
    }
    fn same(&self, path: &str, wanted: &Value, live: &Value) -> bool {
        R::same(path, wanted, live)
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            let new = typed(new)?;
            match R::create_told(cx, &new).await? {
                Some((id, told)) => Ok(Made { id, outputs: Some(common(cx, &told)?) }),
                None => Ok(Made { id: R::create(cx, &new).await?, outputs: None }),
            }
        })
    }
    fn finish<'a>(&'a self, cx: &'a Cx, id: &'a str, new: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { R::finish(cx, id, &typed(new)?).await })
    }
    fn ready<'a>(&'a self, cx: &'a Cx, id: &'a str, new: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { R::ready(cx, id, &typed(new)?).await })
    }
    fn read_many<'a>(
        &'a self,
        cx: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        Box::pin(async move {
            let found = R::read_many(cx, ids).await?;
            assert_eq!(found.len(), ids.len(), "one answer per id asked of {}", R::TYPE);
            found.into_iter().map(|it| it.map(|it| common(cx, &it)).transpose()).collect()
        })
    }
    fn update<'a>(
        &'a self,
        cx: &'a Cx,
        id: &'a str,
        old: &'a Value,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { R::update(cx, id, &typed(old)?, &typed(new)?).await })
    }
    fn renamed<'a>(
        &'a self,
        cx: &'a Cx,
        id: &'a str,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { R::renamed(cx, id, &typed(new)?).await })
    }
    fn delete<'a>(&'a self, cx: &'a Cx, id: &'a str, last: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { R::delete(cx, id, &typed(last)?).await })
    }
    fn holders<'a>(&'a self, cx: &'a Cx, id: &'a str) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(R::holders(cx, id))
    }
    fn gone<'a>(&'a self, cx: &'a Cx, id: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(R::gone(cx, id))
    }
    fn find<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move { R::find(cx, &typed(new)?).await })
    }
}

struct ErasedLocal<L> {
    schema: OnceLock<Schema>,
    of: PhantomData<fn() -> L>,
}

impl<L: Local> AnyResource for ErasedLocal<L> {
    fn token(&self) -> &'static str {
        L::TYPE
    }
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| schema::of_local::<L::Inputs, L::Outputs>(L::TYPE, L::REFUSED))
    }
    fn is_local(&self) -> bool {
        true
    }
    fn check(&self, inputs: &Value) -> Result<()> {
        L::check(&typed(inputs)?)
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            let seed = cx.seed.as_deref().expect("the planner draws a lot for every local create");
            let (id, outputs) = L::make(&Lot::parse(seed)?, &typed(new)?)?;
            Ok(Made { id, outputs: Some(untyped(&outputs)?) })
        })
    }
    fn adopt(&self, id: &str, inputs: &Value) -> Result<Value> {
        untyped(&L::adopt(id, &typed(inputs)?)?)
    }
}

struct ErasedFunction<F> {
    schema: OnceLock<Schema>,
    of: PhantomData<fn() -> F>,
}

impl<F: Function> AnyFunction for ErasedFunction<F> {
    fn token(&self) -> &'static str {
        F::TOKEN
    }
    fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| schema::of::<F::Args, F::Output>(F::TOKEN, F::REFUSED))
    }
    fn is_pure(&self) -> bool {
        F::PURE
    }
    fn call<'a>(&'a self, cx: &'a Cx, args: &'a Value) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let args = typed(args)?;
            untyped(&F::call(cx, &args).await?)
        })
    }
}

/// With what all types of AWS have.
fn common<T: Serialize>(cx: &Cx, outputs: &T) -> Result<Value> {
    let mut value = untyped(outputs)?;
    if let Value::Map(map) = &mut value {
        if let Some(tags) = map.get("tags").cloned() {
            map.entry("tagsAll".to_owned()).or_insert(tags);
        }
        map.insert("region".to_owned(), Value::string(&cx.place.region));
    }
    Ok(value)
}

/// `region` is the engine's business: it chooses the clients by it.
fn typed<T: DeserializeOwned>(value: &Value) -> Result<T> {
    let mut json = value.reveal();
    if let Some(map) = json.as_object_mut() {
        map.remove("region");
        map.retain(|_, it| !it.is_null());
    }
    serde_json::from_value(json).map_err(|error| {
        Error::new(Kind::Invalid { property: String::new() }, "", error.to_string())
    })
}

fn untyped<T: Serialize>(value: &T) -> Result<Value> {
    let json = serde_json::to_value(value)
        .map_err(|error| Error::new(Kind::Broken, "", error.to_string()))?;
    Ok(Value::from_json(&json))
}
