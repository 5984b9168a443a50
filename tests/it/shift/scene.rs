//! A stack whose traffic can be shifted, brought up once; a copy of it for
//! each test, with a rollout of its own. What is there is seen and changed
//! without help of the program, as somebody else would.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use orderinfra::store::{OpRow, OpState, ShiftRow};
use serde_json::Value as Json;

use super::{aws::Aws, program};
use crate::{
    env::{Ran, hear_signals},
    harsh::{Climate, Harsh},
    world::World,
};

/// Nothing that is waited for takes longer.
const ENDS_WITHIN: Duration = Duration::from_mins(5);

pub(crate) struct Scene {
    pub(crate) world: World,
    /// What the program's calls go through.
    pub(crate) cloud: Harsh,
    pub(crate) aws: Aws,
    resources: &'static str,
    begun: AtomicU32,
    /// Keeps it for the tests that come.
    _base: Arc<World>,
}

/// What a command of `shift` has told.
pub(crate) struct Told {
    pub(crate) ran: Ran,
    /// Of stdout, one a line.
    pub(crate) events: Vec<Json>,
}

/// A shift that goes on beside the test.
pub(crate) struct Going {
    child: Child,
    events: PathBuf,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Scene {
    /// Colours that are nothing but target groups, with two targets each.
    pub(crate) fn new(rollout: &str) -> Self {
        static BASE: Mutex<Weak<World>> = Mutex::new(Weak::new());
        Self::of(&BASE, program::TARGETS, rollout)
    }

    /// Colours with a Fargate service each, which are scaled.
    pub(crate) fn with_services(rollout: &str) -> Self {
        static BASE: Mutex<Weak<World>> = Mutex::new(Weak::new());
        Self::of(&BASE, program::SERVICES, rollout)
    }

    fn of(base: &Mutex<Weak<World>>, resources: &'static str, rollout: &str) -> Self {
        let base = {
            let mut base = base.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            base.upgrade().unwrap_or_else(|| {
                let world = Arc::new(World::with_program(resources));
                let cloud = Harsh::start(world.cloud.port, Climate::default());
                world.run(&cloud, "up --yes").ends(0);
                *base = Arc::downgrade(&world);
                world
            })
        };
        let world = base.again();
        let cloud = Harsh::start(world.cloud.port, Climate::default());
        let aws = Aws { port: world.cloud.port };
        let begun = AtomicU32::new(0);
        let scene = Self { world, cloud, aws, resources, begun, _base: base };
        scene.rollout(rollout);
        scene
    }

    /// The program with another rollout: what it says beside its colours.
    pub(crate) fn rollout(&self, rollout: &str) {
        let colors = match self.resources == program::SERVICES {
            true => program::COLOURS_WITH_SERVICES,
            false => program::COLOURS,
        };
        let body: String = rollout.lines().map(|it| format!("    {it}\n")).collect();
        let text = format!("{}rollouts:\n  web:\n{colors}{body}", self.resources);
        fs::write(self.world.file("Pulumi.yaml"), text).unwrap();
    }

    /// The program as it was brought up, without a word of a rollout.
    pub(crate) fn no_rollout(&self) {
        fs::write(self.world.file("Pulumi.yaml"), self.resources).unwrap();
    }

    /// Changes the program's text; the old text must be there.
    #[track_caller]
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.world.file("Pulumi.yaml")).unwrap();
        assert!(text.contains(old), "`{old}` is not in:\n{text}");
        fs::write(self.world.file("Pulumi.yaml"), text.replace(old, new)).unwrap();
    }

    /// The same in another weather.
    pub(crate) fn in_climate(mut self, climate: Climate) -> Self {
        self.cloud = Harsh::start(self.world.cloud.port, climate);
        self
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.world.run(&self.cloud, line)
    }

    /// `orderinfra shift … --json`
    pub(crate) fn shift(&self, line: &str) -> Told {
        Told::of(self.run(&format!("shift {line} --json")))
    }

    /// `orderinfra shift … --json` in the background.
    pub(crate) fn begin(&self, line: &str) -> Going {
        self.begin_with(line, |_| {})
    }

    pub(crate) fn begin_with(
        &self,
        line: &str,
        set: impl FnOnce(&mut std::process::Command),
    ) -> Going {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let file = |what: &str| self.world.folder().join(format!("going-{number}.{what}"));
        let (events, stdout, stderr) = (file("events"), file("stdout"), file("stderr"));
        let line = format!("shift {line} --json --events {}", events.display());
        let mut command = self.world.command(&self.cloud, &line);
        command
            .stdin(Stdio::null())
            .stdout(fs::File::create(&stdout).unwrap())
            .stderr(fs::File::create(&stderr).unwrap());
        set(&mut command);
        hear_signals();
        Going { child: command.spawn().unwrap(), events, stdout, stderr }
    }

    /// Weights of blue and green on each route that has both, as AWS tells
    /// them: `:80 100/0`.
    pub(crate) fn weights(&self) -> Vec<String> {
        let routes = self.aws.routes();
        routes.iter().filter_map(|it| Some(format!("{} {}", it.name, it.weights()?))).collect()
    }

    /// All of the traffic on all routes, in percent of green; `None` where
    /// they differ.
    pub(crate) fn green(&self) -> Option<f64> {
        let routes = self.aws.routes();
        let mut shares = routes.iter().filter_map(super::aws::Route::green);
        let first = shares.next()?;
        shares.all(|it| (it - first).abs() < 0.001).then_some(first)
    }

    pub(crate) fn shifts(&self) -> Vec<ShiftRow> {
        let store = self.world.store();
        let stack = store.stack("shop", "dev").unwrap();
        store.shifts(&stack, None, 100).unwrap()
    }

    pub(crate) fn ops(&self, shift: &str) -> Vec<OpRow> {
        self.world.store().shift_ops(shift).unwrap()
    }

    /// Nothing of any shift is left open: in the journal, and in AWS.
    #[track_caller]
    pub(crate) fn all_is_closed(&self) {
        for shift in self.shifts() {
            assert!(shift.finished.is_some(), "still open: {shift:?}");
            let open = self.ops(&shift.id).into_iter().filter(|it| it.state == OpState::Intended);
            assert_eq!(open.collect::<Vec<_>>(), [], "intentions without an end");
        }
        assert_eq!(self.aws.leases(), Vec::<String>::new(), "leases");
        let rules = self.aws.routes().into_iter().map(|it| it.name);
        let ours: Vec<String> = rules.filter(|it| it.contains(' ') && it != ":80 10").collect();
        assert_eq!(ours, Vec::<String>::new(), "test rules");
        assert_eq!(self.aws.schedules(), Vec::<String>::new(), "dead-man's switches");
    }
}

