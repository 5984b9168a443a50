//! Options: which resources they may name, and what they may say.

use std::collections::BTreeMap;

use super::{Checker, infer::Ty};
use crate::lang::{
    ast::{Expr, ExprKind, InvokeOptions, Resource},
    nearest,
    providers::{PROVIDER_PREFIX, package},
};

impl<'a> Checker<'a> {
    pub(super) fn options(&mut self, resource: &'a Resource) {
        let options = &resource.options;
        for (name, one) in [("parent", &options.parent), ("deletedWith", &options.deleted_with)] {
            one.iter().for_each(|it| self.resource(it, name));
        }
        for (name, all) in
            [("dependsOn", &options.depends_on), ("replaceWith", &options.replace_with)]
        {
            all.iter().for_each(|it| self.resource_list(it, name));
        }
        options.provider.iter().for_each(|it| self.provider(it, &resource.token.value));
        options.providers.iter().for_each(|it| self.providers(it));
        options.protect.iter().for_each(|it| self.protect(it));
        if let Some(aliases) = &options.aliases {
            self.aliases(aliases);
        }
        if resource.default_provider {
            self.default_provider(resource);
        } else {
            self.provider_version(resource);
        }
        self.paths(resource);
    }

    pub(super) fn invoke_options(&mut self, options: &'a InvokeOptions, function: &str) {
        options.parent.iter().for_each(|it| self.resource(it, "parent"));
        options.depends_on.iter().for_each(|it| self.resource_list(it, "dependsOn"));
        options.provider.iter().for_each(|it| self.provider(it, function));
    }

    fn resource(&mut self, expr: &'a Expr, option: &str) {
        let ty = self.scope.infer(expr);
        if !ty.is_unknown() && !matches!(ty, Ty::Resource(_)) {
            let message = format!("`{option}` must be a resource, and this is {}", ty.word());
            let hint = resource_hint(expr);
            self.error(&expr.span, message, Some(hint));
        }
    }

    /// One may stand without a list.
    fn resource_list(&mut self, expr: &'a Expr, option: &str) {
        if let ExprKind::List(items) = &expr.kind {
            items.iter().for_each(|it| self.resource(it, option));
            return;
        }
        let ty = self.scope.infer(expr);
        let wrong = match &ty {
            Ty::Resource(_) => false,
            Ty::Items(items) => {
                !items.iter().all(|it| it.is_unknown() || matches!(it, Ty::Resource(_)))
            }
            list if list.is_list() => {
                let item = list.any_item();
                !item.is_unknown() && !matches!(item, Ty::Resource(_))
            }
            other => !other.is_unknown(),
        };
        if wrong {
            let word = if ty.is_list() { "a list of other things" } else { ty.word() };
            let message = format!("`{option}` must be a list of resources, and this is {word}");
            let hint = resource_hint(expr);
            self.error(&expr.span, message, Some(hint));
        }
    }

    fn provider(&mut self, expr: &'a Expr, user: &str) {
        let ty = self.scope.infer(expr);
        let Ty::Resource(provider) = ty else { return self.resource(expr, "provider") };
        if !self.is_provider(provider, expr) {
            return;
        }
        let (provided, used) = (package(&provider.token.value), package(user));
        // A component hands it on to those of its parts that it provides for.
        let manages = self.scope.types.known(user) && !self.scope.types.is_component(user);
        if provided != used && manages {
            let message = format!("a provider of '{provided}' cannot manage '{user}'");
            self.error(&expr.span, message, None);
        }
    }

