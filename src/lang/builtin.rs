//! The builtin functions, and how a value becomes text.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Number;
use sha1::{Digest as _, Sha1};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    ast::{Call, Expr, Span},
    eval::{Evaluator, FileForm, Known, Question, VALUE_BYTES},
};
use crate::model::{
    Urn, Value,
    value::{Asset, Source, whole},
};

pub(super) fn call(on: &Evaluator<'_>, span: &Span, call: &Call) -> Known<Value> {
    match call {
        Call::Invoke(it) => on.invoke(span, it, None),
        Call::Join { delimiter, list } => join(on, span, delimiter, list),
        Call::Split { delimiter, text } => split(on, span, delimiter, text),
        Call::Select { index, list } => select(on, index, list),
        Call::Length(it) => length(on, it),
        Call::SingleOrNone(it) => single_or_none(on, it),
        Call::ToJson(it) => to_json(on, it),
        Call::ToBase64(it) => {
            let (text, secret) = on.text(it, "the argument of fn::toBase64")?;
            Ok(mark(Value::String(BASE64_STANDARD.encode(text)), secret))
        }
        Call::FromBase64(it) => from_base64(on, it),
        Call::Sha1(it) => {
            let (text, secret) = on.text(it, "the argument of fn::sha1")?;
            Ok(mark(Value::String(hex(&Sha1::digest(text))), secret))
        }
        Call::ReadFile(it) => file(on, span, it, FileForm::Text),
        Call::FileBase64(it) => file(on, span, it, FileForm::Base64),
        Call::FileBase64Sha256(it) => file(on, span, it, FileForm::Base64Sha256),
        Call::Secret(it) => Ok(mark(on.try_eval(it)?, true)),
        Call::Unsecret(it) => Ok(opened(&on.try_eval(it)?)),
        Call::StringAsset(it) => asset(on, span, it, "fn::stringAsset", Source::Text),
        Call::FileAsset(it) => asset(on, span, it, "fn::fileAsset", Source::File),
        Call::RemoteAsset(it) => asset(on, span, it, "fn::remoteAsset", Source::Remote),
        Call::FileArchive(it) => asset(on, span, it, "fn::fileArchive", Source::FileArchive),
        Call::RemoteArchive(it) => asset(on, span, it, "fn::remoteArchive", Source::RemoteArchive),
        Call::AssetArchive(parts) => asset_archive(on, span, parts),
        Call::StackReference { stack, output } => stack_reference(on, span, stack, output),
        Call::ResourceName(it) => about_resource(on, it, "fn::pulumiResourceName", false),
        Call::ResourceType(it) => about_resource(on, it, "fn::pulumiResourceType", true),
    }
}

fn join(on: &Evaluator<'_>, span: &Span, delimiter: &Expr, list: &Expr) -> Known<Value> {
    // Both before the first `?`, so that the mistakes of both are reported.
    let between = on.try_eval(delimiter).and_then(|it| match it.bare() {
        Value::Null => Ok((String::new(), it.has_secret())),
        _ => on.text_of(delimiter, &it, "the delimiter of fn::join"),
    });
    let value = on.try_eval(list)?;
    let (between, mut secret) = between?;
    if let Some(unknown) = value.first_unknown() {
        return Err(unknown.clone());
    }
    secret |= value.has_secret();

    let Value::List(items) = opened(&value) else {
        let message =
            format!("the second argument of fn::join must be a list, not {}", word(&value));
        return Err(on.fail(&list.span, message));
    };
    let mut texts = Vec::with_capacity(items.len());
    let mut wrong = None;
    for (index, item) in items.iter().enumerate() {
        match item {
            Value::String(text) => texts.push(text.as_str()),
            Value::Ref(it) => texts.push(it.id.as_str().unwrap_or(&it.urn)),
            other => {
                let message = format!(
                    "the second argument of fn::join must be a list of strings, found {} at index {index}",
                    word(other)
                );
                wrong = Some(on.fail(&list.span, message));
            }
        }
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    on.spend(span, between.len().saturating_mul(texts.len()))?;
    Ok(mark(Value::String(texts.join(&between)), secret))
}

fn split(on: &Evaluator<'_>, span: &Span, delimiter: &Expr, text: &Expr) -> Known<Value> {
    let delimiter = on.text(delimiter, "the delimiter of fn::split");
    let (text, hidden) = on.text(text, "the second argument of fn::split")?;
    let (delimiter, secret) = delimiter?;
    let count = match delimiter.is_empty() {
        true => text.len(),
        false => text.matches(delimiter.as_str()).count(),
    };
    on.spend(span, count.saturating_mul(VALUE_BYTES))?;
    let parts: Vec<Value> = if delimiter.is_empty() {
        // Rust would add an empty text at each end.
        text.chars().map(Value::string).collect()
    } else {
        text.split(delimiter.as_str()).map(Value::string).collect()
    };
    Ok(mark(Value::List(parts), secret || hidden))
}

fn select(on: &Evaluator<'_>, index: &Expr, list: &Expr) -> Known<Value> {
    let at = on.try_eval(index);
    let items = on.try_eval(list)?;
    let at = at?;
    let number = match at.bare() {
        Value::Number(number) => number,
        Value::Unknown(unknown) => return Err(unknown.clone()),
        other => {
            let message = format!("the index of fn::select must be a number, not {}", word(other));
            return Err(on.fail(&index.span, message));
        }
    };
    let Some(whole) = whole(number).and_then(|it| usize::try_from(it).ok()) else {
        let message = format!(
            "the index of fn::select must be a whole number of at least 0, not {}",
            number_text(number)
        );
        return Err(on.fail(&index.span, message));
    };
    let (list_items, secret) = list_of(on, list, &items, "the second argument of fn::select")?;
    let Some(item) = list_items.get(whole) else {
        let length = list_items.len();
        let message = format!("list index {whole} out-of-bounds for list of length {length}");
        return Err(on.fail(&list.span, message));
    };
    Ok(mark(item.clone(), secret || at.has_secret()))
}

/// The items as they are, and whether the list as a whole is secret: what is
/// unknown or secret about one item is its own affair.
fn list_of<'v>(
    on: &Evaluator<'_>,
    expr: &Expr,
    value: &'v Value,
    what: &str,
) -> Known<(&'v [Value], bool)> {
    match value.bare() {
        Value::List(items) => Ok((items, matches!(value, Value::Secret(_)))),
        Value::Unknown(unknown) => Err(unknown.clone()),
        other => Err(on.fail(&expr.span, format!("{what} must be a list, not {}", word(other)))),
    }
}