impl Told {
    fn of(ran: Ran) -> Self {
        let events = ran.stdout.lines().filter_map(|it| serde_json::from_str(it).ok()).collect();
        Self { ran, events }
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.ran.code, Some(code), "{}", self.ran);
        self
    }

    pub(crate) fn of_type(&self, kind: &str) -> Vec<&Json> {
        self.events.iter().filter(|it| it["type"] == kind).collect()
    }

    /// The last line.
    #[track_caller]
    pub(crate) fn finished(&self) -> &Json {
        let last = self.events.last().unwrap_or_else(|| panic!("nothing was told:\n{}", self.ran));
        assert_eq!(last["type"], "shift.finished", "{}", self.ran);
        last
    }

    #[track_caller]
    pub(crate) fn outcome(&self) -> &str {
        self.finished()["outcome"].as_str().unwrap_or_default()
    }

    pub(crate) fn reason(&self) -> &str {
        self.finished()["reason"].as_str().unwrap_or_default()
    }

    /// Those that failed, with their text.
    pub(crate) fn failed_checks(&self) -> Vec<String> {
        let failed = self.of_type("check").into_iter().filter(|it| it["outcome"] == "fail");
        failed.map(|it| format!("{}: {}", it["id"], it["text"]).replace('"', "")).collect()
    }
}

impl Going {
    pub(crate) fn events(&self) -> Vec<Json> {
        let text = fs::read_to_string(&self.events).unwrap_or_default();
        text.lines().filter_map(|it| serde_json::from_str(it).ok()).collect()
    }

    /// Until it has told what is looked for; the event.
    #[track_caller]
    pub(crate) fn until(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        let began = Instant::now();
        loop {
            let gone = self.child.try_wait().unwrap();
            if let Some(found) = self.events().into_iter().find(&wanted) {
                return found;
            }
            if gone.is_some() || began.elapsed() > ENDS_WITHIN {
                drop(self.child.kill());
                panic!("it was not told ({gone:?}):\n{}", self.said());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Until it has told so many events; `false` when it has ended before.
    pub(crate) fn until_events(&mut self, count: usize) -> bool {
        loop {
            if self.events().len() >= count {
                return self.child.try_wait().unwrap().is_none();
            }
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[track_caller]
    pub(crate) fn until_type(&mut self, kind: &str) -> Json {
        self.until(|it| it["type"] == kind)
    }

    /// Until so much of the traffic was seen at the destination.
    #[track_caller]
    pub(crate) fn until_weight(&mut self, percent: f64) -> Json {
        self.until(|it| it["type"] == "weights.verified" && it["weight"].as_f64() == Some(percent))
    }

    pub(crate) fn signal(&self, name: &str) {
        let mut kill = std::process::Command::new("kill");
        let status = kill.arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// To its end.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Told {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let text = |it: &PathBuf| fs::read_to_string(it).unwrap_or_default();
                let (stdout, stderr) = (text(&self.stdout), text(&self.stderr));
                return Told::of(Ran { stdout, stderr, code: status.code() });
            }
            if began.elapsed() > ENDS_WITHIN {
                drop(self.child.kill());
                panic!("it did not end:\n{}", self.said());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn said(&self) -> String {
        let text = |it: &PathBuf| fs::read_to_string(it).unwrap_or_default();
        format!("{}--- stderr\n{}", text(&self.stdout), text(&self.stderr))
    }
}

impl Drop for Going {
    /// A test that fails leaves nobody behind.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
