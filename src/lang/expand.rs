//! Components, repetition and conditions: a program that has none of them from
//! one that does. What comes out is an ordinary program, in which every
//! resource and variable of a component has a name of its own; spans stay those
//! of the files.
//!
//! ```text
//! net           a component, kept as the parent of its parts
//! net/vpc       a resource or variable of it
//! net/cidr      what it was given for an input
//! net.vpcId     what it answers for an output
//! subnet[a]     one copy of a resource with `forEach`
//! ```
//!
//! How many copies there are, and what is left out, must follow from the
//! configuration: a plan whose number of resources depends on an answer from
//! AWS could not be read before it is run.

mod copies;
mod rewrite;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Catalog,
    ast::{Access, Call, Component, Expr, ExprKind, Options, Output, Program, Resource, Rollout},
    ast::{Span, Spanned, Stray, Variable},
    check, config,
    diag::{Diagnostic, Severity},
    eval::{Answers, Context, Evaluator, Scope},
    nearest,
    providers::package,
};
use crate::model::{
    Map, Schema, Value,
    schema::{Object, Property, Type},
};
use copies::{Copy, EACH, Each, Shape};

/// More than this is a mistake: components in components multiply.
const RESOURCES_MAX: usize = 10_000;

/// All that decides what a program becomes.
pub struct Given<'a> {
    pub program: &'a Program,
    pub components: &'a [Component],
    pub catalog: &'a dyn Catalog,
    pub context: &'a Context,
    pub config: &'a Map,
}

/// The program without components and repetition, checked. Every component's
/// own mistakes are found once, whether it is used or not.
pub fn checked(given: &Given<'_>, found: &mut Vec<Diagnostic>) -> Program {
    let mut flat = program(given, found);
    let names = given.config.keys().cloned().collect();
    let before = found.clone();
    check::program(&mut flat, given.catalog, &names, found);
    let files: BTreeSet<_> = given.components.iter().map(|it| &*it.span.file).collect();
    let in_component =
        |it: &Diagnostic| it.span.as_ref().is_some_and(|it| files.contains(&*it.file));
    found.retain(|it| before.contains(it) || !(in_component(it) && said(&before, it)));
    flat
}

fn program(given: &Given<'_>, found: &mut Vec<Diagnostic>) -> Program {
    let program = given.program;
    let repeats = |it: &Resource| {
        it.options.for_each.is_some() || it.options.when.is_some() || it.options.unless.is_some()
    };
    if given.components.is_empty() && !program.resources.iter().any(repeats) {
        return program.clone();
    }
    for component in given.components {
        definition(given, component, found);
    }
    let mut expander = Expander::new(given, false, found);
    let place = expander.enter(Place::program(program, given.config.clone()));
    expander.flat.outputs = expander.outputs(&place);
    expander.flat.rollouts = expander.rollouts(&place);
    expander.finish()
}

/// Whether something was said of the place already.
fn said(before: &[Diagnostic], it: &Diagnostic) -> bool {
    before.iter().any(|other| other.severity == it.severity && other.span == it.span)
}

/// A component by itself: its inputs are of their types, and not known.
fn definition(given: &Given<'_>, component: &Component, found: &mut Vec<Diagnostic>) {
    let mut expander = Expander::new(given, true, found);
    let mut place = Place::program(&component.body, Map::new());
    for input in &component.inputs {
        let unknown = Expr { span: input.span.clone(), kind: ExprKind::Null };
        place.values.insert(input.key.clone(), Value::unknown(&input.key));
        expander.input(&input.key, input, unknown);
        if let Some(default) = &input.default {
            expander.constant(default);
        }
    }
    let place = expander.enter(place);
    expander.flat.outputs = expander.outputs(&place);
    let mut program = expander.finish();
    let mut all = found.clone();
    check::program(&mut program, given.catalog, &BTreeSet::new(), &mut all);
    all.retain(|it| !said(found, it));
    found.append(&mut all);
}

struct Expander<'a> {
    given: &'a Given<'a>,
    found: &'a mut Vec<Diagnostic>,
    flat: Program,
    /// Of each component in the program, the keys of all its parts.
    parts: BTreeMap<String, Vec<String>>,
    /// The components that are being expanded, each inside the one before.
    open: Vec<String>,
    /// A component by itself, whose inputs are not known: one copy stands for
    /// all, and nothing is left out.
    alone: bool,
}

