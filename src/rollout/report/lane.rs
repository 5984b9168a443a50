//! What the run was doing when, and the marks that go through all pictures.

use super::{
    chart::{APART, Frame, Mark, Percent, Px},
    html::{Attrs, Html},
    pictures::{figure, figures},
    read::{Event, Shift, number, text, word},
    words::{clock, lasted, percent, stamp},
};

/// The kinds of marks: of events, in the style, in the legend.
const MARKS: [(&str, &str, &str); 7] = [
    ("op.confirmed", "call", "calls"),
    ("op.failed", "failed", "failed"),
    ("gate.failed", "gate", "gates"),
    ("paused", "pause", "paused"),
    ("conflict", "conflict", "conflict"),
    ("rollback.started", "back", "rollback"),
    ("rollback.verified", "back", "rollback"),
];

pub(super) fn marks(shift: &Shift<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (kind, class, what) in MARKS {
        marks.extend(shift.of(kind).filter_map(|it| {
            let about = ["reason", "text", "error", "route", "api"]
                .iter()
                .find_map(|key| text(it.json, key));
            let about: String = about.unwrap_or_default().chars().take(200).collect();
            let at = it.at?;
            Some(Mark { at, class, title: format!("{} {what}: {about}", clock(at)) })
        }));
    }
    marks
}

/// What the run was doing, as blocks, and its marks by kind.
pub(super) fn lane(h: &mut Html, shift: &Shift<'_>, frame: &Frame<'_>) {
    const BLOCK: f64 = 26.0;
    const ROW: f64 = 16.0;
    let mut blocks = blocks(shift);
    let all = blocks.len();
    if all > APART {
        let long = |it: &Block| it.to - it.from;
        blocks.sort_by(|a, b| long(b).total_cmp(&long(a)));
        blocks.truncate(APART);
        blocks.sort_by(|a, b| a.from.total_cmp(&b.from));
    }
    let mut kinds: Vec<_> = MARKS.iter().map(|it| (it.1, it.2)).collect();
    kinds.retain(|it| frame.marks.iter().any(|mark| mark.class == it.0));
    kinds.dedup();
    let height = BLOCK + 6.0 + ROW * kinds.len() as f64;
    let says: Vec<_> =
        blocks.iter().take(40).map(|it| format!("{}: {}.", clock(it.from), it.label)).collect();

    figure(h, "Time line", |h| {
        frame.draw(h, "lane", "What the shift was doing", says.join(" "), height, |h| {
            for block in &blocks {
                block.draw(h, frame, BLOCK);
            }
            for (index, (class, label)) in kinds.iter().enumerate() {
                let y = BLOCK + 4.0 + ROW * (index as f64 + 0.5);
                spots(h, frame, class, label, y);
            }
        });
        figures(h, "Phases", &["From (UTC)", "Took", "Phase"], &blocks, |h, block| {
            h.tag("td", "", stamp(block.from));
            h.tag("td", "num", lasted(1000.0 * (block.to - block.from)));
            h.tag("td", "", &block.label);
        });
        if all > blocks.len() {
            let drawn = blocks.len();
            h.tag(
                "p",
                "dim",
                format_args!("Thinned: the {drawn} longest of {all} blocks are drawn."),
            );
        }
    });
}

/// The marks of one kind in a row of their own.
fn spots(h: &mut Html, frame: &Frame<'_>, class: &'static str, label: &'static str, y: f64) {
    let attrs: Attrs<'_> =
        &[("class", &"tick"), ("x", &-7), ("y", &Px(y + 4.0)), ("text-anchor", &"end")];
    h.el("text", attrs, |h| h.raw(label));
    let mut last = f64::NAN;
    for mark in frame.marks.iter().filter(|it| it.class == class) {
        let Some(x) = frame.axis.at(mark.at) else { continue };
        if (x * 5.0).round() == last {
            continue;
        }
        last = (x * 5.0).round();
        let class = format_args!("spot {class}");
        let attrs: Attrs<'_> = &[("class", &class), ("cx", &Percent(x)), ("cy", &Px(y)), ("r", &4)];
        h.el("circle", attrs, |h| h.tag("title", "", &mark.title));
    }
}

struct Block {
    from: f64,
    to: f64,
    class: &'static str,
    label: String,
    /// Where the label is too long.
    short: String,
}

impl Block {
    fn draw(&self, h: &mut Html, frame: &Frame<'_>, height: f64) {
        let (Some(from), Some(to)) = (frame.axis.at(self.from), frame.axis.at(self.to)) else {
            return;
        };
        let wide = (to - from).max(0.15);
        let attrs: Attrs<'_> =
            &[("x", &Percent(from)), ("width", &Percent(wide)), ("height", &height)];
        h.el("svg", attrs, |h| {
            let long = lasted(1000.0 * (self.to - self.from));
            h.tag("title", "", format_args!("{} {}, {long}", clock(self.from), self.label));
            h.void("rect", &[("class", &self.class), ("width", &"100%"), ("height", &"100%")]);
            // At about eight pixels to the percent.
            let fits = |it: &&String| wide * 8.0 > it.chars().count() as f64 * 6.5 + 8.0;
            if let Some(label) = [&self.label, &self.short].into_iter().find(fits) {
                h.el("text", &[("x", &5), ("y", &17)], |h| h.text(label));
            }
        });
    }
}

fn blocks(shift: &Shift<'_>) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut doing = (String::new(), None);
    for event in &shift.events {
        let Some(at) = event.at else { continue };
        let phase = phase(event, &doing.0);
        if let Some(last) = blocks.last_mut() {
            last.to = at.max(last.from);
        }
        if blocks.is_empty() || (&phase, event.step) != (&doing.0, doing.1) {
            let class = match phase.as_str() {
                it if it.contains("bak") => "bake",
                it if it.contains("paus") => "pause",
                it if it.contains("roll") || it.contains("block") || it.contains("conflict") => {
                    "back"
                }
                it if it.contains("appl") || it.contains("verif") => "move",
                _ => "prepare",
            };
            let weight = event.step.and_then(|it| number(shift.planned_step(it)?, "weight"));
            let weight = weight.filter(|_| class == "bake" || class == "move" || class == "pause");
            let (label, short) = match weight.map(percent) {
                Some(weight) if class == "pause" => (format!("{weight} {phase}"), phase.clone()),
                Some(weight) => (format!("{weight} {phase}"), weight),
                None => (phase.clone(), phase.clone()),
            };
            blocks.push(Block { from: at, to: at, class, label, short });
            doing = (phase, event.step);
        }
    }
    blocks.retain(|it| it.to > it.from);
    blocks
}

/// The phase that an event tells of; without one, what its kind says of it.
fn phase(event: &Event<'_>, before: &str) -> String {
    let said = word(event.json, "phase");
    if !said.is_empty() {
        return said.to_lowercase().replace(['_', '-'], " ").chars().take(40).collect();
    }
    let guess = match event.kind {
        "shift.planned" | "check" | "route.preimage" => "preflight",
        "paused" => "paused",
        "rollback.started" => "rolling back",
        // A way back has calls too, and weights.
        _ if before == "rolling back" => before,
        "op.intended" | "op.confirmed" | "op.failed" => "applying",
        "weights.verified" | "continued" => "baking",
        _ => before,
    };
    guess.to_owned()
}
