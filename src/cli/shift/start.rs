//! A new shift: which rollout it is, what will be done, and doing it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    Args, Common, Failure, Opened, Post, Result, Runtime, Start, StoreError, Ui, can_be_done,
    governed, known_checks, lock, now, of_name, opened, route_names, story, traffic, with_flags,
};
use crate::{
    cli::{failure::code, session},
    model::{ResourceState, Urn, Value},
    rollout::spec::Spec,
    shift::{
        First, Outcome,
        plan::Plan,
        preflight::{self, Check, Finding, Survey, Wanted},
    },
    store::{Fence, NewShift, Owner, ShiftRow, Stack, Store},
};

pub(super) async fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let skip_checks = known_checks(args)?;
    let mut opened = opened(common, runtime, ui, true).await.map_err(bad_program)?;
    let spec = rollout(args, &opened, ui)?;
    let spec = with_flags(spec, args)?;
    can_be_done(&spec, args)?;
    let wanted = wanted(args, &opened, spec, skip_checks, runtime)?;
    Box::pin(begin(args, &mut opened, wanted, runtime, ui)).await
}

/// What is wrong with a program was said in its place. To a shift it is a
/// mistake of whoever wants one: nothing has failed.
fn bad_program(failure: Failure) -> Failure {
    match failure.code == code::GENERAL && failure.message.is_empty() {
        true => Failure { code: code::USAGE, ..failure },
        false => failure,
    }
}

/// The rollout that the program says, or the one that its stack shows.
pub(super) fn rollout(args: &Args, opened: &Opened, ui: &Ui) -> Result<Spec> {
    let specs = opened.rollouts(args.rollout.as_deref(), ui).map_err(bad_program)?;
    of_name(&specs, args.rollout.as_deref(), |it| &it.name, "section").cloned()
}

pub(super) fn wanted(
    args: &Args,
    opened: &Opened,
    spec: Spec,
    skip_checks: BTreeSet<String>,
    runtime: &Runtime,
) -> Result<Wanted> {
    let session = &opened.session;
    let shifts = session.workspace.store.shifts(&session.stack, None, 1000)?;
    Ok(Wanted {
        stack: session.stack.full_name(),
        to: args.to.clone().filter(|it| it != "idle"),
        names: route_names(opened),
        protected: protected(opened, &spec),
        allowed_alarms: args.allow_alarm.clone(),
        skip_checks,
        skip_probes: args.skip_probes,
        takes_back: None,
        sticky: unstuck(&shifts),
        pending: session.stack.snapshot.open.len(),
        known_shifts: shifts.iter().map(|it| it.id.clone()).collect(),
        now: now(runtime) / 1000,
        spec,
    })
}

/// Stickiness that a rollback has left off: sticky clients would have stayed.
fn unstuck(shifts: &[ShiftRow]) -> BTreeMap<String, u32> {
    let moved = |it: &&ShiftRow| matches!(it.outcome.as_deref(), Some("done" | "rolled-back"));
    let plan: Option<Plan> = shifts
        .iter()
        .find(moved)
        .filter(|it| it.outcome.as_deref() == Some("rolled-back"))
        .and_then(|it| serde_json::from_value(it.plan.clone()).ok());
    let routes = plan.into_iter().flat_map(|it| it.routes);
    routes.filter_map(|it| Some((it.arn, it.sticky?))).collect()
}

/// What `up` must leave alone: everything on the way of the traffic.
fn protected(opened: &Opened, spec: &Spec) -> Vec<Urn> {
    let resources = &opened.session.stack.snapshot.resources;
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for color in [&spec.colors.blue, &spec.colors.green] {
        ids.insert(color.target_group.id.clone());
        ids.extend(color.service.iter().map(|it| it.id.clone()));
    }
    ids.extend(spec.routes.iter().flatten().map(|it| it.id.clone()));
    let services: Vec<_> = resources
        .iter()
        .filter(|it| it.token == "aws:ecs/service:Service" && ids.contains(&it.id))
        .collect();
    for service in services {
        let definition = service.inputs.get("taskDefinition").and_then(|it| it.as_str());
        ids.extend(definition.map(str::to_owned));
        let name = service.id.rsplit(":service/").next().unwrap_or_default();
        let target = format!("service/{name}");
        let of = |it: &&ResourceState| {
            it.token == "aws:appautoscaling/target:Target"
                && it.inputs.get("resourceId").and_then(|it| it.as_str()) == Some(&target)
        };
        ids.extend(resources.iter().filter(of).map(|it| it.id.clone()));
    }
    let routes = resources.iter().filter(|it| {
        let actions = it.inputs.get("defaultActions").or_else(|| it.inputs.get("actions"));
        let text = actions.map(|it| it.reveal().to_string()).unwrap_or_default();
        [&spec.colors.blue, &spec.colors.green].iter().any(|it| text.contains(&it.target_group.id))
    });
    let mut balancers: BTreeSet<String> = BTreeSet::new();
    for it in routes {
        ids.insert(it.id.clone());
        balancers
            .extend(it.inputs.get("loadBalancerArn").and_then(|it| it.as_str()).map(str::to_owned));
    }
    ids.extend(balancers);
    let doors: BTreeSet<String> =
        resources.iter().filter(|it| ids.contains(&it.id)).flat_map(security_groups).collect();
    let on_the_way = |it: &&ResourceState| {
        let arn = it.outputs.get("arn").and_then(|it| it.as_str());
        // A rule of a security group.
        let door = it.inputs.get("securityGroupId").and_then(|it| it.as_str());
        ids.contains(&it.id)
            || arn.is_some_and(|it| ids.contains(it))
            || doors.contains(&it.id)
            || door.is_some_and(|it| doors.contains(it))
    };
    resources.iter().filter(on_the_way).map(|it| it.urn.clone()).collect()
}

