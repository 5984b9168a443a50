//! The registry as the language sees it.

use crate::{
    lang::Catalog,
    model::Schema,
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
}
