//! What is wrong with a rollout, told where it stands. What it may say is
//! `rollout::spec`'s; here it gets its values, as far as they are written out,
//! and each mistake its place.

use super::{Checker, Expr, ExprKind};
use crate::{
    lang::{
        ast::{Rollout, Span},
        diag::Diagnostic,
    },
    model::{
        Urn, Value,
        value::{Ref, Unknown},
    },
    rollout::spec::{Spec, Wrong},
};

impl<'a> Checker<'a> {
    pub(super) fn rollout(&mut self, rollout: &'a Rollout) {
        let name = &rollout.name.value;
        let value = self.written(&rollout.value);
        for it in Spec::check(name, &value) {
            let found = wrong(rollout, &it);
            let reported = found.span.as_ref().is_some_and(|it| self.poisoned(it));
            if it.key || !reported {
                self.found.push(found);
            }
        }
    }

    /// What is written out, with all else unknown; a resource as itself, so
    /// that its type can be looked at.
    fn written(&self, expr: &Expr) -> Value {
        let unknown = || Value::Unknown(Unknown { from: String::new() });
        match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(flag) => Value::Bool(*flag),
            ExprKind::Number(number) => Value::Number(number.clone()),
            ExprKind::Text(text) => Value::string(text),
            ExprKind::List(items) => Value::List(items.iter().map(|it| self.written(it)).collect()),
            ExprKind::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| match &key.kind {
                    ExprKind::Text(key) => Some((key.clone(), self.written(value))),
                    _ => None,
                });
                entries.collect::<Option<_>>().map_or_else(unknown, Value::Map)
            }
            ExprKind::Access(access) if access.path.is_empty() => {
                let named = self.scope.program.resources.iter().find(|it| {
                    it.key.value == access.root && self.scope.types.known(&it.token.value)
                });
                named.map_or_else(unknown, |it| {
                    let urn = Urn::new("stack", "project", None, &it.token.value, &it.name).0;
                    Value::Ref(Box::new(Ref { urn, id: unknown() }))
                })
            }
            ExprKind::Access(_) | ExprKind::Mixed(_) | ExprKind::Call(_) => unknown(),
        }
    }
}

/// A mistake in a rollout's value, at its place in the file.
pub fn wrong(rollout: &Rollout, it: &Wrong) -> Diagnostic {
    let whole = format!("rollouts.{}", rollout.name.value);
    let path = it.path.strip_prefix(&whole).unwrap_or_default();
    let span = place(&rollout.name.span, &rollout.value, path, it.key);
    Diagnostic::error(span, it.to_string())
}

/// The value at a path, as near as it is written out; the key of what is a
/// mapping or a list, or wrong itself.
fn place<'a>(key: &'a Span, value: &'a Expr, path: &str, of_key: bool) -> &'a Span {
    let inside = match &value.kind {
        ExprKind::Map(entries) => entries.iter().find_map(|(key, value)| {
            let ExprKind::Text(name) = &key.kind else { return None };
            let rest = path.strip_prefix('.')?.strip_prefix(name.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then_some((&key.span, value, rest))
        }),
        ExprKind::List(items) => path.strip_prefix('[').and_then(|it| {
            let (at, rest) = it.split_once(']')?;
            let item = items.get(at.parse::<usize>().ok()?)?;
            Some((&item.span, item, rest))
        }),
        _ => None,
    };
    match inside {
        Some((key, value, rest)) => place(key, value, rest, of_key),
        None if of_key || matches!(value.kind, ExprKind::Map(_) | ExprKind::List(_)) => key,
        None => &value.span,
    }
}
