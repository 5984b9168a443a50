//! The way of `preview`, `up` and `destroy`: recover, read, plan, show, ask,
//! execute.

use std::{cell::RefCell, collections::BTreeMap};

use futures_util::FutureExt as _;

use super::{
    ApplyArgs, Common, PlanArgs, Runtime,
    audit::Audit,
    failure::{self, Failure, Result, code},
    guard, live, render, renew,
    session::{Session, Wish, report},
    shift,
    ui::Ui,
};
use crate::{
    engine::{
        ask::Sources,
        event::Event,
        execute::{self, Finished, Run},
        halt::{Cause, Halt},
        inputs::Shaping,
        inquire,
        name::{Draws, Naming},
        plan::{self, Facts, Inquiry, Now, Planned, Targets},
        recover, refresh as reading, settled,
    },
    lang::{config::Override, diag::Diagnostic},
    model::{Action, Row, Step, Value},
    rollout::{infer, spec::Spec},
    store::{Lock, Owner},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Destroy,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Destroy => "destroy",
        }
    }
}

/// A session, and what this run has found out so far.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) direction: Direction,
    /// Weights that a shift has moved are the program's again.
    pub(super) enforce_weights: bool,
    pub(super) facts: Facts,
    draws: Draws,
    /// One backup is enough for a command.
    backed_up: bool,
}

impl Opened {
    pub(super) fn new(
        args: &PlanArgs,
        common: &Common,
        runtime: &Runtime,
        ui: &Ui,
        direction: Direction,
    ) -> Result<Self> {
        let overrides = overrides(&args.config)?;
        let wish = Wish { overrides: &overrides, program: direction == Direction::Up };
        let session = Session::open(common, runtime, ui, &wish)?;
        let draws = Draws { seed: runtime.seed()? };
        Ok(Self {
            session,
            direction,
            enforce_weights: false,
            facts: Facts::default(),
            draws,
            backed_up: false,
        })
    }

    /// Each rollout that the program says, or what is wrong with it.
    pub(super) fn said_rollouts(
        &self,
    ) -> Vec<(String, std::result::Result<Spec, Vec<Diagnostic>>)> {
        let session = &self.session;
        settled::rollouts(&settled::Given {
            program: &session.loaded.program,
            snapshot: &session.stack.snapshot,
            context: &session.context,
            config: &session.config.scope,
            registry: &session.registry,
        })
    }

    /// The rollouts of the stack: those that its program says, else the one
    /// that its outputs and routes show. Of several, only those of this name.
    pub(super) fn rollouts(&self, name: Option<&str>, ui: &Ui) -> Result<Vec<Spec>> {
        let session = &self.session;
        let said = self.said_rollouts();
        if said.is_empty() {
            let outputs = session.workspace.store.outputs(&session.stack)?;
            let shown = infer::rollout(&session.stack.snapshot, &outputs);
            return Ok(vec![shown.map_err(|it| Failure::usage(it.to_string()))?]);
        }
        let mut all = Vec::new();
        for (of, spec) in said {
            match spec {
                Ok(spec) => all.push(spec),
                Err(wrong) if name.is_none_or(|it| it == of) => {
                    report(ui, &session.sources, &wrong)?;
                }
                Err(_) => {}
            }
        }
        Ok(all)
    }

    /// A copy of the state, and a look at every page and row of it, before
    /// the first thing that this command changes.
    pub(super) fn back_up(&mut self, runtime: &Runtime) -> Result<()> {
        if !self.backed_up {
            self.session.workspace.store.back_up(&runtime.stamp())?;
            self.backed_up = true;
        }
        Ok(())
    }
}

/// How to apply.
pub(super) struct Applying<'a> {
    pub(super) plan: &'a PlanArgs,
    pub(super) apply: &'a ApplyArgs,
    /// Show the plan before it is carried out.
    pub(super) show: bool,
    pub(super) direction: Direction,
}

pub(super) fn overrides(given: &[String]) -> Result<Vec<Override>> {
    let one = |it: &String| match it.split_once('=') {
        Some((key, value)) => {
            Ok(Override { key: key.to_owned(), value: value.to_owned(), path: false })
        }
        None => Err(Failure::usage(format!("`-c {it}` has no `=`: -c KEY=VALUE"))),
    };
    given.iter().map(one).collect()
}

