//! The parts of a web ACL as twins of the SDK's types (`aws/twin.rs`).

use aws_sdk_wafv2::primitives::Blob;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use crate::aws::twin::{Built, Field, Twin, Unit, Word};
use crate::{
    aws::twin::{units, words},
    provider::{Error, Result},
};

/// A twin of a type of the WAF's SDK.
macro_rules! twin {
    ($(#[$meta:meta])* $name:ident = $sdk:ident { $($fields:tt)* }) => {
        crate::aws::twin::twin! {
            $(#[$meta])*
            $name = aws_sdk_wafv2::types::$sdk { $($fields)* }
        }
    };
}
pub(super) use twin;

words! {
    aws_sdk_wafv2:
    ActionValue BodyParsingFallbackBehavior ComparisonOperator CountryCode DataProtectionAction
    FallbackBehavior FieldToProtectType FilterBehavior FilterRequirement ForwardedIpPosition InspectionLevel IpAddressVersion PreParseTextTransformationType
    JsonMatchScope LabelMatchScope MapMatchScope OversizeHandling PayloadType
    PositionalConstraint RateBasedStatementAggregateKeyType ResponseContentType Scope
    SensitivityLevel SensitivityToAct SizeInspectionLimit TextTransformationType UsageOfAction
}

units! {
    aws_sdk_wafv2:
    All AllQueryArguments CountAction Method NoneAction QueryString RateLimitAsn
    RateLimitForwardedIp RateLimitHttpMethod RateLimitIp UriPath
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
