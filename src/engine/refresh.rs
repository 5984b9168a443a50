//! Live state, read in as few calls as AWS allows.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream::FuturesUnordered};

use super::{
    connect::Connections,
    diff::{self, Sides},
    halt::Trouble,
    inputs,
};
use crate::{
    lang::ast::{Accessor, Program},
    model::{
        Map, Outcome, ResourceState, Row, Schema, Snapshot, Urn, Value, plan::Begun, stack::Phase,
    },
    provider::{AnyResource, Cx, Registry, Settings},
};

/// What must be known of each type: the properties that anybody sets, and the
/// outputs that anybody uses.
pub fn asked(program: &Program, snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for state in &snapshot.resources {
        let own = all.entry(state.token.clone()).or_default();
        own.extend(state.inputs.as_map().into_iter().flatten().map(|(key, _)| key.clone()));
    }
    let tokens: BTreeMap<&str, &str> =
        program.resources.iter().map(|it| (&*it.key.value, &*it.token.value)).collect();
    for resource in &program.resources {
        if let crate::lang::ast::ExprKind::Map(entries) = &resource.properties.kind {
            let own = all.entry(resource.token.value.clone()).or_default();
            for (key, _) in entries {
                if let crate::lang::ast::ExprKind::Text(name) = &key.kind {
                    own.insert(name.clone());
                }
            }
        }
    }
    let mut used = |access: &crate::lang::ast::Access| {
        let token = tokens.get(&*access.root);
        let Some(Accessor::Name(name) | Accessor::Key(name)) = access.path.first() else {
            return;
        };
        if let Some(token) = token {
            all.entry((*token).to_owned()).or_default().insert(name.clone());
        }
    };
    program.resources.iter().for_each(|it| it.accesses(&mut used));
    program.variables.iter().for_each(|it| it.value.accesses(&mut used));
    program.outputs.iter().for_each(|it| it.value.accesses(&mut used));
    all
}

/// The clients for something in the state, by the provider that the state has.
pub fn settings_of(state: &ResourceState, snapshot: &Snapshot, default: &Settings) -> Settings {
    let provider = state.meta.provider.as_ref().and_then(|urn| snapshot.current(urn));
    let base = match provider {
        Some(provider) => {
            let own = Settings::from_inputs(&provider.inputs);
            let region = own.region.clone().or_else(|| default.region.clone());
            let own = Settings { region, ..own };
            if default.emulator { default.in_region(own.region.as_deref()) } else { own }
        }
        None => default.clone(),
    };
    base.in_region(state.meta.region.as_deref())
}

/// Everything of the state as it is in AWS now, by birth operation.
pub async fn read(
    connections: &Connections,
    registry: &Registry,
    snapshot: &Snapshot,
    default: &Settings,
    asked: &BTreeMap<String, BTreeSet<String>>,
) -> Result<BTreeMap<String, Option<Value>>, Trouble> {
    let mut groups: BTreeMap<(Settings, &str), Vec<&ResourceState>> = BTreeMap::new();
    for state in snapshot.resources.iter().filter(|it| !it.id.is_empty()) {
        let local = registry.resource(&state.token).is_none_or(AnyResource::is_local);
        if !local {
            let settings = settings_of(state, snapshot, default);
            groups.entry((settings, &state.token)).or_default().push(state);
        }
    }
    // One after the other, so that each account and region is asked once.
    for (settings, _) in groups.keys() {
        connections.get(settings).await?;
    }
    let mut reads: FuturesUnordered<_> = groups
        .into_iter()
        .map(|((settings, token), states)| {
            let kind = registry.resource(token).expect("grouped by known types only");
            let asked = asked.get(token).cloned();
            group(connections, kind, settings, states, asked)
        })
        .collect();
    let mut live = BTreeMap::new();
    while let Some(found) = reads.next().await {
        live.extend(found?);
    }
    Ok(live)
}

/// How often a thing must be missing to be gone.
const GONE_LOOKS: u32 = 3;
/// The same of one that is young and may never have shown: half a minute.
const UNSEEN_LOOKS: u32 = 5;

/// How often a thing must be missing to be gone: none is made anew, or given
/// up, because reads have not caught up with its birth.
pub(super) fn looks(state: &ResourceState, young_since: &str) -> u32 {
    let unseen = is_young(state, young_since) && state.phase != Phase::Live;
    if unseen { UNSEEN_LOOKS } else { GONE_LOOKS }
}

pub(super) fn is_young(state: &ResourceState, young_since: &str) -> bool {
    state.meta.created.as_deref().is_some_and(|it| it >= young_since)
}

