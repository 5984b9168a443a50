//! A stack in this process: the engine as the command line drives it, a cloud
//! in memory, and a journal that may be cut.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use futures_util::future::BoxFuture;
use orderinfra::{
    builtin,
    engine::{
        ask::Sources,
        connect::Connections,
        event::Event,
        execute::{self, Finished, Run},
        halt::Cause,
        inputs::Shaping,
        inquire,
        name::{Draws, Naming},
        plan::{self, Facts, Inquiry, Now, Planned, Targets},
        recover, refresh,
    },
    lang::{
        ast::Program,
        check,
        diag::{Diagnostic, Severity},
        eval::{Context, FileForm},
        parse, syntax,
    },
    model::{Action, Map, Place, Row, Snapshot, Step, Value},
    provider::{Assets, Calls, Clients, Pace, Registry, Result as Answer, Settings, fake},
    store::{Keyring, NewLock, Stack, Store},
};
use tempfile::TempDir;

use super::story::{Cut, Trouble};

pub(super) struct World {
    pub(super) cloud: fake::Cloud,
    registry: Registry,
    /// All that was ever written, and its fold.
    rows: Vec<Row>,
    pub(super) snapshot: Snapshot,
    disk: Option<Disk>,
    runs: u64,
}

/// The journal's true home.
struct Disk {
    store: Store,
    stack: Stack,
    _folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
#[expect(dead_code, reason = "what failed is for the reader of a failure")]
pub(super) enum End {
    Well(Done),
    /// Steps failed, or the world could not be read.
    Failed(String),
    /// The journal ended the run.
    Cut,
    Interrupted,
    /// The plan cannot be: nothing was done.
    Refused(String),
}

/// What was planned and done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) steps: Vec<Step>,
}

/// The program as the engine gets it.
struct Loaded {
    program: Program,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Loaded {
    /// Without a text: what `destroy` makes of any program.
    fn new(text: Option<&str>, registry: &Registry) -> Self {
        let Some(text) = text else {
            return Self { program: Program::default(), dependencies: BTreeMap::new() };
        };
        let root = syntax::read("Pulumi.yaml", text).unwrap();
        let mut found = Vec::new();
        let mut program = parse::program(&root, &mut found);
        check::program(&mut program, registry, &BTreeSet::new(), &mut found);
        found.retain(|it| it.severity == Severity::Error);
        assert!(found.is_empty(), "the program is wrong: {found:#?}");
        let dependencies = check::dependencies(&program);
        Self { program, dependencies }
    }
}

fn connections() -> Connections {
    let connect = |settings: Settings| -> BoxFuture<'static, Answer<(Clients, Place)>> {
        Box::pin(async move { Ok((Clients::offline(), fake::place(&settings))) })
    };
    // No time passes: each thing is looked for once.
    let pace = Pace::hurried(u32::MAX);
    let calls = Calls::new(String::new);
    let (assets, stack) = (Assets::default(), "demo/dev".to_owned());
    Connections::new(Box::new(connect), calls, assets, stack, pace, String::new())
}

fn no_file(_: &str, _: FileForm) -> Result<Value, String> {
    Err("there are no files here".to_owned())
}

fn no_stack(_: &str) -> Result<Value, String> {
    Err("there are no stacks here".to_owned())
}

impl World {
    pub(super) fn new(lots: u64, on_disk: bool) -> Self {
        let cloud = fake::Cloud::in_memory();
        cloud.with(|it| it.lots = lots);
        let mut resources = fake::types_on(&cloud);
        resources.extend(builtin::types());
        let registry = Registry::new(resources, Vec::new());
        let disk = on_disk.then(Disk::new);
        let (rows, snapshot) = Default::default();
        Self { cloud, registry, rows, snapshot, disk, runs: 0 }
    }

    fn draws(&self, what: u8) -> Draws {
        let mut seed = [what; 32];
        seed[..8].copy_from_slice(&self.runs.to_le_bytes());
        Draws { seed }
    }

    /// Recovers, reads and plans, as each command does at first.
    async fn plan(
        &self,
        loaded: &Loaded,
        snapshot: &Snapshot,
        draws: &Draws,
    ) -> Result<(Planned, Facts), String> {
        let (connections, settings) = (connections(), Settings::default());
        let asked = refresh::asked(&loaded.program, snapshot);
        let live = refresh::read(&connections, &self.registry, snapshot, &settings, &asked).await;
        let live = live.map_err(|it| it.to_string())?;
        let mut facts = Facts { live, ..Facts::default() };
        let (context, config, shaping) = (context(), Map::new(), shaping(draws));
        let inquiry = |facts: &Facts| {
            plan::plan(&Inquiry {
                program: &loaded.program,
                dependencies: &loaded.dependencies,
                context: &context,
                config: &config,
                settings: &settings,
                shaping: &shaping,
                snapshot,
                registry: &self.registry,
                facts,
                now: Now { unix: 1_700_000_000, text: "2023-11-14T22:13:20Z" },
                targets: &Targets::default(),
                governed: &[],
                outputs: &[],
                preview: false,
            })
        };
        let sources = Sources { file: &no_file, stack: &no_stack };
        let planned =
            inquire::find_out(&mut facts, &inquiry, &connections, &self.registry, &sources).await;
        Ok((planned.map_err(|it| it.to_string())?, facts))
    }

