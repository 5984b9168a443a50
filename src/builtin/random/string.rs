//! `random:index/randomString:RandomString`. The id is the string, which is no
//! secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Keepers,
    text::{self, Class},
};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomString;

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
    result: String,
}

impl Local for RandomString {
    const TYPE: &'static str = "random:index/randomString:RandomString";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        text::check(new.length, &classes(new))
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let result = text::draw(&mut Stream::of(lot), inputs.length, &classes(inputs))?;
        Ok((result.clone(), Outputs { inputs: inputs.clone(), result }))
    }

    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        Ok(Outputs { inputs: inputs.clone(), result: id.to_owned() })
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

    fn draw(byte: u8, inputs: &Inputs) -> String {
        RandomString::make(&lot(byte), inputs).unwrap().1.result
    }

    fn count(text: &str, of: impl Fn(char) -> bool) -> usize {
        text.chars().filter(|it| of(*it)).count()
    }

    #[test]
    fn every_class_comes_as_often_as_it_must() {
        let it =
            Inputs { min_lower: 2, min_upper: 3, min_numeric: 4, min_special: 5, ..inputs(16) };
        for byte in 0..=255 {
            let text = draw(byte, &it);
            assert_eq!(text.chars().count(), 16);
            assert!(count(&text, |it| it.is_ascii_lowercase()) >= 2, "{text}");
            assert!(count(&text, |it| it.is_ascii_uppercase()) >= 3, "{text}");
            assert!(count(&text, |it| it.is_ascii_digit()) >= 4, "{text}");
            assert!(count(&text, |it| !it.is_ascii_alphanumeric()) >= 5, "{text}");
        }
    }

    #[test]
    fn a_class_that_is_off_never_comes() {
        let it = Inputs { special: false, number: Some(false), upper: false, ..inputs(32) };
        for byte in 0..=255 {
            assert_eq!(count(&draw(byte, &it), |it| it.is_ascii_lowercase()), 32);
        }
        let it = Inputs { override_special: Some("é_".to_owned()), min_special: 1, ..inputs(8) };
        for byte in 0..=255 {
            let text = draw(byte, &it);
            assert!(
                text.chars().all(|it| it.is_ascii_alphanumeric() || "é_".contains(it)),
                "{text}"
            );
            assert!(text.contains(['é', '_']), "{text}");
        }
    }

    #[test]
    fn every_character_is_as_likely_in_every_place() {
        let it = Inputs { special: false, numeric: false, upper: false, ..inputs(26) };
        let mut seen = std::collections::BTreeMap::new();
        for byte in 0..=255 {
            for it in draw(byte, &it).chars() {
                *seen.entry(it).or_insert(0_u32) += 1;
            }
        }
        assert_eq!(seen.len(), 26);
        assert!(seen.values().all(|it| (170..350).contains(it)), "{seen:?}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = [
            inputs(0),
            Inputs { min_lower: 3, ..inputs(2) },
            Inputs { lower: false, upper: false, numeric: false, special: false, ..inputs(2) },
        ];
        assert!(refused.iter().all(|it| RandomString::check(it).is_err()));
    }
}
