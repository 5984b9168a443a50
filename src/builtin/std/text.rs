//! Texts.

use regex_lite::{Captures, Regex};
use serde_json::{Value as Json, json};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Answer, Args, Row, Takes::*};

pub(super) const ROWS: &[Row] = &[
    ("std:index:basename", &[("input", Text)], |it| {
        let path = it.text("input")?.trim_end_matches('/');
        Ok(path.rsplit('/').next().unwrap_or(path).into())
    }),
    ("std:index:chomp", &[("input", Text)], |it| {
        Ok(it.text("input")?.trim_end_matches(['\r', '\n']).into())
    }),
    ("std:index:dirname", &[("input", Text)], |it| {
        let path = it.text("input")?;
        Ok(match path.rsplit_once('/') {
            Some(("", _)) => "/".into(),
            Some((folder, _)) => folder.into(),
            None => ".".into(),
        })
    }),
    ("std:index:endswith", &[("input", Text), ("suffix", Text)], |it| {
        Ok(it.text("input")?.ends_with(it.text("suffix")?).into())
    }),
    ("std:index:indent", &[("input", Text), ("spaces", Number)], |it| {
        let spaces = usize::try_from(it.whole("spaces")?).ok().filter(|it| *it <= 1000);
        let line = format!("\n{}", " ".repeat(spaces.ok_or("`spaces` must be from 0 to 1000")?));
        Ok(it.text("input")?.replace('\n', &line).into())
    }),
    ("std:index:join", &[("input", Texts), ("separator", Text)], |it| {
        Ok(it.texts("input")?.join(it.text("separator")?).into())
    }),
    ("std:index:lower", &[("input", Text)], |it| Ok(it.text("input")?.to_lowercase().into())),
    ("std:index:regex", &[("pattern", Text), ("string", Text)], |it| {
        let (regex, text) = (pattern(it.text("pattern")?)?, it.text("string")?);
        let found = regex.captures(text);
        Ok(matched(&regex, &found.ok_or("the pattern matches nothing of the string")?))
    }),
    ("std:index:regexall", &[("pattern", Text), ("string", Text)], |it| {
        let regex = pattern(it.text("pattern")?)?;
        let all = regex.captures_iter(it.text("string")?);
        Ok(all.map(|it| matched(&regex, &it)).collect())
    }),
    ("std:index:replace", &[("replace", Text), ("search", Text), ("text", Text)], replace),
    ("std:index:split", &[("separator", Text), ("text", Text)], |it| {
        let (separator, text) = (it.text("separator")?, it.text("text")?);
        Ok(match separator {
            "" => text.graphemes(true).map(Json::from).collect(),
            _ => text.split(separator).map(Json::from).collect(),
        })
    }),
    ("std:index:startswith", &[("input", Text), ("prefix", Text)], |it| {
        Ok(it.text("input")?.starts_with(it.text("prefix")?).into())
    }),
    ("std:index:strrev", &[("input", Text)], |it| {
        Ok(it.text("input")?.graphemes(true).rev().collect::<String>().into())
    }),
    ("std:index:substr", &[("input", Text), ("length", Number), ("offset", Number)], substr),
    ("std:index:title", &[("input", Text)], |it| Ok(title(it.text("input")?).into())),
    ("std:index:trim", &[("cutset", Text), ("input", Text)], |it| {
        let cutset: Vec<char> = it.text("cutset")?.chars().collect();
        Ok(it.text("input")?.trim_matches(&cutset[..]).into())
    }),
    ("std:index:trimprefix", &[("input", Text), ("prefix", Text)], |it| {
        let input = it.text("input")?;
        Ok(input.strip_prefix(it.text("prefix")?).unwrap_or(input).into())
    }),
    ("std:index:trimspace", &[("input", Text)], |it| Ok(it.text("input")?.trim().into())),
    ("std:index:trimsuffix", &[("input", Text), ("suffix", Text)], |it| {
        let input = it.text("input")?;
        Ok(input.strip_suffix(it.text("suffix")?).unwrap_or(input).into())
    }),
    ("std:index:upper", &[("input", Text)], |it| Ok(it.text("input")?.to_uppercase().into())),
];

fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|it| format!("{text:?} is no pattern: {it}"))
}

/// The named groups, else the groups, else the whole match.
fn matched(regex: &Regex, found: &Captures<'_>) -> Json {
    let names: Vec<&str> = regex.capture_names().flatten().collect();
    let text = |it: Option<regex_lite::Match<'_>>| it.map_or(Json::Null, |it| it.as_str().into());
    if !names.is_empty() {
        return names.iter().map(|it| ((*it).to_owned(), text(found.name(it)))).collect();
    }
    match found.len() {
        1 => json!(found.get(0).map_or("", |it| it.as_str())),
        groups => (1..groups).map(|at| text(found.get(at))).collect(),
    }
}

/// A search between slashes is a pattern, whose groups are `$1`.
fn replace(args: &Args) -> Answer {
    let (text, search, new) = (args.text("text")?, args.text("search")?, args.text("replace")?);
    let between = search.strip_prefix('/').and_then(|it| it.strip_suffix('/'));
    Ok(match between {
        Some(inside) => pattern(inside)?.replace_all(text, new).into_owned().into(),
        None => text.replace(search, new).into(),
    })
}

/// In characters; from the end if the offset is negative, to it if the length
/// is.
fn substr(args: &Args) -> Answer {
    let letters: Vec<&str> = args.text("input")?.graphemes(true).collect();
    let count = i64::try_from(letters.len()).unwrap_or(i64::MAX);
    let (mut offset, length) = (args.whole("offset")?, args.whole("length")?);
    if offset < 0 {
        offset = count.saturating_add(offset);
    }
    let offset = offset.clamp(0, count);
    let end = if length < 0 { count } else { offset.saturating_add(length).min(count) };
    let at = |it: i64| usize::try_from(it).unwrap_or_default();
    Ok(letters[at(offset)..at(end)].concat().into())
}

fn title(text: &str) -> String {
    let mut start = true;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match start && letter.is_alphabetic() {
            true => out.extend(letter.to_uppercase()),
            false => out.push(letter),
        }
        start = !(letter.is_alphanumeric() || letter == '_' || letter == '\'');
    }
    out
}
