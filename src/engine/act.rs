//! One step's calls to its provider, in the order that makes it safe to be
//! cut off anywhere.

use std::{collections::BTreeSet, time::Duration};

use futures_util::{FutureExt as _, future::LocalBoxFuture};
use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use super::{
    connect::Connections,
    diff::{self, Sides},
    govern,
    halt::Cause,
    inputs, path, refresh,
    watch::{Watch, Watched},
};
use crate::{
    model::{Action, Outcome, ResourceState, Row, Step, Value, stack::Phase},
    provider::{AnyResource, Cx, Error, Kind, Made, Registry, Result, Settings, Status, retry},
};

/// How long a thing that was just made may stay invisible to reads: EC2 and
/// Lambda answer `NotFound` for up to five minutes.
const APPEARS: Duration = Duration::from_secs(300);

/// How long a lost create is looked for before it counts as never made: tag
/// indexes lag by up to a minute.
pub(super) const LOST: Duration = Duration::from_secs(60);

/// The same where AWS itself knows the create again, by its name or token:
/// sending it once more does no harm.
const GLANCE: Duration = Duration::from_secs(5);

/// However long looking for it takes, a create whose answer was lost is sent at
/// least this often before it is given up.
const CREATES: u32 = 8;

/// How often a young thing is deleted at most. Some show on, deleted or not: the
/// current version of a secret goes with its secret.
const DELETES: u32 = 3;

/// How often a thing is looked for before it counts as gone, of which no read
/// ever showed that it was there: a create that was cut off.
const LOOKS: u32 = 4;

/// A step with all its inputs known.
#[derive(Clone)]
pub(super) struct Job {
    /// The step's own operation, under which its rows stand.
    pub op: String,
    action: Action,
    seed: Option<String>,
    settings: Settings,
    /// As it will be kept; `id` once it is known.
    pub state: ResourceState,
    pub watch: Watch,
}

/// What came of a stretch of calls.
#[derive(Debug)]
pub(super) enum Landed {
    /// AWS has said the id: to be journaled before anything else is done.
    Named(String),
    Ended(std::result::Result<Outcome, String>),
    /// Every call would meet this now. The step's row stays open: this run
    /// repeats the stretch, or the next one finds out what became of it.
    Stuck(Cause, String),
    /// It failed, and nobody knows whether it has made something. Its row
    /// stays open: the next run looks.
    InDoubt(String),
}

impl Job {
    pub(super) fn new(step: &Step, settings: &Settings, inputs: Value) -> Self {
        Self {
            op: step.op.clone(),
            action: step.action.clone(),
            seed: step.seed.clone(),
            settings: settings.clone(),
            state: ResourceState { inputs, ..step.state.clone() },
            watch: Watch::default(),
        }
    }

    pub(super) fn read(step: &Step, settings: &Settings, id: String) -> Self {
        let mut job = Self::new(step, settings, Value::Null);
        job.state.id = id;
        job
    }

    pub(super) fn serial(&self, registry: &Registry) -> Option<String> {
        match self.action {
            Action::Record { .. } | Action::Forget | Action::Read => None,
            _ => registry.resource(&self.state.token)?.serial(&self.state.inputs),
        }
    }

    /// Whether all that is left is to wait, and others of its key need not.
    /// An update of what was never seen ready changes something after that.
    pub(super) fn waits_aside(&self, registry: &Registry) -> bool {
        let unsettled = self.state.phase == Phase::Unsettled;
        let changes = unsettled && matches!(self.action, Action::Update { .. });
        let aside = registry.resource(&self.state.token).is_some_and(AnyResource::waits_aside);
        aside && !changes && self.watch.awaits()
    }

    /// The row before the first call. Reading changes nothing and has none.
    pub(super) fn begun(&self) -> Option<Row> {
        (self.action != Action::Read).then(|| Row::Begun {
            op: self.op.clone(),
            what: self.action.begun(),
            seed: self.seed.clone(),
            state: Box::new(self.state.clone()),
        })
    }

    /// The row after a stretch of calls.
    pub(super) fn row(&self, landed: &Landed) -> Option<Row> {
        if self.action == Action::Read {
            return None;
        }
        let op = self.op.clone();
        match landed {
            Landed::Named(id) => Some(Row::Named { op, id: id.clone() }),
            Landed::Ended(result) => Some(Row::Ended { op, result: result.clone() }),
            Landed::Stuck(..) | Landed::InDoubt(_) => None,
        }
    }

