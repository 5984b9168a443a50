//! A deployment to a stack. Everything that is wrong with it is found in one
//! go, and nothing is taken from it unless nothing is.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::{Map as JsonMap, Value as Json};

use super::{OWN, PLUGIN_INPUTS, PROVIDERS, UNKNOWN, VERSION, is_default_provider};
use crate::{
    engine::{inputs, name::Draws},
    model::{
        Governed, Map, Outcome, Place, ResourceState, Row, Schema, Snapshot, Urn, Value,
        plan::Begun,
        schema::Type,
        stack::{Meta, OpenStep, Phase},
        urn::ROOT,
        value::{Ref, SECRET_MARK, SIGNATURE},
    },
    provider::Registry,
};

/// The marks of special objects, beside secrets.
const ASSET_MARK: &str = "c44067f5952c0a294b673a41bacd8c17";
const ARCHIVE_MARK: &str = "0def7320c3a5731c473e5ecbe6d01bc7";
const REF_MARK: &str = "5cf8f73096256a8f31e491e813e4eb8e";

/// What an import needs beside the text.
pub struct Reading<'a> {
    pub project: &'a str,
    pub stack: &'a str,
    pub registry: &'a Registry,
    pub draws: &'a Draws,
    /// The text of a ciphertext, by the document's `secrets_providers`.
    pub open: &'a dyn Fn(&Json, &str) -> Result<String, String>,
}

/// What a deployment holds, as our state has it.
#[derive(Debug, Default)]
pub struct Imported {
    /// In the order of birth; of one URN all but the last are condemned,
    /// unless the last one is, too.
    pub resources: Vec<ResourceState>,
    pub open: Vec<OpenStep>,
    pub outputs: Vec<(String, Value)>,
    pub governed: Vec<Governed>,
    pub place: Option<Place>,
    /// What was left out, for the user to know.
    pub notes: Vec<String>,
}

/// Reads a deployment, or says all that is wrong with it.
pub fn import(text: &str, reading: &Reading<'_>) -> Result<Imported, Vec<String>> {
    let document: Json =
        serde_json::from_str(text).map_err(|it| vec![format!("it is not valid JSON: {it}")])?;
    let Some(version) = document.get("version").and_then(Json::as_u64) else {
        return Err(vec![
            "it has no `version`: a deployment begins with `{\"version\":3,`".to_owned(),
        ]);
    };
    if version != VERSION {
        return Err(vec![format!(
            "it is a deployment of version {version}, and only version {VERSION} can be read; a current `pulumi stack export` writes that"
        )]);
    }
    let Some(deployment) = document.get("deployment").and_then(Json::as_object) else {
        return Err(vec!["it has no `deployment`".to_owned()]);
    };
    let none = Vec::new();
    let list = |name: &str| match deployment.get(name) {
        None | Some(Json::Null) => Ok(&none),
        Some(Json::Array(list)) => Ok(list),
        Some(_) => Err(vec![format!("its `{name}` is no list")]),
    };
    let (resources, pending) = (list("resources")?, list("pending_operations")?);
    let provider = deployment.get("secrets_providers").cloned().unwrap_or_default();
    let mut reader = Reader {
        reading,
        provider,
        wrong: RefCell::default(),
        own: BTreeMap::new(),
        seen: BTreeMap::new(),
        ops: BTreeSet::new(),
        out: Imported::default(),
        places: Vec::new(),
    };
    let root = resources.iter().find(|it| it["type"] == ROOT);
    let own = root.map(|it| &it["inputs"][OWN]).cloned().unwrap_or_default();
    reader.own_side(&own);
    for resource in resources {
        reader.resource(resource);
    }
    reader.pending(pending, &own);
    reader.finish()
}

/// What came before, under one URN: what a reference to it may say.
#[derive(Default)]
struct Seen {
    ids: Vec<String>,
    /// Kept in our state.
    kept: bool,
}

struct Reader<'a> {
    reading: &'a Reading<'a>,
    provider: Json,
    wrong: RefCell<Vec<String>>,
    /// Our side of a resource, by URN, id and whether it is to be deleted.
    own: BTreeMap<(String, String, bool), Json>,
    /// What came before, by URN.
    seen: BTreeMap<Urn, Seen>,
    /// Operations of resources: no two have the same.
    ops: BTreeSet<String>,
    out: Imported,
    /// Of each resource in `out`, where it was born, if that is known.
    places: Vec<Option<u64>>,
}

