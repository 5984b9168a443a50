//! The one loop that carries a plan out. It owns the schedule and the
//! journal; steps report by returning a value.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{AbortHandle, LocalBoxFuture, abortable},
    stream::FuturesUnordered,
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::Instant,
};

use super::{
    act::{self, Job, Landed},
    ask::{self, Sources},
    connect::Connections,
    event::Event,
    halt::{Cause, Halt, Trouble},
    inputs::{self, NameFrom, Shaping},
    plan::{Planned, settings_for},
    schedule::Schedule,
};
use crate::{
    lang::{
        ast::{self, Program},
        eval::{Answers, Context, Evaluator, Question, Scope, Seen},
    },
    model::{Action, Map, Outcome, Row, Step, StepId, Urn, Value, value::Ref},
    provider::{Registry, Settings, Status},
};

/// What a run needs beside its plan.
pub struct Run<'a> {
    pub program: &'a Program,
    pub context: &'a Context,
    pub config: &'a Map,
    pub settings: &'a Settings,
    pub shaping: &'a Shaping<'a>,
    pub registry: &'a Registry,
    pub connections: &'a Connections,
    pub sources: &'a Sources<'a>,
    pub parallel: Option<usize>,
    /// Seconds that a step of this token and action took before.
    pub cost: &'a dyn Fn(&Step) -> u64,
    /// Tells the user why AWS does not accept the credentials, and answers
    /// whether to go on with new ones; `None` when there is nobody to tell.
    pub renew: Option<&'a Renew<'a>>,
}

/// Waits until a person has renewed the credentials, or does not want to.
pub type Renew<'a> = dyn Fn(&str) -> LocalBoxFuture<'a, bool> + 'a;

/// How a run ended.
#[derive(Debug, Default)]
pub struct Finished {
    pub done: Vec<StepId>,
    pub failed: Vec<(StepId, String)>,
    pub not_started: Vec<StepId>,
    /// Began and were left to the next run.
    pub abandoned: Vec<StepId>,
    /// Why the run ended before its plan did.
    pub halt: Option<Halt>,
    /// The stack's outputs, as far as they are known.
    pub outputs: Vec<(String, Value)>,
}

/// The way to the journal: durable when it returns.
pub type Write<'a> = dyn FnMut(&[Row]) -> Result<(), String> + 'a;

/// Runs a plan. `stops` yields once per interrupt. The error is one of the
/// journal: nothing may be done that it does not hold.
pub async fn execute<'a>(
    run: &'a Run<'a>,
    planned: Planned,
    answers: Answers,
    write: &mut Write<'_>,
    stops: &mut UnboundedReceiver<()>,
    on_event: &mut dyn FnMut(Event),
) -> Result<Finished, String> {
    let costs: Vec<u64> = planned.plan.steps.iter().map(|it| (run.cost)(it)).collect();
    let schedule = Schedule::new(&planned.plan.needs, &costs, run.parallel);
    let (status, mut statuses) = tokio::sync::mpsc::unbounded_channel();
    let mut executor = Executor {
        run,
        schedule,
        seen: planned.seen,
        providers: planned.providers,
        steps: planned.plan.steps,
        clients: planned.clients,
        answers,
        tasks: FuturesUnordered::new(),
        active: BTreeMap::new(),
        asking: BTreeMap::new(),
        stuck: Vec::new(),
        status,
        finished: Finished::default(),
        halt: None,
    };
    loop {
        executor.start(write, on_event)?;
        if executor.tasks.is_empty() {
            if executor.renewed(stops, on_event).await {
                continue;
            }
            break;
        }
        tokio::select! {
            Some(landed) = executor.tasks.next() => {
                let mut all = vec![landed];
                // Whatever else has landed shares the commit.
                while let Some(Some(more)) = executor.tasks.next().now_or_never() {
                    all.push(more);
                }
                executor.land(all, write, on_event)?;
            }
            Some(it) = statuses.recv() => executor.status(&it, on_event),
            Some(()) = stops.recv() => {
                if executor.interrupted() {
                    break;
                }
                executor.interrupt(on_event);
            }
        }
    }
    executor.ask_for_outputs().await;
    Ok(executor.finish())
}