    async fn recovered(&self) -> Result<Vec<Row>, String> {
        let (connections, settings) = (connections(), Settings::default());
        let (snapshot, registry, ages) = (&self.snapshot, &self.registry, BTreeMap::new());
        let closed = recover::recover(snapshot, &connections, registry, &settings, &ages);
        let closed = closed.await.map_err(|it| it.to_string())?;
        Ok(closed.into_iter().flat_map(|it| it.rows).collect())
    }

    /// What `preview` shows: steps, or why there are none.
    pub(super) fn preview(&self, text: Option<&str>) -> Result<Vec<Step>, String> {
        block_on(async {
            let mut snapshot = self.snapshot.clone();
            for row in self.recovered().await? {
                snapshot.apply(&row)?;
            }
            let loaded = Loaded::new(text, &self.registry);
            let (planned, _) = self.plan(&loaded, &snapshot, &self.draws(2)).await?;
            match refusal(&planned.diagnostics) {
                Some(why) => Err(why),
                None => Ok(planned.plan.steps),
            }
        })
    }

    /// `up`, or `destroy` without a text.
    pub(super) fn run(
        &mut self,
        text: Option<&str>,
        trouble: Option<&Trouble>,
        parallel: Option<u8>,
    ) -> End {
        self.runs += 1;
        let cut = trouble.and_then(|it| it.cut);
        let interrupt = trouble.and_then(|it| it.interrupt);
        self.cloud.with(|it| {
            it.faults.clear();
            for (operation, fault) in trouble.iter().flat_map(|it| &it.faults) {
                it.faults.entry((*operation).to_owned()).or_default().push((*fault).to_owned());
            }
        });
        let end = block_on(self.steps(text, cut, interrupt, parallel));
        if let Some(disk) = &mut self.disk {
            disk.check(&self.rows, &self.snapshot);
        }
        end
    }

    async fn steps(
        &mut self,
        text: Option<&str>,
        cut: Option<Cut>,
        interrupt: Option<(u8, bool)>,
        parallel: Option<u8>,
    ) -> End {
        let recovered = match self.recovered().await {
            Ok(rows) => rows,
            Err(why) => return End::Failed(why),
        };
        let mut left = cut.map(|it| (it.after, it.durable));
        let mut was_cut = false;
        let draws = self.draws(1);
        let loaded = Loaded::new(text, &self.registry);
        let Self { rows, snapshot, disk, .. } = self;
        // Taken out while the world is looked at.
        let mut journal = Journal {
            rows: std::mem::take(rows),
            snapshot: std::mem::take(snapshot),
            disk: disk.take(),
        };
        let mut write = |journal: &mut Journal, new: &[Row]| match &mut left {
            Some((0, durable)) => {
                was_cut = true;
                if *durable {
                    journal.write(new);
                }
                Err("cut".to_owned())
            }
            Some((after, _)) => {
                *after -= 1;
                journal.write(new);
                Ok(())
            }
            None => {
                journal.write(new);
                Ok(())
            }
        };
        let end = 'run: {
            if !recovered.is_empty() && write(&mut journal, &recovered).is_err() {
                break 'run End::Cut;
            }
            let (planned, facts) = match self.plan(&loaded, &journal.snapshot, &draws).await {
                Ok(it) => it,
                Err(why) => break 'run End::Failed(why),
            };
            if let Some(why) = refusal(&planned.diagnostics) {
                break 'run End::Refused(why);
            }
            let steps = planned.plan.steps.clone();
            let (context, config, settings) = (context(), Map::new(), Settings::default());
            let (connections, shaping) = (connections(), shaping(&draws));
            let run = Run {
                program: &loaded.program,
                context: &context,
                config: &config,
                settings: &settings,
                shaping: &shaping,
                registry: &self.registry,
                connections: &connections,
                sources: &Sources { file: &no_file, stack: &no_stack },
                parallel: parallel.map(usize::from),
                cost: &|step| execute::usual_seconds(&step.token),
                renew: None,
            };
            let (stop, mut stops) = tokio::sync::mpsc::unbounded_channel();
            let events = Cell::new(0_u8);
            let mut on_event = |_: Event| {
                let count = events.get();
                events.set(count.saturating_add(1));
                if let Some((after, twice)) = interrupt
                    && after == count
                {
                    stop.send(()).unwrap();
                    if twice {
                        stop.send(()).unwrap();
                    }
                }
            };
            let mut to_journal = |rows: &[Row]| write(&mut journal, rows);
            let done = execute::execute(
                &run,
                planned,
                facts.answers,
                &mut to_journal,
                &mut stops,
                &mut on_event,
            );
            match done.await {
                Err(why) if why == "cut" => End::Cut,
                Err(why) => panic!("the journal refused a row: {why}"),
                Ok(it) if !it.failed.is_empty() => {
                    let failed = it.failed.iter();
                    let text = failed.map(|(at, why)| format!("{}: {why}", steps[*at].urn.name()));
                    End::Failed(text.collect::<Vec<_>>().join("\n"))
                }
                Ok(Finished { halt: Some(halt), .. }) => match halt.cause {
                    Cause::Interrupted => End::Interrupted,
                    _ => End::Failed(halt.why),
                },
                Ok(it) => {
                    assert_eq!(it.done.len(), steps.len(), "all that was planned is done");
                    End::Well(Done { steps })
                }
            }
        };
        assert!(was_cut == matches!(end, End::Cut) || cut.is_none(), "a cut ends the run");
        Journal { rows: self.rows, snapshot: self.snapshot, disk: self.disk } = journal;
        end
    }
}

