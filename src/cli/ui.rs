//! The only file that writes to the terminal. Data goes to stdout, the rest
//! to stderr; a closed pipe ends the output, never the run.
//!
//! Names, values and a cloud's words are written by others, who may want a
//! terminal to do something: control characters, and those that reorder text,
//! are shown and not obeyed. Our own escapes carry a mark that is drawn for
//! each process and that nobody else can know.

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
    /// Stdout is read by a person.
    terminal: bool,
    /// After an escape, says that it is ours. Empty: none is.
    mark: String,
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
    pub(super) fn new(
        colour: bool,
        json: bool,
        interactive: bool,
        live: bool,
        terminal: bool,
    ) -> Self {
        let mark = mark();
        Self {
            colour: colour && !mark.is_empty(),
            json,
            interactive,
            live: live && !mark.is_empty(),
            closed: Cell::new(false),
            stdout: RefCell::new(Box::new(io::stdout())),
            stderr: RefCell::new(Box::new(io::stderr())),
            terminal,
            mark,
        }
    }

    /// A line of data for a person.
    pub(super) fn out(&self, line: &str) {
        self.write(&self.shown(line));
    }

    /// A document, which stays JSON whatever is in it.
    pub(super) fn document(&self, json: &str) {
        self.write(&harmless_json(json));
    }

    /// A value as it is, for programs; a person at a terminal sees it escaped.
    pub(super) fn exact(&self, text: &str) {
        if self.terminal {
            let lines: Vec<String> = text.split('\n').map(escape).collect();
            self.write(&lines.join("\n"));
        } else {
            self.write(text);
        }
    }

    fn write(&self, line: &str) {
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
        drop(writeln!(self.stderr.borrow_mut(), "{}", self.shown(line)));
    }

    /// Lines for a person; a line break inside one of them is none.
    pub(super) fn say_all(&self, lines: &[String]) {
        lines.iter().for_each(|it| self.say(it));
    }

    /// Lines of data for a person.
    pub(super) fn out_all(&self, lines: &[String]) {
        lines.iter().for_each(|it| self.out(it));
    }

    /// A text of several lines that others wrote a part of: what follows the
    /// first line stands apart from it.
    fn say_indented(&self, head: &str, text: &str) {
        let mut lines = text.lines();
        self.say(&format!("{head} {}", lines.next().unwrap_or_default()));
        lines.for_each(|it| self.say(&format!("    {it}")));
    }

    /// Without a line's end, for what is drawn again.
    pub(super) fn raw(&self, text: &str) {
        let lines: Vec<String> = text.split('\n').map(|it| self.shown(it)).collect();
        let text = lines.join("\n");
        let mut stderr = self.stderr.borrow_mut();
        drop(write!(stderr, "{text}").and_then(|()| stderr.flush()));
    }

    pub(super) fn paint(&self, style: Style, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let (on, off) = (self.trust(&style.to_string()), self.trust(&format!("{style:#}")));
        format!("{on}{text}{off}")
    }

    /// A text that has escapes of our own and nothing of others.
    pub(super) fn trust(&self, text: &str) -> String {
        text.replace(ESCAPE, &format!("{ESCAPE}{}", self.mark))
    }

    /// A line as it may reach a terminal.
    fn shown(&self, line: &str) -> String {
        if self.mark.is_empty() {
            return escape(line);
        }
        let ours = format!("{ESCAPE}{}", self.mark);
        let mut pieces = line.split(&ours);
        let first = pieces.next().map(escape).unwrap_or_default();
        pieces.fold(first, |text, piece| format!("{text}{ESCAPE}{}", escape(piece)))
    }

    pub(super) fn warn(&self, text: &str) {
        self.say(&format!("{} {text}", self.paint(YELLOW, "warning:")));
    }

    pub(super) fn failure(&self, failure: &Failure) {
        if !failure.message.is_empty() {
            self.say_indented(&self.paint(RED, "error:"), &failure.message);
        }
        for hint in &failure.hints {
            self.say_indented(&format!("  {}", self.paint(CYAN, "hint:")), hint);
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

    /// Asks for a text that is not shown.
    pub(super) fn ask_secret(&self, question: &str) -> Result<zeroize::Zeroizing<String>> {
        self.raw(&format!("{}: ", self.paint(BOLD, question)));
        let text = console::Term::stderr().read_secure_line()?;
        Ok(zeroize::Zeroizing::new(text))
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

const ESCAPE: char = '\u{1b}';

fn mark() -> String {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => crate::engine::name::hex(&bytes),
        Err(_) => String::new(),
    }
}

/// What a terminal or an editor obeys instead of showing: controls, and marks
/// that turn the order of letters around.
fn obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line of text, with everything to be seen.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match obeyed(letter) {
            true => out.extend(letter.escape_default()),
            false => out.push(letter),
        }
    }
    out
}

/// JSON has escaped the first 32 itself, and its line breaks are its own.
fn harmless_json(json: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter != '\n' && obeyed(letter) {
            true => drop(write!(out, "\\u{:04x}", u32::from(letter))),
            false => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: &str = "a\u{1b}[31mb\u{9b}2Jc\u{202e}d\ne\r\u{7}\u{0}é🦀";

    #[test]
    fn what_others_write_is_shown_and_not_obeyed() {
        for colour in [false, true] {
            let ui = Ui::new(colour, false, false, false, false);
            let line = ui.shown(&format!("{} {BAD}", ui.paint(RED, BAD)));
            let ours = line.matches(ESCAPE).count();
            assert_eq!(ours, if colour { 3 } else { 0 }, "{line:?}");
            let rest =
                line.replace("\u{1b}[1m", "").replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
            let shown = r"a\u{1b}[31mb\u{9b}2Jc\u{202e}d\ne\r\u{7}\u{0}é🦀";
            assert_eq!(rest, format!("{shown} {shown}"));
        }
    }

    /// Nobody can write an escape that passes as ours.
    #[test]
    fn marks_differ() {
        let (one, other) = (Ui::new(true, false, false, false, false), mark());
        assert_ne!(one.mark, other);
        assert_eq!(one.shown(&format!("{ESCAPE}{other}[2J")), format!(r"\u{{1b}}{other}[2J"));
    }

    #[test]
    fn json_stays_json() {
        let text = serde_json::to_string_pretty(&serde_json::json!({ BAD: [BAD] })).expect("it is");
        let shown = harmless_json(&text);
        assert!(shown.chars().all(|it| it == '\n' || !obeyed(it)), "{shown:?}");
        let back: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
        assert_eq!(back, serde_json::json!({ BAD: [BAD] }));
    }
}
