//! YAML nodes to the tree of a program. Every mistake is reported, none stops
//! the others from being found.

mod call;
mod component;
mod fields;
mod options;
mod resource;

use super::{
    ast::{Expr, ExprKind, Output, Program, Rollout, Spanned, Variable},
    diag::Diagnostic,
    interpolate, nearest,
    syntax::{Kind, Node},
};
#[cfg(test)]
pub(super) use call::builtins;
pub use component::{components, plugin_name};
use fields::Fields;
pub(super) use options::OPTIONS;

/// The name under which expressions find `${pulumi.stack}` and its like.
pub(super) const RESERVED: &str = "pulumi";

/// Of the project file, all that any reader of it knows.
const TOP_LEVEL: &[&str] = &[
    "name",
    "runtime",
    "description",
    "author",
    "website",
    "license",
    "main",
    "config",
    "configuration",
    "stackConfigDir",
    "backend",
    "options",
    "template",
    "plugins",
    "packages",
    "requiredPulumiVersion",
    "pulumi",
    "variables",
    "resources",
    "outputs",
    "rollouts",
    "components",
    "namespace",
    "version",
];

/// The language host's part of a project or program file.
pub fn program(root: &Node, found: &mut Vec<Diagnostic>) -> Program {
    let mut program = Program::default();
    if !matches!(root.kind, Kind::Map(_)) {
        let message = format!("a program is a mapping, and this is {}", root.word());
        found.push(Diagnostic::error(&root.span, message));
        return program;
    }
    let fields = Fields::read(root, TOP_LEVEL, found);
    warn_unknown(&fields, found);
    refuse_components(&fields, found);
    program.name = name(&fields, found);
    program.required_versions.extend(required_version(&fields, found));
    body(&fields, &mut program, found);
    if let Some(node) = fields.get("rollouts") {
        program.rollouts = rollouts(node, found);
    }
    program
}

/// What programs and components have alike.
fn body(fields: &Fields<'_>, program: &mut Program, found: &mut Vec<Diagnostic>) {
    if let Some(node) = fields.get("variables") {
        program.variables = variables(node, found);
    }
    if let Some(node) = fields.get("resources") {
        resource::resources(node, program, found);
    }
    if let Some(node) = fields.get("outputs") {
        program.outputs = outputs(node, found);
    }
    check_names(program, found);
}

/// Any value as an expression.
pub fn expression(node: &Node, found: &mut Vec<Diagnostic>) -> Expr {
    let kind = match &node.kind {
        Kind::Null => ExprKind::Null,
        Kind::Bool(it) => ExprKind::Bool(*it),
        Kind::Number(it) => ExprKind::Number(it.clone()),
        Kind::String(text) => interpolate::parse(text, &node.span, found),
        Kind::List(items) => ExprKind::List(items.iter().map(|it| expression(it, found)).collect()),
        Kind::Map(entries) => match call::call(entries, &node.span, found) {
            Some(kind) => kind,
            None => ExprKind::Map(map(entries, found)),
        },
    };
    Expr { span: node.span.clone(), kind }
}

fn map(entries: &[(Spanned<String>, Node)], found: &mut Vec<Diagnostic>) -> Vec<(Expr, Expr)> {
    let entries = entries.iter().map(|(key, value)| {
        let kind = interpolate::parse(&key.value, &key.span, found);
        (Expr { span: key.span.clone(), kind }, expression(value, found))
    });
    entries.collect()
}

fn warn_unknown(fields: &Fields<'_>, found: &mut Vec<Diagnostic>) {
    for (key, _) in &fields.unknown {
        let message = format!("unknown top-level key '{}', which is ignored", key.value);
        let warning = Diagnostic::warning(&key.span, message);
        let hint = nearest::did_you_mean(&key.value, TOP_LEVEL.iter().copied());
        found.push(Diagnostic { hint, ..warning });
    }
}

