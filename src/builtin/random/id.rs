//! `random:index/randomId:RandomId`. The id is the bytes in URL-safe base64.

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Keepers, hex};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomId;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(range(min = 1, max = 65_536), extend("replace" = true))]
    byte_length: u32,
    /// Put before every output, but not before the id.
    #[schemars(extend("replace" = true))]
    prefix: Option<String>,
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    b64_std: String,
    b64_url: String,
    dec: String,
    hex: String,
}

impl Local for RandomId {
    const TYPE: &'static str = "random:index/randomId:RandomId";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !(1..=65_536).contains(&new.byte_length) {
            return Err(Error::invalid("byteLength", "is 1 to 65536"));
        }
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let bytes = Stream::of(lot).bytes(inputs.byte_length as usize);
        Ok((BASE64_URL_SAFE_NO_PAD.encode(&bytes), outputs(&bytes, inputs.clone())))
    }

    /// `[prefix,]id`
    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        let (prefix, text) = match id.rsplit_once(',') {
            Some((prefix, text)) => (Some(prefix.to_owned()), text),
            None => (inputs.prefix.clone(), id),
        };
        let broken = |_| Error::invalid("import", "is the id in URL-safe base64");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(broken)?;
        let byte_length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Ok(outputs(&bytes, Inputs { byte_length, prefix, keepers: inputs.keepers.clone() }))
    }
}

fn outputs(bytes: &[u8], inputs: Inputs) -> Outputs {
    let prefix = inputs.prefix.as_deref().unwrap_or_default();
    Outputs {
        b64_std: format!("{prefix}{}", BASE64_STANDARD.encode(bytes)),
        b64_url: format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        dec: format!("{prefix}{}", decimal(bytes)),
        hex: format!("{prefix}{}", hex(bytes)),
        inputs,
    }
}

/// A big-endian number of any size, in decimal digits.
pub(in crate::builtin) fn decimal(bytes: &[u8]) -> String {
    const LIMB: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![0];
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for limb in &mut limbs {
            let value = *limb * 256 + carry;
            *limb = value % LIMB;
            carry = value / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let (first, rest) = limbs.split_last().unwrap_or((&0, &[]));
    let rest = rest.iter().rev().map(|limb| format!("{limb:09}"));
    std::iter::once(first.to_string()).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    #[test]
    fn numbers_in_decimal() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0xff; 8]), u64::MAX.to_string());
        assert_eq!(decimal(&[0xff; 16]), u128::MAX.to_string());
        assert_eq!(decimal(&1_000_000_000_u64.to_be_bytes()), "1000000000");
    }

    #[test]
    fn an_id_can_be_adopted() {
        let inputs = Inputs { byte_length: 8, prefix: Some("a,b-".to_owned()), keepers: None };
        let (id, made) = RandomId::make(&lot(4), &inputs).unwrap();
        assert!(made.hex.starts_with("a,b-"));
        let adopted = RandomId::adopt(&format!("a,b-,{id}"), &inputs).unwrap();
        assert_eq!((adopted.dec, adopted.b64_std), (made.dec, made.b64_std));
    }
}
