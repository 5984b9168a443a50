//! Numbers, and values to other types.

use serde_json::Value as Json;

use super::{Answer, Args, Row, Takes::*, number, shown};

pub(super) const ROWS: &[Row] = &[
    ("std:index:abs", &[("input", Number)], |it| number(it.number("input")?.abs())),
    ("std:index:ceil", &[("input", Number)], |it| number(it.number("input")?.ceil())),
    ("std:index:floor", &[("input", Number)], |it| number(it.number("input")?.floor())),
    ("std:index:log", &[("base", Number), ("input", Number)], |it| {
        number(it.number("input")?.ln() / it.number("base")?.ln())
    }),
    ("std:index:max", &[("input", Numbers)], |it| extreme(it, f64::max)),
    ("std:index:min", &[("input", Numbers)], |it| extreme(it, f64::min)),
    ("std:index:parseint", &[("base?", Number), ("input", Text)], parse_int),
    ("std:index:pow", &[("base", Number), ("exponent", Number)], |it| {
        number(it.number("base")?.powf(it.number("exponent")?))
    }),
    ("std:index:signum", &[("input", Number)], |it| {
        let input = it.number("input")?;
        number(if input == 0.0 { 0.0 } else { input.signum() })
    }),
    ("std:index:sum", &[("input", Numbers)], |it| number(it.numbers("input")?.iter().sum())),
    ("std:index:tobool", &[("input", Any)], |it| match it.any("input") {
        Json::Bool(flag) => Ok((*flag).into()),
        Json::Null => Ok(Json::Null),
        Json::String(text) if text == "true" || text == "false" => Ok((text == "true").into()),
        _ => Err("only \"true\" and \"false\" become a boolean".to_owned()),
    }),
    ("std:index:tonumber", &[("input", Any)], |it| match it.any("input") {
        Json::Null => Ok(Json::Null),
        Json::String(text) => match text.trim().parse() {
            Ok(it) => number(it),
            Err(_) => Err(format!("{text:?} is no number")),
        },
        other => number(other.as_f64().ok_or("it is no number")?),
    }),
    ("std:index:tostring", &[("input", Any)], |it| match it.any("input") {
        Json::Null => Ok(Json::Null),
        other => Ok(shown(other)?.into()),
    }),
];

fn extreme(args: &Args, of: fn(f64, f64) -> f64) -> Answer {
    let found = args.numbers("input")?.into_iter().reduce(of);
    number(found.ok_or("an empty list has no largest or smallest number")?)
}

fn parse_int(args: &Args) -> Answer {
    let base = if args.any("base").is_null() { 10 } else { args.whole("base")? };
    let base = u32::try_from(base).ok().filter(|it| (2..=36).contains(it));
    let base = base.ok_or("`base` must be from 2 to 36")?;
    let text = args.text("input")?;
    let parsed = i64::from_str_radix(text, base);
    Ok(parsed.map_err(|_| format!("{text:?} is no whole number of base {base}"))?.into())
}
