//! Program, state and live AWS to a plan. Pure: what is not known yet it asks
//! for (`Wanted`), and is run again when that is answered.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    diff::{self, Sides},
    govern, graph,
    inputs::{self, NameFrom, Shaped, Shaping},
    path, steps,
};
use crate::{
    lang::{
        ast::{self, Program, Span},
        diag::Diagnostic,
        eval::{Answers, Context, Evaluator, Question, Scope, Seen},
    },
    model::{
        Governed, Map, Op, Plan, ResourceState, Snapshot, Urn, Value,
        plan::Detail,
        stack::{Meta, Phase},
        value::Ref,
    },
    provider::{AnyResource, Place, Registry, Settings},
};

/// What a plan is made from.
pub struct Inquiry<'a> {
    pub program: &'a Program,
    /// Per resource key, the keys it depends on.
    pub dependencies: &'a BTreeMap<String, BTreeSet<String>>,
    pub context: &'a Context,
    pub config: &'a Map,
    /// The default provider's.
    pub settings: &'a Settings,
    pub shaping: &'a Shaping<'a>,
    pub snapshot: &'a Snapshot,
    pub registry: &'a Registry,
    pub facts: &'a Facts,
    pub now: Now<'a>,
    pub targets: &'a Targets,
    pub governed: &'a [Governed],
    /// The stack's outputs as they were.
    pub outputs: &'a [(String, Value)],
    /// Only to be looked at: what other stacks do not have yet is unknown.
    pub preview: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    pub unix: i64,
    /// RFC 3339.
    pub text: &'a str,
}

/// What has been found out about the world.
#[derive(Default)]
pub struct Facts {
    pub answers: Answers,
    pub places: BTreeMap<Settings, Result<Place, String>>,
    /// By birth operation: the live resource, or that it is gone. Absent when
    /// it was not read.
    pub live: BTreeMap<String, Option<Value>>,
    pub looked: BTreeMap<Look, Result<Option<Value>, String>>,
}

/// A resource to read that is not in the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Look {
    pub token: String,
    pub id: String,
    pub settings: Settings,
}

/// What must be found out before the plan is whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    Answer(Question, Settings),
    Place(Settings),
    Look(Look),
}

/// What the user limited the run to. Patterns are URNs in which `*` stands
/// for anything but `:` and `**` for anything.
#[derive(Clone, Debug, Default)]
pub struct Targets {
    pub only: Vec<String>,
    pub exclude: Vec<String>,
    pub replace: Vec<String>,
    /// `destroy` of protected resources is refused unless this is set.
    pub ignore_protect: bool,
}

impl Targets {
    pub fn include(&self, urn: &Urn) -> bool {
        let any = |all: &[String]| all.iter().any(|it| matches_urn(it, urn.as_str()));
        (self.only.is_empty() || any(&self.only)) && !any(&self.exclude)
    }

    fn replaces(&self, urn: &Urn) -> bool {
        self.replace.iter().any(|it| matches_urn(it, urn.as_str()))
    }
}

fn matches_urn(pattern: &str, urn: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**") {
        return urn.char_indices().any(|(at, _)| matches_urn(rest, &urn[at..]))
            || matches_urn(rest, "");
    }
    if let Some(rest) = pattern.strip_prefix('*') {
        let stop = urn.find(':').unwrap_or(urn.len());
        return (0..=stop)
            .filter(|at| urn.is_char_boundary(*at))
            .any(|at| matches_urn(rest, &urn[at..]));
    }
    match (pattern.chars().next(), urn.chars().next()) {
        (None, None) => true,
        (Some(want), Some(letter)) if want == letter => {
            matches_urn(&pattern[want.len_utf8()..], &urn[letter.len_utf8()..])
        }
        _ => false,
    }
}

/// The plan, or what it still lacks.
#[derive(Default)]
pub struct Planned {
    pub plan: Plan,
    pub wants: Vec<Wanted>,
    pub diagnostics: Vec<Diagnostic>,
    /// Every resource as expressions see it before the first step.
    pub seen: BTreeMap<String, Seen>,
    /// The clients that each resource of the program uses, by key.
    pub settings: BTreeMap<String, Settings>,
    /// The settings of explicit providers, by URN.
    pub providers: BTreeMap<Urn, Settings>,
    /// The clients that each step uses.
    pub clients: Vec<Settings>,
}

/// One resource of the program, decided.
pub(super) struct Item<'a> {
    pub key: String,
    pub urn: Urn,
    pub kind: &'a dyn AnyResource,
    pub previous: Option<&'a ResourceState>,
    pub op: Op,
    /// The state's entry is of something that AWS no longer has.
    pub vanished: bool,
    /// It has an id but has not been seen ready.
    pub unsettled: bool,
    pub inputs: Value,
    pub named: Vec<(String, Value)>,
    /// Properties that a shift governs.
    pub governed: Vec<String>,
    pub details: Vec<Detail>,
    /// Paths whose changes are not shown (`hideDiffs`).
    pub hidden: &'a [String],
    pub because: Vec<String>,
    pub notes: Vec<String>,
    pub meta: Meta,
    /// By package, what its children use.
    pub providers: BTreeMap<String, Urn>,
    pub import: Option<String>,
    pub recorded: bool,
    pub span: Span,
    pub depends: BTreeSet<String>,
}

pub fn plan(inquiry: &Inquiry<'_>) -> Planned {
    let mut planner = Planner { inquiry, items: Vec::new(), out: Planned::default() };
    planner.resources();
    planner.check_targets();
    let Planner { items, mut out, .. } = planner;
    steps::build(inquiry, items, &mut out);
    outputs(inquiry, &mut out);
    out.diagnostics.dedup();
    out
}

