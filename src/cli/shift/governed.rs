//! What `up` leaves to `shift`, as the stack is now: where resources have
//! other names or ARNs than when the shift was, and where the traffic of a
//! listener or rule went when it was last seen.

use time::OffsetDateTime;

use super::open::plan_of;
use crate::{
    cli::{drive::Opened, failure::Result, rfc3339, session::Session},
    engine::govern,
    model::{Governed, ResourceState, Snapshot, Urn},
    rollout::{actions, cloud::Scaling},
    shift::{plan::Plan, preflight::Wanted},
    store::{ShiftRow, Store},
};

/// What a shift keeps `up` from undoing.
pub(super) fn by_shift(plan: &Plan, opened: &Opened) -> Vec<Governed> {
    let snapshot = &opened.session.stack.snapshot;
    let groups = [&*plan.blue().group, &*plan.green().group];
    let govern = |urn, properties: &[&str]| new(snapshot, groups, &plan.rollout, urn, properties);
    let of = |id: &str| snapshot.resources.iter().find(|it| it.id == id).map(|it| it.urn.clone());
    let routes = plan.routes.iter().filter_map(|it| it.urn.clone().or_else(|| of(&it.arn)));
    let mut all: Vec<Governed> = routes.map(|urn| govern(urn, &[])).collect();
    for service in plan.colours.iter().filter_map(|it| it.service.as_ref()) {
        let scaled = service.wanted != service.desired;
        if let (true, Some(urn)) = (scaled, of(&service.arn)) {
            all.push(govern(urn, &["desiredCount"]));
        }
        let Some(scaling) = service.scaling.as_ref().filter(|_| service.held != service.scaling)
        else {
            continue;
        };
        if let Some(target) = snapshot.resources.iter().find(|it| scales(it, scaling)) {
            let properties = ["minCapacity", "maxCapacity", "suspendedState"];
            all.push(govern(target.urn.clone(), &properties));
        }
    }
    all
}

/// The same of a colour that is scaled to nothing.
pub(super) fn by_finish(
    opened: &Opened,
    wanted: &Wanted,
    side: usize,
    scaling: Option<&Scaling>,
) -> Vec<Governed> {
    let snapshot = &opened.session.stack.snapshot;
    let colors = &wanted.spec.colors;
    let service = [&colors.blue, &colors.green][side].service.as_ref();
    let groups = [&*colors.blue.target_group.id, &*colors.green.target_group.id];
    let govern = |it: &ResourceState, property| {
        new(snapshot, groups, &wanted.spec.name, it.urn.clone(), &[property])
    };
    let of = |it: &ResourceState| {
        if service.is_some_and(|service| service.id == it.id) {
            Some(govern(it, "desiredCount"))
        } else if scaling.is_some_and(|scaling| scales(it, scaling)) {
            Some(govern(it, "minCapacity"))
        } else {
            None
        }
    };
    snapshot.resources.iter().filter_map(of).collect()
}

fn scales(it: &ResourceState, scaling: &Scaling) -> bool {
    it.token == "aws:appautoscaling/target:Target"
        && it.inputs.get("resourceId").and_then(|it| it.as_str()) == Some(&*scaling.resource)
}

fn new(
    snapshot: &Snapshot,
    groups: [&str; 2],
    rollout: &str,
    urn: Urn,
    properties: &[&str],
) -> Governed {
    let mut new = Governed {
        urn,
        groups: groups.map(str::to_owned),
        members: [None, None],
        properties: properties.iter().map(|it| (*it).to_owned()).collect(),
        rollout: Some(rollout.to_owned()),
        last: None,
    };
    follow(snapshot, &mut new);
    new
}

/// More shifts than this ago, the state knows better.
const SHIFTS: u32 = 20;

pub(in crate::cli) fn of_stack(session: &Session) -> Result<Vec<Governed>> {
    let store = &session.workspace.store;
    let mut all = store.governed(&session.stack)?;
    for it in &mut all {
        follow(&session.stack.snapshot, it);
        if it.properties.is_empty() {
            it.last = last_weights(session, it)?;
        }
    }
    Ok(all)
}

/// Keeps the records as they are now, before a run gives other names again.
pub(in crate::cli) fn record(session: &Session) -> Result<()> {
    let store = &session.workspace.store;
    for before in store.governed(&session.stack)? {
        let mut now = before.clone();
        follow(&session.stack.snapshot, &mut now);
        if now != before {
            store.govern_instead(&session.stack, &before.urn, &now)?;
        }
    }
    Ok(())
}

/// A resource may have another URN, by an alias, and a group that was replaced
/// has another ARN.
fn follow(snapshot: &Snapshot, it: &mut Governed) {
    if let Some(state) = named(snapshot, &it.urn) {
        it.urn = state.urn.clone();
    }
    for (group, member) in it.groups.iter_mut().zip(&mut it.members) {
        let state = match member {
            Some(urn) => named(snapshot, urn),
            None => snapshot.resources.iter().find(|it| it.id == *group),
        };
        if let Some(state) = state.filter(|it| !it.id.is_empty()) {
            group.clone_from(&state.id);
            *member = Some(state.urn.clone());
        }
    }
}

fn named<'a>(snapshot: &'a Snapshot, urn: &Urn) -> Option<&'a ResourceState> {
    let renamed = || snapshot.resources.iter().rev().find(|it| it.meta.aliases.contains(urn));
    snapshot.current(urn).or_else(renamed)
}

/// A page for maintenance, or a deletion behind our back, must not send
/// traffic to where the program says: it goes where a shift, or an `up` after
/// it, has seen it go.
fn last_weights(session: &Session, pair: &Governed) -> Result<Option<[u32; 2]>> {
    let store = &session.workspace.store;
    let Some(state) = session.stack.snapshot.current(&pair.urn) else { return Ok(None) };
    let seen = govern::weights(pair, &state.outputs);
    for row in store.shifts(&session.stack, pair.rollout.as_deref(), SHIFTS)? {
        if let Some(left) = left_by(store, &row, state, pair)? {
            let later = seen.filter(|_| changed_after(state, &row));
            return Ok(Some(later.unwrap_or(left)));
        }
    }
    Ok(seen)
}

/// The weights that a shift knows last.
fn left_by(
    store: &Store,
    row: &ShiftRow,
    state: &ResourceState,
    pair: &Governed,
) -> Result<Option<[u32; 2]>> {
    let Ok(plan) = plan_of(row) else { return Ok(None) };
    let is_it = |urn: Option<&_>, arn: &str| urn == Some(&pair.urn) || arn == state.id;
    let place = plan.routes.iter().position(|it| is_it(it.urn.as_ref(), &it.arn));
    let known = store.shift_routes(&row.id)?;
    let known = place.and_then(|it| known.get(it)).and_then(|(_, known)| known.as_array());
    // By the ARNs of that time.
    let groups = [&*plan.blue().group, &*plan.green().group];
    Ok(known.and_then(|it| actions::forward(it, groups)).map(|it| it.weights))
}

fn changed_after(state: &ResourceState, row: &ShiftRow) -> bool {
    let ended = row.finished.unwrap_or(row.heartbeat) / 1000;
    let ended = OffsetDateTime::from_unix_timestamp(ended).map(rfc3339);
    let changed = state.meta.modified.as_ref().or(state.meta.created.as_ref());
    changed.zip(ended.ok()).is_some_and(|(changed, ended)| *changed > ended)
}
