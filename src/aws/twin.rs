//! One declaration per part of a large resource: its properties in a program's
//! words and, from the same lines, both ways of conversion to the SDK's type.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
    marker::PhantomData,
};

use aws_smithy_types::{DateTime, date_time::Format, error::operation::BuildError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _},
    ser::SerializeMap as _,
};
use serde_json::Value as Json;

use crate::provider::{Error, IdOrArn, Kind, Result, Set};

/// The same thing in a program's words and in the SDK's.
pub(super) trait Twin: Sized {
    type Sdk;
    fn to_sdk(&self) -> Result<Self::Sdk>;
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self>;
}

/// A property that must be given (`T`) or may be (`Option<T>`).
pub(super) trait Field: Sized {
    type Sdk;
    fn put(&self) -> Result<Option<Self::Sdk>>;
    fn take(sdk: Option<&Self::Sdk>) -> Result<Self>;
    fn absent(&self) -> bool;
}

impl<T: Twin> Field for T {
    type Sdk = T::Sdk;
    fn put(&self) -> Result<Option<T::Sdk>> {
        self.to_sdk().map(Some)
    }
    fn take(sdk: Option<&T::Sdk>) -> Result<Self> {
        Self::from_sdk(sdk.ok_or(Error::missing(std::any::type_name::<T::Sdk>()))?)
    }
    fn absent(&self) -> bool {
        false
    }
}

impl<T: Twin> Field for Option<T> {
    type Sdk = T::Sdk;
    fn put(&self) -> Result<Option<T::Sdk>> {
        self.as_ref().map(T::to_sdk).transpose()
    }
    fn take(sdk: Option<&T::Sdk>) -> Result<Self> {
        sdk.map(T::from_sdk).transpose()
    }
    fn absent(&self) -> bool {
        self.is_none()
    }
}

/// A field of an SDK type, which is `T` where AWS always tells it and
/// `Option<T>` elsewhere.
pub(super) trait Given<T> {
    fn given(&self) -> Option<&T>;
}

impl<T> Given<T> for T {
    fn given(&self) -> Option<&T> {
        Some(self)
    }
}

impl<T> Given<T> for Option<T> {
    fn given(&self) -> Option<&T> {
        self.as_ref()
    }
}

/// What a builder answers, which may fail only where AWS requires a field.
pub(super) trait Built<T> {
    fn built(self) -> Result<T>;
}

impl<T> Built<T> for T {
    fn built(self) -> Result<T> {
        Ok(self)
    }
}

impl<T> Built<T> for std::result::Result<T, BuildError> {
    fn built(self) -> Result<T> {
        self.map_err(|error| Error::new(Kind::Broken, "", error.to_string()))
    }
}