struct Planner<'a> {
    inquiry: &'a Inquiry<'a>,
    items: Vec<Item<'a>>,
    out: Planned,
}

impl<'a> Planner<'a> {
    fn resources(&mut self) {
        let program = self.inquiry.program;
        let place: BTreeMap<&str, usize> =
            program.resources.iter().enumerate().map(|(at, it)| (&*it.key.value, at)).collect();
        let needs = self.inquiry.dependencies.iter().filter_map(|(key, needed)| {
            let at = *place.get(&**key)?;
            Some((at, needed.iter().filter_map(|it| place.get(&**it).copied()).collect()))
        });
        // A cycle was reported when the program was checked.
        let Ok(order) = graph::order(program.resources.len(), &needs.collect()) else { return };
        for at in order {
            self.resource(&program.resources[at]);
        }
    }

    fn evaluate(
        &mut self,
        settings: &Settings,
        what: impl FnOnce(&Evaluator<'_>) -> Value,
    ) -> Value {
        let evaluator = Evaluator::new(Scope {
            program: self.inquiry.program,
            context: self.inquiry.context,
            config: self.inquiry.config,
            resources: &self.out.seen,
            answers: &self.inquiry.facts.answers,
        });
        let value = what(&evaluator);
        let open = evaluator.open.take();
        let errors = evaluator.errors.take();
        for question in open {
            let settings = settings_for(&question, settings, &self.out.providers);
            self.want(Wanted::Answer(question, settings));
        }
        for error in errors {
            if !self.out.diagnostics.contains(&error) {
                self.out.diagnostics.push(error);
            }
        }
        value
    }

    fn want(&mut self, wanted: Wanted) {
        if !self.out.wants.contains(&wanted) {
            self.out.wants.push(wanted);
        }
    }

    fn wrong(&mut self, span: &Span, message: impl Into<String>) {
        self.out.diagnostics.push(Diagnostic::error(span, message));
    }

    fn resource(&mut self, decl: &'a ast::Resource) {
        let defaults = self.default_settings();
        let options = self.options(decl, &defaults);
        let urn = Urn::new(
            &self.inquiry.context.stack,
            &self.inquiry.context.project,
            options.parent.as_ref(),
            &decl.token.value,
            &decl.name,
        );
        if self.items.iter().any(|it| it.urn == urn) {
            return self.wrong(
                &decl.key.span,
                format!("another resource has the URN `{urn}`; give one of them another `name`"),
            );
        }
        let provider = options.provider.clone();
        let base = match &provider {
            Some(urn) => self.out.providers.get(urn).cloned().unwrap_or_else(|| defaults.clone()),
            None => defaults.clone(),
        };
        let properties = self.evaluate(&base, |it| it.eval(&decl.properties));
        let properties = self.mapped(decl, &base, properties);
        let region = properties.get("region").and_then(Value::as_str);
        let settings = base.in_region(region);
        self.out.settings.insert(decl.key.value.clone(), settings.clone());
        if decl.token.value == "pulumi:pulumi:StackReference" {
            return self.stack_reference(decl, &urn, &properties, &settings);
        }
        let Some(kind) = self.inquiry.registry.resource(&decl.token.value) else {
            // Reported when the program was checked.
            return;
        };
        if let Some(get) = &decl.get {
            return self.get(decl, kind, &urn, get, &settings);
        }
        self.managed(decl, kind, urn, &properties, &settings, options);
    }

    /// What a provider takes from variables of other names.
    fn mapped(&mut self, decl: &ast::Resource, settings: &Settings, properties: Value) -> Value {
        let Some(mappings) = &decl.options.env_var_mappings else { return properties };
        if !decl.token.value.starts_with("pulumi:providers:") {
            return properties;
        }
        let value = self.evaluate(settings, |it| it.eval(mappings));
        let names: Vec<&str> = inputs::VARIABLES.iter().map(|(name, _)| *name).collect();
        for theirs in value.as_map().into_iter().flat_map(Map::values) {
            if theirs.as_str().is_none_or(|it| !names.contains(&it)) {
                let message =
                    format!("`envVarMappings` can stand for these only: {}", names.join(", "));
                self.wrong(&mappings.span, message);
            }
        }
        inputs::from_environment(properties, &value, self.inquiry.shaping.environment)
    }

    /// The provider that resources without one of their own use.
    fn default_settings(&self) -> Settings {
        let chosen = self.inquiry.program.resources.iter().find(|it| it.default_provider);
        let urn =
            chosen.and_then(|it| self.out.seen.get(&it.key.value)).map(|it| &it.reference.urn);
        urn.and_then(|urn| self.out.providers.get(&Urn(urn.clone())))
            .unwrap_or(self.inquiry.settings)
            .clone()
    }

    fn options(&mut self, decl: &ast::Resource, settings: &Settings) -> Options {
        let given = &decl.options;
        let parent = given.parent.as_ref().map(|it| self.evaluate(settings, |to| to.eval(it)));
        let parent = parent.as_ref().and_then(urn_of);
        let own = given.providers.as_ref().map(|it| self.evaluate(settings, |to| to.eval(it)));
        let inherited = parent.as_ref().and_then(|urn| self.items.iter().find(|it| it.urn == *urn));
        let mut providers = inherited.map(|it| it.providers.clone()).unwrap_or_default();
        if let Some(own) = &own {
            let items: Vec<&Value> = match own.bare() {
                Value::List(list) => list.iter().collect(),
                Value::Map(map) => map.values().collect(),
                one => vec![one],
            };
            providers.extend(items.into_iter().filter_map(urn_of).filter_map(|urn| {
                let token = urn.token().strip_prefix("pulumi:providers:")?;
                Some((token.to_owned(), urn))
            }));
        }
        let mut provider = providers.get(package(&decl.token.value)).cloned();
        if provider.is_none() {
            provider = inherited
                .and_then(|it| it.meta.provider.clone())
                .filter(|it| package(it.token()) == package(&decl.token.value));
        }
        let mut protect = inherited.is_some_and(|it| it.meta.protect);
        if let Some(own) = &given.provider {
            provider = urn_of(&self.evaluate(settings, |to| to.eval(own)));
            // Children of its package use it too.
            providers
                .extend(provider.iter().map(|it| (package(it.token()).to_owned(), it.clone())));
            provider = provider.filter(|_| !self.is_component(&decl.token.value));
        } else if provider.is_none() && !decl.token.value.starts_with("pulumi:") {
            let chosen = self.inquiry.program.resources.iter().find(|it| it.default_provider);
            provider = chosen
                .filter(|it| package(&it.token.value) == package(&decl.token.value))
                .and_then(|it| self.out.seen.get(&it.key.value))
                .map(|it| Urn(it.reference.urn.clone()));
        }
        if let Some(own) = &given.protect {
            let value = self.evaluate(settings, |to| to.eval(own));
            match value.as_bool() {
                Some(flag) => protect = flag,
                None => self.wrong(
                    &own.span,
                    "`protect` must be true or false, and known before anything is made",
                ),
            }
        }
        let deleted_with = given.deleted_with.as_ref();
        let deleted_with =
            deleted_with.and_then(|it| urn_of(&self.evaluate(settings, |to| to.eval(it))));
        let timeouts = given
            .custom_timeouts
            .as_ref()
            .map(|it| (it.span.clone(), self.evaluate(settings, |to| to.eval(it))));
        let timeouts = timeouts.map(|(span, it)| self.timeouts(&span, &it)).unwrap_or_default();
        let aliases = given.aliases.as_ref();
        let aliases = aliases.map(|it| self.evaluate(settings, |to| to.eval(it)));
        let trigger = given.replacement_trigger.as_ref();
        let trigger = trigger.map(|it| self.evaluate(settings, |to| to.eval(it)));
        let replace_with = given.replace_with.as_ref();
        let replace_with = replace_with.map(|it| self.evaluate(settings, |to| to.eval(it)));
        let replace_with = replace_with.as_ref().and_then(Value::as_list).unwrap_or_default();
        let mut aliases =
            aliases.map(|it| self.aliases(decl, parent.as_ref(), &it)).unwrap_or_default();
        self.inherit_aliases(decl, parent.as_ref(), &mut aliases);
        Options {
            aliases,
            replace_with: replace_with.iter().filter_map(urn_of).collect(),
            trigger: trigger.map(|it| digest(&it)),
            parent,
            provider,
            providers,
            protect,
            deleted_with,
            timeouts,
        }
    }

    fn timeouts(&mut self, span: &Span, given: &Value) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for (name, value) in given.as_map().into_iter().flatten() {
            match value.as_str().and_then(seconds) {
                Some(limit) => {
                    all.insert(name.clone(), limit);
                }
                None => self.wrong(
                    span,
                    format!(
                        "`customTimeouts.{name}` must be a duration such as \"30m\" or \"1h30m\""
                    ),
                ),
            }
        }
        all
    }

