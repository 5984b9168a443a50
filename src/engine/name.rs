//! Names and other lots, drawn at plan time. A draw depends only on the run's
//! seed and on what it is for, so planning twice draws the same.

use sha2::{Digest as _, Sha256};

pub use crate::lang::config::Naming;
use crate::model::{Urn, schema::AutoName};

/// The source of every random choice of one run.
#[derive(Clone)]
pub struct Draws {
    pub seed: [u8; 32],
}

impl Draws {
    pub fn bytes(&self, urn: &Urn, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(urn.as_str());
        hash.update([0]);
        hash.update(purpose);
        hash.finalize().into()
    }

    pub fn hex(&self, urn: &Urn, purpose: &str, digits: usize) -> String {
        let mut text = hex(&self.bytes(urn, purpose));
        text.truncate(digits);
        text
    }

    /// An operation's token: 32 letters and digits, good for every
    /// idempotency token of AWS.
    pub fn op(&self, urn: &Urn, purpose: &str) -> String {
        self.hex(urn, &format!("op:{purpose}"), 32)
    }

    /// What a local type is made from.
    pub fn lot(&self, urn: &Urn, now: i64) -> String {
        format!("{}@{now}", hex(&self.bytes(urn, "lot")))
    }
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// What patterns can name.
pub struct Names<'a> {
    pub urn: &'a Urn,
    pub organization: &'a str,
    pub project: &'a str,
    pub stack: &'a str,
    pub config: &'a dyn Fn(&str) -> Option<String>,
}

/// A chosen name, and whether it would be the same the next time (so that a
/// replacement cannot live beside what it replaces).
pub fn choose(
    naming: &Naming,
    rule: &AutoName,
    draws: &Draws,
    names: &Names<'_>,
    suffix: &str,
) -> Result<(String, bool), String> {
    let logical = names.urn.name();
    let (mut name, fixed) = match naming {
        _ if rule.verbatim => (logical.to_owned(), true),
        Naming::Disabled => {
            return Err(format!(
                "a name must be given for `{logical}`: `pulumi:autonaming` is disabled"
            ));
        }
        Naming::Verbatim => (logical.to_owned(), true),
        Naming::Pattern { pattern, .. } => fill(pattern, draws, names)?,
        Naming::Default => {
            let random = draws.hex(names.urn, "name", 7);
            (format!("{}-{random}", fit(logical, rule.max_length, suffix.len() + 8)), false)
        }
    };
    name.push_str(suffix);
    if rule.lower_case {
        name = name.to_lowercase();
    }
    if name.len() > rule.max_length {
        return Err(format!(
            "the name `{name}` made for `{logical}` is {} characters long, and at most {} are allowed; give a name",
            name.len(),
            rule.max_length
        ));
    }
    Ok((name, fixed))
}

/// From a `namePrefix`: unique, and in order of time nowhere needed.
pub fn prefixed(prefix: &str, rule: &AutoName, draws: &Draws, urn: &Urn, suffix: &str) -> String {
    let room = rule.max_length.saturating_sub(prefix.len() + suffix.len()).min(26);
    format!("{prefix}{}{suffix}", draws.hex(urn, "prefix", room))
}

/// The logical name cut so that `extra` more characters fit.
fn fit(logical: &str, max: usize, extra: usize) -> &str {
    let room = max.saturating_sub(extra);
    let end =
        logical.char_indices().map(|(at, it)| at + it.len_utf8()).take_while(|it| *it <= room);
    logical[..end.last().unwrap_or(0)].trim_end_matches(['-', '.', '_'])
}

/// `${name}-${hex(4)}`
fn fill(pattern: &str, draws: &Draws, names: &Names<'_>) -> Result<(String, bool), String> {
    let (mut name, mut fixed, mut rest) = (String::new(), true, pattern);
    while let Some((before, after)) = rest.split_once("${") {
        name.push_str(before);
        let (item, after) =
            after.split_once('}').ok_or_else(|| format!("`{pattern}` has an open `${{`"))?;
        rest = after;
        let count = item.split_once('(').and_then(|(_, it)| it.strip_suffix(')'));
        let count = || count.and_then(|it| it.parse::<usize>().ok()).unwrap_or(8).min(64);
        let place = format!("name:{}", name.len());
        let bytes = draws.bytes(names.urn, &place);
        let of = |letters: &[u8]| -> String {
            let stream = bytes.iter().chain(bytes.iter()).take(count());
            stream.map(|it| char::from(letters[usize::from(*it) % letters.len()])).collect()
        };
        match item.split('(').next().unwrap_or_default() {
            "name" => name.push_str(names.urn.name()),
            "organization" => name.push_str(names.organization),
            "project" => name.push_str(names.project),
            "stack" => name.push_str(names.stack),
            key if key.starts_with("config.") => {
                let key = key.trim_start_matches("config.");
                let value = (names.config)(key);
                name.push_str(&value.ok_or_else(|| {
                    format!("`{pattern}` names the configuration value `{key}`, which is not set")
                })?);
            }
            random => {
                fixed = false;
                name.push_str(&match random {
                    "hex" => of(b"0123456789abcdef"),
                    "num" => of(b"0123456789"),
                    "alphanum" => of(b"0123456789abcdefghijklmnopqrstuvwxyz"),
                    "string" => of(b"abcdefghijklmnopqrstuvwxyz"),
                    "uuid" => {
                        let text = hex(&bytes);
                        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..32]]
                            .join("-")
                    }
                    other => return Err(format!("`{pattern}` has an unknown `${{{other}}}`")),
                });
            }
        }
    }
    name.push_str(rest);
    Ok((name, fixed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(naming: &Naming, max: usize, logical: &str) -> Result<(String, bool), String> {
        let urn = Urn::new("dev", "shop", None, "aws:sqs/queue:Queue", logical);
        let names = Names {
            urn: &urn,
            organization: "organization",
            project: "shop",
            stack: "dev",
            config: &|key| (key == "size").then(|| "big".to_owned()),
        };
        let rule = AutoName { max_length: max, lower_case: false, verbatim: false };
        choose(naming, &rule, &Draws { seed: [7; 32] }, &names, "")
    }

    #[test]
    fn names_fit_and_are_stable() {
        let (name, fixed) = chosen(&Naming::Default, 80, "jobs").expect("a name");
        assert_eq!((name.len(), fixed), (12, false));
        assert_eq!(chosen(&Naming::Default, 80, "jobs").expect("the same").0, name);
        let long = chosen(&Naming::Default, 32, &"x".repeat(60)).expect("a name").0;
        assert_eq!(long.len(), 32);
        let accents = chosen(&Naming::Default, 12, "ééééé").expect("cut at a letter").0;
        assert!(accents.starts_with("éé-"));
    }

    #[test]
    fn patterns_are_filled() {
        let pattern = |text: &str| {
            chosen(&Naming::Pattern { pattern: text.to_owned(), enforce: false }, 80, "jobs")
        };
        assert_eq!(
            pattern("${project}-${stack}-${name}-${config.size}"),
            Ok(("shop-dev-jobs-big".to_owned(), true))
        );
        assert_eq!(pattern("${name}${hex(4)}").map(|it| (it.0.len(), it.1)), Ok((8, false)));
        assert!(pattern("${nope}").is_err());
        assert!(pattern("${config.absent}").is_err());
        assert!(chosen(&Naming::Disabled, 80, "jobs").is_err());
        assert!(chosen(&Naming::Verbatim, 3, "jobs").is_err());
    }
}
