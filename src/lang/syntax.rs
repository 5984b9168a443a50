//! YAML with the place of every key and value. The only file that knows the
//! YAML library.
//!
//! The tree is built from the library's events and not through serde: only
//! they tell both places of a duplicate key, the tag of a value and whether a
//! scalar was quoted. Building is a loop over a stack, so that no input can
//! exhaust the thread's own stack, and every dimension of the input has a
//! named limit.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::Number;
use serde_saphyr::granit_parser::{self as yaml, Event, ScalarStyle, StructureStyle, Tag};

use super::{
    ast::{Span, Spanned},
    diag::Diagnostic,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    /// In file order; keys are unique.
    Map(Vec<(Spanned<String>, Node)>),
}

/// Far above any program that a person or a generator writes: 20,000 resources
/// are 2 MB.
pub(super) const BYTES_MAX: usize = 8 << 20;
/// Values in the tree, those that aliases repeat included; 20,000 resources
/// are about 300,000.
const NODES_MAX: usize = 1_000_000;
/// A nested value is dropped and walked recursively: this many levels fit any
/// thread's stack.
const DEPTH_MAX: usize = 100;
/// After so many mistakes the rest is more likely noise.
const MISTAKES_MAX: usize = 100;

/// Reads the first document of a YAML file. `file` is the name to show.
pub fn read(file: &str, text: &str) -> Result<Node, Vec<Diagnostic>> {
    let mut builder = Builder::new(file, text);
    if text.len() > BYTES_MAX {
        let message =
            format!("the file has {} bytes, more than the {BYTES_MAX} that are read", text.len());
        return Err(vec![Diagnostic::error(&builder.place(0, 0, 1, 1), message)]);
    }
    match builder.document() {
        Ok(node) if builder.found.is_empty() => Ok(node),
        Ok(_) => Err(builder.found),
        Err(last) => {
            builder.found.push(last);
            Err(builder.found)
        }
    }
}

/// Stops the reading: what follows cannot be understood.
type Fatal<T> = Result<T, Diagnostic>;

struct Builder<'a> {
    file: Arc<str>,
    text: &'a str,
    /// Bytes before the first that the parser sees: a byte order mark.
    skipped: usize,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Finished>,
    nodes: usize,
    found: Vec<Diagnostic>,
}

/// A list or mapping that is not yet complete.
struct Frame {
    span: Span,
    anchor: usize,
    /// Values inside, for the budget of aliases.
    nodes: usize,
    height: usize,
    block: bool,
    body: Body,
}

enum Body {
    List(Vec<Node>),
    Map(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<(Spanned<String>, Node)>,
    places: HashMap<String, Span>,
    key: Pending,
    /// The values of `<<`, in file order.
    merged: Vec<Node>,
}

/// What the next value of a mapping belongs to.
#[derive(Default)]
enum Pending {
    /// It is itself a key.
    #[default]
    None,
    Key(Spanned<String>),
    Merge,
    /// Its key was refused.
    Refused,
}

/// A complete value, with what an alias to it costs.
#[derive(Clone)]
struct Finished {
    node: Node,
    nodes: usize,
    height: usize,
    /// As a key: `<<` without quotes.
    merge: bool,
}

impl<'a> Builder<'a> {
    fn new(file: &str, text: &'a str) -> Self {
        let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            file: file.into(),
            text,
            skipped: text.len() - bare.len(),
            frames: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            found: Vec::new(),
        }
    }