    /// What a resource was called when its parent had another name: as in
    /// Pulumi, a name that begins with the parent's has changed along with it.
    fn inherit_aliases(&self, decl: &ast::Resource, parent: Option<&Urn>, all: &mut Vec<Urn>) {
        let Some(item) = self.items.iter().find(|it| Some(&it.urn) == parent) else { return };
        let here: Vec<(String, String)> = all
            .iter()
            .filter(|it| {
                Urn::new(
                    &self.inquiry.context.stack,
                    &self.inquiry.context.project,
                    parent,
                    it.token(),
                    it.name(),
                ) == **it
            })
            .map(|it| (it.token().to_owned(), it.name().to_owned()))
            .collect();
        let now = (decl.token.value.clone(), decl.name.clone());
        for former in &item.meta.aliases {
            for (token, name) in here.iter().chain([&now]) {
                let rest = name.strip_prefix(item.urn.name());
                let name = rest.map_or_else(|| name.clone(), |it| format!("{}{it}", former.name()));
                let mut parts = former.as_str().split("::");
                let stack = parts.next().and_then(|it| it.strip_prefix("urn:pulumi:"));
                let (stack, project) =
                    (stack.unwrap_or_default(), parts.next().unwrap_or_default());
                let urn = Urn::new(stack, project, Some(former), token, &name);
                if !all.contains(&urn) {
                    all.push(urn);
                }
            }
        }
    }

    fn aliases(&self, decl: &ast::Resource, own: Option<&Urn>, given: &Value) -> Vec<Urn> {
        let one = |it: &Value| -> Option<Urn> {
            if let Some(text) = it.as_str() {
                return Some(Urn(text.to_owned()));
            }
            if let Some(urn) = it.get("urn").and_then(Value::as_str) {
                return Some(Urn(urn.to_owned()));
            }
            let text = |name: &str| it.get(name).and_then(Value::as_str);
            // Without a word about it, the parent is the one of now.
            let parent = match it.get("noParent").and_then(Value::as_bool) {
                Some(true) => None,
                _ => it.get("parent").and_then(urn_of).or_else(|| own.cloned()),
            };
            let token = text("type").unwrap_or(&decl.token.value);
            let token = self.inquiry.registry.canonical(token).unwrap_or(token);
            Some(Urn::new(
                text("stack").unwrap_or(&self.inquiry.context.stack),
                text("project").unwrap_or(&self.inquiry.context.project),
                parent.as_ref(),
                token,
                text("name").unwrap_or(&decl.name),
            ))
        };
        match given.as_list() {
            Some(list) => list.iter().filter_map(one).collect(),
            None => one(given).into_iter().collect(),
        }
    }