    /// Up to the id, or to the end.
    pub(super) fn first<'a>(
        self,
        connections: &'a Connections,
        registry: &'a Registry,
        status: &UnboundedSender<Status>,
    ) -> LocalBoxFuture<'a, Landed> {
        let status = status.clone();
        async move {
            let token = self.state.token.clone();
            let Some(kind) = registry.resource(&token) else {
                return Landed::Ended(Err(format!("there is no type `{token}`")));
            };
            let kind = &Watched { kind, watch: &self.watch };
            match self.begin(kind, connections, status).await {
                Ok(landed) => landed,
                Err(error) => self.failed(&error),
            }
        }
        .boxed_local()
    }

    /// A stretch that got stuck, once more. What was refused was not acted on,
    /// and every call but a create may be made twice; a create that may have
    /// been acted on is looked for first.
    pub(super) fn again<'a>(
        self,
        named: bool,
        connections: &'a Connections,
        registry: &'a Registry,
        status: &UnboundedSender<Status>,
    ) -> LocalBoxFuture<'a, Landed> {
        if named {
            return self.settle(connections, registry, status);
        }
        if !self.watch.in_doubt() {
            return self.first(connections, registry, status);
        }
        let (first, sender) = (self.clone(), status.clone());
        async move {
            let found = async {
                let Some(kind) = registry.resource(&self.state.token) else { return Ok(None) };
                let kind = &Watched { kind, watch: &self.watch };
                let cx = self.cx(kind, connections, sender.clone(), "create").await?;
                find(kind, &cx, &self.state.inputs, LOST).await
            };
            match found.await {
                Ok(Some(id)) => Landed::Named(id),
                Ok(None) => first.first(connections, registry, &sender).await,
                Err(error) => self.failed(&error),
            }
        }
        .boxed_local()
    }

    /// From the id to the end.
    pub(super) fn settle<'a>(
        self,
        connections: &'a Connections,
        registry: &'a Registry,
        status: &UnboundedSender<Status>,
    ) -> LocalBoxFuture<'a, Landed> {
        let status = status.clone();
        async move {
            let token = self.state.token.clone();
            let Some(kind) = registry.resource(&token) else {
                return Landed::Ended(Err(format!("there is no type `{token}`")));
            };
            let kind = &Watched { kind, watch: &self.watch };
            let settled = async {
                let cx = self.cx(kind, connections, status, "create").await?;
                let (id, inputs) = (&*self.state.id, &self.state.inputs);
                cx.persist(kind.token(), || kind.finish(&cx, id, inputs)).await?;
                cx.persist(kind.token(), || kind.ready(&cx, id, inputs)).await?;
                self.look(kind, &cx, id).await
            };
            match settled.await {
                Ok(outputs) => self.live(kind, outputs),
                Err(error) => self.failed(&error),
            }
        }
        .boxed_local()
    }

    /// Clouds repeat what they were sent: no secret of it reaches the journal
    /// or the screen.
    fn failed(&self, error: &Error) -> Landed {
        let text = self.state.inputs.scrub(error.to_string());
        let text = self.state.outputs.scrub(text);
        match Cause::of(error) {
            Some(cause) => Landed::Stuck(cause, text),
            None if self.state.id.is_empty() && self.watch.in_doubt() => Landed::InDoubt(text),
            None => Landed::Ended(Err(text)),
        }
    }

    async fn begin(
        &self,
        kind: &dyn AnyResource,
        connections: &Connections,
        status: UnboundedSender<Status>,
    ) -> Result<Landed> {
        match &self.action {
            Action::Create => {
                let cx = self.cx(kind, connections, status, "create").await?;
                self.create(kind, &cx).await
            }
            Action::Update { id, applied, live } => {
                let cx = self.cx(kind, connections, status, "update").await?;
                self.update(kind, &cx, id, applied, live.as_ref()).await
            }
            Action::Delete { id } => {
                let cx = self.cx(kind, connections, status, "delete").await?;
                self.delete(kind, &cx, id, &connections.young_since).await?;
                Ok(Landed::Ended(Ok(Outcome::Gone)))
            }
            Action::Import { id } => {
                let cx = self.cx(kind, connections, status, "create").await?;
                self.import(kind, &cx, id).await
            }
            Action::Read => {
                let cx = self.cx(kind, connections, status, "read").await?;
                let outputs = self.look(kind, &cx, &self.state.id).await?;
                Ok(self.live(kind, outputs))
            }
            Action::Record { id } => {
                let (id, outputs) = (id.clone(), self.state.outputs.clone());
                Ok(Landed::Ended(Ok(Outcome::Live { id, outputs })))
            }
            Action::Forget => Ok(Landed::Ended(Ok(Outcome::Gone))),
        }
    }

    /// A create whose answer was lost is looked for before it is sent again.
    async fn create(&self, kind: &dyn AnyResource, cx: &Cx) -> Result<Landed> {
        let (inputs, once) = (&self.state.inputs, cx.once());
        let patience = cx.pace.of(retry::UNANSWERED.limit);
        let mut lost_since: Option<Instant> = None;
        for tries in 1.. {
            let error = match cx.persist_once(kind.token(), || kind.create(&once, inputs)).await {
                // It is whole at once: with its id alone in the journal, a cut
                // would lose what was drawn, or told once.
                Ok(Made { id, outputs: Some(outputs) }) => {
                    return Ok(self.live_as(kind, id, outputs));
                }
                Ok(Made { id, outputs: None }) => return Ok(Landed::Named(id)),
                Err(error) => error,
            };
            let answered = error.kind == Kind::Service;
            if !answered && error.kind != Kind::Ambiguous {
                return Err(error);
            }
            let found = match lost_since {
                // What exists then is somebody else's.
                None if answered => return Err(error),
                // Refused because of what the lost request made, it may be,
                // and what it made does not show yet.
                _ if answered || kind.anonymous() => find(kind, cx, inputs, LOST).await?,
                _ => find(kind, cx, inputs, GLANCE).await?,
            };
            let lost = *lost_since.get_or_insert_with(Instant::now);
            match found {
                Some(id) => return Ok(Landed::Named(id)),
                None if answered => return Err(error),
                None if tries >= CREATES && lost.elapsed() >= patience => return Err(error),
                None => cx.say("the answer was lost, and nothing was made; sending it again"),
            }
        }
        unreachable!("it ends by an answer, a find or a limit")
    }

    async fn update(
        &self,
        kind: &dyn AnyResource,
        cx: &Cx,
        id: &str,
        applied: &Value,
        live: Option<&Value>,
    ) -> Result<Landed> {
        let (token, wanted) = (kind.token(), &self.state.inputs);
        if self.state.phase == Phase::Unsettled {
            cx.persist(token, || kind.finish(cx, id, wanted)).await?;
            cx.persist(token, || kind.ready(cx, id, wanted)).await?;
        }
        let sides = Sides { applied, live, wanted };
        let details = diff::details(kind, &sides);
        if let Some(fixed) = details.iter().find(|it| it.replaces) {
            let message = format!(
                "`{}` turned out different from the plan and needs a replacement; run `orderinfra up` again",
                fixed.path
            );
            return Err(Error::new(Kind::Unready, "", message));
        }
        if kind.is_local() {
            let mut outputs = self.state.outputs.as_map().cloned().unwrap_or_default();
            let known = &kind.schema().outputs.properties;
            let inputs = wanted.as_map().into_iter().flatten();
            let inputs = inputs.filter(|(name, _)| known.contains_key(*name));
            outputs.extend(inputs.map(|(name, it)| (name.clone(), it.clone())));
            return Ok(self.live(kind, outputs.into()));
        }
        let (old, new) = diff::for_update(kind, &sides);
        if !details.is_empty() {
            cx.persist(token, || kind.update(cx, id, &old, &new)).await?;
        }
        let id = cx.persist(token, || kind.renamed(cx, id, wanted)).await?;
        if !details.is_empty() {
            // Not `new`: what others make of it meanwhile is not waited for.
            cx.persist(token, || kind.ready(cx, &id, wanted)).await?;
        }
        let asked = may_have_changed(kind, wanted);
        let narrow = Cx { asked: live.is_some().then_some(asked), ..cx.clone() };
        let outputs = self.look(kind, &narrow, &id).await?;
        let known = live.unwrap_or(&self.state.outputs);
        let outputs = refresh::merge(kind.schema(), known, outputs, narrow.asked.as_ref());
        Ok(self.live_as(kind, id, outputs))
    }

    /// A young thing that AWS says is not there may only not show yet: while a
    /// read still sees it, it is deleted again. One that was never seen may
    /// come and go in reads.
    async fn delete(
        &self,
        kind: &dyn AnyResource,
        cx: &Cx,
        id: &str,
        young_since: &str,
    ) -> Result<()> {
        let (token, inputs, ids) = (kind.token(), &self.state.inputs, [id.to_owned()]);
        let young = refresh::is_young(&self.state, young_since);
        let holders = || kind.holders(cx, id);
        let unseen = young && self.state.phase == Phase::Unsettled && !kind.is_local();
        if unseen {
            appears(kind, cx, &ids).await?;
        }
        let looks = if unseen { LOOKS } else { 1 };
        for tries in 0..DELETES {
            cx.persist_naming(token, &holders, || kind.delete(cx, id, inputs)).await?;
            cx.persist(token, || kind.gone(cx, id)).await?;
            if !young || kind.is_local() {
                break;
            }
            if !shows(kind, cx, &ids, looks).await? {
                break;
            }
            cx.pause(tries).await;
        }
        Ok(())
    }

    /// Takes a living thing over, and makes it what the program says.
    async fn import(&self, kind: &dyn AnyResource, cx: &Cx, id: &str) -> Result<Landed> {
        if kind.is_local() {
            let outputs = kind.adopt(id, &self.state.inputs)?;
            return Ok(self.live_as(kind, id.to_owned(), outputs));
        }
        let live = self.look(kind, cx, id).await?;
        self.update(kind, cx, id, &Value::Null, Some(&live)).await
    }

    /// Reads until it is there: reads lag behind writes.
    async fn look(&self, kind: &dyn AnyResource, cx: &Cx, id: &str) -> Result<Value> {
        let ids = [id.to_owned()];
        let once = || async {
            let read = cx.persist(kind.token(), || kind.read_many(cx, &ids)).await?;
            Ok(read.into_iter().next().flatten())
        };
        cx.wait("it to show in reads", APPEARS, once).await
    }

    fn live(&self, kind: &dyn AnyResource, outputs: Value) -> Landed {
        self.live_as(kind, self.state.id.clone(), outputs)
    }

    fn live_as(&self, kind: &dyn AnyResource, id: String, outputs: Value) -> Landed {
        let secret = &self.state.meta.additional_secret_outputs;
        let outputs = refresh::tidy(outputs);
        let outputs = inputs::taint(kind.schema(), &self.state.inputs, outputs, secret);
        Landed::Ended(Ok(Outcome::Live { id, outputs }))
    }

    async fn cx(
        &self,
        kind: &dyn AnyResource,
        connections: &Connections,
        status: UnboundedSender<Status>,
        operation: &str,
    ) -> Result<Cx> {
        let base = match kind.is_local() {
            true => connections.offline(),
            false => connections.cx(&self.settings).await?,
        };
        let limit = self.state.meta.timeouts.get(operation).copied().map(Duration::from_secs);
        Ok(Cx {
            op: self.state.op.clone(),
            seed: self.seed.clone(),
            limit,
            status: Some(status),
            ..base
        })
    }
}