/// One namespace: the program's, or that of one use of a component.
struct Place<'a> {
    body: &'a Program,
    /// Of keys: `net/`
    prefix: String,
    /// Of names: `net-`
    name: String,
    /// The use of the component.
    owner: Option<Owner>,
    /// What is known before anything runs: configuration or inputs.
    values: Map,
    shapes: BTreeMap<&'a str, Shape<'a>>,
}

/// The use of a component, for its parts.
#[derive(Clone)]
struct Owner {
    /// The keys of the components around, the outermost first.
    keys: Vec<String>,
    parent: Expr,
    folder: String,
    inputs: BTreeSet<String>,
    depends_on: Vec<Expr>,
    retain_on_delete: bool,
    deleted_with: Option<Expr>,
    /// By package.
    providers: BTreeMap<String, Expr>,
}

impl<'a> Place<'a> {
    fn program(body: &'a Program, values: Map) -> Self {
        let (prefix, name) = (String::new(), String::new());
        Self { body, prefix, name, owner: None, values, shapes: BTreeMap::new() }
    }
}

impl<'a> Expander<'a> {
    fn new(given: &'a Given<'a>, alone: bool, found: &'a mut Vec<Diagnostic>) -> Self {
        let flat = Program { name: given.program.name.clone(), ..Program::default() };
        Self { given, found, flat, parts: BTreeMap::new(), open: Vec::new(), alone }
    }

