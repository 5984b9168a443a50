//! The registry as the language sees it.

use super::ask;
use crate::{
    lang::{Catalog, eval::Question},
    model::{Schema, Value},
    provider::{AnyFunction, AnyResource, Registry},
};

impl Catalog for Registry {
    fn canonical(&self, token: &str) -> Option<String> {
        self.canonical(token).map(str::to_owned)
    }
    fn resource(&self, token: &str) -> Option<&Schema> {
        self.resource(token).map(AnyResource::schema)
    }
    fn function(&self, token: &str) -> Option<&Schema> {
        self.function(token).map(AnyFunction::schema)
    }
    fn resources(&self) -> Vec<String> {
        self.resource_tokens().map(str::to_owned).collect()
    }
    fn functions(&self) -> Vec<String> {
        self.function_tokens().map(str::to_owned).collect()
    }
    fn refused(&self, token: &str) -> Option<String> {
        self.refused(token).map(str::to_owned)
    }
    fn at_once(&self, question: &Question) -> Option<Result<Value, String>> {
        let Question::Invoke { token, arguments, .. } = question else { return None };
        let function = self.function(self.canonical(token)?)?;
        let arguments = ask::arguments(function, arguments);
        let answer = arguments.map(|it| function.at_once(&it)).transpose()?;
        Some(answer.and_then(|it| it.map_err(|it| it.to_string())))
    }
}