    fn document(&mut self) -> Fatal<Node> {
        let mut options = yaml::Options::default();
        options.emit_comments = false;
        let mut parser =
            yaml::Parser::new_from_str_with_options(&self.text[self.skipped..], options);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| self.broken(&error))?;
            if let Some(root) = self.event(event, span)? {
                return Ok(root);
            }
        }
        Ok(Node { span: self.place(0, 0, 1, 1), kind: Kind::Null })
    }

    /// The root, once it is complete.
    fn event(&mut self, event: Event<'_>, span: yaml::Span) -> Fatal<Option<Node>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = self.span(span.start, span.end);
                let merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
                let kind = self.scalar(&text, style, tag.as_deref(), &span);
                let node = Node { span, kind };
                self.finish(Finished { node, nodes: 1, height: 0, merge }, anchor)
            }
            Event::Alias(anchor) => {
                let span = self.span(span.start, span.end);
                let finished = self.alias(anchor, span)?;
                self.finish(finished, 0)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", span);
                self.open(Body::List(Vec::new()), style, anchor, span)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span);
                self.open(Body::Map(Mapping::default()), style, anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => Ok(None),
        }
    }

    fn open(
        &mut self,
        body: Body,
        style: StructureStyle,
        anchor: usize,
        span: yaml::Span,
    ) -> Fatal<Option<Node>> {
        let span = self.span(span.start, span.end);
        self.check_depth(self.frames.len() + 1, &span)?;
        let block = style == StructureStyle::Block;
        self.frames.push(Frame { span, anchor, nodes: 1, height: 0, block, body });
        Ok(None)
    }

    fn close(&mut self, end: yaml::Span) -> Fatal<Option<Node>> {
        let Some(mut frame) = self.frames.pop() else { return Ok(None) };
        // The end of a block collection is an event after the line breaks and
        // comments that follow it; its last value is where it ends for a
        // reader.
        if !frame.block {
            frame.span.end = self.span(end.start, end.end).end;
        }
        let kind = match frame.body {
            Body::List(items) => Kind::List(items),
            Body::Map(map) => Kind::Map(self.merge(map)),
        };
        let node = Node { span: frame.span, kind };
        let height = frame.height + 1;
        self.finish(Finished { node, nodes: frame.nodes, height, merge: false }, frame.anchor)
    }

    /// Puts a complete value where it belongs.
    fn finish(&mut self, done: Finished, anchor: usize) -> Fatal<Option<Node>> {
        self.nodes += 1;
        self.check_nodes(&done.node.span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, done.clone());
            self.nodes += done.nodes;
            self.check_nodes(&done.node.span)?;
        }
        let Some(mut frame) = self.frames.pop() else { return Ok(Some(done.node)) };
        frame.nodes += done.nodes;
        frame.height = frame.height.max(done.height);
        if frame.block {
            frame.span.end = frame.span.end.max(done.node.span.end);
        }
        match &mut frame.body {
            Body::List(items) => items.push(done.node),
            Body::Map(map) => match std::mem::take(&mut map.key) {
                Pending::None => map.key = self.key(map, done),
                Pending::Key(key) => map.entries.push((key, done.node)),
                Pending::Merge => map.merged.push(done.node),
                Pending::Refused => {}
            },
        }
        self.frames.push(frame);
        Ok(None)
    }

    fn key(&mut self, map: &mut Mapping, done: Finished) -> Pending {
        if done.merge {
            return Pending::Merge;
        }
        let span = done.node.span;
        let Kind::String(name) = done.node.kind else {
            let source = self.text.get(span.start..span.end).unwrap_or_default();
            let hint = match done.node.kind {
                Kind::List(_) | Kind::Map(_) if source.starts_with('{') => {
                    "a value that begins with `{` must be quoted".to_owned()
                }
                Kind::List(_) | Kind::Map(_) => "a list or mapping cannot be a key".to_owned(),
                _ => format!("quote it: \"{source}\""),
            };
            self.note(Diagnostic::error(&span, "mapping keys must be strings").hint(hint));
            return Pending::Refused;
        };
        if let Some(first) = map.places.get(&name) {
            let message = format!("mapping key \"{name}\" already defined at line {}", first.line);
            let hint = format!(
                "it is also at {}:{}:{}; remove or rename one",
                first.file, first.line, first.column
            );
            self.note(Diagnostic::error(&span, message).hint(hint));
            return Pending::Refused;
        }
        map.places.insert(name.clone(), span.clone());
        Pending::Key(Spanned { span, value: name })
    }

    /// The entries with those of `<<`: what the mapping itself says wins, then
    /// the earlier of what is merged.
    fn merge(&mut self, map: Mapping) -> Vec<(Spanned<String>, Node)> {
        let mut entries = map.entries;
        let mut known: HashSet<String> = map.places.into_keys().collect();
        let mut add = |from: Vec<(Spanned<String>, Node)>| {
            entries.extend(from.into_iter().filter(|(key, _)| known.insert(key.value.clone())));
        };
        for node in map.merged {
            let sources = match node.kind {
                Kind::List(sources) => sources,
                _ => vec![node],
            };
            for source in sources {
                match source.kind {
                    Kind::Map(from) => add(from),
                    _ => {
                        let message = "`<<` merges mappings, and this is none";
                        self.note(Diagnostic::error(&source.span, message));
                    }
                }
            }
        }
        entries
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Fatal<Finished> {
        let Some(target) = self.anchors.get(&anchor) else {
            let message = "an alias cannot stand inside the value that it names";
            return Err(Diagnostic::error(&span, message));
        };
        let (nodes, height) = (target.nodes, target.height);
        // Before the copy: a few hundred bytes of aliases can mean gigabytes.
        self.nodes = self.nodes.saturating_add(nodes);
        self.check_nodes(&span)?;
        self.check_depth(self.frames.len() + height, &span)?;
        let mut copy = self.anchors[&anchor].clone();
        copy.node.span = span;
        Ok(copy)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Kind {
        let plain = style == ScalarStyle::Plain;
        let Some(tag) = tag else {
            if plain {
                self.refuse_lost_zero(text, span);
                return resolve(text);
            }
            return Kind::String(text.to_owned());
        };
        let resolved = resolve(text);
        let kind = match (tag.core_suffix(), resolved) {
            (Some("str"), _) => Some(Kind::String(text.to_owned())),
            (None, _) if tag.original() == "!" => Some(Kind::String(text.to_owned())),
            (Some("null"), it @ Kind::Null)
            | (Some("bool"), it @ Kind::Bool(_))
            | (Some("int" | "float"), it @ Kind::Number(_)) => Some(it),
            (Some(name @ ("null" | "bool" | "int" | "float")), _) => {
                self.note(Diagnostic::error(span, format!("`{text}` is not of type !!{name}")));
                Some(Kind::Null)
            }
            _ => None,
        };
        kind.unwrap_or_else(|| {
            self.refuse_tag(tag, span);
            Kind::Null
        })
    }

    /// An unquoted account number such as `012345678901` would silently become
    /// another one.
    fn refuse_lost_zero(&mut self, text: &str, span: &Span) {
        const ID_DIGITS_MIN: usize = 6;
        let id = text.starts_with('0')
            && text.len() >= ID_DIGITS_MIN
            && text.bytes().all(|it| it.is_ascii_digit())
            && text.bytes().any(|it| it != b'0');
        if id {
            let message = format!("`{text}` would be read as a number without its leading zero");
            self.note(Diagnostic::error(span, message).hint(format!("quote it: \"{text}\"")));
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, own: &str, span: yaml::Span) {
        let Some(tag) = tag else { return };
        if tag.core_suffix() != Some(own) && tag.original() != "!" {
            let place = span.tag_span().unwrap_or(span);
            let place = self.span(place.start, place.end);
            self.refuse_tag(tag, &place);
        }
    }

    fn refuse_tag(&mut self, tag: &Tag, span: &Span) {
        let name = tag.original();
        let hint = match name.as_str() {
            "!Ref" | "!GetAtt" => "name another resource with `${name}` or `${name.output}`",
            "!Sub" => "`${name}` works inside every string",
            "!Join" | "!Select" | "!Split" => "write a call of one key, such as `fn::join:`",
            _ => "remove it; functions are called with `fn::…` keys",
        };
        let message = format!("the tag {name} has no meaning here");
        self.note(Diagnostic::error(span, message).hint(hint));
    }

    fn note(&mut self, mistake: Diagnostic) {
        if self.found.len() < MISTAKES_MAX {
            self.found.push(mistake);
        }
    }

    fn check_nodes(&self, span: &Span) -> Fatal<()> {
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let message = format!("more than {NODES_MAX} values, aliases included");
        Err(Diagnostic::error(span, message))
    }

    fn check_depth(&self, depth: usize, span: &Span) -> Fatal<()> {
        if depth <= DEPTH_MAX {
            return Ok(());
        }
        Err(Diagnostic::error(span, too_deep()))
    }

    fn broken(&self, error: &yaml::ScanError) -> Diagnostic {
        let mark = *error.marker();
        let mut span = self.span(mark, mark);
        let next = self.text.get(span.start..).and_then(|rest| rest.chars().next());
        span.end = span.start + next.map_or(0, char::len_utf8);
        let wrong = Diagnostic::error(&span, error.info());
        match (error.kind(), next) {
            (yaml::ErrorKind::RecursionLimitExceeded, _) => Diagnostic::error(&span, too_deep()),
            _ if wrong.message.contains("tabs") => {
                wrong.hint("indent with spaces; YAML allows no tabs there")
            }
            (_, Some('@' | '`' | '%')) => {
                wrong.hint("quote a value that begins with this character")
            }
            (yaml::ErrorKind::MappingValueNotAllowed, _) => {
                wrong.hint("quote a value that contains `: `, and check the indentation")
            }
            (yaml::ErrorKind::UnknownAnchor, _) => {
                wrong.hint("quote a text that begins with `*`, or define the anchor before its use")
            }
            _ => wrong,
        }
    }

    fn span(&self, start: yaml::Marker, end: yaml::Marker) -> Span {
        let at = |mark: yaml::Marker| {
            let offset = mark.byte_offset().unwrap_or_default() + self.skipped;
            (0..=offset.min(self.text.len()))
                .rev()
                .find(|it| self.text.is_char_boundary(*it))
                .unwrap_or_default()
        };
        let (first, mut last) = (at(start), at(end));
        last = last.max(first);
        last = first + self.text[first..last].trim_end().len();
        self.place(first, last, start.line(), start.col() + 1)
    }

    fn place(&self, start: usize, end: usize, line: usize, column: usize) -> Span {
        Span { file: self.file.clone(), line, column, start, end }
    }
}

fn too_deep() -> String {
    format!("values are nested more than {DEPTH_MAX} levels deep")
}

/// What an unquoted scalar means. Dates, `yes` and `on` are text.
fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => number(text).map_or_else(|| Kind::String(text.to_owned()), Kind::Number),
    }
}

