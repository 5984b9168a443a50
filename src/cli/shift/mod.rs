//! `orderinfra shift`: traffic from one colour to the other, and everything
//! that a person asks about it or tells it.
//!
//! ```text
//! start.rs   a new shift: which rollout, what will be done, and doing it
//! open.rs    a shift that is open: resume, roll back, pause, go on
//! look.rs    status, history and reports
//! finish.rs  the idle colour, once nothing comes to it any more
//! governed.rs what `up` leaves to `shift`
//! notices.rs what people elsewhere are told
//! story.rs   events as a person, a file or a program reads them
//! ```

mod finish;
pub(super) mod governed;
mod look;
mod notices;
mod open;
mod start;
mod story;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use serde_json::Value as Json;

use super::{
    Common, PlanArgs, Runtime,
    audit::Audit,
    drive::{Direction, Opened},
    failure::{Failure, Result},
    ui::Ui,
};
use crate::{
    aws::traffic::Traffic,
    model::Urn,
    rollout::{
        spec::{OnConflict, OnInconclusive, OnInterrupt, PreScale, Spec},
        strategy::{self, Strategy},
    },
    shift::{Driver, Ended, First, Outcome, Surroundings, plan::Plan},
    store::{Error as StoreError, Fence, Lock, Owner, ShiftRow, Stack, Store},
};

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// Which rollout, where the stack has several
    rollout: Option<String>,
    /// Move the traffic to this colour, or to the one that is idle
    #[arg(long, value_name = "COLOUR", group = "what", value_parser = ["blue", "green", "idle"])]
    to: Option<String>,
    /// Bring the traffic back: of the open shift, or of the last one
    #[arg(long, group = "what")]
    rollback: bool,
    /// Show where the traffic goes, and how far an open shift is
    #[arg(long, group = "what")]
    status: bool,
    /// Keep the open shift where it is
    #[arg(long, group = "what")]
    pause: bool,
    /// Go on with the open shift after a pause
    #[arg(long = "continue", group = "what")]
    go_on: bool,
    /// Bring the traffic back and give the open shift up
    #[arg(long, group = "what")]
    abort: bool,
    /// Go on with a shift whose process is gone
    #[arg(long, group = "what")]
    resume: bool,
    /// Scale the idle colour to nothing, once nothing comes to it any more
    #[arg(long, group = "what")]
    finish: bool,
    /// List the last shifts
    #[arg(long, value_name = "N", group = "what", num_args = 0..=1, default_missing_value = "20")]
    history: Option<u32>,
    /// Write a shift's story as an HTML page to stdout
    #[arg(long, value_name = "ID", group = "what")]
    report: Option<String>,

    /// Percentages with their bakes: 5/10m,25/10m,50,100
    #[arg(long, value_name = "STEPS", conflicts_with = "strategy", help_heading = "The way there")]
    steps: Option<String>,
    /// all-at-once, canary:10/5m or linear:10/1m
    #[arg(long, value_name = "STRATEGY", help_heading = "The way there")]
    strategy: Option<String>,
    /// How long each step that says nothing is watched
    #[arg(long, value_name = "TIME", value_parser = strategy::duration, help_heading = "The way there")]
    bake: Option<Duration>,
    /// How long both colours are watched once all traffic has moved
    #[arg(long, value_name = "TIME", value_parser = strategy::duration, help_heading = "The way there")]
    final_bake: Option<Duration>,
    /// Go back if the traffic has not all moved after this time
    #[arg(long, value_name = "TIME", value_parser = strategy::duration, help_heading = "The way there")]
    timeout: Option<Duration>,
    /// Tasks of the destination before traffic moves: match, a number, off
    #[arg(long, value_name = "HOW", value_parser = PreScale::parse, help_heading = "The way there")]
    pre_scale: Option<PreScale>,

    /// Watch this alarm too
    #[arg(long, value_name = "NAME", help_heading = "What watches")]
    alarm: Vec<String>,
    /// An alarm that may ring
    #[arg(long, value_name = "NAME", help_heading = "What watches")]
    allow_alarm: Vec<String>,
    /// A check that may fail: PF06
    #[arg(long, value_name = "ID", help_heading = "What watches")]
    skip_check: Vec<String>,
    /// Do not judge by the load balancer's metrics
    #[arg(long, help_heading = "What watches")]
    no_analysis: bool,
    /// Do not ask the destination before traffic moves
    #[arg(long, help_heading = "What watches")]
    skip_probes: bool,
    /// Let the program's own commands be run as probes and hooks
    #[arg(long, help_heading = "What watches")]
    allow_exec: bool,
    /// How long the dead-man's switch waits, or off
    #[arg(long, value_name = "TIME", value_parser = dead_man, help_heading = "What watches")]
    dead_man: Option<Grace>,
    /// What an interrupt does: rollback or hold
    #[arg(long, value_name = "HOW", value_parser = word::<OnInterrupt>, help_heading = "What watches")]
    on_interrupt: Option<OnInterrupt>,
    /// What an edit by somebody else does: pause, adopt, overwrite, rollback
    #[arg(long, value_name = "HOW", value_parser = word::<OnConflict>, help_heading = "What watches")]
    on_conflict: Option<OnConflict>,
    /// What figures that say nothing do: hold, continue, rollback
    #[arg(long, value_name = "HOW", value_parser = word::<OnInconclusive>, help_heading = "What watches")]
    on_inconclusive: Option<OnInconclusive>,

    /// Show what would be done, to the last call, and do nothing
    #[arg(long, requires = "to")]
    dry_run: bool,
    /// Write the plan of a dry run to a file
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    out: Option<PathBuf>,
    /// With --dry-run: exit with 10 when there is something to do
    #[arg(long, requires = "dry_run")]
    detailed_exitcode: bool,
    /// Do what this plan says, or nothing
    #[arg(long, value_name = "FILE", requires = "to", conflicts_with = "dry_run")]
    plan: Option<PathBuf>,
    /// Go on without asking
    #[arg(short, long)]
    yes: bool,
    /// Roll back even to a colour that is not well, and take the shift from whoever drives it
    #[arg(long)]
    force: bool,
    /// Keep showing what happens
    #[arg(long, requires = "status")]
    watch: bool,
    /// Write every event to this file too
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
}

