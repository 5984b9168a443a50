//! The `random` package.

mod bytes;
mod id;
mod integer;
mod password;
mod pet;
mod shuffle;
mod string;
mod text;
mod uuid;
mod words;

use std::{collections::BTreeMap, fmt::Write as _};

use crate::provider::{AnyResource, local};

pub(super) use id::decimal;

pub(super) fn types() -> Vec<Box<dyn AnyResource>> {
    vec![
        local::<bytes::RandomBytes>(),
        local::<id::RandomId>(),
        local::<integer::RandomInteger>(),
        local::<password::RandomPassword>(),
        local::<pet::RandomPet>(),
        local::<shuffle::RandomShuffle>(),
        local::<string::RandomString>(),
        local::<uuid::RandomUuid>(),
        local::<uuid::RandomUuid4>(),
        local::<uuid::RandomUuid7>(),
    ]
}

/// Values of the program's choice; a change of any draws anew.
type Keepers = Option<BTreeMap<String, String>>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
