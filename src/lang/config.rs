//! A stack's configuration: what a project declares, what the stack's file and
//! the command line give, and the values that a program sees. Pure.
//! How a stack's file is changed is in `edit`.

pub mod edit;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::{
    ast::{Expr, Program, Span},
    builtin::{mark, number_text, opened, word},
    diag::Diagnostic,
    eval::{Answers, Context, Evaluator, Scope},
    parse,
    syntax::{Kind, Node},
};
use crate::model::{Map, Value, value::whole};

/// One key of the project's `config:`.
#[derive(Clone, Debug)]
pub struct Declared {
    /// As written, which is how a program names it.
    pub key: String,
    pub span: Span,
    /// `shop:size`: what the stack's file calls it.
    pub full: String,
    pub ty: Option<Type>,
    pub secret: Option<bool>,
    pub default: Option<Expr>,
    /// For keys of other namespaces, such as `aws:region`.
    pub value: Option<Expr>,
    pub description: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    String,
    Integer,
    Number,
    Boolean,
    Object,
    Array(Box<Self>),
}

/// `Pulumi.<stack>.yaml`.
#[derive(Clone, Debug, Default)]
pub struct StackFile {
    pub secrets_provider: Option<String>,
    pub encrypted_key: Option<String>,
    pub encryption_salt: Option<String>,
    /// By full key.
    pub config: BTreeMap<String, Node>,
}

/// `-c key=value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub key: String,
    pub value: String,
    /// The key is a path into a value: `tags.team`.
    pub path: bool,
}

/// All that decides a stack's configuration.
pub struct Given<'a> {
    pub context: &'a Context,
    pub declared: &'a [Declared],
    pub file: &'a StackFile,
    pub overrides: &'a [Override],
    /// The plain text of a `secure:` value, or why there is none.
    pub decrypt: &'a dyn Fn(&str) -> Result<String, String>,
}

/// A stack's configuration as a run uses it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// By every spelling that a program may use: for `Scope::config`.
    pub scope: Map,
    /// By full key, typed: what `config` lists.
    pub all: Map,
    /// Settings of default providers: by package, then by property. Scalars
    /// are texts here, for the provider to type.
    pub providers: BTreeMap<String, Map>,
    pub autonaming: Autonaming,
    /// Packages that must not be used without an explicit provider; `*` is
    /// every package.
    pub disabled_default_providers: Vec<String>,
}

/// `pulumi:autonaming`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autonaming {
    pub rule: Option<Naming>,
    /// By package, or by `package:mod/type:Type` of a single type.
    pub narrower: BTreeMap<String, Naming>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    #[default]
    Default,
    /// The logical name as it is.
    Verbatim,
    /// Every name must be given.
    Disabled,
    Pattern {
        pattern: String,
        enforce: bool,
    },
}

impl Autonaming {
    /// The rule for a resource type: the narrowest that there is.
    pub fn of(&self, token: &str) -> Naming {
        let package = token.split(':').next().unwrap_or(token);
        let rule = self.narrower.get(token).or_else(|| self.narrower.get(package));
        rule.or(self.rule.as_ref()).cloned().unwrap_or_default()
    }
}

impl Type {
    /// `integer`, `array`, and the older `Number`, `List<String>`.
    fn parse(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        if let Some(item) = name.strip_prefix("list<").and_then(|it| it.strip_suffix('>')) {
            return Some(Self::Array(Box::new(Self::parse(item)?)));
        }
        match name.as_str() {
            "string" => Some(Self::String),
            "integer" | "int" => Some(Self::Integer),
            "number" => Some(Self::Number),
            "boolean" | "bool" => Some(Self::Boolean),
            "object" => Some(Self::Object),
            _ => None,
        }
    }

    pub fn word(&self) -> String {
        match self {
            Self::String => "string".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Object => "object".to_owned(),
            Self::Array(item) => format!("array<{}>", item.word()),
        }
    }

