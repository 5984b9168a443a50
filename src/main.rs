//! Reads the command line and the environment, runs, and ends with the
//! documented exit code.

use std::{collections::BTreeMap, io::IsTerminal as _, process::ExitCode};

use orderinfra::cli::{self, Runtime};

/// The SDK's unoptimised frames are large: a debug build overflows the usual
/// stack.
const STACK_BYTES: usize = 64 << 20;

#[expect(clippy::disallowed_methods, reason = "here is where the clock comes from")]
fn main() -> ExitCode {
    let runtime = Runtime {
        arguments: std::env::args_os().collect(),
        environment: environment(),
        directory: std::env::current_dir().unwrap_or_default(),
        stdin_is_terminal: std::io::stdin().is_terminal(),
        stdout_is_terminal: std::io::stdout().is_terminal(),
        stderr_is_terminal: std::io::stderr().is_terminal(),
        now: || time::OffsetDateTime::from(std::time::SystemTime::now()),
    };
    let worker = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(|| cli::run(runtime));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::from(255),
    }
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
