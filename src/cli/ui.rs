//! The only file that writes to the terminal. Data goes to stdout, the rest
//! to stderr; a closed pipe ends the output, never the run.

use std::{
    cell::{Cell, RefCell},
    io::{self, BufRead as _, Write},
};

use anstyle::{AnsiColor, Style};

use super::failure::{Failure, Result, code};

pub(super) struct Ui {
    pub(super) colour: bool,
    pub(super) json: bool,
    /// A person can be asked.
    pub(super) interactive: bool,
    /// stderr can be redrawn.
    pub(super) live: bool,
    closed: Cell<bool>,
    stdout: RefCell<Box<dyn Write>>,
    stderr: RefCell<Box<dyn Write>>,
}

pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const MAGENTA: Style = AnsiColor::Magenta.on_default();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();

/// The last line of a process that ends at once. On a terminal it does not
/// stand behind a question, or behind `^C`.
pub(super) fn farewell(text: &str, terminal: bool) {
    let start = if terminal { "\n" } else { "" };
    drop(writeln!(io::stderr(), "{start}{text}"));
}

impl Ui {
    pub(super) fn new(colour: bool, json: bool, interactive: bool, live: bool) -> Self {
        Self {
            colour,
            json,
            interactive,
            live,
            closed: Cell::new(false),
            stdout: RefCell::new(Box::new(io::stdout())),
            stderr: RefCell::new(Box::new(io::stderr())),
        }
    }

    /// A line of data.
    pub(super) fn out(&self, line: &str) {
        if self.closed.get() {
            return;
        }
        let mut stdout = self.stdout.borrow_mut();
        if writeln!(stdout, "{line}").and_then(|()| stdout.flush()).is_err() {
            // Whoever reads has seen enough; what runs goes on.
            self.closed.set(true);
        }
    }

    /// A line for a person.
    pub(super) fn say(&self, line: &str) {
        // Nobody is left to be told when stderr is gone.
        drop(writeln!(self.stderr.borrow_mut(), "{line}"));
    }

    /// Without a line's end, for what is drawn again.
    pub(super) fn raw(&self, text: &str) {
        let mut stderr = self.stderr.borrow_mut();
        drop(write!(stderr, "{text}").and_then(|()| stderr.flush()));
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(super) fn warn(&self, text: &str) {
        self.say(&format!("{} {text}", self.paint(YELLOW, "warning:")));
    }

    pub(super) fn failure(&self, failure: &Failure) {
        if !failure.message.is_empty() {
            self.say(&format!("{} {}", self.paint(RED, "error:"), failure.message));
        }
        for hint in &failure.hints {
            self.say(&format!("  {} {hint}", self.paint(CYAN, "hint:")));
        }
    }

    /// Waits for Enter, while everything else goes on; `false` when the input
    /// has ended.
    pub(super) async fn enter(&self) -> bool {
        let (entered, heard) = tokio::sync::oneshot::channel();
        // Nobody waits for this thread: an interrupt ends the process under it.
        drop(std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line);
            let _ = entered.send(read.is_ok_and(|it| it > 0));
        }));
        heard.await.unwrap_or(false)
    }

    /// Asks for one of some words; the last is the default.
    pub(super) fn ask(&self, question: &str, choices: &[&str]) -> Result<String> {
        if !self.interactive {
            return Err(Failure::usage(format!("{question} There is nobody to ask here"))
                .hint("say `--yes` to go on without asking"));
        }
        loop {
            self.raw(&format!("{} [{}] ", self.paint(BOLD, question), choices.join("/")));
            let mut line = String::new();
            if io::stdin().lock().read_line(&mut line)? == 0 {
                self.say("");
                return Err(Failure::new(code::CANCELLED, "cancelled"));
            }
            let line = line.trim();
            let default = choices.last().copied().unwrap_or_default();
            let chosen = if line.is_empty() { default } else { line };
            let found = choices.iter().find(|it| it.starts_with(chosen) && !chosen.is_empty());
            if let Some(found) = found {
                return Ok((*found).to_owned());
            }
        }
    }
}
