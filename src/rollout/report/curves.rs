//! Weights, health, errors and latency over time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    chart::{Axis, Curve, Form, Frame},
    html::Html,
    pictures::{figure, figures, patience},
    read::{Colour, Shift, entries, list, moment, number},
    words::{lasted, latency, percent, short, stamp},
};

pub(super) fn weights(h: &mut Html, shift: &Shift<'_>, frame: &Frame<'_>) {
    let before = shift.of("route.preimage").find_map(|it| shift.share(it.json.get("weights")?));
    let mut verified: Vec<(f64, Option<f64>)> = Vec::new();
    let mut seen = Vec::new();
    for event in &shift.events {
        let weight = match event.kind {
            "weights.verified" => weight(shift, event.json),
            "rollback.verified" => before,
            "shift.finished" => event.json.pointer("/final/traffic").and_then(|it| shift.share(it)),
            _ => continue,
        };
        if let (Some(at), Some(weight)) = (event.at, weight) {
            verified.push((at, Some(weight)));
            if event.kind == "weights.verified" {
                seen.push((at, weight, event.json));
            }
        }
    }
    let share: Vec<_> = shift
        .of("obs.share")
        .filter_map(|it| {
            Some((moment(it.json, "at").or(it.at)?, number(it.json, "share"), it.json))
        })
        .collect();
    let to = &shift.target.name;
    let title = format!("Traffic to {to}");
    if seen.is_empty() && share.is_empty() {
        figure(h, &title, |h| {
            match shift.events.iter().any(|it| it.kind.starts_with("op.")) {
                true => h.raw("<p>No weight was verified: whether the calls below moved traffic is not known.</p>"),
                false => h.raw("<p>No call was made and no weight was verified: no traffic was moved.</p>"),
            }
        });
        return;
    }

    let first = seen.iter().find(|it| it.1 > 0.0).map(|it| it.0);
    if let (Some((start, _)), Some(before)) = (shift.span, before) {
        verified.insert(0, (start, Some(before)));
    }
    verified.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some(&(_, last)) = verified.last() {
        verified.push((frame.axis.end(), last));
    }
    let stairs = |name: &str, class: &str, points| Curve {
        name: name.to_owned(),
        class: class.to_owned(),
        points,
        gap: f64::INFINITY,
        form: Form::Stairs,
    };
    let mut curves =
        vec![stairs("verified weight", &format!("curve {} full", shift.target.hue), verified)];
    if let Some(first) = first {
        curves.insert(
            0,
            stairs("planned from the first move", "curve plan", planned(shift, first, frame.axis)),
        );
    }
    if !share.is_empty() {
        let points = share.iter().map(|it| (it.0, it.1)).collect();
        let name = "share that the load balancer counted".to_owned();
        curves.push(Curve {
            name,
            class: "dot".to_owned(),
            points,
            gap: f64::INFINITY,
            form: Form::Dots,
        });
    }
    figure(h, &title, |h| {
        frame.curves(h, "weights", &title, &curves, 100.0, percent);
        let heads = &["Time (UTC)", "Weight verified", "Routes", "Apart"];
        figures(h, "Weights verified", heads, &seen, |h, (at, weight, json)| {
            h.tag("td", "", stamp(*at));
            h.tag("td", "num", percent(*weight));
            h.tag("td", "num", list(json, "routes").len());
            h.tag("td", "num", number(json, "skewMs").map_or_else(|| "–".to_owned(), lasted));
        });
        if !share.is_empty() {
            let heads = &["Time (UTC)", "Weight", "Share counted"];
            figures(h, "Shares counted", heads, &share, |h, (at, share, json)| {
                h.tag("td", "", stamp(*at));
                figure_cell(h, number(json, "weight"), percent);
                figure_cell(h, *share, percent);
            });
        }
    });
}

pub(super) fn weight(shift: &Shift<'_>, verified: &Value) -> Option<f64> {
    let of_routes =
        || list(verified, "routes").iter().find_map(|it| shift.share(it.get("weights")?));
    number(verified, "weight").or_else(of_routes)
}

/// The steps of the plan with their least bakes, from the first move on.
fn planned(shift: &Shift<'_>, first: f64, axis: &Axis) -> Vec<(f64, Option<f64>)> {
    let mut points = vec![(first, Some(0.0))];
    let mut at = first;
    for step in shift.planned.map_or(&[][..], |it| list(it, "steps")) {
        if at > axis.end() {
            break;
        }
        points.push((at, number(step, "weight")));
        at += number(step, "bakeMs").unwrap_or(0.0).max(0.0) / 1000.0;
    }
    let last = points.last().and_then(|it| it.1);
    points.push((at.min(axis.end()), last));
    let end = at
        + shift.planned.and_then(|it| number(it, "finalBakeMs")).unwrap_or(0.0).max(0.0) / 1000.0;
    points.push((end.min(axis.end()), last));
    points
}

fn figure_cell(h: &mut Html, value: Option<f64>, unit: fn(f64) -> String) {
    h.tag("td", "num", value.map_or_else(|| "–".to_owned(), unit));
}

/// The two colours, the source first and so below.
fn both<'a>(shift: &'a Shift<'_>) -> [(&'a Colour<'a>, &'static str); 2] {
    [(&shift.source, "dash"), (&shift.target, "full")]
}

