//! The pure functions of Pulumi's `std` package, which are Terraform's. Each is
//! a row of a table: its name, what it takes, and a plain function.

mod collections;
mod encoding;
mod format;
mod network;
mod numbers;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use serde_json::{Map as JsonMap, Number, Value as Json};

use crate::{
    model::{
        Schema, Value,
        schema::{Object, Property, Type},
    },
    provider::{AnyFunction, Cx, Error, Result},
};

/// What a function takes: `?` after a name makes it optional.
enum Takes {
    Any,
    Text,
    Number,
    List,
    Texts,
    Numbers,
    Lists,
    Map,
    Maps,
    MapOfTexts,
}

type Answer = std::result::Result<Json, String>;

/// Name, arguments, and what it does.
type Row = (&'static str, &'static [(&'static str, Takes)], fn(&Args) -> Answer);

/// Those that Pulumi has and we do not, with what to do instead.
pub fn refused() -> Vec<(String, String)> {
    const FILES: &str = "use `fn::readFile`, `fn::filebase64` or `fn::filebase64sha256`";
    const TIME: &str = "it would differ in every run, and so would what is made of it";
    let all = [
        ("abspath", "a path of this machine has no place in a program; use `${pulumi.cwd}`"),
        ("base64gzip", "its bytes would differ with the program that compresses"),
        (
            "bcrypt",
            "its salt would differ in every run; use `random:RandomPassword`'s `bcryptHash`",
        ),
        ("file", FILES),
        ("filebase64", FILES),
        ("filebase64sha256", FILES),
        ("filebase64sha512", FILES),
        ("fileexists", FILES),
        ("filemd5", FILES),
        ("filesha1", FILES),
        ("filesha256", FILES),
        ("filesha512", FILES),
        ("pathexpand", "a path of this machine has no place in a program"),
        ("rsadecrypt", "a private key has no place in a program; use `config set --secret`"),
        ("timestamp", TIME),
        ("uuid", "it would differ in every run; use `random:RandomUuid`"),
    ];
    all.into_iter().map(|(name, why)| (format!("std:index:{name}"), why.to_owned())).collect()
}

pub(super) fn functions() -> Vec<Box<dyn AnyFunction>> {
    let rows =
        [collections::ROWS, encoding::ROWS, format::ROWS, network::ROWS, numbers::ROWS, text::ROWS];
    let function = |(token, takes, run): &Row| Box::new(Function::new(token, takes, *run)) as _;
    rows.into_iter().flatten().map(function).collect()
}

struct Function {
    token: &'static str,
    schema: Schema,
    run: fn(&Args) -> Answer,
}

impl Function {
    fn new(token: &'static str, takes: &[(&str, Takes)], run: fn(&Args) -> Answer) -> Self {
        let list = |it| Type::List(Box::new(it));
        let map = |it| Type::Map(Box::new(it));
        let text = || Type::String { allowed: Vec::new(), format: None };
        let inputs = takes.iter().map(|(name, takes)| {
            let ty = match takes {
                Takes::Any => Type::Any,
                Takes::Text => text(),
                Takes::Number => Type::Number,
                Takes::List => list(Type::Any),
                Takes::Texts => list(text()),
                Takes::Numbers => list(Type::Number),
                Takes::Lists => list(list(Type::Any)),
                Takes::Map => map(Type::Any),
                Takes::Maps => list(map(Type::Any)),
                Takes::MapOfTexts => map(list(text())),
            };
            let bare = name.trim_end_matches('?');
            (bare.to_owned(), Property { required: bare == *name, ..Property::of(ty) })
        });
        let schema = Schema {
            inputs: Object { properties: inputs.collect() },
            outputs: Object {
                properties: BTreeMap::from([("result".to_owned(), Property::of(Type::Any))]),
            },
            ..Schema::empty(token)
        };
        Self { token, schema, run }
    }

    fn answer(&self, args: &Value) -> Result<Value> {
        let json = args.reveal();
        let map = json.as_object().cloned().unwrap_or_default();
        let result = (self.run)(&Args(map)).map_err(Error::failed)?;
        let answer = serde_json::json!({ "result": result });
        Ok(Value::from_json(&answer))
    }
}

impl AnyFunction for Function {
    fn token(&self) -> &'static str {
        self.token
    }
    fn schema(&self) -> &Schema {
        &self.schema
    }
    fn is_pure(&self) -> bool {
        true
    }
    fn at_once(&self, args: &Value) -> Option<Result<Value>> {
        Some(self.answer(args))
    }
    fn call<'a>(&'a self, _: &'a Cx, args: &'a Value) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move { self.answer(args) })
    }
}

/// Arguments in their declared types.
struct Args(JsonMap<String, Json>);

impl Args {
    fn any(&self, name: &str) -> &Json {
        self.0.get(name).unwrap_or(&Json::Null)
    }

    fn text(&self, name: &str) -> std::result::Result<&str, String> {
        self.any(name).as_str().ok_or_else(|| format!("`{name}` must be a string"))
    }

    fn number(&self, name: &str) -> std::result::Result<f64, String> {
        self.any(name).as_f64().ok_or_else(|| format!("`{name}` must be a number"))
    }

    fn whole(&self, name: &str) -> std::result::Result<i64, String> {
        whole(self.any(name)).ok_or_else(|| format!("`{name}` must be a whole number"))
    }

    fn list(&self, name: &str) -> std::result::Result<&[Json], String> {
        let list = self.any(name).as_array().map(Vec::as_slice);
        list.ok_or_else(|| format!("`{name}` must be a list"))
    }

    fn texts(&self, name: &str) -> std::result::Result<Vec<&str>, String> {
        let texts = self.list(name)?.iter().map(Json::as_str).collect::<Option<_>>();
        texts.ok_or_else(|| format!("`{name}` must be a list of strings"))
    }

    fn numbers(&self, name: &str) -> std::result::Result<Vec<f64>, String> {
        let numbers = self.list(name)?.iter().map(Json::as_f64).collect::<Option<_>>();
        numbers.ok_or_else(|| format!("`{name}` must be a list of numbers"))
    }

    fn lists(&self, name: &str) -> std::result::Result<Vec<&Vec<Json>>, String> {
        let lists = self.list(name)?.iter().map(Json::as_array).collect::<Option<_>>();
        lists.ok_or_else(|| format!("`{name}` must be a list of lists"))
    }

    fn map(&self, name: &str) -> std::result::Result<&JsonMap<String, Json>, String> {
        self.any(name).as_object().ok_or_else(|| format!("`{name}` must be a mapping"))
    }
}

fn whole(value: &Json) -> Option<i64> {
    let float = value.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 9.1e15)?;
    value.as_i64().or_else(|| format!("{float}").parse().ok())
}

/// A number without a fraction is a whole one.
fn number(value: f64) -> Answer {
    if value.fract() == 0.0 && value.abs() < 9.1e15 {
        let whole: i64 = format!("{value}").parse().map_err(|_| "no number".to_owned())?;
        return Ok(whole.into());
    }
    let number = Number::from_f64(value).ok_or("the result is no finite number")?;
    Ok(Json::Number(number))
}

/// As it is in text: what Terraform's `tostring` says.
fn shown(value: &Json) -> std::result::Result<String, String> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(match whole(value) {
            Some(whole) => whole.to_string(),
            None => number.to_string(),
        }),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Null => Ok(String::new()),
        Json::Array(_) | Json::Object(_) => Err("a list or mapping is no text".to_owned()),
    }
}
