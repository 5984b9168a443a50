//! What a password and a string have in common: classes of characters.

use crate::{
    builtin::stream::Stream,
    provider::{Error, Result},
};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMERIC: &str = "0123456789";
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";

pub(super) struct Class<'a> {
    pub(super) used: bool,
    pub(super) least: u32,
    pub(super) characters: &'a str,
}

/// One class as a program sets it: whether, how many at least, of what.
pub(super) fn classes<'a>(
    lower: (bool, u32),
    upper: (bool, u32),
    numeric: (bool, u32),
    special: (bool, u32),
    own_special: Option<&'a str>,
) -> [Class<'a>; 4] {
    let class = |(used, least): (bool, u32), characters| Class { used, least, characters };
    let own = own_special.filter(|it| !it.is_empty()).unwrap_or(SPECIAL);
    [class(lower, LOWER), class(upper, UPPER), class(numeric, NUMERIC), class(special, own)]
}

/// `number` is the older name of `numeric`.
pub(super) fn numeric(numeric: bool, number: Option<bool>) -> bool {
    number.unwrap_or(true) && numeric
}

pub(super) fn check(length: u32, classes: &[Class<'_>]) -> Result<()> {
    if !(1..=65_536).contains(&length) {
        return Err(Error::invalid("length", "is 1 to 65536"));
    }
    let least: u64 = classes.iter().map(|it| u64::from(it.least)).sum();
    if least > u64::from(length) {
        let rule = format!("is less than the {least} characters that the minimums ask for");
        return Err(Error::invalid("length", rule));
    }
    if classes.iter().all(|it| !it.used && it.least == 0) {
        let rule =
            "nothing is left to draw from: set one of `lower`, `upper`, `numeric`, `special`";
        return Err(Error::invalid("lower", rule));
    }
    Ok(())
}

/// Of each class as many as it asks for at least, whether or not the class is
/// used for the rest; then the rest from all that are used; then mixed.
pub(super) fn draw(stream: &mut Stream, length: u32, classes: &[Class<'_>]) -> Result<String> {
    check(length, classes)?;
    let length = length as usize;
    let mut text: Vec<char> = Vec::with_capacity(length);
    let mut add = |from: &[char], count: usize| {
        text.extend((0..count).filter_map(|_| stream.pick(from)).copied());
        text.len()
    };
    let mut drawn = 0;
    for class in classes {
        let from: Vec<char> = class.characters.chars().collect();
        drawn = add(&from, class.least as usize);
    }
    let used = classes.iter().filter(|it| it.used);
    let mut from: Vec<char> = used.flat_map(|it| it.characters.chars()).collect();
    if from.is_empty() {
        // Nothing but minimums: what they ask for is all there is.
        from =
            classes.iter().filter(|it| it.least > 0).flat_map(|it| it.characters.chars()).collect();
    }
    add(&from, length - drawn);
    stream.shuffle(&mut text);
    Ok(text.into_iter().collect())
}