struct Journal {
    rows: Vec<Row>,
    snapshot: Snapshot,
    disk: Option<Disk>,
}

impl Journal {
    /// Each order of rows that a run writes is a legal one.
    fn write(&mut self, rows: &[Row]) {
        for row in rows {
            self.snapshot.apply(row).unwrap_or_else(|why| panic!("{why}: {row:?}"));
            self.rows.push(row.clone());
        }
        if let Some(disk) = &mut self.disk {
            let run = disk.store.begin_run(&disk.stack, "up", "now").unwrap();
            disk.store.write(&mut disk.stack, run, rows).unwrap();
        }
    }
}

impl Disk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let keyring = Keyring { key_file: folder.path().join("key"), ..Keyring::default() };
        let store = Store::open(&folder.path().join("state.db"), keyring, None).unwrap();
        store.init("demo", "dev", &NewLock::KeyFile, "now").unwrap();
        let stack = store.stack("demo", "dev").unwrap();
        Self { store, stack, _folder: folder }
    }

    /// What is read back is what was written, rows and fold.
    fn check(&mut self, rows: &[Row], snapshot: &Snapshot) {
        self.stack = self.store.stack("demo", "dev").unwrap();
        assert_eq!(self.stack.snapshot, *snapshot, "the stored state is the journal's fold");
        let stored = self.store.rows(&self.stack).unwrap();
        assert_eq!(format!("{stored:?}"), format!("{rows:?}"), "the journal keeps every row");
    }
}

/// All errors, if there are any.
fn refusal(found: &[Diagnostic]) -> Option<String> {
    let errors = found.iter().filter(|it| it.severity == Severity::Error);
    let all: Vec<&str> = errors.map(|it| &*it.message).collect();
    (!all.is_empty()).then(|| all.join("\n"))
}

fn context() -> Context {
    Context {
        cwd: "/nowhere".to_owned(),
        project: "demo".to_owned(),
        stack: "dev".to_owned(),
        organization: "organization".to_owned(),
        root_directory: "/nowhere".to_owned(),
    }
}

fn shaping(draws: &Draws) -> Shaping<'_> {
    Shaping {
        draws,
        organization: "organization",
        project: "demo",
        stack: "dev",
        naming: &|_| Naming::Default,
        config: &|_| None,
        environment: &|_| None,
    }
}

/// What a step does, without what is drawn anew for each plan.
pub(super) fn outline(steps: &[Step]) -> BTreeSet<String> {
    let one = |step: &Step| {
        let (what, id) = match &step.action {
            Action::Create => ("create", ""),
            Action::Update { id, .. } => ("update", &**id),
            Action::Delete { id } => ("delete", &**id),
            Action::Read => ("read", ""),
            Action::Import { id } => ("import", &**id),
            Action::Record { id } => ("record", &**id),
            Action::Forget => ("forget", &*step.state.id),
        };
        format!("{what} {} {id}", step.urn)
    };
    steps.iter().map(one).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: RefCell<tokio::runtime::Runtime> = RefCell::new(
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap(),
        );
    }
    RUNTIME.with_borrow(|it| it.block_on(work))
}
