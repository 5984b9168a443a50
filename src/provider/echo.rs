//! What is kept in the state like any resource, and made nowhere: providers,
//! `pulumi:index:Stash`, and components, which are the parents of their parts.

use futures_util::future::BoxFuture;

use super::{AnyResource, Cx, Made, Result};
use crate::model::{Schema, Value};

/// A resource whose outputs are those of its inputs that its schema names.
pub struct Echo {
    schema: Schema,
    component: bool,
    /// Input kept as another output from the first create on.
    kept: Option<(&'static str, &'static str)>,
}

impl Echo {
    pub fn boxed(
        schema: Schema,
        kept: Option<(&'static str, &'static str)>,
    ) -> Box<dyn AnyResource> {
        Box::new(Self { schema, component: false, kept })
    }

    pub(super) fn component(token: &str) -> Box<dyn AnyResource> {
        Box::new(Self { schema: Schema::empty(token), component: true, kept: None })
    }
}

impl AnyResource for Echo {
    fn token(&self) -> &str {
        &self.schema.token
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn is_local(&self) -> bool {
        true
    }
    fn is_component(&self) -> bool {
        self.component
    }
    fn create<'a>(&'a self, cx: &'a Cx, new: &'a Value) -> BoxFuture<'a, Result<Made>> {
        Box::pin(async move {
            let mut outputs = new.as_map().cloned().unwrap_or_default();
            outputs.retain(|name, _| self.schema.outputs.properties.contains_key(name));
            if let Some((input, output)) = self.kept {
                outputs.insert(output.to_owned(), new.get(input).cloned().unwrap_or_default());
            }
            Ok(Made { id: cx.op.clone(), outputs: Some(outputs.into()) })
        })
    }
}
