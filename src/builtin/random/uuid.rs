//! `random:index/randomUuid:RandomUuid` and its two versions by name. The id
//! is the UUID.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Keepers, hex};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomUuid;
pub(super) struct RandomUuid4;
pub(super) struct RandomUuid7;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    result: String,
}

impl Local for RandomUuid {
    const TYPE: &'static str = "random:index/randomUuid:RandomUuid";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        Ok(outputs(text(Stream::of(lot).array(), 4), inputs))
    }

    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        adopted(id, inputs)
    }
}

impl Local for RandomUuid4 {
    const TYPE: &'static str = "random:index/randomUuid4:RandomUuid4";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        Ok(outputs(text(Stream::of(lot).array(), 4), inputs))
    }

    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        adopted(id, inputs)
    }
}

impl Local for RandomUuid7 {
    const TYPE: &'static str = "random:index/randomUuid7:RandomUuid7";
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// Begins with the milliseconds since 1970, of which the lot knows the
    /// seconds.
    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let mut bytes: [u8; 16] = Stream::of(lot).array();
        let time = u64::try_from(lot.now).unwrap_or_default() * 1000;
        bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
        Ok(outputs(text(bytes, 7), inputs))
    }

    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        adopted(id, inputs)
    }
}

fn outputs(result: String, inputs: &Inputs) -> (String, Outputs) {
    (result.clone(), Outputs { inputs: inputs.clone(), result })
}

/// RFC 9562: four bits say the version, two the variant.
fn text(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn adopted(id: &str, inputs: &Inputs) -> Result<Outputs> {
    let shaped = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if id.len() != 36 || !id.bytes().enumerate().all(shaped) {
        return Err(Error::invalid("import", "is not a UUID"));
    }
    Ok(outputs(id.to_owned(), inputs).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    #[test]
    fn has_its_version_and_variant() {
        let inputs = Inputs { keepers: None };
        for byte in 0..=255 {
            let (four, _) = RandomUuid::make(&lot(byte), &inputs).unwrap();
            let (seven, _) = RandomUuid7::make(&lot(byte), &inputs).unwrap();
            assert_eq!((&four[14..15], &seven[14..15]), ("4", "7"));
            assert!(matches!(&four[19..20], "8" | "9" | "a" | "b"), "{four}");
            assert!(seven.starts_with("018bcfe5-6800-7"), "{seven}");
            assert!(adopted(&four, &inputs).is_ok() && adopted(&seven, &inputs).is_ok());
        }
        assert!(adopted("not-a-uuid", &inputs).is_err());
    }
}
