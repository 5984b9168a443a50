//! `Cx`: all that a resource's methods may use. The only file that loops with
//! a sleep.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{sync::mpsc::UnboundedSender, time::Instant};

use super::{
    Assets, Calls, Error, Kind, Pace, Place, Result, Tags,
    retry::{self, Rule, Sent},
    types::HIDDEN_TAG,
};
pub use crate::aws::Clients;

/// What a running step waits for, as a user reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub op: String,
    pub text: String,
}

/// What a method tells those after it in the same operation, by the operation:
/// the id of a change that AWS names once. It ends with the process.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<BTreeMap<String, String>>>);

/// One operation's view of the world.
#[derive(Clone)]
pub struct Cx {
    pub aws: Clients,
    /// Where calls are told of that `aws` does not make: the fake cloud's.
    pub calls: Calls,
    /// What the program's assets are read by.
    pub assets: Assets,
    pub place: Place,
    /// Of the provider; the planner has put them into the inputs already.
    pub default_tags: BTreeMap<String, String>,
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
    pub pace: Pace,
    pub notes: Notes,
}

/// However slowly AWS answers, nothing is given up after fewer attempts than
/// these: with one that took all the time, nothing has been waited for.
const ATTEMPTS: u32 = 5;

/// Asks who uses a thing that AWS does not let go.
type Holders<'a> = dyn Fn() -> BoxFuture<'a, Result<Vec<String>>> + Sync + 'a;

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

    /// For the methods after this one.
    pub fn note(&self, text: impl Into<String>) {
        let mut notes = self.notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.insert(self.op.clone(), text.into());
    }

    /// What was noted last; nothing after a crash.
    pub fn noted(&self) -> Option<String> {
        let notes = self.notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.get(&self.op).cloned()
    }

    /// Says what the step waits for.
    pub fn say(&self, text: impl Into<String>) {
        if let Some(status) = &self.status {
            // The display may have gone already; that stops no step.
            drop(status.send(Status { op: self.op.clone(), text: text.into() }));
        }
    }

    /// The same view with clients that send each request once: for a create,
    /// which must be looked for before it is sent again.
    #[must_use]
    pub fn once(&self) -> Self {
        Self { aws: self.aws.once(), ..self.clone() }
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
        for looks in 0.. {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if looks + 1 >= ATTEMPTS && started.elapsed() >= self.pace.of(limit) {
                break;
            }
            if looks == 0 {
                self.say(format!("waiting for {what}"));
            }
            self.pause(looks).await;
        }
        Err(Error::new(Kind::Unready, "", format!("waited {} for {what}", words(limit))))
    }

    /// Repeats a method that may be done twice, while its error is a passing
    /// one.
    pub async fn persist<T, F>(&self, token: &str, attempt: impl FnMut() -> F + Send) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        self.repeat(token, Sent::Harmless, None, attempt).await
    }

    /// The same for what must not be done twice: repeats only what AWS has
    /// surely not acted on.
    pub async fn persist_once<T, F>(
        &self,
        token: &str,
        attempt: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        self.repeat(token, Sent::Counts, None, attempt).await
    }

    /// The same as `persist` for a delete: while the thing is in use, says by
    /// whom.
    pub async fn persist_naming<T, F>(
        &self,
        token: &str,
        holders: &Holders<'_>,
        attempt: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        self.repeat(token, Sent::Harmless, Some(holders), attempt).await
    }

    async fn repeat<T, F>(
        &self,
        token: &str,
        sent: Sent,
        holders: Option<&Holders<'_>>,
        mut attempt: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        // Each reason has its own time: one that passes does not use up the
        // patience for the next.
        let mut since: Vec<(&Rule, Instant)> = Vec::new();
        for tries in 0.. {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(rule) = retry::classify(token, &error, sent) else { return Err(error) };
            let known = since.iter().find(|(it, _)| it.words == rule.words);
            let started = known.map_or_else(Instant::now, |(_, started)| *started);
            if known.is_none() {
                since.push((rule, started));
            }
            let reason = match holders {
                Some(holders) if rule.words == retry::IN_USE => in_use(holders().await),
                _ => rule.words.to_owned(),
            };
            let limit = self.limit.map_or(rule.limit, |own| own.max(rule.limit));
            if tries + 1 >= ATTEMPTS && started.elapsed() >= self.pace.of(limit) {
                let message = match error.kind {
                    Kind::Service => {
                        format!("still {reason} after {}: {}", words(limit), error.message)
                    }
                    _ => format!("{} (tried for {})", error.message, words(limit)),
                };
                return Err(Error { message, ..error });
            }
            let (spent, limit) = (clock(started.elapsed()), clock(limit));
            self.say(format!("retrying ({reason}) {spent} / {limit}"));
            self.pause(tries).await;
        }
        unreachable!("it ends by an answer or by a limit")
    }

    /// The pause before another look, the longer the more there were.
    #[expect(clippy::disallowed_methods, reason = "here is where it waits")]
    pub async fn pause(&self, looks: u32) {
        tokio::time::sleep(self.pace.pause(looks, &self.op)).await;
    }
}

/// `in use by eni-1 (ELB app/a/b, amazon-elb)`
fn in_use(holders: Result<Vec<String>>) -> String {
    match holders {
        Ok(holders) if !holders.is_empty() => {
            format!("{} by {}", retry::IN_USE, holders.join(", "))
        }
        // Who it is is a help, not a condition.
        _ => retry::IN_USE.to_owned(),
    }
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