fn length(on: &Evaluator<'_>, expr: &Expr) -> Known<Value> {
    let value = on.try_eval(expr)?;
    let count = match value.bare() {
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::String(text) => text.graphemes(true).count(),
        Value::Unknown(unknown) => return Err(unknown.clone()),
        other => {
            let message = format!(
                "the argument of fn::length must be a list, an object or a string, not {}",
                word(other)
            );
            return Err(on.fail(&expr.span, message));
        }
    };
    Ok(mark(Value::Number(count.into()), matches!(value, Value::Secret(_))))
}

fn single_or_none(on: &Evaluator<'_>, expr: &Expr) -> Known<Value> {
    let value = on.try_eval(expr)?;
    match list_of(on, expr, &value, "the argument of fn::singleOrNone")? {
        ([], secret) => Ok(mark(Value::Null, secret)),
        ([one], secret) => Ok(mark(one.clone(), secret)),
        (items, _) => {
            let message = format!(
                "fn::singleOrNone expects a list of at most one item, found {}",
                items.len()
            );
            Err(on.fail(&expr.span, message))
        }
    }
}

fn to_json(on: &Evaluator<'_>, expr: &Expr) -> Known<Value> {
    let value = on.try_eval(expr)?;
    if let Some(unknown) = value.first_unknown() {
        return Err(unknown.clone());
    }
    let mut text = String::new();
    write_json(&value, &mut text)
        .map_err(|what| on.fail(&expr.span, format!("{what} has no JSON form")))?;
    Ok(mark(Value::String(text), value.has_secret()))
}

fn from_base64(on: &Evaluator<'_>, expr: &Expr) -> Known<Value> {
    let (text, secret) = on.text(expr, "the argument of fn::fromBase64")?;
    // Line breaks are allowed, as in Go and as tools write them.
    let text: String = text.chars().filter(|it| !matches!(it, '\r' | '\n')).collect();
    // The decoder's own words would quote a part of what may be secret.
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|_| on.fail(&expr.span, "the argument of fn::fromBase64 is not base64"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| on.fail(&expr.span, "the result of fn::fromBase64 is not UTF-8 text"))?;
    Ok(mark(Value::String(text), secret))
}

fn file(on: &Evaluator<'_>, span: &Span, path: &Expr, form: FileForm) -> Known<Value> {
    let (path, secret) = on.text(path, "the path")?;
    let from = path.clone();
    let content = on.ask(span, Question::File { path, form }, &from)?;
    Ok(mark(content, secret))
}

fn asset(
    on: &Evaluator<'_>,
    span: &Span,
    expr: &Expr,
    function: &str,
    make: fn(String) -> Source,
) -> Known<Value> {
    let (text, secret) = on.text(expr, &format!("the argument of {function}"))?;
    Ok(mark(hashed(on, span, make(text), function)?, secret))
}

/// With the hash of what is in it, by which changes are seen.
fn hashed(on: &Evaluator<'_>, span: &Span, source: Source, from: &str) -> Known<Value> {
    let asset = Value::Asset(Asset::new(source)).to_state().to_string();
    on.ask(span, Question::Asset { asset }, from)
}