/// As Pulumi's reader has it: `_` groups digits, and `0755` is octal. Integers
/// stay exact, unlike there.
fn number(text: &str) -> Option<Number> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
        return None;
    }
    let digits = text.replace('_', "");
    let (negative, digits) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits.as_str()),
    };
    integer(negative, digits).or_else(|| float(negative, digits))
}

fn integer(negative: bool, digits: &str) -> Option<Number> {
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        // An 8 or 9 makes it decimal.
        [b'0', rest @ ..]
            if !rest.is_empty() && rest.iter().all(|it| matches!(it, b'0'..=b'7')) =>
        {
            (8, &lower[1..])
        }
        _ => (10, lower.as_str()),
    };
    if body.is_empty() || !body.bytes().all(|it| char::from(it).is_digit(radix)) {
        return None;
    }
    let size = u64::from_str_radix(body, radix).ok()?;
    if !negative {
        return Some(size.into());
    }
    0i64.checked_sub_unsigned(size).map(Number::from)
}

fn float(negative: bool, digits: &str) -> Option<Number> {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let numeric = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
    let shaped = numeric(whole)
        && numeric(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && power.is_none_or(|it| !it.is_empty() && numeric(it));
    if !shaped {
        return None;
    }
    let size: f64 = digits.parse().ok()?;
    Number::from_f64(if negative { -size } else { size })
}

impl Node {
    /// By exact key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(it, _)| it.value == key).map(|(_, value)| value)
    }

    /// Of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Spanned<String>, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The word a user reads in a message about a wrong value.
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// One value per line, with its place and the source that it covers.
    fn show(text: &str) -> String {
        let mut out = String::new();
        match read("p.yaml", text) {
            Ok(node) => walk(&node, "", text, &mut out),
            Err(found) => {
                for it in found {
                    let span = it.span.unwrap_or_default();
                    let source = &text[span.start..span.end];
                    writeln!(out, "{}:{} [{source}] {}", span.line, span.column, it.message)
                        .expect("a string takes all");
                    if let Some(hint) = it.hint {
                        writeln!(out, "  hint: {hint}").expect("a string takes all");
                    }
                }
            }
        }
        out
    }

    fn walk(node: &Node, path: &str, text: &str, out: &mut String) {
        let Span { line, column, start, end, .. } = node.span;
        let kind = match &node.kind {
            Kind::List(_) => "list".to_owned(),
            Kind::Map(_) => "map".to_owned(),
            scalar => format!("{scalar:?}"),
        };
        let source = text[start..end].replace('\r', "").replace('\n', "⏎");
        writeln!(out, "{line}:{column} {path} {kind} [{source}]").expect("a string takes all");
        if let Kind::List(items) = &node.kind {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), text, out);
            }
        }
        for (key, value) in node.entries() {
            let key_source = &text[key.span.start..key.span.end];
            assert!(key_source.contains(key.value.as_str()) || key_source.contains('\\'));
            walk(value, &format!("{path}.{}", key.value), text, out);
        }
    }

    #[test]
    fn places() {
        insta::assert_snapshot!(show("a: 1\nbé: {c: [x, 'y y'], d: \"é\"}\ne:\n  - f: g  # h\n\n  - |\n    i\n    j\n\nk:\n"), @r#"
        1:1  map [a: 1⏎bé: {c: [x, 'y y'], d: "é"}⏎e:⏎  - f: g  # h⏎⏎  - |⏎    i⏎    j⏎⏎k]
        1:4 .a Number(Number(1)) [1]
        2:5 .bé map [{c: [x, 'y y'], d: "é"}]
        2:9 .bé.c list [[x, 'y y']]
        2:10 .bé.c[0] String("x") [x]
        2:13 .bé.c[1] String("y y") ['y y']
        2:24 .bé.d String("é") ["é"]
        4:3 .e list [- f: g  # h⏎⏎  - |⏎    i⏎    j]
        4:5 .e[0] map [f: g]
        4:8 .e[0].f String("g") [g]
        7:5 .e[1] String("i\nj\n") [i⏎    j]
        10:2 .k Null []
        "#);
    }

    #[test]
    fn scalars() {
        let text = "[null, ~, true, yes, on, 012, 0o17, 0x1F, 0b11, 089, 1_000, -7, +3, 1.50, .5, 1e3, \
             18446744073709551615, 18446744073709551616, -9223372036854775808, 2012-10-17, .inf, 1.2.3, \
             '1', 0x, 1e999, 00, 10.0.0.0/16, !!str 5, !!int '5', ! 6]";
        let values = read("p.yaml", text).expect("it reads");
        let Kind::List(values) = values.kind else { panic!("it is a list") };
        let values: Vec<String> = values.iter().map(|it| format!("{:?}", it.kind)).collect();
        insta::assert_snapshot!(values.join(" "), @r#"Null Null Bool(true) String("yes") String("on") Number(Number(10)) Number(Number(15)) Number(Number(31)) Number(Number(3)) Number(Number(89)) Number(Number(1000)) Number(Number(-7)) Number(Number(3)) Number(Number(1.5)) Number(Number(0.5)) Number(Number(1000.0)) Number(Number(18446744073709551615)) Number(Number(1.8446744073709552e+19)) Number(Number(-9223372036854775808)) String("2012-10-17") String(".inf") String("1.2.3") String("1") String("0x") String("1e999") Number(Number(0)) String("10.0.0.0/16") String("5") Number(Number(5)) String("6")"#);
    }

    #[test]
    fn byte_order_mark_and_documents() {
        insta::assert_snapshot!(show("\u{feff}a: b\r\nc: d\r\n---\ne: [\n"), @r#"
        1:1  map [a: b⏎c: d]
        1:4 .a String("b") [b]
        2:4 .c String("d") [d]
        "#);
        insta::assert_snapshot!(show(""), @"1:1  Null []");
        insta::assert_snapshot!(show("# only\n"), @"1:1  Null []");
    }

    #[test]
    fn keys() {
        insta::assert_snapshot!(show("a:\n  x: 1\n  y: 2\n  x: 3\n1: a\ntrue: b\nnull: c\n'2': d\n[e]: f\nz: 1\na: 2\n{{g}}: h\n"), @r#"
        4:3 [x] mapping key "x" already defined at line 2
          hint: it is also at p.yaml:2:3; remove or rename one
        5:1 [1] mapping keys must be strings
          hint: quote it: "1"
        6:1 [true] mapping keys must be strings
          hint: quote it: "true"
        7:1 [null] mapping keys must be strings
          hint: quote it: "null"
        9:1 [[e]] mapping keys must be strings
          hint: a list or mapping cannot be a key
        11:1 [a] mapping key "a" already defined at line 1
          hint: it is also at p.yaml:1:1; remove or rename one
        12:2 [{g}] mapping keys must be strings
          hint: a value that begins with `{` must be quoted
        12:1 [{{g}}] mapping keys must be strings
          hint: a value that begins with `{` must be quoted
        "#);
    }

    #[test]
    fn aliases_and_merges() {
        insta::assert_snapshot!(show("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\nd: {<<: [{x: 5}, *a]}\n\"<<\": 6\n"), @r#"
        1:1  map [a: &a {x: 1, y: 2}⏎b:⏎  <<: *a⏎  y: 3⏎c: *a⏎d: {<<: [{x: 5}, *a]}⏎"<<": 6]
        1:7 .a map [{x: 1, y: 2}]
        1:11 .a.x Number(Number(1)) [1]
        1:17 .a.y Number(Number(2)) [2]
        3:3 .b map [<<: *a⏎  y: 3]
        4:6 .b.y Number(Number(3)) [3]
        1:11 .b.x Number(Number(1)) [1]
        5:4 .c map [*a]
        1:11 .c.x Number(Number(1)) [1]
        1:17 .c.y Number(Number(2)) [2]
        6:4 .d map [{<<: [{x: 5}, *a]}]
        6:14 .d.x Number(Number(5)) [5]
        1:17 .d.y Number(Number(2)) [2]
        7:7 .<< Number(Number(6)) [6]
        "#);
        insta::assert_snapshot!(show("a: {<<: [1]}\nb: &b [*b]\n"), @r"
        1:10 [1] `<<` merges mappings, and this is none
        2:8 [*b] an alias cannot stand inside the value that it names
        ");
        insta::assert_snapshot!(show("a: *nope\n"), @r"
        1:4 [*] while parsing node, found unknown anchor
          hint: quote a text that begins with `*`, or define the anchor before its use
        ");
    }

    #[test]
    fn tags() {
        insta::assert_snapshot!(show("a: !Ref b\nc: !Sub\n  - d\ne: !!binary aGk=\nf: !!int x\ng: !!map {}\n"), @r"
        1:9 [b] the tag !Ref has no meaning here
          hint: name another resource with `${name}` or `${name.output}`
        2:4 [!Sub] the tag !Sub has no meaning here
          hint: `${name}` works inside every string
        4:13 [aGk=] the tag !!binary has no meaning here
          hint: remove it; functions are called with `fn::…` keys
        5:10 [x] `x` is not of type !!int
        ");
    }

    #[test]
    fn lost_zero() {
        insta::assert_snapshot!(show("a: 012345678901\nb: 0644\nc: 000000\n"), @r#"
        1:4 [012345678901] `012345678901` would be read as a number without its leading zero
          hint: quote it: "012345678901"
        "#);
    }

    #[test]
    fn broken() {
        insta::assert_snapshot!(show("a: b: c\n"), @r"
        1:5 [:] mapping values are not allowed in this context
          hint: quote a value that contains `: `, and check the indentation
        ");
        insta::assert_snapshot!(show("a:\n\tb: c\n"), @r"
        2:2 [b] tabs disallowed within this context (block indentation)
          hint: indent with spaces; YAML allows no tabs there
        ");
        insta::assert_snapshot!(show("a: @b\n"), @r"
        1:4 [@] unexpected character: `@'
          hint: quote a value that begins with this character
        ");
        insta::assert_snapshot!(show("a: [1, 2\nb: 3\n"), @"2:2 [:] illegal placement of ':' indicator");
        insta::assert_snapshot!(show("a: 'b\n"), @"2:1 [] invalid indentation in multiline quoted scalar");
    }

    fn refusal(text: &str) -> String {
        let found = read("p.yaml", text).expect_err("it is refused");
        found.into_iter().map(|it| it.message).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn hostile() {
        insta::assert_snapshot!(refusal(&"[".repeat(100_000)), @"values are nested more than 100 levels deep");
        insta::assert_snapshot!(refusal(&"{a: ".repeat(100_000)), @"values are nested more than 100 levels deep");
        insta::assert_snapshot!(refusal(&"- ".repeat(100_000)), @"values are nested more than 100 levels deep");
        insta::assert_snapshot!(refusal(&"? ".repeat(100_000)), @"values are nested more than 100 levels deep");
        let block: String = (0..3000).map(|it| " ".repeat(it) + "a:\n").collect();
        insta::assert_snapshot!(refusal(&block), @"values are nested more than 100 levels deep");
        insta::assert_snapshot!(refusal(&" ".repeat(BYTES_MAX + 1)), @"the file has 8388609 bytes, more than the 8388608 that are read");

        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for it in 1..12 {
            let below = format!("*a{}", it - 1);
            writeln!(laughs, "a{it}: &a{it} [{}]", vec![below; 9].join(", ")).expect("it fits");
        }
        insta::assert_snapshot!(refusal(&laughs), @"more than 1000000 values, aliases included");

        let mut tower = "a0: &a0 []\n".to_owned();
        for it in 1..500 {
            writeln!(tower, "a{it}: &a{it} [*a{}]", it - 1).expect("it fits");
        }
        insta::assert_snapshot!(refusal(&tower), @"values are nested more than 100 levels deep");
    }

    #[test]
    fn mutations_never_panic() {
        let seeds = [
            "name: p\nruntime: yaml\nresources:\n  a:\n    type: aws:sqs:Queue\n    properties: {x: [1, \"é${b.c}\"]}\n",
            "a: &a {x: 1}\nb: {<<: *a}\nc: |\n  t\n  u\nd: >-\n  v\n\n  w\n? e\n: !!str f\n",
        ];
        let alphabet: Vec<char> = "[]{}:,-?&*!|>'\"%@` \n\t#<~é\u{feff}\u{85}0x.".chars().collect();
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut draw = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).expect("it is below a usize")
        };
        for round in 0..4000 {
            let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
            for _ in 0..=draw(4) {
                let at = draw(text.len());
                match draw(3) {
                    0 => text[at] = alphabet[draw(alphabet.len())],
                    1 => text.insert(at, alphabet[draw(alphabet.len())]),
                    _ => drop(text.remove(at)),
                }
            }
            let text: String = text.into_iter().collect();
            let found = read("p.yaml", &text);
            for it in found.err().into_iter().flatten() {
                let span = it.span.expect("every mistake has its place");
                assert!(text.get(span.start..span.end).is_some(), "{text:?} {span:?}");
            }
        }
    }
}
