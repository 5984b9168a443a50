//! Times, durations and figures as people read them.

use std::fmt::{self, Display};

use time::{Date, Month, OffsetDateTime};

const DAY: f64 = 86_400.0;

/// Seconds since 1970 of `2026-11-30T01:02:03.456Z`, also with another offset.
pub(super) fn instant(text: &str) -> Option<f64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-');
    let year = digits(date.next()?)?;
    let month = Month::try_from(u8::try_from(digits(date.next()?)?).ok()?).ok()?;
    let day = u8::try_from(digits(date.next()?)?).ok()?;
    let midnight = Date::from_calendar_date(i32::try_from(year).ok()?, month, day)
        .ok()?
        .midnight()
        .assume_utc();

    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, "Z"),
    };
    let ahead = match offset.split_at(1) {
        ("-", behind) => -of_day(behind)?,
        ("+", ahead) => of_day(ahead)?,
        _ => 0.0,
    };
    Some(midnight.unix_timestamp() as f64 + of_day(clock)? - ahead)
}

/// Seconds of `hh:mm` or `hh:mm:ss.fff`.
fn of_day(clock: &str) -> Option<f64> {
    let mut parts = clock.splitn(3, ':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let (second, fraction) = parts.next().map_or(("0", None), |it| match it.split_once('.') {
        Some((second, fraction)) => (second, Some(fraction)),
        None => (it, None),
    });
    let second = digits(second)?;
    let part = fraction
        .map_or(Some(0.0), |it| Some(digits(it)? as f64 / 10f64.powi(it.len().try_into().ok()?)))?;
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| f64::from((hour * 60 + minute) * 60 + second) + part)
}

fn digits(text: &str) -> Option<u32> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn date(at: f64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at.floor() as i64).ok()
}

/// `2026-11-30 01:02:03`
pub(super) fn stamp(at: f64) -> String {
    date(at).map_or_else(|| format!("{at} s"), |it| format!("{} {}", it.date(), clock(at)))
}

/// `01:02:03`
pub(super) fn clock(at: f64) -> String {
    date(at).map_or_else(String::new, |it| {
        format!("{:02}:{:02}:{:02}", it.hour(), it.minute(), it.second())
    })
}

/// The time at a mark of an axis whose marks are `step` apart.
pub(super) fn tick(at: f64, step: f64) -> String {
    match date(at) {
        None => String::new(),
        Some(it) if step >= DAY || at.rem_euclid(DAY) == 0.0 => {
            format!("{} {:.3}", it.day(), it.month().to_string())
        }
        Some(_) if step < 60.0 => clock(at),
        Some(it) => format!("{:02}:{:02}", it.hour(), it.minute()),
    }
}

/// `3.2 s`, `4 min 10 s`, `1 h 12 min`
pub(super) fn lasted(ms: f64) -> String {
    let seconds = (ms / 1000.0).round();
    let (minutes, hours) = ((seconds / 60.0).floor(), (seconds / 3600.0).floor());
    let two = |a: f64, big: &str, b: f64, small: &str| match b {
        0.0 => format!("{a}\u{a0}{big}"),
        _ => format!("{a}\u{a0}{big} {b}\u{a0}{small}"),
    };
    match ms {
        ..0.0 => format!("-{}", lasted(-ms)),
        ..1000.0 => format!("{}\u{a0}ms", ms.round()),
        ..10_000.0 => format!("{}\u{a0}s", short(ms / 1000.0)),
        _ if minutes < 1.0 => format!("{seconds}\u{a0}s"),
        _ if hours < 1.0 => two(minutes, "min", seconds % 60.0, "s"),
        _ if hours < 48.0 => two(hours, "h", minutes % 60.0, "min"),
        _ => two((hours / 24.0).floor(), "d", hours % 24.0, "h"),
    }
}

/// `0.18`, `24.6`, `412`: three figures, and whole numbers whole.
pub(super) fn short(value: f64) -> String {
    let places: usize = match value.abs() {
        ..0.001 => 5,
        ..0.1 => 3,
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// `24.6 %`
pub(super) fn percent(value: f64) -> String {
    format!("{}\u{a0}%", short(value))
}

/// Milliseconds below ten seconds, else seconds.
pub(super) fn latency(seconds: f64) -> String {
    match seconds {
        ..10.0 => format!("{}\u{a0}ms", short(seconds * 1000.0)),
        _ => format!("{}\u{a0}s", short(seconds)),
    }
}

/// `12 calls`, `1 call`
pub(super) fn count(n: usize, one: &'static str) -> impl Display {
    fmt::from_fn(move |f| write!(f, "{n}\u{a0}{one}{}", if n == 1 { "" } else { "s" }))
}

/// What exit codes mean.
pub(super) fn exit(code: f64) -> &'static str {
    match code as i64 {
        0 => "done, or nothing to do",
        1 => "an internal error before any write",
        2 => "wrong usage or program",
        3 => "refused or aborted before traffic moved",
        4 => "rolled back and verified",
        5 => "locked by another run",
        6 => "paused: a decision is needed",
        7 => "conflict: somebody else changed a route",
        8 => "rollback blocked or not verified",
        130 => "interrupted",
        _ => "not known to this version",
    }
}