/// A word of an enumeration, as the spec writes it.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> std::result::Result<T, String> {
    serde_json::from_value(Json::String(text.to_owned()))
        .map_err(|error| error.to_string().split(" at line").next().unwrap_or_default().to_owned())
}

/// How long the switch waits; `None` is that there is none.
#[derive(Clone, Copy)]
struct Grace(Option<Duration>);

fn dead_man(text: &str) -> std::result::Result<Grace, String> {
    if text == "off" { Ok(Grace(None)) } else { strategy::duration(text).map(|it| Grace(Some(it))) }
}

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    if let Some(id) = &args.report {
        return look::report(id, common, runtime, ui);
    }
    if let Some(most) = args.history {
        return look::history(args, most, common, runtime, ui);
    }
    if args.status {
        return look::status(args, common, runtime, ui).await;
    }
    if args.finish {
        return finish::run(args, common, runtime, ui).await;
    }
    if args.to.is_some() {
        return Box::pin(start::run(args, common, runtime, ui)).await;
    }
    Box::pin(open::run(args, common, runtime, ui)).await
}

/// A stack as the state has it. Its program is read only where a new shift
/// begins: what is wrong with a program keeps nobody from rolling back.
async fn opened(common: &Common, runtime: &Runtime, ui: &Ui, program: bool) -> Result<Opened> {
    let direction = if program { Direction::Up } else { Direction::Destroy };
    let mut opened = Opened::new(&PlanArgs::default(), common, runtime, ui, direction)?;
    opened.session.claim(false).await?;
    Ok(opened)
}

pub(super) async fn traffic(opened: &Opened) -> Result<Traffic> {
    let session = &opened.session;
    Ok(Traffic::new(session.connections.cx(&session.settings).await?))
}

/// Milliseconds since 1970, by a clock that tests do not stop.
pub(super) fn now(runtime: &Runtime) -> i64 {
    i64::try_from((runtime.now)().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The lock of one rollout: it goes with its process, so that whoever cannot
/// take it knows that a driver is alive. `up` is not kept out by it.
fn lock(store: &Store, stack: &Stack, rollout: &str, owner: &Owner) -> Result<Lock> {
    let name = format!("{}.{rollout}.shift", stack.name);
    store.lock(&stack.project, &name, owner).map_err(|error| match error.root() {
        StoreError::Locked(by) => {
            let who = by.as_ref().map_or_else(String::new, |it| format!(" ({})", it.command));
            Failure::new(
                Outcome::Locked.code(),
                format!("a process is driving a shift of `{rollout}`{who}"),
            )
            .hint("`orderinfra shift --status --watch` shows it; `--pause`, `--continue` and `--rollback` reach it from here")
        }
        _ => error.into(),
    })
}

#[expect(clippy::disallowed_methods, reason = "it waits for another process, not for AWS")]
async fn wait(opened: &Opened, time: Duration) {
    tokio::time::sleep(opened.session.connections.pace.of(time)).await;
}

/// Everything that a driver needs beside its plan.
struct Post<'a> {
    args: &'a Args,
    opened: &'a mut Opened,
    runtime: &'a Runtime,
    ui: &'a Ui,
}

/// Where a driver begins.
enum Start<'a> {
    New(First),
    /// Where another has left it; `back` at once, or answered by a person.
    TakenUp {
        row: &'a ShiftRow,
        back: bool,
        answered: bool,
    },
}