    fn providers(&mut self, expr: &'a Expr) {
        let items: Vec<&Expr> = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            ExprKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            _ => return self.resource_list(expr, "providers"),
        };
        for item in items {
            match self.scope.infer(item) {
                Ty::Resource(provider) => {
                    self.is_provider(provider, item);
                }
                _ => self.resource(item, "providers"),
            }
        }
    }

    fn is_provider(&mut self, resource: &Resource, expr: &Expr) -> bool {
        let token = &resource.token.value;
        let is = token.starts_with(PROVIDER_PREFIX);
        // Of a type that is not known, anything may be.
        if !is && self.scope.types.known(token) {
            let message = format!("`{}` is no provider but a '{token}'", resource.key.value);
            let hint = "a provider is a resource of type `pulumi:providers:aws`".to_owned();
            self.error(&expr.span, message, Some(hint));
        }
        is
    }

    fn protect(&mut self, expr: &'a Expr) {
        let ty = self.scope.infer(expr);
        if !ty.is_unknown() && !matches!(ty, Ty::Bool) {
            let message = format!("`protect` must be a boolean, and this is {}", ty.word());
            self.error(&expr.span, message, None);
            return;
        }
        if self.scope.names_resource(expr) {
            let message = "`protect` must not depend on a resource's outputs";
            let hint = "it must be known before the resource exists; use a config value".to_owned();
            self.error(&expr.span, message, Some(hint));
        }
    }

    fn aliases(&mut self, expr: &'a Expr) {
        let ExprKind::List(items) = &expr.kind else { return };
        for item in items {
            let ExprKind::Map(entries) = &item.kind else { continue };
            for (key, value) in entries {
                let ExprKind::Text(name) = &key.kind else { continue };
                let ty = self.scope.infer(value);
                let good = match name.as_str() {
                    "noParent" => matches!(ty, Ty::Bool),
                    "parent" => matches!(ty, Ty::Text | Ty::Resource(_)),
                    _ => matches!(ty, Ty::Text),
                };
                if !good && !ty.is_unknown() {
                    let message = format!("`{name}` of an alias cannot be {}", ty.word());
                    self.error(&value.span, message, None);
                }
            }
        }
    }

    fn default_provider(&mut self, resource: &'a Resource) {
        let token = &resource.token.value;
        if !token.starts_with(PROVIDER_PREFIX) {
            let message = "cannot set defaultProvider on non-provider resource";
            self.error(&resource.key.span, message, None);
            return;
        }
        let resources = &self.scope.program.resources;
        let first = resources.iter().find(|it| it.default_provider && it.token.value == *token);
        if let Some(first) = first.filter(|it| it.key.value != resource.key.value) {
            let message = format!(
                "`{}` is already the default provider of '{}'",
                first.key.value,
                package(token)
            );
            let hint = format!("it is at line {}", first.key.span.line);
            self.error(&resource.key.span, message, Some(hint));
        }
    }

    /// A resource cannot ask for another version than its default provider has.
    fn provider_version(&mut self, resource: &'a Resource) {
        if resource.options.provider.is_some() {
            return;
        }
        let package = package(&resource.token.value);
        let Some(provider) = self.scope.default_providers.get(package).copied() else {
            return;
        };
        let (own, theirs) = (&resource.options, &provider.options);
        let pairs = [
            ("version", &own.version, &theirs.version),
            ("pluginDownloadURL", &own.plugin_download_url, &theirs.plugin_download_url),
        ];
        for (name, own, theirs) in pairs {
            if let Some(own) = own
                && theirs.as_ref().is_some_and(|it| it != own)
            {
                let message = format!(
                    "`{name}` {own} conflicts with that of the default provider `{}`",
                    provider.key.value
                );
                self.error(&resource.key.span, message, None);
            }
        }
    }

    /// Paths that name no property do nothing, silently.
    fn paths(&mut self, resource: &'a Resource) {
        let Some(schema) = self.scope.types.resource(&resource.token.value) else { return };
        let options = &resource.options;
        let all = BTreeMap::from([
            ("additionalSecretOutputs", &options.additional_secret_outputs),
            ("hideDiffs", &options.hide_diffs),
            ("ignoreChanges", &options.ignore_changes),
            ("replaceOnChanges", &options.replace_on_changes),
        ]);
        for (option, paths) in all {
            for path in paths {
                let name = first_name(path);
                let known = name == "*"
                    || schema.inputs.properties.contains_key(name)
                    || schema.outputs.properties.contains_key(name);
                if !known {
                    let names =
                        schema.inputs.properties.keys().chain(schema.outputs.properties.keys());
                    let hint = nearest::did_you_mean(name, names.map(String::as_str));
                    let message = format!(
                        "`{option}` names '{name}', which '{}' does not have",
                        schema.token
                    );
                    self.warning(&resource.key.span, message, hint);
                }
            }
        }
    }
}

/// Of a path such as `tags.Name`, `rules[0].port` or `["tags"]`.
fn first_name(path: &str) -> &str {
    let path = path.strip_prefix("[\"").unwrap_or(path);
    path.split(['.', '[', '"']).next().unwrap_or(path)
}

fn resource_hint(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Access(access) if !access.path.is_empty() => {
            format!("name the resource itself: `${{{}}}`", access.root)
        }
        ExprKind::Text(text) => format!("name the resource as `${{{text}}}`"),
        _ => "name the resource as `${name}`".to_owned(),
    }
}
