//! One declaration per part of a web ACL: its properties in a program's words
//! and, from the same lines, both ways of conversion to the SDK's type.

use std::{borrow::Cow, fmt, marker::PhantomData};

use aws_sdk_wafv2::{error::BuildError, primitives::Blob};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};

use crate::provider::{Error, Result, Set};

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
        self.map_err(|error| Error::invalid("rules", error.to_string()))
    }
}

/// A struct with the properties on the left, which are the SDK type's fields
/// and builder methods on the right.
macro_rules! twin {
    ($(#[$meta:meta])* $name:ident = $sdk:ident {
        $($(#[$attr:meta])* $field:ident: $type:ty => $theirs:ident, $set:ident;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub(super) struct $name {
            $(
                $(#[$attr])*
                #[serde(skip_serializing_if = "crate::aws::wafv2::twin::Field::absent")]
                pub(super) $field: $type,
            )*
        }

        impl crate::aws::wafv2::twin::Twin for $name {
            type Sdk = aws_sdk_wafv2::types::$sdk;

            fn to_sdk(&self) -> crate::provider::Result<Self::Sdk> {
                use crate::aws::wafv2::twin::{Built, Field};
                let builder = <Self::Sdk>::builder()$(.$set(Field::put(&self.$field)?))*;
                Built::<Self::Sdk>::built(builder.build())
            }

            fn from_sdk(sdk: &Self::Sdk) -> crate::provider::Result<Self> {
                use crate::aws::wafv2::twin::{Field, Given};
                Ok(Self {
                    $($field: <$type as Field>::take(
                        Given::<<$type as Field>::Sdk>::given(&sdk.$theirs),
                    )?,)*
                })
            }
        }
    };
}
pub(super) use twin;

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
plain! { String bool i32 i64 }

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
    ($($name:ident)*) => { $(
        impl Words for aws_sdk_wafv2::types::$name {
            fn all() -> &'static [&'static str] {
                Self::values()
            }
        }
    )* };
}
words! {
    ActionValue BodyParsingFallbackBehavior ComparisonOperator CountryCode DataProtectionAction
    FallbackBehavior FieldToProtectType FilterBehavior FilterRequirement ForwardedIpPosition InspectionLevel IpAddressVersion
    JsonMatchScope LabelMatchScope MapMatchScope OversizeHandling PayloadType
    PositionalConstraint RateBasedStatementAggregateKeyType ResponseContentType Scope
    SensitivityLevel SensitivityToAct SizeInspectionLimit TextTransformationType UsageOfAction
}

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
    ($($name:ident)*) => { $(
        impl Twin for Unit<aws_sdk_wafv2::types::$name> {
            type Sdk = aws_sdk_wafv2::types::$name;
            fn to_sdk(&self) -> Result<Self::Sdk> {
                Ok(<Self::Sdk>::builder().build())
            }
            fn from_sdk(_: &Self::Sdk) -> Result<Self> {
                Ok(Self(PhantomData))
            }
        }
    )* };
}
units! {
    All AllQueryArguments CountAction Method NoneAction QueryString RateLimitAsn
    RateLimitForwardedIp RateLimitHttpMethod RateLimitIp UriPath
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

/// A list in a program of which AWS takes exactly one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct One<T>(Vec<T>);

impl<T: Twin> Twin for One<T> {
    type Sdk = T::Sdk;
    fn to_sdk(&self) -> Result<T::Sdk> {
        match &self.0[..] {
            [one] => one.to_sdk(),
            _ => Err(Error::invalid("rules", "has a list that must have exactly one item")),
        }
    }
    fn from_sdk(sdk: &T::Sdk) -> Result<Self> {
        Ok(Self(vec![T::from_sdk(sdk)?]))
    }
}

/// Text in a program, bytes in the API.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct Bytes(String);

impl Twin for Bytes {
    type Sdk = Blob;
    fn to_sdk(&self) -> Result<Blob> {
        Ok(Blob::new(self.0.as_bytes()))
    }
    fn from_sdk(sdk: &Blob) -> Result<Self> {
        Ok(Self(String::from_utf8_lossy(sdk.as_ref()).into_owned()))
    }
}
