//! A cloud of its own, a folder of its own, and the binary in between; a copy
//! of both costs hardly anything, so that many things can be tried in one
//! world.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use orderinfra::{
    model::Snapshot,
    store::{Keyring, Store},
};
use tempfile::TempDir;

use crate::{
    env::Ran,
    harsh::{Harsh, Kill},
};

/// By what AWS's times are divided: in the program and in its weather.
pub(crate) const HURRY: u32 = 50;

/// No command hangs longer.
const ENDS_WITHIN: Duration = Duration::from_secs(180);

/// An emulator; a copy of another or, without one, the first.
pub(crate) struct Cloud {
    pub(crate) port: u16,
    end: Box<dyn Fn() + Send + Sync>,
    /// Ends after its copies.
    origin: Option<Arc<Self>>,
}

/// What is in a cloud: ids by kind.
pub(crate) type Census = BTreeMap<String, Vec<String>>;

impl Cloud {
    /// An empty one, shared by all tests that run at a time.
    pub(crate) fn empty() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cloud>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(cloud) = shared.upgrade() {
            return cloud;
        }
        let cloud = Arc::new(Self::start());
        *shared = Arc::downgrade(&cloud);
        cloud
    }

    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let local = |what: &str, folder: &Path| {
            // HOME stays: the emulator's packages are installed below it, once.
            let mut command = Command::new(env!("CARGO_BIN_EXE_orderinfra"));
            let output = command.args(["local", what]).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let url = local("start", folder.path());
        let port = url.trim().rsplit(':').next().unwrap().parse().unwrap();
        let end = Box::new(move || drop(local("stop", folder.path())));
        Self { port, end, origin: None }
    }

    pub(crate) fn copy(self: &Arc<Self>) -> Arc<Self> {
        let copy = self.ask("POST", "fork");
        let copy: serde_json::Value = serde_json::from_str(&copy).unwrap();
        let (port, pid) = (copy["port"].as_u64().unwrap(), copy["pid"].as_u64().unwrap());
        let end = move || drop(Command::new("kill").arg(pid.to_string()).status());
        let port = port.try_into().unwrap();
        Arc::new(Self { port, end: Box::new(end), origin: Some(Arc::clone(self)) })
    }

    pub(crate) fn census(&self) -> Census {
        let mut all: Census = serde_json::from_str(&self.ask("GET", "census")).unwrap();
        // What tasks write into their logs is nobody's resource.
        all.retain(|kind, _| !matches!(kind.as_str(), "logs.LogEvent" | "logs.LogStream"));
        all
    }

    /// How many of each kind.
    pub(crate) fn counts(&self) -> Vec<(String, usize)> {
        self.census().into_iter().map(|(kind, names)| (kind, names.len())).collect()
    }

    /// What the load balancer finds when it looks at the targets of a group:
    /// `{ "10.0.0.1": ["unhealthy", "Target.Timeout"] }`
    pub(crate) fn find_targets(&self, group: &str, targets: &serde_json::Value) {
        let body = serde_json::json!({ "group": group, "targets": targets }).to_string();
        self.send("POST", "/orderinfra-emulator/target-health", "", &body);
    }

    /// A call of AWS in the oldest of its protocols, behind everybody's back.
    pub(crate) fn query(&self, service: &str, body: &str) -> String {
        let scope = format!("Credential=emulator/20260101/us-east-1/{service}/aws4_request");
        let headers = format!(
            "Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n"
        );
        self.send("POST", "/", &headers, body)
    }

    fn ask(&self, method: &str, what: &str) -> String {
        self.send(method, &format!("/orderinfra-emulator/{what}"), "", "")
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{reply}");
        body.to_owned()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        (self.end)();
        drop(self.origin.take());
    }
}

/// A cloud, and a folder with programs and their state.
pub(crate) struct World {
    pub(crate) cloud: Arc<Cloud>,
    dir: TempDir,
    /// `-C`, below the folder.
    project: PathBuf,
    /// Tells one command's dice from another's, and one program's.
    commands: AtomicU64,
    seed: u64,
}

impl World {
    /// The programs below `stacks/`, as they are in the repository.
    pub(crate) fn with_every_stack() -> Self {
        let dir = TempDir::new().unwrap();
        copy(&repository().join("stacks"), &dir.path().join("stacks"));
        Self::new(dir, PathBuf::new())
    }

    /// The same, each with its `dev` stack alone: no command has to say which.
    pub(crate) fn with_stacks(project: &str) -> Self {
        let mut world = Self::with_every_stack();
        for project in projects() {
            for file in fs::read_dir(world.folder().join("stacks").join(project)).unwrap().flatten()
            {
                let name = file.file_name().to_string_lossy().into_owned();
                let of_stack = name.starts_with("Pulumi.") && name != "Pulumi.yaml";
                if of_stack && name != "Pulumi.dev.yaml" {
                    fs::remove_file(file.path()).unwrap();
                }
            }
        }
        world.go_to(project);
        world
    }