fn asset_archive(on: &Evaluator<'_>, span: &Span, parts: &[(String, Expr)]) -> Known<Value> {
    let mut archive = std::collections::BTreeMap::new();
    let mut secret = false;
    let mut awaited = None;
    for (path, expr) in parts {
        let part = on.eval(expr);
        secret |= part.has_secret();
        match part.bare() {
            Value::Asset(asset) => {
                archive.insert(path.clone(), asset.clone());
            }
            Value::Unknown(unknown) => {
                awaited.get_or_insert(unknown.clone());
            }
            other => {
                let message = format!("{path:?} must be an asset or archive, not {}", word(other));
                let unknown = on.fail(&expr.span, message);
                awaited.get_or_insert(unknown);
            }
        }
    }
    if let Some(unknown) = awaited {
        return Err(unknown);
    }
    Ok(mark(hashed(on, span, Source::Archive(archive), "fn::assetArchive")?, secret))
}

fn stack_reference(on: &Evaluator<'_>, span: &Span, stack: &str, output: &Expr) -> Known<Value> {
    let (name, hidden) = on.text(output, "the property name of fn::stackReference")?;
    let outputs = on.ask(span, Question::Stack { name: stack.to_owned() }, stack)?;
    let secret = hidden || matches!(outputs, Value::Secret(_));
    let value = outputs.as_map().and_then(|it| it.get(&name)).cloned().unwrap_or_default();
    Ok(mark(value, secret))
}

/// The logical name of a resource, or its type.
fn about_resource(
    on: &Evaluator<'_>,
    expr: &Expr,
    function: &str,
    wants_type: bool,
) -> Known<Value> {
    if let Some(it) = on.declared(expr) {
        return Ok(Value::string(if wants_type { &it.token.value } else { &it.name }));
    }
    let value = on.try_eval(expr)?;
    match value.bare() {
        Value::Ref(it) => {
            let urn = Urn(it.urn.clone());
            Ok(Value::string(if wants_type { urn.token() } else { urn.name() }))
        }
        Value::Unknown(unknown) => Err(unknown.clone()),
        other => {
            let message =
                format!("the argument of {function} must be a resource, not {}", word(other));
            Err(on.fail(&expr.span, message))
        }
    }
}

/// The value, secret if it came of something secret. What is not known yet
/// has nothing to hide, and is easier to recognise without a wrapper.
pub(super) fn mark(value: Value, secret: bool) -> Value {
    match value {
        Value::Unknown(_) => value,
        value if secret => Value::secret(value),
        value => value,
    }
}

/// Without any secret mark, however deep.
pub(super) fn opened(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => opened(&secret.0),
        Value::List(items) => Value::List(items.iter().map(opened).collect()),
        Value::Map(map) => {
            Value::Map(map.iter().map(|(key, value)| (key.clone(), opened(value))).collect())
        }
        other => other.clone(),
    }
}

/// What a value is, in the words of an error message.
pub(super) fn word(value: &Value) -> &'static str {
    match value.bare() {
        Value::Null => "nil",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "an object",
        Value::Asset(_) => "an asset",
        Value::Ref(_) => "a resource",
        Value::Unknown(_) => "an unknown value",
        Value::Secret(_) => unreachable!("`bare` removes it"),
    }
}

/// A value inside a text, as Pulumi YAML writes it (Go's `%v`), save that
/// numbers are always plain and a resource is its id. `Err` names what cannot
/// be text. Nothing inside may be unknown.
pub(super) fn open_text(value: &Value, out: &mut String) -> Result<(), &'static str> {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => out.push_str(text),
        Value::Secret(secret) => open_text(&secret.0, out)?,
        Value::Ref(it) if it.id.is_null() => out.push_str(&it.urn),
        Value::Ref(it) => open_text(&it.id, out)?,
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                open_text(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                open_text(value, out)?;
            }
            out.push(']');
        }
        Value::Asset(_) | Value::Unknown(_) => return Err(word(value)),
    }
    Ok(())
}

/// JSON as Go writes it: compact, keys in order, and `<`, `>`, `&` escaped, so
/// that a text is the same one that Pulumi deployed. `Err` names what has no
/// JSON form. Nothing inside may be unknown.
pub(super) fn write_json(value: &Value, out: &mut String) -> Result<(), &'static str> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => write_json_text(text, out),
        Value::Secret(secret) => write_json(&secret.0, out)?,
        Value::Ref(it) if it.id.is_null() => write_json_text(&it.urn, out),
        Value::Ref(it) => write_json(&it.id, out)?,
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_json_text(key, out);
                out.push(':');
                write_json(value, out)?;
            }
            out.push('}');
        }
        Value::Asset(_) | Value::Unknown(_) => return Err(word(value)),
    }
    Ok(())
}

fn write_json_text(text: &str, out: &mut String) {
    let plain = serde_json::to_string(text).expect("a text is always JSON");
    for letter in plain.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(out, "\\u{:04x}", u32::from(letter)).expect("a String takes all");
            }
            other => out.push(other),
        }
    }
}

/// A number as Go's JSON writes it: without `.0`, and with an exponent only
/// when it is very small or very large.
pub(super) fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = float.abs();
    if float != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        return match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        };
    }
    format!("{float}")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}
