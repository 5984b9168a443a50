//! Everything a terminal sees: arguments, and one `match`.

mod all;
mod audit;
mod config;
mod deployment;
mod destroy;
mod drive;
pub mod excerpt;
mod failure;
mod guard;
mod history;
mod interrupt;
mod kms;
mod live;
mod local;
mod operate;
mod preview;
mod references;
mod refresh;
mod render;
mod renew;
mod rotate;
mod schema;
mod secrets;
mod session;
mod shift;
mod stack;
mod state;
mod ui;
mod up;

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use time::OffsetDateTime;

use failure::{Failure, Result, code};
pub use interrupt::Interrupts;
use ui::Ui;

/// The process, as far as commands may know it.
pub struct Runtime {
    /// This program, for `--all`.
    pub executable: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: BTreeMap<String, String>,
    pub directory: PathBuf,
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    pub interrupts: Interrupts,
    pub now: fn() -> OffsetDateTime,
}

impl Runtime {
    pub fn var(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str)
    }

    /// Now, as RFC 3339; fixed for tests by `ORDERINFRA_TEST_NOW`.
    pub fn stamp(&self) -> String {
        self.clock()()
    }

    /// The same, for those who outlive a call.
    pub fn clock(&self) -> impl Fn() -> String + Send + Sync + use<> {
        let (fixed, now) = (self.fixed_time(), self.now);
        move || rfc3339(fixed.unwrap_or_else(now))
    }

    pub fn time(&self) -> OffsetDateTime {
        self.fixed_time().unwrap_or_else(self.now)
    }

    fn fixed_time(&self) -> Option<OffsetDateTime> {
        let fixed = self.var("ORDERINFRA_TEST_NOW").and_then(|it| it.parse().ok());
        fixed.and_then(|it| OffsetDateTime::from_unix_timestamp(it).ok())
    }

    /// The source of a run's random choices; fixed for tests by
    /// `ORDERINFRA_TEST_SEED`.
    fn seed(&self) -> Result<[u8; 32]> {
        if let Some(text) = self.var("ORDERINFRA_TEST_SEED") {
            use sha2::Digest as _;
            return Ok(sha2::Sha256::digest(text).into());
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|it| Failure::general(format!("no randomness: {it}")))?;
        Ok(seed)
    }
}

/// RFC 3339, to the second.
fn rfc3339(now: OffsetDateTime) -> String {
    let (date, time) = (now.date(), now.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Provision AWS from Pulumi YAML programs, reconciled against live AWS.
#[derive(Parser)]
#[command(name = "orderinfra", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args, Clone, Default)]
pub struct Common {
    /// Work on the project in this folder
    #[arg(short = 'C', long = "cwd", value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// The stack: `project/stack`, or `stack` where the project is clear
    #[arg(short, long, value_name = "STACK", global = true)]
    pub stack: Option<String>,
    /// Use an emulator on this machine instead of AWS (also ORDERINFRA_LOCAL=1)
    #[arg(long, global = true)]
    pub local: bool,
    /// The state file, instead of state/orderinfra.db (also ORDERINFRA_STATE)
    #[arg(long, value_name = "FILE", global = true)]
    pub state: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = Colour::Auto, global = true)]
    pub color: Colour,
    /// Say results as JSON on stdout
    #[arg(short, long, global = true)]
    pub json: bool,
}