    /// The value as this type, if it can be one. A text may hold any type,
    /// as `config set` writes everything as a text.
    pub fn take(&self, value: &Value) -> Option<Value> {
        if let Value::Secret(secret) = value {
            return self.take(&secret.0).map(Value::secret);
        }
        match (self, value) {
            // Of a component's input: told later, and then taken as it is.
            (_, Value::Unknown(_) | Value::Ref(_)) => Some(value.clone()),
            (Self::String, Value::Bool(_) | Value::Number(_)) => {
                scalar_text(value).map(Value::String)
            }
            (Self::String, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Boolean, Value::Bool(_))
            | (Self::Object, Value::Map(_)) => Some(value.clone()),
            (Self::Integer, Value::Number(it)) => whole(it).map(Value::from),
            (Self::Integer, Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
            (Self::Number, Value::String(text)) => number(text),
            (Self::Boolean, Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
            (Self::Array(item), Value::List(items)) => {
                items.iter().map(|it| item.take(it)).collect::<Option<Vec<_>>>().map(Value::List)
            }
            (Self::Object | Self::Array(_), Value::String(text)) => self.take(&structure(text)?),
            _ => None,
        }
    }

    /// The type that a default implies. `Err` says why it implies none.
    fn of(value: &Value) -> Result<Self, String> {
        match value.bare() {
            Value::String(_) => Ok(Self::String),
            Value::Number(_) => Ok(Self::Number),
            Value::Bool(_) => Ok(Self::Boolean),
            Value::Map(_) => Ok(Self::Object),
            Value::List(items) => {
                let Some((first, rest)) = items.split_first() else {
                    return Err("unable to infer type: cannot infer type of empty list, please \
                                specify type"
                        .to_owned());
                };
                let item = Self::of(first)?;
                for other in rest {
                    let other = Self::of(other)?;
                    if other != item {
                        return Err(format!(
                            "heterogeneous typed lists are not allowed: found types {} and {}",
                            item.word(),
                            other.word()
                        ));
                    }
                }
                Ok(Self::Array(Box::new(item)))
            }
            other => Err(format!("unable to infer type from {}", word(other))),
        }
    }
}

/// `shop:size` for `size`, `shop:size` and the old `shop:config:size`.
pub fn full_key(project: &str, key: &str) -> Result<String, String> {
    let parts: Vec<&str> = key.split(':').collect();
    match parts.as_slice() {
        [name] if !name.is_empty() => Ok(format!("{project}:{name}")),
        [namespace, name] | [namespace, "config", name]
            if !namespace.is_empty() && !name.is_empty() =>
        {
            Ok(format!("{namespace}:{name}"))
        }
        _ => Err(format!(
            "could not parse {key} as a configuration key (configuration keys should be of the \
             form `<namespace>:<name>`)"
        )),
    }
}

/// What `config:` and `configuration:` sections declare. The first section
/// that names a key decides it.
pub fn declarations(
    project: &str,
    sections: &[&Node],
    found: &mut Vec<Diagnostic>,
) -> Vec<Declared> {
    let mut declared: Vec<Declared> = Vec::new();
    for section in sections {
        let entries = match &section.kind {
            Kind::Map(entries) => entries,
            // The old spelling of `stackConfigDir`, which `load` reads.
            Kind::Null | Kind::String(_) => continue,
            _ => {
                found.push(Diagnostic::error(&section.span, "config must be an object"));
                continue;
            }
        };
        for (key, node) in entries {
            match full_key(project, &key.value) {
                Err(message) => found.push(Diagnostic::error(&key.span, message)),
                Ok(full) => {
                    let it = Declared {
                        key: key.value.clone(),
                        span: key.span.clone(),
                        full,
                        ty: None,
                        secret: None,
                        default: None,
                        value: None,
                        description: None,
                    };
                    if !declared.iter().any(|other| other.key == it.key) {
                        declared.push(declaration(project, it, node, found));
                    }
                }
            }
        }
    }
    declared
}

/// The attributes of a declaration.
const ATTRIBUTES: [&str; 7] =
    ["default", "description", "items", "name", "secret", "type", "value"];

fn declaration(
    project: &str,
    mut it: Declared,
    node: &Node,
    found: &mut Vec<Diagnostic>,
) -> Declared {
    let own = is_own(project, &it.full);
    let Kind::Map(attributes) = &node.kind else {
        let value = Some(parse::expression(node, found)).filter(|_| node.kind != Kind::Null);
        if own {
            it.default = value;
        } else {
            it.value = value;
        }
        check_declaration(own, &it, found);
        return it;
    };
    let (mut ty, mut items) = (None, None);
    for (name, node) in attributes {
        match (name.value.to_lowercase().as_str(), &node.kind) {
            ("type", _) => ty = Some(node),
            ("items", _) => items = Some(node),
            ("default" | "value" | "secret" | "description" | "name", Kind::Null) => {}
            ("default", _) => it.default = Some(parse::expression(node, found)),
            ("value", _) => it.value = Some(parse::expression(node, found)),
            ("secret", Kind::Bool(flag)) => it.secret = Some(*flag),
            ("description", Kind::String(text)) => it.description = Some(text.clone()),
            ("name", Kind::String(text)) => match full_key(project, text) {
                Ok(full) => it.full = full,
                Err(message) => found.push(Diagnostic::error(&node.span, message)),
            },
            ("secret", _) => {
                found.push(Diagnostic::error(&node.span, "secret must be true or false"));
            }
            (text @ ("description" | "name"), _) => {
                found.push(Diagnostic::error(&node.span, format!("{text} must be a string")));
            }
            _ => found.push(unknown_attribute(&it.key, &name.value, &name.span)),
        }
    }
    if let Some(ty) = ty {
        it.ty = declared_type(&it.key, ty, items, found);
        if it.ty.is_none() {
            return it;
        }
    }
    check_declaration(own, &it, found);
    it
}

/// `None` after a mistake, which is in `found`.
fn declared_type(
    key: &str,
    ty: &Node,
    items: Option<&Node>,
    found: &mut Vec<Diagnostic>,
) -> Option<Type> {
    let Kind::String(name) = &ty.kind else {
        found.push(Diagnostic::error(&ty.span, "type must be a string"));
        return None;
    };
    if !name.eq_ignore_ascii_case("array") {
        let known = Type::parse(name);
        if known.is_none() {
            let message = format!(
                "unexpected configuration type '{name}': valid types are string, integer, \
                 boolean, number, array and object"
            );
            found.push(Diagnostic::error(&ty.span, message));
        }
        return known;
    }
    let attribute = |wanted: &str| match &items?.kind {
        Kind::Map(entries) => entries.iter().find(|(key, _)| key.value == wanted).map(|it| &it.1),
        _ => None,
    };
    let Some(item) = attribute("type") else {
        let message = format!(
            "The configuration key '{key}' declares an array but does not specify the underlying \
             type via the 'items' attribute"
        );
        found.push(Diagnostic::error(&ty.span, message));
        return None;
    };
    let item = declared_type(key, item, attribute("items"), found)?;
    Some(Type::Array(Box::new(item)))
}

fn unknown_attribute(key: &str, name: &str, span: &Span) -> Diagnostic {
    let message = format!("configuration key '{key}' has no attribute '{name}'");
    let found = Diagnostic::error(span, message);
    match ATTRIBUTES.iter().find(|it| strsim::levenshtein(it, name) <= 2) {
        Some(it) => found.hint(format!("did you mean '{it}'?")),
        None => found.hint(format!("its attributes are {}", ATTRIBUTES.join(", "))),
    }
}

fn check_declaration(own: bool, it: &Declared, found: &mut Vec<Diagnostic>) {
    let key = &it.key;
    let mut fail = |message: String| found.push(Diagnostic::error(&it.span, message));
    if it.default.is_some() && it.value.is_some() {
        fail(format!("project config '{key}' cannot have both a 'default' and 'value' attribute"));
    }
    if own {
        if it.ty.is_none() && it.default.is_none() && it.value.is_none() {
            fail("unable to infer type: either 'default' or 'type' is required".to_owned());
        }
        return;
    }
    let not_own = format!("Configuration key '{key}' is not namespaced by the project and should");
    if it.ty.is_some() {
        fail(format!("{not_own} not define a type"));
    } else if it.default.is_some() {
        fail(format!(
            "{not_own} not define a default value. Did you mean to use the 'value' attribute \
             instead of 'default'?"
        ));
    } else if it.value.is_none() {
        fail(format!(
            "Configuration key '{key}' is namespaced and must provide an attribute 'value'"
        ));
    }
}

fn is_own(project: &str, full: &str) -> bool {
    full.split(':').next() == Some(project)
}

/// Reads a stack's file, whose entries stay nodes: what is encrypted is
/// decrypted only when it is needed.
pub fn stack_file(project: &str, root: &Node, found: &mut Vec<Diagnostic>) -> StackFile {
    let mut file = StackFile::default();
    let entries = match &root.kind {
        Kind::Map(entries) => entries.as_slice(),
        Kind::Null => &[],
        _ => {
            found.push(Diagnostic::error(&root.span, "a stack's file must be an object"));
            &[]
        }
    };
    for (key, node) in entries {
        let text = match &node.kind {
            Kind::String(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        match key.value.to_lowercase().as_str() {
            "secretsprovider" => file.secrets_provider = text,
            "encryptedkey" => file.encrypted_key = text,
            "encryptionsalt" => file.encryption_salt = text,
            "config" => file.config = stack_entries(project, node, found),
            "environment" if node.kind != Kind::Null => found.push(
                Diagnostic::warning(&key.span, "environments of Pulumi ESC are not read")
                    .hint("put their values under `config`"),
            ),
            _ => {}
        }
    }
    file
}

fn stack_entries(
    project: &str,
    node: &Node,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Node> {
    let mut config = BTreeMap::new();
    let entries = match &node.kind {
        Kind::Map(entries) => entries.as_slice(),
        Kind::Null => &[],
        _ => {
            found.push(Diagnostic::error(&node.span, "config must be an object"));
            &[]
        }
    };
    for (key, node) in entries {
        match full_key(project, &key.value) {
            Err(message) => found.push(Diagnostic::error(&key.span, message)),
            Ok(full) => {
                if config.insert(full, node.clone()).is_some() {
                    let message = format!("configuration key '{}' is given twice", key.value);
                    found.push(Diagnostic::error(&key.span, message));
                }
            }
        }
    }
    config
}

/// A value that the stack's file or the command line gives.
struct Entry {
    value: Value,
    span: Option<Span>,
    /// On the command line nothing is encrypted, and need not be.
    from_file: bool,
}

/// Everything that a run knows of its stack's configuration. With an error in
/// `found` the result is not complete.
pub fn resolve(given: &Given<'_>, found: &mut Vec<Diagnostic>) -> Config {
    let project = given.context.project.as_str();
    let mut entries = entries(given, found);
    let mut config = Config::default();
    let mut missing = Vec::new();

    for it in given.declared {
        let value = match entries.get(&it.full) {
            Some(entry) => given_value(given, it, entry, found),
            None => match it.value.as_ref().or(it.default.as_ref()) {
                Some(expr) => declared_value(given, it, expr, found),
                None if it.ty.is_some() && is_own(project, &it.full) => {
                    missing.push(it);
                    None
                }
                None => None,
            },
        };
        let Some(value) = value else { continue };
        let value = mark(value, it.secret == Some(true));
        config.scope.insert(it.key.clone(), value.clone());
        if !is_own(project, &it.full) && !entries.contains_key(&it.full) {
            let span = Some(it.span.clone());
            entries.insert(it.full.clone(), Entry { value, span, from_file: false });
            continue;
        }
        spell(project, &it.full, value, &mut config);
    }
    if !missing.is_empty() {
        found.push(missing_keys(&given.context.stack, &missing));
    }

    for (full, entry) in &entries {
        if !config.all.contains_key(full) {
            spell(project, full, retyped(&entry.value), &mut config);
        }
        engine_setting(project, full, entry, &mut config, found);
    }
    config
}

/// Puts a value where every spelling of its key finds it.
fn spell(project: &str, full: &str, value: Value, config: &mut Config) {
    if let Some(name) = full.strip_prefix(project).and_then(|it| it.strip_prefix(':')) {
        config.scope.entry(name.to_owned()).or_insert_with(|| value.clone());
    }
    config.scope.insert(full.to_owned(), value.clone());
    config.all.insert(full.to_owned(), value);
}

fn entries(given: &Given<'_>, found: &mut Vec<Diagnostic>) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for (full, node) in &given.file.config {
        if node.kind == Kind::Null {
            let message = format!("configuration key '{full}' is null, which counts as \"\"");
            found.push(Diagnostic::warning(&node.span, message));
        }
        let value = match plain(node, given.decrypt, found) {
            Value::Null => Value::string(""),
            value => value,
        };
        let span = Some(node.span.clone());
        entries.insert(full.clone(), Entry { value, span, from_file: true });
    }
    for it in given.overrides {
        if let Err(message) = apply_override(given, it, &mut entries) {
            found.push(everywhere(message));
        }
    }
    entries
}

fn apply_override(
    given: &Given<'_>,
    it: &Override,
    entries: &mut BTreeMap<String, Entry>,
) -> Result<(), String> {
    let (key, path) = if it.path { edit::split_key(&it.key)? } else { (it.key.clone(), vec![]) };
    let full = full_key(&given.context.project, &key)?;
    let new = || Entry { value: Value::Null, span: None, from_file: false };
    let entry = entries.entry(full).or_insert_with(new);
    entry.from_file = false;
    let value = if it.path { edit::typed_scalar(&it.value) } else { Value::string(&it.value) };
    edit::put_value(&mut entry.value, &path, value)
}

/// A mistake of the command line, which has no place in a file.
fn everywhere(message: String) -> Diagnostic {
    Diagnostic { span: None, ..Diagnostic::error(&Span::default(), message) }
}

/// A node as a value, with `secure:` decrypted at any depth.
fn plain(
    node: &Node,
    decrypt: &dyn Fn(&str) -> Result<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(flag) => Value::Bool(*flag),
        Kind::Number(number) => Value::Number(number.clone()),
        Kind::String(text) => Value::String(text.clone()),
        Kind::List(items) => {
            Value::List(items.iter().map(|it| plain(it, decrypt, found)).collect())
        }
        Kind::Map(entries) => {
            if let [(key, sealed)] = entries.as_slice()
                && key.value == "secure"
            {
                return match &sealed.kind {
                    Kind::String(text) => match decrypt(text) {
                        Ok(plain) => Value::secret(Value::String(plain)),
                        Err(message) => {
                            found.push(Diagnostic::error(&sealed.span, message));
                            Value::unknown("a value that could not be decrypted")
                        }
                    },
                    _ => {
                        let message = "the value of `secure` must be an encrypted string";
                        found.push(Diagnostic::error(&sealed.span, message));
                        Value::Null
                    }
                };
            }
            let entries = entries.iter();
            Value::Map(
                entries.map(|(key, it)| (key.value.clone(), plain(it, decrypt, found))).collect(),
            )
        }
    }
}

/// The value given for a declared key, as its type.
fn given_value(
    given: &Given<'_>,
    it: &Declared,
    entry: &Entry,
    found: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let span = entry.span.as_ref().unwrap_or(&it.span);
    let at = |message: String| Diagnostic::error(span, message);
    let secret = entry.value.has_secret();
    if !entry.value.is_known() {
        return None;
    }
    let with = format!("Stack '{}' with configuration key '{}'", given.context.stack, it.key);
    if it.secret == Some(true) && it.ty.is_some() && entry.from_file && !secret {
        let hint = format!("encrypt it with `orderinfra config set {} --secret`", it.key);
        found.push(at(format!("{with} must be encrypted as it's secret")).hint(hint));
    }
    if it.secret == Some(false) && secret {
        let message = "Cannot mark a configuration value as not secret if the associated config \
                       value is secret";
        found.push(Diagnostic::error(&it.span, message));
    }
    let ty = match (&it.ty, &it.default) {
        (Some(ty), _) => ty.clone(),
        (None, Some(default)) => Type::of(&evaluate(given, it, default, found)?).ok()?,
        (None, None) => return Some(retyped(&entry.value)),
    };
    let typed = ty.take(&entry.value);
    if typed.is_none() {
        found.push(at(format!("{with} must be of type '{}'", ty.word())));
    }
    typed
}

/// The default, or the value that the project sets.
fn declared_value(
    given: &Given<'_>,
    it: &Declared,
    expr: &Expr,
    found: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let value = evaluate(given, it, expr, found)?;
    let Some(ty) = &it.ty else {
        if it.default.is_some()
            && let Err(message) = Type::of(&value)
        {
            found.push(Diagnostic::error(&expr.span, message));
        }
        return Some(value);
    };
    let typed = ty.take(&value);
    if typed.is_none() {
        let message = format!(
            "The default value specified for configuration key '{}' is not of the expected type \
             '{}'",
            it.key,
            ty.word()
        );
        found.push(Diagnostic::error(&expr.span, message));
    }
    typed
}

/// Literals and builtin functions: there is nothing else to name yet.
fn evaluate(
    given: &Given<'_>,
    it: &Declared,
    expr: &Expr,
    found: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let (program, config) = (Program::default(), Map::new());
    let (resources, answers) = (BTreeMap::new(), Answers::new());
    let evaluator = Evaluator::new(Scope {
        program: &program,
        context: given.context,
        config: &config,
        resources: &resources,
        answers: &answers,
    });
    let value = evaluator.eval(expr);
    if !evaluator.open.borrow().is_empty() {
        let message = format!(
            "the default of configuration key '{}' may not read files or call provider functions",
            it.key
        );
        found.push(Diagnostic::error(&expr.span, message));
    }
    let errors = evaluator.errors.into_inner();
    for error in errors {
        // Both the default and its type may be asked for.
        if !found.contains(&error) {
            found.push(error);
        }
    }
    value.is_known().then_some(value)
}

/// The type that a program sees where nothing is declared: a text that looks
/// like a number, a flag, an object or a list is one. A leading zero says that
/// it is a text: an account, a postal code.
fn retyped(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => mark(retyped(&secret.0), true),
        Value::String(text) => {
            let zero = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
            if zero {
                return value.clone();
            }
            let typed = text.parse::<i64>().ok().map(Value::from);
            let typed = typed.or_else(|| go_bool(text)).or_else(|| number(text));
            typed.or_else(|| structure(text)).unwrap_or_else(|| value.clone())
        }
        other => other.clone(),
    }
}

fn go_bool(text: &str) -> Option<Value> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// `None` too for `inf` and `nan`, which no JSON number can be.
fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::from(whole));
    }
    text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
}

