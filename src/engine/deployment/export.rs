//! A stack to a deployment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map as JsonMap, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{OWN, PROVIDERS, RELEASE, UNKNOWN, VERSION, package};
use crate::{
    engine::name::hex,
    model::{
        Governed, Place, ResourceState, Snapshot, Urn, Value,
        plan::Begun,
        stack::{OpenStep, Phase},
        urn::ROOT,
        value::{SECRET_MARK, SIGNATURE},
    },
};

/// All that is written of a stack.
pub struct Exported<'a> {
    pub project: &'a str,
    pub stack: &'a str,
    pub snapshot: &'a Snapshot,
    pub outputs: &'a [(String, Value)],
    pub governed: &'a [Governed],
    pub place: Option<&'a Place>,
    /// RFC 3339.
    pub now: &'a str,
    /// `{ "type": "passphrase", "state": { … } }`
    pub secrets_provider: Json,
    /// A secret's JSON text to the field that holds it, `ciphertext` or
    /// `plaintext`, and what is in it.
    pub seal: &'a Seal<'a>,
}

/// A text to a field's name and value.
pub type Seal<'a> = dyn Fn(&str) -> Result<(&'static str, String), String> + 'a;

/// The whole document.
pub fn export(what: &Exported<'_>) -> Result<Json, String> {
    let root = Urn::root(what.stack, what.project);
    let writer = Writer { what, root: &root, providers: default_providers(what) };
    let order = order(what.snapshot);
    let mut resources = vec![Json::Null];
    for (package, (urn, id)) in &writer.providers {
        resources.push(writer.default_provider(package, urn, id));
    }
    let mut there: BTreeSet<&Urn> = BTreeSet::new();
    let mut own = Vec::new();
    for at in order {
        let state = &what.snapshot.resources[at];
        resources.push(writer.resource(state, &there)?);
        own.push(writer.own(state, at, &there));
        there.insert(&state.urn);
    }
    let mut pending = Vec::new();
    let mut own_pending = Vec::new();
    for open in &what.snapshot.open {
        let resource = writer.resource(&open.state, &there)?;
        pending.push(json!({ "resource": resource, "type": doing(open.what) }));
        own_pending.push(writer.own_open(open, &there)?);
    }
    let place = what
        .place
        .map(|it| json!({ "partition": it.partition, "account": it.account, "region": it.region }));
    resources[0] = json!({
        "urn": root,
        "custom": false,
        "type": ROOT,
        "inputs": { OWN: {
            "place": place,
            "governed": what.governed,
            "resources": own,
            "operations": own_pending,
        } },
        "outputs": writer.map(what.outputs.iter().map(|(name, value)| (name, value)))?,
        "created": what.now,
        "modified": what.now,
    });
    Ok(json!({
        "version": VERSION,
        "deployment": {
            "manifest": {
                "time": what.now,
                "magic": hex(&Sha256::digest(RELEASE)),
                "version": RELEASE,
            },
            "secrets_providers": what.secrets_provider,
            "resources": resources,
            "pending_operations": pending,
            "metadata": {},
        },
    }))
}

fn doing(what: Begun) -> &'static str {
    match what {
        Begun::Create => "creating",
        Begun::Update => "updating",
        Begun::Delete => "deleting",
        Begun::Read => "reading",
        Begun::Import => "importing",
    }
}

/// What a resource stands on: these come before it.
fn needs(state: &ResourceState) -> impl Iterator<Item = &Urn> {
    let meta = &state.meta;
    meta.parent
        .iter()
        .chain(&meta.provider)
        .chain(&meta.dependencies)
        .chain(&meta.deleted_with)
        .chain(&meta.replace_with)
}