struct Executor<'a> {
    run: &'a Run<'a>,
    schedule: Schedule,
    seen: BTreeMap<String, Seen>,
    providers: BTreeMap<Urn, Settings>,
    steps: Vec<Step>,
    clients: Vec<Settings>,
    answers: Answers,
    tasks: FuturesUnordered<LocalBoxFuture<'a, Returned>>,
    active: BTreeMap<StepId, Active>,
    /// Steps that wait for answers and have not begun.
    asking: BTreeMap<StepId, AbortHandle>,
    /// Steps that began, and whose calls every call would now fare like.
    stuck: Vec<StepId>,
    status: UnboundedSender<Status>,
    finished: Finished,
    /// Set when nothing more is to be started.
    halt: Option<Halt>,
}

/// A step that has begun.
struct Active {
    started: Instant,
    key: Option<String>,
    job: Option<Job>,
    /// Its id is in the journal: what remains is to settle.
    named: bool,
    abort: Option<AbortHandle>,
}

impl Active {
    /// Ends its wait, if it only waits.
    fn leave(&self) -> bool {
        let waits = self.job.as_ref().is_some_and(|it| it.watch.may_leave());
        match &self.abort {
            Some(abort) if waits => {
                abort.abort();
                true
            }
            _ => false,
        }
    }
}

/// What a future of the loop comes back with.
enum Returned {
    Step(StepId, Landed),
    Answers(StepId, Vec<(Question, Result<Value, Trouble>)>),
    /// It was only waiting, and an interrupt has ended the wait.
    Left(StepId),
}

/// A step's inputs when it may start.
enum Ready {
    Go(Box<Job>),
    Ask(Vec<(Question, Settings)>),
    Wrong(String),
}

impl<'a> Executor<'a> {
    /// Starts all that may start: one commit for all that begin.
    fn start(
        &mut self,
        write: &mut Write<'_>,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<(), String> {
        let mut rows = Vec::new();
        let mut jobs = Vec::new();
        while self.halt.is_none()
            && let Some(step) = self.schedule.take()
        {
            match self.ready(step) {
                Ready::Go(job) => {
                    let key = job.serial(self.run.registry);
                    if let Some(key) = &key
                        && !self.schedule.claim(step, key)
                    {
                        continue;
                    }
                    rows.extend(job.begun());
                    let started = Instant::now();
                    let active = Active { started, key, job: None, named: false, abort: None };
                    self.active.insert(step, active);
                    jobs.push((step, *job));
                }
                Ready::Ask(questions) => self.ask(step, questions),
                Ready::Wrong(why) => {
                    on_event(Event::Begun { step });
                    self.end(step, Instant::now(), None, Err(why), on_event);
                }
            }
        }
        if !rows.is_empty() {
            write(&rows)?;
        }
        for (step, job) in jobs {
            on_event(Event::Begun { step });
            if let Some(active) = self.active.get_mut(&step) {
                active.job = Some(job.clone());
            }
            self.push(step, job.first(self.run.connections, self.run.registry, &self.status));
        }
        Ok(())
    }

