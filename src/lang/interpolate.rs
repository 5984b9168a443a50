//! The `${…}` inside a string:
//!
//! ```text
//! string := { text | '$$' | '${' access '}' }
//! access := root { '.' name | '[' index ']' | '["' key '"]' | '[*]' }
//! root   := name | '["' key '"]'
//! name   := any characters up to . [ }
//! ```

use super::{
    ast::{Access, Accessor, ExprKind, Part, Span},
    diag::Diagnostic,
};

/// The text of a scalar, whose place is `span`, as an expression. A mistake
/// makes the whole string `Null`, so that nothing half-read is used.
pub fn parse(text: &str, span: &Span, found: &mut Vec<Diagnostic>) -> ExprKind {
    let mut reader = Reader { text, at: 0, origin: Origin::of(text, span), span };
    match reader.parts() {
        Ok(parts) => whole(parts),
        Err(mistake) => {
            found.push(mistake);
            ExprKind::Null
        }
    }
}

fn whole(mut parts: Vec<Part>) -> ExprKind {
    let single = if parts.len() == 1 { parts.pop() } else { None };
    match single {
        Some(Part::Text(text)) => ExprKind::Text(text),
        Some(Part::Access(access)) => ExprKind::Access(access),
        None if parts.is_empty() => ExprKind::Text(String::new()),
        None => ExprKind::Mixed(parts),
    }
}

/// Whether places inside the text are places in the file.
enum Origin {
    /// The text stands there letter by letter, this many bytes into the
    /// scalar's place.
    Verbatim { quote: usize },
    /// Escapes or folded lines: only the scalar as a whole has a place.
    Processed,
}

