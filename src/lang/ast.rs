//! A Pulumi YAML program as a tree, with the place of every part in its file.

use std::sync::Arc;

use serde_json::Number;

use super::config::{Declared, Type};
use crate::model::Schema;

/// A place in a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Byte offsets of the part, for the source excerpt.
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    pub span: Span,
    pub value: T,
}

#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The project's name.
    pub name: String,
    pub resources: Vec<Resource>,
    pub variables: Vec<Variable>,
    pub outputs: Vec<Output>,
    /// Ours: how traffic moves between two colours. Of programs only.
    pub rollouts: Vec<Rollout>,
    /// `pulumi: { requiredVersion }`, also of the components that it uses.
    pub required_versions: Vec<Expr>,
    /// What its components take and give, once they are expanded.
    pub components: Vec<Schema>,
    /// Keys of resources that are none of a resource's fields. Where they
    /// belong only the checker can say, who knows the types.
    pub strays: Vec<Stray>,
}

/// A key beside `type` and `properties` that has no meaning there.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The key in `resources`.
    pub resource: String,
    pub key: Spanned<String>,
}

/// A reusable part, from a `PulumiPlugin.yaml`.
#[derive(Clone, Debug)]
pub struct Component {
    /// `network:index:Network`
    pub token: String,
    pub span: Span,
    pub inputs: Vec<Declared>,
    pub body: Program,
    /// The folder of its file, which its paths are relative to.
    pub folder: String,
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub name: Spanned<String>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Output {
    pub name: Spanned<String>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Rollout {
    pub name: Spanned<String>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Resource {
    /// The key in `resources`, by which expressions name it.
    pub key: Spanned<String>,
    /// The name in its URN: `name`, else the key.
    pub name: String,
    /// The canonical token once checked; before that as written.
    pub token: Spanned<String>,
    pub default_provider: bool,
    /// A map, or any expression that yields one.
    pub properties: Expr,
    pub options: Options,
    pub get: Option<Get>,
}

/// `get:`: read, never managed.
#[derive(Clone, Debug)]
pub struct Get {
    pub id: Expr,
    pub state: Option<Expr>,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub additional_secret_outputs: Vec<String>,
    pub aliases: Option<Expr>,
    pub custom_timeouts: Option<Expr>,
    pub delete_before_replace: Option<bool>,
    pub deleted_with: Option<Expr>,
    pub depends_on: Option<Expr>,
    pub env_var_mappings: Option<Expr>,
    /// Ours: one copy for each element.
    pub for_each: Option<Expr>,
    pub hide_diffs: Vec<String>,
    pub ignore_changes: Vec<String>,
    pub import: Option<Spanned<String>>,
    pub parent: Option<Expr>,
    pub plugin_download_url: Option<String>,
    pub protect: Option<Expr>,
    pub provider: Option<Expr>,
    pub providers: Option<Expr>,
    pub replace_on_changes: Vec<String>,
    pub replace_with: Option<Expr>,
    pub replacement_trigger: Option<Expr>,
    pub retain_on_delete: bool,
    /// Ours: left out if it is true.
    pub unless: Option<Expr>,
    pub version: Option<String>,
    /// Ours: left out unless it is true.
    pub when: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, Default)]
pub enum ExprKind {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    /// Text without `${}`, with `$$` already resolved.
    Text(String),
    /// Text around `${}`.
    Mixed(Vec<Part>),
    /// Exactly one `${}`: keeps the type of what it names.
    Access(Access),
    List(Vec<Expr>),
    /// In file order; keys may be interpolated.
    Map(Vec<(Expr, Expr)>),
    Call(Box<Call>),
}

#[derive(Clone, Debug)]
pub enum Part {
    Text(String),
    Access(Access),
}

/// `root.name[0]["key"]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub span: Span,
    pub root: String,
    pub path: Vec<Accessor>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accessor {
    /// `.name`
    Name(String),
    /// `[0]`
    Index(i64),
    /// `["key"]`
    Key(String),
    /// `[*]`: all copies of a resource with `forEach`.
    All,
}

/// A builtin function's call.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "boxed whole in `ExprKind::Call`")]
pub enum Call {
    Invoke(Invoke),
    /// What a component was given for one of its inputs. Written by nobody:
    /// the expansion of components makes it.
    Input {
        name: String,
        ty: Option<Type>,
        value: Expr,
    },
    Join {
        delimiter: Expr,
        list: Expr,
    },
    Split {
        delimiter: Expr,
        text: Expr,
    },
    Select {
        index: Expr,
        list: Expr,
    },
    Length(Expr),
    SingleOrNone(Expr),
    ToJson(Expr),
    ToBase64(Expr),
    FromBase64(Expr),
    Sha1(Expr),
    ReadFile(Expr),
    FileBase64(Expr),
    FileBase64Sha256(Expr),
    Secret(Expr),
    Unsecret(Expr),
    StringAsset(Expr),
    FileAsset(Expr),
    RemoteAsset(Expr),
    FileArchive(Expr),
    RemoteArchive(Expr),
    AssetArchive(Vec<(String, Expr)>),
    StackReference {
        stack: String,
        output: Expr,
    },
    ResourceName(Expr),
    ResourceType(Expr),
}

#[derive(Clone, Debug)]
pub struct Invoke {
    /// The canonical token once checked; before that as written.
    pub function: Spanned<String>,
    pub arguments: Option<Expr>,
    pub options: InvokeOptions,
    /// The one field of the result that is wanted.
    pub field: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Default)]
pub struct InvokeOptions {
    pub parent: Option<Expr>,
    pub provider: Option<Expr>,
    pub depends_on: Option<Expr>,
    pub version: Option<String>,
    pub plugin_download_url: Option<String>,
}

impl Expr {
    /// Calls `visit` with every call inside, outer ones first.
    pub fn calls<'a>(&'a self, visit: &mut dyn FnMut(&'a Span, &'a Call)) {
        match &self.kind {
            ExprKind::List(items) => items.iter().for_each(|it| it.calls(visit)),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    key.calls(visit);
                    value.calls(visit);
                }
            }
            ExprKind::Call(call) => {
                visit(&self.span, call);
                call.arguments().into_iter().for_each(|it| it.calls(visit));
            }
            _ => {}
        }
    }

    /// Calls `visit` with every `${}` inside, however deep.
    pub fn accesses<'a>(&'a self, visit: &mut dyn FnMut(&'a Access)) {
        match &self.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::Text(_) => {}
            ExprKind::Mixed(parts) => {
                for part in parts {
                    if let Part::Access(access) = part {
                        visit(access);
                    }
                }
            }
            ExprKind::Access(access) => visit(access),
            ExprKind::List(items) => items.iter().for_each(|it| it.accesses(visit)),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    key.accesses(visit);
                    value.accesses(visit);
                }
            }
            ExprKind::Call(call) => call.arguments().into_iter().for_each(|it| it.accesses(visit)),
        }
    }
}