/// Reads the world and plans. Writes nothing: what an interrupted run left
/// open is closed in memory here, and in the journal by `apply`.
pub(super) async fn plan(
    opened: &mut Opened,
    args: &PlanArgs,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Planned> {
    opened.session.claim(false).await?;
    if let Some(owner) = in_progress(opened) {
        ui.warn(&format!(
            "`{}` is changing this stack right now; what it has not finished is shown as it was",
            owner.command
        ));
        opened.session.stack.snapshot.open.clear();
    }
    let rows = recovered(opened, ui).await?;
    for row in &rows {
        opened.session.stack.snapshot.apply(row).map_err(Failure::general)?;
    }
    let planned = look_and_plan(opened, args, true, runtime, ui).await?;
    if let Some(refusal) = guard::refusal(opened, &planned.plan).await? {
        let word = opened.direction.word();
        ui.warn(&format!("`orderinfra {word}` would be refused: {}", refusal.message));
    }
    if opened.direction == Direction::Up {
        guard::idle(opened, shift::now(runtime))?.iter().for_each(|it| ui.say(it));
    }
    Ok(planned)
}

/// Who works on the steps that are open, if somebody still does.
fn in_progress(opened: &Opened) -> Option<Owner> {
    let session = &opened.session;
    if session.stack.snapshot.open.is_empty() {
        return None;
    }
    session.workspace.store.holder(&session.stack.project, &session.stack.name)
}

async fn recovered(opened: &Opened, ui: &Ui) -> Result<Vec<Row>> {
    let session = &opened.session;
    let snapshot = &session.stack.snapshot;
    if snapshot.open.is_empty() {
        return Ok(Vec::new());
    }
    let count = snapshot.open.len();
    let noun = if count == 1 { "step" } else { "steps" };
    ui.say(&format!("The last run was cut off during {count} {noun}:"));
    let ages = session.workspace.store.ages(&session.stack)?;
    let (connections, registry) = (&session.connections, &session.registry);
    let closed =
        recover::recover(snapshot, connections, registry, &session.settings, &ages).await?;
    let mut rows = Vec::new();
    for it in closed {
        ui.say(&format!("  {} {}", it.open.state.urn.name(), it.outcome));
        rows.extend(it.rows);
    }
    Ok(rows)
}

async fn look_and_plan(
    opened: &mut Opened,
    args: &PlanArgs,
    preview: bool,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Planned> {
    let once =
        async |opened: &mut Opened| look_and_plan_once(opened, args, preview, runtime, ui).await;
    renew::renewing(opened, runtime, ui, once).await
}

async fn look_and_plan_once(
    opened: &mut Opened,
    args: &PlanArgs,
    preview: bool,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Planned> {
    let session = &opened.session;
    let snapshot = &session.stack.snapshot;
    let refresh = !args.no_refresh || session.workspace.project.refresh;
    if refresh && !snapshot.resources.is_empty() {
        let asked = reading::asked(&session.loaded.program, snapshot);
        opened.facts.live = reading::read(
            &session.connections,
            &session.registry,
            snapshot,
            &session.settings,
            &asked,
        )
        .await?;
    }
    let outputs = session.workspace.store.outputs(&session.stack)?;
    let mut governed = shift::governed::of_stack(session)?;
    if opened.enforce_weights {
        // How services are scaled is no matter of weights.
        governed.retain(|it| !it.properties.is_empty());
    }
    let targets = Targets {
        only: args.target.clone(),
        exclude: args.exclude.clone(),
        replace: args.replace.clone(),
        ignore_protect: false,
    };
    let naming = |token: &str| session.config.autonaming.of(token);
    let config = |key: &str| config_text(session, key);
    let environment = |name: &str| runtime.var(name).map(str::to_owned);
    let shaping = shaping(session, &opened.draws, &naming, &config, &environment);
    let stamp = runtime.stamp();
    let inquiry = |facts: &Facts| {
        plan::plan(&Inquiry {
            program: &session.loaded.program,
            dependencies: &session.dependencies,
            context: &session.context,
            config: &session.config.scope,
            settings: &session.settings,
            shaping: &shaping,
            snapshot,
            registry: &session.registry,
            facts,
            now: Now { unix: runtime.time().unix_timestamp(), text: &stamp },
            targets: &targets,
            governed: &governed,
            outputs: &outputs,
            preview,
        })
    };
    let (file, stack) = sources(session);
    let sources = Sources { file: &file, stack: &stack };
    let planned = inquire::find_out(
        &mut opened.facts,
        &inquiry,
        &session.connections,
        &session.registry,
        &sources,
    )
    .await?;
    report(ui, &session.sources, &planned.diagnostics)?;
    check_targets(&planned, &targets)?;
    Ok(planned)
}

/// A pattern that names nothing is a mistake of typing.
fn check_targets(planned: &Planned, targets: &Targets) -> Result<()> {
    for pattern in targets.only.iter().chain(&targets.exclude).chain(&targets.replace) {
        let one = Targets { only: vec![pattern.clone()], ..Targets::default() };
        if !planned.plan.changes.iter().any(|it| one.include(&it.urn)) {
            return Err(Failure::usage(format!(
                "`{pattern}` names no resource of the program or the state"
            ))
            .hint("`orderinfra stack` lists the URNs with `--show-urns`"));
        }
    }
    Ok(())
}

fn config_text(session: &Session, key: &str) -> Option<String> {
    match session.config.scope.get(key)?.bare() {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn shaping<'a>(
    session: &'a Session,
    draws: &'a Draws,
    naming: &'a dyn Fn(&str) -> Naming,
    config: &'a dyn Fn(&str) -> Option<String>,
    environment: &'a dyn Fn(&str) -> Option<String>,
) -> Shaping<'a> {
    Shaping {
        draws,
        organization: &session.context.organization,
        project: &session.context.project,
        stack: &session.context.stack,
        naming,
        config,
        environment,
    }
}

type FileSource<'a> =
    Box<dyn Fn(&str, crate::lang::eval::FileForm) -> std::result::Result<Value, String> + 'a>;
type StackSource<'a> = Box<dyn Fn(&str) -> std::result::Result<Value, String> + 'a>;

fn sources(session: &Session) -> (FileSource<'_>, StackSource<'_>) {
    (
        Box::new(|path, form| session.read_file(path, form)),
        Box::new(|name| session.other_outputs(name)),
    )
}

/// How to refresh.
pub(super) struct Refreshing {
    pub(super) yes: bool,
    pub(super) preview_only: bool,
    pub(super) expect_no_changes: bool,
}

/// Takes live properties into the state, and what is gone out of it.
pub(super) async fn refresh(
    opened: &mut Opened,
    how: &Refreshing,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    if !how.yes && !how.preview_only && !ui.interactive {
        return Err(Failure::usage(
            "`orderinfra refresh` changes the state, and there is nobody to ask here",
        )
        .hint("say `--yes` to go on without asking, or `--preview-only` to look"));
    }
    let lock = if how.preview_only { None } else { Some(lock(opened, runtime, ui)?) };
    opened.session.claim(false).await?;
    let rows = recovered(opened, ui).await?;
    for row in &rows {
        opened.session.stack.snapshot.apply(row).map_err(Failure::general)?;
    }
    let none = BTreeMap::new();
    let once = async |opened: &mut Opened| {
        let Session { connections, registry, settings, stack, .. } = &opened.session;
        Ok(reading::read(connections, registry, &stack.snapshot, settings, &none).await?)
    };
    let live = renew::renewing(opened, runtime, ui, once).await?;
    let session = &opened.session;
    let snapshot = &session.stack.snapshot;
    let found = reading::taken_in(&session.registry, snapshot, &live, opened.draws.seed);
    if ui.json {
        ui.document(&render::refreshed_json(&found));
    }
    for it in found.iter().filter(|_| !ui.json) {
        ui.out_all(&render::refreshed(it, ui));
    }
    if found.is_empty() && !ui.json {
        ui.out(&format!("    {} unchanged", snapshot.resources.len()));
    }
    if how.expect_no_changes && !found.is_empty() {
        return Err(Failure::new(
            code::CHANGES,
            format!("{} changes, and none were expected", found.len()),
        ));
    }
    if how.preview_only || (found.is_empty() && rows.is_empty()) {
        return Ok(());
    }
    if !how.yes && ui.ask("Take this into the state? AWS is not changed.", &["yes", "no"])? == "no"
    {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let (project, name) = (session.stack.project.clone(), session.stack.name.clone());
    let calls = session.connections.calls.clone();
    let mut store = session.workspace.store.again()?;
    opened.back_up(runtime)?;
    let mut stack = store.stack(&project, &name)?;
    let run = store.begin_run(&stack, "refresh", &runtime.stamp())?;
    let found_rows = found.into_iter().flat_map(|it| it.rows);
    let rows: Vec<Row> = rows.into_iter().chain(found_rows).collect();
    let audit = Audit::of(&store, run, calls)?;
    let written = store.write(&mut stack, run, &rows);
    audit.close(&stack, ui);
    written?;
    store.end_run(run, "done", &runtime.stamp())?;
    drop(lock);
    Ok(())
}

/// Takes the lock, plans, shows, asks, and carries the plan out.
pub(super) async fn apply(
    opened: &mut Opened,
    how: &Applying<'_>,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    if !how.apply.yes && !ui.interactive {
        return Err(Failure::usage(format!(
            "`orderinfra {}` changes things, and there is nobody to ask here",
            how.direction.word()
        ))
        .hint("say `--yes` to go on without asking, or use `orderinfra preview`"));
    }
    let lock = lock(opened, runtime, ui)?;
    opened.session.claim(true).await?;
    // Under the lock the state cannot change; before it, it could have.
    let (project, name) = (opened.session.stack.project.clone(), opened.session.stack.name.clone());
    opened.session.stack = opened.session.workspace.store.stack(&project, &name)?;
    let rows = recovered(opened, ui).await?;
    if !rows.is_empty() {
        opened.back_up(runtime)?;
        let session = &mut opened.session;
        let run = session.workspace.store.begin_run(&session.stack, "recover", &runtime.stamp())?;
        session.workspace.store.write(&mut session.stack, run, &rows)?;
        session.workspace.store.end_run(run, "recovered", &runtime.stamp())?;
    }
    let planned = look_and_plan(opened, how.plan, false, runtime, ui).await?;
    let view = render::View::of(&opened.session, how.plan, ui, how.direction);
    let changes = render::changes(&planned.plan);
    if how.show {
        ui.say_all(&render::plan_text(&planned.plan, &view));
    }
    if how.plan.expect_no_changes && changes > 0 {
        return Err(Failure::new(
            code::CHANGES,
            format!("{changes} changes, and none were expected"),
        ));
    }
    if let Some(refusal) = guard::refusal(opened, &planned.plan).await? {
        return Err(refusal);
    }
    if !how.apply.yes && changes > 0 && !confirm(&planned, &view, how, ui)? {
        return Err(Failure::new(code::CANCELLED, "nothing was changed"));
    }
    let result = carry_out(opened, planned, how, runtime, ui).await;
    drop(lock);
    result
}

fn lock(opened: &Opened, runtime: &Runtime, ui: &Ui) -> Result<Lock> {
    let session = &opened.session;
    let owner = super::session::owner(runtime);
    let lock = session.workspace.store.lock(&session.stack.project, &session.stack.name, &owner)?;
    runtime.interrupts.holding(lock.letting_go());
    if let Some(dead) = &lock.took_over {
        ui.say(&format!(
            "Took over the lock of `{}` (process {}, since {}), which ended without letting go",
            dead.command, dead.pid, dead.since
        ));
    }
    Ok(lock)
}

fn confirm(
    planned: &Planned,
    view: &render::View<'_>,
    how: &Applying<'_>,
    ui: &Ui,
) -> Result<bool> {
    let question = match how.direction {
        Direction::Up => "Do you want to perform this update?",
        Direction::Destroy => "Do you want to destroy all of this?",
    };
    loop {
        match &*ui.ask(question, &["yes", "details", "no"])? {
            "yes" => return Ok(true),
            "details" => {
                let view = view.detailed();
                ui.say_all(&render::plan_text(&planned.plan, &view));
            }
            _ => return Ok(false),
        }
    }
}

async fn carry_out(
    opened: &mut Opened,
    planned: Planned,
    how: &Applying<'_>,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<()> {
    let stamp = runtime.stamp();
    let started = runtime.time();
    if writes(&planned) {
        opened.back_up(runtime)?;
    }
    shift::governed::record(&opened.session)?;
    let answers = std::mem::take(&mut opened.facts.answers);
    let program_plan = planned.plan.clone();
    let session = &opened.session;
    let run_id = session.workspace.store.begin_run(&session.stack, how.direction.word(), &stamp)?;
    // The session keeps its own connection, to read other stacks by.
    let mut store = session.workspace.store.again()?;
    let mut stack = store.stack(&session.stack.project, &session.stack.name)?;
    let audit = Audit::of(&store, run_id, session.connections.calls.clone())?;
    let naming = |token: &str| session.config.autonaming.of(token);
    let config = |key: &str| config_text(session, key);
    let environment = |name: &str| runtime.var(name).map(str::to_owned);
    let shaping = shaping(session, &opened.draws, &naming, &config, &environment);
    let (file, other) = sources(session);
    let sources = Sources { file: &file, stack: &other };
    let costs = costs(&store, &program_plan.steps);
    let cost = |step: &Step| {
        let known = costs.get(&(step.token.clone(), action_word(&step.action)));
        known.copied().unwrap_or_else(|| execute::usual_seconds(&step.token))
    };
    let renew = |why: &str| {
        let failure = failure::refused_credentials(why);
        async move { renew::wait(&failure, runtime, ui).await }.boxed_local()
    };
    let run = Run {
        program: &session.loaded.program,
        context: &session.context,
        config: &session.config.scope,
        settings: &session.settings,
        shaping: &shaping,
        registry: &session.registry,
        connections: &session.connections,
        sources: &sources,
        parallel: how.apply.parallel.map(|it| it as usize),
        cost: &cost,
        renew: if ui.interactive { Some(&renew) } else { None },
    };
    let mut stops = runtime.interrupts.begin();
    let display = RefCell::new(live::Display::new(&program_plan, ui));
    let mut took = BTreeMap::new();
    let mut on_event = |event: Event| {
        if let Event::Ended { step, took: time, result: Ok(()) } = &event {
            let step = &program_plan.steps[*step];
            took.insert((step.token.clone(), action_word(&step.action)), time.as_secs());
        }
        display.borrow_mut().event(&event);
    };
    let mut broken = None;
    let mut write = |rows: &[Row]| {
        store.write(&mut stack, run_id, rows).map_err(|error| {
            let text = error.to_string();
            broken = Some(error);
            text
        })
    };
    let finished = {
        let work = execute::execute(&run, planned, answers, &mut write, &mut stops, &mut on_event);
        let ticker = live::tick(&display);
        tokio::select! {
            finished = work => finished,
            never = ticker => match never {},
            never = audit.keep() => match never {},
        }
    };
    display.borrow_mut().clear();
    audit.close(&stack, ui);
    if let Some(error) = broken {
        // If the disk takes it again by now; what counts is in the journal.
        drop(store.end_run(run_id, "failed", &runtime.stamp()));
        return Err(Failure::from(error).hint(
            "calls that were under way are not lost: the next run looks what became of them",
        ));
    }
    for ((token, action), seconds) in took {
        store.set_cost(&token, &action, seconds)?;
    }
    let finished = finished.map_err(Failure::general)?;
    let complete = finished.failed.is_empty() && finished.halt.is_none();
    let outputs = merged_outputs(&store.outputs(&stack)?, &finished, complete);
    store.set_outputs(&stack, &outputs)?;
    let outcome = if complete { "done" } else { "failed" };
    store.end_run(run_id, outcome, &runtime.stamp())?;
    drop((file, other));
    opened.session.stack = stack;
    let seconds = (runtime.time() - started).whole_seconds();
    render::finished(&finished, &program_plan, &outputs, seconds, how, ui);
    conclude(&finished, how)
}

/// Whether anything but the run itself will be written.
fn writes(planned: &Planned) -> bool {
    let plan = &planned.plan;
    !plan.steps.is_empty()
        || plan.outputs.iter().any(|(_, before, after)| before.as_ref() != Some(after))
}

fn costs(store: &crate::store::Store, steps: &[Step]) -> BTreeMap<(String, String), u64> {
    let mut all = BTreeMap::new();
    for step in steps {
        let key = (step.token.clone(), action_word(&step.action));
        if let Some(seconds) = store.cost(&key.0, &key.1) {
            all.insert(key, seconds);
        }
    }
    all
}

pub(super) fn action_word(action: &Action) -> String {
    match action {
        Action::Create => "create",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
        Action::Read => "read",
        Action::Import { .. } => "import",
        Action::Record { .. } => "record",
        Action::Forget => "forget",
    }
    .to_owned()
}

/// After a run that did not end well, an output that could not be told keeps
/// its old value.
fn merged_outputs(
    old: &[(String, Value)],
    finished: &Finished,
    complete: bool,
) -> Vec<(String, Value)> {
    let mut outputs = finished.outputs.clone();
    if !complete {
        let kept =
            old.iter().filter(|(name, _)| !finished.outputs.iter().any(|(it, _)| it == name));
        outputs.extend(kept.cloned());
    }
    outputs
}

fn conclude(finished: &Finished, how: &Applying<'_>) -> Result<()> {
    let again = format!("`orderinfra {}` goes on from here", how.direction.word());
    if let Some(Halt { cause, why }) = &finished.halt {
        let failure = match cause {
            Cause::Interrupted => Failure::new(code::CANCELLED, "interrupted"),
            Cause::Credentials => failure::refused_credentials(why),
            Cause::Unreachable => failure::unreachable(why),
        };
        return Err(failure.hint(format!("nothing is lost: {again}")));
    }
    match finished.failed.len() {
        0 => Ok(()),
        count => {
            let noun = if count == 1 { "step" } else { "steps" };
            Err(Failure::general(format!("{count} {noun} failed")).hint(again))
        }
    }
}