fn texts(json: &Json) -> Vec<String> {
    let list = json.as_array().into_iter().flatten();
    list.filter_map(Json::as_str).map(str::to_owned).collect()
}

/// Of Pulumi's own kind, the root aside.
fn is_component(resource: &Json) -> bool {
    resource["custom"].as_bool() == Some(false)
}

fn flag(resource: &Json, name: &str) -> bool {
    resource[name].as_bool().unwrap_or_default()
}

/// A text from a file, fit for a terminal.
fn shown(text: &str) -> String {
    text.chars()
        .flat_map(char::escape_debug)
        .collect::<String>()
        .replace("\\'", "'")
        .replace("\\\"", "\"")
}

impl Reader<'_> {
    fn wrong(&self, text: String) {
        let mut wrong = self.wrong.borrow_mut();
        if !wrong.contains(&text) {
            wrong.push(text);
        }
    }

    fn own_side(&mut self, own: &Json) {
        for it in own["resources"].as_array().into_iter().flatten() {
            let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
            self.own.insert((text("urn"), text("id"), flag(it, "delete")), it.clone());
        }
        if let Ok(governed) = serde_json::from_value(own["governed"].clone()) {
            self.out.governed = governed;
        }
        let text = |name: &str| own["place"][name].as_str().map(str::to_owned);
        if let (Some(partition), Some(account), Some(region)) =
            (text("partition"), text("account"), text("region"))
        {
            self.out.place = Some(Place { partition, account, region });
        }
    }

    /// A URN of this stack, with its types spelled as we spell them.
    fn urn(&self, text: &str) -> Option<Urn> {
        let parts: Vec<&str> = text.splitn(4, "::").collect();
        let [stack, project, types, name] = parts[..] else {
            self.wrong(format!("`{}` is no URN", shown(text)));
            return None;
        };
        let Some(stack) = stack.strip_prefix("urn:pulumi:") else {
            self.wrong(format!("`{}` is no URN", shown(text)));
            return None;
        };
        if text.chars().any(char::is_control) {
            self.wrong(format!("`{}` has control characters in it", shown(text)));
            return None;
        }
        if (project, stack) != (self.reading.project, self.reading.stack) {
            self.wrong(format!(
                "`{}` belongs to the stack `{}/{}`, not to `{}/{}`",
                shown(text),
                shown(project),
                shown(stack),
                self.reading.project,
                self.reading.stack
            ));
            return None;
        }
        let canonical = |it: &str| self.reading.registry.canonical(it).unwrap_or(it).to_owned();
        let types: Vec<String> = types.split('$').map(canonical).collect();
        let types = types.join("$");
        Some(Urn(format!("urn:pulumi:{stack}::{project}::{types}::{name}")))
    }

    fn resource(&mut self, resource: &Json) {
        let Some(text) = resource["urn"].as_str() else {
            return self.wrong("a resource has no `urn`".to_owned());
        };
        let Some(urn) = self.urn(text) else { return };
        let token = resource["type"].as_str().unwrap_or_default();
        let token = self.reading.registry.canonical(token).unwrap_or(token).to_owned();
        if token != urn.token() {
            self.wrong(format!("{urn}: its `type` is `{}`", shown(&token)));
        }
        if token == ROOT {
            self.root(resource, &urn);
            return;
        }
        let delete = flag(resource, "delete");
        let id = resource["id"].as_str().unwrap_or_default().to_owned();
        let live = self.seen.get(&urn).is_some_and(|_| {
            self.out.resources.iter().any(|it| it.urn == urn && it.phase != Phase::Condemned)
        });
        if live && !delete {
            return self.wrong(format!("{urn}: is there twice"));
        }
        let own = self.own.remove(&(text.to_owned(), id.clone(), delete));
        let kept = self.keeps(resource, &urn, &token, own.is_some());
        if kept == Some(true) {
            if id.is_empty() && !is_component(resource) {
                self.wrong(format!("{urn}: has no `id`"));
            }
            if let Some(state) = self.state(resource, &urn, &token, own.as_ref()) {
                if !self.ops.insert(state.op.clone()) {
                    self.wrong(format!("{urn}: its operation is another resource's, too"));
                }
                self.places.push(own.as_ref().and_then(|it| it["place"].as_u64()));
                self.out.resources.push(state);
            }
        }
        let seen = self.seen.entry(urn).or_default();
        seen.ids.push(id);
        seen.kept = kept == Some(true);
    }

    /// Whether a resource is one for our state; `None` when it cannot be.
    fn keeps(&mut self, resource: &Json, urn: &Urn, token: &str, own: bool) -> Option<bool> {
        if is_default_provider(urn) && !own {
            return Some(false);
        }
        if flag(resource, "external") || token == "pulumi:pulumi:StackReference" {
            // Looked up anew by every run.
            return Some(false);
        }
        if flag(resource, "pendingReplacement") {
            self.out
                .notes
                .push(format!("{urn} was deleted for its replacement; the next run makes it"));
            return Some(false);
        }
        if !is_component(resource) && self.reading.registry.resource(token).is_none() {
            self.wrong(format!("{urn}: there is no type `{}` here", shown(token)));
            return None;
        }
        Some(true)
    }

    fn root(&mut self, resource: &Json, urn: &Urn) {
        if self.seen.contains_key(urn) {
            return self.wrong(format!("{urn}: is there twice"));
        }
        self.seen.insert(urn.clone(), Seen::default());
        for (name, value) in resource["outputs"].as_object().into_iter().flatten() {
            let value = self.value(value, urn, name);
            self.out.outputs.push((name.clone(), value));
        }
    }

    /// Something that a resource stands on: it must have come before.
    fn before(&self, of: &Urn, what: &str, text: &str) -> Option<Urn> {
        let urn = self.urn(text)?;
        if !self.seen.contains_key(&urn) {
            self.wrong(format!("{of}: its {what} `{urn}` is not there, or comes after it"));
        }
        Some(urn)
    }

    fn all_before(&self, of: &Urn, what: &str, list: &Json) -> Vec<Urn> {
        texts(list).iter().filter_map(|it| self.before(of, what, it)).collect()
    }

    fn state(
        &self,
        resource: &Json,
        urn: &Urn,
        token: &str,
        own: Option<&Json>,
    ) -> Option<ResourceState> {
        let empty = Schema::empty(token);
        let component = is_component(resource);
        let schema = match component {
            true => &empty,
            false => self.reading.registry.resource(token)?.schema(),
        };
        let id = resource["id"].as_str().unwrap_or_default().to_owned();
        let meta = self.meta(resource, urn, own);
        let given = self.map(&resource["inputs"], urn, "inputs");
        let (inputs, named) = self.inputs(given, schema, own, resource);
        let outputs = self.map(&resource["outputs"], urn, "outputs");
        let outputs = outputs_of(outputs, schema, own.is_some());
        let region = inputs.get("region").and_then(Value::as_str).map(str::to_owned);
        let inputs = Value::Map(inputs);
        let outputs = match own {
            // A create that has not ended has none yet.
            Some(_) if resource["outputs"].is_null() => Value::Null,
            Some(_) => Value::Map(outputs),
            None => {
                let secret = &meta.additional_secret_outputs;
                inputs::taint(schema, &inputs, outputs.into(), secret)
            }
        };
        let failed = resource["initErrors"].as_array().is_some_and(|it| !it.is_empty());
        let phase = match (flag(resource, "delete"), failed) {
            (true, _) => Phase::Condemned,
            (false, true) => Phase::Unsettled,
            (false, false) => Phase::Live,
        };
        let known = own.and_then(|it| it["op"].as_str());
        let op = match known {
            Some(op) if is_op(op) => op.to_owned(),
            Some(_) => {
                self.wrong(format!("{urn}: its operation is no word of letters and digits"));
                return None;
            }
            None => self.reading.draws.op(urn, &format!("imported:{id}:{phase:?}")),
        };
        let region = match own {
            Some(own) => own["region"].as_str().map(str::to_owned),
            None => region.filter(|_| !token.starts_with(PROVIDERS)),
        };
        let id = if component { op.clone() } else { id };
        let meta = Meta { named, region, ..meta };
        Some(ResourceState {
            urn: urn.clone(),
            token: token.to_owned(),
            op,
            id,
            inputs,
            outputs,
            meta,
            phase,
        })
    }

    fn meta(&self, resource: &Json, urn: &Urn, own: Option<&Json>) -> Meta {
        let text = |name: &str| resource[name].as_str().map(str::to_owned);
        let parent = text("parent").and_then(|it| self.before(urn, "parent", &it));
        let mut dependencies = self.all_before(urn, "dependency", &resource["dependencies"]);
        for of in resource["propertyDependencies"].as_object().into_iter().flatten() {
            for it in self.all_before(urn, "dependency", of.1) {
                if !dependencies.contains(&it) {
                    dependencies.push(it);
                }
            }
        }
        if let Some(own) = own
            && own["dependencies"].is_array()
        {
            // What is looked up and not kept is not in the document.
            let all: Vec<Urn> =
                texts(&own["dependencies"]).iter().filter_map(|it| self.urn(it)).collect();
            if dependencies.iter().all(|it| all.contains(it)) {
                dependencies = all;
            }
        }
        let mut timeouts: BTreeMap<String, u64> = BTreeMap::new();
        for (name, limit) in resource["customTimeouts"].as_object().into_iter().flatten() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a time"
            )]
            match limit.as_f64() {
                Some(0.0) => {}
                Some(limit) if limit > 0.0 && limit < 1e9 => {
                    timeouts.insert(name.clone(), limit.ceil() as u64);
                }
                _ => self.wrong(format!("{urn}: `customTimeouts.{}` is no time", shown(name))),
            }
        }
        let own = own.cloned().unwrap_or_default();
        timeouts.extend(own["readTimeout"].as_u64().map(|it| ("read".to_owned(), it)));
        let aliases = texts(&resource["aliases"]).into_iter().map(Urn).collect();
        Meta {
            component: is_component(resource),
            parent: parent.filter(|it| it.token() != ROOT),
            dependencies,
            provider: self.provider(resource, urn),
            region: None,
            protect: flag(resource, "protect"),
            retain_on_delete: flag(resource, "retainOnDelete"),
            deleted_with: text("deletedWith")
                .filter(|it| !it.is_empty())
                .and_then(|it| self.before(urn, "`deletedWith`", &it)),
            delete_before_replace: own["deleteBeforeReplace"] == true,
            external: false,
            timeouts,
            aliases,
            additional_secret_outputs: texts(&resource["additionalSecretOutputs"]),
            replacement_trigger: own["replacementTrigger"].as_str().map(str::to_owned),
            replace_with: self.all_before(urn, "`replaceWith`", &resource["replaceWith"]),
            named: Vec::new(),
            created: text("created"),
            modified: text("modified"),
        }
    }

    /// `urn::id`; a default provider is none.
    fn provider(&self, resource: &Json, of: &Urn) -> Option<Urn> {
        let text = resource["provider"].as_str().filter(|it| !it.is_empty())?;
        let Some((urn, id)) = text.rsplit_once("::") else {
            self.wrong(format!(
                "{of}: its provider `{}` is not of the form `URN::ID`",
                shown(text)
            ));
            return None;
        };
        let urn = self.urn(urn)?;
        match self.seen.get(&urn) {
            None => {
                self.wrong(format!("{of}: its provider `{urn}` is not there, or comes after it"));
                None
            }
            Some(seen) if !seen.ids.iter().any(|it| it == id) => {
                let (id, known) = (shown(id), shown(&seen.ids.join(", ")));
                self.wrong(format!("{of}: its provider `{urn}` has the id `{known}`, not `{id}`"));
                None
            }
            Some(seen) => seen.kept.then_some(urn),
        }
    }

    /// What the program set and what was chosen for it: the defaults that
    /// Pulumi's provider filled in were never anybody's wish.
    fn inputs(
        &self,
        mut given: Map,
        schema: &Schema,
        own: Option<&Json>,
        resource: &Json,
    ) -> (Map, Vec<String>) {
        let defaults = texts(&resource["inputs"]["__defaults"]);
        let provides = schema.token.starts_with(PROVIDERS);
        for name in PLUGIN_INPUTS.iter().filter(|_| provides) {
            given.remove(*name);
        }
        let known = &schema.inputs.properties;
        if let Some(own) = own {
            let inputs = given.into_iter().map(|(name, value)| match known.get(&name) {
                Some(property) if provides => (name, from_text(&property.ty, value)),
                _ => (name, value),
            });
            let inputs = inputs.filter(|(name, _)| name != "__defaults");
            return (inputs.collect(), texts(&own["named"]));
        }
        let chosen = |name: &str| known.get(name).is_some_and(|it| it.autoname.is_some());
        let mut inputs = Map::new();
        for (name, value) in given {
            let Some(property) = known.get(&name) else { continue };
            let default = defaults.contains(&name) && !chosen(&name);
            let value = without_defaults(value);
            if default || value.is_null() {
                continue;
            }
            let value = if provides { from_text(&property.ty, value) } else { value };
            let value = match inputs::coerce(schema, &property.ty, value.clone()) {
                Ok(value) => value,
                Err(_) => value,
            };
            let value = if property.secret { Value::secret(value) } else { value };
            inputs.insert(name, value);
        }
        let named = defaults.into_iter().filter(|it| chosen(it) && inputs.contains_key(it));
        let named = named.collect();
        (inputs, named)
    }

    fn map(&self, json: &Json, urn: &Urn, path: &str) -> Map {
        match json {
            Json::Null => Map::new(),
            Json::Object(map) => map
                .iter()
                .map(|(name, it)| (name.clone(), self.value(it, urn, &format!("{path}.{name}"))))
                .collect(),
            _ => {
                self.wrong(format!("{urn}: its `{}` is no object", shown(path)));
                Map::new()
            }
        }
    }

    fn value(&self, json: &Json, urn: &Urn, path: &str) -> Value {
        match json {
            Json::String(text) if text == UNKNOWN => {
                self.wrong(format!("{urn}: `{}` is not known", shown(path)));
                Value::Null
            }
            Json::Array(list) => {
                let items = list.iter().enumerate();
                Value::List(
                    items.map(|(at, it)| self.value(it, urn, &format!("{path}[{at}]"))).collect(),
                )
            }
            Json::Object(map) => match map.get(SIGNATURE).and_then(Json::as_str) {
                None => self.map(json, urn, path).into(),
                Some(mark) => self.special(mark, json, map, urn, path),
            },
            other => Value::from_json(other),
        }
    }

    fn special(
        &self,
        mark: &str,
        json: &Json,
        map: &JsonMap<String, Json>,
        urn: &Urn,
        path: &str,
    ) -> Value {
        match mark {
            SECRET_MARK => {
                let inside = self.secret(map).and_then(|text| {
                    serde_json::from_str(&text).map_err(|_| "what is in it is not JSON".to_owned())
                });
                match inside {
                    Ok(inside) => Value::secret(self.value(&inside, urn, path)),
                    Err(why) => {
                        self.wrong(format!("{urn}: the secret `{}`: {why}", shown(path)));
                        Value::Null
                    }
                }
            }
            REF_MARK => {
                let of = map.get("urn").and_then(Json::as_str).unwrap_or_default();
                let id = map.get("id").filter(|it| it.as_str() != Some(""));
                let id = id.map_or(Value::Null, |it| self.value(it, urn, path));
                match self.urn(of) {
                    Some(of) => Value::Ref(Box::new(Ref { urn: of.0, id })),
                    None => Value::Null,
                }
            }
            ASSET_MARK | ARCHIVE_MARK => {
                let asset = Value::from_json(json);
                if asset.is_null() {
                    let path = shown(path);
                    self.wrong(format!("{urn}: `{path}` is an asset of no kind that is known"));
                }
                asset
            }
            _ => {
                self.wrong(format!("{urn}: `{}` is of no kind that is known", shown(path)));
                Value::Null
            }
        }
    }

    fn secret(&self, map: &JsonMap<String, Json>) -> Result<zeroize::Zeroizing<String>, String> {
        let text = |name: &str| map.get(name).and_then(Json::as_str).filter(|it| !it.is_empty());
        match (text("plaintext"), text("ciphertext")) {
            (Some(plain), _) => Ok(zeroize::Zeroizing::new(plain.to_owned())),
            (None, Some(sealed)) => {
                (self.reading.open)(&self.provider, sealed).map(zeroize::Zeroizing::new)
            }
            (None, None) => Err("has neither `ciphertext` nor `plaintext`".to_owned()),
        }
    }

    /// What was under way. Ours is taken up again; of Pulumi's, nobody could
    /// tell what became of a create.
    fn pending(&mut self, pending: &[Json], own: &Json) {
        let ours: Vec<Json> = own["operations"].as_array().cloned().unwrap_or_default();
        for operation in pending {
            let resource = &operation["resource"];
            let Some(text) = resource["urn"].as_str() else {
                self.wrong("a pending operation has no resource".to_owned());
                continue;
            };
            let Some(urn) = self.urn(text) else { continue };
            let known = ours.iter().find(|it| it["urn"] == *text);
            let what = operation["type"].as_str().unwrap_or_default();
            match known {
                Some(own) => self.open_step(resource, &urn, own),
                None if what == "creating" => self.wrong(format!(
                    "{urn}: Pulumi was interrupted while creating it, and nobody knows whether it is there; `pulumi refresh` settles that"
                )),
                None => self.out.notes.push(format!(
                    "{urn}: Pulumi was interrupted while {} it; the next run compares it with what is live",
                    shown(what)
                )),
            }
        }
    }

    fn open_step(&mut self, resource: &Json, urn: &Urn, own: &Json) {
        let token = urn.token().to_owned();
        if self.reading.registry.resource(&token).is_none() {
            return self.wrong(format!("{urn}: there is no type `{}` here", shown(&token)));
        }
        let Some(state) = self.state(resource, urn, &token, Some(own)) else { return };
        let what: Result<Begun, _> = serde_json::from_value(own["what"].clone());
        let phase: Result<Phase, _> = serde_json::from_value(own["phase"].clone());
        let step = own["step"].as_str().filter(|it| is_op(it));
        let (Ok(what), Ok(phase), Some(step)) = (what, phase, step) else {
            return self.wrong(format!("{urn}: its pending operation is not one of ours"));
        };
        let seed = match &own["seed"] {
            Json::Null => None,
            seed => self.value(seed, urn, "seed").as_str().map(str::to_owned),
        };
        let state = ResourceState { phase, ..state };
        self.out.open.push(OpenStep { op: step.to_owned(), what, seed, state });
    }

    fn finish(mut self) -> Result<Imported, Vec<String>> {
        let mut both: Vec<(Option<u64>, ResourceState)> =
            self.places.into_iter().zip(std::mem::take(&mut self.out.resources)).collect();
        // As they were born; else what is condemned was there first.
        match both.iter().all(|(place, _)| place.is_some()) {
            true => both.sort_by_key(|(place, _)| *place),
            false => both.sort_by_key(|(_, it)| it.phase != Phase::Condemned),
        }
        self.out.resources = both.into_iter().map(|(_, it)| it).collect();
        let mut wrong = self.wrong.into_inner();
        for (at, state) in self.out.resources.iter().enumerate() {
            let later = &self.out.resources[at + 1..];
            if state.phase == Phase::Condemned {
                continue;
            }
            if later.iter().any(|it| it.urn == state.urn && it.phase == Phase::Condemned) {
                wrong.push(format!(
                    "{}: is to be deleted, and younger than what is live",
                    state.urn
                ));
            }
        }
        if wrong.is_empty() { Ok(self.out) } else { Err(wrong) }
    }
}