    fn error(&mut self, span: &Span, message: impl Into<String>, hint: Option<String>) {
        let found = Diagnostic { hint, ..Diagnostic::error(span, message) };
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    /// All of a namespace, components inside of it too.
    fn enter(&mut self, mut place: Place<'a>) -> Place<'a> {
        let body = place.body;
        for resource in &body.resources {
            let shape = self.shape(&place, resource);
            place.shapes.insert(&resource.key.value, shape);
        }
        for variable in &body.variables {
            let mut value = variable.value.clone();
            self.rewrite(&place, None, &mut value);
            self.variable(
                format!("{}{}", place.prefix, variable.name.value),
                &variable.name,
                value,
            );
        }
        for version in &body.required_versions {
            let mut version = version.clone();
            self.rewrite(&place, None, &mut version);
            self.flat.required_versions.push(version);
        }
        for resource in &body.resources {
            let copies = place.shapes[resource.key.value.as_str()].copies.clone();
            let component = place.shapes[resource.key.value.as_str()].component;
            for copy in copies.iter().filter(|it| it.present) {
                match component {
                    Some(component) => self.component(&place, resource, component, copy),
                    None => self.resource(&place, resource, copy),
                }
            }
        }
        place
    }

    fn outputs(&mut self, place: &Place<'a>) -> Vec<Output> {
        let mut outputs = place.body.outputs.clone();
        for output in &mut outputs {
            self.rewrite(place, None, &mut output.value);
        }
        outputs
    }

    fn rollouts(&mut self, place: &Place<'a>) -> Vec<Rollout> {
        let mut rollouts = place.body.rollouts.clone();
        for rollout in &mut rollouts {
            self.rewrite(place, None, &mut rollout.value);
        }
        rollouts
    }

    fn variable(&mut self, key: String, name: &Spanned<String>, value: Expr) {
        let name = Spanned { span: name.span.clone(), value: key };
        self.flat.variables.push(Variable { name, value });
    }

    /// A resource of the program, with the names and options that it has there.
    fn resource(&mut self, place: &Place<'a>, resource: &Resource, copy: &Copy) {
        let each = self.each(place, resource, copy);
        let each = each.as_deref();
        let mut flat = self.named(place, resource, copy);
        if self.in_package(resource).next().is_some() {
            // That there is no such component has been reported.
            flat.token.value.clear();
        }
        self.rewrite(place, each, &mut flat.properties);
        if let Some(get) = &mut flat.get {
            self.rewrite(place, each, &mut get.id);
            get.state.iter_mut().for_each(|it| self.rewrite(place, each, it));
        }
        self.options(place, each, &resource.token.value, &mut flat.options);
        if flat.default_provider && place.owner.is_some() {
            let message = "a component has no default provider";
            let hint = "name it with the option `provider` of its resources".to_owned();
            self.error(&resource.key.span, message, Some(hint));
        }
        self.push(place, resource, flat);
    }

    fn named(&self, place: &Place<'a>, resource: &Resource, copy: &Copy) -> Resource {
        let mut flat = resource.clone();
        flat.key.value = format!("{}{}{}", place.prefix, resource.key.value, copy.in_key());
        flat.name = format!("{}{}{}", place.name, resource.name, copy.in_name());
        flat
    }

    fn push(&mut self, place: &Place<'a>, resource: &Resource, flat: Resource) {
        if self.flat.resources.len() == RESOURCES_MAX {
            let message = format!("components and copies make more than {RESOURCES_MAX} resources");
            return self.error(&resource.key.span, message, None);
        }
        let strays = place.body.strays.iter().filter(|it| it.resource == resource.key.value);
        let stray = |it: &Stray| Stray { resource: flat.key.value.clone(), key: it.key.clone() };
        self.flat.strays.extend(strays.map(stray));
        for owner in place.owner.iter().flat_map(|it| &it.keys) {
            self.parts.entry(owner.clone()).or_default().push(flat.key.value.clone());
        }
        self.flat.resources.push(flat);
    }

    /// Options in the program's names, with what a component hands on.
    fn options(
        &mut self,
        place: &Place<'a>,
        each: Option<&str>,
        token: &str,
        options: &mut Options,
    ) {
        (options.for_each, options.when, options.unless) = (None, None, None);
        // Without it the resource would be another one, or elsewhere.
        let vital = [&options.parent, &options.provider, &options.providers];
        let vital: Vec<Expr> = vital.into_iter().flatten().cloned().collect();
        vital.iter().for_each(|it| self.refuse_left_out(place, each, it));
        for expr in options.expressions_mut() {
            self.rewrite(place, each, expr);
        }
        let Some(owner) = &place.owner else { return };
        options.parent.get_or_insert_with(|| owner.parent.clone());
        options.retain_on_delete |= owner.retain_on_delete;
        if options.deleted_with.is_none() {
            options.deleted_with.clone_from(&owner.deleted_with);
        }
        if options.provider.is_none() {
            options.provider = owner.providers.get(package(token)).cloned();
        }
        if !owner.depends_on.is_empty() {
            let own = options.depends_on.take();
            let span = own.as_ref().map_or_else(|| owner.parent.span.clone(), |it| it.span.clone());
            let items = own.into_iter().chain(owner.depends_on.iter().cloned()).collect();
            options.depends_on = Some(Expr { span, kind: ExprKind::List(items) });
        }
    }

    /// One use of a component: itself, what it was given, and its parts.
    fn component(
        &mut self,
        place: &Place<'a>,
        resource: &Resource,
        component: &'a Component,
        copy: &Copy,
    ) {
        if self.open.contains(&component.token) {
            let message = format!("the component `{}` contains itself", component.token);
            return self.error(&resource.token.span, message, None);
        }
        self.refuse_options(resource);
        let each = self.each(place, resource, copy);
        let each = each.as_deref();
        let mut flat = self.named(place, resource, copy);
        flat.token.value.clone_from(&component.token);
        let known = self.known_inputs(place, resource, component, copy);
        self.rewrite(place, each, &mut flat.properties);
        self.options(place, each, &resource.token.value, &mut flat.options);
        let key = flat.key.value.clone();
        let given: BTreeMap<String, Expr> = match &flat.properties.kind {
            ExprKind::Map(entries) => entries
                .iter()
                .filter_map(|(name, value)| {
                    let ExprKind::Text(name) = &name.kind else { return None };
                    Some((name.clone(), value.clone()))
                })
                .collect(),
            _ => {
                let message = "what a component is given must be written out as a mapping";
                self.error(&flat.properties.span, message, None);
                flat.properties.kind = ExprKind::Map(Vec::new());
                BTreeMap::new()
            }
        };
        for input in &component.inputs {
            let null = Expr { span: resource.key.span.clone(), kind: ExprKind::Null };
            let given = given.get(&input.key).filter(|it| !matches!(it.kind, ExprKind::Null));
            let value = given.or(input.default.as_ref()).cloned().unwrap_or(null);
            self.input(&format!("{key}/{}", input.key), input, value);
        }
        if self.flat.components.iter().all(|it| it.token != component.token) {
            self.flat.components.push(schema(component));
        }
        let owner = self.owner(place, &flat, component);
        let inside = Place {
            body: &component.body,
            prefix: format!("{key}/"),
            name: format!("{}-", flat.name),
            owner: Some(owner),
            values: known,
            shapes: BTreeMap::new(),
        };
        self.push(place, resource, flat);
        if self.flat.resources.len() == RESOURCES_MAX {
            return;
        }
        self.open.push(component.token.clone());
        let inside = self.enter(inside);
        self.open.pop();
        for output in self.outputs(&inside) {
            self.variable(format!("{key}.{}", output.name.value), &output.name, output.value);
        }
    }

    fn owner(&self, place: &Place<'a>, flat: &Resource, component: &Component) -> Owner {
        let span = flat.key.span.clone();
        let access = Access { span: span.clone(), root: flat.key.value.clone(), path: Vec::new() };
        let around = place.owner.as_ref();
        let mut keys = around.map(|it| it.keys.clone()).unwrap_or_default();
        keys.push(flat.key.value.clone());
        let mut providers = around.map(|it| it.providers.clone()).unwrap_or_default();
        let named = [&flat.options.providers, &flat.options.provider].into_iter().flatten();
        for expr in named.flat_map(rewrite::items) {
            if let Some(package) = self.provided(place, expr) {
                providers.insert(package, expr.clone());
            }
        }
        Owner {
            keys,
            parent: Expr { span, kind: ExprKind::Access(access) },
            folder: component.folder.clone(),
            inputs: component.inputs.iter().map(|it| it.key.clone()).collect(),
            depends_on: flat.options.depends_on.iter().cloned().collect(),
            retain_on_delete: flat.options.retain_on_delete,
            deleted_with: flat.options.deleted_with.clone(),
            providers,
        }
    }

    /// The package that `${provider}` provides for, wherever it is declared.
    fn provided(&self, place: &Place<'a>, expr: &Expr) -> Option<String> {
        let ExprKind::Access(Access { root, path, .. }) = &expr.kind else { return None };
        let own = root.strip_prefix(&place.prefix);
        let here = place.body.resources.iter().find(|it| Some(it.key.value.as_str()) == own);
        let known = self.flat.resources.iter().find(|it| it.key.value == *root);
        let provider = known.or(here).filter(|_| path.is_empty())?;
        let token = provider.token.value.to_lowercase();
        token.strip_prefix(super::providers::PROVIDER_PREFIX).map(str::to_owned)
    }

    /// What means something only for a thing that a provider makes.
    fn refuse_options(&mut self, resource: &Resource) {
        let options = &resource.options;
        let idle = [
            ("additionalSecretOutputs", !options.additional_secret_outputs.is_empty()),
            ("customTimeouts", options.custom_timeouts.is_some()),
            ("deleteBeforeReplace", options.delete_before_replace.is_some()),
            ("envVarMappings", options.env_var_mappings.is_some()),
            ("hideDiffs", !options.hide_diffs.is_empty()),
            ("ignoreChanges", !options.ignore_changes.is_empty()),
            ("pluginDownloadURL", options.plugin_download_url.is_some()),
            ("replaceOnChanges", !options.replace_on_changes.is_empty()),
            ("replaceWith", options.replace_with.is_some()),
            ("replacementTrigger", options.replacement_trigger.is_some()),
            ("version", options.version.is_some()),
        ];
        for (name, _) in idle.iter().filter(|(_, given)| *given) {
            let message = format!("`{name}` has no effect on a component");
            let warning = Diagnostic::warning(&resource.key.span, message);
            self.found.push(warning.hint("give it to the resources inside"));
        }
        if options.import.is_some() || resource.get.is_some() {
            let message = "a component is nothing in AWS: it can be neither imported nor read";
            self.error(&resource.key.span, message, None);
        }
    }

    /// A variable that holds what a component was given.
    fn input(&mut self, key: &str, input: &config::Declared, value: Expr) {
        let span = value.span.clone();
        let name = input.key.clone();
        let call = Call::Input { name, ty: type_of(input), value };
        let mut value = Expr { span: span.clone(), kind: ExprKind::Call(Box::new(call)) };
        if input.secret == Some(true) {
            value = Expr { span, kind: ExprKind::Call(Box::new(Call::Secret(value))) };
        }
        let name = Spanned { span: input.span.clone(), value: key.to_owned() };
        self.flat.variables.push(Variable { name, value });
    }

    /// What a component's inputs are, as far as that is known already.
    fn known_inputs(
        &mut self,
        place: &Place<'a>,
        resource: &Resource,
        component: &Component,
        copy: &Copy,
    ) -> Map {
        let entries = match &resource.properties.kind {
            ExprKind::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        let mut known = Map::new();
        for input in &component.inputs {
            let is_it = |key: &Expr| matches!(&key.kind, ExprKind::Text(it) if *it == input.key);
            let given = entries.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value);
            let value = match (given, &input.default) {
                (Some(given), _) if !matches!(given.kind, ExprKind::Null) => {
                    self.evaluate(place, Some(copy), given).0
                }
                (_, Some(default)) => self.constant(default),
                _ => Value::Null,
            };
            let ty = type_of(input);
            let value = ty.and_then(|it| it.take(&value)).unwrap_or(value);
            known.insert(input.key.clone(), value);
        }
        known
    }

    /// A default, which can name nothing.
    fn constant(&mut self, expr: &Expr) -> Value {
        let nothing = Program::default();
        let place = Place::program(&nothing, Map::new());
        let (value, mistakes) = self.evaluate(&place, None, expr);
        for it in mistakes {
            if !self.found.contains(&it) {
                self.found.push(it);
            }
        }
        value
    }

    /// A value, as far as it is known before anything runs, and the mistakes in
    /// it.
    fn evaluate(
        &self,
        place: &Place<'a>,
        copy: Option<&Copy>,
        expr: &Expr,
    ) -> (Value, Vec<Diagnostic>) {
        let mut values = place.values.clone();
        if let Some(Each { value, key, .. }) = copy.and_then(|it| it.each.as_ref()) {
            let each = Map::from([
                ("key".to_owned(), Value::string(key)),
                ("value".to_owned(), value.clone()),
            ]);
            values.insert(EACH.to_owned(), Value::Map(each));
        }
        let (resources, mut answers) = (BTreeMap::new(), Answers::new());
        loop {
            let evaluator = Evaluator::new(Scope {
                program: place.body,
                context: self.given.context,
                config: &values,
                resources: &resources,
                answers: &answers,
            });
            let value = evaluator.eval(expr);
            let catalog = self.given.catalog;
            let open = evaluator.open.take().into_iter();
            let more = open.filter_map(|it| catalog.at_once(&it).map(|answer| (it, answer)));
            let more: Answers = more.collect();
            let mistakes = evaluator.errors.take();
            if more.is_empty() {
                return (value, mistakes);
            }
            answers.extend(more);
        }
    }

    /// `dependsOn` of a component means all that is in it.
    fn finish(self) -> Program {
        let Self { mut flat, parts, .. } = self;
        for resource in &mut flat.resources {
            if let Some(depends_on) = &mut resource.options.depends_on {
                rewrite::spread(depends_on, &parts);
            }
        }
        flat
    }
}

fn type_of(input: &config::Declared) -> Option<config::Type> {
    input.ty.clone().or_else(|| match &input.default.as_ref()?.kind {
        ExprKind::Bool(_) => Some(config::Type::Boolean),
        ExprKind::Number(_) => Some(config::Type::Number),
        ExprKind::Text(_) | ExprKind::Mixed(_) => Some(config::Type::String),
        ExprKind::Map(_) => Some(config::Type::Object),
        _ => None,
    })
}

/// What the checker knows of a component.
pub fn schema(component: &Component) -> Schema {
    fn ty(of: &config::Type) -> Type {
        match of {
            config::Type::String => Type::String { allowed: Vec::new(), format: None },
            config::Type::Integer => Type::Integer,
            config::Type::Number => Type::Number,
            config::Type::Boolean => Type::Bool,
            config::Type::Object => Type::Map(Box::new(Type::Any)),
            config::Type::Array(item) => Type::List(Box::new(ty(item))),
        }
    }
    let inputs = component.inputs.iter().map(|it| {
        let property = Property {
            required: it.default.is_none(),
            secret: it.secret == Some(true),
            doc: it.description.clone().unwrap_or_default(),
            ..Property::of(type_of(it).map_or(Type::Any, |it| ty(&it)))
        };
        (it.key.clone(), property)
    });
    let outputs = component.body.outputs.iter();
    let outputs = outputs.map(|it| (it.name.value.clone(), Property::of(Type::Any)));
    Schema {
        token: component.token.clone(),
        inputs: Object { properties: inputs.collect() },
        outputs: Object { properties: outputs.collect() },
        types: BTreeMap::new(),
        refused: BTreeMap::new(),
    }
}
