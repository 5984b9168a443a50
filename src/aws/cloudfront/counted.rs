//! Lists, which CloudFront takes and tells together with their lengths.

use aws_sdk_cloudfront::types as sdk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    behavior::{FunctionAssociation, LambdaAssociation, OrderedBehavior},
    distribution_parts::CustomErrorResponse,
    function::KeyValueStore,
    origin::{CustomHeader, Origin, OriginGroup, OriginGroupMember},
};
use crate::{
    aws::twin::{Built as _, Given as _, Twin, Word},
    provider::{Error, Kind, Result, Set},
};

/// Newtypes of the SDK's names around lists of ours; none and empty are one.
macro_rules! counted {
    ($($name:ident($list:ty);)*) => { $(
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub(super) struct $name(pub(super) $list);

        impl Twin for $name {
            type Sdk = sdk::$name;
            fn to_sdk(&self) -> Result<Self::Sdk> {
                let items = self.0.to_sdk()?;
                let builder = sdk::$name::builder().quantity(quantity(&items)?);
                builder.set_items(Some(items).filter(|it| !it.is_empty())).build().built()
            }
            fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
                let items: Option<&<$list as Twin>::Sdk> = sdk.items.given();
                match items {
                    Some(items) => <$list>::from_sdk(items).map(Self),
                    None => Ok(Self::default()),
                }
            }
        }
    )* };
}

counted! {
    Aliases(Set<String>);
    AllowedMethods(Set<Word<sdk::Method>>);
    CacheBehaviors(Vec<OrderedBehavior>);
    CachedMethods(Set<Word<sdk::Method>>);
    CookieNames(Set<String>);
    CustomErrorResponses(Set<CustomErrorResponse>);
    CustomHeaders(Set<CustomHeader>);
    FunctionAssociations(Set<FunctionAssociation>);
    Headers(Set<String>);
    KeyValueStoreAssociations(Set<KeyValueStore>);
    LambdaFunctionAssociations(Set<LambdaAssociation>);
    OriginGroupMembers(Vec<OriginGroupMember>);
    OriginGroups(Set<OriginGroup>);
    OriginSslProtocols(Set<Word<sdk::SslProtocol>>);
    Origins(Set<Origin>);
    QueryStringCacheKeys(Set<String>);
    QueryStringNames(Set<String>);
    StatusCodes(Set<i32>);
}

/// Lists that are switched on by having members.
macro_rules! trusted {
    ($($name:ident)*) => { $(
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub(super) struct $name(pub(super) Vec<String>);

        impl Twin for $name {
            type Sdk = sdk::$name;
            fn to_sdk(&self) -> Result<Self::Sdk> {
                let builder = sdk::$name::builder().quantity(quantity(&self.0)?);
                let items = Some(self.0.clone()).filter(|it| !it.is_empty());
                builder.enabled(items.is_some()).set_items(items).build().built()
            }
            fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
                Ok(Self(sdk.items().to_vec()))
            }
        }
    )* };
}

trusted! { TrustedKeyGroups TrustedSigners }

/// What Pulumi's schema has as objects around such lists: `{ items: [...] }`.
macro_rules! items {
    ($($name:ident { $list:ident })*) => { $(
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            #[serde(default)]
            items: $list,
        }

        impl Twin for $name {
            type Sdk = sdk::$list;
            fn to_sdk(&self) -> Result<Self::Sdk> {
                self.items.to_sdk()
            }
            fn from_sdk(sdk: &Self::Sdk) -> Result<Self> {
                $list::from_sdk(sdk).map(|items| Self { items })
            }
        }
    )* };
}

items! {
    CookieItems { CookieNames }
    HeaderItems { Headers }
    QueryStringItems { QueryStringNames }
}

pub(super) fn quantity<T>(items: &[T]) -> Result<i32> {
    let length = i32::try_from(items.len());
    length.map_err(|_| Error::new(Kind::Broken, "", "a list is too long"))
}