/// Reads, and reads again what does not show: AWS has many servers, and one
/// that has not heard of a young thing does not make it gone.
pub(super) async fn look(
    kind: &dyn AnyResource,
    cx: &Cx,
    ids: &[String],
    looks: &[u32],
) -> crate::provider::Result<Vec<Option<Value>>> {
    let mut found = cx.persist(kind.token(), || kind.read_many(cx, ids)).await?;
    for look in 1..UNSEEN_LOOKS {
        let missing = (0..ids.len()).filter(|at| found[*at].is_none() && look < looks[*at]);
        let missing: Vec<usize> = missing.collect();
        if missing.is_empty() || kind.is_local() {
            break;
        }
        cx.pause(look).await;
        let again: Vec<String> = missing.iter().map(|at| ids[*at].clone()).collect();
        let read = cx.persist(kind.token(), || kind.read_many(cx, &again)).await?;
        for (at, it) in missing.into_iter().zip(read) {
            found[at] = it;
        }
    }
    Ok(found)
}

async fn group(
    connections: &Connections,
    kind: &dyn AnyResource,
    settings: Settings,
    states: Vec<&ResourceState>,
    asked: Option<BTreeSet<String>>,
) -> Result<Vec<(String, Option<Value>)>, Trouble> {
    let ids: Vec<String> = states.iter().map(|it| it.id.clone()).collect();
    let mut cx = connections.cx(&settings).await?;
    cx.asked.clone_from(&asked);
    let looks = states.iter().map(|it| looks(it, &connections.young_since));
    let read = look(kind, &cx, &ids, &looks.collect::<Vec<_>>()).await;
    let what = || format!("reading {} {}", ids.len(), kind.token());
    let found = read.map_err(|it| Trouble::from(it).during(&what()))?;
    let merged = states.into_iter().zip(found).map(|(state, live)| {
        let live = live.map(|it| merge(kind.schema(), &state.outputs, it, asked.as_ref()));
        (state.op.clone(), live)
    });
    Ok(merged.collect())
}

/// What was not asked for, and not told, stays as it was last known; so does
/// what AWS tells once only.
pub(super) fn merge(
    schema: &Schema,
    known: &Value,
    live: Value,
    asked: Option<&BTreeSet<String>>,
) -> Value {
    let (Some(known), Value::Map(mut map)) = (known.as_map(), live.clone()) else { return live };
    let once = |name: &String| {
        let output = schema.outputs.properties.get(name).is_some_and(|it| it.write_only);
        output && !schema.inputs.properties.contains_key(name)
    };
    for (name, value) in known {
        let told = map.get(name).is_some_and(|it| !super::compare::is_nothing(it));
        let asked = asked.is_none_or(|it| it.contains(name));
        if !told && (!asked || once(name)) {
            map.insert(name.clone(), value.clone());
        }
    }
    Value::Map(map)
}

/// The outputs that the state keeps: what was read, without nulls.
pub fn tidy(outputs: Value) -> Value {
    match outputs {
        Value::Map(map) => {
            let map: Map = map.into_iter().filter(|(_, it)| !it.is_null()).collect();
            Value::Map(map)
        }
        other => other,
    }
}

/// One resource that is not as the state has it.
pub struct TakenIn {
    pub urn: Urn,
    pub token: String,
    pub gone: bool,
    /// Property, before, after.
    pub changed: Vec<(String, Value, Value)>,
    pub rows: Vec<Row>,
}

/// What a refresh writes: the live value of every input that was ever
/// applied, and all outputs.
pub fn taken_in(
    registry: &Registry,
    snapshot: &Snapshot,
    live: &BTreeMap<String, Option<Value>>,
    seed: [u8; 32],
) -> Vec<TakenIn> {
    let draws = super::name::Draws { seed };
    let mut all = Vec::new();
    for state in &snapshot.resources {
        let (Some(live), Some(kind)) = (live.get(&state.op), registry.resource(&state.token))
        else {
            continue;
        };
        let op = draws.op(&state.urn, &format!("refresh:{}", state.op));
        let taken = |changed, gone, rows| TakenIn {
            urn: state.urn.clone(),
            token: state.token.clone(),
            gone,
            changed,
            rows,
        };
        let begun = |what, state: ResourceState| Row::Begun {
            op: op.clone(),
            what,
            seed: None,
            state: Box::new(state),
        };
        let Some(live) = live else {
            let ended = Row::Ended { op: op.clone(), result: Ok(Outcome::Gone) };
            let rows = vec![begun(Begun::Delete, state.clone()), ended];
            all.push(taken(Vec::new(), true, rows));
            continue;
        };
        let sides = Sides { applied: &state.inputs, live: Some(live), wanted: &state.inputs };
        let details = diff::details(kind, &sides);
        if details.is_empty() {
            continue;
        }
        let secret = &state.meta.additional_secret_outputs;
        let outputs = inputs::taint(kind.schema(), &state.inputs, tidy(live.clone()), secret);
        let (now, _) = diff::for_update(kind, &sides);
        let now = inputs::taint(kind.schema(), &state.inputs, now, &[]);
        let changed =
            details.into_iter().map(|it| (it.path, it.new, it.live.unwrap_or_default())).collect();
        let new = ResourceState { inputs: now, ..state.clone() };
        let outcome = Outcome::Live { id: state.id.clone(), outputs };
        let rows =
            vec![begun(Begun::Update, new), Row::Ended { op: op.clone(), result: Ok(outcome) }];
        all.push(taken(changed, false, rows));
    }
    all
}
