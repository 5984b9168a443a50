//! Expressions to values. Pure: what it needs from outside it asks for as
//! `Question`s, and is run again when they are answered.

#[cfg(test)]
pub(super) mod tests;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use super::{
    ast::{Access, Accessor, Call, Expr, ExprKind, Invoke, Part, Program, Resource, Span},
    builtin::{self, mark, open_text, opened, word},
    diag::Diagnostic,
};
use crate::model::{
    Map, Urn, Value,
    value::{Asset, Ref, Source, Unknown},
};

/// Something that an expression needs from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// A provider function. `arguments` is the map as `Value::to_state` JSON
    /// text; `provider` is the URN of an explicit provider.
    Invoke { token: String, arguments: String, provider: Option<String> },
    /// A file below the program's folder.
    File { path: String, form: FileForm },
    /// What is in an asset or archive, as `Value::to_state` JSON text: the same
    /// with its hash.
    Asset { asset: String },
    /// All outputs of another stack, as a map.
    Stack { name: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileForm {
    Text,
    Base64,
    Base64Sha256,
}

/// What questions were answered, for this run.
pub type Answers = BTreeMap<Question, Result<Value, String>>;

/// A resource as expressions see it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub reference: Ref,
    pub token: String,
    /// The logical name.
    pub name: String,
    pub outputs: Map,
    /// False while an output that is not in `outputs` may still come: it is
    /// unknown then, and null otherwise.
    pub complete: bool,
}

/// `${pulumi.*}`
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub cwd: String,
    pub project: String,
    pub stack: String,
    pub organization: String,
    pub root_directory: String,
}

/// All that an expression can name.
pub struct Scope<'a> {
    pub program: &'a Program,
    pub context: &'a Context,
    /// By every spelling that is in scope: `size`, `shop:size`, `aws:region`.
    pub config: &'a Map,
    /// By key in `resources`. A resource that is missing here (it comes later,
    /// or it failed) makes what uses it unknown.
    pub resources: &'a BTreeMap<String, Seen>,
    pub answers: &'a Answers,
}

/// One evaluation, with what it found out on the way.
pub struct Evaluator<'a> {
    pub scope: Scope<'a>,
    /// Questions that have no answer yet.
    pub open: RefCell<Vec<Question>>,
    pub errors: RefCell<Vec<Diagnostic>>,
    variables: RefCell<BTreeMap<String, Rc<Value>>>,
    /// Bytes of all values that were made so far.
    made: Cell<usize>,
    /// Expressions that are being evaluated, each inside the one before.
    inside: Cell<usize>,
}

/// All values of one evaluation together: variables that name each other can
/// double a text with every line of a program.
const BYTES_MAX: usize = 256 << 20;
/// Expressions inside each other, through variables too: each takes a piece of
/// the thread's stack.
const INSIDE_MAX: usize = 1000;
/// Lists and objects inside each other, through variables too.
const DEPTH_MAX: usize = 200;
/// What a value takes beside its text, about.
pub(super) const VALUE_BYTES: usize = 64;

/// `Err` is a value that is not known: what it waits for, or that it failed,
/// which is in `errors` then and is not said again by what depends on it.
pub type Known<T> = Result<T, Unknown>;

/// Bytes that a value takes, about, and how deep it is nested.
fn size(value: &Value) -> (usize, usize) {
    let of = |children: &mut dyn Iterator<Item = (usize, &Value)>| {
        children.fold((VALUE_BYTES, 1), |(bytes, depth), (key, child)| {
            let (more, below) = size(child);
            (bytes + key + more, depth.max(below + 1))
        })
    };
    match value {
        Value::String(text) => (VALUE_BYTES + text.len(), 0),
        Value::Secret(secret) => size(&secret.0),
        Value::List(items) => of(&mut items.iter().map(|it| (0, it))),
        Value::Map(map) => of(&mut map.iter().map(|(key, it)| (key.len(), it))),
        Value::Asset(it) => (VALUE_BYTES + asset_bytes(it), 0),
        _ => (VALUE_BYTES, 0),
    }
}

fn asset_bytes(asset: &Asset) -> usize {
    match &asset.source {
        Source::Text(text)
        | Source::File(text)
        | Source::Remote(text)
        | Source::FileArchive(text)
        | Source::RemoteArchive(text) => text.len(),
        Source::Archive(parts) => {
            parts.iter().map(|(path, part)| VALUE_BYTES + path.len() + asset_bytes(part)).sum()
        }
        Source::Uploaded => 0,
    }
}