/// Places of the resources, each after what it stands on, else as born.
fn order(snapshot: &Snapshot) -> Vec<usize> {
    fn visit(at: usize, snapshot: &Snapshot, seen: &mut BTreeSet<usize>, order: &mut Vec<usize>) {
        if !seen.insert(at) {
            return;
        }
        let all = &snapshot.resources;
        for urn in needs(&all[at]) {
            let needed = (0..all.len()).filter(|it| all[*it].urn == *urn);
            needed.for_each(|it| visit(it, snapshot, seen, order));
        }
        order.push(at);
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    for at in 0..snapshot.resources.len() {
        visit(at, snapshot, &mut seen, &mut order);
    }
    order
}

/// By package, for resources that name no provider: URN and id.
fn default_providers(what: &Exported<'_>) -> BTreeMap<String, (Urn, String)> {
    let open = what.snapshot.open.iter().map(|it| &it.state);
    let states = what.snapshot.resources.iter().chain(open);
    let without = states.filter(|it| {
        it.meta.provider.is_none() && !it.meta.component && !it.token.starts_with(PROVIDERS)
    });
    without
        .map(|it| {
            let package = package(&it.token);
            let token = format!("{PROVIDERS}{package}");
            let urn = Urn::new(what.stack, what.project, None, &token, "default");
            (package.to_owned(), (urn.clone(), uuid(&urn)))
        })
        .collect()
}

/// The same for the same stack, every time.
fn uuid(urn: &Urn) -> String {
    let text = hex(&Sha256::digest(format!("orderinfra default provider {urn}")));
    format!(
        "{}-{}-4{}-8{}-{}",
        &text[..8],
        &text[8..12],
        &text[13..16],
        &text[17..20],
        &text[20..32]
    )
}

struct Writer<'a> {
    what: &'a Exported<'a>,
    root: &'a Urn,
    providers: BTreeMap<String, (Urn, String)>,
}

