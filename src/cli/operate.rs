//! `orderinfra run-task`, `redeploy` and `logs`: what a person does with what is
//! running.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::mpsc::unbounded_channel;

use super::{
    Common, PlanArgs, Runtime,
    audit::Audit,
    drive::{Direction, Opened},
    failure::{Failure, Result, code},
    rfc3339,
    ui::{DIM, Ui},
};
use crate::{
    aws::jobs::{self, Job, JobState, Launch, Line},
    model::{ResourceState, Value},
    provider::{AnyResource, Cx},
    rollout::strategy,
};

const SERVICE: &str = "aws:ecs/service:Service";
const LOG_GROUP: &str = "aws:cloudwatch/logGroup:LogGroup";

/// How often it is looked what is new.
const EVERY_LOOKS: u32 = 1;

/// CloudWatch may tell a line so much later than it was written.
const LATE: i64 = 10_000;

#[derive(clap::Args)]
pub(super) struct RunTask {
    /// The service whose image, network and roles the task has, by its name in the stack or its URN
    service: String,
    /// Whose command is replaced and whose exit code counts; else the first essential one
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Start it, and do not wait for its end
    #[arg(long)]
    detach: bool,
    /// What to run instead of the image's own command
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(clap::Args)]
pub(super) struct Redeploy {
    /// The service, by its name in the stack or its URN
    service: String,
    /// Go on without asking
    #[arg(short, long)]
    yes: bool,
}

#[derive(clap::Args)]
pub(super) struct Logs {
    /// Only these log groups, by their names in the stack or in AWS
    #[arg(value_name = "GROUP")]
    groups: Vec<String>,
    /// Go on with what is written from now on
    #[arg(short, long)]
    follow: bool,
    /// How far back: 30s, 10m, 2h, 1d
    #[arg(long, default_value = "1h", value_parser = strategy::duration)]
    since: Duration,
}

/// A stack as the state has it; its program is not needed.
async fn opened(common: &Common, runtime: &Runtime, ui: &Ui) -> Result<Opened> {
    let plan = PlanArgs::default();
    let mut opened = Opened::new(&plan, common, runtime, ui, Direction::Destroy)?;
    opened.session.claim(false).await?;
    Ok(opened)
}

/// A resource of this type by its name or URN.
fn named<'a>(opened: &'a Opened, token: &str, name: &str) -> Result<&'a ResourceState> {
    let all = opened.session.stack.snapshot.resources.iter().filter(|it| it.token == token);
    let all: Vec<&ResourceState> = all.collect();
    let found: Vec<&&ResourceState> =
        all.iter().filter(|it| it.urn.name() == name || it.urn.as_str() == name).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = all.iter().map(|it| it.urn.name()).collect();
            let failure = Failure::usage(format!("the stack has no service `{name}`"));
            Err(match names.is_empty() {
                true => failure.hint("it has none at all: is it up?"),
                false => failure.hint(format!("it has {}", names.join(", "))),
            })
        }
        _ => Err(Failure::usage(format!("there are several services `{name}`; give the URN"))),
    }
}

async fn context(opened: &Opened, state: &ResourceState) -> Result<Cx> {
    let session = &opened.session;
    let settings = session.settings.clone().in_region(state.meta.region.as_deref());
    Ok(session.connections.cx(&settings).await?)
}

pub(super) async fn run_task(
    args: &RunTask,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let opened = opened(common, runtime, ui).await?;
    let service = named(&opened, SERVICE, &args.service)?;
    let mut cx = context(&opened, service).await?;
    cx.op = crate::engine::name::Draws { seed: runtime.seed()? }.op(&service.urn, "run-task");
    let store = opened.session.workspace.store.again()?;
    let stack = &opened.session.stack;
    let run = store.begin_run(stack, "run-task", &runtime.stamp())?;
    let audit = Audit::of(&store, run, opened.session.connections.calls.clone())?;
    // The task goes on without us: an interrupt only ends the looking.
    let mut stops = runtime.interrupts.begin();
    let result = tokio::select! {
        result = run_it(args, &service.id, &cx, runtime, ui) => result,
        _ = stops.recv() => Err(Failure::new(code::CANCELLED, "interrupted")
            .hint("a task that was started goes on; `orderinfra logs --follow` shows what it writes")),
        never = audit.keep() => match never {},
    };
    audit.close(stack, ui);
    store.end_run(run, if result.is_ok() { "done" } else { "failed" }, &runtime.stamp())?;
    result
}