/// The prefix of a provider resource's type.
const PROVIDERS: &str = "pulumi:providers:";

impl<'a> Evaluator<'a> {
    pub fn new(scope: Scope<'a>) -> Self {
        Self {
            scope,
            open: RefCell::default(),
            errors: RefCell::default(),
            variables: RefCell::default(),
            made: Cell::default(),
            inside: Cell::default(),
        }
    }

    pub fn eval(&self, expr: &Expr) -> Value {
        self.try_eval(expr).unwrap_or_else(Value::Unknown)
    }

    /// The resources that an option such as `dependsOn`, `parent` or
    /// `providers` names: one, a list, or the values of a map.
    pub fn references(&self, expr: &Expr, option: &str) -> Known<Vec<Ref>> {
        let mut found = Vec::new();
        match opened(&self.eval(expr)) {
            Value::List(items) => {
                for item in &items {
                    found.push(self.reference(expr, item, option)?);
                }
            }
            Value::Map(entries) => {
                for entry in entries.values() {
                    found.push(self.reference(expr, entry, option)?);
                }
            }
            Value::Null => {}
            one => found.push(self.reference(expr, &one, option)?),
        }
        Ok(found)
    }

    fn reference(&self, expr: &Expr, value: &Value, option: &str) -> Known<Ref> {
        match value {
            Value::Ref(it) => Ok(it.as_ref().clone()),
            Value::Unknown(it) => Err(it.clone()),
            other => {
                let message = format!("{option} must name a resource, not {}", word(other));
                Err(self.fail(&expr.span, message))
            }
        }
    }

    pub(super) fn try_eval(&self, expr: &Expr) -> Known<Value> {
        if self.inside.get() == INSIDE_MAX {
            let message = format!(
                "expressions are nested more than {INSIDE_MAX} levels deep, through variables"
            );
            return Err(self.fail(&expr.span, message));
        }
        self.inside.set(self.inside.get() + 1);
        let value = self.kind(expr);
        self.inside.set(self.inside.get() - 1);
        value
    }

    fn kind(&self, expr: &Expr) -> Known<Value> {
        match &expr.kind {
            ExprKind::Null => Ok(Value::Null),
            ExprKind::Bool(flag) => Ok(Value::Bool(*flag)),
            ExprKind::Number(number) => Ok(Value::Number(number.clone())),
            ExprKind::Text(text) => Ok(Value::String(text.clone())),
            ExprKind::Mixed(parts) => self.mixed(parts),
            ExprKind::Access(access) => self.access(access),
            ExprKind::List(items) => {
                Ok(Value::List(items.iter().map(|it| self.eval(it)).collect()))
            }
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Call(call) => {
                let value = builtin::call(self, &expr.span, call)?;
                self.bear(&expr.span, value)
            }
        }
    }

    /// The value, unless all of them together become too much.
    fn bear(&self, span: &Span, value: Value) -> Known<Value> {
        let (bytes, depth) = size(&value);
        self.spend(span, bytes)?;
        if depth > DEPTH_MAX {
            let message =
                format!("values are nested more than {DEPTH_MAX} levels deep, through variables");
            return Err(self.fail(span, message));
        }
        Ok(value)
    }

    /// Counts what is about to be made; said once when it is too much.
    pub(super) fn spend(&self, span: &Span, bytes: usize) -> Known<()> {
        let before = self.made.get();
        self.made.set(before.saturating_add(bytes));
        if self.made.get() <= BYTES_MAX {
            return Ok(());
        }
        let message = format!("the values of the program take more than {} MiB", BYTES_MAX >> 20);
        if before > BYTES_MAX {
            return Err(Unknown { from: message });
        }
        Err(self.fail(span, message))
    }

    /// Every part is evaluated, so that all that is wrong is said at once.
    fn mixed(&self, parts: &[Part]) -> Known<Value> {
        let mut text = String::new();
        let mut secret = false;
        let mut awaited = None;
        for part in parts {
            let access = match part {
                Part::Text(part) => {
                    text.push_str(part);
                    continue;
                }
                Part::Access(access) => access,
            };
            let value = self.access(access).unwrap_or_else(Value::Unknown);
            secret |= value.has_secret();
            if let Err(unknown) = self.append(&access.span, &value, &mut text) {
                awaited.get_or_insert(unknown);
            }
        }
        awaited.map_or_else(|| Ok(mark(Value::String(text), secret)), Err)
    }

