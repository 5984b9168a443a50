//! A mapping whose keys are known: any spelling of their case is accepted, with
//! a warning.

use crate::lang::{
    ast::{Expr, ExprKind, Spanned},
    diag::Diagnostic,
    nearest,
    syntax::{Kind, Node},
};

#[derive(Default)]
pub(super) struct Fields<'a> {
    known: Vec<(&'static str, &'a (Spanned<String>, Node))>,
    pub(super) unknown: Vec<&'a (Spanned<String>, Node)>,
}

impl<'a> Fields<'a> {
    /// Of a value that is no mapping there are none.
    pub(super) fn read(
        node: &'a Node,
        names: &[&'static str],
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut fields = Self { known: Vec::new(), unknown: Vec::new() };
        for entry in node.entries() {
            let key = &entry.0;
            let Some(name) = names.iter().find(|it| it.eq_ignore_ascii_case(&key.value)) else {
                fields.unknown.push(entry);
                continue;
            };
            warn_case(key, name, found);
            if let Some((first, _)) = fields.entry(name) {
                let message = format!("`{}` was already given as `{}`", key.value, first.value);
                let hint = format!("the first is at line {}", first.span.line);
                found.push(Diagnostic::error(&key.span, message).hint(hint));
                continue;
            }
            fields.known.push((name, entry));
        }
        fields
    }

    /// With its key, even when null.
    pub(super) fn entry(&self, name: &str) -> Option<&'a (Spanned<String>, Node)> {
        self.known.iter().find(|(it, _)| *it == name).map(|(_, entry)| *entry)
    }

    /// Null is as good as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        let node = self.entry(name).map(|(_, node)| node);
        node.filter(|it| it.kind != Kind::Null)
    }

    pub(super) fn expression(&self, name: &str, found: &mut Vec<Diagnostic>) -> Option<Expr> {
        self.get(name).map(|it| super::expression(it, found))
    }

    pub(super) fn bool(&self, name: &str, found: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.get(name)?;
        if let Kind::Bool(it) = node.kind {
            return Some(it);
        }
        refuse_literal(name, "`true` or `false`", node, found);
        None
    }

    /// A literal text: `${}` in it is a mistake.
    pub(super) fn text(&self, name: &str, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
        let node = self.get(name)?;
        literal(name, node, found)
    }

    pub(super) fn texts(&self, name: &str, found: &mut Vec<Diagnostic>) -> Vec<String> {
        let Some(node) = self.get(name) else { return Vec::new() };
        let Kind::List(items) = &node.kind else {
            refuse_literal(name, "a list of strings", node, found);
            return Vec::new();
        };
        let texts = items.iter().filter_map(|it| literal(name, it, found));
        texts.map(|it| it.value).collect()
    }

    /// What a key means that is none of `names` nobody can know.
    pub(super) fn refuse_unknown(
        &self,
        owner: &str,
        names: &[&'static str],
        found: &mut Vec<Diagnostic>,
    ) {
        for (key, _) in &self.unknown {
            let message = format!("{} does not exist on {owner}", key.value);
            let listed = nearest::listed(&key.value, names.iter().copied());
            let hint = format!("Existing fields are: {listed}");
            found.push(Diagnostic::error(&key.span, message).hint(hint));
        }
    }
}

pub(super) fn warn_case(key: &Spanned<String>, name: &str, found: &mut Vec<Diagnostic>) {
    if key.value != name {
        let message = format!("'{}' looks like a miscapitalization of '{name}'", key.value);
        found.push(Diagnostic::warning(&key.span, message));
    }
}

fn literal(name: &str, node: &Node, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let mut own = Vec::new();
    let kind = super::expression(node, &mut own).kind;
    found.append(&mut own);
    match (kind, &node.kind) {
        (ExprKind::Text(value), _) => Some(Spanned { span: node.span.clone(), value }),
        // The mistake in it has been reported.
        (ExprKind::Null, Kind::String(_)) => None,
        _ => {
            refuse_literal(name, "a string", node, found);
            None
        }
    }
}

fn refuse_literal(name: &str, wanted: &str, node: &Node, found: &mut Vec<Diagnostic>) {
    let message = match &node.kind {
        Kind::String(text) if text.contains("${") => {
            format!("`{name}` must be literal: it is needed before anything is evaluated")
        }
        _ => format!("`{name}` must be {wanted}, and this is {}", node.word()),
    };
    found.push(Diagnostic::error(&node.span, message));
}