async fn run_it(args: &RunTask, id: &str, cx: &Cx, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let launch = Launch {
        service: id,
        container: args.container.as_deref(),
        command: &args.command,
        token: &cx.op,
    };
    let since = millis(runtime) - LATE;
    // The token makes it safe to ask twice.
    let job = cx.persist(SERVICE, || jobs::launch(cx, &launch)).await?;
    ui.say(&format!("Started {}", job.task));
    if args.detach {
        if ui.json {
            ui.document(&json!({ "task": job.task, "container": job.container }).to_string());
        } else {
            ui.out(&job.task);
        }
        return Ok(());
    }
    if job.log.is_none() {
        ui.say("Its container writes to no log that can be shown here");
    }
    let (code, why) = follow(&job, since, cx, ui).await?;
    if ui.json {
        let document = json!({ "task": job.task, "container": job.container, "exitCode": code, "reason": why });
        ui.document(&document.to_string());
    }
    match code {
        Some(0) => {
            ui.say("The task ended with 0");
            Ok(())
        }
        Some(code) => {
            ui.say(&format!("The task ended with {code}: {why}"));
            Err(Failure::said(u8::try_from(code).unwrap_or(code::GENERAL)))
        }
        None => {
            Err(Failure::general(format!("the task stopped before `{}` ran: {why}", job.container)))
        }
    }
}

/// Until it has stopped, and once more for the last lines: they may come after
/// the end.
async fn follow(job: &Job, since: i64, cx: &Cx, ui: &Ui) -> Result<(Option<i32>, String)> {
    let mut tail = Tail::new(since);
    let (mut said, mut ended) = (String::new(), None);
    loop {
        let state = cx.persist(SERVICE, || jobs::look(cx, job)).await?;
        if let Some((group, stream)) = &job.log {
            let lines =
                cx.persist(LOG_GROUP, || jobs::lines(cx, group, Some(stream), tail.since)).await?;
            for line in tail.fresh(lines) {
                if ui.json { ui.say(&line.text) } else { ui.out(&line.text) }
            }
        }
        if let Some(ended) = ended {
            return Ok(ended);
        }
        match state {
            JobState::Ended { code, why } => ended = Some((code, why)),
            JobState::Going(word) if word != said => {
                ui.say(&ui.paint(DIM, &format!("the task is {word}")));
                said = word;
            }
            JobState::Going(_) => {}
        }
        cx.pause(EVERY_LOOKS).await;
    }
}

/// What of a log was shown already.
struct Tail {
    since: i64,
    seen: BTreeSet<String>,
}

impl Tail {
    fn new(since: i64) -> Self {
        Self { since, seen: BTreeSet::new() }
    }

    /// Those that were not shown; a late one is not lost.
    fn fresh(&mut self, lines: Vec<Line>) -> Vec<Line> {
        let newest = lines.iter().map(|it| it.time).max().unwrap_or(self.since);
        self.since = self.since.max(newest - LATE);
        lines.into_iter().filter(|it| self.seen.insert(it.id.clone())).collect()
    }
}

fn millis(runtime: &Runtime) -> i64 {
    runtime.time().unix_timestamp().saturating_mul(1000)
}

pub(super) async fn redeploy(
    args: &Redeploy,
    common: &Common,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let opened = opened(common, runtime, ui).await?;
    let service = named(&opened, SERVICE, &args.service)?;
    let session = &opened.session;
    let owner = super::session::owner(runtime);
    let store = &session.workspace.store;
    let lock = store.lock(&session.stack.project, &session.stack.name, &owner)?;
    runtime.interrupts.holding(lock.letting_go());
    let question = format!("Replace all tasks of `{}`?", service.urn.name());
    if !args.yes && ui.ask(&question, &["yes", "no"])? == "no" {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let kind = session
        .registry
        .resource(SERVICE)
        .ok_or_else(|| Failure::general("this build has no AWS in it"))?;
    let (status, mut statuses) = unbounded_channel();
    let cx = Cx { status: Some(status), ..context(&opened, service).await? };
    let store = store.again()?;
    let run = store.begin_run(&session.stack, "redeploy", &runtime.stamp())?;
    let audit = Audit::of(&store, run, session.connections.calls.clone())?;
    let mut stops = runtime.interrupts.begin();
    let mut work = Box::pin(deploy(kind, &service.id, &service.inputs, &cx));
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            Some(it) = statuses.recv() => ui.say(&ui.paint(DIM, &it.text)),
            _ = stops.recv() => break Err(Failure::new(code::CANCELLED, "interrupted")
                .hint("a deployment that has begun goes on")),
            never = audit.keep() => match never {},
        }
    };
    drop(work);
    audit.close(&session.stack, ui);
    store.end_run(run, if result.is_ok() { "done" } else { "failed" }, &runtime.stamp())?;
    drop(lock);
    result?;
    ui.say(&format!("`{}` is deployed anew", service.urn.name()));
    Ok(())
}

