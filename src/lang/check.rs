//! What can be known to be wrong before anything runs: names, types, cycles.
//! Whatever is not known is never an error, and what depends on a mistake is
//! not reported again.

mod builtins;
mod fit;
mod infer;
mod options;
mod order;
mod properties;
mod rollouts;
mod tokens;

use std::collections::BTreeSet;

use super::{
    Catalog,
    ast::{Expr, ExprKind, Program, Span},
    diag::{Diagnostic, Severity},
};
use infer::Scope;
pub use order::{NodeRef, dependencies, order};
pub use rollouts::wrong;

/// Resolves all tokens to their canonical form and finds every mistake.
/// `config` are the names of configuration values in scope.
pub fn program(
    program: &mut Program,
    catalog: &dyn Catalog,
    config: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
) {
    let types = tokens::resolve(program, catalog, found);
    let (order, cycles) = order::sorted(program);
    found.extend(cycles);
    let mut checker = Checker { scope: Scope::new(program, &types, config, &order), found };
    checker.names();
    checker.resources();
    for variable in &program.variables {
        checker.expression(&variable.value);
    }
    for output in &program.outputs {
        checker.expression(&output.value);
    }
    for rollout in &program.rollouts {
        checker.expression(&rollout.value);
        checker.rollout(rollout);
    }
    for version in &program.required_versions {
        checker.expression(version);
    }
    tidy(found);
    take_arguments(program);
}

/// A component takes nothing itself: what it was given is in its parts, each of
/// which waits for what it needs and no more.
fn take_arguments(program: &mut Program) {
    let components = &program.components;
    let is_component = |token: &str| components.iter().any(|it| it.token == token);
    for resource in program.resources.iter_mut().filter(|it| is_component(&it.token.value)) {
        resource.properties.kind = ExprKind::Map(Vec::new());
    }
}

/// In the order of the file, and each mistake once: an alias repeats those of
/// what it names.
fn tidy(found: &mut Vec<Diagnostic>) {
    let place = |it: &Diagnostic| it.span.as_ref().map(|it| (it.file.clone(), it.start));
    found.sort_by_key(place);
    found.dedup();
}

struct Checker<'a> {
    scope: Scope<'a>,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn error(&mut self, span: &Span, message: impl Into<String>, hint: Option<String>) {
        self.found.push(Diagnostic { hint, ..Diagnostic::error(span, message) });
    }

    fn warning(&mut self, span: &Span, message: impl Into<String>, hint: Option<String>) {
        self.found.push(Diagnostic { hint, ..Diagnostic::warning(span, message) });
    }

    /// Names that programs and configuration must not share.
    fn names(&mut self) {
        let program = self.scope.program;
        let resources = program.resources.iter().map(|it| ("resource", &it.key));
        let variables = program.variables.iter().map(|it| ("variable", &it.name));
        for (what, name) in resources.chain(variables) {
            let text = &name.value;
            if self.scope.config.contains(text) {
                let message =
                    format!("{what} {text} cannot have the same name as config value {text}");
                self.error(&name.span, message, None);
            }
        }
    }

    fn resources(&mut self) {
        let program = self.scope.program;
        for resource in &program.resources {
            self.properties(resource);
            self.options(resource);
            self.expression(&resource.properties);
            resource.options.expressions().for_each(|it| self.expression(it));
            if let Some(get) = &resource.get {
                self.expression(&get.id);
                get.state.iter().for_each(|it| self.expression(it));
            }
        }
        for stray in &program.strays {
            self.stray(stray);
        }
    }

    /// All that is wrong inside an expression, wherever it stands: names, paths
    /// and the arguments of calls.
    fn expression(&mut self, expr: &'a Expr) {
        let mut accesses = Vec::new();
        expr.accesses(&mut |access| accesses.push(access));
        for access in accesses {
            if let Err(mistake) = self.scope.access(access) {
                self.found.push(*mistake);
            }
        }
        let mut calls = Vec::new();
        expr.calls(&mut |span, call| calls.push((span, call)));
        for (span, call) in calls {
            self.call(span, call);
        }
        self.keys(expr);
    }

    /// Keys of mappings must come out as strings.
    fn keys(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::List(items) => items.iter().for_each(|it| self.keys(it)),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    let ty = self.scope.infer(key);
                    if ty.is_collection() {
                        let message = format!("a key must be a string, and this is {}", ty.word());
                        self.error(&key.span, message, None);
                    }
                    self.keys(value);
                }
            }
            ExprKind::Call(call) => call.arguments().into_iter().for_each(|it| self.keys(it)),
            _ => {}
        }
    }

    /// Whether a mistake inside was already reported: its value is a
    /// placeholder then.
    fn poisoned(&self, span: &Span) -> bool {
        self.found.iter().any(|it| {
            let Some(other) = &it.span else { return false };
            it.severity == Severity::Error
                && other.file == span.file
                && other.start >= span.start
                && other.end <= span.end
        })
    }
}

#[cfg(test)]
pub(in crate::lang) mod tests;
