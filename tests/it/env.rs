//! A folder of its own, an environment of its own, and the binary.

use std::{
    cell::Cell,
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Once,
};

use orderinfra::{
    model::{ResourceState, Row, Snapshot},
    store::{Keyring, Store},
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) const NOW: &str = "1700000000";

pub(crate) struct TestEnv {
    dir: TempDir,
    commands: Cell<u32>,
}

/// Who runs the tests with `nohup`, or beside a script, has them ignore signals,
/// and what they start would, too: but not where there is a handler.
pub(crate) fn hear_signals() {
    static HEARD: Once = Once::new();
    HEARD.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|it| u64::from_str_radix(it.trim(), 16).ok());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()] {
            if ignored.is_some_and(|it| it >> (kind.as_raw_value() - 1) & 1 == 1) {
                drop(signal(kind).unwrap());
            }
        }
    });
}

/// What a command said and how it ended, with paths redacted.
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `None` when it was killed.
    pub(crate) code: Option<i32>,
}

impl fmt::Display for Ran {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(to, "--- stderr\n{}", self.stderr)?;
        }
        match self.code {
            Some(0) => Ok(()),
            Some(code) => writeln!(to, "--- exit {code}"),
            None => writeln!(to, "--- killed"),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.to_string().contains(text), "`{text}` is not in:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn lacks(self, text: &str) -> Self {
        assert!(!self.to_string().contains(text), "`{text}` is in:\n{self}");
        self
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|it| panic!("{it}:\n{self}"))
    }
}

/// A number that whoever runs the tests gives: more cases, or a seed.
#[expect(clippy::disallowed_methods, reason = "a test has no other arguments")]
pub(crate) fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// A program with these resources (indented by two) and outputs.
pub(crate) fn program(body: &str) -> String {
    format!("name: demo\nruntime: yaml\n{body}")
}

impl TestEnv {
    pub(crate) fn new(body: &str) -> Self {
        let env = Self { dir: TempDir::new().unwrap(), commands: Cell::new(0) };
        env.write("Pulumi.dev.yaml", "");
        env.program(body);
        env
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn program(&self, body: &str) {
        self.write("Pulumi.yaml", &program(body));
    }

    /// Changes the program's text; the old text must be there.
    #[track_caller]
    pub(crate) fn edit(&self, old: &str, new: &str) {
        let text = fs::read_to_string(self.path("Pulumi.yaml")).unwrap();
        assert!(text.contains(old), "`{old}` is not in:\n{text}");
        self.write("Pulumi.yaml", &text.replace(old, new));
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.commands.set(self.commands.get() + 1);
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderinfra"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.path("home"))
            .env("USER", "tester")
            .env("ORDERINFRA_FAKE_CLOUD", self.path("cloud.json"))
            .env("ORDERINFRA_TEST_SEED", self.commands.get().to_string())
            .env("ORDERINFRA_TEST_NOW", NOW)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn finish(&self, output: &Output) -> Ran {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let real = self.dir.path().canonicalize().unwrap();
            let text = text.replace(&*real.to_string_lossy(), "$DIR");
            text.replace(&*self.dir.path().to_string_lossy(), "$DIR")
        };
        Ran {
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            code: output.status.code(),
        }
    }

    pub(crate) fn run_with(&self, args: &[&str], set: impl FnOnce(&mut Command)) -> Ran {
        let mut command = self.command(args);
        set(&mut command);
        self.finish(&command.output().unwrap())
    }

    /// A command line, split at blanks.
    #[must_use = "either look at the output or assert the exit status"]
    pub(crate) fn run(&self, line: &str) -> Ran {
        let args: Vec<&str> = line.split_whitespace().collect();
        self.run_with(&args, |_| {})
    }

    #[track_caller]
    pub(crate) fn ok(&self, line: &str) -> Ran {
        self.run(line).ends(0)
    }

    /// Ends by itself after some writes to the journal, or runs to its end.
    pub(crate) fn crash(&self, line: &str, after: u32) -> Ran {
        let args: Vec<&str> = line.split_whitespace().collect();
        self.run_with(&args, |it| {
            it.env("ORDERINFRA_CRASH_AFTER", after.to_string());
        })
    }

    pub(crate) fn cloud(&self) -> Json {
        let text = fs::read_to_string(self.path("cloud.json")).unwrap_or_else(|_| "{}".to_owned());
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn edit_cloud(&self, change: impl FnOnce(&mut Json)) {
        let mut cloud = self.cloud();
        change(&mut cloud);
        self.write("cloud.json", &cloud.to_string());
    }

    /// The next calls of an operation (`create`, or `create name`) go wrong.
    pub(crate) fn fault(&self, operation: &str, what: &[&str]) {
        self.edit_cloud(|it| it["faults"][operation] = json!(what));
    }

    /// Names of all that is in the cloud, sorted.
    pub(crate) fn things(&self) -> Vec<String> {
        let cloud = self.cloud();
        let things = cloud["things"].as_object().cloned().unwrap_or_default();
        let mut names: Vec<String> =
            things.values().map(|it| it["name"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    }

    /// The thing whose name begins so.
    #[track_caller]
    pub(crate) fn thing(&self, prefix: &str) -> (String, Json) {
        let cloud = self.cloud();
        let things = cloud["things"].as_object().cloned().unwrap_or_default();
        let found = things
            .into_iter()
            .find(|(_, it)| it["name"].as_str().is_some_and(|it| it.starts_with(prefix)));
        found.unwrap_or_else(|| panic!("there is no `{prefix}…` in {cloud:#}"))
    }

    /// Changes a thing behind the stack's back.
    #[track_caller]
    pub(crate) fn drift(&self, prefix: &str, change: impl FnOnce(&mut Json)) {
        let (id, _) = self.thing(prefix);
        self.edit_cloud(|it| change(&mut it["things"][&id]));
    }

    /// Calls that change the cloud, since the last look.
    pub(crate) fn changes(&self) -> Vec<String> {
        let calls = self.calls();
        let reads = ["read ", "find ", "finish "];
        calls.into_iter().filter(|it| !reads.iter().any(|read| it.starts_with(read))).collect()
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        let mut calls = Vec::new();
        self.edit_cloud(|it| {
            calls = serde_json::from_value(it["calls"].clone()).unwrap_or_default();
            it["calls"] = json!([]);
        });
        calls
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("state/orderinfra.db")
    }

    pub(crate) fn store(&self) -> Store {
        let key_file = self.path("home/.config/orderinfra/key");
        Store::open(&self.database(), Keyring { key_file, ..Keyring::default() }, None).unwrap()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.store().stack("demo", "dev").unwrap().snapshot
    }

    /// A resource of the state by its name.
    #[track_caller]
    pub(crate) fn state(&self, name: &str) -> ResourceState {
        let snapshot = self.snapshot();
        let found = snapshot.resources.iter().find(|it| it.urn.name() == name);
        found.unwrap_or_else(|| panic!("`{name}` is not in the state")).clone()
    }

    /// The journal says what the table of resources says.
    #[track_caller]
    pub(crate) fn check_fold(&self) {
        let store = self.store();
        let stack = store.stack("demo", "dev").unwrap();
        let rows: Vec<Row> = store.rows(&stack).unwrap();
        let mut folded = Snapshot::default();
        for row in &rows {
            folded.apply(row).unwrap();
        }
        assert_eq!(folded, stack.snapshot);
    }

    /// Every file below a folder.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        fn walk(at: &Path, all: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(at).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { walk(&path, all) } else { all.push(path) }
            }
        }
        let mut all = Vec::new();
        walk(&self.path(folder), &mut all);
        all
    }
}