    fn stack_reference(
        &mut self,
        decl: &ast::Resource,
        urn: &Urn,
        properties: &Value,
        settings: &Settings,
    ) {
        let name = properties.get("name").and_then(Value::as_str).unwrap_or(&decl.name).to_owned();
        let question = Question::Stack { name: name.clone() };
        let mut map = Map::from([("name".to_owned(), Value::string(&name))]);
        let complete = match self.inquiry.facts.answers.get(&question) {
            Some(Ok(Value::Unknown(_))) => {
                if !self.inquiry.preview {
                    let name = name.strip_prefix("organization/").unwrap_or(&name);
                    self.wrong(&decl.key.span, format!("there is no stack `{name}`"));
                }
                false
            }
            Some(Ok(outputs)) => {
                let secret = outputs.as_map().into_iter().flatten();
                let secret = secret.filter(|(_, it)| it.has_secret());
                let secret = secret.map(|(key, _)| Value::string(key)).collect();
                map.insert("outputs".to_owned(), outputs.clone());
                map.insert("secretOutputNames".to_owned(), Value::List(secret));
                !self.inquiry.preview
            }
            Some(Err(why)) => {
                self.wrong(&decl.key.span, why.clone());
                false
            }
            None => {
                self.want(Wanted::Answer(question, settings.clone()));
                false
            }
        };
        self.see(decl, urn, Value::String(name), map, complete);
    }

    /// `get:`: read, never managed.
    fn get(
        &mut self,
        decl: &'a ast::Resource,
        kind: &'a dyn AnyResource,
        urn: &Urn,
        get: &ast::Get,
        settings: &Settings,
    ) {
        let id = inputs::lower_refs(self.evaluate(settings, |it| it.eval(&get.id)));
        let Some(text) = id.as_str().map(str::to_owned) else {
            self.see(decl, urn, id, Map::new(), false);
            return self.read_later(decl, kind, urn);
        };
        let look = Look { token: kind.token().to_owned(), id: text, settings: settings.clone() };
        match self.inquiry.facts.looked.get(&look) {
            None => {
                self.want(Wanted::Look(look));
                self.see(decl, urn, id, Map::new(), false);
            }
            Some(Ok(Some(live))) => {
                let outputs = inputs::taint(
                    kind.schema(),
                    &Value::Null,
                    live.clone(),
                    &decl.options.additional_secret_outputs,
                );
                let outputs = outputs.as_map().cloned().unwrap_or_default();
                self.see(decl, urn, id, outputs, true);
            }
            Some(Ok(None)) => self.wrong(
                &get.id.span,
                format!("there is no {} with the id `{}`", decl.token.value, look.id),
            ),
            Some(Err(why)) => self.wrong(&get.id.span, why.clone()),
        }
    }

    /// The id of what is to be read comes out of this run.
    fn read_later(&mut self, decl: &'a ast::Resource, kind: &'a dyn AnyResource, urn: &Urn) {
        let depends = self.inquiry.dependencies.get(&decl.key.value).cloned().unwrap_or_default();
        let meta = self.meta(decl, urn, &Value::Null, Options::default(), &depends);
        self.items.push(Item {
            key: decl.key.value.clone(),
            urn: urn.clone(),
            kind,
            previous: None,
            op: Op::Read,
            vanished: false,
            unsettled: false,
            inputs: Value::Null,
            named: Vec::new(),
            governed: Vec::new(),
            details: Vec::new(),
            hidden: &decl.options.hide_diffs,
            because: Vec::new(),
            notes: Vec::new(),
            meta: Meta { external: true, ..meta },
            providers: BTreeMap::new(),
            import: None,
            recorded: false,
            span: decl.key.span.clone(),
            depends,
        });
    }

    fn see(&mut self, decl: &ast::Resource, urn: &Urn, id: Value, outputs: Map, complete: bool) {
        let id = self.inquiry.registry.shown_id(&decl.token.value, id);
        let component = self.is_component(&decl.token.value);
        let (id, complete) = if component { (Value::Null, true) } else { (id, complete) };
        let seen = Seen {
            reference: Ref { urn: urn.0.clone(), id },
            token: decl.token.value.clone(),
            name: decl.name.clone(),
            outputs,
            complete,
        };
        self.out.seen.insert(decl.key.value.clone(), seen);
    }

    fn is_component(&self, token: &str) -> bool {
        self.inquiry.registry.resource(token).is_some_and(AnyResource::is_component)
    }

    fn managed(
        &mut self,
        decl: &'a ast::Resource,
        kind: &'a dyn AnyResource,
        urn: Urn,
        properties: &Value,
        settings: &Settings,
        options: Options,
    ) {
        let snapshot = self.inquiry.snapshot;
        let previous = snapshot
            .current(&urn)
            .or_else(|| options.aliases.iter().find_map(|it| snapshot.current(it)));
        let span = decl.key.span.clone();
        let depends = self.inquiry.dependencies.get(&decl.key.value).cloned().unwrap_or_default();
        let mut item = Item {
            key: decl.key.value.clone(),
            kind,
            previous,
            op: Op::Same,
            vanished: false,
            unsettled: previous.is_some_and(|it| it.phase == Phase::Unsettled),
            inputs: Value::Null,
            named: Vec::new(),
            governed: Vec::new(),
            details: Vec::new(),
            hidden: &decl.options.hide_diffs,
            because: Vec::new(),
            notes: Vec::new(),
            providers: options.providers.clone(),
            meta: self.meta(decl, &urn, properties, options, &depends),
            import: None,
            recorded: false,
            span,
            depends,
            urn,
        };
        if !self.inquiry.targets.include(&item.urn) {
            return self.left_out(decl, item);
        }
        self.decide(decl, &mut item, properties, settings);
        self.announce(decl, &item, settings);
        self.items.push(item);
    }

