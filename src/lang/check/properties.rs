//! The properties of a resource against its schema.

use super::{
    Checker,
    fit::{Owner, Want, fits_object},
    infer::Ty,
};
use crate::{
    lang::{
        ast::{Expr, ExprKind, Get, Resource, Stray},
        nearest,
        parse::OPTIONS,
    },
    model::schema::Schema,
};

const FIELDS: [&str; 6] = ["type", "name", "defaultProvider", "properties", "options", "get"];

impl<'a> Checker<'a> {
    pub(super) fn properties(&mut self, resource: &'a Resource) {
        let Some(schema) = self.scope.types.resource(&resource.token.value) else { return };
        match &resource.get {
            Some(get) => self.get(get, schema),
            None => self.inputs(resource, schema),
        }
    }

    fn inputs(&mut self, resource: &'a Resource, schema: &'a Schema) {
        let properties = &resource.properties;
        let object = &schema.inputs;
        if let ExprKind::Map(entries) = &properties.kind {
            // In place of what could not be read.
            if entries.is_empty() && self.poisoned(&properties.span) {
                return;
            }
            let path = String::new();
            let owner = Owner { schema, object, name: &schema.token, path: &path };
            self.object(entries, &resource.token.span, &owner);
            return;
        }
        let ty = self.scope.infer(properties);
        if ty.is_unknown() {
            return;
        }
        if !ty.is_map() {
            let message = format!("`properties` must be a mapping, and this is {}", ty.word());
            self.error(&properties.span, message, None);
        } else if !fits_object(&ty, schema, object, 0) {
            let message = format!("these properties do not fit '{}'", schema.token);
            let hint = misfit(&ty, schema);
            self.error(&properties.span, message, hint);
        }
    }

    fn get(&mut self, get: &'a Get, schema: &'a Schema) {
        let ty = self.scope.infer(&get.id);
        if ty.is_collection() {
            let message = format!("`id` must be a string, and this is {}", ty.word());
            self.error(&get.id.span, message, None);
        }
        let Some(Expr { kind: ExprKind::Map(entries), .. }) = &get.state else { return };
        for (key, value) in entries {
            let ExprKind::Text(name) = &key.kind else { continue };
            let known = schema.inputs.properties.get(name);
            match known.or_else(|| schema.outputs.properties.get(name)) {
                Some(property) => self.fit(value, Want { schema, ty: &property.ty }, name),
                None => {
                    let message = format!("Property {name} does not exist on '{}'", schema.token);
                    let names =
                        schema.inputs.properties.keys().chain(schema.outputs.properties.keys());
                    let listed = nearest::listed(name, names.map(String::as_str));
                    self.error(
                        &key.span,
                        message,
                        Some(format!("Existing properties are: {listed}")),
                    );
                }
            }
        }
    }

    /// A key beside `type` that should be elsewhere.
    pub(super) fn stray(&mut self, stray: &'a Stray) {
        let program = self.scope.program;
        let resource = program.resources.iter().find(|it| it.key.value == stray.resource);
        let token = resource.map(|it| it.token.value.as_str()).unwrap_or_default();
        let schema = self.scope.types.resource(token);
        let name = stray.key.value.as_str();
        let owner = if token.is_empty() { stray.resource.as_str() } else { token };
        let hint = self.belongs(name, schema);
        self.error(&stray.key.span, format!("Resource {owner} has invalid key '{name}'"), hint);
    }

    fn belongs(&self, name: &str, schema: Option<&Schema>) -> Option<String> {
        let properties = || {
            let properties = schema.iter().flat_map(|it| it.inputs.properties.keys());
            properties.map(String::as_str)
        };
        if properties().any(|it| it == name) {
            return Some(format!(
                "'{name}' exists under properties; indent it:\n    properties:\n      {name}: …"
            ));
        }
        if let Some(option) = OPTIONS.iter().find(|it| it.eq_ignore_ascii_case(name)) {
            return Some(format!(
                "'{option}' exists under options; indent it:\n    options:\n      {option}: …"
            ));
        }
        if let Some(field) = nearest::did_you_mean(name, FIELDS) {
            return Some(field);
        }
        if let Some(property) = nearest::meant(name, properties()) {
            return Some(format!("Did you mean '{property}' under 'properties'?"));
        }
        if let Some(option) = nearest::meant(name, OPTIONS.iter().copied()) {
            return Some(format!("Did you mean '{option}' under 'options'?"));
        }
        Some(format!("Existing fields are: {}", FIELDS.join(", ")))
    }
}

/// The first of a mapping's properties that is wrong.
fn misfit(ty: &Ty<'_>, schema: &Schema) -> Option<String> {
    let Ty::Record(entries) = ty else { return None };
    let properties = &schema.inputs.properties;
    if let Some(name) = entries.keys().find(|it| !properties.contains_key(**it)) {
        return Some(format!("there is no property '{name}'"));
    }
    let mut required = properties.iter().filter(|(_, it)| it.required);
    if let Some((name, _)) = required.find(|(name, _)| !entries.contains_key(name.as_str())) {
        return Some(format!("the required property '{name}' is missing"));
    }
    let wrong = entries.iter().find(|(name, ty)| {
        let want = Want { schema, ty: &properties[**name].ty };
        !super::fit::fits(ty, want, 0)
    });
    wrong.map(|(name, ty)| {
        let wanted = super::fit::article(&properties[*name].ty.word());
        format!("`{name}` must be {wanted}, and it is {}", ty.word())
    })
}
