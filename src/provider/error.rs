//! What can go wrong in a provider, with what a user and the retry table need.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// An error of one call. Which resource and which verb is added once, by the
/// executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    /// The code on the wire, `DependencyViolation`; empty when there is none.
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
}

/// The code of `Error::unseen`, which no service has.
pub(super) const UNSEEN: &str = "Unseen";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AWS said no.
    Service,
    /// The request may or may not have been acted on: time-out, connection
    /// lost, a 5xx.
    Ambiguous,
    /// The request was never sent: nobody can be reached.
    NotSent,
    /// No credentials, or expired ones.
    Credentials,
    /// The program's fault, at this property.
    Invalid { property: String },
    /// A wait that ran out, or a state that will never become good.
    Unready,
    /// AWS answered with something that should not be, or a request could not
    /// be put together.
    Broken,
}

impl Error {
    pub fn invalid(property: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid { property: property.to_owned() }, "", message)
    }

    /// An answer lacks what it always has.
    pub fn missing(field: &str) -> Self {
        Self::new(Kind::Broken, "", format!("the answer has no {field}"))
    }

    /// It reached a state from which it will not become ready.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Unready, "", message)
    }

    /// It was seen before, and this look does not see it: reads lag.
    pub fn unseen(what: &str) -> Self {
        Self::new(Kind::Service, UNSEEN, format!("{what} does not show"))
    }

    pub fn is_unseen(&self) -> bool {
        self.code == UNSEEN
    }

    /// A name is taken by something that this stack did not make.
    pub fn not_ours(what: &str) -> Self {
        Self::new(
            Kind::Service,
            "NotOurs",
            format!(
                "{what} exists and was not made by this stack; choose another name, or adopt it with the `import` option"
            ),
        )
    }

    pub fn new(kind: Kind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), request_id: None }
    }

    pub fn is(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Kind::Invalid { property } = &self.kind {
            write!(out, "`{property}`: ")?;
        }
        if !self.code.is_empty() {
            write!(out, "{}: ", self.code)?;
        }
        out.write_str(&self.message)?;
        if let Some(id) = &self.request_id {
            write!(out, " (request id {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
