//! Whether a value fits the type that a schema wants. Literals are followed
//! into their depth, so that a mistake has its own place; of everything else
//! only the inferred type is compared.

use std::collections::BTreeSet;

use super::{Checker, infer::Ty};
use crate::{
    lang::{
        ast::{Expr, ExprKind, Span},
        nearest,
    },
    model::schema::{Format, Object, Schema, Type},
};

/// What a value is wanted for.
#[derive(Clone, Copy)]
pub(super) struct Want<'a> {
    pub(super) schema: &'a Schema,
    pub(super) ty: &'a Type,
}

impl<'a> Want<'a> {
    fn inner(self, ty: &'a Type) -> Self {
        Self { ty, ..self }
    }
}

/// Where a value stands: `rules[0].port`.
pub(super) type Path = String;

/// Deeper types than this are compared no further: a type may contain itself.
const COMPARED_MAX: usize = 8;

impl<'a> Checker<'a> {
    pub(super) fn fit(&mut self, expr: &'a Expr, want: Want<'a>, path: &Path) {
        match (&expr.kind, want.ty) {
            (_, Type::Any) | (ExprKind::Null, _) => {}
            (ExprKind::List(_) | ExprKind::Map(_), ty) if is_json(ty) => {}
            (ExprKind::Text(text), Type::String { allowed, format }) => {
                self.literal_text(text, allowed, *format, &expr.span, path);
            }
            (ExprKind::List(items), Type::List(item) | Type::Set(item)) => {
                for (index, it) in items.iter().enumerate() {
                    self.fit(it, want.inner(item), &format!("{path}[{index}]"));
                }
            }
            (ExprKind::Map(entries), Type::Map(item)) => {
                for (key, value) in entries {
                    self.fit(value, want.inner(item), &below(path, key));
                }
            }
            (ExprKind::Map(entries), Type::Object(name)) => {
                if let Some(object) = want.schema.types.get(name) {
                    let owner = Owner { schema: want.schema, object, name, path };
                    self.object(entries, &expr.span, &owner);
                }
            }
            (ExprKind::Number(it), Type::Integer)
                if it.as_f64().is_some_and(|it| it.fract() != 0.0) =>
            {
                self.error(
                    &expr.span,
                    format!("`{path}` must be an integer, and this is {it}"),
                    None,
                );
            }
            _ => {
                let ty = self.scope.infer(expr);
                if !fits(&ty, want, 0) {
                    self.misfit(expr, &ty, want, path);
                }
            }
        }
    }

    fn misfit(&mut self, expr: &Expr, ty: &Ty<'a>, want: Want<'a>, path: &Path) {
        let message =
            format!("`{path}` must be {}, and this is {}", article(&want.ty.word()), ty.word());
        let hint = match (&expr.kind, want.ty, ty) {
            (ExprKind::Text(text), Type::Bool, _) if matches!(text.as_str(), "true" | "false") => {
                Some(format!("remove the quotes: {text}"))
            }
            (ExprKind::Text(text), Type::Integer | Type::Number, _)
                if text.parse::<f64>().is_ok() =>
            {
                Some(format!("remove the quotes: {text}"))
            }
            (_, Type::Asset, _) => Some("such as `fn::fileAsset: ./path`".to_owned()),
            (_, Type::Archive, _) => Some("such as `fn::fileArchive: ./path`".to_owned()),
            (_, _, Ty::Resource(it)) => {
                Some(format!("name one of its outputs, such as `${{{}.id}}`", it.key.value))
            }
            (_, Type::List(item) | Type::Set(item), it) if fits(it, want.inner(item), 0) => {
                Some("make it a list of one: begin with `- ` or put it into `[ ]`".to_owned())
            }
            (
                ExprKind::Access(access),
                Type::String { .. } | Type::Bool | Type::Integer | Type::Number,
                it,
            ) if it.is_list() => Some(format!("choose an element: `${{{}[0]}}`", access.written())),
            (ExprKind::List(items), it, _) if items.len() == 1 && !matches!(it, Type::List(_)) => {
                Some("remove the brackets or the `- `: one is wanted, without a list".to_owned())
            }
            _ => reason(ty, want).map(|(at, wanted, word)| {
                format!("`{path}{at}` is {word}, where {} is wanted", article(&wanted))
            }),
        };
        self.error(&expr.span, message, hint);
    }