fn refuse_components(fields: &Fields<'_>, found: &mut Vec<Diagnostic>) {
    if let Some((key, _)) = fields.entry("components") {
        let message = "components are only supported in plugins, not in programs";
        let hint =
            "put them into a `PulumiPlugin.yaml` of a folder, and name that under `packages`";
        found.push(Diagnostic::error(&key.span, message).hint(hint));
    }
    for name in ["namespace", "version"] {
        if let Some((key, _)) = fields.entry(name) {
            let message = format!("`{name}` belongs to plugins and is ignored in a program");
            found.push(Diagnostic::warning(&key.span, message));
        }
    }
}

fn name(fields: &Fields<'_>, found: &mut Vec<Diagnostic>) -> String {
    let Some(node) = fields.get("name") else { return String::new() };
    match &node.kind {
        Kind::String(name) => name.clone(),
        _ => {
            let message =
                format!("the project's name must be a string, and this is {}", node.word());
            found.push(Diagnostic::error(&node.span, message).hint("quote it"));
            String::new()
        }
    }
}

fn required_version(fields: &Fields<'_>, found: &mut Vec<Diagnostic>) -> Option<Expr> {
    let node = fields.get("pulumi")?;
    if !matches!(node.kind, Kind::Map(_)) {
        let message = format!("`pulumi` must be a mapping, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message));
        return None;
    }
    let known = &["requiredVersion"];
    let fields = Fields::read(node, known, found);
    fields.refuse_unknown("`pulumi`", known, found);
    let node = fields.get("requiredVersion")?;
    let version = expression(node, found);
    if matches!(version.kind, ExprKind::Bool(_) | ExprKind::List(_) | ExprKind::Map(_)) {
        let message = format!("`requiredVersion` must be a string, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message));
    }
    Some(version)
}

fn variables(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Variable> {
    let entries = section(node, "variables", found).iter();
    entries
        .map(|(key, value)| Variable { name: key.clone(), value: expression(value, found) })
        .collect()
}

fn outputs(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Output> {
    let entries = section(node, "outputs", found).iter();
    entries
        .map(|(key, value)| Output { name: key.clone(), value: expression(value, found) })
        .collect()
}

/// Their names are arguments of `shift`, and keys in the state.
fn rollouts(node: &Node, found: &mut Vec<Diagnostic>) -> Vec<Rollout> {
    let entries = section(node, "rollouts", found).iter();
    let rollout = |(name, value): &(Spanned<String>, Node)| {
        let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let begins = name.value.starts_with(|it: char| it.is_ascii_alphabetic());
        if !begins || !name.value.chars().all(plain) {
            let message = format!("`{}` cannot name a rollout", name.value);
            let hint = "a name is letters, digits, `-` and `_`, and begins with a letter";
            found.push(Diagnostic::error(&name.span, message).hint(hint));
        }
        Rollout { name: name.clone(), value: expression(value, found) }
    };
    entries.map(rollout).collect()
}

/// The entries of a top-level mapping.
fn section<'a>(
    node: &'a Node,
    name: &str,
    found: &mut Vec<Diagnostic>,
) -> &'a [(Spanned<String>, Node)] {
    if !matches!(node.kind, Kind::Map(_)) {
        let message = format!("`{name}` must be a mapping, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message));
    }
    node.entries()
}

/// Resources and variables share one namespace.
fn check_names(program: &Program, found: &mut Vec<Diagnostic>) {
    let resources = program.resources.iter().map(|it| ("resource", &it.key));
    let variables = program.variables.iter().map(|it| ("variable", &it.name));
    for (what, name) in resources.chain(variables) {
        if name.value == RESERVED {
            let message = format!("{what} {} uses the reserved name {RESERVED}", name.value);
            found.push(Diagnostic::error(&name.span, message));
        }
        if name.value.is_empty() {
            found.push(Diagnostic::error(&name.span, format!("a {what} must have a name")));
        }
    }
    for variable in &program.variables {
        let name = &variable.name.value;
        let Some(same) = program.resources.iter().find(|it| it.key.value == *name) else {
            continue;
        };
        let message = format!("variable {name} cannot have the same name as resource {name}");
        let hint = format!("the resource is at line {}", same.key.span.line);
        found.push(Diagnostic::error(&variable.name.span, message).hint(hint));
    }
}

#[cfg(test)]
mod tests;
