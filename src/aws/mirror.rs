//! Blocks of settings that a program writes field for field as AWS takes and
//! tells them: `block!` declares one together with both ways. Where it is used,
//! `sdk` is the module of the SDK's types.

use std::{borrow::Cow, fmt, str::FromStr};

use aws_smithy_types::{DateTime, date_time::Format};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::provider::Set;

/// As AWS takes it.
pub(in crate::aws) trait Sent<T> {
    fn sent(&self) -> T;
}

/// From what AWS tells.
pub(in crate::aws) trait Live<T>: Sized {
    fn live(it: T) -> Self;
}

/// The same type on both sides.
macro_rules! plain {
    ($($ty:ty),*) => { $(
        impl Sent<$ty> for $ty {
            fn sent(&self) -> $ty {
                self.clone()
            }
        }
        impl Live<$ty> for $ty {
            fn live(it: $ty) -> Self {
                it
            }
        }
    )* };
}

plain!(String, bool, i32, f64);

/// One of a few words, of which AWS may learn more.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::aws) struct Word(pub(in crate::aws) String);

impl<T: for<'a> From<&'a str>> Sent<T> for Word {
    fn sent(&self) -> T {
        self.0.as_str().into()
    }
}

impl<T: ToString> Live<T> for Word {
    fn live(it: T) -> Self {
        Self(it.to_string())
    }
}

/// A flag or a number that Pulumi's schema has as text: `"true"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::aws) struct Text<T>(pub(in crate::aws) T);

/// A flag as text.
pub(in crate::aws) type Truth = Text<bool>;

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(from)? {
            serde_json::Value::String(text) => text,
            plain => plain.to_string(),
        };
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<T> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

impl<T: Clone> Sent<T> for Text<T> {
    fn sent(&self) -> T {
        self.0.clone()
    }
}

impl<T> Live<T> for Text<T> {
    fn live(it: T) -> Self {
        Self(it)
    }
}

/// `2026-01-31T08:00:00Z`
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(with = "String")]
pub(in crate::aws) struct Moment(DateTime);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = self.0.fmt(Format::DateTime).map_err(serde::ser::Error::custom)?;
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        DateTime::from_str(&text, Format::DateTimeWithOffset).map(Self).map_err(D::Error::custom)
    }
}

impl Sent<DateTime> for Moment {
    fn sent(&self) -> DateTime {
        self.0
    }
}

impl Live<DateTime> for Moment {
    fn live(it: DateTime) -> Self {
        Self(it)
    }
}

impl<T, U: Sent<T>> Sent<Vec<T>> for Vec<U> {
    fn sent(&self) -> Vec<T> {
        self.iter().map(Sent::sent).collect()
    }
}

impl<T, U: Live<T>> Live<Vec<T>> for Vec<U> {
    fn live(it: Vec<T>) -> Self {
        it.into_iter().map(Live::live).collect()
    }
}

impl<T, U: Sent<T>> Sent<Vec<T>> for Set<U> {
    fn sent(&self) -> Vec<T> {
        self.0.sent()
    }
}

impl<T, U: Live<T>> Live<Vec<T>> for Set<U> {
    fn live(it: Vec<T>) -> Self {
        Self(Vec::live(it))
    }
}

/// How a block is sent, and how it is told.
macro_rules! mirror {
    ($name:ident: $request:ident, $response:ident { $($field:ident),* $(,)? }) => {
        impl $crate::aws::mirror::Sent<sdk::$request> for $name {
            fn sent(&self) -> sdk::$request {
                let mut it = sdk::$request::builder().build();
                $(it.$field = self.$field.as_ref().map($crate::aws::mirror::Sent::sent);)*
                it
            }
        }
        impl $crate::aws::mirror::Live<sdk::$response> for $name {
            fn live(it: sdk::$response) -> Self {
                Self { $($field: it.$field.map($crate::aws::mirror::Live::live)),* }
            }
        }
    };
}

/// A block, all of whose fields may be left out, and its mirror.
macro_rules! block {
    (
        $(#[$doc:meta])*
        $name:ident: $request:ident, $response:ident {
            $($(#[$meta:meta])* $field:ident: $ty:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$meta])* pub(super) $field: Option<$ty>,)*
        }
        $crate::aws::mirror::mirror!($name: $request, $response { $($field),* });
    };
}

/// From and to, of which either may be open.
macro_rules! ranges {
    ($($name:ident of $ty:ident { $($request:ident, $response:ident;)* })*) => { $(
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            max: Option<$ty>,
            min: Option<$ty>,
        }
        $($crate::aws::mirror::mirror!($name: $request, $response { max, min });)*
    )* };
}

pub(in crate::aws) use {block, mirror, ranges};
