//! A shift that is open, and one that is over: going on, pausing, and going
//! back.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Args, Common, Failure, Opened, Post, Result, Runtime, Start, Ui, lock, look, now, of_name,
    opened, start, wait,
};
use crate::{
    cli::session,
    rollout::{
        spec::{Compare, Hooks, Spec},
        strategy::Strategy,
    },
    shift::{Outcome, plan::Plan},
    store::{Owner, ShiftRow, Store},
};

/// How long a process that has lost its shift may still be sending a call.
const CALL: Duration = Duration::from_secs(10);

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let mut opened = opened(common, runtime, ui, false).await?;
    let store = opened.session.workspace.store.again()?;
    let open = store.open_shifts(&opened.session.stack)?;
    if open.is_empty() {
        if args.rollback {
            return Box::pin(take_back(args, &mut opened, runtime, ui)).await;
        }
        return Err(Failure::general("no shift is open")
            .hint("`orderinfra shift --history` lists those that were"));
    }
    let row = of_name(&open, args.rollout.as_deref(), |it| &it.rollout, "open shift")?;
    let owner = session::owner(runtime);
    let back = args.rollback || args.abort;
    match lock(&store, &opened.session.stack, &row.rollout, &owner) {
        Ok(held) => {
            runtime.interrupts.holding(held.letting_go());
            if args.pause {
                return Err(Failure::general(format!(
                    "nobody is driving this shift: it stays where it is, in phase {}",
                    row.phase
                ))
                .hint("`orderinfra shift --resume` goes on with it"));
            }
            let driven = Box::pin(drive(args, &mut opened, row, back, &owner, runtime, ui)).await;
            drop(held);
            driven
        }
        Err(failure) if failure.code != Outcome::Locked.code() || args.resume => Err(failure),
        // By force: whoever drives it writes nothing any more.
        Err(_) if args.force && back => {
            Box::pin(drive(args, &mut opened, row, back, &owner, runtime, ui)).await
        }
        Err(_) => ask(args, &opened, &store, row, ui).await,
    }
}

/// Takes the shift over, and goes on or back with it.
async fn drive(
    args: &Args,
    opened: &mut Opened,
    row: &ShiftRow,
    back: bool,
    owner: &Owner,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let plan = plan_of(row)?;
    let mut store = opened.session.workspace.store.again()?;
    let fence = store.take_shift_over(&row.id, owner, now(runtime))?;
    if args.force {
        wait(opened, CALL).await;
    }
    let post = Post { args, opened, runtime, ui };
    let start = Start::TakenUp { row, back, answered: args.go_on };
    Box::pin(post.drive(fence, plan, start)).await
}

pub(super) fn plan_of(row: &ShiftRow) -> Result<Plan> {
    serde_json::from_value(row.plan.clone()).map_err(|error| {
        Failure::general(format!("the plan of the shift {} cannot be read: {error}", row.id))
    })
}

/// Says it to the process that drives the shift, and shows what it does.
async fn ask(args: &Args, opened: &Opened, store: &Store, row: &ShiftRow, ui: &Ui) -> Result<()> {
    let request = match args {
        Args { rollback: true, .. } => "rollback",
        Args { abort: true, .. } => "abort",
        Args { pause: true, .. } => "pause",
        _ => "continue",
    };
    let events = store.shift_events(&row.id, 0)?;
    let mut seen = events.last().and_then(|it| it["seq"].as_i64()).unwrap_or(0);
    let halt = events.iter().rev().find(|it| it["type"] == "paused" || it["type"] == "continued");
    let paused = halt.is_some_and(|it| it["type"] == "paused");
    match (request, paused) {
        ("pause", true) => return Err(Failure::general("the shift is paused already")),
        ("continue", false) => {
            return Err(Failure::general("the shift is not paused")
                .hint("`orderinfra shift --status --watch` shows what it does"));
        }
        _ => {}
    }
    store.ask_shift(&row.id, request)?;
    let story = super::story::Story::new(ui, None, &plan_of(row)?)?;
    let stack = &opened.session.stack;
    loop {
        for event in store.shift_events(&row.id, seen)? {
            seen = event["seq"].as_i64().unwrap_or(seen);
            story.tell(&event);
            let answered = match request {
                "pause" => event["type"] == "paused",
                "continue" => event["type"] == "continued",
                _ => false,
            };
            if answered {
                return Ok(());
            }
            if event["type"] == "shift.finished" {
                return look::ended(&event, args, ui);
            }
        }
        if look::driver_gone(store, stack, row) {
            return Err(Failure::general(
                "the process that drove the shift has ended without an answer",
            )
            .hint(format!("say it again: `orderinfra shift --{request}`")));
        }
        wait(opened, Duration::from_millis(250)).await;
    }
}

/// A shift of its own, from where the last one went to where it came from: at
/// once, at any later time.
async fn take_back(args: &Args, opened: &mut Opened, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let store = opened.session.workspace.store.again()?;
    let shifts = store.shifts(&opened.session.stack, args.rollout.as_deref(), 100)?;
    let moved = |it: &&ShiftRow| it.outcome.as_deref() == Some("done");
    let Some(last) = shifts.iter().find(moved) else {
        return Err(Failure::general("there is no shift to take back"));
    };
    let spec = match plan_of(last) {
        Ok(plan) if plan.takes_back.is_some() => {
            return Err(Failure::general("the last shift was taken back already")
                .hint("`orderinfra shift --to COLOUR` moves the traffic again"));
        }
        Ok(plan) => plan.spec,
        // Of an older version, which kept no spec: what is there shows it.
        Err(_) => start::rollout(args, opened, ui)?,
    };
    let spec = at_once(spec);
    let skip: BTreeSet<String> = args.skip_check.iter().cloned().collect();
    let mut wanted = start::wanted(args, opened, spec, skip, runtime)?;
    wanted.to = Some(last.from.clone());
    wanted.takes_back = Some(last.id.clone());
    wanted.skip_probes = true;
    // Only health counts on the way back.
    let health = ["PF01", "PF02", "PF03", "PF04", "PF17"];
    for number in 1..=20 {
        let id = format!("PF{number:02}");
        if !health.contains(&id.as_str()) {
            wanted.skip_checks.insert(id);
        }
    }
    Box::pin(start::begin(args, opened, wanted, runtime, ui)).await
}

fn at_once(spec: Spec) -> Spec {
    let mut spec = Spec { strategy: Strategy::all_at_once(), final_bake: Duration::ZERO, ..spec };
    spec.analysis.compare = Compare::Off;
    spec.alarms.clear();
    // What belongs to the way there is not asked on the way back.
    spec.hooks = Hooks::default();
    spec.test = None;
    spec.dead_man = None;
    spec
}
