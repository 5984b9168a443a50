//! Reads the command line and the environment, runs, and ends with the
//! documented exit code.

use std::{
    collections::BTreeMap, io::IsTerminal as _, panic::AssertUnwindSafe, process::ExitCode,
    sync::mpsc,
};

use orderinfra::cli::{self, Interrupts, Runtime};

/// The SDK's unoptimised frames are large: a debug build overflows the usual
/// stack.
const STACK_BYTES: usize = 64 << 20;

/// The exit code of a mistake of ours.
const FAULT: u8 = 255;

#[expect(clippy::disallowed_methods, reason = "here is where the clock comes from")]
fn main() -> ExitCode {
    let (end, ended) = mpsc::channel();
    let terminal = std::io::stderr().is_terminal();
    let runtime = Runtime {
        executable: std::env::current_exe().unwrap_or_default(),
        arguments: std::env::args_os().collect(),
        environment: environment(),
        directory: std::env::current_dir().unwrap_or_default(),
        stdin_is_terminal: std::io::stdin().is_terminal(),
        stdout_is_terminal: std::io::stdout().is_terminal(),
        stderr_is_terminal: terminal,
        interrupts: Interrupts::watch(end.clone(), terminal),
        now: || time::OffsetDateTime::from(std::time::SystemTime::now()),
    };
    let work = move || {
        let code = std::panic::catch_unwind(AssertUnwindSafe(|| cli::run(runtime)));
        let _ = end.send(code.unwrap_or(FAULT));
    };
    match std::thread::Builder::new().stack_size(STACK_BYTES).spawn(work) {
        // The command ends by itself, or an interrupt ends it.
        Ok(_) => ExitCode::from(ended.recv().unwrap_or(FAULT)),
        Err(_) => ExitCode::from(FAULT),
    }
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
