//! What a step does at this moment: an interrupt may leave a step that only
//! waits, and may not cut a call that changes something.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
};

use futures_util::future::BoxFuture;

use crate::{
    model::{Map, Schema, Value},
    provider::{AnyResource, Cx, Kind, Made, Place, Result},
};

/// No call is out: the step connects, or pauses before it tries again.
const BETWEEN: u8 = 0;
/// A method that only reads.
const LOOKING: u8 = 1;
/// The same, and it has said that it waits for something.
const WAITING: u8 = 2;
/// A method that changes something.
const CHANGING: u8 = 3;
/// `ready` looks.
const READYING: u8 = 4;
/// The same, and it has said that it waits.
const AWAITING: u8 = 5;

/// Shared by a step's calls and the loop that runs them.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    now: Arc<AtomicU8>,
    doubt: Arc<AtomicBool>,
}

impl Watch {
    /// Whether the step may be left here: its journal row stays open, and
    /// nothing is under way that its next run could not see.
    pub(super) fn may_leave(&self) -> bool {
        matches!(self.now.load(Relaxed), BETWEEN | WAITING | AWAITING)
    }

    /// Whether the step waits for what it made to be ready.
    pub(super) fn awaits(&self) -> bool {
        self.now.load(Relaxed) == AWAITING
    }

    /// The step has said what it waits for.
    pub(super) fn said(&self) {
        // Fails when it does something else, which is not a wait.
        for (looks, waits) in [(LOOKING, WAITING), (READYING, AWAITING)] {
            let _ = self.now.compare_exchange(looks, waits, Relaxed, Relaxed);
        }
    }

    /// Whether a create was sent whose answer was lost.
    pub(super) fn in_doubt(&self) -> bool {
        self.doubt.load(Relaxed)
    }
}

/// A resource type whose calls are watched.
pub(super) struct Watched<'a> {
    pub kind: &'a dyn AnyResource,
    pub watch: &'a Watch,
}

impl Watched<'_> {
    fn during<'b, T: 'b>(
        &'b self,
        what: u8,
        call: BoxFuture<'b, Result<T>>,
    ) -> BoxFuture<'b, Result<T>> {
        Box::pin(async move {
            self.watch.now.store(what, Relaxed);
            let result = call.await;
            self.watch.now.store(BETWEEN, Relaxed);
            result
        })
    }
}

impl AnyResource for Watched<'_> {
    fn token(&self) -> &str {
        self.kind.token()
    }
    fn aliases(&self) -> &'static [&'static str] {
        self.kind.aliases()
    }
    fn schema(&self) -> &Schema {
        self.kind.schema()
    }
    fn is_local(&self) -> bool {
        self.kind.is_local()
    }
    fn is_component(&self) -> bool {
        self.kind.is_component()
    }
    fn key(&self) -> &'static [&'static str] {
        self.kind.key()
    }
    fn held(&self) -> bool {
        self.kind.held()
    }
    fn anonymous(&self) -> bool {
        self.kind.anonymous()
    }
    fn waits_aside(&self) -> bool {
        self.kind.waits_aside()
    }
    fn check(&self, inputs: &Value) -> Result<()> {
        self.kind.check(inputs)
    }
    fn predict(&self, place: &Place, inputs: &Value) -> Map {
        self.kind.predict(place, inputs)
    }
    fn serial(&self, inputs: &Value) -> Option<String> {
        self.kind.serial(inputs)
    }
    fn name_suffix(&self, inputs: &Value) -> &'static str {
        self.kind.name_suffix(inputs)
    }
    fn same(&self, path: &str, wanted: &Value, live: &Value) -> bool {
        self.kind.same(path, wanted, live)
    }
    fn shown_id<'a>(&self, id: &'a str) -> &'a str {
        self.kind.shown_id(id)
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        let create = async move {
            let made = self.kind.create(cx, new).await;
            if made.as_ref().is_err_and(|it| it.kind == Kind::Ambiguous) {
                self.watch.doubt.store(true, Relaxed);
            }
            made
        };
        self.during(CHANGING, Box::pin(create))
    }
    fn finish<'a>(&'a self, cx: &'a Cx, id: &'a str, new: &'a Value) -> BoxFuture<'a, Result<()>> {
        self.during(CHANGING, self.kind.finish(cx, id, new))
    }
    fn ready<'a>(&'a self, cx: &'a Cx, id: &'a str, new: &'a Value) -> BoxFuture<'a, Result<()>> {
        self.during(READYING, self.kind.ready(cx, id, new))
    }
    fn read_many<'a>(
        &'a self,
        cx: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        self.during(LOOKING, self.kind.read_many(cx, ids))
    }
    fn update<'a>(
        &'a self,
        cx: &'a Cx,
        id: &'a str,
        old: &'a Value,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        self.during(CHANGING, self.kind.update(cx, id, old, new))
    }
    fn renamed<'a>(
        &'a self,
        cx: &'a Cx,
        id: &'a str,
        new: &'a Value,
    ) -> BoxFuture<'a, Result<String>> {
        self.during(CHANGING, self.kind.renamed(cx, id, new))
    }
    fn delete<'a>(&'a self, cx: &'a Cx, id: &'a str, last: &'a Value) -> BoxFuture<'a, Result<()>> {
        self.during(CHANGING, self.kind.delete(cx, id, last))
    }
    fn holders<'a>(&'a self, cx: &'a Cx, id: &'a str) -> BoxFuture<'a, Result<Vec<String>>> {
        self.during(LOOKING, self.kind.holders(cx, id))
    }
    fn gone<'a>(&'a self, cx: &'a Cx, id: &'a str) -> BoxFuture<'a, Result<()>> {
        self.during(LOOKING, self.kind.gone(cx, id))
    }
    fn find<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        self.during(LOOKING, self.kind.find(cx, new))
    }
    fn adopt(&self, id: &str, inputs: &Value) -> Result<Value> {
        self.kind.adopt(id, inputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A method with a body of its own in the trait would be called there, and
    /// not of the type.
    #[test]
    fn every_method_is_handed_on() {
        let seam = include_str!("../provider/mod.rs");
        let seam = seam.split("pub trait AnyResource").nth(1).expect("the trait");
        let seam = seam.split("\n}").next().expect("its end");
        let own = include_str!("watch.rs");
        let names: Vec<&str> = seam
            .split("    fn ")
            .skip(1)
            .filter_map(|it| {
                it.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next()
            })
            .collect();
        assert!(names.len() > 15, "{names:?}");
        for name in names {
            assert!(own.contains(&format!("self.kind.{name}(")), "`{name}` is not handed on");
        }
    }

    #[test]
    fn only_what_waits_may_be_left() {
        let watch = Watch::default();
        let now = |it| watch.now.store(it, Relaxed);
        assert!(watch.may_leave(), "nothing is out");
        for (during, quiet, told) in [(LOOKING, false, true), (CHANGING, false, false)] {
            now(during);
            assert_eq!(watch.may_leave(), quiet);
            watch.said();
            assert_eq!(watch.may_leave(), told);
            now(BETWEEN);
            assert!(watch.may_leave());
        }
    }
}
