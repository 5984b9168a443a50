//! The nouns of a run: a plan is steps, a step becomes rows in the journal,
//! and the rows are all that recovery needs. Plain data: printable, savable,
//! comparable.

use serde::{Deserialize, Serialize};

use super::{stack::ResourceState, urn::Urn, value::Value};

/// A step's place in its plan.
pub type StepId = usize;

/// What `up` will do, in dependency order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Per step, the steps that must have ended well before it starts. Every
    /// one of them has a smaller id.
    pub needs: Vec<Vec<StepId>>,
    /// One entry per resource of program and state, changed or not, in the
    /// order to show them.
    pub changes: Vec<Change>,
    /// Stack outputs: name, before, after.
    pub outputs: Vec<(String, Option<Value>, Value)>,
}

/// One call to a provider's life cycle.
#[derive(Clone, Debug)]
pub struct Step {
    pub urn: Urn,
    /// The resource's key in the program; `None` for what only the state has.
    pub key: Option<String>,
    pub token: String,
    pub action: Action,
    /// What was known at plan time. The executor evaluates the program again
    /// when the step may start, with all it needs then known.
    pub inputs: Value,
    /// Drawn at plan time: the idempotency token, and the birth tag by which
    /// a lost create is found. A resource keeps the one it was created with.
    pub op: String,
    /// Random bytes (hex) for types that draw lots, so that doing the step
    /// twice gives the same thing. A secret.
    pub seed: Option<String>,
    /// Names the planner chose, as paths of input properties and values.
    pub named: Vec<(String, Value)>,
    /// Properties that a shift governs: they stay as planned.
    pub governed: Vec<String>,
    /// All that the state will say of the resource beside what the provider
    /// answers. For a delete: the resource as it is.
    pub state: ResourceState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Create,
    /// `applied` is what was last put in; `live` is what AWS says of it, where
    /// it was asked.
    Update {
        id: String,
        applied: Value,
        live: Option<Value>,
    },
    Delete {
        id: String,
    },
    /// Look up a resource that we do not manage (`get:`).
    Read,
    /// Take over a living resource that is not in the state (`import:`), and
    /// correct it to the program.
    Import {
        id: String,
    },
    /// Only the state changes: another URN, option or dependency.
    Record {
        id: String,
    },
    /// Out of the state, left as it is in AWS (or gone from there already).
    Forget,
}

impl Action {
    /// What the journal calls it.
    pub fn begun(&self) -> Begun {
        match self {
            Self::Create => Begun::Create,
            Self::Update { .. } | Self::Record { .. } => Begun::Update,
            Self::Delete { .. } | Self::Forget => Begun::Delete,
            Self::Read => Begun::Read,
            Self::Import { .. } => Begun::Import,
        }
    }
}

/// What is said of one resource in a preview.
#[derive(Clone, Debug)]
pub struct Change {
    pub urn: Urn,
    pub parent: Option<Urn>,
    pub token: String,
    pub op: Op,
    pub id: Option<String>,
    /// Property by property, in path order.
    pub details: Vec<Detail>,
    /// The properties that make it a replacement.
    pub replace_because: Vec<String>,
    /// Short remarks: "weights governed by shift", "gone from AWS".
    pub notes: Vec<String>,
    /// The steps that carry it out; empty for `Same`.
    pub steps: Vec<StepId>,
    pub old_inputs: Option<Value>,
    pub new_inputs: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    Same,
    Create,
    Update,
    /// New first, then the old one goes.
    Replace,
    /// The old one goes first, because both cannot be at once.
    DeleteReplace,
    Delete,
    Read,
    Import,
    /// Forgotten by the state, left alone in AWS.
    Forget,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// `tags.Name`, `ingress[0].cidrBlocks`
    pub path: String,
    pub kind: ChangeKind,
    /// What was last applied.
    pub old: Value,
    /// What AWS says, when it was asked and says something else: drift.
    pub live: Option<Value>,
    pub new: Value,
    pub replaces: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    Add,
    Delete,
    Update,
}

/// How a step ended well.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Live { id: String, outputs: Value },
    Gone,
}

/// What the journal keeps of a step, in order; recovery relies on nothing
/// else. `op` ties the rows of one step together.
#[derive(Clone, Debug)]
pub enum Row {
    /// Durable before the first call. The state holds the evaluated inputs.
    Begun { op: String, what: Begun, seed: Option<String>, state: Box<ResourceState> },
    /// AWS has said the id; it may not be ready yet.
    Named { op: String, id: String },
    /// Durable before a dependent starts.
    Ended { op: String, result: Result<Outcome, String> },
}

impl Row {
    /// The operation whose step it is of.
    pub fn op(&self) -> &str {
        match self {
            Self::Begun { op, .. } | Self::Named { op, .. } | Self::Ended { op, .. } => op,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begun {
    Create,
    Update,
    Delete,
    Read,
    Import,
}
