//! `PulumiPlugin.yaml`: reusable parts in Pulumi's component form.

use super::{Fields, body, required_version, section};
use crate::lang::{
    ast::{Component, Program, Spanned},
    config,
    diag::Diagnostic,
    nearest,
    syntax::{Kind, Node},
};

/// Of a plugin's file.
const PLUGIN: &[&str] = &[
    "name",
    "namespace",
    "version",
    "runtime",
    "description",
    "author",
    "website",
    "license",
    "packages",
    "components",
];

const COMPONENT: &[&str] =
    &["description", "inputs", "variables", "resources", "outputs", "pulumi"];

/// What belongs into a component, and not beside it.
const MISPLACED: &[&str] = &["config", "configuration", "variables", "resources", "outputs"];

/// The name that a plugin's file gives to its package.
pub fn plugin_name(root: &Node, found: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let fields = Fields::read(root, PLUGIN, &mut Vec::new());
    let name = fields.text("name", found).filter(|it| !it.value.is_empty());
    if name.is_none() {
        found.push(Diagnostic::error(&root.span, "the plugin is missing a 'name' attribute"));
    }
    if let Some((key, node)) = fields.entry("runtime") {
        let is_yaml = matches!(&node.kind, Kind::String(it) if it == "yaml");
        if !is_yaml {
            let mistake = Diagnostic::error(&key.span, "components are `runtime: yaml` only");
            found.push(mistake.hint("a component of another language needs Pulumi to run it"));
        }
    }
    name
}

/// The components of one of a plugin's files.
pub fn components(
    root: &Node,
    package: &str,
    folder: &str,
    found: &mut Vec<Diagnostic>,
) -> Vec<Component> {
    let fields = Fields::read(root, PLUGIN, found);
    for (key, _) in &fields.unknown {
        if MISPLACED.iter().any(|it| it.eq_ignore_ascii_case(&key.value)) {
            let message = format!("`{}` belongs into a component, not beside it", key.value);
            let hint = "write `components: { Name: { resources: … } }`";
            found.push(Diagnostic::error(&key.span, message).hint(hint));
            continue;
        }
        if key.value.eq_ignore_ascii_case("rollouts") {
            let message = "rollouts belong into programs, not into plugins";
            let hint = "a program names the parts of its components: `${web.listener}`";
            found.push(Diagnostic::error(&key.span, message).hint(hint));
            continue;
        }
        let message = format!("unknown top-level key '{}', which is ignored", key.value);
        let hint = nearest::did_you_mean(&key.value, PLUGIN.iter().copied());
        found.push(Diagnostic { hint, ..Diagnostic::warning(&key.span, message) });
    }
    let Some(node) = fields.get("components") else { return Vec::new() };
    let entries = section(node, "components", found).iter();
    entries.map(|(name, node)| component(name, node, package, folder, found)).collect()
}

fn component(
    name: &Spanned<String>,
    node: &Node,
    package: &str,
    folder: &str,
    found: &mut Vec<Diagnostic>,
) -> Component {
    if !matches!(node.kind, Kind::Map(_) | Kind::Null) {
        let message =
            format!("component {} must be a mapping, and this is {}", name.value, node.word());
        found.push(Diagnostic::error(&node.span, message));
    }
    if name.value.is_empty() || name.value.contains([':', '$', '/']) {
        let message = "a component's name is letters and digits, such as `Network`";
        found.push(Diagnostic::error(&name.span, message));
    }
    let fields = Fields::read(node, COMPONENT, found);
    fields.refuse_unknown("a component", COMPONENT, found);
    let mut program = Program::default();
    program.required_versions.extend(required_version(&fields, found));
    body(&fields, &mut program, found);
    let sections: Vec<&Node> = fields.get("inputs").into_iter().collect();
    let inputs = config::declarations(package, &sections, found);
    for input in &inputs {
        if input.value.is_some() || input.key.contains(':') {
            let message = format!("the input '{}' has a type and a default only", input.key);
            found.push(Diagnostic::error(&input.span, message));
        }
        let resources = program.resources.iter().map(|it| &it.key);
        let mut names = resources.chain(program.variables.iter().map(|it| &it.name));
        if let Some(same) = names.find(|it| it.value == input.key) {
            let message = format!("`{}` is an input of the component already", same.value);
            let hint = format!("the input is at line {}", input.span.line);
            found.push(Diagnostic::error(&same.span, message).hint(hint));
        }
    }
    Component {
        token: format!("{package}:index:{}", name.value),
        span: name.span.clone(),
        inputs,
        body: program,
        folder: folder.to_owned(),
    }
}