impl Writer<'_> {
    fn default_provider(&self, package: &str, urn: &Urn, id: &str) -> Json {
        let region = self.what.place.map(|it| &it.region).filter(|_| package == "aws");
        let settings = region.map_or(json!({}), |it| json!({ "region": it }));
        json!({
            "urn": urn,
            "custom": true,
            "id": id,
            "type": format!("{PROVIDERS}{package}"),
            "inputs": settings,
            "outputs": settings,
            "created": self.what.now,
            "modified": self.what.now,
        })
    }

    fn resource(&self, state: &ResourceState, there: &BTreeSet<&Urn>) -> Result<Json, String> {
        let meta = &state.meta;
        let provides = state.token.starts_with(PROVIDERS);
        let known = |all: &[Urn]| -> Vec<Urn> {
            all.iter().filter(|it| there.contains(it)).cloned().collect()
        };
        let dependencies = known(&meta.dependencies);
        let mut inputs = self.properties(&state.inputs, provides)?;
        // By which Pulumi's providers know a value that they chose themselves.
        if let (Json::Object(map), false) = (&mut inputs, provides) {
            map.insert("__defaults".to_owned(), json!(meta.named));
        }
        let mut out = JsonMap::new();
        let mut put = |name: &str, value: Json| {
            let nothing = match &value {
                Json::Null | Json::Bool(false) => true,
                Json::Array(list) => list.is_empty(),
                Json::Object(map) => map.is_empty(),
                _ => false,
            };
            let shown = match name {
                "custom" | "inputs" => true,
                "outputs" => !state.outputs.is_null(),
                _ => !nothing,
            };
            if shown {
                out.insert(name.to_owned(), value);
            }
        };
        put("urn", json!(state.urn));
        put("custom", (!meta.component).into());
        put("delete", (state.phase == Phase::Condemned).into());
        let no_id = state.id.is_empty() || meta.component;
        put("id", if no_id { Json::Null } else { json!(state.id) });
        put("type", json!(state.token));
        // As Pulumi takes a request that does not say which: all of them.
        let properties = state.inputs.as_map().into_iter().flatten();
        let by_property: JsonMap<String, Json> = properties
            .filter(|_| !dependencies.is_empty())
            .map(|(name, _)| (name.clone(), json!(dependencies)))
            .collect();
        put("inputs", inputs);
        put("outputs", self.properties(&state.outputs, provides)?);
        let parent = meta.parent.as_ref().filter(|it| there.contains(it)).unwrap_or(self.root);
        put("parent", json!(parent));
        put("protect", meta.protect.into());
        put("external", meta.external.into());
        put("dependencies", json!(dependencies));
        if state.phase == Phase::Unsettled {
            put("initErrors", json!(["its creation was not finished"]));
        }
        put("provider", json!(self.provider(state)));
        put("propertyDependencies", by_property.into());
        put("additionalSecretOutputs", json!(meta.additional_secret_outputs));
        put("aliases", json!(meta.aliases));
        let limits = meta.timeouts.iter().filter(|(name, _)| *name != "read");
        put("customTimeouts", limits.map(|(name, it)| (name.clone(), json!(it))).collect());
        put("retainOnDelete", meta.retain_on_delete.into());
        put("deletedWith", json!(meta.deleted_with.as_ref().filter(|it| there.contains(it))));
        put("replaceWith", json!(known(&meta.replace_with)));
        put("created", json!(meta.created));
        put("modified", json!(meta.modified));
        Ok(Json::Object(out))
    }

    /// `urn::id`
    fn provider(&self, state: &ResourceState) -> Option<String> {
        if state.token.starts_with(PROVIDERS) || state.meta.component {
            return None;
        }
        let (urn, id) = match &state.meta.provider {
            Some(urn) => {
                let all = self.what.snapshot.resources.iter();
                let newest = self.what.snapshot.current(urn);
                let provider = newest.or_else(|| all.rev().find(|it| it.urn == *urn))?;
                (urn, &provider.id)
            }
            None => {
                let (urn, id) = self.providers.get(package(&state.token))?;
                (urn, id)
            }
        };
        Some(format!("{urn}::{id}"))
    }

    /// What Pulumi has no field for.
    fn own(&self, state: &ResourceState, place: usize, there: &BTreeSet<&Urn>) -> Json {
        let meta = &state.meta;
        let whole = |all: &[Urn]| all.iter().all(|it| there.contains(it));
        let mut own = json!({
            "urn": state.urn,
            "id": if meta.component { "" } else { &state.id },
            "delete": state.phase == Phase::Condemned,
            "op": state.op,
            "place": place,
            "named": meta.named,
        });
        let mut put = |name: &str, value: Json| own[name] = value;
        if let Some(region) = &meta.region {
            put("region", json!(region));
        }
        if meta.delete_before_replace {
            put("deleteBeforeReplace", true.into());
        }
        if let Some(trigger) = &meta.replacement_trigger {
            put("replacementTrigger", json!(trigger));
        }
        if let Some(read) = meta.timeouts.get("read") {
            put("readTimeout", json!(read));
        }
        // Of what is looked up and not kept, too.
        if !whole(&meta.dependencies) {
            put("dependencies", json!(meta.dependencies));
        }
        own
    }

    fn own_open(&self, open: &OpenStep, there: &BTreeSet<&Urn>) -> Result<Json, String> {
        let mut own = self.own(&open.state, 0, there);
        own["step"] = json!(open.op);
        own["what"] = json!(open.what);
        own["phase"] = json!(open.state.phase);
        if let Some(seed) = &open.seed {
            own["seed"] = self.value(&Value::secret(Value::string(seed)))?;
        }
        Ok(own)
    }

    fn properties(&self, value: &Value, provides: bool) -> Result<Json, String> {
        let map = value.as_map().into_iter().flatten();
        if !provides {
            return self.map(map);
        }
        // A provider's settings are texts; what is none is JSON in one.
        fn text(value: &Value) -> Value {
            match value {
                Value::Secret(secret) => Value::secret(text(&secret.0)),
                Value::String(_) | Value::Null => value.clone(),
                other => {
                    let json = Value::String(other.reveal().to_string());
                    if other.has_secret() { Value::secret(json) } else { json }
                }
            }
        }
        let texts: Vec<(String, Value)> = map.map(|(name, it)| (name.clone(), text(it))).collect();
        self.map(texts.iter().map(|(name, it)| (name, it)))
    }

    fn map<'b>(
        &self,
        entries: impl Iterator<Item = (&'b String, &'b Value)>,
    ) -> Result<Json, String> {
        let entries = entries.map(|(name, it)| Ok((name.clone(), self.value(it)?)));
        Ok(Json::Object(entries.collect::<Result<_, String>>()?))
    }

    fn value(&self, value: &Value) -> Result<Json, String> {
        Ok(match value {
            Value::Secret(secret) => {
                let inside = zeroize::Zeroizing::new(self.value(&secret.0)?.to_string());
                let (field, text) = (self.what.seal)(&inside)?;
                json!({ SIGNATURE: SECRET_MARK, field: text })
            }
            Value::List(list) => {
                Json::Array(list.iter().map(|it| self.value(it)).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => self.map(map.iter())?,
            Value::Unknown(_) => json!(UNKNOWN),
            Value::Ref(it) if it.id.is_null() => {
                let mut reference = value.to_state();
                if let Json::Object(map) = &mut reference {
                    map.remove("id");
                }
                reference
            }
            other => other.to_state(),
        })
    }
}
