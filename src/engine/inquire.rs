//! Plans, finds out what the plan lacks, and plans again until nothing is
//! lacking.

use futures_util::{StreamExt as _, stream::FuturesUnordered};

use super::{
    ask::{self, Sources},
    connect::Connections,
    halt::Trouble,
    plan::{Facts, Look, Planned, Wanted},
};
use crate::{
    lang::{diag::Diagnostic, eval::Question},
    model::Value,
    provider::{Place, Registry, Settings},
};

/// More rounds than any chain of functions that a person writes.
const ROUNDS: usize = 200;

/// `inquiry` builds the question anew around the facts of each round. The
/// error is one that every further question would meet as well.
pub async fn find_out(
    facts: &mut Facts,
    inquiry: &dyn Fn(&Facts) -> Planned,
    connections: &Connections,
    registry: &Registry,
    sources: &Sources<'_>,
) -> Result<Planned, Trouble> {
    for _ in 0..ROUNDS {
        let planned = inquiry(facts);
        if planned.wants.is_empty() {
            return Ok(planned);
        }
        let mut open: FuturesUnordered<_> = planned
            .wants
            .into_iter()
            .map(|wanted| fetch(wanted, connections, registry, sources))
            .collect();
        while let Some(found) = open.next().await {
            match found? {
                Found::Answer(question, answer) => drop(facts.answers.insert(question, answer)),
                Found::Place(settings, place) => drop(facts.places.insert(settings, place)),
                Found::Look(look, live) => drop(facts.looked.insert(look, live)),
            }
        }
    }
    let mut planned = inquiry(facts);
    planned.diagnostics.push(Diagnostic {
        severity: crate::lang::diag::Severity::Error,
        span: None,
        message: format!("the program still asks new questions after {ROUNDS} rounds"),
        hint: None,
    });
    Ok(planned)
}

enum Found {
    Answer(Question, Result<Value, String>),
    Place(Settings, Result<Place, String>),
    Look(Look, Result<Option<Value>, String>),
}

async fn fetch(
    wanted: Wanted,
    connections: &Connections,
    registry: &Registry,
    sources: &Sources<'_>,
) -> Result<Found, Trouble> {
    Ok(match wanted {
        Wanted::Answer(question, settings) => {
            let answer = ask::answer(&question, &settings, connections, registry, sources).await;
            Found::Answer(question, its_own(answer)?)
        }
        Wanted::Place(settings) => {
            let place = connections.get(&settings).await.map(|(_, it)| it);
            Found::Place(settings, its_own(place)?)
        }
        Wanted::Look(look) => {
            let live = read(&look, connections, registry).await;
            Found::Look(look, its_own(live)?)
        }
    })
}

/// An answer's own error is the program's to place; another ends the inquiry.
fn its_own<T, E: Into<Trouble>>(answer: Result<T, E>) -> Result<Result<T, String>, Trouble> {
    match answer.map_err(Into::into) {
        Err(trouble) if trouble.cause.is_some() => Err(trouble),
        other => Ok(other.map_err(|it| it.text)),
    }
}

async fn read(
    look: &Look,
    connections: &Connections,
    registry: &Registry,
) -> crate::provider::Result<Option<Value>> {
    let Some(kind) = registry.resource(&look.token) else { return Ok(None) };
    let cx = connections.cx(&look.settings).await?;
    let ids = [look.id.clone()];
    let read = cx.persist(kind.token(), || kind.read_many(&cx, &ids)).await?;
    Ok(read.into_iter().next().flatten())
}
