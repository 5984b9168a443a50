//! Names of one place to the names of the whole program.

use std::collections::BTreeMap;

use super::{
    Access, Call, Expander, Expr, ExprKind, Place,
    copies::{EACH, Shape},
    nearest,
};
use crate::lang::{
    ast::{Accessor, Part},
    providers::package,
};

/// What a `${}` stands for.
enum Meant {
    One(Access),
    /// All copies.
    All(Vec<Access>),
    /// Something that `when` or `unless` has left out.
    Out,
    /// A mistake, which has been reported.
    Wrong,
}

impl<'a> Expander<'a> {
    pub(super) fn rewrite(&mut self, place: &Place<'a>, each: Option<&str>, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Mixed(parts) => {
                for part in parts {
                    if let Part::Access(access) = part {
                        self.in_text(place, each, access);
                    }
                }
            }
            ExprKind::Access(access) => {
                let span = expr.span.clone();
                let one = |it| Expr { span: span.clone(), kind: ExprKind::Access(it) };
                expr.kind = match self.meant(place, each, access) {
                    Meant::One(it) => ExprKind::Access(it),
                    Meant::All(all) => ExprKind::List(all.into_iter().map(one).collect()),
                    Meant::Out | Meant::Wrong => ExprKind::Null,
                };
            }
            ExprKind::List(items) => {
                items.retain_mut(|item| {
                    let named = matches!(item.kind, ExprKind::Access(_));
                    self.rewrite(place, each, item);
                    !(named && matches!(item.kind, ExprKind::Null))
                });
            }
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    self.rewrite(place, each, key);
                    self.rewrite(place, each, value);
                }
            }
            ExprKind::Call(call) => {
                for argument in call.arguments_mut() {
                    self.rewrite(place, each, argument);
                }
                Self::in_component(place, call);
            }
        }
    }

    /// For an option that must name something.
    pub(super) fn refuse_left_out(&mut self, place: &Place<'a>, each: Option<&str>, expr: &Expr) {
        let mut accesses = Vec::new();
        expr.accesses(&mut |it| accesses.push(it));
        for access in accesses {
            if matches!(self.meant(place, each, access), Meant::Out) {
                let message =
                    format!("`{}` is left out here, and must not be missing", access.root);
                let hint =
                    "leave out the resource too, with the same `when` or `unless`".to_owned();
                self.error(&access.span, message, Some(hint));
            }
        }
    }

    fn in_text(&mut self, place: &Place<'a>, each: Option<&str>, access: &mut Access) {
        let message = match self.meant(place, each, access) {
            Meant::One(it) => return *access = it,
            Meant::Wrong => return,
            Meant::All(_) => "all copies together cannot be in text".to_owned(),
            Meant::Out => format!("`{}` is left out here, and cannot be in text", access.root),
        };
        let hint = "as a whole value it would be null, and left out of lists".to_owned();
        self.error(&access.span.clone(), message, Some(hint));
    }

    /// A component's calls ask by its provider, and read its own files.
    fn in_component(place: &Place<'a>, call: &mut Call) {
        let Some(owner) = &place.owner else { return };
        match call {
            Call::Invoke(invoke) if invoke.options.provider.is_none() => {
                let provider = owner.providers.get(package(&invoke.function.value));
                invoke.options.provider = provider.cloned();
            }
            Call::ReadFile(path)
            | Call::FileBase64(path)
            | Call::FileBase64Sha256(path)
            | Call::FileAsset(path)
            | Call::FileArchive(path) => from_folder(&owner.folder, path),
            _ => {}
        }
    }

    fn meant(&mut self, place: &Place<'a>, each: Option<&str>, access: &Access) -> Meant {
        let root = access.root.as_str();
        if let (Some(each), EACH) = (each, root) {
            return Meant::One(Access { root: each.to_owned(), ..access.clone() });
        }
        if let Some(shape) = place.shapes.get(root) {
            return self.resource_meant(place, shape, access);
        }
        let inside = place.owner.as_ref();
        let own = place.body.variables.iter().any(|it| it.name.value == root)
            || inside.is_some_and(|it| it.inputs.contains(root))
            // A name that is not there: it must not mean one of the program's.
            || (inside.is_some() && root != "pulumi");
        let prefix = if own { place.prefix.as_str() } else { "" };
        Meant::One(Access { root: format!("{prefix}{root}"), ..access.clone() })
    }

    fn resource_meant(&mut self, place: &Place<'a>, shape: &Shape<'a>, access: &Access) -> Meant {
        let key = format!("{}{}", place.prefix, access.root);
        if !shape.repeated {
            return match shape.copies.first() {
                Some(copy) if copy.present => Meant::One(reached(shape, key, &access.path, access)),
                _ => Meant::Out,
            };
        }
        let of = |at: usize, rest: &[Accessor]| {
            let copy = &shape.copies[at];
            reached(shape, format!("{key}{}", copy.in_key()), rest, access)
        };
        match access.path.split_first() {
            Some((Accessor::All, rest)) => {
                let all = (0..shape.copies.len()).filter(|at| shape.copies[*at].present);
                Meant::All(all.map(|at| of(at, rest)).collect())
            }
            Some((Accessor::Name(name) | Accessor::Key(name), rest)) => {
                let named = |at: &usize| {
                    let each = shape.copies[*at].each.as_ref();
                    self.alone || each.is_some_and(|it| it.key == *name)
                };
                match (0..shape.copies.len()).find(named) {
                    Some(at) if shape.copies[at].present => Meant::One(of(at, rest)),
                    Some(_) => Meant::Out,
                    None => self.no_copy(shape, access, name),
                }
            }
            _ => {
                let message = format!("`{}` has copies: say which, or all", access.root);
                let hint = format!("`${{{0}[\"key\"]}}` or `${{{0}[*]}}`", access.root);
                self.error(&access.span, message, Some(hint));
                Meant::Wrong
            }
        }
    }

    fn no_copy(&mut self, shape: &Shape<'a>, access: &Access, name: &str) -> Meant {
        let keys = shape.copies.iter().filter_map(|it| it.each.as_ref());
        let keys: Vec<&str> = keys.map(|it| it.key.as_str()).collect();
        let message = format!("`{}` has no copy \"{name}\"", access.root);
        let hint = match keys.is_empty() {
            true => "it has none at all".to_owned(),
            false => format!("it has {}", nearest::listed(name, keys.iter().copied())),
        };
        self.error(&access.span, message, Some(hint));
        Meant::Wrong
    }
}

