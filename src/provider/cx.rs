//! `Cx`: all that a resource's methods may use. The only file that loops with
//! a sleep.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use super::{Error, Kind, Place, Result, Tags, types::HIDDEN_TAG};
pub use crate::aws::Clients;

/// What a running step waits for, as a user reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub op: String,
    pub text: String,
}

/// One operation's view of the world.
#[derive(Clone)]
pub struct Cx {
    pub aws: Clients,
    pub place: Place,
    /// `project/stack`
    pub stack: String,
    /// The operation that creates, or created, the resource: the idempotency
    /// token of the create and the value of its birth tag. Letters, digits
    /// and `-`, 32 long.
    pub op: String,
    /// What local types are made from; only steps that draw lots have one.
    pub seed: Option<String>,
    /// The properties that a read must tell; `None` is all.
    pub asked: Option<BTreeSet<String>>,
    /// The `customTimeouts` option's limit for this operation.
    pub limit: Option<Duration>,
    pub status: Option<UnboundedSender<Status>>,
    /// How soon a wait looks again, first and at most.
    pub pace: (Duration, Duration),
}

/// The tags by which a resource is known as ours.
pub const STACK_TAG: &str = "orderinfra:stack";
pub const OP_TAG: &str = "orderinfra:op";

impl Cx {
    /// The tags to be born with: the program's and ours. Always in the create
    /// call itself.
    pub fn birth_tags(&self, tags: &Tags) -> BTreeMap<String, String> {
        let mut all = tags.0.clone();
        all.insert(STACK_TAG.to_owned(), self.stack.clone());
        all.insert(OP_TAG.to_owned(), self.op.clone());
        debug_assert!(OP_TAG.starts_with(HIDDEN_TAG));
        all
    }

    /// Whether live tags prove that this operation made the thing.
    pub fn made<K, V>(&self, tags: impl IntoIterator<Item = (K, V)>) -> bool
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        tags.into_iter().any(|(key, value)| key.as_ref() == OP_TAG && value.as_ref() == self.op)
    }

    /// Whether a read must tell this property. A read that costs an extra
    /// call leaves it out (`None`) when nobody asks.
    pub fn asks(&self, property: &str) -> bool {
        self.asked.as_ref().is_none_or(|asked| asked.contains(property))
    }

    /// Says what the step waits for.
    pub fn say(&self, text: impl Into<String>) {
        if let Some(status) = &self.status {
            // The display may have gone already; that stops no step.
            drop(status.send(Status { op: self.op.clone(), text: text.into() }));
        }
    }

    /// Looks until `look` finds what it waits for. `limit` is the default for
    /// this kind of thing; the `customTimeouts` option overrides it.
    pub async fn wait<T, F>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<Option<T>>> + Send,
    {
        let limit = self.limit.unwrap_or(limit);
        let started = Instant::now();
        let (mut pause, longest) = self.pace;
        let mut said = false;
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if started.elapsed() >= limit {
                return Err(Error::new(
                    Kind::Unready,
                    "",
                    format!("waited {} for {what}", words(limit)),
                ));
            }
            if !said {
                self.say(format!("waiting for {what}"));
                said = true;
            }
            pause_for(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Repeats a method while its error is a passing one.
    pub async fn persist<T, F>(
        &self,
        token: &str,
        mut attempt: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let started = Instant::now();
        let (mut pause, longest) = self.pace;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(rule) = super::retry::classify(token, &error) else { return Err(error) };
            let limit = self.limit.map_or(rule.limit, |own| own.max(rule.limit));
            if started.elapsed() >= limit {
                let message =
                    format!("still {} after {}: {}", rule.words, words(limit), error.message);
                return Err(Error { message, ..error });
            }
            self.say(format!(
                "retrying ({}) {} / {}",
                rule.words,
                clock(started.elapsed()),
                clock(limit)
            ));
            pause_for(pause).await;
            pause = (pause * 2).min(longest);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "here is where it waits")]
async fn pause_for(time: Duration) {
    tokio::time::sleep(time).await;
}

/// `2m`, `90s`
pub(super) fn words(time: Duration) -> String {
    match time.as_secs() {
        secs if secs >= 60 && secs % 60 == 0 => format!("{}m", secs / 60),
        secs => format!("{secs}s"),
    }
}

/// `0:14`
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
