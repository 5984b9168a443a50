//! `pulumi:providers:*` and `pulumi:index:Stash`: kept in the state like any
//! resource, made nowhere.

use futures_util::future::BoxFuture;

use crate::{
    model::{Map, Schema, Value},
    provider::{AnyResource, Cx, Made, Place, Result},
};

/// A resource whose outputs are its inputs.
pub(super) struct Echo {
    token: &'static str,
    schema: Schema,
    /// Input kept as another output from the first create on.
    kept: Option<(&'static str, &'static str)>,
}

impl Echo {
    pub(super) fn boxed(
        token: &'static str,
        schema: Schema,
        kept: Option<(&'static str, &'static str)>,
    ) -> Box<dyn AnyResource> {
        Box::new(Self { token, schema, kept })
    }
}

impl AnyResource for Echo {
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
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            let mut outputs = new.as_map().cloned().unwrap_or_default();
            if let Some((input, output)) = self.kept {
                outputs.insert(output.to_owned(), new.get(input).cloned().unwrap_or_default());
            }
            Ok(Made { id: cx.op.clone(), outputs: Some(outputs.into()) })
        })
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
