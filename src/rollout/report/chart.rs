//! Pictures on the shared time axis. Across, all is in percent, so that text
//! keeps its size on every screen; down, all is in pixels.

use std::fmt::{self, Display, Write};

use super::{
    html::{Attrs, Html},
    words::{short, tick},
};

/// The width of a curve's own coordinates, stretched to the width of the page.
const WIDE: f64 = 1000.0;
/// A curve keeps its lowest and highest value in each of so many spans.
const SPANS: f64 = 500.0;
/// What one picture can show apart.
pub(super) const APART: usize = 1500;

/// Axis marks in steps of 1, 2 or 5.
pub(super) fn nice(range: f64, most: f64) -> f64 {
    let least = (range / most).max(1e-9);
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().map(|it| it * power).find(|it| *it >= least * 0.999_999);
    step.unwrap_or(10.0 * power)
}

pub(super) struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    pub(super) fn new((from, to): (f64, f64)) -> Self {
        // A shift of one moment still needs a width.
        Self { from, to: to.max(from + 1.0) }
    }

    pub(super) fn end(&self) -> f64 {
        self.to
    }

    /// Where a moment is, in percent, if it is on the axis.
    pub(super) fn at(&self, time: f64) -> Option<f64> {
        (self.from..=self.to).contains(&time).then(|| self.clamped(time))
    }

    fn clamped(&self, time: f64) -> f64 {
        100.0 * (time.clamp(self.from, self.to) - self.from) / (self.to - self.from)
    }

    /// Times that people count in.
    fn ticks(&self) -> (f64, Vec<f64>) {
        const STEPS: [f64; 17] = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0,
            7200.0, 10_800.0, 21_600.0, 43_200.0,
        ];
        let range = self.to - self.from;
        let days = || nice(range / 86_400.0, 9.0).max(1.0) * 86_400.0;
        let step = STEPS.into_iter().find(|it| range / it <= 9.0).unwrap_or_else(days);
        let first = (self.from / step).ceil();
        let all = (0..12).map(|it| (first + f64::from(it)) * step).take_while(|it| *it <= self.to);
        (step, all.collect())
    }
}

/// A moment that goes through all pictures.
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// Values over time. `None` and more than `gap` seconds end a piece of it.
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) points: Vec<(f64, Option<f64>)>,
    pub(super) gap: f64,
    pub(super) form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Line,
    Stairs,
    Dots,
}

impl Curve {
    fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|it| it.1)
    }

    pub(super) fn lowest(&self) -> Option<f64> {
        self.values().reduce(f64::min)
    }

    pub(super) fn highest(&self) -> Option<f64> {
        self.values().reduce(f64::max)
    }

    /// The pieces between the gaps, thinned, on the axis.
    fn pieces(&self, axis: &Axis) -> Vec<Vec<(f64, f64)>> {
        let mut pieces = Vec::new();
        let mut piece = Vec::new();
        let mut last = f64::NEG_INFINITY;
        // A clock may have been set back.
        let mut points = self.points.clone();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (at, value) in points {
            if value.is_none() || at - last > self.gap {
                pieces.push(std::mem::take(&mut piece));
            }
            last = at;
            if let (Some(x), Some(value)) = (axis.at(at), value) {
                piece.push((x, value));
            }
        }
        pieces.push(piece);
        pieces.retain(|it| !it.is_empty());
        pieces.into_iter().map(thin).collect()
    }
}

/// The first, lowest, highest and last point of each span.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= APART {
        return points;
    }
    let span = |it: &(f64, f64)| (it.0 / 100.0 * SPANS).floor();
    let mut kept = Vec::new();
    for group in points.chunk_by(|a, b| span(a) == span(b)) {
        let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let ends = [group.first(), group.last(), group.iter().min_by(by), group.iter().max_by(by)];
        let mut ends: Vec<_> = ends.into_iter().flatten().copied().collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        ends.dedup();
        kept.extend(ends);
    }
    kept
}

/// A number with one digit after the point.
pub(super) struct Px(pub(super) f64);

impl Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() / 10.0)
    }
}

pub(super) struct Percent(pub(super) f64);

impl Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * 100.0).round() / 100.0)
    }
}

/// The frame of every picture: its name, what it says in words, times and marks.
pub(super) struct Frame<'a> {
    pub(super) axis: &'a Axis,
    pub(super) marks: &'a [Mark],
}