impl Program {
    /// Every call in it, with its place.
    pub fn calls<'a>(&'a self, visit: &mut dyn FnMut(&'a Span, &'a Call)) {
        self.variables.iter().for_each(|it| it.value.calls(visit));
        self.outputs.iter().for_each(|it| it.value.calls(visit));
        self.rollouts.iter().for_each(|it| it.value.calls(visit));
        for resource in &self.resources {
            resource.properties.calls(visit);
            resource.options.expressions().for_each(|it| it.calls(visit));
            if let Some(get) = &resource.get {
                get.id.calls(visit);
                get.state.iter().for_each(|it| it.calls(visit));
            }
        }
    }
}

impl Call {
    /// Every expression that the call evaluates.
    pub fn arguments(&self) -> Vec<&Expr> {
        match self {
            Self::Invoke(it) => {
                let options = &it.options;
                [&it.arguments, &options.parent, &options.provider, &options.depends_on]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Self::Join { delimiter, list } => vec![delimiter, list],
            Self::Split { delimiter, text } => vec![delimiter, text],
            Self::Select { index, list } => vec![index, list],
            Self::AssetArchive(parts) => parts.iter().map(|(_, it)| it).collect(),
            Self::StackReference { output, .. } => vec![output],
            Self::Input { value: it, .. }
            | Self::Length(it)
            | Self::SingleOrNone(it)
            | Self::ToJson(it)
            | Self::ToBase64(it)
            | Self::FromBase64(it)
            | Self::Sha1(it)
            | Self::ReadFile(it)
            | Self::FileBase64(it)
            | Self::FileBase64Sha256(it)
            | Self::Secret(it)
            | Self::Unsecret(it)
            | Self::StringAsset(it)
            | Self::FileAsset(it)
            | Self::RemoteAsset(it)
            | Self::FileArchive(it)
            | Self::RemoteArchive(it)
            | Self::ResourceName(it)
            | Self::ResourceType(it) => vec![it],
        }
    }

    /// `arguments`, to change them.
    pub fn arguments_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Invoke(it) => {
                let options = &mut it.options;
                let all = [
                    &mut it.arguments,
                    &mut options.parent,
                    &mut options.provider,
                    &mut options.depends_on,
                ];
                all.into_iter().flatten().collect()
            }
            Self::Join { delimiter, list } => vec![delimiter, list],
            Self::Split { delimiter, text } => vec![delimiter, text],
            Self::Select { index, list } => vec![index, list],
            Self::AssetArchive(parts) => parts.iter_mut().map(|(_, it)| it).collect(),
            Self::StackReference { output, .. } => vec![output],
            Self::Input { value: it, .. }
            | Self::Length(it)
            | Self::SingleOrNone(it)
            | Self::ToJson(it)
            | Self::ToBase64(it)
            | Self::FromBase64(it)
            | Self::Sha1(it)
            | Self::ReadFile(it)
            | Self::FileBase64(it)
            | Self::FileBase64Sha256(it)
            | Self::Secret(it)
            | Self::Unsecret(it)
            | Self::StringAsset(it)
            | Self::FileAsset(it)
            | Self::RemoteAsset(it)
            | Self::FileArchive(it)
            | Self::RemoteArchive(it)
            | Self::ResourceName(it)
            | Self::ResourceType(it) => vec![it],
        }
    }
}