    fn meta(
        &self,
        decl: &ast::Resource,
        urn: &Urn,
        properties: &Value,
        options: Options,
        depends: &BTreeSet<String>,
    ) -> Meta {
        let urns = depends.iter().filter_map(|key| self.out.seen.get(key));
        let dependencies: BTreeSet<Urn> = urns
            .filter(|it| !it.token.starts_with("pulumi:"))
            .map(|it| Urn(it.reference.urn.clone()))
            .filter(|it| it != urn)
            .collect();
        Meta {
            component: self.is_component(&decl.token.value),
            parent: options.parent,
            dependencies: dependencies.into_iter().collect(),
            provider: options.provider,
            region: properties.get("region").and_then(Value::as_str).map(str::to_owned),
            protect: options.protect,
            retain_on_delete: decl.options.retain_on_delete,
            deleted_with: options.deleted_with,
            delete_before_replace: decl.options.delete_before_replace == Some(true),
            external: false,
            timeouts: options.timeouts,
            aliases: options.aliases,
            additional_secret_outputs: decl.options.additional_secret_outputs.clone(),
            replacement_trigger: options.trigger,
            replace_with: options.replace_with,
            named: Vec::new(),
            created: None,
            modified: None,
        }
    }

    /// Outside of `--target`: stays as the state has it.
    fn left_out(&mut self, decl: &'a ast::Resource, mut item: Item<'a>) {
        let Some(previous) = item.previous else {
            if item.kind.is_component() {
                // Its parts bear its type in their URNs, whether it is there or not.
                self.see(decl, &item.urn, Value::Null, Map::new(), true);
            }
            return;
        };
        let outputs = previous.outputs.as_map().cloned().unwrap_or_default();
        let id = Value::string(&previous.id);
        self.see(decl, &item.urn, id, outputs, true);
        if previous.token.starts_with("pulumi:providers:") {
            self.provider(&item.urn, &previous.inputs);
        }
        item.inputs = previous.inputs.clone();
        item.meta = previous.meta.clone();
        item.notes.push("not targeted".to_owned());
        self.items.push(item);
    }

    fn shape(
        &self,
        kind: &dyn AnyResource,
        urn: &Urn,
        properties: &Value,
        settings: &Settings,
        names: &NameFrom<'_>,
    ) -> Shaped {
        inputs::shape(kind, urn, properties, settings, names, self.inquiry.shaping)
    }

    fn decide(
        &mut self,
        decl: &ast::Resource,
        item: &mut Item<'_>,
        properties: &Value,
        settings: &Settings,
    ) {
        let kept = item.previous.map(kept_names).unwrap_or_default();
        let live = item.previous.and_then(|it| self.inquiry.facts.live.get(&it.op));
        item.vanished = matches!(live, Some(None));
        let from = match item.previous {
            Some(_) if !item.vanished => NameFrom::Keep(&kept),
            _ => NameFrom::Draw,
        };
        let shaped = self.shape(item.kind, &item.urn, properties, settings, &from);
        self.take(decl, item, &shaped);
        match (item.previous, live) {
            (None, _) => match &decl.options.import {
                Some(id) => self.import(decl, item, &id.value, settings),
                None => item.op = Op::Create,
            },
            (Some(_), Some(None)) => {
                item.op = Op::Create;
                item.notes.push("gone from AWS".to_owned());
                self.govern(item, &Value::Null);
            }
            (Some(previous), live) => {
                let live = live.and_then(Option::as_ref);
                self.against(decl, item, previous, live);
                if item.op == Op::Replace {
                    let shaped =
                        self.shape(item.kind, &item.urn, properties, settings, &NameFrom::Draw);
                    self.take(decl, item, &shaped);
                    self.govern(item, live.unwrap_or(&previous.inputs));
                    self.replacement(decl, item, previous, live, shaped.fixed_name);
                }
            }
        }
        self.check(decl, item);
    }

