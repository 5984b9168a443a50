//! What ends a run before all of its plan is carried out, and is nobody's
//! mistake.

use std::fmt;

use crate::provider::{Error, Kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The user said so.
    Interrupted,
    /// AWS does not accept the credentials (any more).
    Credentials,
    /// Nothing comes back from AWS.
    Unreachable,
}

impl Cause {
    /// The cause that every further call would meet as well; `None` for an
    /// error that concerns one call alone.
    pub fn of(error: &Error) -> Option<Self> {
        match error.kind {
            Kind::Credentials => Some(Self::Credentials),
            Kind::NotSent => Some(Self::Unreachable),
            // With a code or a request's id it is a service that had a fault
            // of its own.
            Kind::Ambiguous if error.code.is_empty() && error.request_id.is_none() => {
                Some(Self::Unreachable)
            }
            _ => None,
        }
    }
}

/// Why a run starts nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    pub cause: Cause,
    /// What AWS, or the way to it, said.
    pub why: String,
}

/// An error of many calls as one text, with what it means for the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub cause: Option<Cause>,
    pub text: String,
}

impl Trouble {
    /// Says what was being done.
    #[must_use]
    pub fn during(self, what: &str) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self { cause: Cause::of(&error), text: error.to_string() }
    }
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Self { cause: None, text }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_call_would_meet_halts_the_run() {
        let cases = [
            (Kind::Credentials, "ExpiredToken", Some(Cause::Credentials)),
            (Kind::Credentials, "", Some(Cause::Credentials)),
            (Kind::NotSent, "", Some(Cause::Unreachable)),
            (Kind::Ambiguous, "", Some(Cause::Unreachable)),
            (Kind::Ambiguous, "InternalError", None),
            (Kind::Service, "AccessDenied", None),
            (Kind::Unready, "", None),
        ];
        for (kind, code, expected) in cases {
            let error = Error::new(kind.clone(), code, "x");
            assert_eq!(Cause::of(&error), expected, "{kind:?} {code}");
        }
        let answered = Error::new(Kind::Ambiguous, "", "x");
        let answered = Error { request_id: Some("1".to_owned()), ..answered };
        assert_eq!(Cause::of(&answered), None);
    }
}
