//! The arguments of builtin functions and of provider functions.

use super::{
    Checker,
    fit::{Want, fits_object},
    infer::Ty,
};
use crate::lang::{
    ast::{Call, Expr, ExprKind, Invoke, Span},
    load::assets::REMOTE,
    nearest,
};

/// What a builtin function takes.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Text,
    List,
    Texts,
    Counted,
    Resource,
}

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, span: &'a Span, call: &'a Call) {
        match call {
            Call::Invoke(invoke) => self.invoke(invoke),
            Call::Join { delimiter, list } => {
                self.takes(delimiter, "fn::join", Takes::Text);
                self.takes(list, "fn::join", Takes::Texts);
            }
            Call::Split { delimiter, text } => {
                self.takes(delimiter, "fn::split", Takes::Text);
                self.takes(text, "fn::split", Takes::Text);
            }
            Call::Select { index, list } => {
                self.takes(list, "fn::select", Takes::List);
                self.select(index, list, span);
            }
            Call::Length(it) => self.takes(it, "fn::length", Takes::Counted),
            Call::SingleOrNone(it) => self.takes(it, "fn::singleOrNone", Takes::List),
            Call::ToBase64(it) => self.takes(it, "fn::toBase64", Takes::Text),
            Call::FromBase64(it) => self.takes(it, "fn::fromBase64", Takes::Text),
            Call::Sha1(it) => self.takes(it, "fn::sha1", Takes::Text),
            Call::ReadFile(it) => self.takes(it, "fn::readFile", Takes::Text),
            Call::FileBase64(it) => self.takes(it, "fn::filebase64", Takes::Text),
            Call::FileBase64Sha256(it) => self.takes(it, "fn::filebase64sha256", Takes::Text),
            Call::StringAsset(it) => self.takes(it, "fn::stringAsset", Takes::Text),
            Call::FileAsset(it) => self.takes(it, "fn::fileAsset", Takes::Text),
            Call::RemoteAsset(it) => self.remote(it, "fn::remoteAsset", "fn::fileAsset"),
            Call::FileArchive(it) => self.takes(it, "fn::fileArchive", Takes::Text),
            Call::RemoteArchive(it) => self.remote(it, "fn::remoteArchive", "fn::fileArchive"),
            Call::StackReference { output, .. } => {
                self.takes(output, "fn::stackReference", Takes::Text);
            }
            Call::ResourceName(it) => self.takes(it, "fn::pulumiResourceName", Takes::Resource),
            Call::ResourceType(it) => self.takes(it, "fn::pulumiResourceType", Takes::Resource),
            Call::ToJson(_) | Call::Secret(_) | Call::Unsecret(_) => {}
            Call::AssetArchive(parts) => self.asset_archive(parts),
        }
    }

    fn takes(&mut self, expr: &'a Expr, function: &str, takes: Takes) {
        let ty = self.scope.infer(expr);
        if let (Takes::Texts, ExprKind::List(items)) = (takes, &expr.kind) {
            for item in items {
                self.takes(item, function, Takes::Text);
            }
            return;
        }
        let good = match (takes, &ty) {
            _ if ty.is_unknown() => true,
            // A resource counts as its id.
            (Takes::Text, it) => matches!(it, Ty::Text | Ty::Resource(_)),
            (Takes::List, it) => it.is_list(),
            (Takes::Texts, Ty::Items(items)) => {
                items.iter().all(|it| it.is_unknown() || matches!(it, Ty::Text | Ty::Resource(_)))
            }
            (Takes::Texts, it) => {
                it.is_list()
                    && matches!(it.any_item(), Ty::Text | Ty::Unknown | Ty::Null | Ty::Resource(_))
            }
            (Takes::Counted, it) => it.is_collection() || matches!(it, Ty::Text),
            (Takes::Resource, it) => matches!(it, Ty::Resource(_)),
        };
        if good {
            return;
        }
        let wanted = match takes {
            Takes::Text => "a string",
            Takes::List => "a list",
            Takes::Texts => "a list of strings",
            Takes::Counted => "a list, a mapping or a string",
            Takes::Resource => "a resource",
        };
        let message = format!("{function} wants {wanted}, and this is {}", ty.word());
        let hint = match &expr.kind {
            ExprKind::Number(it) => Some(format!("quote it: \"{it}\"")),
            _ => None,
        };
        self.error(&expr.span, message, hint);
    }

    fn select(&mut self, index: &'a Expr, list: &'a Expr, span: &Span) {
        let ExprKind::Number(number) = &index.kind else {
            let ty = self.scope.infer(index);
            if !ty.is_unknown() && !matches!(ty, Ty::Number) {
                let message =
                    format!("fn::select wants a number as its index, and this is {}", ty.word());
                self.error(&index.span, message, None);
            }
            return;
        };
        let whole = number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|it| it.fract() == 0.0)?;
            format!("{float}").parse().ok()
        });
        let Some(whole) = whole.filter(|it| *it >= 0) else {
            let message = format!(
                "the index of fn::select must be a whole number from 0, and this is {number}"
            );
            self.error(&index.span, message, None);
            return;
        };
        let list = self.scope.infer(list);
        if list.is_list()
            && let Err(message) = list.item(whole)
        {
            self.error(span, message, None);
        }
    }

    fn remote(&mut self, expr: &'a Expr, function: &str, instead: &str) {
        self.takes(expr, function, Takes::Text);
        let hint = format!("name the file with `{instead}`");
        self.error(&expr.span, format!("{function} {REMOTE}"), Some(hint));
    }

    fn asset_archive(&mut self, parts: &'a [(String, Expr)]) {
        for (path, value) in parts {
            let ty = self.scope.infer(value);
            if !ty.is_unknown()
                && !matches!(ty, Ty::Asset | Ty::Archive)
                && !self.poisoned(&value.span)
            {
                let message =
                    format!("`{path}` must be an asset or an archive, and this is {}", ty.word());
                self.error(&value.span, message, None);
            }
        }
    }

    fn invoke(&mut self, invoke: &'a Invoke) {
        let token = &invoke.function.value;
        self.invoke_options(&invoke.options, token);
        let Some(schema) = self.scope.types.function(token) else { return };
        self.field(invoke);
        let entries = match invoke.arguments.as_ref().map(|it| (&it.kind, it)) {
            None | Some((ExprKind::Null, _)) => &[][..],
            Some((ExprKind::Map(entries), _)) => entries,
            Some((_, arguments)) => {
                let ty = self.scope.infer(arguments);
                let fits = !ty.is_map() || fits_object(&ty, schema, &schema.inputs, 0);
                if !ty.is_unknown() && !ty.is_map() && !self.poisoned(&arguments.span) {
                    let message =
                        format!("`arguments` must be a mapping, and this is {}", ty.word());
                    self.error(&arguments.span, message, None);
                } else if !fits {
                    let message = format!("these arguments do not fit '{token}'");
                    self.error(&arguments.span, message, None);
                }
                return;
            }
        };
        self.arguments(invoke, entries);
    }

    fn field(&mut self, invoke: &'a Invoke) {
        let token = &invoke.function.value;
        let (Some(schema), Some(field)) = (self.scope.types.function(token), &invoke.field) else {
            return;
        };
        let outputs = &schema.outputs.properties;
        if !outputs.contains_key(&field.value) {
            let message =
                format!("`return` names '{}', which '{token}' does not return", field.value);
            let listed = nearest::listed(&field.value, outputs.keys().map(String::as_str));
            self.error(&field.span, message, Some(format!("Existing properties are: {listed}")));
        }
    }

    /// Unlike a resource's, a property too many is harmless.
    fn arguments(&mut self, invoke: &'a Invoke, entries: &'a [(Expr, Expr)]) {
        let token = &invoke.function.value;
        let Some(schema) = self.scope.types.function(token) else { return };
        let inputs = &schema.inputs.properties;
        let mut given = Vec::new();
        for (key, value) in entries {
            // A computed key may be any of them.
            let ExprKind::Text(name) = &key.kind else { return };
            if !matches!(value.kind, ExprKind::Null) || self.poisoned(&value.span) {
                given.push(name.as_str());
            }
            match (inputs.get(name), schema.refused.get(name)) {
                (Some(property), _) => {
                    if let Some(why) = &property.deprecated {
                        self.warning(
                            &key.span,
                            format!("`{name}` is deprecated"),
                            Some(why.clone()),
                        );
                    }
                    self.fit(value, Want { schema, ty: &property.ty }, name);
                }
                (None, Some(why)) => {
                    let message = format!("Argument {name} of '{token}' is not supported");
                    self.error(&key.span, message, Some(why.clone()));
                }
                (None, None) => {
                    let message =
                        format!("Argument {name} does not exist on '{token}' and is ignored");
                    let listed = nearest::listed(name, inputs.keys().map(String::as_str));
                    let hint =
                        (!listed.is_empty()).then(|| format!("Existing arguments are: {listed}"));
                    self.warning(&key.span, message, hint);
                }
            }
        }
        for (name, _) in
            inputs.iter().filter(|(name, it)| it.required && !given.contains(&name.as_str()))
        {
            self.error(&invoke.function.span, format!("Missing required argument '{name}'"), None);
        }
    }
}
