//! What traffic keeps `up` and `destroy` from: everything that an open shift
//! relies on, and the tasks of a colour that has traffic.

use super::{
    Common,
    drive::{self, Direction, Opened},
    failure::{Failure, Result},
    render,
    session::Workspace,
    shift,
    ui::Ui,
};
use crate::{
    model::{Action, Change, Op, Plan, Urn, Value},
    rollout::{LISTENER, RULE, spec::Part, strategy::spelled},
    shift::{Outcome, plan, preflight},
    store::ShiftRow,
};

/// The first thing that a command on a stack says: a shift of it is open.
pub(super) fn tell(workspace: &Workspace, common: &Common, ui: &Ui) -> Result<()> {
    // Whoever needs to know which stack is meant says what is wrong with that.
    let Ok(name) = workspace.stack_name(common) else { return Ok(()) };
    let (project, store) = (&workspace.project.name, &workspace.store);
    for row in store.open_shifts_of(project, &name)? {
        let lock = format!("{name}.{}.shift", row.rollout);
        let driver = match store.holder(project, &lock) {
            Some(_) => "a process is driving it: `orderinfra shift --status --watch`",
            None => {
                "nobody is driving it: `orderinfra shift --resume` or `orderinfra shift --rollback`"
            }
        };
        ui.say(&format!("{}; {driver}", capital(&open(&row))));
    }
    Ok(())
}

/// `a shift of `web` is open: blue → green, 25 % to green, baking`
fn open(row: &ShiftRow) -> String {
    let share = row
        .verified_permille
        .map_or_else(String::new, |it| format!(", {} % to {}", f64::from(it) / 10.0, row.to));
    let ShiftRow { rollout, from, to, phase, .. } = row;
    format!("a shift of `{rollout}` is open: {from} → {to}{share}, {phase}")
}

fn capital(text: &str) -> String {
    text.replacen('a', "A", 1)
}

/// Whose old colour has waited long enough: the shift is well, and nobody has
/// wanted it back.
pub(super) fn idle(opened: &Opened, now: i64) -> Result<Vec<String>> {
    let session = &opened.session;
    let mut lines = Vec::new();
    for spec in opened.said_rollouts().into_iter().filter_map(|(_, spec)| spec.ok()) {
        let last = session.workspace.store.shifts(&session.stack, Some(&spec.name), 1)?;
        let done = last.first().filter(|it| it.outcome.as_deref() == Some("done"));
        let Some((row, finished)) = done.and_then(|it| Some((it, it.finished?))) else { continue };
        let color = if row.from == "blue" { &spec.colors.blue } else { &spec.colors.green };
        let retained = i64::try_from(spec.retain.as_millis()).unwrap_or(i64::MAX);
        if now - finished < retained || !has_tasks(opened, color.service.as_ref()) {
            continue;
        }
        lines.push(format!(
            "{} of the rollout `{}` has had no traffic for {}: `orderinfra shift {} --finish` scales it to nothing",
            row.from,
            spec.name,
            spelled(spec.retain),
            spec.name,
        ));
    }
    Ok(lines)
}

/// By what was just read, or by what is known.
fn has_tasks(opened: &Opened, service: Option<&Part>) -> bool {
    let resources = &opened.session.stack.snapshot.resources;
    let known = service.and_then(|part| resources.iter().find(|it| it.id == part.id));
    let Some(known) = known else { return false };
    let live = opened.facts.live.get(&known.op).and_then(Option::as_ref);
    let count = live.unwrap_or(&known.outputs).get("desiredCount").map(Value::reveal);
    count.and_then(|it| it.as_f64()).is_some_and(|it| it > 0.0)
}