    /// What a shift owns is as it was seen, whatever the program says.
    fn govern(&self, item: &mut Item<'_>, seen: &Value) {
        let named = |it: &Item<'_>, urn: &Urn| {
            it.urn == *urn || it.previous.is_some_and(|it| it.urn == *urn)
        };
        for governed in self.inquiry.governed {
            if !named(item, &governed.urn) {
                continue;
            }
            // What is made anew in this run is known by its place in the program.
            let keys = governed.members.each_ref().map(|urn| {
                let member = |urn| self.items.iter().find(|it| named(it, urn));
                urn.as_ref().and_then(member).map(|it| it.key.as_str())
            });
            for note in govern::overlay(governed, keys, &mut item.inputs, seen) {
                if !item.notes.contains(&note) {
                    item.notes.push(note);
                }
            }
            item.governed.extend(governed.properties.iter().cloned());
        }
    }

    fn take(&mut self, decl: &ast::Resource, item: &mut Item<'_>, shaped: &Shaped) {
        item.inputs = shaped.inputs.clone();
        item.named.clone_from(&shaped.named);
        item.meta.named = shaped.named.iter().map(|(name, _)| name.clone()).collect();
        for (property, why) in &shaped.wrong {
            let span = property_span(decl, property);
            let diagnostic = Diagnostic::error(&span, format!("`{property}`: {why}"));
            if !self.out.diagnostics.contains(&diagnostic) {
                self.out.diagnostics.push(diagnostic);
            }
        }
    }

    /// What differs from a resource that is there, and what follows.
    fn against(
        &mut self,
        decl: &ast::Resource,
        item: &mut Item<'_>,
        previous: &ResourceState,
        live: Option<&Value>,
    ) {
        // Without a look at AWS the state is as near as anything.
        self.govern(item, live.unwrap_or(&previous.inputs));
        if !decl.options.ignore_changes.is_empty() {
            // AWS does not say what is secret: the program and the state do.
            let (schema, more) = (item.kind.schema(), &item.meta.additional_secret_outputs);
            let there = live.unwrap_or(&previous.inputs).clone();
            let there = inputs::taint(schema, &previous.inputs, there, more);
            let there = inputs::taint(schema, &item.inputs, there, more);
            for pattern in &decl.options.ignore_changes {
                path::copy(&mut item.inputs, Some(&there), &path::parse(pattern));
            }
        }
        let sides = Sides { applied: &previous.inputs, live, wanted: &item.inputs };
        let mut details = diff::details(item.kind, &sides);
        details.retain(|it| {
            !decl.options.ignore_changes.iter().any(|ignored| path::covers(ignored, &it.path))
        });
        for detail in &mut details {
            let pattern = &decl.options.replace_on_changes;
            detail.replaces |= pattern.iter().any(|it| path::covers(it, &detail.path));
        }
        item.because = details.iter().filter(|it| it.replaces).map(|it| it.path.clone()).collect();
        item.details = details;
        self.forced(decl, item, previous);
        item.op = match (item.because.is_empty(), item.details.is_empty() && !item.unsettled) {
            (false, _) => Op::Replace,
            (true, false) => Op::Update,
            (true, true) => Op::Same,
        };
        if item.unsettled {
            item.notes.push("its creation was not finished".to_owned());
        }
        // Only the state changes: another name, parent or option.
        let known = Meta {
            created: item.meta.created.clone(),
            modified: item.meta.modified.clone(),
            ..previous.meta.clone()
        };
        item.recorded = previous.urn != item.urn
            || known != item.meta
            || (item.op == Op::Same && previous.inputs != item.inputs);
    }

    /// Reasons for a replacement that no property shows.
    fn forced(&self, decl: &ast::Resource, item: &mut Item<'_>, previous: &ResourceState) {
        if self.inquiry.targets.replaces(&item.urn) {
            item.because.push("--replace".to_owned());
        }
        if previous.meta.replacement_trigger != item.meta.replacement_trigger
            && item.meta.replacement_trigger.is_some()
        {
            item.because.push("replacementTrigger".to_owned());
        }
        let replaced = |urn: &Urn| {
            let other = self.items.iter().find(|it| it.urn == *urn);
            other.is_some_and(|it| matches!(it.op, Op::Replace | Op::DeleteReplace))
        };
        if item.meta.replace_with.iter().any(replaced) {
            item.because.push("replaceWith".to_owned());
        }
        // What is built into a thing goes with it, even if the name it is
        // built in by comes back the same.
        for (property, schema) in &item.kind.schema().inputs.properties {
            let Some(value) = property_expr(decl, property).filter(|_| schema.replace) else {
                continue;
            };
            value.accesses(&mut |access| {
                let other = self.items.iter().find(|it| it.key == access.root);
                let remade = other.is_some_and(|it| it.op == Op::DeleteReplace);
                if remade && !item.because.contains(property) {
                    item.because.push(property.clone());
                }
            });
        }
    }

    /// New first, unless both cannot be at once.
    fn replacement(
        &mut self,
        decl: &ast::Resource,
        item: &mut Item<'_>,
        previous: &ResourceState,
        live: Option<&Value>,
        fixed_name: bool,
    ) {
        let sides = Sides { applied: &previous.inputs, live, wanted: &item.inputs };
        let mut details = diff::details(item.kind, &sides);
        for detail in &mut details {
            detail.replaces |= item.because.contains(&detail.path);
        }
        item.details = details;
        let collides = collides(item, previous, fixed_name);
        let first = decl.options.delete_before_replace.unwrap_or(collides);
        item.op = if first { Op::DeleteReplace } else { Op::Replace };
        if previous.meta.protect && !self.inquiry.targets.ignore_protect {
            self.wrong(
                &item.span,
                format!("`{}` is protected and would be replaced because of {}; take `protect` away first", item.urn.name(), item.because.join(", ")),
            );
        }
    }

    fn import(&mut self, decl: &ast::Resource, item: &mut Item<'_>, id: &str, settings: &Settings) {
        item.op = Op::Import;
        item.import = Some(id.to_owned());
        let span = decl.options.import.as_ref().map_or(&decl.key.span, |it| &it.span);
        let look = Look {
            token: item.kind.token().to_owned(),
            id: id.to_owned(),
            settings: settings.clone(),
        };
        match self.inquiry.facts.looked.get(&look) {
            _ if item.kind.is_local() => {}
            None => self.want(Wanted::Look(look)),
            Some(Ok(Some(live))) => {
                let sides = Sides { applied: &Value::Null, live: Some(live), wanted: &item.inputs };
                item.details = diff::details(item.kind, &sides);
                // Nothing was applied yet: what is there is where it starts.
                for detail in &mut item.details {
                    let there = path::get(live, &path::parse(&detail.path));
                    detail.old = there.cloned().unwrap_or_default();
                    if matches!(detail.new, Value::Secret(_)) {
                        detail.old = Value::secret(detail.old.clone());
                    }
                    detail.live = None;
                }
                let fixed: Vec<_> = item
                    .details
                    .iter()
                    .filter(|it| it.replaces)
                    .map(|it| it.path.clone())
                    .collect();
                if !fixed.is_empty() {
                    self.wrong(
                        span,
                        format!("`{id}` cannot be imported: it differs from the program in {}, which cannot be changed in place", fixed.join(", ")),
                    );
                }
            }
            Some(Ok(None)) => {
                self.wrong(span, format!("there is no {} with the id `{id}`", item.kind.token()));
            }
            Some(Err(why)) => self.wrong(span, why.clone()),
        }
    }

    /// The provider's own rules, where everything is known.
    fn check(&mut self, decl: &ast::Resource, item: &Item<'_>) {
        if !item.inputs.is_known() || !self.out.diagnostics.is_empty() {
            return;
        }
        if let Err(error) = item.kind.check(&item.inputs) {
            let span = match &error.kind {
                crate::provider::Kind::Invalid { property } if !property.is_empty() => {
                    property_span(decl, property)
                }
                _ => item.span.clone(),
            };
            let error = item.inputs.scrub(error.to_string());
            self.wrong(&span, format!("{}: {error}", item.key));
        }
    }

    /// Tells expressions what is known of the resource now.
    fn announce(&mut self, decl: &ast::Resource, item: &Item<'_>, settings: &Settings) {
        let schema = item.kind.schema();
        let state = item.previous;
        let live =
            state.and_then(|it| self.inquiry.facts.live.get(&it.op)).and_then(Option::as_ref);
        match (item.op, state) {
            (Op::Same | Op::Update, Some(state)) => {
                let outputs = live.unwrap_or(&state.outputs).clone();
                let outputs = inputs::taint(
                    schema,
                    &item.inputs,
                    outputs,
                    &item.meta.additional_secret_outputs,
                );
                let mut outputs = outputs.as_map().cloned().unwrap_or_default();
                if item.op == Op::Update {
                    self.foresee(item, &mut outputs);
                }
                let settled = item.op == Op::Same && !item.unsettled;
                self.see(decl, &item.urn, Value::string(&state.id), outputs, settled);
            }
            _ => {
                let mut outputs = Map::new();
                for (name, property) in &schema.outputs.properties {
                    if let Some(value) = item.inputs.get(name) {
                        outputs.insert(name.clone(), value.clone());
                    } else if let Some(default) =
                        schema.inputs.properties.get(name).and_then(|it| it.default.as_ref())
                    {
                        outputs.insert(name.clone(), Value::from_json(default));
                    }
                    if property.secret
                        && let Some(value) = outputs.remove(name)
                    {
                        outputs.insert(name.clone(), Value::secret(value));
                    }
                }
                let mut id = Value::unknown(format!("{}.id", item.key));
                // What is deleted first may come back by the same name, but
                // it is another thing: nothing of it counts as known.
                if item.op != Op::DeleteReplace && !item.kind.is_local() {
                    id = self.predict(item, settings, &mut outputs).unwrap_or(id);
                }
                if item.kind.token().starts_with("pulumi:providers:") {
                    id = Value::string(&decl.name);
                }
                if let Some(known) = &item.import {
                    id = Value::string(known);
                }
                // A provider is there as soon as its settings are known.
                let provider = item.kind.token().starts_with("pulumi:providers:");
                let complete = provider && item.inputs.is_known();
                self.see(decl, &item.urn, id, outputs, complete);
            }
        }
        if item.kind.token().starts_with("pulumi:providers:") {
            self.provider(&item.urn, &item.inputs);
        }
    }

    fn provider(&mut self, urn: &Urn, inputs: &Value) {
        let mut settings = Settings::from_inputs(inputs);
        let base = self.inquiry.settings;
        if base.emulator {
            settings.emulator = true;
            settings.endpoints.clone_from(&base.endpoints);
            settings.profile = None;
            settings.assume_roles.clear();
        }
        if settings.region.is_none() {
            settings.region.clone_from(&base.region);
        }
        self.out.providers.insert(urn.clone(), settings);
    }

    /// The outputs after an update: inputs as wanted, what may change unknown.
    fn foresee(&self, item: &Item<'_>, outputs: &mut Map) {
        for (name, property) in &item.kind.schema().outputs.properties {
            if property.volatile {
                outputs.insert(name.clone(), Value::unknown(format!("{}.{name}", item.key)));
            }
        }
        for detail in &item.details {
            let Some(path::Part::Key(name)) = path::parse(&detail.path).into_iter().next() else {
                continue;
            };
            match item.inputs.get(&name) {
                Some(value) => drop(outputs.insert(name, value.clone())),
                None => drop(outputs.remove(&name)),
            }
        }
    }

    fn predict(
        &mut self,
        item: &Item<'_>,
        settings: &Settings,
        outputs: &mut Map,
    ) -> Option<Value> {
        match self.inquiry.facts.places.get(settings) {
            Some(Ok(place)) => {
                let mut predicted = item.kind.predict(place, &item.inputs);
                let id = predicted.remove("id");
                outputs.extend(predicted);
                id
            }
            Some(Err(why)) => {
                let diagnostic =
                    Diagnostic { span: None, ..Diagnostic::error(&item.span, why.clone()) };
                if !self.out.diagnostics.contains(&diagnostic) {
                    self.out.diagnostics.push(diagnostic);
                }
                None
            }
            None => {
                self.want(Wanted::Place(settings.clone()));
                None
            }
        }
    }

    /// A target may not rest on something that is neither there nor targeted.
    fn check_targets(&mut self) {
        let missing: Vec<(Span, String)> = self
            .items
            .iter()
            .filter(|item| !matches!(item.op, Op::Same))
            .flat_map(|item| {
                let absent = item.depends.iter().filter(|key| !self.out.seen.contains_key(*key));
                absent.map(|key| {
                    let message = format!(
                        "`{}` depends on `{key}`, which does not exist yet and is not among the targets",
                        item.key
                    );
                    (item.span.clone(), message)
                })
            })
            .collect();
        if self.out.diagnostics.is_empty() && !self.inquiry.targets.only.is_empty()
            || !self.inquiry.targets.exclude.is_empty()
        {
            for (span, message) in missing {
                self.out.diagnostics.push(
                    Diagnostic::error(&span, message).hint("target it as well, with --target"),
                );
            }
        }
    }
}

