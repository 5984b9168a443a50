//! A workspace with an emulator of its own, and one project in it per type.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use orderinfra::{
    aws,
    engine::connect::Connections,
    lang::load::assets,
    model::ResourceState,
    provider::{Assets, Cx, Registry, Settings},
    store::{Keyring, Stack, Store},
};
use serde_json::{Value as Json, json};

use super::pace;

/// A first start of the emulator installs it.
const ENDS_WITHIN: Duration = Duration::from_secs(180);

pub(super) type Result<T> = std::result::Result<T, String>;

pub(super) fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The emulator ends with it.
pub(super) struct Workspace {
    folder: tempfile::TempDir,
    pub(super) url: String,
}

impl Workspace {
    pub(super) fn start() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(said)?;
        let mut workspace = Self { folder, url: String::new() };
        workspace.url =
            workspace.run(workspace.folder.path(), &["local", "start"])?.trim().to_owned();
        Ok(workspace)
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The real program; what it says on stdout.
    fn run(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderinfra"));
        command.current_dir(folder).args(arguments);
        for name in ["AWS_PROFILE", "AWS_REGION", "PULUMI_CONFIG_PASSPHRASE"] {
            command.env_remove(name);
        }
        let file = |name: &str| fs::File::create(folder.join(name)).map_err(said);
        // HOME stays: the emulator's packages are installed below it, once.
        command.env("XDG_CONFIG_HOME", self.root().join("config"));
        // One for all would grow with every type, and each command with it.
        command.env("ORDERINFRA_STATE", folder.join("state.db"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(file("stdout")?)
            .stderr(file("stderr")?)
            .spawn()
            .map_err(said)?;
        let began = Instant::now();
        let status = loop {
            match child.try_wait().map_err(said)? {
                Some(status) => break status.to_string(),
                None if began.elapsed() > ENDS_WITHIN => {
                    child.kill().map_err(said)?;
                    child.wait().map_err(said)?;
                    break "did not end".to_owned();
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(said);
        match &*status {
            "exit status: 0" => text("stdout"),
            _ => Err(format!(
                "`orderinfra {}`: {status}\n{}{}",
                arguments.join(" "),
                text("stdout")?,
                text("stderr")?
            )),
        }
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        drop(self.run(self.root(), &["local", "stop"]));
    }
}

/// What one thread asks AWS behind the program's back.
pub(super) struct Behind {
    pub(super) registry: Registry,
    connections: Connections,
    settings: Settings,
}

impl Behind {
    pub(super) fn new(url: &str) -> Self {
        let mut resources = aws::types();
        resources.extend(orderinfra::builtin::types());
        let settings = Settings {
            region: Some("us-east-1".to_owned()),
            endpoints: [(String::new(), url.to_owned())].into(),
            emulator: true,
            ..Settings::default()
        };
        let calls = orderinfra::provider::Calls::new(String::new);
        let told = calls.clone();
        let connect: orderinfra::engine::connect::Connect = Box::new(move |settings| {
            let told = told.clone();
            Box::pin(async move { aws::connect(&settings, pace(), &told).await })
        });
        Self {
            registry: Registry::new(resources, aws::functions()),
            connections: Connections::new(
                connect,
                calls,
                // What programs here upload is written in them.
                Assets::new(|it| assets::read(&[PathBuf::new()], Path::new(""), it)),
                String::new(),
                pace(),
                String::new(),
            ),
            settings,
        }
    }

    /// As the operation `op` of that project sees the world.
    pub(super) async fn cx(&self, project: &Project<'_>, op: &str) -> Result<Cx> {
        let cx = self.connections.cx(&self.settings).await.map_err(said)?;
        Ok(Cx { op: op.to_owned(), stack: format!("{}/dev", project.name), ..cx })
    }
}

pub(super) struct Project<'a> {
    workspace: &'a Workspace,
    name: String,
    folder: PathBuf,
}

impl<'a> Project<'a> {
    pub(super) fn new(workspace: &'a Workspace, name: &str) -> Result<Self> {
        let folder = workspace.root().join("stacks").join(name);
        fs::create_dir_all(&folder).map_err(said)?;
        fs::write(folder.join("Pulumi.dev.yaml"), "config: {}\n").map_err(said)?;
        Ok(Self { workspace, name: name.to_owned(), folder })
    }

    pub(super) fn write(&self, program: &Json) -> Result<()> {
        let mut program = program.clone();
        program["name"] = json!(self.name);
        // JSON is YAML.
        let text = serde_json::to_string_pretty(&program).map_err(said)?;
        fs::write(self.folder.join("Pulumi.yaml"), text).map_err(said)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut all = arguments.to_vec();
        all.push("--local");
        self.workspace.run(&self.folder, &all)
    }

    pub(super) fn up(&self) -> Result<()> {
        self.run(&["up", "--yes"]).map(drop)
    }

    pub(super) fn nothing_to_do(&self) -> Result<()> {
        self.run(&["preview", "--diff", "--expect-no-changes"]).map(drop)
    }

    /// The plan's steps that are none for the resource under test, and its
    /// own step.
    pub(super) fn preview(&self) -> Result<(Vec<Json>, Json)> {
        let text = self.run(&["preview", "--json", "--show-secrets"])?;
        let plan: Json = serde_json::from_str(&text).map_err(said)?;
        let steps = plan["steps"].as_array().cloned().unwrap_or_default();
        let is_it = |step: &Json| step["urn"].as_str().is_some_and(|urn| urn.ends_with("::it"));
        let (it, others): (Vec<Json>, Vec<Json>) = steps.into_iter().partition(is_it);
        match <[Json; 1]>::try_from(it) {
            Ok([it]) => Ok((others, it)),
            Err(it) => Err(format!("{} steps for one resource: {it:?}", it.len())),
        }
    }

    pub(super) fn stack(&self) -> Result<Stack> {
        let key_file = self.workspace.root().join("config").join("orderinfra").join("key");
        let path = self.folder.join("state.db");
        let store = Store::open(&path, Keyring { key_file, ..Keyring::default() }, None);
        store.and_then(|it| it.stack(&self.name, "dev")).map_err(said)
    }

    /// The resource under test, as the state has it.
    pub(super) fn it(&self) -> Result<ResourceState> {
        let resources = self.stack()?.snapshot.resources;
        let mut it = resources.into_iter().filter(|it| it.urn.name() == "it");
        match (it.next(), it.next()) {
            (Some(it), None) => Ok(it),
            (None, _) => Err("the state does not have it".to_owned()),
            _ => Err("the state has more than one of it".to_owned()),
        }
    }
}