impl Options {
    /// Every expression among the options: all of them count as dependencies.
    /// Those of `forEach` and its like are gone by then.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        [
            &self.aliases,
            &self.custom_timeouts,
            &self.deleted_with,
            &self.depends_on,
            &self.env_var_mappings,
            &self.parent,
            &self.protect,
            &self.provider,
            &self.providers,
            &self.replace_with,
            &self.replacement_trigger,
        ]
        .into_iter()
        .flatten()
    }

    /// `expressions`, to change them.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        [
            &mut self.aliases,
            &mut self.custom_timeouts,
            &mut self.deleted_with,
            &mut self.depends_on,
            &mut self.env_var_mappings,
            &mut self.parent,
            &mut self.protect,
            &mut self.provider,
            &mut self.providers,
            &mut self.replace_with,
            &mut self.replacement_trigger,
        ]
        .into_iter()
        .flatten()
    }
}

impl Resource {
    /// Every `${}` of the resource, options and `get` included.
    pub fn accesses<'a>(&'a self, visit: &mut dyn FnMut(&'a Access)) {
        self.properties.accesses(visit);
        self.options.expressions().for_each(|it| it.accesses(visit));
        if let Some(get) = &self.get {
            get.id.accesses(visit);
            get.state.iter().for_each(|it| it.accesses(visit));
        }
    }
}