/// A resource, or of a component the variable of its output.
fn reached(shape: &Shape<'_>, key: String, path: &[Accessor], access: &Access) -> Access {
    if let (Some(component), Some((Accessor::Name(name) | Accessor::Key(name), rest))) =
        (shape.component, path.split_first())
        && component.body.outputs.iter().any(|it| it.name.value == *name)
    {
        let (root, path) = (format!("{key}.{name}"), rest.to_vec());
        return Access { root, path, span: access.span.clone() };
    }
    Access { root: key, path: path.to_vec(), span: access.span.clone() }
}

/// A relative path is one of the component's own folder.
fn from_folder(folder: &str, path: &mut Expr) {
    let relative = |text: &str| !text.starts_with('/');
    match &mut path.kind {
        ExprKind::Text(text) if relative(text) => *text = format!("{folder}/{text}"),
        ExprKind::Mixed(parts) => match parts.first_mut() {
            Some(Part::Text(text)) if !relative(text) => {}
            Some(Part::Access(access)) if access.root == "pulumi" => {}
            _ => parts.insert(0, Part::Text(format!("{folder}/"))),
        },
        _ => {}
    }
}

/// The resources that an option names: one, a list, or the values of a map.
pub(super) fn items(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::List(all) => all.iter().flat_map(items).collect(),
        ExprKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
        _ => vec![expr],
    }
}

/// A flat list, in which all parts of a component stand beside it.
pub(super) fn spread(expr: &mut Expr, parts: &BTreeMap<String, Vec<String>>) {
    let has_parts = |it: &Expr| match &it.kind {
        ExprKind::Access(access) => access.path.is_empty() && parts.contains_key(&access.root),
        ExprKind::List(_) => true,
        _ => false,
    };
    let needed = match &expr.kind {
        ExprKind::List(items) => items.iter().any(has_parts),
        _ => has_parts(expr),
    };
    if !needed {
        return;
    }
    let mut flat = Vec::new();
    for item in items(expr) {
        flat.push(item.clone());
        let ExprKind::Access(access) = &item.kind else { continue };
        for key in parts.get(&access.root).into_iter().flatten() {
            let access = Access { root: key.clone(), path: Vec::new(), span: access.span.clone() };
            flat.push(Expr { span: item.span.clone(), kind: ExprKind::Access(access) });
        }
    }
    expr.kind = ExprKind::List(flat);
}