#[derive(Default)]
struct Options {
    parent: Option<Urn>,
    provider: Option<Urn>,
    /// By package: for the children.
    providers: BTreeMap<String, Urn>,
    protect: bool,
    deleted_with: Option<Urn>,
    timeouts: BTreeMap<String, u64>,
    aliases: Vec<Urn>,
    replace_with: Vec<Urn>,
    trigger: Option<String>,
}

/// The clients that answer a question.
pub fn settings_for(
    question: &Question,
    default: &Settings,
    providers: &BTreeMap<Urn, Settings>,
) -> Settings {
    let Question::Invoke { arguments, provider, .. } = question else { return default.clone() };
    let own = provider.as_ref().and_then(|urn| providers.get(&Urn(urn.clone())));
    let arguments: serde_json::Value = serde_json::from_str(arguments).unwrap_or_default();
    own.unwrap_or(default).in_region(arguments["region"].as_str())
}

fn kept_names(previous: &ResourceState) -> Vec<(String, Value)> {
    let names = previous.meta.named.iter();
    names.filter_map(|it| Some((it.clone(), previous.inputs.get(it)?.clone()))).collect()
}

/// Whether old and new cannot be at the same time.
fn collides(item: &Item<'_>, previous: &ResourceState, fixed_name: bool) -> bool {
    let same = |name: &str| match (item.inputs.get(name), previous.inputs.get(name)) {
        (None, None) => true,
        (Some(new), Some(old)) => new.is_known() && new.bare() == old.bare(),
        _ => false,
    };
    let schema = item.kind.schema();
    let mut names = schema.inputs.properties.iter().filter(|(_, it)| it.autoname.is_some());
    let by_name = names.any(|(name, _)| {
        let chosen = item.named.iter().any(|(it, _)| it == name);
        same(name) && (fixed_name || !chosen)
    });
    let key = item.kind.key();
    let given = key.iter().any(|it| item.inputs.get(it).is_some());
    by_name || (given && key.iter().all(|it| same(it)))
}

