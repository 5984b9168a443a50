//! States of alarms over time, as bands.

use std::collections::{BTreeMap, HashSet};

use super::{
    chart::{Frame, Percent, Px},
    html::{Attrs, Html},
    pictures::{figure, figures, patience},
    read::{Shift, list, word},
    words::{clock, stamp},
};

pub(super) fn alarms(h: &mut Html, shift: &Shift<'_>, frame: &Frame<'_>) {
    const TITLE: &str = "Alarms";
    const MOST: usize = 24;
    const ROW: f64 = 34.0;
    let samples: Vec<_> =
        shift.of("obs.alarm").filter_map(|it| Some((it.at?, list(it.json, "alarms")))).collect();
    let gap = patience(samples.iter().map(|it| it.0), 60.0);
    let mut bands: Vec<(&str, Vec<Band<'_>>)> = Vec::new();
    let mut places = BTreeMap::new();
    for (index, (at, alarms)) in samples.iter().enumerate() {
        // A state holds until it is looked at again, but not for ever.
        let next = samples.get(index + 1).map_or(*at, |it| it.0);
        let until = if next - at > gap { at + gap / 3.0 } else { next.max(*at) };
        for alarm in *alarms {
            let (name, state) = (word(alarm, "name"), word(alarm, "state"));
            let place = *places.entry(name).or_insert(bands.len());
            if place == bands.len() {
                bands.push((name, Vec::new()));
            }
            let row = &mut bands[place].1;
            match row.last_mut().filter(|it| it.state == state && it.to >= *at) {
                Some(last) => last.to = until,
                None => row.push(Band { from: *at, to: until, state }),
            }
        }
    }
    if bands.is_empty() {
        figure(h, TITLE, |h| h.raw("<p>No alarm was looked at.</p>"));
        return;
    }

    let shown = &bands[..bands.len().min(MOST)];
    let says: Vec<_> = shown
        .iter()
        .map(|(name, row)| {
            let fired: Vec<_> =
                row.iter().filter(|it| it.state == "ALARM").map(|it| clock(it.from)).collect();
            match fired.as_slice() {
                [] => format!("{name}: never in ALARM."),
                _ => format!("{name}: in ALARM from {}.", fired.join(", ")),
            }
        })
        .collect();
    figure(h, TITLE, |h| {
        h.raw(concat!(
            "<p class=\"legend\"><span><svg width=\"22\" height=\"10\" aria-hidden=\"true\">",
            "<rect class=\"ok\" y=\"3\" width=\"22\" height=\"4\"/></svg>OK</span> ",
            "<span><svg width=\"22\" height=\"10\" aria-hidden=\"true\">",
            "<rect class=\"alarm\" width=\"22\" height=\"10\"/></svg>ALARM</span> ",
            "<span><svg width=\"22\" height=\"10\" aria-hidden=\"true\">",
            "<rect class=\"nodata\" y=\"3\" width=\"22\" height=\"4\"/></svg>no data</span></p>"
        ));
        frame.draw(h, "alarms", TITLE, says.join(" "), ROW * shown.len() as f64, |h| {
            for (index, (name, row)) in shown.iter().enumerate() {
                let top = ROW * index as f64;
                // A picture of its own, so that a long name ends with it.
                let attrs: Attrs<'_> =
                    &[("y", &Px(top)), ("width", &"100%"), ("height", &Px(18.0))];
                h.el("svg", attrs, |h| {
                    h.el("text", &[("class", &"label"), ("x", &5), ("y", &13)], |h| h.text(name));
                });
                let mut drawn = HashSet::new();
                for band in row {
                    band.draw(h, frame, top + 18.0, &mut drawn);
                }
            }
        });
        if bands.len() > MOST {
            h.tag(
                "p",
                "dim",
                format_args!("{} more alarms are in the table alone.", bands.len() - MOST),
            );
        }
        let heads = &["Alarm", "State", "From (UTC)", "To"];
        let rows: Vec<_> =
            bands.iter().flat_map(|(name, row)| row.iter().map(move |it| (name, it))).collect();
        figures(h, "States of alarms", heads, &rows, |h, (name, band)| {
            h.tag("td", "", name);
            h.tag("td", "", band.state);
            h.tag("td", "", stamp(band.from));
            h.tag("td", "", shift.time(band.to));
        });
    });
}

struct Band<'a> {
    from: f64,
    to: f64,
    state: &'a str,
}

impl<'a> Band<'a> {
    fn draw(&self, h: &mut Html, frame: &Frame<'_>, top: f64, drawn: &mut HashSet<(&'a str, i64)>) {
        let (Some(from), Some(to)) = (frame.axis.at(self.from), frame.axis.at(self.to)) else {
            return;
        };
        // Short ones of a state that nobody could tell apart are drawn once.
        if to - from < 0.2 && !drawn.insert((self.state, (from * 5.0) as i64)) {
            return;
        }
        // An alarm is also the taller one: colour alone says nothing to some.
        let (class, y, tall) = match self.state {
            "OK" => ("ok", top + 4.0, 4.0),
            "ALARM" => ("alarm", top, 12.0),
            _ => ("nodata", top + 4.0, 4.0),
        };
        let attrs: Attrs<'_> = &[
            ("class", &class),
            ("x", &Percent(from)),
            ("width", &Percent((to - from).max(0.2))),
            ("y", &Px(y)),
            ("height", &Px(tall)),
        ];
        h.el("rect", attrs, |h| {
            h.tag("title", "", format_args!("{} {}", clock(self.from), self.state));
        });
    }
}