/// What an operation's token may be: it goes into tags and requests.
fn is_op(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// A provider's setting, which Pulumi keeps as JSON in a text.
fn from_text(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (ty, Value::Secret(secret)) => Value::secret(from_text(ty, secret.into_inner())),
        (Type::String { .. }, value) => value,
        (_, Value::String(text)) => match serde_json::from_str(&text) {
            Ok(json) => Value::from_json(&json),
            Err(_) => Value::String(text),
        },
        (_, value) => value,
    }
}

/// Without what Pulumi's provider filled in, at every depth.
fn without_defaults(value: Value) -> Value {
    match value {
        Value::Secret(secret) => Value::secret(without_defaults(secret.into_inner())),
        Value::List(list) => Value::List(list.into_iter().map(without_defaults).collect()),
        Value::Map(mut map) => {
            let defaults = map.remove("__defaults");
            let defaults = defaults.as_ref().and_then(Value::as_list).unwrap_or_default();
            for name in defaults.iter().filter_map(Value::as_str) {
                map.remove(name);
            }
            Value::Map(map.into_iter().map(|(key, it)| (key, without_defaults(it))).collect())
        }
        other => other,
    }
}

/// Outputs that our types have, too; the next run reads the rest anew.
fn outputs_of(outputs: Map, schema: &Schema, own: bool) -> Map {
    let provides = schema.token.starts_with(PROVIDERS);
    let known = &schema.outputs.properties;
    let one = |(name, value): (String, Value)| {
        let property = known.get(&name);
        if !own && (property.is_none() || value.is_null()) {
            return None;
        }
        let value = match property {
            Some(property) if provides => from_text(&property.ty, value),
            _ if own => value,
            _ => without_defaults(value),
        };
        Some((name, value))
    };
    outputs.into_iter().filter_map(one).collect()
}