impl Post<'_> {
    /// Drives a shift from wherever it is, to its end.
    async fn drive(self, fence: Fence, plan: Plan, start: Start<'_>) -> Result<()> {
        let Post { args, opened, runtime, ui } = self;
        // From here on an interrupt is the driver's, who closes its shift.
        let stops = runtime.interrupts.begin();
        opened.back_up(runtime)?;
        let session = &opened.session;
        let store = session.workspace.store.again()?;
        let kept = session.workspace.store.again()?;
        kept.govern(&session.stack, &governed::by_shift(&plan, opened))?;
        let run = kept.begin_run(&session.stack, "shift", &runtime.stamp())?;
        let audit = Audit::of(&kept, run, session.connections.calls.clone())?;
        let traffic = traffic(opened).await?;
        let story = story::Story::new(ui, args.events.as_deref(), &plan)?;
        let clock = || now(runtime);
        let notices = notices::Notices::new(ui, &plan);
        let tell = |event: &Json| {
            story.tell(event);
            notices.take(event);
        };
        let around = Surroundings {
            clock: &clock,
            pace: session.connections.pace,
            tell: &tell,
            alone: !ui.interactive,
            force: args.force,
            commands: args.allow_exec,
        };
        let mut driver = Driver::new(&traffic, store, fence, plan, around, stops);
        match start {
            Start::New(first) => driver = driver.telling(first),
            Start::TakenUp { row, back, answered } => {
                driver.take_up(row, back)?;
                if answered {
                    driver.answered();
                }
            }
        }
        let ended = tokio::select! {
            ended = driver.run() => ended,
            never = audit.keep() => match never {},
            never = notices.keep(&traffic) => match never {},
        };
        notices.close(&traffic).await;
        audit.close(&session.stack, ui);
        kept.end_run(run, ended.outcome.word(), &runtime.stamp())?;
        said(&ended, args, ui)
    }
}

/// The exit code of a shift's end; the words were said.
fn said(ended: &Ended, args: &Args, ui: &Ui) -> Result<()> {
    // Who asked for the way back has what was asked for.
    let wished = (args.rollback || args.abort)
        && matches!(ended.outcome, Outcome::RolledBack | Outcome::Aborted);
    let code = if wished { 0 } else { ended.outcome.code() };
    if code == 0 {
        return Ok(());
    }
    let reason = ended.reason.clone().unwrap_or_default();
    let message = match ended.outcome {
        _ if ui.json => String::new(),
        Outcome::Refused => "nothing was changed: see the checks above".to_owned(),
        Outcome::Aborted => format!("given up before any traffic moved: {reason}"),
        Outcome::RolledBack => format!("rolled back: {reason}"),
        Outcome::Locked | Outcome::Failed => reason,
        Outcome::Paused => format!("paused: {reason}"),
        Outcome::Conflict => format!("left as it is: {reason}"),
        Outcome::Blocked => format!("a person is needed: {reason}"),
        Outcome::Interrupted => reason,
        Outcome::Done | Outcome::Noop => String::new(),
    };
    let failure = Failure::new(code, message);
    Err(match ended.outcome {
        Outcome::Paused | Outcome::Conflict | Outcome::Blocked if !ui.json => failure
            .hint("`orderinfra shift --status` shows the routes")
            .hint("`orderinfra shift --continue` goes on with them as they are, `orderinfra shift --rollback` brings the traffic back"),
        _ => failure,
    })
}

/// By name where there are several.
fn of_name<'a, T>(
    all: &'a [T],
    name: Option<&str>,
    name_of: impl Fn(&T) -> &str,
    what: &str,
) -> Result<&'a T> {
    let names: Vec<&str> = all.iter().map(&name_of).collect();
    match name {
        Some(name) => all.iter().find(|it| name_of(it) == name).ok_or_else(|| {
            Failure::usage(format!("there is no {what} of a rollout `{name}`"))
                .hint(format!("there is {}", names.join(", ")))
        }),
        None => match all {
            [one] => Ok(one),
            _ => Err(Failure::usage(format!("there are several: {}", names.join(", ")))
                .hint("say which one: `orderinfra shift ROLLOUT …`")),
        },
    }
}

