//! How many copies of a resource there are, and which of them are left out.

use super::{
    Access, Call, Component, Diagnostic, Expander, Expr, ExprKind, Map, Place, Resource, Severity,
    Spanned, Value, Variable, nearest,
};
use crate::lang::{
    ast::Accessor,
    builtin::{number_text, opened, word},
    providers::package,
};

/// A resource as references find it.
#[derive(Clone)]
pub(super) struct Shape<'a> {
    pub(super) component: Option<&'a Component>,
    pub(super) copies: Vec<Copy>,
    /// It has `forEach`: references say which copy, or all.
    pub(super) repeated: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) each: Option<Each>,
    /// `when` and `unless` have not left it out.
    pub(super) present: bool,
}

/// What a copy is made for.
#[derive(Clone, Debug)]
pub(super) struct Each {
    pub(super) key: String,
    pub(super) value: Value,
    /// The same in the names of the place.
    pub(super) expr: Expr,
}

/// The name under which a copy finds its element.
pub(super) const EACH: &str = "each";

impl Copy {
    pub(super) fn in_key(&self) -> String {
        self.each.as_ref().map(|it| format!("[{}]", it.key)).unwrap_or_default()
    }

    pub(super) fn in_name(&self) -> String {
        self.each.as_ref().map(|it| format!("-{}", it.key)).unwrap_or_default()
    }
}

impl<'a> Expander<'a> {
    pub(super) fn shape(&mut self, place: &Place<'a>, resource: &Resource) -> Shape<'a> {
        let component = self.find(resource);
        let repeated = resource.options.for_each.is_some();
        let body = place.body;
        let taken = body.variables.iter().any(|it| it.name.value == EACH)
            || body.resources.iter().any(|it| it.key.value == EACH);
        if repeated && taken {
            let message = "`each` is what a copy is made for, and here the name of something else";
            self.error(&resource.key.span, message, None);
        }
        let mut copies = match &resource.options.for_each {
            None => vec![Copy { each: None, present: true }],
            Some(list) => self.copies(place, resource, list),
        };
        for copy in &mut copies {
            let (when, unless) = (&resource.options.when, &resource.options.unless);
            let wanted = when.as_ref().is_none_or(|it| self.holds(place, copy, "when", it, true));
            let not =
                unless.as_ref().is_some_and(|it| self.holds(place, copy, "unless", it, false));
            copy.present = wanted && !not;
        }
        Shape { component, copies, repeated }
    }

    /// The component that a resource is a use of. A name that a known package
    /// does not have is a mistake.
    fn find(&mut self, resource: &Resource) -> Option<&'a Component> {
        let components = self.given.components;
        let written = &resource.token.value;
        let full = match written.split(':').collect::<Vec<_>>()[..] {
            [package, name] => format!("{package}:index:{name}"),
            _ => written.clone(),
        };
        let same = |it: &&Component| it.token.eq_ignore_ascii_case(&full);
        if let Some(component) = components.iter().find(same) {
            return Some(component);
        }
        if self.in_package(resource).next().is_some() {
            let name = written.rsplit(':').next().unwrap_or(written);
            let message = format!("the package `{}` has no component `{name}`", package(written));
            let hint = format!("it has {}", nearest::listed(name, self.in_package(resource)));
            self.error(&resource.token.span, message, Some(hint));
        }
        None
    }

    /// The components of the package that a resource's type says.
    pub(super) fn in_package(
        &self,
        resource: &Resource,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        let package = package(&resource.token.value).to_owned();
        let all = self.given.components.iter();
        let own = all.filter(move |it| self::package(&it.token) == package);
        own.filter_map(|it| it.token.rsplit(':').next())
    }

    fn copies(&mut self, place: &Place<'a>, resource: &Resource, list: &Expr) -> Vec<Copy> {
        let (value, mistakes) = self.evaluate(place, None, list);
        let Some(value) = self.known(list, "forEach", value, mistakes) else {
            // It stands for all of them, so that the rest can be checked.
            let expr = Expr { span: list.span.clone(), kind: ExprKind::Null };
            let value = Value::unknown("each");
            let each = Each { key: "each".to_owned(), value, expr };
            return vec![Copy { each: Some(each), present: true }];
        };
        let elements: Vec<(String, Value, Accessor)> = match opened(&value) {
            Value::Map(map) => map
                .into_iter()
                .map(|(key, value)| (key.clone(), value, Accessor::Key(key)))
                .collect(),
            Value::List(items) => {
                let mut elements = Vec::new();
                for (at, item) in items.into_iter().enumerate() {
                    let Some(key) = self.key(list, &item) else { return Vec::new() };
                    let at = i64::try_from(at).unwrap_or(i64::MAX);
                    elements.push((key, item, Accessor::Index(at)));
                }
                elements
            }
            other => {
                let message = format!("`forEach` wants a list or a mapping, not {}", word(&other));
                self.error(&list.span, message, None);
                return Vec::new();
            }
        };
        if matches!(value, Value::Secret(_)) {
            let message = "`forEach` cannot be secret: its keys name resources";
            self.error(&list.span, message, None);
        }
        let mut copies: Vec<Copy> = Vec::new();
        for (key, value, at) in elements {
            if copies.iter().any(|it| it.each.as_ref().is_some_and(|it| it.key == key)) {
                let message = format!("`forEach` has `{key}` twice, and copies are named by it");
                self.error(&list.span, message, None);
                continue;
            }
            if key.is_empty() {
                self.error(&list.span, "`forEach` has an empty key", None);
                continue;
            }
            let expr = element(list, &key, &at, &value);
            copies.push(Copy { each: Some(Each { key, value, expr }), present: true });
        }
        if self.flat.resources.len() + copies.len() > super::RESOURCES_MAX {
            let limit = super::RESOURCES_MAX;
            let message = format!("`forEach` makes more than {limit} copies");
            self.error(&resource.key.span, message, None);
            copies.clear();
        }
        copies
    }