fn structure(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let json: Json = serde_json::from_str(text).ok()?;
    Some(Value::from_json(&json))
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number_text(number)),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// One error for all, so that one edit can set all.
fn missing_keys(stack: &str, missing: &[&Declared]) -> Diagnostic {
    let mut keys: Vec<String> = missing.iter().map(|it| format!("'{}'", it.key)).collect();
    keys.sort();
    let list = match keys.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => unreachable!("asked only when a key is missing"),
    };
    let values = if keys.len() == 1 { "value" } else { "values" };
    let message = format!("Stack '{stack}' is missing configuration {values} {list}");
    let first = missing[0];
    let hint = format!("set it with `orderinfra config set {} <value> --stack {stack}`", first.key);
    Diagnostic::error(&first.span, message).hint(hint)
}

/// What a key means to the engine, beside being a value that a program sees.
fn engine_setting(
    project: &str,
    full: &str,
    entry: &Entry,
    config: &mut Config,
    found: &mut Vec<Diagnostic>,
) {
    let Some((namespace, name)) = full.split_once(':') else { return };
    let value = setting(&entry.value);
    match (namespace, name) {
        ("pulumi", "autonaming") => match autonaming(&value) {
            Ok(it) => config.autonaming = it,
            Err(message) => found.push(Diagnostic {
                span: entry.span.clone(),
                ..everywhere(format!("pulumi:autonaming: {message}"))
            }),
        },
        ("pulumi", "disable-default-providers") => {
            let all = value.as_list().unwrap_or_default().iter();
            config.disabled_default_providers =
                all.filter_map(|it| it.as_str().map(str::to_owned)).collect();
        }
        ("pulumi", _) => {}
        _ if namespace == project => {}
        _ => {
            let settings = config.providers.entry(namespace.to_owned()).or_default();
            settings.insert(name.to_owned(), value);
        }
    }
}