/// What the flags say goes before what the program says.
fn with_flags(mut spec: Spec, args: &Args) -> Result<Spec> {
    let bake = args.bake.unwrap_or(Duration::ZERO);
    let strategy = match (&args.steps, &args.strategy) {
        (Some(steps), _) => Some(Strategy::from_steps(steps, bake)),
        (None, Some(text)) => Some(text.parse()),
        (None, None) => None,
    };
    if let Some(strategy) = strategy {
        spec.strategy = strategy.map_err(|why| Failure::usage(format!("the strategy: {why}")))?;
    } else if let Some(bake) = args.bake {
        let last = spec.strategy.steps.len() - 1;
        spec.strategy.steps[..last].iter_mut().for_each(|it| it.bake = bake);
    }
    if let Some(bake) = args.final_bake {
        spec.final_bake = bake;
    }
    if let Some(how) = args.pre_scale {
        spec.capacity.pre_scale = how;
    }
    spec.timeout = args.timeout.or(spec.timeout);
    in_time(&spec)?;
    let part = |id: &String| crate::rollout::spec::Part { id: id.clone(), urn: None::<Urn> };
    spec.alarms.extend(args.alarm.iter().map(part));
    if args.no_analysis {
        spec.analysis.compare = crate::rollout::spec::Compare::Off;
    }
    spec.on_interrupt = args.on_interrupt.unwrap_or(spec.on_interrupt);
    spec.on_conflict = args.on_conflict.unwrap_or(spec.on_conflict);
    spec.analysis.on_inconclusive = args.on_inconclusive.or(spec.analysis.on_inconclusive);
    match (args.dead_man, &mut spec.dead_man) {
        (Some(Grace(None)), _) => spec.dead_man = None,
        (Some(Grace(Some(grace))), Some(dead_man)) => dead_man.grace = grace,
        (Some(Grace(Some(_))), None) => {
            return Err(Failure::usage("the program names no role for the dead-man's switch")
                .hint("the scheduler needs one: `deadMan: { roleArn: … }` in the rollout"));
        }
        (None, _) => {}
    }
    Ok(spec)
}

/// Whether the steps before the last fit in the time there is.
fn in_time(spec: &Spec) -> Result<()> {
    let steps = &spec.strategy.steps;
    let least: Duration = steps[..steps.len() - 1].iter().map(|it| it.bake).sum();
    match spec.timeout {
        Some(limit) if limit <= least => {
            let [limit, least] = [limit, least].map(strategy::spelled);
            let text = format!(
                "a timeout of {limit} is over before all traffic can have moved: the steps before the last are watched for {least}"
            );
            Err(Failure::usage(text))
        }
        _ => Ok(()),
    }
}

/// What a program may say and this shift cannot do.
fn can_be_done(spec: &Spec, args: &Args) -> Result<()> {
    use crate::rollout::spec::Probe;
    let test = spec.test.as_ref();
    let hooks = &spec.hooks;
    let all = [&hooks.before_shift, &hooks.after_step, &hooks.on_rollback, &hooks.on_done];
    let probes = test.into_iter().flat_map(|it| &it.probes).chain(all.into_iter().flatten());
    let mut commands = probes.filter_map(|it| match it {
        Probe::Exec(exec) => exec.command.first(),
        _ => None,
    });
    match commands.next() {
        Some(command) if !args.allow_exec => Err(Failure::usage(format!(
            "`rollouts.{}` runs `{command}` on this machine",
            spec.name
        ))
        .hint("look at it, then say --allow-exec")),
        _ => Ok(()),
    }
}

fn known_checks(args: &Args) -> Result<BTreeSet<String>> {
    let known = |id: &String| {
        let number = id.strip_prefix("PF").and_then(|it| it.parse::<u8>().ok());
        number.is_some_and(|it| (1..=20).contains(&it)) && id.len() == 4
    };
    if let Some(odd) = args.skip_check.iter().find(|it| !known(it)) {
        return Err(Failure::usage(format!("there is no check `{odd}`"))
            .hint("the checks are PF01 to PF20; --dry-run shows them"));
    }
    Ok(args.skip_check.iter().cloned().collect())
}

/// Routes by ARN, with what the state calls them.
fn route_names(opened: &Opened) -> BTreeMap<String, String> {
    let resources = &opened.session.stack.snapshot.resources;
    let routes = resources
        .iter()
        .filter(|it| it.token == crate::rollout::LISTENER || it.token == crate::rollout::RULE);
    routes.map(|it| (it.id.clone(), it.urn.name().to_owned())).collect()
}