impl Frame<'_> {
    pub(super) fn draw(
        &self,
        h: &mut Html,
        id: &'static str,
        title: impl Display,
        says: impl Display,
        height: f64,
        inner: impl FnOnce(&mut Html),
    ) {
        let (name, about) = (format!("{id}-title"), format!("{id}-about"));
        let by = format!("{name} {about}");
        let attrs: Attrs<'_> = &[
            ("role", &"img"),
            ("aria-labelledby", &by),
            ("width", &"100%"),
            ("height", &Px(height + 20.0)),
        ];
        h.el("div", &[("class", &"plot")], |h| {
            h.el("svg", attrs, |h| {
                h.el("title", &[("id", &name)], |h| h.text(title));
                h.el("desc", &[("id", &about)], |h| h.text(says));
                self.times(h, height);
                inner(h);
                self.verticals(h, height);
            });
        });
        h.raw("\n");
    }

    fn times(&self, h: &mut Html, height: f64) {
        let (step, ticks) = self.axis.ticks();
        for (index, time) in ticks.into_iter().enumerate() {
            let at = self.axis.clamped(time);
            vertical(h, at, height, "grid");
            let anchor = match at {
                ..3.0 => "start",
                97.0.. => "end",
                _ => "middle",
            };
            let class = if index % 2 == 0 { "tick" } else { "tick minor" };
            let attrs: Attrs<'_> = &[
                ("class", &class),
                ("x", &Percent(at)),
                ("y", &Px(height + 15.0)),
                ("text-anchor", &anchor),
            ];
            h.el("text", attrs, |h| h.text(tick(time, step)));
        }
    }

    fn verticals(&self, h: &mut Html, height: f64) {
        let mut last = ("", f64::NAN);
        // A call that failed and was tried again decided nothing.
        for mark in self.marks.iter().filter(|it| it.class != "failed") {
            let Some(at) = self.axis.at(mark.at) else { continue };
            // Those of one kind that nobody could tell apart are drawn once.
            let place = (mark.class, (at * 5.0).round());
            if place != last {
                vertical(h, at, height, mark.class);
            }
            last = place;
        }
    }

    /// Curves over an axis of values from 0 to the highest.
    pub(super) fn curves(
        &self,
        h: &mut Html,
        id: &'static str,
        title: &str,
        curves: &[Curve],
        highest: f64,
        unit: fn(f64) -> String,
    ) {
        const HEIGHT: f64 = 130.0;
        if curves.iter().all(|it| it.values().next().is_none()) {
            h.raw("<p>No figures were recorded.</p>");
            return;
        }
        let step = nice(highest, 5.0);
        let top = (highest / step).ceil().max(1.0) * step;
        let y = |value: f64| HEIGHT - HEIGHT * value.clamp(0.0, top) / top;

        let range = |it: &Curve| match (it.lowest(), it.highest()) {
            (Some(low), Some(high)) if low == high => unit(low),
            (Some(low), Some(high)) => format!("{} to {}", unit(low), unit(high)),
            _ => "no figures".to_owned(),
        };
        let says: Vec<_> = curves.iter().map(|it| format!("{}: {}.", it.name, range(it))).collect();
        h.el("p", &[("class", &"legend")], |h| {
            for curve in curves {
                h.el("span", &[], |h| {
                    swatch(h, curve);
                    h.name(&curve.name);
                    h.tag("span", "dim", format_args!(" {}", range(curve)));
                });
                h.raw(" ");
            }
        });
        let thinned: usize =
            curves.iter().filter(|it| it.points.len() > APART).map(|it| it.points.len()).sum();
        self.draw(h, id, title, says.join(" "), HEIGHT, |h| {
            for line in 0..=(top / step).round() as u32 {
                let value = f64::from(line) * step;
                let at: Attrs<'_> = &[
                    ("class", &"grid"),
                    ("x1", &0),
                    ("x2", &"100%"),
                    ("y1", &Px(y(value))),
                    ("y2", &Px(y(value))),
                ];
                h.void("line", at);
                let attrs: Attrs<'_> = &[
                    ("class", &"tick"),
                    ("x", &-7),
                    ("y", &Px(y(value) + 4.0)),
                    ("text-anchor", &"end"),
                ];
                h.el("text", attrs, |h| h.text(unit(value)));
            }
            // Dashes over full lines: where two are the same, both are seen.
            let (below, above): (Vec<_>, Vec<_>) =
                curves.iter().partition(|it| it.class.contains("full"));
            for curve in below.into_iter().chain(above) {
                self.curve(h, curve, HEIGHT, y);
            }
        });
        if thinned > 0 {
            let said = format_args!(
                "Thinned: of {thinned} samples the lowest and highest of each of {SPANS} spans are drawn."
            );
            h.tag("p", "dim", said);
        }
    }

    fn curve(&self, h: &mut Html, curve: &Curve, height: f64, y: impl Fn(f64) -> f64) {
        let mut path = String::new();
        let mut dots = Vec::new();
        for piece in curve.pieces(self.axis) {
            if curve.form == Form::Dots || piece.len() == 1 {
                dots.extend(piece);
                continue;
            }
            for (index, &(x, value)) in piece.iter().enumerate() {
                let (x, y) = (Px(x / 100.0 * WIDE), Px(y(value)));
                // A `String` takes all that is written to it.
                let _ = match (index, curve.form) {
                    (0, _) => write!(path, "M{x},{y}"),
                    (_, Form::Stairs) => write!(path, "H{x}V{y}"),
                    _ => write!(path, "L{x},{y}"),
                };
            }
        }
        if !path.is_empty() {
            let size: Attrs<'_> = &[
                ("viewBox", &format_args!("0 0 {WIDE} {height}")),
                ("preserveAspectRatio", &"none"),
                ("width", &"100%"),
                ("height", &height),
                ("class", &"free"),
            ];
            h.el("svg", size, |h| h.void("path", &[("class", &curve.class), ("d", &path)]));
        }
        for (x, value) in thin(dots) {
            let attrs: Attrs<'_> = &[
                ("class", &curve.class),
                ("cx", &Percent(x)),
                ("cy", &Px(y(value))),
                ("r", &"2.5"),
            ];
            h.el("circle", attrs, |h| {
                h.tag("title", "", format_args!("{} {}", curve.name, short(value)));
            });
        }
    }
}

fn vertical(h: &mut Html, at: f64, height: f64, class: &'static str) {
    let (x, top): (_, f64) = (Percent(at), 0.0);
    h.void("line", &[("class", &class), ("x1", &x), ("x2", &x), ("y1", &top), ("y2", &height)]);
}

fn swatch(h: &mut Html, curve: &Curve) {
    h.el("svg", &[("width", &22), ("height", &10), ("aria-hidden", &"true")], |h| {
        match curve.form {
            Form::Dots => {
                h.void(
                    "circle",
                    &[("class", &curve.class), ("cx", &11), ("cy", &5), ("r", &"2.5")],
                );
            }
            _ => h.void("path", &[("class", &curve.class), ("d", &"M1,5H21")]),
        }
    });
}
