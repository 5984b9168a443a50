//! A mistake with the line of the file that it is about.

use std::{collections::BTreeMap, ops::Range};

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::ui::escape;

use crate::lang::{
    ast::Span,
    diag::{Diagnostic, Severity},
};

/// Several lines of text without the last line break. `sources` are the texts
/// of files by the name that spans have; without its text only the place of a
/// mistake is told.
pub fn render(diagnostic: &Diagnostic, sources: &BTreeMap<String, String>, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut elements: Vec<Element<'_>> = Vec::new();
    let file = diagnostic.span.as_ref().map(|it| escape(&it.file)).unwrap_or_default();
    if let Some(span) = &diagnostic.span {
        elements.push(match sources.get(&*span.file).and_then(|text| line(span, text)) {
            Some((text, range)) => excerpt(&file, span, text, range).into(),
            None => Origin::path(&*file).line(span.line).char_column(span.column).into(),
        });
    }
    if let Some(hint) = &diagnostic.hint {
        // A hint may have lines of its own; each is made harmless by itself.
        let lines: Vec<String> = hint.lines().map(escape).collect();
        elements.push(Level::HELP.with_name("hint").message(lines.join("\n")).into());
    }
    let message: Vec<String> = diagnostic.message.lines().map(escape).collect();
    let message = message.join("\n");
    let report = [level.primary_title(&message).elements(elements)];
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&report)
}

fn excerpt<'a>(
    file: &'a str,
    span: &Span,
    text: &'a str,
    range: Range<usize>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    Snippet::source(text)
        .line_start(span.line)
        .path(file)
        .annotation(AnnotationKind::Primary.span(range))
}

/// A longer line is no help, and takes its time to be laid out.
const LINE_MAX: usize = 4000;

/// The first line of a span, and what of it is meant. None when the text is
/// not the one that was read, or the line too long to be shown.
fn line<'a>(span: &Span, text: &'a str) -> Option<(&'a str, Range<usize>)> {
    let before = text.get(..span.start)?;
    let begin = before.rfind('\n').map_or(0, |it| it + 1);
    let rest = &text[begin..];
    let line = rest[..rest.find('\n').unwrap_or(rest.len())].trim_end();
    let mark = if begin == 0 { "\u{feff}" } else { "" };
    let bare = line.strip_prefix(mark).unwrap_or(line);
    let skipped = begin + line.len() - bare.len();
    let start = span.start.saturating_sub(skipped).min(bare.len());
    let end = span.end.saturating_sub(skipped).clamp(start, bare.len());
    if bare.len() > LINE_MAX {
        return None;
    }
    let whole = bare.is_char_boundary(start) && bare.is_char_boundary(end);
    whole.then_some((bare, start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, part: &str) -> Span {
        let start = text.find(part).expect("the part is there");
        let before = &text[..start];
        let column = before.chars().rev().take_while(|it| *it != '\n').count() + 1;
        Span {
            file: "Pulumi.yaml".into(),
            line: before.matches('\n').count() + 1,
            column,
            start,
            end: start + part.len(),
        }
    }

    fn show(diagnostic: &Diagnostic, text: &str) -> String {
        render(diagnostic, &BTreeMap::from([("Pulumi.yaml".to_owned(), text.to_owned())]), false)
    }

    const TEXT: &str = "name: shop\nresources:\n  é: {type: aws:sqs:Quue}\n  b:\n    c: d\n";

    #[test]
    fn a_line_of_the_file() {
        let wrong = Diagnostic::error(&at(TEXT, "aws:sqs:Quue"), "no such type")
            .hint("did you mean `aws:sqs:Queue`?");
        insta::assert_snapshot!(show(&wrong, TEXT), @r"
        error: no such type
         --> Pulumi.yaml:3:13
          |
        3 |   é: {type: aws:sqs:Quue}
          |             ^^^^^^^^^^^^
          |
          = hint: did you mean `aws:sqs:Queue`?
        ");
        let warning =
            Diagnostic::warning(&at(TEXT, "b:\n    c: d"), "two\nlines").hint("a:\n  b: c");
        insta::assert_snapshot!(show(&warning, TEXT), @r"
        warning: two
                 lines
         --> Pulumi.yaml:4:3
          |
        4 |   b:
          |   ^^
          |
          = hint: a:
                    b: c
        ");
    }

    #[test]
    fn no_text() {
        let span = at(TEXT, "shop");
        let wrong = Diagnostic::error(&span, "bad name");
        insta::assert_snapshot!(render(&wrong, &BTreeMap::new(), false), @r"
        error: bad name
        --> Pulumi.yaml:1:7
        ");
        insta::assert_snapshot!(show(&wrong, "né"), @r"
        error: bad name
        --> Pulumi.yaml:1:7
        ");
        let nowhere = Diagnostic { span: None, ..wrong }.hint("somewhere");
        insta::assert_snapshot!(show(&nowhere, TEXT), @r"
        error: bad name
         |
         = hint: somewhere
        ");
    }

    #[test]
    fn a_line_that_is_too_long() {
        let text = format!("a: {}é", "x".repeat(5000));
        insta::assert_snapshot!(show(&Diagnostic::error(&at(&text, "é"), "not here"), &text), @r"
        error: not here
        --> Pulumi.yaml:1:5004
        ");
    }

    #[test]
    fn odd_places() {
        let text = "\u{feff}a: b\r\n";
        let span = Span { file: "Pulumi.yaml".into(), line: 1, column: 4, start: 6, end: 7 };
        insta::assert_snapshot!(show(&Diagnostic::error(&span, "after a mark"), text), @r"
        error: after a mark
         --> Pulumi.yaml:1:4
          |
        1 | a: b
          |    ^
        ");
        let end = Span { file: "Pulumi.yaml".into(), line: 2, column: 1, start: 9, end: 9 };
        insta::assert_snapshot!(show(&Diagnostic::error(&end, "at the end"), text), @r"
        error: at the end
         --> Pulumi.yaml:2:1
          |
        2 |
          | ^
        ");
    }

    #[test]
    fn colour() {
        let wrong = Diagnostic::error(&at(TEXT, "shop"), "bad \u{1b}[31mname").hint("\u{1b}[2J");
        let sources = BTreeMap::from([("Pulumi.yaml".to_owned(), TEXT.to_owned())]);
        let plain = render(&wrong, &sources, false);
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        let styled = render(&wrong, &sources, true);
        assert!(styled.contains('\u{1b}') && !styled.contains("\u{1b}[2J"), "{styled:?}");
    }
}
