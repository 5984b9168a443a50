//! Every way a command can end badly, with its exit code.

use crate::{
    engine::halt::{Cause, Trouble},
    provider, store,
};

/// A command's failure, ready to be printed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u8,
    /// Empty when all was said already.
    pub(super) message: String,
    pub(super) hints: Vec<String>,
}

pub(super) type Result<T> = std::result::Result<T, Failure>;

/// The documented exit codes, as Pulumi has them.
pub(super) mod code {
    pub(crate) const GENERAL: u8 = 1;
    /// Bad flags or configuration, or a question that nobody can answer.
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const CREDENTIALS: u8 = 3;
    pub(crate) const NO_STACK: u8 = 6;
    /// `--expect-no-changes`, and there were some.
    pub(crate) const CHANGES: u8 = 7;
    pub(crate) const CANCELLED: u8 = 8;
    /// Nothing comes back from AWS.
    pub(crate) const UNREACHABLE: u8 = 9;
}

impl Failure {
    pub(super) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hints: Vec::new() }
    }

    pub(super) fn general(message: impl Into<String>) -> Self {
        Self::new(code::GENERAL, message)
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(code::USAGE, message)
    }

    /// Everything was printed already.
    pub(super) fn said(code: u8) -> Self {
        Self::new(code, "")
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        use store::Error;
        const RESTORE: &str = "`orderinfra state backups` lists the copies that were taken before each run, `orderinfra state restore` puts the newest one back";
        let failure = Self::general(error.to_string());
        match error.root() {
            Error::NoStack(_) => Self { code: code::NO_STACK, ..failure }.hint(
                "`orderinfra stack ls` lists the stacks, `orderinfra stack init NAME` makes one",
            ),
            Error::Locked(_) => failure
                .hint("wait for it to end; the lock goes with its process, even if that is killed"),
            Error::TooNew { .. } => failure.hint("use the version that wrote it, or a newer one"),
            Error::TooOld { .. } => failure.hint("run any command once where it can be written"),
            Error::Key(_) => Self { code: code::USAGE, ..failure },
            Error::KeyService(refusal) => match refusal.downcast_ref::<provider::Error>() {
                Some(error) => Self::from(error.clone())
                    .hint("this stack's secrets are locked with a key of AWS KMS"),
                None => Self { code: code::USAGE, ..failure },
            },
            Error::NotEmpty { .. } => failure.hint(
                "`orderinfra destroy` first, or `--force` to forget them and leave them in AWS",
            ),
            Error::Damaged(_) => failure.hint(format!("nothing was changed; {RESTORE}")),
            Error::Lost { .. } => failure.hint(RESTORE).hint(
                "to begin anew, and to forget all that the old state owns in AWS, move the backups away",
            ),
            Error::Foreign(_) => failure
                .hint("is `--state` or ORDERINFRA_STATE what you meant?")
                .hint(format!("if it was a state file: {RESTORE}")),
            Error::Full | Error::Disk(_) => failure.hint(
                "what was written before is safe; make room, then say the same command again: it goes on from there",
            ),
            Error::ReadOnly | Error::Unreachable => failure.hint(
                "`preview`, `stack`, `stack output` and `history` need to read only; whatever changes something must be able to write",
            ),
            _ => failure,
        }
    }
}

impl From<provider::Error> for Failure {
    fn from(error: provider::Error) -> Self {
        let failure = Self::general(error.to_string());
        match error.kind {
            provider::Kind::Credentials => no_credentials(&error.message),
            _ => match Cause::of(&error) {
                Some(Cause::Unreachable) => unreachable(&error.to_string()),
                _ => failure,
            },
        }
    }
}

/// While reading and planning: nothing was changed yet.
impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble.cause {
            Some(Cause::Credentials) => refused_credentials(&trouble.text),
            Some(Cause::Unreachable) => unreachable(&trouble.text),
            Some(Cause::Interrupted) | None => Self::general(trouble.text),
        }
    }
}

/// Credentials that AWS accepted a moment ago, or for another provider.
pub(super) fn refused_credentials(why: &str) -> Failure {
    let message = format!("AWS does not accept the credentials: {why}");
    Failure::new(code::CREDENTIALS, message)
        .hint("renew them: `aws sso login`, or new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")
}

pub(super) fn unreachable(why: &str) -> Failure {
    Failure::new(code::UNREACHABLE, format!("AWS cannot be reached: {why}"))
        .hint("look at the network, the proxy and the endpoints of the configuration")
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::general(error.to_string())
    }
}

pub(super) fn no_credentials(why: &str) -> Failure {
    Failure::new(code::CREDENTIALS, format!("no usable AWS credentials: {why}"))
        .hint("for a real account: `aws configure`, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        .hint("to try it without an account: add `--local`, which uses an emulator on this machine")
}
