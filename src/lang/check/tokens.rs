//! Tokens of types and functions to their canonical form.

use crate::{
    lang::{
        Catalog,
        ast::{Call, Expr, ExprKind, Program, Spanned},
        diag::Diagnostic,
        nearest, providers,
    },
    model::Schema,
};

/// Schemas by canonical token.
pub(super) struct Types<'a> {
    catalog: &'a dyn Catalog,
    /// Those that no provider has.
    own: Vec<Schema>,
    components: Vec<String>,
}

impl Types<'_> {
    pub(super) fn resource(&self, token: &str) -> Option<&Schema> {
        self.own.iter().find(|it| it.token == token).or_else(|| self.catalog.resource(token))
    }

    /// A component's token is in its own form since the expansion.
    pub(super) fn is_component(&self, token: &str) -> bool {
        self.components.iter().any(|it| it == token)
    }

    /// Whether it is a type or function at all.
    pub(super) fn known(&self, token: &str) -> bool {
        self.resource(token).is_some() || self.function(token).is_some()
    }

    pub(super) fn function(&self, token: &str) -> Option<&Schema> {
        self.catalog.function(token)
    }
}

pub(super) fn resolve<'a>(
    program: &mut Program,
    catalog: &'a dyn Catalog,
    found: &mut Vec<Diagnostic>,
) -> Types<'a> {
    let mut types = Types {
        catalog,
        own: program.components.clone(),
        components: program.components.iter().map(|it| it.token.clone()).collect(),
    };
    for resource in &mut program.resources {
        // Without a type: that has been reported.
        if !resource.token.value.is_empty() {
            resource_token(&mut resource.token, &mut types, found);
        }
    }
    let mut function = |token: &mut Spanned<String>| function_token(token, catalog, found);
    for resource in &mut program.resources {
        invokes(&mut resource.properties, &mut function);
        resource.options.expressions_mut().for_each(|it| invokes(it, &mut function));
        if let Some(get) = &mut resource.get {
            invokes(&mut get.id, &mut function);
            get.state.iter_mut().for_each(|it| invokes(it, &mut function));
        }
    }
    program.variables.iter_mut().for_each(|it| invokes(&mut it.value, &mut function));
    program.outputs.iter_mut().for_each(|it| invokes(&mut it.value, &mut function));
    program.rollouts.iter_mut().for_each(|it| invokes(&mut it.value, &mut function));
    program.required_versions.iter_mut().for_each(|it| invokes(it, &mut function));
    types
}

fn resource_token(token: &mut Spanned<String>, types: &mut Types<'_>, found: &mut Vec<Diagnostic>) {
    if !shaped(token, found) {
        return;
    }
    let catalog = types.catalog;
    if types.is_component(&token.value) {
        return;
    }
    if let Some(canonical) = providers::canonical(&token.value) {
        if let Some(schema) = providers::schema(&canonical, catalog) {
            if types.own.iter().all(|it| it.token != canonical) {
                // A catalog may know more of its own provider.
                types.own.push(catalog.resource(&canonical).cloned().unwrap_or(schema));
            }
            token.value = canonical;
            return;
        }
    } else if let Some(canonical) = catalog.canonical(&token.value)
        && catalog.resource(&canonical).is_some()
    {
        token.value = canonical;
        return;
    }
    let package = providers::package(&token.value);
    let message = format!(
        "unable to find resource type \"{}\" in resource provider \"{package}\"",
        token.value
    );
    let hint = advice(&token.value, &catalog.resources(), catalog);
    found.push(Diagnostic { hint, ..Diagnostic::error(&token.span, message) });
}

fn function_token(token: &mut Spanned<String>, catalog: &dyn Catalog, found: &mut Vec<Diagnostic>) {
    if !shaped(token, found) {
        return;
    }
    if let Some(canonical) = catalog.canonical(&token.value)
        && catalog.function(&canonical).is_some()
    {
        token.value = canonical;
        return;
    }
    if let Some(why) = catalog.refused(&token.value) {
        let message = format!("the function '{}' is not supported", token.value);
        found.push(Diagnostic::error(&token.span, message).hint(why));
        return;
    }
    let package = providers::package(&token.value);
    let message =
        format!("unable to find function \"{}\" in resource provider \"{package}\"", token.value);
    let hint = advice(&token.value, &catalog.functions(), catalog);
    found.push(Diagnostic { hint, ..Diagnostic::error(&token.span, message) });
}

/// `pkg:mod:Name` or `pkg:Name`
fn shaped(token: &Spanned<String>, found: &mut Vec<Diagnostic>) -> bool {
    let segments: Vec<&str> = token.value.split(':').collect();
    let good = matches!(segments.len(), 2 | 3) && segments.iter().all(|it| !it.is_empty());
    if !good {
        let message = format!("invalid type token \"{}\"", token.value);
        let hint = "a token has two or three parts, such as `aws:sqs:Queue`";
        found.push(Diagnostic::error(&token.span, message).hint(hint));
    }
    good
}

fn advice(token: &str, known: &[String], catalog: &dyn Catalog) -> Option<String> {
    let packages = providers::packages(catalog);
    let package = providers::package(token);
    if package == "pulumi" {
        let own = [providers::STACK_REFERENCE, "pulumi:Stash", "pulumi:providers:<package>"];
        return Some(format!("the types of `pulumi` are: {}", own.join(", ")));
    }
    if !packages.iter().any(|it| it == package) {
        return Some(format!("the supported packages are: {}", packages.join(", ")));
    }
    let short: Vec<String> = known.iter().map(|it| shortened(it)).collect();
    let written = shortened(token);
    nearest::did_you_mean(&written, short.iter().map(String::as_str)).or_else(|| {
        let start = &written[..=written.rfind(':')?];
        let same = || short.iter().filter(|it| it.starts_with(start)).map(String::as_str);
        same().next()?;
        Some(format!("Existing ones are: {}", nearest::listed(&written, same())))
    })
}

/// As programs write it: `aws:sqs:Queue` for `aws:sqs/queue:Queue`, and
/// `aws:getRegion` for `aws:index/getRegion:getRegion`.
fn shortened(token: &str) -> String {
    let segments: Vec<&str> = token.split(':').collect();
    let [package, module, name] = segments.as_slice() else { return token.to_owned() };
    match module.split('/').next().unwrap_or(module) {
        "index" => format!("{package}:{name}"),
        module => format!("{package}:{module}:{name}"),
    }
}

fn invokes(expr: &mut Expr, visit: &mut dyn FnMut(&mut Spanned<String>)) {
    match &mut expr.kind {
        ExprKind::List(items) => items.iter_mut().for_each(|it| invokes(it, visit)),
        ExprKind::Map(entries) => {
            for (key, value) in entries {
                invokes(key, visit);
                invokes(value, visit);
            }
        }
        ExprKind::Call(call) => {
            if let Call::Invoke(invoke) = &mut **call {
                visit(&mut invoke.function);
            }
            call.arguments_mut().into_iter().for_each(|it| invokes(it, visit));
        }
        _ => {}
    }
}