pub(super) fn property_expr<'a>(decl: &'a ast::Resource, property: &str) -> Option<&'a ast::Expr> {
    let ast::ExprKind::Map(entries) = &decl.properties.kind else { return None };
    let is = |key: &ast::Expr| matches!(&key.kind, ast::ExprKind::Text(text) if text == property);
    entries.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
}

fn property_span(decl: &ast::Resource, property: &str) -> Span {
    let name = property.split(['.', '[']).next().unwrap_or(property);
    property_expr(decl, name).map_or(&decl.key.span, |it| &it.span).clone()
}

fn urn_of(value: &Value) -> Option<Urn> {
    match value.bare() {
        Value::Ref(it) => Some(Urn(it.urn.clone())),
        Value::String(text) if text.starts_with("urn:") => Some(Urn(text.clone())),
        _ => None,
    }
}

fn package(token: &str) -> &str {
    let token = token.strip_prefix("pulumi:providers:").unwrap_or(token);
    token.split(':').next().unwrap_or(token)
}

/// A value as something to compare, that gives no secret away.
fn digest(value: &Value) -> String {
    use sha2::Digest as _;
    super::name::hex(&sha2::Sha256::digest(value.to_state().to_string()))
}

/// A Go duration, `1h30m`, in seconds.
fn seconds(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units =
            [("ms", 0.001), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];
        let (name, unit) = units.iter().find(|(name, _)| rest.starts_with(name))?;
        rest = &rest[name.len()..];
        total += number * unit;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no sign can be written"
    )]
    (!text.is_empty()).then_some(total.ceil() as u64)
}

fn outputs(inquiry: &Inquiry<'_>, out: &mut Planned) {
    let evaluator = Evaluator::new(Scope {
        program: inquiry.program,
        context: inquiry.context,
        config: inquiry.config,
        resources: &out.seen,
        answers: &inquiry.facts.answers,
    });
    let mut all: Vec<(String, Option<Value>, Value)> = Vec::new();
    for output in &inquiry.program.outputs {
        let value = evaluator.eval(&output.value);
        let before = inquiry.outputs.iter().find(|(name, _)| *name == output.name.value);
        all.push((output.name.value.clone(), before.map(|(_, it)| it.clone()), value));
    }
    let open = evaluator.open.take();
    let errors = evaluator.errors.take();
    for question in open {
        let settings = settings_for(&question, inquiry.settings, &out.providers);
        out.wants.push(Wanted::Answer(question, settings));
    }
    out.diagnostics.extend(errors);
    out.plan.outputs = all;
}