pub(super) fn health(h: &mut Html, shift: &Shift<'_>, frame: &Frame<'_>) {
    let samples: Vec<_> = shift.of("obs.health").filter_map(|it| Some((it.at?, it.json))).collect();
    let gap = patience(samples.iter().map(|it| it.0), 60.0);
    let mut curves = Vec::new();
    for (of, style) in [("total", "thin"), ("healthy", "")] {
        for (colour, line) in both(shift) {
            let value = |json: &Value| number(json.get(&*colour.name)?, of);
            curves.push(Curve {
                name: format!("{} {of}", colour.name),
                class: format!("curve {} {line} {style}", colour.hue),
                points: samples.iter().map(|(at, json)| (*at, value(json))).collect(),
                gap,
                form: Form::Stairs,
            });
        }
    }
    const TITLE: &str = "Healthy targets";
    let Some(highest) = curves.iter().filter_map(Curve::highest).reduce(f64::max) else {
        figure(h, TITLE, |h| {
            let (source, target) = (&shift.source.name, &shift.target.name);
            h.tag("p", "", format_args!("No health of {source} or {target} was recorded."));
        });
        return;
    };
    let names = both(shift).map(|it| it.0.name.as_ref());
    let of = |json: &Value, name: &str| {
        let side = json.get(name)?;
        let part = |key| number(side, key).map_or_else(|| "?".to_owned(), short);
        let reasons: Vec<_> =
            entries(side, "reasons").map(|(name, times)| format!(", {name} ×{times}")).collect();
        Some(format!("{} of {}{}", part("healthy"), part("total"), reasons.concat()))
    };
    let mut changes: Vec<_> =
        samples.iter().map(|(at, json)| (*at, names.map(|name| of(json, name)))).collect();
    changes.dedup_by(|a, b| a.1 == b.1);
    figure(h, TITLE, |h| {
        // Whole targets, also when there are few.
        frame.curves(h, "health", TITLE, &curves, highest.max(5.0), short);
        let heads = &["Time (UTC)", "Colour", "Healthy"];
        let rows: Vec<_> = changes
            .iter()
            .flat_map(|(at, sides)| {
                names.into_iter().zip(sides).map(move |(name, side)| (*at, name, side))
            })
            .collect();
        figures(h, "Changes of health", heads, &rows, |h, (at, name, side)| {
            h.tag("td", "", stamp(*at));
            h.tag("td", "", name);
            h.tag("td", "", side.as_deref().unwrap_or("–"));
        });
    });
}

pub(super) fn metrics(h: &mut Html, shift: &Shift<'_>, frame: &Frame<'_>) {
    // Every sample repeats the minutes before it; the last one knows most.
    let mut minutes = BTreeMap::new();
    for minute in shift.of("obs.metric").flat_map(|it| list(it.json, "minutes")) {
        if let Some(at) = moment(minute, "at") {
            minutes.insert(at as i64, minute);
        }
    }
    let minutes: Vec<_> = minutes.into_iter().map(|(at, minute)| (at as f64, minute)).collect();
    if minutes.is_empty() {
        figure(h, "Errors and latency", |h| h.raw("<p>No metric was recorded.</p>"));
        return;
    }
    // A minute that is absent is a gap, whatever else is.
    let gap = 0.5 * patience(minutes.iter().map(|it| it.0), 180.0);
    let curves = |value: fn(&Value) -> Option<f64>| {
        both(shift).map(|(colour, line)| Curve {
            name: colour.name.to_string(),
            class: format!("curve {} {line}", colour.hue),
            points: minutes
                .iter()
                .map(|(at, it)| (*at, it.get(&*colour.name).and_then(value)))
                .collect(),
            gap,
            form: Form::Line,
        })
    };
    let highest = |curves: &[Curve]| curves.iter().filter_map(Curve::highest).fold(0.0, f64::max);

    figure(h, "Errors of requests, per minute", |h| {
        let curves = curves(rate);
        frame.curves(h, "errors", "Rate of errors", &curves, highest(&curves).max(0.1), percent);
    });
    figure(h, "Latency (p99)", |h| {
        let curves = curves(|it| number(it, "p99"));
        frame.curves(
            h,
            "latency",
            "99th percentile of latency",
            &curves,
            highest(&curves).max(0.01),
            latency,
        );
        let heads = &["Minute (UTC)", "Colour", "Requests", "Errors", "Rate", "p90", "p99"];
        let rows: Vec<_> = minutes
            .iter()
            .flat_map(|(at, minute)| {
                both(shift).map(|it| (*at, &it.0.name, minute.get(&*it.0.name)))
            })
            .collect();
        figures(h, "Minutes", heads, &rows, |h, (at, name, side)| {
            let of = |key| side.and_then(|it| number(it, key));
            h.tag("td", "", stamp(*at));
            h.tag("td", "", name);
            figure_cell(h, of("requests"), short);
            figure_cell(h, of("errors"), short);
            figure_cell(h, side.and_then(rate), percent);
            figure_cell(h, of("p90"), latency);
            figure_cell(h, of("p99"), latency);
        });
    });
}

/// Percent of requests; without requests there is no rate.
fn rate(side: &Value) -> Option<f64> {
    let requests = number(side, "requests").filter(|it| *it > 0.0)?;
    Some(100.0 * number(side, "errors")? / requests)
}