/// Until a thing that may not show yet has shown twice in a row, or does not
/// show at all: a delete that does not see it would do nothing, and then wait
/// for its end.
async fn appears(kind: &dyn AnyResource, cx: &Cx, ids: &[String]) -> Result<()> {
    let (mut seen, mut unseen) = (0, 0);
    for look in 0..2 * LOOKS {
        match shows(kind, cx, ids, 1).await? {
            true => (seen, unseen) = (seen + 1, 0),
            false => (seen, unseen) = (0, unseen + 1),
        }
        if seen == 2 || unseen == LOOKS {
            break;
        }
        cx.pause(look).await;
    }
    Ok(())
}

/// Whether one of so many looks shows it.
async fn shows(kind: &dyn AnyResource, cx: &Cx, ids: &[String], looks: u32) -> Result<bool> {
    for look in 0..looks {
        if look > 0 {
            cx.pause(look).await;
        }
        let read = cx.persist(kind.token(), || kind.read_many(cx, ids)).await?;
        if read.iter().any(Option::is_some) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks for what a create has made whose answer is not known.
pub(super) async fn find(
    kind: &dyn AnyResource,
    cx: &Cx,
    inputs: &Value,
    limit: Duration,
) -> Result<Option<String>> {
    cx.say("the answer was lost; looking for what was made");
    // Not the user's limit: that is for what was made to become ready.
    let cx = Cx { limit: None, ..cx.clone() };
    let look = || async { cx.persist(kind.token(), || kind.find(&cx, inputs)).await };
    match cx.wait("the lost answer's resource to show", limit, look).await {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.kind == Kind::Unready => Ok(None),
        Err(error) => Err(error),
    }
}

/// The outputs that an update can have changed: what was set, and what the
/// schema says is volatile. The rest was read when the plan was made.
fn may_have_changed(kind: &dyn AnyResource, wanted: &Value) -> BTreeSet<String> {
    let set = wanted.as_map().into_iter().flatten().map(|(name, _)| name.clone());
    let outputs = kind.schema().outputs.properties.iter();
    set.chain(outputs.filter(|(_, it)| it.volatile).map(|(name, _)| name.clone())).collect()
}

/// Keeps what the plan has settled otherwise than the program says: ignored
/// properties, and what a shift governs.
pub(super) fn as_planned(wanted: &mut Value, planned: &Value, kept: &[String]) {
    for pattern in kept {
        path::copy(wanted, Some(planned), &path::parse(pattern));
    }
    govern::keep(wanted, planned);
}
