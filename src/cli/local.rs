//! `--local`: an emulator on this machine, started when it is needed and
//! found again the next time. Loopback only.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    Common, Runtime,
    failure::{Failure, Result},
    session::Workspace,
    ui::Ui,
};

/// The emulator's Python packages, all pinned.
const REQUIREMENTS: &str = include_str!("local/requirements.txt");

/// moto, with what it lacks for services to come up as they do in AWS.
const PROGRAM: &str = include_str!("local/emulator.py");

/// A first start imports every service.
const STARTS_WITHIN: Duration = Duration::from_secs(90);

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Sub,
}

#[derive(clap::Subcommand)]
enum Sub {
    /// Start the emulator, unless it runs
    Start,
    /// End it; all that it holds is gone with it
    Stop,
    /// Whether it runs, and where
    Status,
}

/// A running emulator, as noted for the next command.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Running {
    pid: u32,
    port: u16,
    /// The text of the program that it runs.
    digest: String,
}

pub(super) fn run(args: &Args, common: &Common, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let root = match Workspace::open(common, runtime, ui) {
        Ok(workspace) => workspace.root,
        // The emulator belongs to a folder, not to a project.
        Err(_) => common
            .directory
            .as_ref()
            .map_or(runtime.directory.clone(), |it| runtime.directory.join(it)),
    };
    match args.command {
        Sub::Start => {
            let url = start(&root, runtime, ui)?;
            ui.out(&url);
        }
        Sub::Stop => stop(&root, ui)?,
        Sub::Status => match alive(&root) {
            Some(it) => ui.out(&format!("running at {} (process {})", it.url(), it.pid)),
            None => ui.out("not running"),
        },
    }
    Ok(())
}

impl Running {
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The emulator's URL; it is started if it does not run.
pub(super) fn start(root: &Path, runtime: &Runtime, ui: &Ui) -> Result<String> {
    let folder = folder(root);
    fs::create_dir_all(&folder)?;
    // Two commands at once must not start two.
    let guard = File::create(folder.join("lock"))?;
    guard.lock()?;
    if let Some(running) = alive(root) {
        if running.digest == digest() && answers(running.port) {
            return Ok(running.url());
        }
        // Started by another version of this program, or hung.
        end(&running)?;
    }
    let python = python(runtime, ui)?;
    let program = folder.join("emulator.py");
    fs::write(&program, PROGRAM)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let log = folder.join("emulator.log");
    ui.say("Starting the local emulator");
    let mut child = spawn(&python, &program, port, &log)?;
    let pid = child.id();
    let running = Running { pid, port, digest: digest() };
    fs::write(note(root), serde_json::to_string(&running).map_err(std::io::Error::from)?)?;
    let began = Instant::now();
    while !answers(port) {
        if began.elapsed() > STARTS_WITHIN || child.try_wait()?.is_some() {
            let tail = fs::read_to_string(&log).unwrap_or_default();
            let tail: Vec<&str> = tail.lines().rev().take(5).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            return Err(Failure::general(format!(
                "the emulator did not start: {}",
                tail.join("\n")
            ))
            .hint(format!("its log is {}", log.display())));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(running.url())
}

/// In a session of its own, so that an interrupt of ours does not end it.
fn spawn(python: &Path, program: &Path, port: u16, log: &Path) -> Result<Child> {
    let log = File::create(log)?;
    let mut command = Command::new(python);
    command.arg(program).arg(port.to_string());
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command.spawn()?)
}

fn stop(root: &Path, ui: &Ui) -> Result<()> {
    let Some(running) = alive(root) else {
        ui.out("not running");
        return Ok(());
    };
    end(&running)?;
    fs::remove_file(note(root))?;
    ui.out("stopped");
    Ok(())
}

fn end(running: &Running) -> Result<()> {
    let killed = Command::new("kill").arg(running.pid.to_string()).status()?;
    match killed.success() {
        true => Ok(()),
        false => Err(Failure::general(format!("process {} could not be ended", running.pid))),
    }
}

fn folder(root: &Path) -> PathBuf {
    root.join("state").join("local")
}

fn note(root: &Path) -> PathBuf {
    folder(root).join("emulator.json")
}

/// The emulator that an earlier command started, if it is still ours.
fn alive(root: &Path) -> Option<Running> {
    let text = fs::read_to_string(note(root)).ok()?;
    let running: Running = serde_json::from_str(&text).ok()?;
    is_process(running.pid).then_some(running)
}

/// Another process may have taken the number of one that ended.
fn is_process(pid: u32) -> bool {
    match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => String::from_utf8_lossy(&line).contains("emulator.py"),
        Err(_) if Path::new("/proc/self").exists() => false,
        // Without /proc the answering port is the proof.
        Err(_) => true,
    }
}

fn answers(port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) else {
        return false;
    };
    let asked = stream.set_read_timeout(Some(Duration::from_secs(5))).and_then(|()| {
        stream.write_all(b"GET /orderinfra-emulator HTTP/1.0\r\nHost: localhost\r\n\r\n")
    });
    let mut reply = String::new();
    asked.is_ok()
        && stream.read_to_string(&mut reply).is_ok()
        && reply.contains("orderinfra emulator")
}

fn digest() -> String {
    use sha2::Digest as _;
    let text = sha2::Sha256::new().chain_update(REQUIREMENTS).chain_update(PROGRAM).finalize();
    crate::engine::name::hex(&text[..8])
}

/// The Python that has the pinned packages; installed the first time.
fn python(runtime: &Runtime, ui: &Ui) -> Result<PathBuf> {
    use sha2::Digest as _;
    let cache = runtime.var("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| runtime.var("HOME").map(|it| Path::new(it).join(".cache")));
    let cache = cache.unwrap_or_else(std::env::temp_dir).join("orderinfra");
    let digest = crate::engine::name::hex(&sha2::Sha256::digest(REQUIREMENTS)[..6]);
    let home = cache.join(format!("emulator-{digest}"));
    let python = home.join("bin").join("python");
    let complete = home.join("complete");
    fs::create_dir_all(&cache)?;
    let guard = File::create(cache.join("lock"))?;
    guard.lock()?;
    if complete.exists() {
        return Ok(python);
    }
    ui.say("Installing the local emulator (once, about a minute)");
    let requirements = cache.join(format!("requirements-{digest}.txt"));
    fs::write(&requirements, REQUIREMENTS)?;
    step(
        Command::new("python3").arg("-m").arg("venv").arg("--clear").arg(&home),
        "python3 -m venv",
    )?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    step(Command::new(&python).args(pip).arg(&requirements), "pip install")?;
    fs::write(&complete, "")?;
    Ok(python)
}

fn step(command: &mut Command, what: &str) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        Failure::general(format!("{what}: {error}"))
            .hint("`--local` needs Python 3 with `venv`, and the package registry the first time")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = text.lines().rev().take(6).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Err(Failure::general(format!("{what} failed:\n{}", tail.join("\n"))))
}
