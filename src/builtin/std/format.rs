//! Texts with verbs in them, as Terraform has them from Go.

use serde_json::Value as Json;

use super::{Answer, Args, Row, Takes::*, shown, whole};

pub(super) const ROWS: &[Row] = &[
    ("std:index:format", &[("args", List), ("input", Text)], |it| {
        Ok(format(it.text("input")?, it.list("args")?)?.into())
    }),
    ("std:index:formatlist", &[("args", List), ("input", Text)], format_list),
];

/// A width or precision beyond this is a mistake.
const WIDTH_MAX: usize = 1000;

/// Lists among the arguments go on in step; all else stays the same.
fn format_list(args: &Args) -> Answer {
    let given = args.list("args")?;
    let mut lengths = given.iter().filter_map(Json::as_array).map(Vec::len);
    let count = lengths.next().unwrap_or(1);
    if lengths.any(|it| it != count) {
        return Err("the lists among the arguments differ in length".to_owned());
    }
    let text = args.text("input")?;
    let line = |at: usize| {
        let pick = |it: &Json| it.as_array().map_or_else(|| it.clone(), |list| list[at].clone());
        let row: Vec<Json> = given.iter().map(pick).collect();
        format(text, &row).map(Json::from)
    };
    (0..count).map(line).collect()
}

/// `%-08.3f`
#[derive(Default)]
struct Verb {
    left: bool,
    zero: bool,
    plus: bool,
    width: usize,
    precision: Option<usize>,
}

fn format(text: &str, args: &[Json]) -> Result<String, String> {
    let mut out = String::new();
    let mut args = args.iter();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = letters.next_if(|it| matches!(it, '-' | '0' | '+' | '#' | ' ')) {
            verb.left |= flag == '-';
            verb.zero |= flag == '0';
            verb.plus |= flag == '+';
        }
        verb.width = digits(&mut letters)?.unwrap_or_default();
        if letters.next_if_eq(&'.').is_some() {
            verb.precision = Some(digits(&mut letters)?.unwrap_or_default());
        }
        match letters.next() {
            Some('%') => out.push('%'),
            Some(kind) => {
                let value = args.next().ok_or("there are fewer arguments than verbs")?;
                out.push_str(&verb.padded(verb.text(kind, value)?, kind));
            }
            None => return Err("it ends within a verb".to_owned()),
        }
    }
    match args.next() {
        None => Ok(out),
        Some(_) => Err("there are more arguments than verbs".to_owned()),
    }
}

fn digits(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Option<usize>, String> {
    let mut text = String::new();
    while let Some(digit) = letters.next_if(char::is_ascii_digit) {
        text.push(digit);
    }
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|it| *it <= WIDTH_MAX);
    number.map(Some).ok_or_else(|| format!("a width is at most {WIDTH_MAX}"))
}

impl Verb {
    fn text(&self, kind: char, value: &Json) -> Result<String, String> {
        let wrong = |what: &str| format!("%{kind} wants {what}, not {value}");
        let integer = || whole(value).ok_or_else(|| wrong("a whole number"));
        let float = || value.as_f64().ok_or_else(|| wrong("a number"));
        let text = match kind {
            'v' => match value {
                Json::String(text) => text.clone(),
                Json::Array(_) | Json::Object(_) => value.to_string(),
                Json::Null => "null".to_owned(),
                other => shown(other)?,
            },
            's' => {
                let text = shown(value).map_err(|_| wrong("a text"))?;
                text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
            }
            'q' => Json::String(shown(value).map_err(|_| wrong("a text"))?).to_string(),
            't' => value.as_bool().ok_or_else(|| wrong("a boolean"))?.to_string(),
            'd' => integer()?.to_string(),
            'b' => format!("{:b}", integer()?),
            'o' => format!("{:o}", integer()?),
            'x' => format!("{:x}", integer()?),
            'X' => format!("{:X}", integer()?),
            'f' => format!("{:.*}", self.precision.unwrap_or(6), float()?),
            'g' => shown(value).map_err(|_| wrong("a number"))?,
            'e' => exponent(float()?, self.precision.unwrap_or(6)),
            other => return Err(format!("there is no verb %{other}")),
        };
        let signed = self.plus && "dfeg".contains(kind) && !text.starts_with('-');
        Ok(if signed { format!("+{text}") } else { text })
    }

    fn padded(&self, text: String, kind: char) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let zeros = self.zero && !self.left && "dbofxXe".contains(kind);
        match (self.left, zeros) {
            (true, _) => format!("{text}{}", " ".repeat(missing)),
            (false, false) => format!("{}{text}", " ".repeat(missing)),
            (false, true) => {
                let sign = text.len() - text.trim_start_matches(['+', '-']).len();
                format!("{}{}{}", &text[..sign], "0".repeat(missing), &text[sign..])
            }
        }
    }
}

/// Go writes at least two digits of it: `1.5e+06`.
fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}
