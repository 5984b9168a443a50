//! `options:` of a resource and of an invoke.

use super::fields::Fields;
use crate::lang::{
    ast::{Expr, ExprKind, InvokeOptions, Options},
    diag::Diagnostic,
    nearest,
    syntax::{Kind, Node},
};

/// All resource options, as the checker needs them to say where a misplaced
/// one belongs.
pub(in crate::lang) const OPTIONS: &[&str] = &[
    "additionalSecretOutputs",
    "aliases",
    "customTimeouts",
    "deleteBeforeReplace",
    "deletedWith",
    "dependsOn",
    "envVarMappings",
    "hideDiffs",
    "ignoreChanges",
    "import",
    "parent",
    "pluginDownloadURL",
    "protect",
    "provider",
    "providers",
    "replaceOnChanges",
    "replaceWith",
    "replacementTrigger",
    "retainOnDelete",
    "version",
    // Ours, which Pulumi refuses.
    "forEach",
    "when",
    "unless",
];

pub(super) fn options(node: &Node, found: &mut Vec<Diagnostic>) -> Options {
    if !matches!(node.kind, Kind::Map(_)) {
        let message = format!("`options` must be a mapping, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message));
        return Options::default();
    }
    let fields = Fields::read(node, OPTIONS, found);
    fields.refuse_unknown("resource options", OPTIONS, found);
    let options = Options {
        additional_secret_outputs: fields.texts("additionalSecretOutputs", found),
        aliases: fields.expression("aliases", found),
        custom_timeouts: fields.expression("customTimeouts", found),
        delete_before_replace: fields.bool("deleteBeforeReplace", found),
        deleted_with: fields.expression("deletedWith", found),
        depends_on: fields.expression("dependsOn", found),
        env_var_mappings: fields.expression("envVarMappings", found),
        for_each: fields.expression("forEach", found),
        hide_diffs: fields.texts("hideDiffs", found),
        ignore_changes: fields.texts("ignoreChanges", found),
        import: fields.text("import", found),
        parent: fields.expression("parent", found),
        plugin_download_url: fields.text("pluginDownloadURL", found).map(|it| it.value),
        protect: fields.expression("protect", found),
        provider: fields.expression("provider", found),
        providers: fields.expression("providers", found),
        replace_on_changes: fields.texts("replaceOnChanges", found),
        replace_with: fields.expression("replaceWith", found),
        replacement_trigger: fields.expression("replacementTrigger", found),
        retain_on_delete: fields.bool("retainOnDelete", found).unwrap_or_default(),
        unless: fields.expression("unless", found),
        version: fields.text("version", found).map(|it| it.value),
        when: fields.expression("when", found),
    };
    check_timeouts(options.custom_timeouts.as_ref(), found);
    check_aliases(options.aliases.as_ref(), found);
    options
}

pub(super) fn invoke_options(node: &Node, found: &mut Vec<Diagnostic>) -> InvokeOptions {
    const INVOKE: &[&str] = &["parent", "provider", "version", "pluginDownloadURL", "dependsOn"];
    if !matches!(node.kind, Kind::Map(_)) {
        let message = format!("`options` must be a mapping, and this is {}", node.word());
        found.push(Diagnostic::error(&node.span, message));
        return InvokeOptions::default();
    }
    let fields = Fields::read(node, INVOKE, found);
    fields.refuse_unknown("invoke options", INVOKE, found);
    InvokeOptions {
        parent: fields.expression("parent", found),
        provider: fields.expression("provider", found),
        depends_on: fields.expression("dependsOn", found),
        version: fields.text("version", found).map(|it| it.value),
        plugin_download_url: fields.text("pluginDownloadURL", found).map(|it| it.value),
    }
}

fn check_timeouts(timeouts: Option<&Expr>, found: &mut Vec<Diagnostic>) {
    const VERBS: &[&str] = &["create", "update", "delete", "read"];
    let Some(Expr { kind: ExprKind::Map(entries), .. }) = timeouts else {
        return refuse_other(timeouts, "customTimeouts", "a mapping", found);
    };
    refuse_keys(entries, "customTimeouts", VERBS, found);
    for (_, value) in entries {
        let good = match &value.kind {
            ExprKind::Text(text) => duration(text),
            ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::List(_) | ExprKind::Map(_) => false,
            _ => true,
        };
        if !good {
            let message = "a timeout must be a duration";
            found
                .push(Diagnostic::error(&value.span, message).hint("such as \"30m\" or \"1h30m\""));
        }
    }
}

/// Go's: `1h30m`, `1.5h`, `500ms`, `0`.
fn duration(text: &str) -> bool {
    const UNITS: &[&str] = &["ns", "us", "µs", "μs", "ms", "s", "m", "h"];
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut parts = 0;
    while !rest.is_empty() {
        let is_number = |it: char| it.is_ascii_digit() || it == '.';
        let number = rest.find(|it| !is_number(it)).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(number);
        let unit = after.find(is_number).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        if digits.parse::<f64>().is_err() || !UNITS.contains(&unit) {
            return false;
        }
        rest = after;
        parts += 1;
    }
    parts > 0
}

fn check_aliases(aliases: Option<&Expr>, found: &mut Vec<Diagnostic>) {
    const ALIAS: &[&str] = &["urn", "name", "type", "parent", "noParent", "stack", "project"];
    let Some(Expr { kind: ExprKind::List(items), .. }) = aliases else {
        return refuse_other(aliases, "aliases", "a list", found);
    };
    for item in items {
        match &item.kind {
            ExprKind::Map(entries) => {
                refuse_keys(entries, "an alias", ALIAS, found);
                let has = |name: &str| entries.iter().any(|(key, _)| is_text(key, name));
                if has("parent") && has("noParent") {
                    let message = "an alias has either `parent` or `noParent`";
                    found.push(Diagnostic::error(&item.span, message));
                }
            }
            _ => refuse_other(Some(item), "an alias", "a URN or a mapping", found),
        }
    }
}

fn is_text(key: &Expr, name: &str) -> bool {
    matches!(&key.kind, ExprKind::Text(text) if text == name)
}

/// Literal keys that are none of `names`.
fn refuse_keys(
    entries: &[(Expr, Expr)],
    owner: &str,
    names: &[&'static str],
    found: &mut Vec<Diagnostic>,
) {
    for (key, _) in entries {
        let ExprKind::Text(name) = &key.kind else { continue };
        if !names.contains(&name.as_str()) {
            let hint =
                format!("Existing fields are: {}", nearest::listed(name, names.iter().copied()));
            let message = format!("{name} does not exist on {owner}");
            found.push(Diagnostic::error(&key.span, message).hint(hint));
        }
    }
}

/// A literal of a wrong shape; what is computed may yet be right.
fn refuse_other(value: Option<&Expr>, name: &str, wanted: &str, found: &mut Vec<Diagnostic>) {
    let Some(value) = value else { return };
    let text_fits = wanted.contains("URN");
    let wrong = match value.kind {
        ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::List(_) | ExprKind::Map(_) => true,
        ExprKind::Text(_) | ExprKind::Mixed(_) => !text_fits,
        _ => false,
    };
    if wrong {
        found.push(Diagnostic::error(&value.span, format!("`{name}` must be {wanted}")));
    }
}
