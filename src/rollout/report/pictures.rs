//! The pictures, and what they have in common.

use super::{
    alarms::alarms,
    chart::{Axis, Frame},
    curves::{health, metrics, weights},
    html::{Html, table},
    lane::{lane, marks},
    read::Shift,
    words::count,
};

pub(super) fn pictures(h: &mut Html, shift: &Shift<'_>) {
    let Some(span) = shift.span else {
        h.raw("<p>No event has a readable time: there is nothing to draw.</p>");
        return;
    };
    let axis = Axis::new(span);
    let marks = marks(shift);
    let frame = Frame { axis: &axis, marks: &marks };
    lane(h, shift, &frame);
    weights(h, shift, &frame);
    health(h, shift, &frame);
    metrics(h, shift, &frame);
    alarms(h, shift, &frame);
}

pub(super) fn figure(h: &mut Html, title: &str, inner: impl FnOnce(&mut Html)) {
    h.el("figure", &[], |h| {
        h.tag("figcaption", "", title);
        inner(h);
    });
    h.raw("\n");
}

/// The numbers of a picture, folded.
pub(super) fn figures<T>(
    h: &mut Html,
    label: &'static str,
    heads: &[&'static str],
    rows: &[T],
    row: impl FnMut(&mut Html, &T),
) {
    h.el("details", &[], |h| {
        h.el("summary", &[], |h| {
            h.raw(label);
            h.text(format_args!(" ({})", count(rows.len(), "row")));
        });
        table(h, label, heads, rows, row);
    });
}

/// Three times what usually lies between two samples.
pub(super) fn patience(times: impl Iterator<Item = f64>, least: f64) -> f64 {
    let times: Vec<_> = times.collect();
    let mut between: Vec<_> =
        times.windows(2).map(|it| it[1] - it[0]).filter(|it| *it > 0.0).collect();
    between.sort_by(f64::total_cmp);
    between.get(between.len() / 2).map_or(least, |it| (3.0 * it).max(least))
}
