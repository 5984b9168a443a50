//! Markup that nothing written by others can break: tags are of this program,
//! closed where they are opened, and all other text is escaped and cut.

use std::fmt::{self, Display, Write};

/// Attributes: names of this program, values of anybody.
pub(super) type Attrs<'a> = &'a [(&'static str, &'a dyn Display)];

/// What one text may take, in bytes, unless a table says less.
const LONGEST: usize = 8000;

pub(super) struct Html {
    out: String,
    longest: usize,
}

impl Html {
    pub(super) fn new() -> Self {
        Self { out: "<!doctype html>\n".to_owned(), longest: LONGEST }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Words and markup of this program.
    pub(super) fn raw(&mut self, markup: &'static str) {
        self.out.push_str(markup);
    }

    /// `<tag …>inner</tag>`
    pub(super) fn el(
        &mut self,
        tag: &'static str,
        attrs: Attrs<'_>,
        inner: impl FnOnce(&mut Self),
    ) {
        self.open(tag, attrs);
        self.raw(">");
        inner(self);
        self.raw("</");
        self.raw(tag);
        self.raw(">");
    }

    /// `<tag …/>`
    pub(super) fn void(&mut self, tag: &'static str, attrs: Attrs<'_>) {
        self.open(tag, attrs);
        self.raw("/>");
    }

    fn open(&mut self, tag: &'static str, attrs: Attrs<'_>) {
        self.raw("<");
        self.raw(tag);
        for (name, value) in attrs {
            self.raw(" ");
            self.raw(name);
            self.raw("=\"");
            // Curves are one long attribute; they are thinned, never cut.
            let longest = if *name == "d" { usize::MAX } else { self.longest };
            self.escape(value, longest, true);
            self.raw("\"");
        }
    }

    /// An element that holds text alone.
    pub(super) fn tag(&mut self, tag: &'static str, class: &'static str, text: impl Display) {
        let attrs: Attrs<'_> = &[("class", &class)];
        self.el(tag, if class.is_empty() { &[] } else { attrs }, |h| h.text(text));
    }

    pub(super) fn text(&mut self, text: impl Display) {
        self.escape(&text, self.longest, false);
    }

    /// A name within a sentence: letters that run from right to left end with it.
    pub(super) fn name(&mut self, text: impl Display) {
        self.tag("bdi", "", text);
    }

    /// Within `inner` a text may take `longest` bytes.
    pub(super) fn within(&mut self, longest: usize, inner: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.longest, longest.min(LONGEST));
        inner(self);
        self.longest = before;
    }

    fn escape(&mut self, text: &dyn Display, longest: usize, quotes: bool) {
        let end = self.out.len().saturating_add(longest);
        let mut escaped = Escaped { out: &mut self.out, end, quotes, seen: 0, cut: false };
        // Both never fail: a `String` takes all that is written to it.
        let _ = write!(escaped, "{text}");
        if escaped.cut {
            let seen = escaped.seen;
            let _ = write!(self.out, "… (cut; {seen} characters)");
        }
    }
}

struct Escaped<'a> {
    out: &'a mut String,
    end: usize,
    /// Within an attribute quotes are markup.
    quotes: bool,
    /// Characters so far, also of what is cut.
    seen: usize,
    cut: bool,
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.seen += text.chars().count();
        for c in text.chars() {
            self.cut |= self.out.len() >= self.end;
            match c {
                _ if self.cut => break,
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' if self.quotes => self.out.push_str("&#34;"),
                '\n' | '\t' => self.out.push(c),
                c if unseen(c) => write!(self.out, "⟨U+{:04X}⟩", u32::from(c))?,
                c => self.out.push(c),
            }
        }
        Ok(())
    }
}

/// Characters that hide themselves or reorder their neighbours, and those that
/// HTML forbids. They are shown by their number.
fn unseen(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Rows shown of a longer table: its beginning and its end.
const ROWS: usize = 3000;
/// What the texts of one table may take together, and what one may at least.
const TABLE: usize = 400_000;
const SHORTEST: usize = 80;

/// A table in a frame that scrolls, so that it fits a phone.
pub(super) fn table<T>(
    h: &mut Html,
    label: &'static str,
    heads: &[&'static str],
    rows: &[T],
    mut row: impl FnMut(&mut Html, &T),
) {
    let cells = rows.len().clamp(1, ROWS) * heads.len();
    let longest = (TABLE / cells).max(SHORTEST);
    let attrs: Attrs<'_> =
        &[("class", &"wide"), ("tabindex", &"0"), ("role", &"group"), ("aria-label", &label)];
    h.el("div", attrs, |h| {
        h.el("table", &[], |h| {
            h.tag("caption", "hidden", label);
            h.el("thead", &[], |h| {
                h.el("tr", &[], |h| {
                    for head in heads {
                        h.el("th", &[("scope", &"col")], |h| h.raw(head));
                    }
                });
            });
            h.el("tbody", &[], |h| {
                h.within(longest, |h| {
                    halves(rows, ROWS, |it| match it {
                        Half::Row(it) => h.el("tr", &[], |h| row(h, it)),
                        Half::Left(left) => h.el("tr", &[], |h| {
                            h.el("td", &[("colspan", &heads.len())], |h| {
                                h.text(format_args!(
                                    "… {left} rows are left out to keep the page small …"
                                ));
                            });
                        }),
                    });
                });
            });
        });
    });
    h.raw("\n");
}

pub(super) enum Half<'a, T> {
    Row(&'a T),
    /// So many are left out here.
    Left(usize),
}

/// All of `rows`, or the first and last of them: how it ended matters most.
pub(super) fn halves<T>(rows: &[T], most: usize, mut each: impl FnMut(Half<'_, T>)) {
    let (head, tail) = match rows.len() {
        len if len <= most => (len, len),
        len => (most / 2, len - most / 2),
    };
    rows[..head].iter().for_each(|it| each(Half::Row(it)));
    if tail > head {
        each(Half::Left(tail - head));
    }
    rows[tail..].iter().for_each(|it| each(Half::Row(it)));
}
