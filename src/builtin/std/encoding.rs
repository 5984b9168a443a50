//! Other forms of a text or value: digests, base64, JSON, CSV, times.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::Md5;
use serde_json::{Map as JsonMap, Value as Json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::{Answer, Args, Row, Takes::*};

pub(super) const ROWS: &[Row] = &[
    ("std:index:base64decode", &[("input", Text)], |it| {
        let bytes = BASE64_STANDARD.decode(it.text("input")?);
        let bytes = bytes.map_err(|it| format!("it is no base64: {it}"))?;
        Ok(String::from_utf8(bytes).map_err(|_| "what is in it is no UTF-8 text")?.into())
    }),
    ("std:index:base64encode", &[("input", Text)], |it| {
        Ok(BASE64_STANDARD.encode(it.text("input")?).into())
    }),
    ("std:index:base64sha256", &[("input", Text)], |it| {
        Ok(BASE64_STANDARD.encode(Sha256::digest(it.text("input")?)).into())
    }),
    ("std:index:base64sha512", &[("input", Text)], |it| {
        Ok(BASE64_STANDARD.encode(Sha512::digest(it.text("input")?)).into())
    }),
    ("std:index:csvdecode", &[("input", Text)], |it| csv(it.text("input")?)),
    ("std:index:jsondecode", &[("input", Text)], |it| {
        serde_json::from_str(it.text("input")?).map_err(|it| format!("it is no JSON: {it}"))
    }),
    ("std:index:jsonencode", &[("input", Any)], |it| Ok(json_text(it.any("input")).into())),
    ("std:index:md5", &[("input", Text)], |it| digest::<Md5>(it)),
    ("std:index:sha1", &[("input", Text)], |it| digest::<Sha1>(it)),
    ("std:index:sha256", &[("input", Text)], |it| digest::<Sha256>(it)),
    ("std:index:sha512", &[("input", Text)], |it| digest::<Sha512>(it)),
    ("std:index:timeadd", &[("duration", Text), ("timestamp", Text)], |it| {
        let text = it.text("duration")?;
        let (time, span) = (moment(it.text("timestamp")?)?, nanos(text));
        let span = span.ok_or_else(|| format!("{text:?} is no duration such as 1h30m"))?;
        let later = time.checked_add(time::Duration::nanoseconds(span));
        Ok(written(later.ok_or("the time is out of range")?).into())
    }),
    ("std:index:timecmp", &[("timestampa", Text), ("timestampb", Text)], |it| {
        let (one, other) = (moment(it.text("timestampa")?)?, moment(it.text("timestampb")?)?);
        Ok((one.cmp(&other) as i64).into())
    }),
    ("std:index:urlencode", &[("input", Text)], |it| Ok(url(it.text("input")?).into())),
];

fn digest<D: Digest>(args: &Args) -> Answer {
    let digest = D::digest(args.text("input")?);
    Ok(digest.iter().map(|it| format!("{it:02x}")).collect::<String>().into())
}

/// Keys in order, and what HTML would read escaped, as Terraform does.
fn json_text(value: &Json) -> String {
    fn sorted(value: &Json) -> Json {
        match value {
            Json::Object(map) => {
                let map: std::collections::BTreeMap<_, _> =
                    map.iter().map(|(key, it)| (key.clone(), sorted(it))).collect();
                Json::Object(map.into_iter().collect())
            }
            Json::Array(list) => list.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    let text = sorted(value).to_string();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The first row names the columns.
fn csv(text: &str) -> Answer {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    if quoted {
        return Err("a quoted cell does not end".to_owned());
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.retain(|it| it.len() > 1 || it.iter().any(|it| !it.is_empty()));
    let mut rows = rows.into_iter();
    let names = rows.next().ok_or("it has no row that names the columns")?;
    let entry = |row: Vec<String>| {
        if row.len() != names.len() {
            return Err(format!("a row has {} cells instead of {}", row.len(), names.len()));
        }
        let cells = names.iter().cloned().zip(row.into_iter().map(Json::from));
        Ok(Json::Object(cells.collect::<JsonMap<_, _>>()))
    };
    rows.map(entry).collect()
}

/// RFC 3339, `2024-02-29T12:00:00Z` or with `+02:00`.
fn moment(text: &str) -> Result<OffsetDateTime, String> {
    let read = || -> Option<OffsetDateTime> {
        let (date, rest) = text.split_once(['T', 't'])?;
        let at = rest.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = rest.split_at(at);
        let mut date = date.split('-').map(str::parse::<u16>);
        let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let day = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut clock = clock.split(':').map(str::parse::<u8>);
        let (hour, minute, second) =
            (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
        let fraction = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
        let time = Time::from_hms_nano(hour, minute, second, fraction).ok()?;
        let offset = match zone {
            "Z" | "z" => UtcOffset::UTC,
            _ => {
                let (hours, minutes) = zone[1..].split_once(':')?;
                let (hours, minutes): (i8, i8) = (hours.parse().ok()?, minutes.parse().ok()?);
                let sign = if zone.starts_with('-') { -1 } else { 1 };
                UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?
            }
        };
        Some(OffsetDateTime::new_in_offset(day, time, offset))
    };
    read().ok_or_else(|| format!("{text:?} is no time such as 2024-02-29T12:00:00Z"))
}

fn written(time: OffsetDateTime) -> String {
    let (hours, minutes, _) = time.offset().as_hms();
    let zone = match (hours, minutes) {
        (0, 0) => "Z".to_owned(),
        (hours, minutes) => {
            let sign = if hours < 0 || minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", hours.unsigned_abs(), minutes.unsigned_abs())
        }
    };
    let (date, clock) = (time.date(), time.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// Go's `1h30m`, `-1.5h`, `500ms`.
fn nanos(text: &str) -> Option<i64> {
    const UNITS: &[(&str, f64)] = &[
        ("h", 3.6e12),
        ("m", 6e10),
        ("s", 1e9),
        ("ms", 1e6),
        ("us", 1e3),
        ("µs", 1e3),
        ("ns", 1.0),
    ];
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        let (digits, after) = rest.split_at(rest.find(|it| !is_number(it))?);
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let size = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total += digits.parse::<f64>().ok()? * size;
        rest = after;
    }
    let total = sign * total;
    (!text.is_empty() && total.abs() < 9e18).then(|| format!("{total:.0}").parse().ok())?
}

/// As in a query: a blank is `+`.
fn url(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            other => out.extend(format!("%{other:02X}").chars()),
        }
    }
    out
}
