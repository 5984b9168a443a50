//! What a cut-off run left open. Reads only: what is found half made is
//! finished by the next plan.
//!
//! | last row | create | update, import | delete |
//! |---|---|---|---|
//! | `Begun` | looked for by its operation: `Named`, or never made | stays as it was; the diff against live tells the rest | gone, or still there |
//! | `Named` | in the state, unsettled | same | - |

use std::{collections::BTreeMap, time::Duration};

use futures_util::{TryStreamExt as _, stream::FuturesOrdered};

use super::{act, connect::Connections, halt::Trouble, refresh};
use crate::{
    model::{Outcome, Row, Snapshot, plan::Begun, stack::OpenStep},
    provider::{AnyResource, Cx, Registry, Settings},
};

/// One open step, closed: rows to write, and what to tell the user.
pub struct Closed {
    pub rows: Vec<Row>,
    pub open: OpenStep,
    pub outcome: String,
}

/// Closes every open step of a snapshot; `ages` is how long ago each began.
pub async fn recover(
    snapshot: &Snapshot,
    connections: &Connections,
    registry: &Registry,
    default: &Settings,
    ages: &BTreeMap<String, Duration>,
) -> Result<Vec<Closed>, Trouble> {
    let all: FuturesOrdered<_> = snapshot
        .open
        .iter()
        .map(|open| async move {
            let Some(kind) = registry.resource(&open.state.token) else {
                return Err(format!("there is no type `{}`", open.state.token).into());
            };
            let settings = refresh::settings_of(&open.state, snapshot, default);
            let age = ages.get(&open.op).copied().unwrap_or_default();
            let found = look(open, age, kind, connections, &settings).await.map_err(|it| {
                Trouble::from(it).during(&format!("looking for what became of {}", open.state.urn))
            })?;
            let (rows, outcome) = close(open, found);
            Ok(Closed { rows, open: open.clone(), outcome })
        })
        .collect();
    all.try_collect().await
}

/// What AWS says of an open step.
#[derive(Debug, PartialEq)]
enum Found {
    /// The id of what a create made.
    Made(String),
    There,
    Nothing,
    /// Not looked at: the next plan's live read says all.
    Whatever,
}

async fn look(
    open: &OpenStep,
    age: Duration,
    kind: &dyn AnyResource,
    connections: &Connections,
    settings: &Settings,
) -> crate::provider::Result<Found> {
    if kind.is_local() {
        return Ok(Found::Nothing);
    }
    let state = &open.state;
    match open.what {
        Begun::Create if !state.id.is_empty() => Ok(Found::Made(state.id.clone())),
        Begun::Create => {
            let cx = Cx { op: state.op.clone(), ..connections.cx(settings).await? };
            // What was sent long ago shows by now, if it was made.
            let limit = act::LOST.saturating_sub(age);
            let found = act::find(kind, &cx, &state.inputs, limit).await?;
            Ok(found.map_or(Found::Nothing, Found::Made))
        }
        Begun::Delete => {
            let cx = connections.cx(settings).await?;
            let ids = [state.id.clone()];
            let looks = [refresh::looks(state, &connections.young_since)];
            let read = refresh::look(kind, &cx, &ids, &looks).await?;
            Ok(if read.into_iter().flatten().next().is_some() {
                Found::There
            } else {
                Found::Nothing
            })
        }
        Begun::Update | Begun::Import | Begun::Read => Ok(Found::Whatever),
    }
}

/// Pure: the rows that close a step, and the words.
fn close(open: &OpenStep, found: Found) -> (Vec<Row>, String) {
    let op = open.op.clone();
    let ended = |why: &str| Row::Ended { op: op.clone(), result: Err(why.to_owned()) };
    match (open.what, found) {
        (Begun::Create, Found::Made(id)) => {
            let mut rows = vec![ended("cut off while it was being made")];
            if open.state.id.is_empty() {
                rows.insert(0, Row::Named { op: op.clone(), id: id.clone() });
            }
            (rows, format!("found as {id}; it will be finished"))
        }
        (Begun::Create, _) => (vec![ended("never made")], "was never made".to_owned()),
        (Begun::Delete, Found::Nothing) => {
            let gone = Row::Ended { op: op.clone(), result: Ok(Outcome::Gone) };
            (vec![gone], "is gone".to_owned())
        }
        (Begun::Delete, _) => {
            (vec![ended("cut off while it was being deleted")], "is still there".to_owned())
        }
        _ => (
            vec![ended("cut off while it was being changed")],
            "will be compared with what is live".to_owned(),
        ),
    }
}