/// A new deployment, and the same wait as after an update that asks for a
/// steady state.
async fn deploy(kind: &dyn AnyResource, id: &str, inputs: &Value, cx: &Cx) -> Result<()> {
    cx.persist(SERVICE, || jobs::redeploy(cx, id)).await?;
    let mut inputs = inputs.as_map().cloned().unwrap_or_default();
    inputs.insert("waitForSteadyState".to_owned(), Value::Bool(true));
    let inputs = Value::Map(inputs);
    Ok(cx.persist(SERVICE, || kind.ready(cx, id, &inputs)).await?)
}

pub(super) async fn logs(args: &Logs, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let opened = opened(common, runtime, ui).await?;
    let groups = groups(&opened, &args.groups)?;
    let mut contexts = Vec::new();
    for state in &groups {
        contexts.push(context(&opened, state).await?);
    }
    let back = i64::try_from(args.since.as_millis()).unwrap_or(i64::MAX);
    let mut tails: Vec<Tail> =
        groups.iter().map(|_| Tail::new(millis(runtime).saturating_sub(back).max(0))).collect();
    let width = groups.iter().map(|it| it.urn.name().chars().count()).max().unwrap_or(0);
    loop {
        let mut fresh: Vec<(usize, Line)> = Vec::new();
        for (at, state) in groups.iter().enumerate() {
            let (cx, since) = (&contexts[at], tails[at].since);
            let name = state.inputs.get("name").and_then(Value::as_str).unwrap_or(&state.id);
            let lines = cx.persist(LOG_GROUP, || jobs::lines(cx, name, None, since)).await?;
            fresh.extend(tails[at].fresh(lines).into_iter().map(|it| (at, it)));
        }
        fresh.sort_by(|(_, one), (_, other)| (one.time, &one.id).cmp(&(other.time, &other.id)));
        for (at, line) in fresh {
            let group = groups[at].urn.name();
            let time = stamp(line.time);
            if ui.json {
                let line = json!({ "time": time, "group": group, "stream": line.stream, "text": line.text });
                ui.document(&line.to_string());
            } else {
                let pad = " ".repeat(width - group.chars().count());
                ui.out(&format!("{time} {group}{pad} | {}", line.text.trim_end()));
            }
        }
        let Some(cx) = contexts.first().filter(|_| args.follow) else { return Ok(()) };
        cx.pause(EVERY_LOOKS).await;
    }
}

/// RFC 3339, in UTC.
fn stamp(millis: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000));
    time.map_or_else(|_| millis.to_string(), rfc3339)
}

/// The log groups of the stack, or those of them that are named.
fn groups<'a>(opened: &'a Opened, wanted: &[String]) -> Result<Vec<&'a ResourceState>> {
    let all = opened.session.stack.snapshot.resources.iter().filter(|it| it.token == LOG_GROUP);
    let all: Vec<&ResourceState> = all.collect();
    let mut names: BTreeMap<&str, &ResourceState> = BTreeMap::new();
    for it in &all {
        names.insert(it.urn.name(), it);
        names.extend(it.inputs.get("name").and_then(Value::as_str).map(|name| (name, *it)));
    }
    if let Some(odd) = wanted.iter().find(|it| !names.contains_key(it.as_str())) {
        let known: Vec<&str> = all.iter().map(|it| it.urn.name()).collect();
        return Err(Failure::usage(format!("the stack has no log group `{odd}`"))
            .hint(format!("it has {}", known.join(", "))));
    }
    if all.is_empty() {
        return Err(Failure::general("the stack has no log groups"));
    }
    match wanted.is_empty() {
        true => Ok(all),
        false => Ok(wanted.iter().map(|it| names[it.as_str()]).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_once_and_a_late_one_too() {
        let line = |id: &str, time| Line {
            id: id.to_owned(),
            time,
            stream: String::new(),
            text: String::new(),
        };
        let mut tail = Tail::new(0);
        assert_eq!(tail.fresh(vec![line("a", 50_000), line("b", 60_000)]).len(), 2);
        assert_eq!(tail.since, 50_000);
        let late = tail.fresh(vec![line("b", 60_000), line("late", 55_000)]);
        assert_eq!(late, [line("late", 55_000)]);
    }
}
