//! Pulumi YAML to a `Program`, and expressions to values. No IO except in
//! `load.rs`; knows no provider: types come in as `Schema`s by a `Catalog`.

pub mod ast;
pub mod builtin;
pub mod check;
pub mod config;
pub mod diag;
pub mod editor;
pub mod eval;
pub mod expand;
pub mod interpolate;
pub mod load;
pub mod nearest;
pub mod parse;
pub mod providers;
pub mod secure;
pub mod syntax;

use crate::model::{Schema, Value};

/// What types and functions there are.
pub trait Catalog {
    /// The canonical token for any spelling of it.
    fn canonical(&self, token: &str) -> Option<String>;
    /// By canonical token.
    fn resource(&self, token: &str) -> Option<&Schema>;
    /// By canonical token.
    fn function(&self, token: &str) -> Option<&Schema>;
    /// Canonical tokens of all resource types, for "did you mean".
    fn resources(&self) -> Vec<String>;
    /// Canonical tokens of all functions, for "did you mean".
    fn functions(&self) -> Vec<String>;
    /// Why a function is not there, for any spelling of it.
    fn refused(&self, _token: &str) -> Option<String> {
        None
    }
    /// The answer to a question that asks nobody.
    fn at_once(&self, _question: &eval::Question) -> Option<Result<Value, String>> {
        None
    }
}