impl Origin {
    fn of(text: &str, span: &Span) -> Self {
        let length = span.end.saturating_sub(span.start);
        match length.checked_sub(text.len()) {
            _ if text.contains('\n') => Self::Processed,
            Some(0) => Self::Verbatim { quote: 0 },
            // An escape or a doubled quote is longer than what it stands for.
            Some(2) => Self::Verbatim { quote: 1 },
            _ => Self::Processed,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of what is read next.
    at: usize,
    origin: Origin,
    span: &'a Span,
}

type Read<T> = Result<T, Diagnostic>;

impl Reader<'_> {
    fn parts(&mut self) -> Read<Vec<Part>> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        while let Some(dollar) = self.rest().find('$') {
            plain.push_str(&self.rest()[..dollar]);
            self.at += dollar;
            if self.rest().starts_with("${") {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Access(self.access()?));
                continue;
            }
            plain.push('$');
            self.at += if self.rest().starts_with("$$") { 2 } else { 1 };
        }
        plain.push_str(self.rest());
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(parts)
    }

    /// From `${` to `}`.
    fn access(&mut self) -> Read<Access> {
        let start = self.at;
        self.at += "${".len();
        let mut root = None;
        let mut path = Vec::new();
        loop {
            let here = self.at;
            match self.rest().chars().next() {
                None => return Err(self.wrong(start, "unterminated interpolation")),
                Some('}') => {
                    self.at += 1;
                    let Some(root) = root else {
                        let message = "Property access expressions cannot be empty";
                        return Err(self
                            .wrong(start, message)
                            .hint("write `$$` for a literal `$`"));
                    };
                    return Ok(Access { span: self.place(start, self.at), root, path });
                }
                Some('[') => match (self.subscript()?, &root) {
                    (Accessor::Key(key), None) => root = Some(key),
                    (_, None) => return Err(self.bad_root(here)),
                    (accessor, Some(_)) => path.push(accessor),
                },
                Some('.') if root.is_none() => return Err(self.bad_root(here)),
                Some('.') => {
                    self.at += 1;
                    let name = self.name();
                    if name.is_empty() {
                        return Err(self.wrong(start, "a name is missing after `.`"));
                    }
                    path.push(Accessor::Name(name));
                }
                Some(_) if root.is_none() => root = Some(self.name()),
                Some(_) => {
                    return Err(self.wrong(start, "`.` or `[` must follow `]`"));
                }
            }
        }
    }

    fn name(&mut self) -> String {
        let end = self.rest().find(['.', '[', '}']).unwrap_or(self.rest().len());
        let name = self.rest()[..end].to_owned();
        self.at += end;
        name
    }

    /// From `[` to `]`.
    fn subscript(&mut self) -> Read<Accessor> {
        let start = self.at;
        self.at += 1;
        if self.rest().starts_with('"') {
            let key = self.quoted(start)?;
            if !self.rest().starts_with(']') {
                return Err(self.wrong(start, "missing closing bracket in property access"));
            }
            self.at += 1;
            return Ok(Accessor::Key(key));
        }
        let Some(end) = self.rest().find(']') else {
            return Err(self.wrong(start, "missing closing bracket in list index"));
        };
        if &self.rest()[..end] == "*" {
            self.at += end + 1;
            return Ok(Accessor::All);
        }
        let Ok(index) = self.rest()[..end].parse() else {
            let wrong = self.wrong(start, "invalid list index");
            return Err(
                wrong.hint("an index is a whole number, a key is in double quotes: `[\"key\"]`")
            );
        };
        self.at += end + 1;
        Ok(Accessor::Index(index))
    }

    fn quoted(&mut self, start: usize) -> Read<String> {
        let mut key = String::new();
        let body = &self.rest()[1..];
        let mut chars = body.char_indices().peekable();
        while let Some((at, letter)) = chars.next() {
            match letter {
                '"' => {
                    self.at += 1 + at + 1;
                    return Ok(key);
                }
                '\\' if chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    chars.next();
                    key.push('"');
                }
                _ => key.push(letter),
            }
        }
        Err(self.wrong(start, "missing closing quote in property name"))
    }

    fn bad_root(&self, at: usize) -> Diagnostic {
        self.wrong(at, "the root property must be a string subscript or a name")
    }

    /// A mistake that reaches from `start` to the end of the text.
    fn wrong(&self, start: usize, message: &str) -> Diagnostic {
        Diagnostic::error(&self.place(start, self.text.len()), message)
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn place(&self, start: usize, end: usize) -> Span {
        let Origin::Verbatim { quote } = self.origin else { return self.span.clone() };
        let offset = self.span.start + quote;
        Span {
            file: self.span.file.clone(),
            line: self.span.line,
            column: self.span.column + quote + self.text[..start].chars().count(),
            start: offset + start,
            end: offset + end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let span = Span { line: 1, column: 1, start: 0, end: text.len(), ..Span::default() };
        let mut found = Vec::new();
        match parse(text, &span, &mut found) {
            _ if !found.is_empty() => {
                let span = found[0].span.clone().expect("it has its place");
                format!("{} [{}]", found[0].message, &text[span.start..span.end])
            }
            ExprKind::Access(it) => one(&Part::Access(it)),
            ExprKind::Mixed(parts) => parts.iter().map(one).collect::<Vec<_>>().join(" + "),
            other => format!("{other:?}"),
        }
    }

    fn one(part: &Part) -> String {
        match part {
            Part::Text(text) => format!("{text:?}"),
            Part::Access(it) => {
                let path: Vec<String> = it.path.iter().map(|it| format!("{it:?}")).collect();
                format!("@{} {}<{}>", it.span.column, it.root, path.join(" "))
            }
        }
    }

    #[test]
    fn grammar() {
        let all = [
            "",
            "plain",
            "$",
            "a$b",
            "$$",
            "$${x}",
            "$$$${x}",
            "$$${x}",
            "${a}",
            "é${a}",
            "${a}$$",
            "${a.b[0].c[\"d.e\"]}",
            "${[\"a.b\"].c}",
            "${a-b:c_d}",
            "${a[\"x\\\"y\"]}",
            "${a[-1]}",
            "${a}${b}",
            "${ a }",
            "${a[\"b\"][1]}",
            "}${a}{",
        ];
        let shown: Vec<String> = all.iter().map(|it| format!("{it} => {}", show(it))).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
         => Text("")
        plain => Text("plain")
        $ => Text("$")
        a$b => Text("a$b")
        $$ => Text("$")
        $${x} => Text("${x}")
        $$$${x} => Text("$${x}")
        $$${x} => "$" + @3 x<>
        ${a} => @1 a<>
        é${a} => "é" + @2 a<>
        ${a}$$ => @1 a<> + "$"
        ${a.b[0].c["d.e"]} => @1 a<Name("b") Index(0) Name("c") Key("d.e")>
        ${["a.b"].c} => @1 a.b<Name("c")>
        ${a-b:c_d} => @1 a-b:c_d<>
        ${a["x\"y"]} => @1 a<Key("x\"y")>
        ${a[-1]} => @1 a<Index(-1)>
        ${a}${b} => @1 a<> + @5 b<>
        ${ a } => @1  a <>
        ${a["b"][1]} => @1 a<Key("b") Index(1)>
        }${a}{ => "}" + @2 a<> + "{"
        "#);
    }

    #[test]
    fn mistakes() {
        let all = [
            "x ${",
            "${}",
            "${a",
            "${a[",
            "${a[\"b",
            "${a[\"b\"",
            "${a[x]}",
            "${a[1.5]}",
            "${[0]}",
            "${.a}",
            "${a.}",
            "${a..b}",
            "${a[0]b}",
            "${a[]}",
        ];
        let shown: Vec<String> = all.iter().map(|it| format!("{it} => {}", show(it))).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        x ${ => unterminated interpolation [${]
        ${} => Property access expressions cannot be empty [${}]
        ${a => unterminated interpolation [${a]
        ${a[ => missing closing bracket in list index [[]
        ${a["b => missing closing quote in property name [["b]
        ${a["b" => missing closing bracket in property access [["b"]
        ${a[x]} => invalid list index [[x]}]
        ${a[1.5]} => invalid list index [[1.5]}]
        ${[0]} => the root property must be a string subscript or a name [[0]}]
        ${.a} => the root property must be a string subscript or a name [.a}]
        ${a.} => a name is missing after `.` [${a.}]
        ${a..b} => a name is missing after `.` [${a..b}]
        ${a[0]b} => `.` or `[` must follow `]` [${a[0]b}]
        ${a[]} => invalid list index [[]}]
        "#);
    }

    #[test]
    fn processed_text_has_the_place_of_its_scalar() {
        let span = Span { line: 3, column: 5, start: 10, end: 40, ..Span::default() };
        let kind = parse("a ${b}\n", &span, &mut Vec::new());
        let ExprKind::Mixed(parts) = kind else { panic!("it is mixed: {kind:?}") };
        let Part::Access(access) = &parts[1] else { panic!("it is an access") };
        assert_eq!(access.span, span);
    }
}
