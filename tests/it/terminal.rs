//! What a person at a terminal sees and can do: the question, interrupts, a
//! terminal that goes away, and credentials or a network that do.

use std::{
    ffi::OsStr,
    fs,
    io::{Read as _, Write as _},
    num::NonZeroU16,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Command as PtyCommand, Pty, open},
};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::{
    crash,
    env::{TestEnv, hear_signals},
};

/// After this long a test has failed. Nothing waits for time to pass.
const DEADLINE: Duration = Duration::from_mins(5);

const ROWS: u16 = 60;
const COLUMNS: u16 = 120;

const PAIR: &str = "
resources:
  a: { type: fake:index:Thing, properties: { name: a, size: 1 } }
  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }
";

/// The binary on a terminal of its own.
struct Terminal {
    pty: Option<Pty>,
    child: Child,
    raw: Vec<u8>,
    /// How much of the text was waited for already.
    seen: usize,
    /// Dropped when the test is through with the child.
    watchdog: Sender<()>,
}

fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Kills a child that outlives the deadline, so that no read of the test
/// blocks for ever.
fn watchdog(child: &Child) -> Sender<()> {
    let (alive, ended) = channel::<()>();
    let pid = child.id().to_string();
    thread::spawn(move || {
        if ended.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            drop(Command::new("kill").args(["-KILL", &pid]).status());
        }
    });
    alive
}

impl Terminal {
    fn new(env: &TestEnv, line: &str) -> Self {
        let args: Vec<&str> = line.split_whitespace().collect();
        Self::of(&env.command(&args))
    }

    fn of(plain: &Command) -> Self {
        hear_signals();
        let set =
            |(name, value): (&OsStr, Option<&OsStr>)| Some((name.to_owned(), value?.to_owned()));
        let command = PtyCommand::new(plain.get_program())
            .args(plain.get_args())
            .env_clear()
            .envs(plain.get_envs().filter_map(set))
            .env("TERM", "xterm-256color")
            .current_dir(plain.get_current_dir().unwrap());
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(ROWS, COLUMNS)).unwrap();
        // Else a Ctrl-C throws away what was written and not yet read.
        let mut modes = tcgetattr(&pty).unwrap();
        modes.local_modes.insert(LocalModes::NOFLSH);
        tcsetattr(&pty, OptionalActions::Now, &modes).unwrap();
        let child = command.spawn(pts).unwrap();
        let watchdog = watchdog(&child);
        Self { pty: Some(pty), child, raw: Vec::new(), seen: 0, watchdog }
    }

    /// One read; `false` at the end.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // Linux ends a terminal that nobody writes to any more with an error.
        let count = self.pty.as_mut().unwrap().read(&mut bytes).unwrap_or(0);
        self.raw.extend(&bytes[..count]);
        count > 0
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits for a text after the last one that was waited for.
    #[track_caller]
    fn until(&mut self, text: &str) {
        loop {
            let all = self.text();
            if let Some(at) = all[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(self.read(), "`{text}` never came:\n{all}");
        }
    }

    fn types(&mut self, keys: &str) {
        self.pty.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    fn ctrl_c(&mut self) {
        self.types("\x03");
    }

    /// What is on the screen at the end, which is as clean as it was.
    #[track_caller]
    fn ends(mut self, code: i32) -> String {
        while self.read() {}
        let status = self.child.wait().unwrap();
        drop(self.watchdog);
        let size = |it| NonZeroU16::new(it).unwrap();
        let mut screen = vt100::Parser::new(size(ROWS), size(COLUMNS), 0);
        screen.process(&self.raw);
        let screen = screen.screen();
        let text = screen.contents();
        assert_eq!(status.code(), Some(code), "{status}:\n{text}");
        assert!(!screen.hide_cursor(), "the cursor is hidden:\n{text}");
        assert!(!screen.alternate_screen());
        let (row, column) = screen.cursor_position();
        assert_eq!(column, 0, "the last line has no end:\n{text}");
        let rows: Vec<String> = screen.rows(0, COLUMNS).collect();
        let last = rows.iter().rposition(|it| !it.trim().is_empty());
        assert_eq!(Some(usize::from(row)), last.map(|it| it + 1), "after the last line:\n{text}");
        assert!(!text.contains(" running\n"), "the block of running steps is left:\n{text}");
        text
    }
}

#[track_caller]
fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < DEADLINE, "{what} never came");
        thread::yield_now();
    }
}

