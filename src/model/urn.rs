//! `Urn`: who a resource is, assigned by us and never by a provider.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Urn(pub String);

impl Urn {
    /// `parent` is the parent's URN; the root stack does not count as one.
    pub fn new(stack: &str, project: &str, parent: Option<&Self>, token: &str, name: &str) -> Self {
        let types = match parent {
            Some(parent) if parent.token() != ROOT => {
                format!("{}${token}", parent.qualified_type())
            }
            _ => token.to_owned(),
        };
        Self(format!("urn:pulumi:{stack}::{project}::{types}::{name}"))
    }

    pub fn root(stack: &str, project: &str) -> Self {
        Self::new(stack, project, None, ROOT, &format!("{project}-{stack}"))
    }

    /// The logical name, which may itself hold `::`.
    pub fn name(&self) -> &str {
        self.0.splitn(4, "::").nth(3).unwrap_or(&self.0)
    }

    /// All types from the outermost parent to the resource, joined by `$`.
    pub fn qualified_type(&self) -> &str {
        self.0.split("::").nth(2).unwrap_or("")
    }

    pub fn token(&self) -> &str {
        self.qualified_type().rsplit('$').next().unwrap_or("")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The type of the resource that stands for the stack itself.
pub const ROOT: &str = "pulumi:pulumi:Stack";

impl fmt::Display for Urn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
