//! A stack as a Pulumi deployment of version 3, and back. Pure: texts are
//! sealed and opened by whoever calls.
//!
//! What Pulumi has no field for (the operation that made a resource, the order
//! of births, chosen names, what `shift` governs) is in the inputs of the root
//! resource under `orderinfra`. Pulumi reads and writes them back as they are;
//! its next `up` drops them. Without them an import draws new operations.

mod export;
mod import;

pub use export::{Exported, Seal, export};
pub use import::{Imported, Reading, import, rows};

use crate::model::Urn;

/// The version of the form.
pub const VERSION: u64 = 3;

/// The release of Pulumi whose form this is.
const RELEASE: &str = "v3.259.0";

/// Where our own side of things is, among the inputs of the root resource.
const OWN: &str = "orderinfra";

/// A value that is not known, in Pulumi's state.
const UNKNOWN: &str = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/// Inputs of providers that are about the plugin.
const PLUGIN_INPUTS: &[&str] = &["version", "pluginDownloadURL", "__internal"];

const PROVIDERS: &str = "pulumi:providers:";

fn package(token: &str) -> &str {
    token.split(':').next().unwrap_or(token)
}

/// Pulumi makes these by itself, for resources that name no provider.
fn is_default_provider(urn: &Urn) -> bool {
    urn.token().starts_with(PROVIDERS) && urn.name().starts_with("default")
}