/// Waits until the cloud holds a call.
#[track_caller]
fn held(env: &TestEnv, call: &str) {
    wait_for(call, || {
        env.cloud()["held"].as_array().is_some_and(|it| it.iter().any(|it| it == call))
    });
}

fn go(env: &TestEnv) {
    env.write("cloud.go", "");
}

fn renew(env: &TestEnv) {
    env.edit_cloud(|it| it["expired"] = false.into());
}

/// The next run needs no help, makes nothing twice, and is told of no lock.
#[track_caller]
fn converges(env: &TestEnv, names: &[&str]) {
    go(env);
    env.ok("up --yes").lacks("Took over");
    assert_eq!(env.things(), names);
    env.ok("preview --expect-no-changes");
    env.check_fold();
}

#[test]
fn the_question_takes_yes_no_and_details() {
    let env = TestEnv::new(PAIR);
    let mut terminal = Terminal::new(&env, "up");
    terminal.until("Do you want to perform this update?");
    terminal.until("[yes/details/no] ");
    terminal.types("what\n");
    terminal.until("[yes/details/no] ");
    terminal.types("details\n");
    terminal.until("size: 1");
    terminal.until("[yes/details/no] ");
    terminal.types("\n");
    terminal.until("nothing was changed");
    terminal.ends(8);
    assert_eq!(env.things(), [""; 0]);
    let mut terminal = Terminal::new(&env, "up");
    terminal.until("[yes/details/no] ");
    terminal.types("yes\n");
    let screen = terminal.ends(0);
    assert!(screen.contains("Resources: 2 created"), "{screen}");
    assert_eq!(env.things(), ["a", "b"]);
}

#[test]
fn an_interrupt_at_the_question_ends_at_once() {
    for keys in ["\x03", "\x04"] {
        let env = TestEnv::new(PAIR);
        let mut terminal = Terminal::new(&env, "up");
        terminal.until("[yes/details/no] ");
        terminal.types(keys);
        let screen = terminal.ends(8);
        let why = if keys == "\x03" {
            "\ninterrupted; AWS was not changed"
        } else {
            "\nerror: cancelled"
        };
        assert!(screen.contains(why), "{screen}");
        assert_eq!(env.things(), [""; 0]);
        converges(&env, &["a", "b"]);
    }
}

#[test]
fn an_interrupt_while_planning_ends_at_once() {
    for name in ["-INT", "-TERM", "-HUP"] {
        let env = TestEnv::new(PAIR);
        env.ok("up --yes");
        for line in ["up --yes", "preview", "refresh --yes"] {
            env.edit_cloud(|it| it["held"] = serde_json::json!([]));
            env.fault("read", &["hold"]);
            let terminal = Terminal::new(&env, line);
            held(&env, "read fake-1,fake-2");
            signal(name, &terminal.child);
            terminal.ends(8);
        }
        converges(&env, &["a", "b"]);
    }
}

#[test]
fn the_first_interrupt_lets_running_calls_end_and_starts_nothing() {
    let env = TestEnv::new(PAIR);
    env.fault("create a", &["hold"]);
    let mut terminal = Terminal::new(&env, "up --yes");
    held(&env, "create a");
    terminal.until("creating");
    terminal.ctrl_c();
    terminal.until("and 1 running step ends first; interrupt again to leave at once");
    go(&env);
    let screen = terminal.ends(8);
    assert!(screen.contains("\nStopping: nothing new is started, and"), "{screen}");
    assert!(screen.contains("\n +  fake:Thing a created"), "{screen}");
    assert!(screen.contains("Not started: 1"), "{screen}");
    assert!(screen.contains("nothing is lost: `orderinfra up` goes on from here"), "{screen}");
    assert_eq!(env.things(), ["a"]);
    assert!(env.snapshot().open.is_empty());
    drop(env.calls());
    converges(&env, &["a", "b"]);
    assert_eq!(env.changes(), ["create b"]);
}

#[test]
fn the_second_interrupt_leaves_at_once() {
    let env = TestEnv::new(PAIR);
    env.fault("create a", &["hold"]);
    let mut terminal = Terminal::new(&env, "up --yes");
    held(&env, "create a");
    terminal.until("creating");
    terminal.ctrl_c();
    terminal.until("Stopping");
    terminal.ctrl_c();
    let screen = terminal.ends(8);
    assert!(screen.contains("Left to the next run: 1"), "{screen}");
    assert_eq!(env.things(), [""; 0]);
    assert_eq!(env.snapshot().open.len(), 1);
    converges(&env, &["a", "b"]);
}

