//! `random:index/randomPet:RandomPet`. The id is the name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Keepers,
    words::{ADJECTIVES, ADVERBS, NAMES},
};
use crate::{builtin::stream::Stream, provider::*};

pub(super) struct RandomPet;

#[derive(Deserialize, Serialize, JsonSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Inputs {
    /// How many words, the prefix not counted.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 256), extend("replace" = true))]
    length: u32,
    #[schemars(extend("replace" = true))]
    prefix: Option<String>,
    #[serde(default = "hyphen")]
    #[schemars(extend("replace" = true))]
    separator: String,
    #[schemars(extend("replace" = true))]
    keepers: Keepers,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outputs {
    #[serde(flatten)]
    inputs: Inputs,
}

fn two() -> u32 {
    2
}

fn hyphen() -> String {
    "-".to_owned()
}

impl Local for RandomPet {
    const TYPE: &'static str = "random:index/randomPet:RandomPet";
    type Inputs = Inputs;
    type Outputs = Outputs;

    fn check(new: &Inputs) -> Result<()> {
        if !(1..=256).contains(&new.length) {
            return Err(Error::invalid("length", "is 1 to 256"));
        }
        Ok(())
    }

    /// A name; before it an adjective; before that adverbs.
    fn make(lot: &Lot, inputs: &Inputs) -> Result<(String, Outputs)> {
        let mut stream = Stream::of(lot);
        let mut words: Vec<&str> = inputs.prefix.as_deref().into_iter().collect();
        for left in (0..inputs.length).rev() {
            let list = match left {
                0 => NAMES,
                1 => ADJECTIVES,
                _ => ADVERBS,
            };
            words.extend(stream.pick(list));
        }
        Ok((words.join(&inputs.separator), Outputs { inputs: inputs.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::stream::lot;

    #[test]
    fn has_the_words_that_it_is_told_to() {
        let draw = |length, prefix: Option<&str>| {
            let prefix = prefix.map(str::to_owned);
            let inputs = Inputs { length, prefix, separator: "_".to_owned(), keepers: None };
            RandomPet::make(&lot(9), &inputs).unwrap().0
        };
        assert!(NAMES.contains(&draw(1, None).as_str()));
        assert_eq!(draw(2, None).split('_').count(), 2);
        assert_eq!(draw(4, Some("my")).split('_').count(), 5);
        assert!(draw(2, Some("my")).starts_with("my_"));
        assert_eq!(draw(3, None), draw(3, None));
    }

    #[test]
    fn the_lists_hold_plain_words_once_each() {
        for list in [ADVERBS, ADJECTIVES, NAMES] {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), list.len());
            assert!(list.len() >= 100, "{}", list.len());
            assert!(list.iter().all(|it| it.bytes().all(|it| it.is_ascii_lowercase())));
        }
    }
}