    /// A panic in one resource ends one step.
    fn push(&mut self, step: StepId, task: LocalBoxFuture<'a, Landed>) {
        let caught = AssertUnwindSafe(task).catch_unwind().map(move |it| {
            let landed = it.unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
                let why = text.unwrap_or_default();
                Landed::InDoubt(format!("orderinfra has a bug here, please report it: {why}"))
            });
            Returned::Step(step, landed)
        });
        let abort = self.spawn(step, caught.boxed_local());
        if let Some(active) = self.active.get_mut(&step) {
            active.abort = Some(abort);
        }
    }

    /// Into the loop, with the means to take it out again.
    fn spawn(&self, step: StepId, task: LocalBoxFuture<'a, Returned>) -> AbortHandle {
        let (task, abort) = abortable(task);
        self.tasks.push(task.map(move |it| it.unwrap_or(Returned::Left(step))).boxed_local());
        abort
    }

    fn ask(&mut self, step: StepId, questions: Vec<(Question, Settings)>) {
        let run = self.run;
        let task = async move {
            let mut all = Vec::new();
            for (question, settings) in questions {
                let (connections, sources) = (run.connections, run.sources);
                let answer =
                    ask::answer(&question, &settings, connections, run.registry, sources).await;
                all.push((question, answer));
            }
            Returned::Answers(step, all)
        };
        let abort = self.spawn(step, task.boxed_local());
        self.asking.insert(step, abort);
    }

    fn answer(&mut self, question: Question, answer: Result<Value, Trouble>) {
        match answer {
            Ok(value) => drop(self.answers.insert(question, Ok(value))),
            Err(Trouble { cause: Some(cause), text }) => self.halt(cause, text),
            Err(it) => drop(self.answers.insert(question, Err(it.text))),
        }
    }

    /// What nobody but the outputs asks for, when all is there that it is about.
    async fn ask_for_outputs(&mut self) {
        while self.halt.is_none() {
            let evaluator = self.evaluator();
            for output in &self.run.program.outputs {
                drop(evaluator.eval(&output.value));
            }
            let open = evaluator.open.take();
            if open.is_empty() {
                break;
            }
            for question in open {
                let settings = settings_for(&question, self.run.settings, &self.providers);
                let run = self.run;
                let answer =
                    ask::answer(&question, &settings, run.connections, run.registry, run.sources);
                let answer = answer.await;
                self.answer(question, answer);
            }
        }
    }

    /// Expressions, with what is known so far.
    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator::new(Scope {
            program: self.run.program,
            context: self.run.context,
            config: self.run.config,
            resources: &self.seen,
            answers: &self.answers,
        })
    }

    fn ready(&self, step: StepId) -> Ready {
        let (step, settings) = (&self.steps[step], &self.clients[step]);
        let Some(key) = &step.key else {
            return Ready::Go(Box::new(Job::new(step, settings, step.inputs.clone())));
        };
        let Some(decl) = self.run.program.resources.iter().find(|it| it.key.value == *key) else {
            return Ready::Wrong(format!("`{key}` is not in the program"));
        };
        let evaluator = self.evaluator();
        let value = match (&step.action, &decl.get) {
            (Action::Read, Some(get)) => evaluator.eval(&get.id),
            _ => evaluator.eval(&decl.properties),
        };
        let value = match &decl.options.env_var_mappings {
            Some(mappings) if step.token.starts_with("pulumi:providers:") => {
                let mappings = evaluator.eval(mappings);
                inputs::from_environment(value, &mappings, self.run.shaping.environment)
            }
            _ => value,
        };
        let open = evaluator.open.take();
        if !open.is_empty() {
            let with = |it: Question| (settings_for(&it, settings, &self.providers), it);
            return Ready::Ask(open.into_iter().map(with).map(|(to, it)| (it, to)).collect());
        }
        if let Some(error) = evaluator.errors.take().into_iter().next() {
            return Ready::Wrong(error.message);
        }
        if step.action == Action::Read {
            return match inputs::lower_refs(value).as_str() {
                Some(id) => Ready::Go(Box::new(Job::read(step, settings, id.to_owned()))),
                None => Ready::Wrong("the id to read is no text".to_owned()),
            };
        }
        self.shaped(step, settings, decl, &value)
    }

    fn shaped(
        &self,
        step: &Step,
        settings: &Settings,
        decl: &ast::Resource,
        value: &Value,
    ) -> Ready {
        let Some(kind) = self.run.registry.resource(&step.token) else {
            return Ready::Wrong(format!("there is no type `{}`", step.token));
        };
        let names = NameFrom::Keep(&step.named);
        let shaped = inputs::shape(kind, &step.urn, value, settings, &names, self.run.shaping);
        if let Some((property, why)) = shaped.wrong.first() {
            return Ready::Wrong(format!("`{property}`: {why}"));
        }
        let mut wanted = shaped.inputs;
        // What the plan settled stays: ignored properties, what a shift governs.
        // What is made anew ignores nothing: it has no value to keep.
        let mut kept = step.governed.clone();
        if matches!(step.action, Action::Update { .. } | Action::Record { .. }) {
            kept.extend_from_slice(&decl.options.ignore_changes);
        }
        act::as_planned(&mut wanted, &step.inputs, &kept);
        if let Some(unknown) = wanted.first_unknown() {
            return Ready::Wrong(format!("`{}` is still not known", unknown.from));
        }
        if let Err(error) = kind.check(&wanted) {
            return Ready::Wrong(wanted.scrub(error.to_string()));
        }
        Ready::Go(Box::new(Job::new(step, settings, wanted)))
    }

    /// Takes in what has landed: one commit for all of it.
    fn land(
        &mut self,
        all: Vec<Returned>,
        write: &mut Write<'_>,
        on_event: &mut dyn FnMut(Event),
    ) -> Result<(), String> {
        let mut rows = Vec::new();
        for returned in &all {
            if let Returned::Step(step, landed) = returned {
                let active = self.active.get(step).and_then(|it| it.job.as_ref());
                rows.extend(active.and_then(|job| job.row(landed)));
            }
        }
        if !rows.is_empty() {
            write(&rows)?;
        }
        for returned in all {
            match returned {
                Returned::Answers(step, answers) => {
                    self.asking.remove(&step);
                    for (question, answer) in answers {
                        self.answer(question, answer);
                    }
                    self.schedule.put_back(step);
                }
                Returned::Left(step) if self.asking.remove(&step).is_some() => {
                    self.schedule.put_back(step);
                }
                Returned::Left(step) => {
                    self.finished.abandoned.push(step);
                    let active = self.active.remove(&step).filter(|it| it.named);
                    let why = match active.and_then(|it| it.job) {
                        Some(job) => format!("it is {}; the next run waits for it", job.state.id),
                        None => "not waited for; the next run looks what became of it".to_owned(),
                    };
                    on_event(Event::Left { step, why });
                }
                Returned::Step(step, Landed::Stuck(cause, why)) => {
                    self.halt(cause, why.clone());
                    self.stuck.push(step);
                    on_event(Event::Left { step, why });
                }
                Returned::Step(step, Landed::InDoubt(why)) => {
                    let Some(active) = self.active.remove(&step) else { continue };
                    let why = format!("{why}; the next run looks whether it was made");
                    self.end(step, active.started, active.key.as_deref(), Err(why), on_event);
                }
                Returned::Step(step, Landed::Named(id)) => {
                    let Some(active) = self.active.get_mut(&step) else { continue };
                    let Some(job) = &mut active.job else { continue };
                    job.state.id = id;
                    active.named = true;
                    let next =
                        job.clone().settle(self.run.connections, self.run.registry, &self.status);
                    self.push(step, next);
                }
                Returned::Step(step, Landed::Ended(result)) => {
                    let Some(active) = self.active.remove(&step) else { continue };
                    if let (Ok(outcome), Some(job)) = (&result, &active.job) {
                        self.remember(step, job, outcome);
                    }
                    let result = result.map(|_| ());
                    self.end(step, active.started, active.key.as_deref(), result, on_event);
                }
            }
        }
        Ok(())
    }

    /// Tells expressions what a step has made.
    fn remember(&mut self, step: StepId, job: &Job, outcome: &Outcome) {
        let (Some(key), Outcome::Live { id, outputs }) = (&self.steps[step].key, outcome) else {
            return;
        };
        let state = &job.state;
        let id = self.run.registry.shown_id(&state.token, Value::string(id));
        let seen = Seen {
            reference: Ref {
                urn: state.urn.0.clone(),
                id: if state.meta.component { Value::Null } else { id },
            },
            token: state.token.clone(),
            name: state.urn.name().to_owned(),
            outputs: outputs.as_map().cloned().unwrap_or_default(),
            complete: true,
        };
        self.seen.insert(key.clone(), seen);
    }

    fn end(
        &mut self,
        step: StepId,
        started: Instant,
        key: Option<&str>,
        result: Result<(), String>,
        on_event: &mut dyn FnMut(Event),
    ) {
        self.schedule.end(step, key, result.is_ok());
        match &result {
            Ok(()) => self.finished.done.push(step),
            Err(why) => self.finished.failed.push((step, why.clone())),
        }
        on_event(Event::Ended { step, took: started.elapsed(), result });
    }

    fn status(&mut self, status: &Status, on_event: &mut dyn FnMut(Event)) {
        let interrupted = self.interrupted();
        let found = self.active.iter_mut().find(|(_, it)| {
            let its_own = |job: &Job| job.state.op == status.op || job.op == status.op;
            it.job.as_ref().is_some_and(its_own)
        });
        let Some((step, active)) = found else { return };
        let Some(job) = &active.job else { return };
        job.watch.said();
        on_event(Event::Status { step: *step, text: status.text.clone() });
        if job.waits_aside(self.run.registry)
            && let Some(key) = active.key.take()
        {
            self.schedule.free(&key);
        }
        if interrupted {
            active.leave();
        }
    }

    fn interrupted(&self) -> bool {
        self.halt.as_ref().is_some_and(|it| it.cause == Cause::Interrupted)
    }

    /// Starts nothing more. The first cause tells the user most.
    fn halt(&mut self, cause: Cause, why: String) {
        self.halt.get_or_insert(Halt { cause, why });
    }

    /// The first interrupt: calls that are under way end, waits do not.
    fn interrupt(&mut self, on_event: &mut dyn FnMut(Event)) {
        self.halt = Some(Halt { cause: Cause::Interrupted, why: String::new() });
        self.asking.values().for_each(AbortHandle::abort);
        let out = self.active.iter().filter(|(step, _)| !self.stuck.contains(step));
        let running = out.filter(|(_, it)| !it.leave()).count();
        on_event(Event::Stopping { running });
    }

    /// With nothing running any more: waits for new credentials if it was
    /// these that halted the run, and repeats what they were refused for.
    async fn renewed(
        &mut self,
        stops: &mut UnboundedReceiver<()>,
        on_event: &mut dyn FnMut(Event),
    ) -> bool {
        let (Some(renew), Some(Halt { cause: Cause::Credentials, why })) =
            (self.run.renew, &self.halt)
        else {
            return false;
        };
        tokio::select! {
            go_on = renew(why) => if !go_on {
                return false;
            },
            Some(()) = stops.recv() => {
                self.interrupt(on_event);
                return false;
            }
        }
        self.run.connections.forget();
        self.halt = None;
        for step in std::mem::take(&mut self.stuck) {
            let Some((active, job)) =
                self.active.get(&step).and_then(|it| Some((it, it.job.clone()?)))
            else {
                continue;
            };
            let (connections, registry) = (self.run.connections, self.run.registry);
            let task = job.again(active.named, connections, registry, &self.status);
            on_event(Event::Begun { step });
            self.push(step, task);
        }
        true
    }

    fn finish(mut self) -> Finished {
        self.finished.abandoned.extend(self.active.keys());
        self.finished.abandoned.sort_unstable();
        let begun: BTreeSet<StepId> = self.finished.abandoned.iter().copied().collect();
        self.finished.not_started = self.schedule.left();
        self.finished.not_started.retain(|it| !begun.contains(it));
        self.finished.halt = self.halt.take();
        let evaluator = self.evaluator();
        let outputs = self.run.program.outputs.iter().filter_map(|output| {
            let value = evaluator.eval(&output.value);
            value.is_known().then(|| (output.name.value.clone(), inputs::lower_refs(value)))
        });
        self.finished.outputs = outputs.collect();
        self.finished
    }
}

/// How long a step is expected to take when no run has told: what AWS takes
/// for the slow ones.
pub fn usual_seconds(token: &str) -> u64 {
    const SLOW: &[(&str, u64)] = &[
        ("aws:rds/cluster:Cluster", 60),
        ("aws:rds/clusterInstance:ClusterInstance", 420),
        ("aws:rds/instance:Instance", 420),
        ("aws:ec2/natGateway:NatGateway", 110),
        ("aws:lb/loadBalancer:LoadBalancer", 160),
        ("aws:ecs/service:Service", 120),
    ];
    SLOW.iter().find(|(it, _)| *it == token).map_or(2, |(_, seconds)| *seconds)
}
