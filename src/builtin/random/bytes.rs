//! `random:index/randomBytes:RandomBytes`. The id says nothing.

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Keepers, hex};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomBytes;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(range(min = 1, max = 65_536), extend("replace" = true))]
    length: u32,
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    base64: Secret<String>,
    hex: Secret<String>,
}

impl Local for RandomBytes {
    const TYPE: &'static str = "random:index/randomBytes:RandomBytes";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !(1..=65_536).contains(&new.length) {
            return Err(Error::invalid("length", "is 1 to 65536"));
        }
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let bytes = Stream::of(lot).bytes(inputs.length as usize);
        let outputs = Outputs {
            inputs: inputs.clone(),
            base64: Secret(BASE64.encode(&bytes)),
            hex: Secret(hex(&bytes)),
        };
        Ok(("none".to_owned(), outputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    #[test]
    fn both_forms_say_the_same_bytes() {
        let (_, made) = RandomBytes::make(&lot(3), &Inputs { length: 33, keepers: None }).unwrap();
        assert_eq!(hex(&BASE64.decode(&made.base64.0).unwrap()), made.hex.0);
        assert_eq!(made.hex.0.len(), 66);
    }
}