/// `up` without a terminal.
fn quiet(env: &TestEnv) -> (Child, Sender<()>) {
    hear_signals();
    let mut command = env.command(&["up", "--yes"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let alive = watchdog(&child);
    (child, alive)
}

/// What was said up to the word that an interrupt has arrived.
#[track_caller]
fn stopping(stderr: &mut ChildStderr) -> Vec<u8> {
    let mut said = Vec::new();
    while !said.ends_with(b"Stopping") {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.extend(byte);
    }
    said
}

/// Updates, replacements in both orders, deletions and creates, interrupted
/// once and twice while each kind of call is out.
#[test]
fn an_interrupt_during_any_call_loses_nothing() {
    let mut points = 0;
    for operation in ["create", "update", "delete", "finish", "read"] {
        for (before, twice) in [(0, false), (0, true), (1, true), (2, false), (3, true)] {
            let env = crash::changed();
            let mut faults = vec![""; before];
            faults.push("hold");
            if operation == "read" {
                // The plan reads each of the two types.
                faults.splice(..0, ["", ""]);
            }
            env.fault(operation, &faults);
            let (mut child, alive) = quiet(&env);
            let mut code = None;
            wait_for("a held call, or the end", || {
                code = child.try_wait().unwrap();
                let cloud = env.cloud();
                code.is_some() || cloud["held"].as_array().is_some_and(|it| !it.is_empty())
            });
            if code.is_some() {
                // There are not so many calls of this kind.
                continue;
            }
            points += 1;
            signal("-TERM", &child);
            let mut stderr = child.stderr.take().unwrap();
            drop(stopping(&mut stderr));
            match twice {
                true => signal("-TERM", &child),
                false => go(&env),
            }
            drop(std::io::copy(&mut stderr, &mut std::io::sink()));
            let when = format!("{operation} {before}, {twice}");
            assert_eq!(child.wait().unwrap().code(), Some(8), "{when}");
            drop(alive);
            go(&env);
            env.ok("up --yes");
            crash::converged(&env, crash::CHANGED, &when);
        }
    }
    assert!(points >= 18, "only {points} points");
}

#[test]
fn without_a_terminal_a_termination_is_an_interrupt() {
    for name in ["-TERM", "-INT", "-HUP"] {
        let env = TestEnv::new(PAIR);
        env.fault("create a", &["hold"]);
        let (mut child, alive) = quiet(&env);
        held(&env, "create a");
        signal(name, &child);
        let mut stderr = child.stderr.take().unwrap();
        // Only then may the call end: the signal must be there before it.
        let mut said = stopping(&mut stderr);
        if name == "-HUP" {
            // The shell passes on what the terminal has said already.
            signal(name, &child);
        }
        go(&env);
        stderr.read_to_end(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(8), "{name}");
        drop(alive);
        assert_eq!(env.things(), ["a"]);
        assert!(!String::from_utf8_lossy(&said).contains('\x1b'));
        converges(&env, &["a", "b"]);
    }
}

#[test]
fn a_terminal_that_goes_away_stops_the_run_in_order() {
    let env = TestEnv::new(PAIR);
    env.fault("ready", &["wait"]);
    let mut terminal = Terminal::new(&env, "up --yes");
    terminal.until("waiting for the fake cloud");
    drop(terminal.pty.take());
    assert_eq!(terminal.child.wait().unwrap().code(), Some(8));
    assert_eq!(env.things(), ["a"]);
    assert_eq!(env.state("a").id, "fake-1");
    converges(&env, &["a", "b"]);
}

/// What was started to outlive its terminal does.
#[test]
#[cfg(target_os = "linux")]
fn an_ignored_hang_up_stays_ignored() {
    let env = TestEnv::new(PAIR);
    env.fault("create a", &["hold"]);
    let plain = env.command(&["up", "--yes"]);
    let mut command = Command::new("nohup");
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.env("PATH", "/usr/bin:/bin");
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let alive = watchdog(&child);
    held(&env, "create a");
    signal("-HUP", &child);
    go(&env);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(alive);
    assert_eq!(env.things(), ["a", "b"]);
}

#[test]
fn a_long_wait_is_not_sat_out() {
    let env = TestEnv::new(PAIR);
    env.fault("ready", &["wait"]);
    let mut terminal = Terminal::new(&env, "up --yes");
    terminal.until("waiting for the fake cloud");
    terminal.ctrl_c();
    let screen = terminal.ends(8);
    assert!(screen.contains("Stopping: nothing new is started\n"), "{screen}");
    assert!(
        screen.contains("a creating left: it is fake-1; the next run waits for it"),
        "{screen}"
    );
    assert!(screen.contains("Left to the next run: 1\n    create fake:Thing a"), "{screen}");
    assert_eq!(env.things(), ["a"]);
    converges(&env, &["a", "b"]);
    // So is the wait after a delete.
    fs::remove_file(env.path("cloud.go")).unwrap();
    env.fault("gone", &["wait"]);
    let mut terminal = Terminal::new(&env, "destroy --yes");
    terminal.until("waiting for the fake cloud");
    terminal.ctrl_c();
    let screen = terminal.ends(8);
    let why = "b deleting left: not waited for; the next run looks what became of it";
    assert!(screen.contains(why), "{screen}");
    assert_eq!(env.things(), ["a"]);
    env.ok("destroy --yes");
    assert!(env.things().is_empty() && env.snapshot().resources.is_empty());
}

#[test]
fn a_call_that_is_tried_again_and_again_is_not_sat_out() {
    for (operation, line) in [("create", "up --yes"), ("delete", "destroy --yes")] {
        let env = TestEnv::new(PAIR);
        if operation == "delete" {
            env.ok("up --yes");
        }
        env.fault(operation, &["stall"]);
        let mut terminal = Terminal::new(&env, line);
        terminal.until("retrying (throttled)");
        terminal.ctrl_c();
        let screen = terminal.ends(8);
        assert!(screen.contains("Left to the next run: 1"), "{screen}");
        go(&env);
        env.ok(line);
        assert_eq!(env.things().is_empty(), operation == "delete");
        env.check_fold();
    }
}

/// What comes of a call that was under way is not lost, although its step has
/// a wait before it.
#[test]
fn an_interrupted_create_is_named_before_its_wait_is_left() {
    let env = TestEnv::new(PAIR);
    env.edit_cloud(|it| {
        it["faults"] = serde_json::json!({ "create a": ["hold"], "ready": ["wait"] });
    });
    let mut terminal = Terminal::new(&env, "up --yes");
    held(&env, "create a");
    terminal.until("creating");
    terminal.ctrl_c();
    terminal.until("1 running step");
    go(&env);
    terminal.ends(8);
    assert_eq!(env.state("a").id, "fake-1");
    converges(&env, &["a", "b"]);
}

const FORK: &str = "
resources:
  a: { type: fake:index:Thing, properties: { name: a, size: 1 } }
  b: { type: fake:index:Thing, properties: { name: b, uses: '${a.id}' } }
  c: { type: fake:index:Thing, properties: { name: c, uses: '${a.id}' } }
  d: { type: fake:index:Thing, properties: { name: d, text: '${b.id} ${c.id}' } }
";

#[test]
fn expired_credentials_pause_a_run_on_a_terminal() {
    // Of a create that may have been acted on, too, and of one that was named:
    // with how many creates are sent in all. `c` is refused beside `b`.
    type Case = (&'static [(&'static str, &'static [&'static str])], usize);
    let cases: &[Case] = &[
        (&[("create b", &["expire"])], 6),
        (&[("create b", &["hold", "expire"]), ("create c", &["hold", "expire"])], 6),
        (&[("create b", &["lose"]), ("find b", &["expire"])], 5),
        (&[("create b", &["drop"]), ("find b", &["expire"])], 6),
        (&[("finish", &["", "expire"])], 4),
        (&[("read", &["", "expire"])], 4),
    ];
    for (case, creates) in cases {
        let env = TestEnv::new(&FORK.replace(
            "type: fake:index:Thing,",
            "type: fake:index:Thing, options: { customTimeouts: { create: 1s } },",
        ));
        for (operation, faults) in *case {
            env.fault(operation, faults);
        }
        go(&env);
        let mut terminal = Terminal::new(&env, "up --yes");
        terminal.until("Paused:");
        terminal.until("press Enter to go on");
        terminal.until("the next run goes on");
        assert!(!env.things().contains(&"d".to_owned()), "{case:?}");
        renew(&env);
        terminal.types("\n");
        let screen = terminal.ends(0);
        assert!(screen.contains("Resources: 4 created"), "{case:?}: {screen}");
        assert_eq!(env.cloud()["connected"], 2, "{case:?}: connections are made anew");
        let calls = env.calls();
        let sent = calls.iter().filter(|it| it.starts_with("create ")).count();
        assert_eq!(sent, *creates, "{case:?}: {calls:?}");
        converges(&env, &["a", "b", "c", "d"]);
    }
}