/// The journal from what a stack has to what was imported: every resource of
/// now is let go of, every imported one taken over. `known` tells whether a
/// step's operation is in the journal already.
pub fn rows(
    before: &Snapshot,
    imported: &Imported,
    draws: &Draws,
    known: &dyn Fn(&str) -> bool,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut count = 0;
    let mut fresh = |urn: &Urn| {
        count += 1;
        draws.op(urn, &format!("import:{count}"))
    };
    let step = |rows: &mut Vec<Row>, op: &str, what, state: &ResourceState, result| {
        let state = Box::new(state.clone());
        rows.push(Row::Begun { op: op.to_owned(), what, seed: None, state });
        rows.push(Row::Ended { op: op.to_owned(), result });
    };
    for open in &before.open {
        let result = Err("given up for an import".to_owned());
        rows.push(Row::Ended { op: open.op.clone(), result });
    }
    for state in &before.resources {
        step(&mut rows, &fresh(&state.urn), Begun::Delete, state, Ok(Outcome::Gone));
    }
    let of_step = |open: &OpenStep, op: &str| {
        // The id comes with a row of its own.
        let named = open.what == Begun::Create;
        let id = if named { String::new() } else { open.state.id.clone() };
        let state = Box::new(ResourceState { id, ..open.state.clone() });
        Row::Begun { op: op.to_owned(), what: open.what, seed: open.seed.clone(), state }
    };
    // A create that was cut off once it had an id is both open and there.
    let mut creates: BTreeMap<&str, String> = BTreeMap::new();
    for open in imported.open.iter().filter(|it| it.what == Begun::Create) {
        let op = if known(&open.op) { fresh(&open.state.urn) } else { open.op.clone() };
        rows.push(of_step(open, &op));
        creates.insert(&open.state.op, op);
    }
    let live =
        |it: &ResourceState| Ok(Outcome::Live { id: it.id.clone(), outputs: it.outputs.clone() });
    for (at, state) in imported.resources.iter().enumerate() {
        if let Some(op) = creates.get(&*state.op) {
            rows.push(Row::Named { op: op.clone(), id: state.id.clone() });
            continue;
        }
        let op = fresh(&state.urn);
        if state.phase == Phase::Unsettled {
            let unnamed = Box::new(state.clone());
            rows.push(Row::Begun {
                op: op.clone(),
                what: Begun::Create,
                seed: None,
                state: unnamed,
            });
            rows.push(Row::Named { op: op.clone(), id: state.id.clone() });
            let result = Err("imported before it was finished".to_owned());
            rows.push(Row::Ended { op, result });
        } else {
            step(&mut rows, &op, Begun::Import, state, live(state));
        }
        // What is condemned had a successor, even if that is gone, too.
        let last = !imported.resources[at + 1..].iter().any(|it| it.urn == state.urn);
        if state.phase == Phase::Condemned && last {
            let op = fresh(&state.urn);
            let successor = ResourceState { op: op.clone(), ..state.clone() };
            step(&mut rows, &op, Begun::Import, &successor, live(&successor));
            step(&mut rows, &fresh(&state.urn), Begun::Delete, &successor, Ok(Outcome::Gone));
        }
    }
    for open in imported.open.iter().filter(|it| it.what != Begun::Create) {
        let op = if known(&open.op) { fresh(&open.state.urn) } else { open.op.clone() };
        rows.push(of_step(open, &op));
    }
    rows
}
