//! What is known of an expression's value before it is evaluated.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    order::{self, NodeRef},
    tokens::Types,
};
use crate::{
    lang::{
        ast::{Access, Accessor, Call, Expr, ExprKind, Invoke, Program, Resource},
        config,
        diag::Diagnostic,
        nearest, parse,
    },
    model::schema::{Object, Schema, Type},
};

/// What `${pulumi.…}` has.
pub(super) const BUILTIN: [&str; 5] = ["cwd", "organization", "project", "rootDirectory", "stack"];

/// All that an expression can name.
pub(super) struct Scope<'a> {
    pub(super) program: &'a Program,
    pub(super) types: &'a Types<'a>,
    pub(super) config: &'a BTreeSet<String>,
    resources: BTreeMap<&'a str, &'a Resource>,
    variables: BTreeMap<&'a str, &'a Expr>,
    /// By package.
    pub(super) default_providers: BTreeMap<&'a str, &'a Resource>,
    /// Types of variables, once asked for. A variable is `Unknown` while it is
    /// inferred: a cycle is reported elsewhere.
    inferred: RefCell<BTreeMap<&'a str, Ty<'a>>>,
}

/// Cheap to copy: a list of variables that are lists of variables must not
/// grow.
#[derive(Clone, Debug)]
pub(super) enum Ty<'a> {
    /// Nothing is known, so nothing is wrong.
    Unknown,
    Null,
    Bool,
    Number,
    Text,
    Asset,
    Archive,
    /// As a schema has it.
    Known(&'a Schema, &'a Type),
    /// The properties of an object of a schema.
    Object(&'a Schema, &'a Object),
    /// A list that is written out.
    Items(Rc<Vec<Self>>),
    List(Rc<Self>),
    /// A map that is written out.
    Record(Rc<BTreeMap<&'a str, Self>>),
    Map,
    Resource(&'a Resource),
}

/// Boxed, as it is rare and large.
pub(super) type Known<'a> = Result<Ty<'a>, Box<Diagnostic>>;

impl<'a> Scope<'a> {
    pub(super) fn new(
        program: &'a Program,
        types: &'a Types<'a>,
        config: &'a BTreeSet<String>,
        sorted: &[NodeRef],
    ) -> Self {
        let scope = Self {
            program,
            types,
            config,
            resources: program.resources.iter().map(|it| (it.key.value.as_str(), it)).collect(),
            variables: program
                .variables
                .iter()
                .map(|it| (it.name.value.as_str(), &it.value))
                .collect(),
            default_providers: order::default_providers(program),
            inferred: RefCell::default(),
        };
        // What is named comes first, so that a long chain of variables needs
        // no deep stack.
        for node in sorted {
            if let NodeRef::Variable(at) = node {
                let variable = &program.variables[*at];
                scope.variable(&variable.name.value, &variable.value);
            }
        }
        scope
    }

    /// `Unknown` after a mistake, which is reported where it stands.
    pub(super) fn infer(&self, expr: &'a Expr) -> Ty<'a> {
        match &expr.kind {
            ExprKind::Null => Ty::Null,
            ExprKind::Bool(_) => Ty::Bool,
            ExprKind::Number(_) => Ty::Number,
            ExprKind::Text(_) | ExprKind::Mixed(_) => Ty::Text,
            ExprKind::Access(access) => self.access(access).unwrap_or(Ty::Unknown),
            ExprKind::List(items) => {
                Ty::Items(Rc::new(items.iter().map(|it| self.infer(it)).collect()))
            }
            ExprKind::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| match &key.kind {
                    ExprKind::Text(key) => Some((key.as_str(), self.infer(value))),
                    _ => None,
                });
                entries.collect::<Option<_>>().map_or(Ty::Map, |it| Ty::Record(Rc::new(it)))
            }
            ExprKind::Call(call) => self.call(call),
        }
    }

    /// Whether a value needs some resource, itself or through variables.
    pub(super) fn names_resource(&self, expr: &'a Expr) -> bool {
        let mut open = vec![expr];
        let mut seen = BTreeSet::new();
        let mut names = false;
        while let Some(expr) = open.pop() {
            expr.accesses(&mut |access| {
                names |= self.resources.contains_key(access.root.as_str());
                if let Some((name, value)) = self.variables.get_key_value(access.root.as_str())
                    && seen.insert(*name)
                {
                    open.push(value);
                }
            });
        }
        names
    }

    fn call(&self, call: &'a Call) -> Ty<'a> {
        match call {
            Call::Invoke(invoke) => self.invoke(invoke),
            Call::Input { ty: Some(ty), .. } => Ty::declared(ty),
            Call::Input { value, .. } => self.infer(value),
            Call::Split { .. } => Ty::List(Rc::new(Ty::Text)),
            Call::Length(_) => Ty::Number,
            Call::Select { list, index } => {
                let index = match &index.kind {
                    ExprKind::Number(it) => it.as_i64(),
                    _ => None,
                };
                let list = self.infer(list);
                index.and_then(|it| list.item(it).ok()).unwrap_or_else(|| list.any_item())
            }
            // It may be null instead.
            Call::SingleOrNone(_) | Call::StackReference { .. } => Ty::Unknown,
            Call::Secret(it) | Call::Unsecret(it) => self.infer(it),
            Call::StringAsset(_) | Call::FileAsset(_) | Call::RemoteAsset(_) => Ty::Asset,
            Call::FileArchive(_) | Call::RemoteArchive(_) | Call::AssetArchive(_) => Ty::Archive,
            Call::Join { .. }
            | Call::ToJson(_)
            | Call::ToBase64(_)
            | Call::FromBase64(_)
            | Call::Sha1(_)
            | Call::ReadFile(_)
            | Call::FileBase64(_)
            | Call::FileBase64Sha256(_)
            | Call::ResourceName(_)
            | Call::ResourceType(_) => Ty::Text,
        }
    }

    fn invoke(&self, invoke: &'a Invoke) -> Ty<'a> {
        let Some(schema) = self.types.function(&invoke.function.value) else { return Ty::Unknown };
        let outputs = &schema.outputs;
        match &invoke.field {
            None => Ty::Object(schema, outputs),
            Some(field) => {
                let property = outputs.properties.get(&field.value);
                property.map_or(Ty::Unknown, |it| Ty::known(schema, &it.ty))
            }
        }
    }

    /// What `${…}` names, or what is wrong with it.
    pub(super) fn access(&self, access: &'a Access) -> Known<'a> {
        let mut ty = self.root(access)?;
        let mut written = access.root.clone();
        for accessor in &access.path {
            ty = self.step(&ty, accessor, &written).map_err(|(message, hint)| {
                Box::new(Diagnostic { hint, ..Diagnostic::error(&access.span, message) })
            })?;
            written.push_str(&accessor.written());
        }
        Ok(ty)
    }

    fn root(&self, access: &'a Access) -> Known<'a> {
        let root = access.root.as_str();
        if let Some(resource) = self.resources.get(root) {
            return Ok(Ty::Resource(resource));
        }
        if let Some((name, value)) = self.variables.get_key_value(root) {
            return Ok(self.variable(name, value));
        }
        if self.config.contains(root) {
            return Ok(Ty::Unknown);
        }
        if root == parse::RESERVED {
            return Ok(Ty::Record(Rc::new(BUILTIN.iter().map(|it| (*it, Ty::Text)).collect())));
        }
        let message = format!("resource, variable, or config value \"{root}\" not found");
        let hint = self.meant(root);
        Err(Box::new(Diagnostic { hint, ..Diagnostic::error(&access.span, message) }))
    }

    fn variable(&self, name: &'a str, value: &'a Expr) -> Ty<'a> {
        if let Some(ty) = self.inferred.borrow().get(name) {
            return ty.clone();
        }
        self.inferred.borrow_mut().insert(name, Ty::Unknown);
        let ty = self.infer(value);
        self.inferred.borrow_mut().insert(name, ty.clone());
        ty
    }

    fn meant(&self, root: &str) -> Option<String> {
        let names = self.resources.keys().chain(self.variables.keys()).copied();
        let names = names.chain(self.config.iter().map(String::as_str));
        nearest::did_you_mean(root, names).or_else(|| {
            // `${aws:username}` in a policy is AWS's to fill in.
            root.contains(':').then(|| format!("write `$${{{root}}}` for the text `${{{root}}}`"))
        })
    }

    fn step(&self, ty: &Ty<'a>, accessor: &Accessor, written: &str) -> Step<'a> {
        let (name, index) = match accessor {
            Accessor::Name(name) | Accessor::Key(name) => (Some(name.as_str()), None),
            Accessor::Index(index) => (None, Some(*index)),
            Accessor::All => {
                let hint = "`[*]` comes right after the name of a resource with `forEach`";
                let message = format!("`{written}` has no copies");
                return Err((message, Some(hint.to_owned())));
            }
        };
        match (ty, name, index) {
            (Ty::Unknown | Ty::Map, _, _) => Ok(Ty::Unknown),
            // At run time it is an error, unless something else is read first.
            (Ty::Null, _, _) => Ok(Ty::Unknown),
            (Ty::Resource(resource), Some(name), _) => self.output(resource, name, written),
            (Ty::Object(schema, object), Some(name), _) => {
                let whole = std::ptr::eq(*object, &schema.outputs);
                let owner = if whole { &schema.token } else { written };
                let property = object.properties.get(name).ok_or_else(|| {
                    missing(name, owner, object.properties.keys().map(String::as_str))
                })?;
                Ok(Ty::known(schema, &property.ty))
            }
            (Ty::Known(_, Type::Any), _, _) => Ok(Ty::Unknown),
            (Ty::Known(schema, Type::Map(item)), Some(_), _) => Ok(Ty::known(schema, item)),
            (Ty::Record(entries), Some(name), _) if written == parse::RESERVED => {
                let known = entries.get(name).cloned();
                known.ok_or_else(|| missing(name, written, BUILTIN))
            }
            (Ty::Record(entries), Some(name), _) => {
                Ok(entries.get(name).cloned().unwrap_or(Ty::Null))
            }
            (list, _, Some(index)) if list.is_list() => {
                list.item(index).map_err(|message| (message, None))
            }
            (list, Some(name), _) if list.is_list() => {
                let message = format!("`{written}` is a list and has no property '{name}'");
                Err((message, Some(format!("choose an element: `${{{written}[0].{name}}}`"))))
            }
            (_, Some(name), _) => {
                Err((format!("`{written}` is {} and has no property '{name}'", ty.word()), None))
            }
            (_, None, _) => Err((format!("`{written}` is {} and no list", ty.word()), None)),
        }
    }

    fn output(&self, resource: &'a Resource, name: &str, written: &str) -> Step<'a> {
        let component = self.types.is_component(&resource.token.value);
        if name == "urn" || (name == "id" && !component) {
            return Ok(Ty::Text);
        }
        let Some(schema) = self.types.resource(&resource.token.value) else {
            return Ok(Ty::Unknown);
        };
        if let Some(property) = schema.outputs.properties.get(name) {
            return Ok(Ty::known(schema, &property.ty));
        }
        if let Some(why) = schema.refused.get(name) {
            let message = format!("`{written}` has no output '{name}': it is not supported");
            return Err((message, Some(why.clone())));
        }
        let names = schema.outputs.properties.keys().map(String::as_str);
        let more = if component { &["urn"][..] } else { &["id", "urn"] };
        Err(missing(name, &schema.token, names.chain(more.iter().copied())))
    }
}

/// A message and a hint.
type Step<'a> = Result<Ty<'a>, (String, Option<String>)>;

fn missing<'n>(
    name: &str,
    owner: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> (String, Option<String>) {
    let message = format!("Property {name} does not exist on '{owner}'");
    (message, Some(format!("Existing properties are: {}", nearest::listed(name, names))))
}

impl<'a> Ty<'a> {
    /// Of a component's input.
    fn declared(ty: &config::Type) -> Self {
        match ty {
            config::Type::String => Self::Text,
            config::Type::Integer | config::Type::Number => Self::Number,
            config::Type::Boolean => Self::Bool,
            config::Type::Object => Self::Unknown,
            config::Type::Array(item) => Self::List(Rc::new(Self::declared(item))),
        }
    }

    pub(super) fn known(schema: &'a Schema, ty: &'a Type) -> Self {
        match schema.object(ty) {
            Some(object) => Self::Object(schema, object),
            None => match ty {
                Type::Any => Self::Unknown,
                Type::Bool => Self::Bool,
                Type::Integer | Type::Number => Self::Number,
                Type::String { .. } => Self::Text,
                Type::Asset => Self::Asset,
                Type::Archive => Self::Archive,
                Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_) => {
                    Self::Known(schema, ty)
                }
            },
        }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Items(_) | Self::List(_) | Self::Known(_, Type::List(_) | Type::Set(_))
        )
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(
            self,
            Self::Record(_) | Self::Map | Self::Object(..) | Self::Known(_, Type::Map(_))
        )
    }

    pub(super) fn is_collection(&self) -> bool {
        self.is_list() || self.is_map()
    }

    /// Of any type that a text may be made of.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown | Self::Null)
    }

    /// Of a list.
    pub(super) fn item(&self, index: i64) -> Result<Self, String> {
        if let Self::Items(items) = self {
            let item = usize::try_from(index).ok().and_then(|it| items.get(it));
            return item.cloned().ok_or_else(|| {
                format!("list index {index} out-of-bounds for list of length {}", items.len())
            });
        }
        if index < 0 {
            return Err(format!("list index {index} out-of-bounds"));
        }
        Ok(self.any_item())
    }

    /// Some element of a list.
    pub(super) fn any_item(&self) -> Self {
        match self {
            Self::List(item) => (**item).clone(),
            Self::Known(schema, Type::List(item) | Type::Set(item)) => Self::known(schema, item),
            Self::Items(items) if items.len() == 1 => items[0].clone(),
            _ => Self::Unknown,
        }
    }

    /// The word a user reads, with its article.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "an unknown value",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::Text => "a string",
            Self::Asset => "an asset",
            Self::Archive => "an archive",
            Self::Resource(_) => "a resource",
            it if it.is_list() => "a list",
            _ => "a mapping",
        }
    }
}

impl Access {
    /// As it stands between `${` and `}`.
    pub(super) fn written(&self) -> String {
        let path: String = self.path.iter().map(Accessor::written).collect();
        format!("{}{path}", self.root)
    }
}

impl Accessor {
    fn written(&self) -> String {
        match self {
            Self::Name(name) => format!(".{name}"),
            Self::Index(index) => format!("[{index}]"),
            Self::Key(key) => format!("[\"{key}\"]"),
            Self::All => "[*]".to_owned(),
        }
    }
}