    /// The name that an element of a list gives to its copy.
    fn key(&mut self, list: &Expr, item: &Value) -> Option<String> {
        match item {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number_text(number)),
            other => {
                let message = format!("`forEach` has {} in its list", word(other));
                let hint =
                    "a list has texts, which name the copies; use a mapping for other values";
                self.error(&list.span, message, Some(hint.to_owned()));
                None
            }
        }
    }

    fn holds(
        &mut self,
        place: &Place<'a>,
        copy: &Copy,
        option: &str,
        expr: &Expr,
        otherwise: bool,
    ) -> bool {
        let (value, mistakes) = self.evaluate(place, Some(copy), expr);
        match self.known(expr, option, value, mistakes).map(|it| opened(&it)) {
            None => otherwise,
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) if text == "true" || text == "false" => text == "true",
            Some(other) => {
                let message = format!("`{option}` must be true or false, not {}", word(&other));
                self.error(&expr.span, message, None);
                otherwise
            }
        }
    }

    /// Unless a component is looked at by itself, what decides how many there
    /// are must be known.
    fn known(
        &mut self,
        expr: &Expr,
        option: &str,
        value: Value,
        mistakes: Vec<Diagnostic>,
    ) -> Option<Value> {
        if mistakes.iter().any(|it| it.severity == Severity::Error) {
            for it in mistakes {
                if !self.found.contains(&it) {
                    self.found.push(it);
                }
            }
            return None;
        }
        // The values of a mapping may come later.
        let unknown = match value.bare() {
            Value::Map(_) => None,
            it => it.first_unknown(),
        };
        let Some(unknown) = unknown else { return Some(value) };
        if !self.alone {
            let from = unknown.from.clone();
            let message = format!("`{option}` must be known before anything is asked of AWS");
            let hint = format!(
                "it waits for `{from}`; take it from the configuration, as how many resources there are must not change by itself"
            );
            self.error(&expr.span, message, Some(hint));
        }
        None
    }

    /// The variable that `each` is for this copy.
    pub(super) fn each(
        &mut self,
        place: &Place<'a>,
        resource: &Resource,
        copy: &Copy,
    ) -> Option<String> {
        let each = copy.each.as_ref()?;
        let key = format!("{}{}{}", place.prefix, resource.key.value, copy.in_key());
        let mut value = each.expr.clone();
        self.rewrite(place, None, &mut value);
        let text =
            |it: &str| Expr { span: value.span.clone(), kind: ExprKind::Text(it.to_owned()) };
        let entries = vec![(text("key"), text(&each.key)), (text("value"), value.clone())];
        let name = format!("each of {key}");
        let value = Expr { span: value.span.clone(), kind: ExprKind::Map(entries) };
        let name_at = Spanned { span: resource.key.span.clone(), value: name.clone() };
        self.flat.variables.push(Variable { name: name_at, value });
        Some(name)
    }
}

/// An element as an expression: where the list is written out or named, that
/// part of it, which may be unknown or secret; else its value.
fn element(list: &Expr, key: &str, at: &Accessor, value: &Value) -> Expr {
    match (&list.kind, at) {
        (ExprKind::Map(entries), _) => {
            let is_it = |it: &Expr| matches!(&it.kind, ExprKind::Text(text) if text == key);
            let own = entries.iter().find(|(it, _)| is_it(it));
            own.map_or_else(|| literal(list, value), |(_, value)| value.clone())
        }
        (ExprKind::List(items), Accessor::Index(at)) => {
            let own = usize::try_from(*at).ok().and_then(|at| items.get(at));
            own.cloned().unwrap_or_else(|| literal(list, value))
        }
        (ExprKind::Access(access), _) => {
            let path = access.path.iter().chain([at]).cloned().collect();
            let access = Access { path, ..access.clone() };
            Expr { span: list.span.clone(), kind: ExprKind::Access(access) }
        }
        _ => literal(list, value),
    }
}

/// A value that is known, as it would be written.
fn literal(at: &Expr, value: &Value) -> Expr {
    let kind = match value {
        Value::Bool(flag) => ExprKind::Bool(*flag),
        Value::Number(number) => ExprKind::Number(number.clone()),
        Value::String(text) => ExprKind::Text(text.clone()),
        Value::List(items) => ExprKind::List(items.iter().map(|it| literal(at, it)).collect()),
        Value::Map(map) => ExprKind::Map(entries(at, map)),
        Value::Secret(it) => ExprKind::Call(Box::new(Call::Secret(literal(at, &it.0)))),
        _ => ExprKind::Null,
    };
    Expr { span: at.span.clone(), kind }
}

fn entries(at: &Expr, map: &Map) -> Vec<(Expr, Expr)> {
    let text = |it: &String| Expr { span: at.span.clone(), kind: ExprKind::Text(it.clone()) };
    map.iter().map(|(key, value)| (text(key), literal(at, value))).collect()
}
