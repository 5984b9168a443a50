//! What people elsewhere are told of a shift: by addresses of the web and by
//! SNS topics. That nobody hears it changes nothing about the shift.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    convert::Infallible,
    time::Duration,
};

use serde_json::{Value as Json, json};
use tokio::sync::Notify as Bell;

use super::Ui;
use crate::{
    rollout::{cloud::Cloud, spec::Notify},
    shift::plan::Plan,
};

/// What is worth a person's attention.
const TOLD: [&str; 8] = [
    "shift.planned",
    "paused",
    "continued",
    "conflict",
    "gate.failed",
    "rollback.started",
    "rollback.verified",
    "shift.finished",
];
/// How long a shift that has ended waits for whoever is still to be told.
const PARTING: Duration = Duration::from_secs(10);

pub(super) struct Notices<'a> {
    ui: &'a Ui,
    whom: Vec<Notify>,
    /// `shop/prod: web, blue to green`
    what: String,
    waiting: RefCell<VecDeque<Json>>,
    bell: Bell,
    /// One that does not hear is told of once.
    deaf: Cell<bool>,
}

impl<'a> Notices<'a> {
    pub(super) fn new(ui: &'a Ui, plan: &Plan) -> Self {
        let [from, to] = [&plan.from().name, &plan.to().name];
        Self {
            ui,
            whom: plan.spec.notify.clone(),
            what: format!("{}: {}, {from} to {to}", plan.stack, plan.rollout),
            waiting: RefCell::default(),
            bell: Bell::new(),
            deaf: Cell::new(false),
        }
    }

    pub(super) fn take(&self, event: &Json) {
        let kind = event["type"].as_str().unwrap_or_default();
        if self.whom.is_empty() || !TOLD.contains(&kind) {
            return;
        }
        let mut event = event.clone();
        // Chats show this of what they are sent.
        event["text"] = json!(format!("{}: {}", self.what, words(&event)));
        self.waiting.borrow_mut().push_back(event);
        self.bell.notify_one();
    }

    /// Tells what has come together, again and again. Never ends.
    pub(super) async fn keep(&self, cloud: &impl Cloud) -> Infallible {
        loop {
            self.tell_all(cloud).await;
            self.bell.notified().await;
        }
    }

    /// The rest, at the end.
    pub(super) async fn close(&self, cloud: &impl Cloud) {
        if tokio::time::timeout(PARTING, self.tell_all(cloud)).await.is_err() {
            self.ui.warn("not everybody was told of the shift's end");
        }
    }

    /// What is being told stays in the queue until it was: `keep` may be
    /// dropped at any time.
    async fn tell_all(&self, cloud: &impl Cloud) {
        loop {
            let Some(event) = self.waiting.borrow().front().cloned() else { return };
            for whom in &self.whom {
                if let Err(why) = cloud.notify(whom, &event).await
                    && !self.deaf.replace(true)
                {
                    let whom = match whom {
                        Notify::Url(url) => url,
                        Notify::Topic(topic) => &topic.id,
                    };
                    self.ui.warn(&format!("{whom} is not told of the shift: {why}"));
                }
            }
            self.waiting.borrow_mut().pop_front();
        }
    }
}

/// An event in a few words.
fn words(event: &Json) -> String {
    let of = |name: &str| event[name].as_str().unwrap_or_default();
    match of("type") {
        "shift.planned" => "begins".to_owned(),
        "paused" => format!("paused: {}", of("reason")),
        "continued" => format!("goes on, as {} says", of("by")),
        "conflict" => format!("{} was changed by somebody else", of("route")),
        "gate.failed" => format!("{}: {}", of("gate"), of("text")),
        "rollback.started" => format!("going back: {}", of("reason")),
        "rollback.verified" => "the traffic is back".to_owned(),
        _ => match of("reason") {
            "" => of("outcome").to_owned(),
            reason => format!("{}: {reason}", of("outcome")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_words() {
        let told: Vec<String> = [
            json!({ "type": "shift.planned" }),
            json!({ "type": "paused", "reason": "the program pauses at 50 %" }),
            json!({ "type": "continued", "by": "a person" }),
            json!({ "type": "conflict", "route": "http" }),
            json!({ "type": "gate.failed", "gate": "alarms", "text": "errors rings" }),
            json!({ "type": "rollback.started", "reason": "errors rings" }),
            json!({ "type": "rollback.verified" }),
            json!({ "type": "shift.finished", "outcome": "rolled-back", "reason": "errors rings" }),
            json!({ "type": "shift.finished", "outcome": "done", "reason": null }),
        ]
        .iter()
        .map(words)
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        begins
        paused: the program pauses at 50 %
        goes on, as a person says
        http was changed by somebody else
        alarms: errors rings
        going back: errors rings
        the traffic is back
        rolled-back: errors rings
        done
        ");
    }
}