/// A struct with the properties on the left, which are the SDK type's fields
/// and builder methods on the right.
macro_rules! twin {
    ($(#[$meta:meta])* $name:ident = $sdk:ty {
        $($(#[$attr:meta])* $field:ident: $type:ty => $theirs:ident, $set:ident;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $(
                $(#[$attr])*
                #[serde(skip_serializing_if = "crate::aws::twin::Field::absent")]
                pub(super) $field: $type,
            )*
        }

        crate::aws::twin::both_ways! { $name = $sdk { $($field: $type => $theirs, $set;)* } }
    };
}
pub(super) use twin;

/// The same for parts that are written down in AWS's own names, and are no
/// properties of a program.
macro_rules! wire {
    ($(#[$meta:meta])* $name:ident = $sdk:ty {
        $($(#[$attr:meta])* $field:ident: $type:ty => $theirs:ident, $set:ident;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct $name {
            $(
                $(#[$attr])*
                #[serde(skip_serializing_if = "crate::aws::twin::Field::absent")]
                $field: $type,
            )*
        }

        crate::aws::twin::both_ways! { $name = $sdk { $($field: $type => $theirs, $set;)* } }
    };
}
pub(super) use wire;

macro_rules! both_ways {
    ($name:ident = $sdk:ty { $($field:ident: $type:ty => $theirs:ident, $set:ident;)* }) => {
        impl crate::aws::twin::Twin for $name {
            type Sdk = $sdk;

            fn to_sdk(&self) -> crate::provider::Result<Self::Sdk> {
                use crate::aws::twin::{Built, Field};
                let builder = <Self::Sdk>::builder()$(.$set(Field::put(&self.$field)?))*;
                Built::<Self::Sdk>::built(builder.build())
            }

            fn from_sdk(sdk: &Self::Sdk) -> crate::provider::Result<Self> {
                use crate::aws::twin::{Field, Given};
                Ok(Self {
                    $($field: <$type as Field>::take(
                        Given::<<$type as Field>::Sdk>::given(&sdk.$theirs),
                    )?,)*
                })
            }
        }
    };
}
pub(super) use both_ways;

macro_rules! plain {
    ($($type:ty)*) => { $(
        impl Twin for $type {
            type Sdk = Self;
            fn to_sdk(&self) -> Result<Self> {
                Ok(self.clone())
            }
            fn from_sdk(sdk: &Self) -> Result<Self> {
                Ok(sdk.clone())
            }
        }
    )* };
}
plain! { String bool i32 i64 f64 }

impl<T: Twin> Twin for Vec<T> {
    type Sdk = Vec<T::Sdk>;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        self.iter().map(T::to_sdk).collect()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        sdk.iter().map(T::from_sdk).collect()
    }
}

impl<T: Twin> Twin for Set<T> {
    type Sdk = Vec<T::Sdk>;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        self.0.to_sdk()
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        Vec::from_sdk(sdk).map(Self)
    }
}

impl Twin for BTreeMap<String, String> {
    type Sdk = HashMap<String, String>;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        Ok(self.clone().into_iter().collect())
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        Ok(sdk.clone().into_iter().collect())
    }
}

impl<T: Twin> Twin for Box<T> {
    type Sdk = Box<T::Sdk>;
    fn to_sdk(&self) -> Result<Self::Sdk> {
        self.as_ref().to_sdk().map(Box::new)
    }
    fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
        T::from_sdk(sdk).map(Self::new)
    }
}

/// One of AWS's words, `EXACTLY`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word<E>(pub(super) E);

/// An enum of the SDK.
pub(super) trait Words {
    fn all() -> &'static [&'static str];
}

macro_rules! words {
    ($sdk:ident: $($name:ident)*) => { $(
        impl crate::aws::twin::Words for $sdk::types::$name {
            fn all() -> &'static [&'static str] {
                Self::values()
            }
        }
    )* };
}
pub(super) use words;

impl<E: AsRef<str>> Serialize for Word<E> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_ref())
    }
}

impl<'de, E: for<'a> From<&'a str>> Deserialize<'de> for Word<E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(from).map(|word| Self(E::from(word.as_str())))
    }
}

impl<E: Words> JsonSchema for Word<E> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": E::all() })
    }
}

impl<E: Clone> Twin for Word<E> {
    type Sdk = E;
    fn to_sdk(&self) -> Result<E> {
        Ok(self.0.clone())
    }
    fn from_sdk(sdk: &E) -> Result<Self> {
        Ok(Self(sdk.clone()))
    }
}

/// Set by being there: `none: {}`
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// `Empty` for each of the SDK's types without fields.
pub(super) struct Unit<S>(PhantomData<fn() -> S>);

macro_rules! units {
    ($sdk:ident: $($name:ident)*) => { $(
        impl crate::aws::twin::Twin for crate::aws::twin::Unit<$sdk::types::$name> {
            type Sdk = $sdk::types::$name;
            fn to_sdk(&self) -> crate::provider::Result<Self::Sdk> {
                Ok(<Self::Sdk>::builder().build())
            }
            fn from_sdk(_: &Self::Sdk) -> crate::provider::Result<Self> {
                Ok(Self::there())
            }
        }
    )* };
}
pub(super) use units;

impl<S> Unit<S> {
    pub(super) fn there() -> Self {
        Self(PhantomData)
    }
}

impl<S> Clone for Unit<S> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<S> PartialEq for Unit<S> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<S> fmt::Debug for Unit<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{}")
    }
}

impl<S> Serialize for Unit<S> {
    fn serialize<T: Serializer>(&self, to: T) -> std::result::Result<T::Ok, T::Error> {
        to.serialize_map(Some(0))?.end()
    }
}

impl<'de, S> Deserialize<'de> for Unit<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        Empty::deserialize(from).map(|Empty {}| Self(PhantomData))
    }
}

impl<S> JsonSchema for Unit<S> {
    fn schema_name() -> Cow<'static, str> {
        Empty::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Empty::json_schema(generator)
    }
}

