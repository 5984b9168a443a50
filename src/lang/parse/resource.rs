//! The entries of `resources`.

use super::{fields::Fields, options, section};
use crate::lang::{
    ast::{Expr, ExprKind, Get, Program, Resource, Spanned, Stray},
    diag::Diagnostic,
    syntax::{Kind, Node},
};

const FIELDS: &[&str] = &[
    "type",
    "name",
    "defaultProvider",
    "properties",
    "options",
    "get",
    // Tolerated and without a meaning.
    "condition",
    "metadata",
];

pub(super) fn resources(node: &Node, program: &mut Program, found: &mut Vec<Diagnostic>) {
    for (key, value) in section(node, "resources", found) {
        if !matches!(value.kind, Kind::Map(_) | Kind::Null) {
            let message =
                format!("resource {} must be a mapping, and this is {}", key.value, value.word());
            found.push(Diagnostic::error(&value.span, message));
            // It stays, so that what names it is not reported as well.
            let fields = Fields::default();
            program.resources.push(resource(key, &fields, &mut Vec::new()));
            continue;
        }
        let fields = Fields::read(value, FIELDS, found);
        let stray = |(stray, _): &&(Spanned<String>, Node)| Stray {
            resource: key.value.clone(),
            key: stray.clone(),
        };
        program.strays.extend(fields.unknown.iter().map(stray));
        program.resources.push(resource(key, &fields, found));
    }
}

fn resource(key: &Spanned<String>, fields: &Fields<'_>, found: &mut Vec<Diagnostic>) -> Resource {
    let name = fields.text("name", found).map_or_else(|| key.value.clone(), |it| it.value);
    if fields.get("get").is_some() && fields.get("properties").is_some() {
        let message = "Resource fields properties and get are mutually exclusive";
        let (at, _) = fields.entry("get").unwrap_or_else(|| unreachable!("it was just there"));
        let hint =
            "`get` reads a resource that something else manages, `properties` manages it here";
        found.push(Diagnostic::error(&at.span, message).hint(hint));
    }
    Resource {
        key: key.clone(),
        name,
        token: token(key, fields, found),
        default_provider: fields.bool("defaultProvider", found).unwrap_or_default(),
        properties: properties(key, fields, found),
        options: fields.get("options").map(|it| options::options(it, found)).unwrap_or_default(),
        get: fields.get("get").map(|it| get(key, it, found)),
    }
}

/// Empty after a mistake, which has then been reported.
fn token(
    key: &Spanned<String>,
    fields: &Fields<'_>,
    found: &mut Vec<Diagnostic>,
) -> Spanned<String> {
    if fields.get("type").is_none() {
        let message = format!("Required field 'type' is missing on resource \"{}\"", key.value);
        found.push(Diagnostic::error(&key.span, message));
    }
    let none = || Spanned { span: key.span.clone(), value: String::new() };
    fields.text("type", found).unwrap_or_else(none)
}

fn properties(key: &Spanned<String>, fields: &Fields<'_>, found: &mut Vec<Diagnostic>) -> Expr {
    let Some(node) = fields.get("properties") else {
        return Expr { span: key.span.clone(), kind: ExprKind::Map(Vec::new()) };
    };
    map_or_expression("properties", node, found)
}

/// The names of properties are literal, unlike keys inside of them.
fn map_or_expression(what: &str, node: &Node, found: &mut Vec<Diagnostic>) -> Expr {
    let before = found.len();
    let mut expr = super::expression(node, found);
    match &mut expr.kind {
        ExprKind::Map(entries) => {
            for (at, (key, _)) in entries.iter_mut().enumerate() {
                key.kind = ExprKind::Text(node.entries()[at].0.value.clone());
            }
        }
        ExprKind::Access(_) | ExprKind::Call(_) => {}
        _ if found.len() > before => {}
        _ => {
            let message = format!("`{what}` must be a mapping, and this is {}", node.word());
            found.push(Diagnostic::error(&node.span, message));
            expr.kind = ExprKind::Map(Vec::new());
        }
    }
    expr
}

fn get(key: &Spanned<String>, node: &Node, found: &mut Vec<Diagnostic>) -> Get {
    const GET: &[&str] = &["id", "state"];
    // After a mistake: still nothing that is managed here.
    let unread = Get { id: Expr { span: node.span.clone(), kind: ExprKind::Null }, state: None };
    if !matches!(node.kind, Kind::Map(_)) {
        let message = format!("`get` must be a mapping, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message).hint("write `get: { id: … }`"));
        return unread;
    }
    let fields = Fields::read(node, GET, found);
    fields.refuse_unknown("`get`", GET, found);
    let state = fields.get("state").map(|it| map_or_expression("state", it, found));
    let Some(id) = fields.expression("id", found) else {
        let message =
            format!("Required field 'id' is missing on get of resource \"{}\"", key.value);
        found.push(Diagnostic::error(&node.span, message));
        return Get { state, ..unread };
    };
    Get { id, state }
}