/// Why a plan is not carried out, for the sake of traffic.
pub(super) async fn refusal(opened: &Opened, plan: &Plan) -> Result<Option<Failure>> {
    let session = &opened.session;
    let open_shifts = session.workspace.store.open_shifts(&session.stack)?;
    if let Some(row) = open_shifts.first() {
        let what = match opened.direction {
            Direction::Destroy => Some("nothing is destroyed before it has ended"),
            Direction::Up if opened.enforce_weights => Some("its weights are nobody else's"),
            Direction::Up => None,
        };
        if let Some(what) = what {
            return Ok(Some(refused(format!("{}; {what}", open(row)))));
        }
    }
    for row in &open_shifts {
        let of: plan::Plan = serde_json::from_value(row.plan.clone()).map_err(|error| {
            Failure::general(format!("the plan of the shift {} cannot be read: {error}", row.id))
        })?;
        let touched = touched(plan, &of.protected);
        if !touched.is_empty() {
            let text = format!("{}; it relies on what this would change:", open(row));
            let failure = refused(format!("{text}\n{}", touched.join("\n")));
            return Ok(Some(failure.hint("`--exclude` leaves these out and does the rest")));
        }
    }
    match opened.direction {
        Direction::Up => live_tasks(opened, plan).await,
        Direction::Destroy => Ok(None),
    }
}

fn refused(message: String) -> Failure {
    Failure::new(Outcome::Locked.code(), message).hint("`orderinfra shift --status` shows it")
}

/// `update aws:ecs:Service green`
fn touched(plan: &Plan, protected: &[Urn]) -> Vec<String> {
    let of = plan.changes.iter().filter(|it| protected.contains(&it.urn) && !beside_actions(it));
    let steps = of.flat_map(|change| change.steps.iter().map(|it| &plan.steps[*it]));
    let real = steps.filter(|it| !matches!(it.action, Action::Record { .. } | Action::Read));
    let words = real.map(|it| {
        let (action, token) = (drive::action_word(&it.action), render::short(&it.token));
        format!("{action} {token} {}", it.urn.name())
    });
    words.collect()
}

/// What of a route is not its actions can change: its weights stay.
fn beside_actions(change: &Change) -> bool {
    let route = change.token == LISTENER || change.token == RULE;
    let actions = |path: &str| path.starts_with("defaultActions") || path.starts_with("actions");
    route && change.op == Op::Update && !change.details.iter().any(|it| actions(&it.path))
}

/// Other tasks for a colour that has traffic, where its rollout forbids that.
async fn live_tasks(opened: &Opened, plan: &Plan) -> Result<Option<Failure>> {
    let specs = opened.said_rollouts().into_iter().filter_map(|(_, spec)| spec.ok());
    for spec in specs.filter(|it| it.protect_live) {
        let colors = [&spec.colors.blue, &spec.colors.green];
        let changed = colors.map(|it| it.service.as_ref().and_then(|it| other_tasks(plan, it)));
        if changed.iter().all(Option::is_none) {
            continue;
        }
        let live = preflight::live(&shift::traffic(opened).await?, &spec).await?;
        let bad = changed.into_iter().zip(live).find_map(|(it, live)| it.filter(|_| live));
        if let Some(service) = bad {
            let text = format!(
                "`{service}` has traffic, and `protectLive` of the rollout `{}` keeps its tasks as they are",
                spec.name
            );
            let failure = Failure::new(Outcome::Locked.code(), text);
            return Ok(Some(failure.hint(
                "change the idle colour, then `orderinfra shift --to idle`; `shift --status` shows which it is",
            )));
        }
    }
    Ok(None)
}

/// The name of a service, if it is to get another task definition.
fn other_tasks<'a>(plan: &'a Plan, service: &Part) -> Option<&'a str> {
    let is_it = |it: &&Change| {
        Some(&it.urn) == service.urn.as_ref() || it.id.as_deref() == Some(&*service.id)
    };
    let change = plan.changes.iter().find(is_it)?;
    let other = match change.op {
        Op::Update => change.details.iter().any(|it| it.path == "taskDefinition"),
        op => matches!(op, Op::Replace | Op::DeleteReplace),
    };
    other.then(|| change.urn.name())
}