impl Twin for IdOrArn {
    type Sdk = String;
    fn to_sdk(&self) -> Result<String> {
        Ok(self.0.clone())
    }
    fn from_sdk(sdk: &String) -> Result<Self> {
        Ok(Self(sdk.clone()))
    }
}

/// A moment in UTC, `2026-01-31T08:00:00Z`, in the one spelling that AWS has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moment(pub(super) DateTime);

impl Moment {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let it = DateTime::from_str(text, Format::DateTime).ok().map(Self)?;
        (it.to_string() == text).then_some(it)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A year that the format cannot say is none that AWS takes.
        out.write_str(&self.0.fmt(Format::DateTime).unwrap_or_default())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let odd = || D::Error::custom("is no moment like `2026-01-31T08:00:00Z`");
        Self::parse(&text).ok_or_else(odd)
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Twin for Moment {
    type Sdk = DateTime;
    fn to_sdk(&self) -> Result<DateTime> {
        Ok(self.0)
    }
    fn from_sdk(sdk: &DateTime) -> Result<Self> {
        Ok(Self(*sdk))
    }
}

/// Whether what is live says all that is wanted, whatever else AWS added to
/// it: for things that bear no tags to know them by.
pub(super) fn covers(live: &impl Serialize, wanted: &impl Serialize) -> Result<bool> {
    let json = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
    let live = serde_json::to_value(live).map_err(json)?;
    Ok(holds(&live, &serde_json::to_value(wanted).map_err(json)?))
}

fn holds(live: &Json, wanted: &Json) -> bool {
    match (live, wanted) {
        (_, wanted) if is_nothing(wanted) => true,
        (Json::Object(live), Json::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| holds(live.get(key).unwrap_or(&Json::Null), wanted))
        }
        (Json::Array(live), Json::Array(wanted)) => {
            live.len() == wanted.len()
                && wanted.iter().all(|wanted| live.iter().any(|live| holds(live, wanted)))
        }
        (live, wanted) => live == wanted,
    }
}

/// What to send to a call that resets all that it is not told: `new`, and
/// from `live` the properties that neither `old` nor `new` says.
pub(super) fn kept<T: Serialize + DeserializeOwned>(
    live: &impl Serialize,
    old: &T,
    new: &T,
) -> Result<T> {
    let broken = |error: serde_json::Error| Error::new(Kind::Broken, "", error.to_string());
    let json = |it| serde_json::to_value(it).map_err(broken);
    let live = serde_json::to_value(live).map_err(broken)?;
    let (old, mut new) = (json(old)?, json(new)?);
    for (name, value) in new.as_object_mut().into_iter().flatten() {
        if value.is_null() && old[name.as_str()].is_null() {
            *value = live[name.as_str()].clone();
        }
    }
    serde_json::from_value(new).map_err(broken)
}

/// Many services answer nothing for what was set to nothing.
fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(list) => list.is_empty(),
        Json::Object(map) => map.values().all(is_nothing),
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_aws_adds_does_not_matter_and_what_is_wanted_does() {
        let live = json!({ "a": [{ "x": 1, "id": "made-up" }, { "x": 2 }], "b": "", "c": true });
        let covered = |wanted: Json| covers(&live, &wanted) == Ok(true);
        assert!(covered(json!({ "a": [{ "x": 2 }, { "x": 1 }], "b": null, "d": false })));
        assert!(!covered(json!({ "a": [{ "x": 1 }] })));
        assert!(!covered(json!({ "a": [{ "x": 1 }, { "x": 3 }] })));
        assert!(!covered(json!({ "c": false, "d": "x" })));
    }

    #[test]
    fn what_nobody_said_is_kept_and_what_is_unsaid_is_not() {
        let live = json!({ "a": 1, "b": 2, "c": 3, "arn": "x" });
        let old = json!({ "a": 1, "b": 2, "c": null });
        let new = json!({ "a": null, "b": 5, "c": null });
        let wanted = json!({ "a": null, "b": 5, "c": 3 });
        assert_eq!(kept(&live, &old, &new), Ok(wanted));
    }

    #[test]
    fn moments_have_one_spelling() {
        let text = "2026-01-31T08:00:00Z";
        assert_eq!(Moment::parse(text).map(|it| it.to_string()).as_deref(), Some(text));
        for odd in ["2026-01-31", "2026-01-31T08:00:00+01:00", "2026-01-31T08:00:00.000Z", "soon"] {
            assert_eq!(Moment::parse(odd), None, "{odd}");
        }
    }
}