#[test]
fn credentials_that_nobody_renews_pause_again_or_end_the_run() {
    let env = TestEnv::new(FORK);
    env.fault("create b", &["expire"]);
    let mut terminal = Terminal::new(&env, "up --yes");
    terminal.until("press Enter to go on");
    terminal.types("\n");
    terminal.until("press Enter to go on");
    terminal.ctrl_c();
    let screen = terminal.ends(8);
    assert!(screen.contains("nothing is lost: `orderinfra up` goes on from here"), "{screen}");
    renew(&env);
    converges(&env, &["a", "b", "c", "d"]);
}

#[test]
fn a_terminal_of_ci_is_not_asked_for_credentials() {
    let env = TestEnv::new(FORK);
    env.fault("create b", &["expire"]);
    let mut command = env.command(&["up", "--yes"]);
    let screen = Terminal::of(command.env("CI", "true")).ends(3);
    assert!(screen.contains("nothing is lost: `orderinfra up` goes on from here"), "{screen}");
    renew(&env);
    converges(&env, &["a", "b", "c", "d"]);
}

#[test]
fn a_pause_while_planning_reads_again() {
    let env = TestEnv::new(PAIR);
    env.ok("up --yes");
    env.edit("size: 1", "size: 2");
    for line in ["up --yes", "refresh --yes"] {
        env.fault("read", &["expire"]);
        let mut terminal = Terminal::new(&env, line);
        terminal.until("press Enter to go on");
        renew(&env);
        terminal.types("\n");
        terminal.ends(0);
    }
    assert_eq!(env.thing("a").1["size"], 2);
}