    /// One program.
    pub(crate) fn with_program(text: &str) -> Self {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("Pulumi.yaml"), text).unwrap();
        fs::write(dir.path().join("Pulumi.dev.yaml"), "config: {}\n").unwrap();
        Self::new(dir, PathBuf::new())
    }

    fn new(dir: TempDir, project: PathBuf) -> Self {
        Self { cloud: Cloud::empty().copy(), dir, project, commands: AtomicU64::new(0), seed: 0 }
    }

    /// Another program, with a state of its own, in the same cloud.
    pub(crate) fn beside(&self, text: &str) -> Self {
        Self { cloud: Arc::clone(&self.cloud), seed: self.seed + 1, ..Self::with_program(text) }
    }

    /// The same once more.
    pub(crate) fn again(&self) -> Self {
        let dir = TempDir::new().unwrap();
        copy(self.dir.path(), dir.path());
        let commands = AtomicU64::new(self.commands.load(Ordering::Relaxed));
        let (cloud, project) = (self.cloud.copy(), self.project.clone());
        Self { cloud, dir, project, commands, seed: self.seed }
    }

    /// Another of the programs below `stacks/`.
    pub(crate) fn go_to(&mut self, project: &str) {
        self.project = Path::new("stacks").join(project);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(&self.project).join(name)
    }

    pub(crate) fn run(&self, harsh: &Harsh, line: &str) -> Ran {
        self.run_with(harsh, line, None, |_| {})
    }

    pub(crate) fn run_with(
        &self,
        harsh: &Harsh,
        line: &str,
        kill: Option<Kill>,
        set: impl FnOnce(&mut Command),
    ) -> Ran {
        let said = |name: &str| self.dir.path().join(format!("{name}.txt"));
        let mut command = self.command(harsh, line);
        command
            .stdout(fs::File::create(said("stdout")).unwrap())
            .stderr(fs::File::create(said("stderr")).unwrap());
        set(&mut command);
        let child = Arc::new(Mutex::new(command.spawn().unwrap()));
        harsh.kill_at(kill, &child);
        let code = wait(&child);
        let text = |name: &str| {
            let text = fs::read(said(name)).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let (stdout, stderr) = (text("stdout"), text("stderr"));
        if code == Some(None) {
            harsh.settle();
        }
        let Some(code) = code else {
            panic!("`{line}` did not end within {ENDS_WITHIN:?}:\n{stdout}{stderr}");
        };
        Ran { stdout, stderr, code }
    }

    /// One that is not started yet.
    pub(crate) fn command(&self, harsh: &Harsh, line: &str) -> Command {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderinfra"));
        command
            .args(line.split_whitespace())
            .current_dir(self.dir.path().join(&self.project))
            .env_clear()
            .env("HOME", self.dir.path().join("home"))
            .env("AWS_ACCESS_KEY_ID", "harsh")
            .env("AWS_SECRET_ACCESS_KEY", "harsh")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", harsh.port))
            .env("ORDERINFRA_TEST_HURRY", HURRY.to_string())
            .env("ORDERINFRA_TEST_SEED", format!("{} {line} {number}", self.seed))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn store(&self) -> Store {
        let key_file = self.dir.path().join("home/.config/orderinfra/key");
        let path = self.dir.path().join("state").join("orderinfra.db");
        Store::open(&path, Keyring { key_file, ..Keyring::default() }, None).unwrap()
    }

    /// Brings up the stacks whose outputs a project's program uses, and those
    /// that these use.
    pub(crate) fn prepare(&self, harsh: &Harsh, project: &str) {
        let file = self.dir.path().join("stacks").join(project).join("Pulumi.yaml");
        let text = fs::read_to_string(file).unwrap_or_default();
        let names: BTreeSet<&str> = text
            .split("organization/")
            .skip(1)
            .filter_map(|it| it.split_once('/'))
            .map(|(name, _)| name)
            .collect();
        for needed in projects().iter().filter(|it| names.contains(&*self.name(it))) {
            self.prepare(harsh, needed);
            let folder = self.dir.path().join("stacks").join(needed);
            let ran = self.run(harsh, &format!("up --yes -C {}", folder.display()));
            assert_eq!(ran.code, Some(0), "{needed}, which {project} needs:\n{ran}");
        }
    }

    /// The name of a project below `stacks/`; of any other, what was given.
    fn name(&self, project: &str) -> String {
        let file = self.dir.path().join("stacks").join(project).join("Pulumi.yaml");
        let Ok(text) = fs::read_to_string(file) else { return project.to_owned() };
        let program: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        program["name"].as_str().unwrap().to_owned()
    }

    /// How many rows the journal has.
    pub(crate) fn rows(&self, project: &str) -> usize {
        let store = self.store();
        store.stack(&self.name(project), "dev").map_or(0, |it| store.rows(&it).unwrap().len())
    }

    /// What the state says of the only stack; nothing if there is none yet.
    /// The journal must say the same.
    pub(crate) fn snapshot(&self, project: &str) -> Snapshot {
        let store = self.store();
        let Ok(stack) = store.stack(&self.name(project), "dev") else { return Snapshot::default() };
        let mut folded = Snapshot::default();
        for row in store.rows(&stack).unwrap() {
            folded.apply(&row).unwrap();
        }
        assert_eq!(folded.resources, stack.snapshot.resources, "the journal's fold");
        stack.snapshot
    }
}

/// Every project below `stacks/` with a `dev` stack, however deep.
pub(crate) fn projects() -> Vec<String> {
    let folder = repository().join("stacks");
    let files = orderinfra::lang::load::projects_under(&folder);
    let dirs = files.iter().filter_map(|it| it.parent());
    let with_dev = dirs.filter(|it| it.join("Pulumi.dev.yaml").exists());
    with_dev.map(|it| it.strip_prefix(&folder).unwrap().to_string_lossy().into_owned()).collect()
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(&from, &to).unwrap()),
        }
    }
}

/// Its exit code, `None` when it was killed; nothing when it hangs.
fn wait(child: &Mutex<Child>) -> Option<Option<i32>> {
    let began = Instant::now();
    loop {
        let mut child = child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code());
        }
        if began.elapsed() > ENDS_WITHIN {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        drop(child);
        std::thread::sleep(Duration::from_millis(2));
    }
}
