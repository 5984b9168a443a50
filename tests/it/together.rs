//! Many processes on one state file.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use orderinfra::{
    model::Snapshot,
    store::{Keyring, Store},
};
use rusqlite::Connection;

use crate::env::{NOW, TestEnv};

const STACKS: [&str; 3] = ["one", "two", "three"];
const WRITERS: usize = 10;
const READERS: usize = 50;
/// Of the readers, those that are processes.
const READING_PROCESSES: usize = 6;
/// Runs that each writer brings to a good end.
const RUNS: usize = 2;
/// Far more than it takes: whoever is not done by then is stuck.
const LONGEST: Duration = Duration::from_mins(5);

const PROGRAM: &str = "
config: { size: { type: integer, default: 1 } }
resources:
  a: { type: fake:index:Thing, properties: { size: '${size}' } }
  b: { type: fake:index:Thing, properties: { uses: '${a.id}', size: '${size}' } }
  c: { type: fake:index:Thing, properties: { text: '${b.id}', fixed: 'f${size}' } }
outputs: { size: '${a.size}', c: '${c.fixed}' }
";

/// A stack's cloud is its own: the file is no database.
fn run(dir: &Path, stack: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orderinfra"))
        .args(args)
        .args(["-s", stack])
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir.join("home"))
        .env("USER", "tester")
        .env("ORDERINFRA_FAKE_CLOUD", dir.join(format!("cloud-{stack}.json")))
        .env("ORDERINFRA_TEST_NOW", NOW)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn open(dir: &Path) -> Store {
    let key_file = dir.join("home/.config/orderinfra/key");
    Store::open(&dir.join("state/orderinfra.db"), Keyring { key_file, ..Keyring::default() }, None)
        .unwrap()
}

/// What somebody sees while others write is the state at one moment.
fn look(store: &Store, name: &str) {
    let before = store.stack("demo", name).unwrap();
    let known = store.rows(&before).unwrap().len();
    let stack = store.stack("demo", name).unwrap();
    let rows = store.rows(&stack).unwrap();
    assert!(rows.len() >= known, "rows were lost");
    let mut folded = Snapshot::default();
    let mut seen = folded == stack.snapshot;
    for (at, row) in rows.iter().enumerate() {
        folded.apply(row).unwrap_or_else(|why| panic!("{why}: {row:?}"));
        // `known` was counted after the first look and before the second.
        seen |= at + 1 >= known && folded == stack.snapshot;
    }
    assert!(seen, "{name}: this was never the state: {:#?}", stack.snapshot);
    drop(store.outputs(&stack).unwrap());
    assert_eq!(store.stacks().unwrap().len(), STACKS.len());
}

/// Answers how often it was refused.
fn write(dir: &Path, stack: &str, size: usize, refused: &AtomicUsize, named: &AtomicUsize) {
    let started = Instant::now();
    let mut done = 0;
    while done < RUNS {
        assert!(started.elapsed() < LONGEST, "a writer of {stack} never got its turn");
        let size = format!("size={}", size + done);
        let ran = run(dir, stack, &["up", "--yes", "-c", &size]);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        match ran.status.code() {
            Some(0) => done += 1,
            Some(1) if said.contains("another run is changing this stack") => {
                refused.fetch_add(1, Ordering::Relaxed);
                let owner = said.contains("`orderinfra up") && said.contains("by tester@");
                named.fetch_add(usize::from(owner), Ordering::Relaxed);
            }
            code => panic!("{stack}: {code:?}\n{said}"),
        }
    }
}

fn read(dir: &Path, stack: &str, at: usize, done: &AtomicBool) {
    let commands: [&[&str]; 3] = [&["stack", "output"], &["stack"], &["stack", "ls", "--json"]];
    while !done.load(Ordering::Relaxed) {
        let started = Instant::now();
        if at < READING_PROCESSES {
            let ran = run(dir, stack, commands[at % commands.len()]);
            assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
        } else {
            look(&open(dir), stack);
        }
        // SQLite would wait 30 seconds for a writer before it gives up.
        assert!(started.elapsed() < Duration::from_secs(25), "a reader was kept waiting");
    }
}

#[test]
fn ten_writers_and_fifty_readers_share_a_state() {
    let env = TestEnv::new(PROGRAM);
    std::fs::remove_file(env.path("Pulumi.dev.yaml")).unwrap();
    let dir: PathBuf = env.path("");
    for stack in STACKS {
        env.write(&format!("Pulumi.{stack}.yaml"), "");
        let ran = run(&dir, stack, &["up", "--yes"]);
        assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let (done, refused, named) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (dir, done, refused, named) = (&*dir, &done, &refused, &named);
    std::thread::scope(|scope| {
        for at in 0..READERS {
            scope.spawn(move || read(dir, STACKS[at % STACKS.len()], at, done));
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|at| {
                let stack = STACKS[at % STACKS.len()];
                scope.spawn(move || write(dir, stack, 10 * (at + 1), refused, named))
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|it| it.unwrap());
    });
    let (refused, named) = (refused.load(Ordering::Relaxed), named.load(Ordering::Relaxed));
    // Whoever comes in the instant between taking the lock and signing it
    // learns no name.
    assert!(named * 2 >= refused, "{named} of {refused} refusals name the owner");
    let database = Connection::open(dir.join("state/orderinfra.db")).unwrap();
    let sound: String = database.query_row("PRAGMA integrity_check", [], |it| it.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let runs = "SELECT count(*) FROM runs WHERE kind = 'up' AND outcome = 'done'";
    let runs: usize = database.query_row(runs, [], |it| it.get(0)).unwrap();
    assert_eq!(runs, STACKS.len() + WRITERS * RUNS, "every run is on record");
    let store = open(dir);
    for stack in STACKS {
        look(&store, stack);
        let snapshot = store.stack("demo", stack).unwrap().snapshot;
        assert_eq!((snapshot.resources.len(), snapshot.open.len()), (3, 0));
        let cloud = std::fs::read_to_string(dir.join(format!("cloud-{stack}.json"))).unwrap();
        let cloud: serde_json::Value = serde_json::from_str(&cloud).unwrap();
        let things = cloud["things"].as_object().unwrap();
        assert_eq!(things.len(), 3, "{stack}: nothing twice, nothing lost");
        assert!(snapshot.resources.iter().all(|it| things.contains_key(&it.id)));
    }
}