impl Common {
    pub fn local(&self, runtime: &Runtime) -> bool {
        let variable = runtime.var("ORDERINFRA_LOCAL");
        self.local || variable.is_some_and(|it| !matches!(it, "" | "0" | "false"))
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Show what `up` would do
    #[command(visible_alias = "pre")]
    Preview(preview::Args),
    /// Make AWS what the program says
    #[command(visible_alias = "update")]
    Up(up::Args),
    /// Delete everything that the stack owns
    #[command(visible_alias = "down")]
    Destroy(destroy::Args),
    /// Take what is live into the state, without changing AWS
    Refresh(refresh::Args),
    /// Move traffic between the blue and the green target group
    Shift(Box<shift::Args>),
    /// Run a task like those of a service, and end with its exit code
    RunTask(operate::RunTask),
    /// Replace all tasks of a service, and wait for it
    Redeploy(operate::Redeploy),
    /// What the stack's log groups were told
    Logs(operate::Logs),
    /// What was done to the stack, run by run
    History(history::Args),
    /// Stacks of the project
    Stack(stack::Args),
    /// The state file: its backups, and how to put one back
    State(state::Args),
    /// Configuration values of a stack
    Config(config::Args),
    /// What programs may say, as a JSON schema for editors
    Schema(schema::Args),
    /// The emulator on this machine
    Local(local::Args),
}

/// Options of every command that plans.
#[derive(Args, Default)]
pub struct PlanArgs {
    /// Only these resources, by URN (`*` for a part, `**` for anything)
    #[arg(short, long, value_name = "URN")]
    pub target: Vec<String>,
    /// All but these resources
    #[arg(short = 'x', long, value_name = "URN")]
    pub exclude: Vec<String>,
    /// Replace these resources
    #[arg(long, value_name = "URN")]
    pub replace: Vec<String>,
    /// Plan from the state alone, without reading AWS first
    #[arg(long)]
    pub no_refresh: bool,
    /// End with exit code 7 if anything would change
    #[arg(long)]
    pub expect_no_changes: bool,
    /// Show every property that changes
    #[arg(long)]
    pub diff: bool,
    /// Show secret values in clear
    #[arg(long)]
    pub show_secrets: bool,
    /// A configuration value for this run, `key=value`
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub config: Vec<String>,
}

/// Options of every command that changes something.
#[derive(Args, Default)]
pub struct ApplyArgs {
    /// Go on without asking
    #[arg(short, long)]
    pub yes: bool,
    /// How many steps at a time; all that the graph allows by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
}

/// Runs a command line; answers the exit code.
pub fn run(runtime: Runtime) -> u8 {
    let cli = match Cli::try_parse_from(&runtime.arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; a closed pipe is none either.
            drop(error.print());
            return if error.use_stderr() { code::USAGE } else { 0 };
        }
    };
    let ui = Ui::new(
        colour(&cli.common, &runtime),
        cli.common.json,
        runtime.stdin_is_terminal && runtime.stderr_is_terminal && !in_ci(&runtime),
        runtime.stderr_is_terminal && !in_ci(&runtime) && !cli.common.json,
        runtime.stdout_is_terminal,
    );
    let engine = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(16 << 20)
        .enable_all()
        .build();
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => {
            ui.failure(&Failure::general(error.to_string()));
            return code::GENERAL;
        }
    };
    let result = engine.block_on(dispatch(&cli, &runtime, &ui));
    engine.shutdown_background();
    match result {
        Ok(()) => 0,
        Err(failure) => {
            ui.failure(&failure);
            failure.code
        }
    }
}

async fn dispatch(cli: &Cli, runtime: &Runtime, ui: &Ui) -> Result<()> {
    let common = &cli.common;
    match &cli.command {
        Command::Preview(args) => preview::run(args, common, runtime, ui).await,
        Command::Up(args) => up::run(args, common, runtime, ui).await,
        Command::Destroy(args) => destroy::run(args, common, runtime, ui).await,
        Command::Refresh(args) => refresh::run(args, common, runtime, ui).await,
        Command::Shift(args) => Box::pin(shift::run(args, common, runtime, ui)).await,
        Command::RunTask(args) => operate::run_task(args, common, runtime, ui).await,
        Command::Redeploy(args) => operate::redeploy(args, common, runtime, ui).await,
        Command::Logs(args) => operate::logs(args, common, runtime, ui).await,
        Command::History(args) => history::run(args, common, runtime, ui),
        Command::Stack(args) => stack::run(args, common, runtime, ui),
        Command::State(args) => state::run(args, common, runtime, ui),
        Command::Config(args) => config::run(args, common, runtime, ui),
        Command::Schema(args) => schema::run(args, runtime, ui),
        Command::Local(args) => local::run(args, common, runtime, ui),
    }
}

fn colour(common: &Common, runtime: &Runtime) -> bool {
    match common.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let refused = runtime.var("NO_COLOR").is_some_and(|it| !it.is_empty())
                || runtime.var("TERM") == Some("dumb");
            runtime.stdout_is_terminal && runtime.stderr_is_terminal && !refused
        }
    }
}

fn in_ci(runtime: &Runtime) -> bool {
    runtime.var("CI").is_some_and(|it| !matches!(it, "" | "0" | "false"))
}
