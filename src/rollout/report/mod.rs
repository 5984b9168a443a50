//! A finished shift as one page, for the post-mortem. Pure: events in, HTML out.
//!
//! The page needs nothing beside itself: no script, no font, no picture, no
//! other host. Events are written by others, so that all text of theirs is
//! escaped (`html.rs`) and none of it is relied on (`read.rs`).

mod alarms;
mod calls;
mod chart;
mod curves;
mod html;
mod lane;
mod pictures;
mod read;
mod story;
mod summary;
mod tables;
mod words;

#[cfg(test)]
mod tests;

use serde_json::Value;

use html::Html;
use read::{Shift, text};

/// Its anchor, its name, its contents.
type Section = (&'static str, &'static str, fn(&mut Html, &Shift<'_>));

const SECTIONS: [Section; 7] = [
    ("pictures", "Pictures", pictures::pictures),
    ("story", "What happened", story::story),
    ("checks", "Checks of the preflight", tables::checks),
    ("routes", "Routes", tables::routes),
    ("gates", "Gates", |h, shift| {
        tables::gates(h, shift);
        tables::judgements(h, shift);
    }),
    ("calls", "Calls to AWS", calls::table_of_calls),
    ("log", "Event log", tables::log),
];

/// The page of the events of one shift.
pub fn html(events: &[Value]) -> String {
    let shift = Shift::read(events);
    let mut page = Html::new();
    page.el("html", &[("lang", &"en")], |h| {
        head(h, &shift);
        h.el("body", &[], |h| {
            h.el("main", &[], |h| body(h, &shift));
        });
    });
    page.finish()
}

fn head(h: &mut Html, shift: &Shift<'_>) {
    let rollout = shift.events.iter().find_map(|it| text(it.json, "rollout")).unwrap_or_default();
    h.el("head", &[], |h| {
        h.raw("<meta charset=\"utf-8\"/>");
        h.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>");
        h.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
        h.raw("<meta name=\"color-scheme\" content=\"light dark\"/>");
        h.within(200, |h| h.tag("title", "", format_args!("{} – shift {rollout}", summary::outcome(shift).words)));
        h.el("style", &[], |h| h.raw(include_str!("report.css")));
    });
    h.raw("\n");
}

fn body(h: &mut Html, shift: &Shift<'_>) {
    summary::summary(h, shift);
    if shift.events.is_empty() {
        h.raw("<p>There are no events of this shift.</p>");
        return;
    }
    h.el("nav", &[("aria-label", &"Sections")], |h| {
        for (id, name, _) in SECTIONS {
            h.el("a", &[("href", &format_args!("#{id}"))], |h| h.raw(name));
            h.raw(" ");
        }
    });
    for (id, name, section) in SECTIONS {
        h.el("section", &[("id", &id), ("aria-labelledby", &format_args!("{id}-name"))], |h| {
            h.el("h2", &[("id", &format_args!("{id}-name"))], |h| h.raw(name));
            section(h, shift);
        });
        h.raw("\n");
    }
    h.raw("<footer>All times are in UTC.</footer>");
}
