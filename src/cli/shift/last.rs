//! Where the traffic of a listener or rule went when it was last seen: by a
//! shift, or by an `up` after it. A page for maintenance, or a deletion behind
//! our back, must not send it back to where the program says.

use time::OffsetDateTime;

use super::open::plan_of;
use crate::{
    cli::{failure::Result, rfc3339, session::Session},
    engine::govern,
    model::{Governed, ResourceState},
    rollout::actions,
    store::{ShiftRow, Store},
};

/// More shifts than this ago, the state knows better.
const SHIFTS: u32 = 20;

pub(in crate::cli) fn last_weights(session: &Session, governed: &mut [Governed]) -> Result<()> {
    let store = &session.workspace.store;
    for pair in governed.iter_mut().filter(|it| it.properties.is_empty()) {
        let Some(state) = session.stack.snapshot.current(&pair.urn) else { continue };
        let seen = govern::weights(pair, &state.outputs);
        let shifts = store.shifts(&session.stack, pair.rollout.as_deref(), SHIFTS)?;
        let mut last = seen;
        for row in shifts {
            let Some(left) = left_by(store, &row, state, pair)? else { continue };
            if seen.is_none() || !changed_after(state, &row) {
                last = Some(left);
            }
            break;
        }
        pair.last = last;
    }
    Ok(())
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
    let groups = [&*pair.groups[0], &*pair.groups[1]];
    Ok(known.and_then(|it| actions::forward(it, groups)).map(|it| it.weights))
}

fn changed_after(state: &ResourceState, row: &ShiftRow) -> bool {
    let ended = row.finished.unwrap_or(row.heartbeat) / 1000;
    let ended = OffsetDateTime::from_unix_timestamp(ended).map(rfc3339);
    let changed = state.meta.modified.as_ref().or(state.meta.created.as_ref());
    changed.zip(ended.ok()).is_some_and(|(changed, ended)| *changed > ended)
}