    fn append(&self, span: &Span, value: &Value, text: &mut String) -> Known<()> {
        if let Some(unknown) = value.first_unknown() {
            return Err(unknown.clone());
        }
        open_text(value, text).map_err(|what| self.fail(span, format!("{what} cannot be in text")))
    }

    fn map(&self, entries: &[(Expr, Expr)]) -> Known<Value> {
        let mut map = Map::new();
        let mut secret = false;
        let mut awaited = None;
        for (key, value) in entries {
            let value = self.eval(value);
            match self.text(key, "an object's key") {
                Ok((key, hidden)) => {
                    secret |= hidden;
                    map.insert(key, value);
                }
                Err(unknown) => {
                    awaited.get_or_insert(unknown);
                }
            }
        }
        awaited.map_or_else(|| Ok(mark(Value::Map(map), secret)), Err)
    }

    /// What a `${}` names.
    pub fn access(&self, access: &Access) -> Known<Value> {
        let value = self.named(access)?;
        self.bear(&access.span, value)
    }

    fn named(&self, access: &Access) -> Known<Value> {
        let root = access.root.as_str();
        if root == "pulumi" {
            return self.builtin_variable(access);
        }
        if let Some(seen) = self.scope.resources.get(root) {
            return self.of_resource(&access.span, root, seen, &access.path);
        }
        if self.scope.program.resources.iter().any(|it| it.key.value == root) {
            return Err(Unknown { from: self.awaited_name(access) });
        }
        if let Some(value) = self.variable(root) {
            return self.walk(&access.span, &value, &access.path);
        }
        if let Some(value) = self.scope.config.get(root) {
            return self.walk(&access.span, value, &access.path);
        }
        let message = format!("resource, variable, or config value {root:?} not found");
        Err(self.fail(&access.span, message))
    }

    /// `vpc.id` for `${vpc.id}` and `vpc` for `${vpc}`, while `vpc` is not
    /// there yet.
    fn awaited_name(&self, access: &Access) -> String {
        match access.path.first() {
            Some(Accessor::Name(name) | Accessor::Key(name)) => format!("{}.{name}", access.root),
            _ => access.root.clone(),
        }
    }

    fn builtin_variable(&self, access: &Access) -> Known<Value> {
        let context = self.scope.context;
        let all = [
            ("cwd", &context.cwd),
            ("organization", &context.organization),
            ("project", &context.project),
            ("rootDirectory", &context.root_directory),
            ("stack", &context.stack),
        ];
        if let Some(Accessor::Name(name) | Accessor::Key(name)) = access.path.first()
            && !all.iter().any(|(known, _)| known == name)
        {
            let names: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
            let found = Diagnostic::error(&access.span, format!("`pulumi` has no {name:?}"));
            return Err(self.report(found.hint(format!("it has {}", names.join(", ")))));
        }
        let all = all.map(|(name, text)| (name.to_owned(), Value::String(text.clone())));
        self.walk(&access.span, &Value::Map(Map::from(all)), &access.path)
    }

    /// Evaluated at its first use, and once. `None` when there is no such
    /// variable.
    fn variable(&self, name: &str) -> Option<Rc<Value>> {
        if let Some(known) = self.variables.borrow().get(name) {
            return Some(Rc::clone(known));
        }
        let variable = self.scope.program.variables.iter().find(|it| it.name.value == name)?;
        // A circle, which the check before has reported, must end here.
        let itself = Rc::new(Value::unknown(name));
        self.variables.borrow_mut().insert(name.to_owned(), itself);

        let value = match &variable.value.kind {
            // Only here does a default provider apply: a call inside another
            // expression may be an input of that very provider.
            ExprKind::Call(call) if let Call::Invoke(invoke) = call.as_ref() => {
                let default = self.default_provider(&invoke.function.value);
                self.invoke(&variable.value.span, invoke, default)
            }
            _ => self.try_eval(&variable.value),
        };
        let value = Rc::new(value.unwrap_or_else(Value::Unknown));
        self.variables.borrow_mut().insert(name.to_owned(), Rc::clone(&value));
        Some(value)
    }

