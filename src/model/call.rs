//! `Call`: one call to AWS, as the audit keeps it.

/// A call that was made, and how it ended. Never what was said in it: no
/// parameter, no answer, no message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// When it ended: RFC 3339.
    pub at: String,
    /// `sqs`
    pub service: String,
    /// `CreateQueue`
    pub operation: String,
    /// Empty for what has none.
    pub region: String,
    /// What AWS calls it, where it answered.
    pub request_id: Option<String>,
    pub millis: u64,
    /// How often it was sent: more than once when the SDK repeated it.
    pub attempts: u32,
    /// The error's code: `ThrottlingException`; `None` when it went well.
    pub error: Option<String>,
}