    fn literal_text(
        &mut self,
        text: &str,
        allowed: &[String],
        format: Option<Format>,
        span: &Span,
        path: &Path,
    ) {
        if !allowed.is_empty() && !allowed.iter().any(|it| it == text) {
            let names: Vec<String> = nearest::nearest(text, allowed.iter().map(String::as_str))
                .into_iter()
                .map(|it| format!("`{it}`"))
                .collect();
            let hint = format!("Allowed values are {}", names.join(", "));
            self.error(span, format!("`{path}` cannot be \"{text}\""), Some(hint));
        }
        if matches!(format, Some(Format::Json | Format::Policy))
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
        {
            let hint = "JSON may also be written as a plain YAML mapping".to_owned();
            self.error(span, format!("`{path}` is not JSON: {error}"), Some(hint));
        }
    }

    /// A written-out mapping as an object of a schema.
    pub(super) fn object(
        &mut self,
        entries: &'a [(Expr, Expr)],
        span: &Span,
        owner: &Owner<'a, '_>,
    ) {
        let properties = &owner.object.properties;
        let mut given = BTreeSet::new();
        let mut computed_key = false;
        for (key, value) in entries {
            let ExprKind::Text(name) = &key.kind else {
                computed_key = true;
                continue;
            };
            let path = below(owner.path, key);
            if value.kind.is_given() || self.poisoned(&value.span) {
                given.insert(name.as_str());
            }
            let Some(property) = properties.get(name) else {
                self.unknown_property(name, &key.span, &path, owner);
                continue;
            };
            if let Some(why) = &property.deprecated {
                self.warning(&key.span, format!("`{path}` is deprecated"), Some(why.clone()));
            }
            self.fit(value, Want { schema: owner.schema, ty: &property.ty }, &path);
        }
        if computed_key {
            return;
        }
        let missing =
            properties.iter().filter(|(name, it)| it.required && !given.contains(name.as_str()));
        for (name, property) in missing {
            let path = join(owner.path, name);
            let hint = format!("it is {}", article(&property.ty.word()));
            self.error(span, format!("Missing required property '{path}'"), Some(hint));
        }
    }

    fn unknown_property(&mut self, name: &str, span: &Span, path: &Path, owner: &Owner<'a, '_>) {
        let refused = &owner.schema.refused;
        if let Some(why) = refused.get(&plain(path)).or_else(|| refused.get(name)) {
            let message = format!("Property {name} of '{}' is not supported", owner.name);
            self.error(span, message, Some(why.clone()));
            return;
        }
        let message = format!("Property {name} does not exist on '{}'", owner.name);
        let names = owner.object.properties.keys().map(String::as_str);
        let listed = nearest::listed(name, names);
        let hint = match listed.is_empty() {
            true => "it has no properties".to_owned(),
            false => format!("Existing properties are: {listed}"),
        };
        self.error(span, message, Some(hint));
    }
}

/// The object whose properties are looked at.
pub(super) struct Owner<'a, 'b> {
    pub(super) schema: &'a Schema,
    pub(super) object: &'a Object,
    /// As messages name it.
    pub(super) name: &'b str,
    /// Empty at the top.
    pub(super) path: &'b Path,
}

impl ExprKind {
    fn is_given(&self) -> bool {
        !matches!(self, Self::Null)
    }
}