    fn of_resource(&self, span: &Span, key: &str, seen: &Seen, path: &[Accessor]) -> Known<Value> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(Value::Ref(Box::new(seen.reference.clone())));
        };
        let (Accessor::Name(name) | Accessor::Key(name)) = first else {
            let message = "cannot access a resource's property using an integer index";
            return Err(self.fail(span, message));
        };
        let output = seen.outputs.get(name);
        match (name.as_str(), output) {
            ("urn", _) => self.walk(span, &Value::string(&seen.reference.urn), rest),
            ("id", _) if !seen.reference.id.is_null() => self.walk(span, &seen.reference.id, rest),
            (_, Some(value)) => self.walk(span, value, rest),
            (_, None) if !seen.complete => Err(Unknown { from: format!("{key}.{name}") }),
            ("id", None) => {
                Err(self.fail(span, format!("resource {key:?} is a component, which has no id")))
            }
            (_, None) => self.walk(span, &Value::Null, rest),
        }
    }

    fn walk(&self, span: &Span, receiver: &Value, path: &[Accessor]) -> Known<Value> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(receiver.clone());
        };
        match (receiver, first) {
            (Value::Unknown(unknown), _) => Err(unknown.clone()),
            (Value::Secret(secret), _) => Ok(mark(self.walk(span, &secret.0, path)?, true)),
            (Value::Ref(it), _) => match self.seen(&it.urn) {
                Some((key, seen)) => self.of_resource(span, key, seen, path),
                None => self.of_stranger(span, it, first, rest),
            },
            (Value::List(items), Accessor::Index(index)) => {
                match usize::try_from(*index).ok().and_then(|it| items.get(it)) {
                    Some(item) => self.walk(span, item, rest),
                    None => Err(self.fail(
                        span,
                        format!(
                            "list index {index} out-of-bounds for list of length {}",
                            items.len()
                        ),
                    )),
                }
            }
            (Value::List(_), _) => {
                Err(self.fail(span, "cannot access a list element using a property name"))
            }
            (Value::Map(_), Accessor::Index(_)) => {
                Err(self.fail(span, "cannot access an object property using an integer index"))
            }
            (Value::Map(map), Accessor::Name(name) | Accessor::Key(name)) => {
                self.walk(span, map.get(name).unwrap_or(&Value::Null), rest)
            }
            (other, _) => {
                let message = format!("receiver must be a list or object, not {}", word(other));
                Err(self.fail(span, message))
            }
        }
    }

    /// A property of a resource that is not of this program: another stack
    /// may export one.
    fn of_stranger(
        &self,
        span: &Span,
        it: &Ref,
        first: &Accessor,
        rest: &[Accessor],
    ) -> Known<Value> {
        match first {
            Accessor::Name(name) | Accessor::Key(name) if name == "urn" => {
                self.walk(span, &Value::string(&it.urn), rest)
            }
            Accessor::Name(name) | Accessor::Key(name) if name == "id" => {
                self.walk(span, &it.id, rest)
            }
            _ => {
                let message = format!("only `id` and `urn` of {} are known here", it.urn);
                Err(self.fail(span, message))
            }
        }
    }

    /// The resource of a URN, with its key.
    pub(super) fn seen(&self, urn: &str) -> Option<(&'a str, &'a Seen)> {
        let resources = self.scope.resources;
        let (key, seen) = resources.iter().find(|(_, it)| it.reference.urn == urn)?;
        Some((key, seen))
    }

    /// The program's resource that `${key}` names, if the expression is just
    /// that: its name and type are known before the resource itself.
    pub(super) fn declared(&self, expr: &Expr) -> Option<&'a Resource> {
        let ExprKind::Access(access) = &expr.kind else { return None };
        let mut resources = self.scope.program.resources.iter();
        resources.find(|it| access.path.is_empty() && it.key.value == access.root)
    }

    pub(super) fn invoke(
        &self,
        span: &Span,
        invoke: &Invoke,
        default_provider: Option<&str>,
    ) -> Known<Value> {
        let arguments = invoke.arguments.as_ref().map_or(Value::Null, |it| self.eval(it));
        let provider = self.invoke_options(invoke, default_provider);
        if let Some(unknown) = arguments.first_unknown() {
            return Err(unknown.clone());
        }
        let arguments = self.argument_map(span, invoke, arguments)?;
        let question = Question::Invoke {
            token: invoke.function.value.clone(),
            arguments: arguments.to_state().to_string(),
            provider: provider?,
        };
        let result = self.ask(span, question, &invoke.function.value)?;
        let result = match &invoke.field {
            Some(field) => {
                if !matches!(result.bare(), Value::Map(_)) {
                    let message = format!(
                        "{} returns a single value, which has no property {:?}",
                        invoke.function.value, field.value
                    );
                    return Err(self.fail(&field.span, message));
                }
                self.walk(&field.span, &result, &[Accessor::Key(field.value.clone())])?
            }
            None => result,
        };
        Ok(mark(result, arguments.has_secret()))
    }

    fn argument_map(&self, span: &Span, invoke: &Invoke, arguments: Value) -> Known<Value> {
        match arguments.bare() {
            Value::Map(_) => Ok(arguments),
            Value::Null => Ok(Value::Map(Map::new())),
            other => {
                let span = invoke.arguments.as_ref().map_or(span, |it| &it.span);
                let message = format!(
                    "the arguments of {} must be an object, not {}",
                    invoke.function.value,
                    word(other)
                );
                Err(self.fail(span, message))
            }
        }
    }

    /// The URN of the provider to ask, once all that the call depends on is
    /// there.
    fn invoke_options(&self, invoke: &Invoke, default: Option<&str>) -> Known<Option<String>> {
        let options = &invoke.options;
        for (name, option) in [("dependsOn", &options.depends_on), ("parent", &options.parent)] {
            if let Some(expr) = option {
                for it in self.references(expr, name)? {
                    self.complete(&it.urn)?;
                }
            }
        }
        let Some(expr) = &options.provider else {
            let Some(key) = default else { return Ok(None) };
            let seen = self.scope.resources.get(key);
            let seen = seen.ok_or_else(|| Unknown { from: key.to_owned() })?;
            self.complete(&seen.reference.urn)?;
            return Ok(Some(seen.reference.urn.clone()));
        };
        let providers = self.references(expr, "provider")?;
        let [it] = providers.as_slice() else {
            return Err(self.fail(&expr.span, "provider must name one resource"));
        };
        if !Urn(it.urn.clone()).token().starts_with(PROVIDERS) {
            let message = format!("provider must name a provider resource, not {}", it.urn);
            return Err(self.fail(&expr.span, message));
        }
        self.complete(&it.urn)?;
        Ok(Some(it.urn.clone()))
    }

    fn complete(&self, urn: &str) -> Known<()> {
        match self.seen(urn) {
            Some((_, seen)) if seen.complete => Ok(()),
            Some((key, _)) => Err(Unknown { from: key.to_owned() }),
            None => Err(Unknown { from: urn.to_owned() }),
        }
    }

    /// The key of the package's provider resource with `defaultProvider`.
    fn default_provider(&self, function: &str) -> Option<&'a str> {
        let package = function.split(':').next()?;
        let of_package =
            |it: &&Resource| it.token.value.strip_prefix(PROVIDERS).is_some_and(|it| it == package);
        let mut providers = self.scope.program.resources.iter().filter(of_package);
        providers.find(|it| it.default_provider).map(|it| it.key.value.as_str())
    }

    /// The answer, or the question among the open ones.
    pub(super) fn ask(&self, span: &Span, question: Question, from: &str) -> Known<Value> {
        match self.scope.answers.get(&question) {
            Some(Ok(answer)) => Ok(answer.clone()),
            Some(Err(message)) => Err(self.fail(span, message)),
            None => {
                let mut open = self.open.borrow_mut();
                if !open.contains(&question) {
                    open.push(question);
                }
                Err(Unknown { from: from.to_owned() })
            }
        }
    }

    /// A text, and whether it is secret. A resource stands for its id.
    pub(super) fn text(&self, expr: &Expr, what: &str) -> Known<(String, bool)> {
        self.text_of(expr, &self.try_eval(expr)?, what)
    }

    pub(super) fn text_of(&self, expr: &Expr, value: &Value, what: &str) -> Known<(String, bool)> {
        if let Some(unknown) = value.first_unknown() {
            return Err(unknown.clone());
        }
        let secret = value.has_secret();
        match opened(value) {
            Value::String(text) => Ok((text, secret)),
            Value::Ref(it) => {
                let id = it.id.as_str().unwrap_or(&it.urn);
                Ok((id.to_owned(), secret))
            }
            other => {
                let message = format!("{what} must be a string, not {}", word(&other));
                Err(self.fail(&expr.span, message))
            }
        }
    }

    pub(super) fn fail(&self, span: &Span, message: impl Into<String>) -> Unknown {
        self.report(Diagnostic::error(span, message))
    }

    fn report(&self, found: Diagnostic) -> Unknown {
        let from = match &found.span {
            Some(span) => format!("the failed expression at {}:{}", span.file, span.line),
            None => "a failed expression".to_owned(),
        };
        self.errors.borrow_mut().push(found);
        Unknown { from }
    }
}
