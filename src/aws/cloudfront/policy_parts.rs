//! What answers about policies share. Pulumi's schema has each part in a list
//! of one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::{Error, Result};

#[derive(Serialize, JsonSchema)]
pub(super) struct Items<T> {
    items: Vec<T>,
}

impl<T> Items<T> {
    pub(super) fn one(items: Option<Vec<T>>) -> Vec<Self> {
        vec![Self { items: items.unwrap_or_default() }]
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CookiesConfig {
    pub(super) cookie_behavior: String,
    pub(super) cookies: Vec<Items<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HeadersConfig {
    pub(super) header_behavior: String,
    pub(super) headers: Vec<Items<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryStringsConfig {
    pub(super) query_string_behavior: String,
    pub(super) query_strings: Vec<Items<String>>,
}

/// The id or the name of a policy.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Args {
    id: Option<String>,
    name: Option<String>,
}

impl Args {
    pub(super) fn asked(&self) -> Result<Asked<'_>> {
        match (&self.id, &self.name) {
            (Some(id), None) => Ok(Asked::Id(id)),
            (None, Some(name)) => Ok(Asked::Name(name)),
            _ => Err(Error::invalid("id", "or else `name` is given")),
        }
    }
}

pub(super) enum Asked<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl Asked<'_> {
    pub(super) fn unknown(&self, what: &str) -> Error {
        match self {
            Self::Id(id) => Error::invalid("id", format!("there is no {what} `{id}`")),
            Self::Name(name) => Error::invalid("name", format!("there is no {what} `{name}`")),
        }
    }
}
