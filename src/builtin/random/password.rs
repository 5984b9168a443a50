//! `random:index/randomPassword:RandomPassword`. The id says nothing: it would
//! be seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Keepers,
    text::{self, Class},
};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomPassword;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(range(min = 1, max = 65_536), extend("replace" = true))]
    length: u32,
    #[serde(default = "yes")]
    #[schemars(extend("replace" = true))]
    lower: bool,
    #[serde(default = "yes")]
    #[schemars(extend("replace" = true))]
    upper: bool,
    #[serde(default = "yes")]
    #[schemars(extend("replace" = true))]
    numeric: bool,
    #[schemars(extend("replace" = true, "deprecatedBecause" = "it is called `numeric` now"))]
    number: Option<bool>,
    #[serde(default = "yes")]
    #[schemars(extend("replace" = true))]
    special: bool,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    min_lower: u32,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    min_upper: u32,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    min_numeric: u32,
    #[serde(default)]
    #[schemars(extend("replace" = true))]
    min_special: u32,
    /// The special characters to draw from, instead of `!@#$%&*()-_=+[]{}<>:?`.
    #[schemars(extend("replace" = true))]
    override_special: Option<String>,
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    result: Secret<String>,
    /// Of the first 72 bytes: bcrypt sees no more.
    bcrypt_hash: Secret<String>,
}

/// What Go's package calls its default cost, as Pulumi's hashes have it.
const COST: u32 = 10;

impl Local for RandomPassword {
    const TYPE: &'static str = "random:index/randomPassword:RandomPassword";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        text::check(new.length, &classes(new))
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let mut stream = Stream::of(lot);
        let result = text::draw(&mut stream, inputs.length, &classes(inputs))?;
        let hash = bcrypt::hash_with_salt(&result, COST, stream.array())
            .map_err(|error| Error::failed(format!("cannot hash the password: {error}")))?;
        let outputs = Outputs {
            inputs: inputs.clone(),
            result: Secret(result),
            bcrypt_hash: Secret(hash.format_for_version(bcrypt::Version::TwoA)),
        };
        Ok(("none".to_owned(), outputs))
    }
}

/// The four classes as the program sets them.
fn classes(it: &Inputs) -> [Class<'_>; 4] {
    text::classes(
        (it.lower, it.min_lower),
        (it.upper, it.min_upper),
        (text::numeric(it.numeric, it.number), it.min_numeric),
        (it.special, it.min_special),
        it.override_special.as_deref(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    fn inputs(length: u32) -> Inputs {
        serde_json::from_value(serde_json::json!({ "length": length })).unwrap()
    }

    #[test]
    fn the_same_lot_makes_the_same_password() {
        let make = |byte, length| RandomPassword::make(&lot(byte), &inputs(length)).unwrap().1;
        let (one, again, other) = (make(1, 20), make(1, 20), make(2, 20));
        assert_eq!((&one.result, &one.bcrypt_hash), (&again.result, &again.bcrypt_hash));
        assert_ne!(one.result, other.result);
        assert!(bcrypt::verify(&one.result.0, &one.bcrypt_hash.0).unwrap());
        assert!(one.bcrypt_hash.0.starts_with("$2a$10$"), "{}", one.bcrypt_hash.0);
        assert!(!make(3, 100).bcrypt_hash.0.is_empty());
    }
}
