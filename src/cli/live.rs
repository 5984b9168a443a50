//! What runs right now: a block that is drawn again on a terminal, a line per
//! event elsewhere.

use std::{cell::RefCell, convert::Infallible, time::Duration};

use tokio::time::Instant;

use super::{
    render,
    ui::{DIM, RED, Ui, escape},
};
use crate::{
    engine::event::Event,
    model::{Action, Plan, Step, StepId},
};

/// How often elapsed times move on.
const REDRAW: Duration = Duration::from_millis(200);

pub(super) struct Display<'a> {
    steps: &'a [Step],
    ui: &'a Ui,
    running: Vec<Running>,
    done: usize,
    /// Lines of the block that is on the screen.
    drawn: usize,
}

struct Running {
    step: StepId,
    since: Instant,
    status: String,
}

impl<'a> Display<'a> {
    pub(super) fn new(plan: &'a Plan, ui: &'a Ui) -> Self {
        Self { steps: &plan.steps, ui, running: Vec::new(), done: 0, drawn: 0 }
    }

    pub(super) fn event(&mut self, event: &Event) {
        self.clear();
        match event {
            Event::Begun { step } => {
                let since = Instant::now();
                self.running.push(Running { step: *step, since, status: String::new() });
            }
            Event::Status { step, text } => {
                if let Some(it) = self.running.iter_mut().find(|it| it.step == *step) {
                    it.status.clone_from(text);
                }
                if !self.ui.live && !text.starts_with("retrying") {
                    self.line(*step, "...", text);
                }
            }
            Event::Ended { step, took, result } => {
                self.running.retain(|it| it.step != *step);
                self.done += 1;
                self.ended(*step, *took, result);
            }
            Event::Left { step, why } => {
                self.running.retain(|it| it.step != *step);
                let verb = format!("{} left:", present(&self.steps[*step].action));
                self.line(*step, &verb, why);
            }
            Event::Stopping { running } => self.ui.say(&match running {
                0 => "Stopping: nothing new is started".to_owned(),
                1 => "Stopping: nothing new is started, and 1 running step ends first; interrupt again to leave at once".to_owned(),
                many => format!(
                    "Stopping: nothing new is started, and {many} running steps end first; interrupt again to leave at once"
                ),
            }),
        }
        self.draw();
    }

    fn ended(&self, step: StepId, took: Duration, result: &Result<(), String>) {
        match result {
            Ok(()) => {
                let time = if took.as_secs() > 0 {
                    format!("({}s)", took.as_secs())
                } else {
                    String::new()
                };
                self.line(step, &past(&self.steps[step].action), &time);
            }
            Err(why) => {
                let verb =
                    self.ui.paint(RED, &format!("{} failed", present(&self.steps[step].action)));
                self.line(step, &verb, why);
            }
        }
    }

    fn line(&self, step: StepId, verb: &str, text: &str) {
        let step = &self.steps[step];
        if matches!(step.action, Action::Record { .. } | Action::Forget) {
            return;
        }
        let name = format!("{} {}", render::short(&step.token), step.urn.name());
        let line = format!(
            " {} {name} {verb} {}",
            render::symbol_of(&step.action, self.ui),
            self.ui.paint(DIM, text)
        );
        self.ui.say(line.trim_end());
    }

    /// Takes the block off the screen.
    pub(super) fn clear(&mut self) {
        if self.drawn > 0 {
            // To the start of that line: a `^C` that was echoed has moved the
            // cursor along its own.
            self.ui.raw(&self.ui.trust(&format!("\x1b[{}F\x1b[J", self.drawn)));
            self.drawn = 0;
        }
    }

    fn draw(&mut self) {
        if !self.ui.live || self.running.is_empty() {
            return;
        }
        const LINES: usize = 16;
        let mut lines = vec![format!(
            "{} of {} done, {} running",
            self.done,
            self.steps.len(),
            self.running.len()
        )];
        for it in self.running.iter().take(LINES) {
            let step = &self.steps[it.step];
            let name = format!("{} {}", render::short(&step.token), step.urn.name());
            let line = format!(
                "   {name} {} {}s {}",
                present(&step.action),
                it.since.elapsed().as_secs(),
                it.status
            );
            lines.push(escape(&line).chars().take(110).collect());
        }
        if self.running.len() > LINES {
            lines.push(format!("   and {} more", self.running.len() - LINES));
        }
        self.drawn = lines.len();
        self.ui.raw(&format!("{}\n", self.ui.paint(DIM, &lines.join("\n"))));
    }
}

fn present(action: &Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update { .. } | Action::Record { .. } => "updating",
        Action::Delete { .. } | Action::Forget => "deleting",
        Action::Read => "reading",
        Action::Import { .. } => "importing",
    }
}

fn past(action: &Action) -> String {
    match action {
        Action::Create => "created",
        Action::Update { .. } | Action::Record { .. } => "updated",
        Action::Delete { .. } | Action::Forget => "deleted",
        Action::Read => "read",
        Action::Import { .. } => "imported",
    }
    .to_owned()
}

/// Draws again as time goes by. Never ends.
pub(super) async fn tick(display: &RefCell<Display<'_>>) -> Infallible {
    let mut interval = tokio::time::interval(REDRAW);
    loop {
        interval.tick().await;
        let mut display = display.borrow_mut();
        display.clear();
        display.draw();
    }
}