/// Numbers, booleans and resources become strings; a mapping becomes an object
/// when its properties fit.
pub(super) fn fits(ty: &Ty<'_>, want: Want<'_>, depth: usize) -> bool {
    if ty.is_unknown() || depth > COMPARED_MAX {
        return true;
    }
    match (want.ty, ty) {
        (Type::Any, _) => true,
        (wanted, _) if is_json(wanted) => true,
        (Type::String { .. }, Ty::Bool | Ty::Number | Ty::Text | Ty::Resource(_)) => true,
        (Type::Bool, Ty::Bool) | (Type::Integer | Type::Number, Ty::Number) => true,
        (Type::Asset, Ty::Asset | Ty::Archive) | (Type::Archive, Ty::Archive) => true,
        (Type::List(item) | Type::Set(item), list) if list.is_list() => {
            let want = Want { schema: want.schema, ty: item };
            match list {
                Ty::Items(items) => items.iter().all(|it| fits(it, want, depth + 1)),
                _ => fits(&list.any_item(), want, depth + 1),
            }
        }
        (Type::Map(item), map) if map.is_map() => {
            let want = Want { schema: want.schema, ty: item };
            match map {
                Ty::Record(entries) => entries.values().all(|it| fits(it, want, depth + 1)),
                Ty::Known(schema, Type::Map(item)) => {
                    fits(&Ty::known(schema, item), want, depth + 1)
                }
                Ty::Object(schema, object) => object
                    .properties
                    .values()
                    .all(|it| fits(&Ty::known(schema, &it.ty), want, depth + 1)),
                _ => true,
            }
        }
        (Type::Object(name), map) if map.is_map() => {
            let Some(object) = want.schema.types.get(name) else { return true };
            fits_object(map, want.schema, object, depth)
        }
        _ => false,
    }
}

/// Where inside a collection of the wanted kind something else stands.
fn reason(ty: &Ty<'_>, want: Want<'_>) -> Option<(String, String, &'static str)> {
    let inner = |at: String, ty: &Ty<'_>, wanted: &Type| {
        let want = Want { schema: want.schema, ty: wanted };
        if fits(ty, want, 0) {
            return None;
        }
        Some(match reason(ty, want) {
            Some((below, wanted, word)) => (format!("{at}{below}"), wanted, word),
            None => (at, wanted.word(), ty.word()),
        })
    };
    match (want.ty, ty) {
        (Type::List(item) | Type::Set(item), Ty::Items(items)) => {
            items.iter().enumerate().find_map(|(index, it)| inner(format!("[{index}]"), it, item))
        }
        (Type::List(item) | Type::Set(item), list) if list.is_list() => {
            inner("[0]".to_owned(), &list.any_item(), item)
        }
        (Type::Map(item), Ty::Record(entries)) => {
            entries.iter().find_map(|(name, it)| inner(format!(".{name}"), it, item))
        }
        (Type::Object(name), Ty::Record(entries)) => {
            let properties = &want.schema.types.get(name)?.properties;
            let known = |(name, it): (&&str, &Ty<'_>)| {
                inner(format!(".{name}"), it, &properties.get(*name)?.ty)
            };
            entries.iter().find_map(known)
        }
        _ => None,
    }
}

/// What an object of another type has more does not matter; what is written
/// out must exist.
pub(super) fn fits_object(map: &Ty<'_>, schema: &Schema, object: &Object, depth: usize) -> bool {
    match map {
        Ty::Record(entries) => {
            let required = object.properties.iter().filter(|(_, it)| it.required);
            let complete =
                required.into_iter().all(|(name, _)| entries.contains_key(name.as_str()));
            complete
                && entries.iter().all(|(name, ty)| {
                    let property = object.properties.get(*name);
                    property.is_some_and(|it| fits(ty, Want { schema, ty: &it.ty }, depth + 1))
                })
        }
        Ty::Object(from, other) => object.properties.iter().all(|(name, it)| {
            let other = other.properties.get(name);
            other.is_none_or(|other| {
                fits(&Ty::known(from, &other.ty), Want { schema, ty: &it.ty }, depth + 1)
            })
        }),
        _ => true,
    }
}

fn is_json(ty: &Type) -> bool {
    matches!(ty, Type::String { format: Some(Format::Json | Format::Policy), .. })
}

fn below(path: &Path, key: &Expr) -> Path {
    match &key.kind {
        ExprKind::Text(name) => join(path, name),
        _ => format!("{path}[…]"),
    }
}

pub(super) fn join(path: &Path, name: &str) -> Path {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Without indices, as refused properties are named.
fn plain(path: &Path) -> String {
    let mut inside = false;
    let keep = path.chars().filter(|it| {
        inside = (inside || *it == '[') && *it != ']';
        !inside && *it != ']'
    });
    keep.collect()
}

pub(super) fn article(word: &str) -> String {
    match word.chars().next() {
        _ if word.starts_with("any ") || word.starts_with("JSON") => word.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {word}"),
        _ => format!("a {word}"),
    }
}