/// What lets the traffic of a load balancer or of a service through.
fn security_groups(of: &ResourceState) -> Vec<String> {
    let own = of.inputs.get("securityGroups");
    let network = of.inputs.get("networkConfiguration").and_then(|it| it.get("securityGroups"));
    let groups = [own, network].into_iter().flatten().filter_map(Value::as_list).flatten();
    groups.filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

/// Looks, plans, checks, asks, and drives.
pub(super) async fn begin(
    args: &Args,
    opened: &mut Opened,
    wanted: Wanted,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let owner = session::owner(runtime);
    let rollout = wanted.spec.name.clone();
    let store = opened.session.workspace.store.again()?;
    // A dry run looks only, and may do so while somebody else shifts.
    let held = match args.dry_run {
        true => None,
        false => {
            let held = lock(&store, &opened.session.stack, &rollout, &owner)?;
            no_open_shift(&store, &opened.session.stack, &rollout)?;
            Some(held)
        }
    };
    if let Some(held) = &held {
        runtime.interrupts.holding(held.letting_go());
    }
    let traffic = traffic(opened).await?;
    let survey = preflight::survey(&traffic, &wanted).await?;
    let to = side(&survey, &wanted)?;
    if preflight::all_there(&survey, &wanted.spec, to) {
        let plan = preflight::plan(&survey, &wanted, to);
        if !args.dry_run {
            store.govern(&opened.session.stack, &governed::by_shift(&plan, opened))?;
        }
        return story::noop(&plan, now(runtime), ui);
    }
    let plan = preflight::plan(&survey, &wanted, to);
    let checks = preflight::checks(&survey, &wanted, &plan, to);
    let sha = plan.sha();
    let bad = checks.iter().any(|it| it.outcome == Finding::Fail);
    if args.dry_run {
        return dry_run(args, &plan, &sha, &checks, bad, ui);
    }
    if let Some(file) = &args.plan {
        as_planned(file, &plan, &sha)?;
    }
    if !ui.json {
        ui.out_all(&story::headline(&plan, &sha));
        ui.out_all(&story::checks(&checks, ui));
    }
    if !bad && !args.yes {
        let question = format!("Move this traffic to {}?", plan.to().name);
        if ui.ask(&question, &["yes", "no"])? == "no" {
            return Err(Failure::new(code::CANCELLED, "nothing was changed"));
        }
    }
    let mut store = opened.session.workspace.store.again()?;
    let id = new_id(runtime)?;
    // An `up` that runs now may be changing what the shift relies on.
    let fence = {
        let stack = &opened.session.stack;
        let lock = opened.session.workspace.store.lock(&stack.project, &stack.name, &owner);
        let lock = lock.map_err(being_changed)?;
        let fence = begin_row(&mut store, stack, &id, &plan, &sha, &owner, now(runtime))?;
        drop(lock);
        fence
    };
    let first = First {
        planned: story::planned(&plan, &sha),
        checks: checks.iter().map(|it| json!(it)).collect(),
        refused: bad.then(|| refusal(&checks)),
    };
    let post = Post { args, opened, runtime, ui };
    let result = Box::pin(post.drive(fence, plan, Start::New(first))).await;
    drop(held);
    result
}

/// By an `up` or `destroy` that runs now.
fn being_changed(error: StoreError) -> Failure {
    match error.root() {
        StoreError::Locked(_) => Failure { code: Outcome::Locked.code(), ..error.into() },
        _ => error.into(),
    }
}

fn begin_row(
    store: &mut Store,
    stack: &Stack,
    id: &str,
    plan: &Plan,
    sha: &str,
    owner: &Owner,
    now: i64,
) -> Result<Fence> {
    let body = serde_json::to_value(plan).map_err(std::io::Error::from)?;
    let routes: Vec<Json> = plan.routes.iter().map(|it| Json::Array(it.before.clone())).collect();
    let new = NewShift {
        id,
        rollout: &plan.rollout,
        from: &plan.from().name,
        to: &plan.to().name,
        plan: &body,
        plan_sha: sha,
        owner,
        routes: &routes,
    };
    Ok(store.begin_shift(stack, &new, now)?)
}

fn refusal(checks: &[Check]) -> String {
    let failed: Vec<&str> =
        checks.iter().filter(|it| it.outcome == Finding::Fail).map(|it| it.id).collect();
    format!("preflight: {}", failed.join(", "))
}

/// Which side the traffic is to go to.
fn side(survey: &Survey, wanted: &Wanted) -> Result<usize> {
    match wanted.to.as_deref() {
        Some("blue") => Ok(0),
        Some(_) => Ok(1),
        None => preflight::live_side(survey, &wanted.spec).map(|it| 1 - it).ok_or_else(|| {
            Failure::usage("no colour is idle: no route forwards to both target groups")
        }),
    }
}

fn no_open_shift(store: &Store, stack: &Stack, rollout: &str) -> Result<()> {
    let Some(row) = store.open_shift(stack, rollout)? else { return Ok(()) };
    let failure = Failure::new(
        Outcome::Locked.code(),
        format!(
            "a shift of `{rollout}` is open: {} to {}, in phase {}, and its process is gone",
            row.from, row.to, row.phase
        ),
    );
    Err(failure.hint("`orderinfra shift --resume` goes on with it, `orderinfra shift --rollback` brings its traffic back"))
}

fn dry_run(
    args: &Args,
    plan: &Plan,
    sha: &str,
    checks: &[Check],
    bad: bool,
    ui: &Ui,
) -> Result<()> {
    let mut document =
        json!({ "schema": "orderinfra.shift-plan/1", "planHash": sha, "checks": checks });
    document["plan"] = serde_json::to_value(plan).map_err(std::io::Error::from)?;
    document["permissions"] = json!(plan.permissions());
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
    if let Some(file) = &args.out {
        std::fs::write(file, &text)
            .map_err(|error| Failure::general(format!("{}: {error}", file.display())))?;
    }
    if ui.json {
        ui.document(&text);
    } else {
        ui.out_all(&story::headline(plan, sha));
        ui.out_all(&story::checks(checks, ui));
        ui.out_all(&story::calls(plan));
    }
    match (bad, args.detailed_exitcode) {
        (true, _) => {
            let message = if ui.json {
                String::new()
            } else {
                "the checks above keep it from being done".to_owned()
            };
            Err(Failure::new(Outcome::Refused.code(), message))
        }
        (false, true) => Err(Failure::said(DIFFERENT)),
        (false, false) => Ok(()),
    }
}

/// `--dry-run --detailed-exitcode`, and there is something to do.
const DIFFERENT: u8 = 10;

/// The plan of a file is what is going to be done, or nothing is.
fn as_planned(file: &std::path::Path, plan: &Plan, sha: &str) -> Result<()> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|it| wrong(it.to_string()))?;
    let document: Json = serde_json::from_str(&text).map_err(|it| wrong(it.to_string()))?;
    let read: Plan = serde_json::from_value(document["plan"].clone())
        .map_err(|it| wrong(format!("this is no plan of a shift: {it}")))?;
    if read.sha() != document["planHash"].as_str().unwrap_or_default() {
        return Err(wrong("its plan was changed after it was made".to_owned()));
    }
    if read.sha() == sha {
        return Ok(());
    }
    let [then, now] = [&read, plan].map(|it| serde_json::to_string_pretty(it).unwrap_or_default());
    let diff = similar::TextDiff::from_lines(&then, &now);
    let changed: Vec<String> = diff
        .iter_all_changes()
        .filter(|it| it.tag() != similar::ChangeTag::Equal)
        .take(20)
        .map(|it| format!("{}{}", it.tag(), it.value().trim_end()))
        .collect();
    let message =
        format!("the world is not as it was when this was planned:\n{}", changed.join("\n"));
    Err(Failure::new(Outcome::Refused.code(), message)
        .hint("make a new plan: `--dry-run --out FILE`"))
}

/// Sorts by time.
fn new_id(runtime: &Runtime) -> Result<String> {
    let time = now(runtime);
    let seed = runtime.seed()?;
    let lot: String = seed[..5].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{time:011x}{lot}"))
}