/// Scalars as texts and JSON texts as what they hold.
fn setting(value: &Value) -> Value {
    match value {
        Value::Secret(secret) => mark(setting(&secret.0), true),
        Value::String(text) => structure(text).unwrap_or_else(|| value.clone()),
        other => scalar_text(other).map_or_else(|| other.clone(), Value::String),
    }
}

fn autonaming(value: &Value) -> Result<Autonaming, String> {
    let value = opened(value);
    let mut all = Autonaming { rule: naming(&value)?, ..Autonaming::default() };
    let providers = value.get("providers").and_then(Value::as_map);
    for (package, provider) in providers.into_iter().flatten() {
        if let Some(rule) = naming(provider)? {
            all.narrower.insert(package.clone(), rule);
        }
        let resources = provider.get("resources").and_then(Value::as_map);
        for (token, resource) in resources.into_iter().flatten() {
            if let Some(rule) = naming(resource)? {
                all.narrower.insert(token.clone(), rule);
            }
        }
    }
    Ok(all)
}

fn naming(value: &Value) -> Result<Option<Naming>, String> {
    if value.as_map().is_none() {
        return Err(format!("must be an object, not {}", word(value)));
    }
    let mode = value.get("mode").map(|it| it.as_str().unwrap_or_default());
    let pattern = value.get("pattern").map(|it| it.as_str().unwrap_or_default());
    match (mode, pattern) {
        (Some(_), Some(_)) => Err("cannot specify both mode and pattern".to_owned()),
        (None, None) => Ok(None),
        (Some("default"), _) => Ok(Some(Naming::Default)),
        (Some("verbatim"), _) => Ok(Some(Naming::Verbatim)),
        (Some("disabled"), _) => Ok(Some(Naming::Disabled)),
        (Some(other), _) => {
            Err(format!("invalid mode {other:?}: it is default, verbatim or disabled"))
        }
        (None, Some("")) => Err("pattern must be a text that is not empty".to_owned()),
        (None, Some(pattern)) => {
            let enforce = value.get("enforce").and_then(Value::as_bool).unwrap_or(false);
            Ok(Some(Naming::Pattern { pattern: pattern.to_owned(), enforce }))
        }
    }
}
