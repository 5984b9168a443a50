//! A component: the parent of its parts, in the state and nowhere else.

use futures_util::future::BoxFuture;

use super::{AnyResource, Cx, Made, Result};
use crate::model::{Map, Place, Schema, Value};

pub(super) struct Component {
    schema: Schema,
}

impl Component {
    pub(super) fn new(token: &str) -> Self {
        Self { schema: Schema::empty(token) }
    }
}

impl AnyResource for Component {
    fn token(&self) -> &str {
        &self.schema.token
    }
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn is_local(&self) -> bool {
        true
    }
    fn is_component(&self) -> bool {
        true
    }
    fn key(&self) -> &'static [&'static str] {
        &[]
    }
    fn held(&self) -> bool {
        false
    }
    fn check(&self, _: &Value) -> Result<()> {
        Ok(())
    }
    fn predict(&self, _: &Place, _: &Value) -> Map {
        Map::new()
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
    fn create<'a>(&'a self, cx: &'a Cx, _: &'a Value) -> BoxFuture<'a, Result<Made>> {
        let made = Made { id: cx.op.clone(), outputs: Some(Map::new().into()) };
        Box::pin(async { Ok(made) })
    }
    fn finish<'a>(&'a self, _: &'a Cx, _: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn ready<'a>(&'a self, _: &'a Cx, _: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn read_many<'a>(
        &'a self,
        _: &'a Cx,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Vec<Option<Value>>>> {
        Box::pin(async move { Ok(vec![None; ids.len()]) })
    }
    fn update<'a>(
        &'a self,
        _: &'a Cx,
        _: &'a str,
        _: &'a Value,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn renamed<'a>(
        &'a self,
        _: &'a Cx,
        id: &'a str,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move { Ok(id.to_owned()) })
    }
    fn delete<'a>(&'a self, _: &'a Cx, _: &'a str, _: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn gone<'a>(&'a self, _: &'a Cx, _: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }
    fn find<'a>(&'a self, _: &'a Cx, _: &'a Value) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async { Ok(None) })
    }
}
