//! `random:index/randomInteger:RandomInteger`. The id is the number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Keepers;
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomInteger;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    min: i64,
    /// Included.
    #[schemars(extend("replace" = true))]
    max: i64,
    /// The same seed gives the same number, though not Pulumi's.
    #[schemars(extend("replace" = true))]
    seed: Option<String>,
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
    result: i64,
}

impl Local for RandomInteger {
    const TYPE: &'static str = "random:index/randomInteger:RandomInteger";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.max < new.min {
            return Err(Error::invalid("max", "is less than `min`"));
        }
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        Self::check(inputs)?;
        let mut stream = Stream::seeded(lot, inputs.seed.as_deref());
        let step = stream.up_to(inputs.max.abs_diff(inputs.min));
        let result = inputs.min.wrapping_add_unsigned(step);
        Ok((result.to_string(), Outputs { inputs: inputs.clone(), result }))
    }

    /// `result,min,max[,seed]`, or the number alone.
    fn adopt(id: &str, inputs: &Inputs) -> Result<Outputs> {
        let first = id.split(',').next().unwrap_or_default();
        let result = first.trim().parse();
        let result = result.map_err(|_| Error::invalid("import", "is the number"))?;
        Ok(Outputs { inputs: inputs.clone(), result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    fn draw(byte: u8, min: i64, max: i64, seed: Option<&str>) -> i64 {
        let inputs = Inputs { min, max, seed: seed.map(str::to_owned), keepers: None };
        RandomInteger::make(&lot(byte), &inputs).unwrap().1.result
    }

    #[test]
    fn stays_within_its_bounds() {
        for byte in 0..=255 {
            assert!((-3..=3).contains(&draw(byte, -3, 3, None)));
            assert_eq!(draw(byte, 7, 7, None), 7);
            draw(byte, i64::MIN, i64::MAX, None);
        }
    }

    #[test]
    fn a_seed_of_the_program_decides_alone() {
        assert_eq!(draw(1, 0, 1_000_000, Some("a")), draw(2, 0, 1_000_000, Some("a")));
        assert_ne!(draw(1, 0, 1_000_000, Some("a")), draw(1, 0, 1_000_000, Some("b")));
        assert_ne!(draw(1, 0, 1_000_000, None), draw(2, 0, 1_000_000, None));
    }
}
