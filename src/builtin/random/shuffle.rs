//! `random:index/randomShuffle:RandomShuffle`. The id says nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Keepers;
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomShuffle;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    #[schemars(extend("replace" = true))]
    inputs: Vec<String>,
    /// All, when not given; more than there are repeats them.
    #[schemars(range(min = 0, max = 65_536), extend("replace" = true))]
    result_count: Option<u32>,
    /// The same seed gives the same order, though not Pulumi's.
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
    results: Vec<String>,
}

impl Local for RandomShuffle {
    const TYPE: &'static str = "random:index/randomShuffle:RandomShuffle";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if new.result_count.is_some_and(|it| it > 65_536) {
            return Err(Error::invalid("resultCount", "is 65536 at most"));
        }
        Ok(())
    }

    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let mut stream = Stream::seeded(lot, inputs.seed.as_deref());
        let count = inputs.result_count.map_or(inputs.inputs.len(), |it| it as usize);
        let mut results = Vec::with_capacity(count);
        // Whole rounds, each in its own order, so that none comes up a
        // second time before all have come up once.
        while results.len() < count && !inputs.inputs.is_empty() {
            let mut round = inputs.inputs.clone();
            stream.shuffle(&mut round);
            round.truncate(count - results.len());
            results.append(&mut round);
        }
        Ok(("-".to_owned(), Outputs { inputs: inputs.clone(), results }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    fn draw(byte: u8, items: &[&str], count: Option<u32>) -> Vec<String> {
        let inputs = Inputs {
            inputs: items.iter().map(|it| (*it).to_owned()).collect(),
            result_count: count,
            seed: None,
            keepers: None,
        };
        RandomShuffle::make(&lot(byte), &inputs).unwrap().1.results
    }

    #[test]
    fn counts_as_it_is_told() {
        let items = ["a", "b", "c"];
        for byte in 0..=255 {
            let mut all = draw(byte, &items, None);
            all.sort_unstable();
            assert_eq!(all, items);
            assert_eq!(draw(byte, &items, Some(0)).len(), 0);
            let mut more = draw(byte, &items, Some(7));
            assert_eq!(more.len(), 7);
            more.sort_unstable();
            more.dedup();
            assert_eq!(more, items);
            assert!(draw(byte, &[], Some(2)).is_empty());
        }
    }
}
