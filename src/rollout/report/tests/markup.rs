//! A strict reader of the pages: what it does not know, it does not pass.

use std::collections::HashSet;

const TAGS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "header",
    "nav",
    "aside",
    "section",
    "footer",
    "div",
    "p",
    "span",
    "b",
    "strong",
    "bdi",
    "code",
    "pre",
    "a",
    "h1",
    "h2",
    "h3",
    "ul",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "time",
    "details",
    "summary",
    "figure",
    "figcaption",
    "svg",
    "desc",
    "path",
    "line",
    "rect",
    "circle",
    "text",
];

const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "class",
    "id",
    "href",
    "role",
    "tabindex",
    "aria-label",
    "aria-labelledby",
    "aria-hidden",
    "scope",
    "colspan",
    "datetime",
    "title",
    "width",
    "height",
    "viewBox",
    "preserveAspectRatio",
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "text-anchor",
];

#[track_caller]
pub(super) fn check(page: &str) {
    if let Err(wrong) = read(page) {
        panic!("{wrong}");
    }
}

pub(super) fn read(page: &str) -> Result<(), String> {
    let mut rest = page.strip_prefix("<!doctype html>\n").ok_or("no doctype")?;
    if let Some(c) = page.chars().find(|it| forbidden(*it)) {
        return Err(format!("the page has {c:?}"));
    }
    let mut open: Vec<&str> = Vec::new();
    let (mut ids, mut named, mut links) = (HashSet::new(), Vec::new(), Vec::new());
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        if open.last() == Some(&"style") {
            style(text)?;
        } else {
            entities(text)?;
        }
        let end = tag.find('>').ok_or("a tag without an end")?;
        let inner = &tag[1..end];
        rest = &tag[end + 1..];
        if let Some(name) = inner.strip_prefix('/') {
            let was = open.pop();
            if was != Some(name) {
                return Err(format!("</{name}> closes {was:?}"));
            }
            continue;
        }
        let alone = inner.ends_with('/');
        let inner = inner.trim_end_matches('/');
        let (name, mut attributes) = inner.split_once(' ').unwrap_or((inner, ""));
        if !TAGS.contains(&name) {
            return Err(format!("the tag {name:?}"));
        }
        let mut seen = HashSet::new();
        while !attributes.is_empty() {
            let (key, after) = attributes.split_once("=\"").ok_or(format!("in <{inner}>"))?;
            let (value, after) = after.split_once('"').ok_or(format!("in <{inner}>"))?;
            attributes = after.strip_prefix(' ').unwrap_or(after);
            if !ATTRIBUTES.contains(&key) || !seen.insert(key) {
                return Err(format!("the attribute {key:?} of {name}"));
            }
            entities(value)?;
            match key {
                "id" if !ids.insert(value) => return Err(format!("the id {value} twice")),
                "aria-labelledby" => named.extend(value.split(' ')),
                "href" => links.push(value.strip_prefix('#').ok_or(format!("a link to {value}"))?),
                "d" | "x" | "y" | "x1" | "x2" | "cx" | "cy" | "width" | "height"
                    if value.contains("NaN")
                        || value.contains("inf")
                        || value.starts_with('-') && key == "width" =>
                {
                    return Err(format!("{key}={value}"));
                }
                _ => {}
            }
        }
        if !alone {
            open.push(name);
        }
    }
    entities(rest)?;
    let lost = named.iter().chain(&links).find(|it| !ids.contains(**it));
    match (open.is_empty(), lost) {
        (true, None) => Ok(()),
        (true, Some(lost)) => Err(format!("nothing has the id {lost}")),
        (false, _) => Err(format!("open at the end: {open:?}")),
    }
}

fn forbidden(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}')
}

fn entities(text: &str) -> Result<(), String> {
    if text.contains('>') {
        return Err(format!("a bare > in {text:?}"));
    }
    let known = ["amp;", "lt;", "gt;", "#34;"];
    match text.split('&').skip(1).find(|it| !known.iter().any(|known| it.starts_with(known))) {
        Some(it) => Err(format!("a bare & before {it:?}")),
        None => Ok(()),
    }
}

/// Nothing that fetches.
fn style(text: &str) -> Result<(), String> {
    match ["url(", "@import", "@font-face", "image-set", "\\"].iter().find(|it| text.contains(**it))
    {
        Some(it) => Err(format!("the style has {it}")),
        None => Ok(()),
    }
}