#[test]
fn expired_credentials_end_a_run_that_nobody_watches() {
    for operation in ["create", "finish", "read", "find", "update", "delete"] {
        let env = TestEnv::new(PAIR);
        if operation != "create" && operation != "finish" {
            env.ok("up --yes");
            env.edit("name: a, size: 1", "name: a, size: 2");
            env.edit("name: b,", "name: b, fixed: x,");
        }
        if operation == "find" {
            env.fault("create", &["lose"]);
        }
        drop(env.calls());
        env.fault(operation, &["expire"]);
        let ran =
            env.run("up --yes --parallel 1").ends(3).says("ExpiredToken").says("aws sso login");
        let calls = env.calls();
        assert!(calls.last().unwrap().starts_with(operation), "{operation}: {calls:?}");
        if operation != "read" {
            drop(ran.says("nothing is lost: `orderinfra up` goes on from here").lacks("Failed: 1"));
        }
        env.run("preview").ends(3);
        env.run("refresh --yes").ends(3);
        renew(&env);
        converges(&env, &["a", "b"]);
    }
}

#[test]
fn a_lost_network_stops_the_run_and_loses_nothing() {
    const MANY: &str = "
resources:
  a: { type: fake:index:Thing, properties: { name: a } }
  b: { type: fake:index:Thing, properties: { name: b } }
  c: { type: fake:index:Thing, properties: { name: c } }
  d: { type: fake:index:Thing, properties: { name: d } }
";
    let short = MANY.replace(
        "type: fake:index:Thing,",
        "type: fake:index:Thing, options: { customTimeouts: { create: 1s } },",
    );
    for faults in [&[("create b", "cut")][..], &[("create b", "lose"), ("find b", "cut")]] {
        let env = TestEnv::new(&short);
        for (operation, fault) in faults {
            env.fault(operation, &[fault]);
        }
        let ran = env
            .run("up --yes --parallel 1")
            .ends(9)
            .says("AWS cannot be reached: connection refused")
            .says("nothing is lost: `orderinfra up` goes on from here")
            .says("Left to the next run: 1")
            .says("Not started: 2")
            .lacks("Failed: 1");
        let calls = env.calls();
        assert!(!calls.iter().any(|it| it == "create c"), "{calls:?}: {ran}");
        env.run("preview").ends(9).says("AWS cannot be reached");
        env.edit_cloud(|it| it["cut"] = false.into());
        converges(&env, &["a", "b", "c", "d"]);
    }
}
