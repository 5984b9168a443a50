//! What a stack is known to own, as a fold over the journal's rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    plan::{Begun, Outcome, Row},
    urn::Urn,
    value::Value,
};

/// One resource, as the state keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceState {
    pub urn: Urn,
    pub token: String,
    /// The operation that created it: its identity across replacements, and
    /// its birth tag in AWS.
    pub op: String,
    /// Empty until AWS has said it.
    pub id: String,
    pub inputs: Value,
    pub outputs: Value,
    /// What does not concern the provider.
    pub meta: Meta,
    pub phase: Phase,
}

/// What the engine keeps of a resource beside inputs and outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// It holds others together and is nothing by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub component: bool,
    pub parent: Option<Urn>,
    pub dependencies: Vec<Urn>,
    /// The URN of an explicit provider resource.
    pub provider: Option<Urn>,
    pub region: Option<String>,
    pub protect: bool,
    pub retain_on_delete: bool,
    pub deleted_with: Option<Urn>,
    pub delete_before_replace: bool,
    /// Read with `get:`, never managed.
    pub external: bool,
    /// Seconds, by operation: `create`, `update`, `delete`, `read`.
    pub timeouts: BTreeMap<String, u64>,
    pub aliases: Vec<Urn>,
    pub additional_secret_outputs: Vec<String>,
    /// A digest of the `replacementTrigger` option's value.
    pub replacement_trigger: Option<String>,
    /// Resources whose replacement replaces this one too.
    pub replace_with: Vec<Urn>,
    /// Properties whose value the planner chose.
    pub named: Vec<String>,
    /// RFC 3339.
    pub created: Option<String>,
    pub modified: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// `Begun` a create and nothing more: it may or may not exist.
    Sent,
    /// It has an id, but has not been seen ready.
    Unsettled,
    Live,
    /// A newer resource of the same URN has taken its place; it waits for
    /// its deletion.
    Condemned,
}

/// Everything a stack owns. `resources` is in the order of birth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub resources: Vec<ResourceState>,
    /// Steps that began and have not ended: a run was cut off, or is running.
    pub open: Vec<OpenStep>,
}

/// A listener or rule between whose two target groups a shift has moved, or a
/// service that it has scaled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Governed {
    pub urn: Urn,
    /// The ARNs of the two target groups, blue first; empty for a service.
    #[serde(default)]
    pub groups: [String; 2],
    /// The resources that these are, where the stack has them: one that is
    /// made anew has another ARN.
    #[serde(default, skip_serializing_if = "nobody")]
    pub members: [Option<Urn>; 2],
    /// Whole properties that stay as they are live.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<String>,
    /// The name of the rollout, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// The weights that it was last seen with, by a shift or by an `up`: for
    /// when it has neither group, or is gone. Looked up for each run.
    #[serde(skip)]
    pub last: Option<[u32; 2]>,
}

fn nobody(members: &[Option<Urn>; 2]) -> bool {
    members.iter().all(Option::is_none)
}

#[derive(Clone, Debug, PartialEq)]
pub struct OpenStep {
    pub op: String,
    pub what: Begun,
    pub seed: Option<String>,
    /// The resource as the step wants it; `id` once it is named.
    pub state: ResourceState,
}

impl Snapshot {
    /// The resource that a URN names now.
    pub fn current(&self, urn: &Urn) -> Option<&ResourceState> {
        self.resources.iter().find(|it| it.urn == *urn && it.phase != Phase::Condemned)
    }

    pub fn condemned(&self) -> impl Iterator<Item = &ResourceState> {
        self.resources.iter().filter(|it| it.phase == Phase::Condemned)
    }

    /// Takes one row in. An order of rows that no run can write is an error.
    pub fn apply(&mut self, row: &Row) -> Result<(), String> {
        match row {
            Row::Begun { op, what, seed, state } => self.begin(op, *what, seed.as_ref(), state),
            Row::Named { op, id } => self.name(op, id),
            Row::Ended { op, result } => self.end(op, result),
        }
    }

    fn begin(
        &mut self,
        op: &str,
        what: Begun,
        seed: Option<&String>,
        state: &ResourceState,
    ) -> Result<(), String> {
        if self.open.iter().any(|it| it.op == op) {
            return Err(format!("step {op} began twice"));
        }
        let known = self.resources.iter().any(|it| it.op == state.op);
        match what {
            Begun::Update | Begun::Delete if !known => {
                return Err(format!("{} of {} which is not in the state", verb(what), state.urn));
            }
            Begun::Create | Begun::Import if known => {
                return Err(format!("{} of {} which is in the state", verb(what), state.urn));
            }
            _ => {}
        }
        let seed = seed.cloned();
        self.open.push(OpenStep { op: op.to_owned(), what, seed, state: state.clone() });
        Ok(())
    }

    fn name(&mut self, op: &str, id: &str) -> Result<(), String> {
        let Some(open) = self.open.iter_mut().find(|it| it.op == op) else {
            return Err(format!("step {op} was named before it began"));
        };
        open.state.id = id.to_owned();
        if open.what == Begun::Create {
            let mut state = open.state.clone();
            state.phase = Phase::Unsettled;
            self.put(state);
        }
        Ok(())
    }

    fn end(&mut self, op: &str, result: &Result<Outcome, String>) -> Result<(), String> {
        let Some(at) = self.open.iter().position(|it| it.op == op) else {
            return Err(format!("step {op} ended before it began"));
        };
        let open = self.open.remove(at);
        match result {
            Ok(Outcome::Live { id, outputs }) => {
                let mut state = open.state;
                state.id.clone_from(id);
                state.outputs = outputs.clone();
                state.phase = Phase::Live;
                self.put(state);
            }
            Ok(Outcome::Gone) => self.resources.retain(|it| it.op != open.state.op),
            // A create that failed after it was named stays, unsettled: it is
            // in AWS. Any other failure leaves what was.
            Err(_) => {}
        }
        Ok(())
    }

    /// A new resource of a known URN condemns the one before it.
    fn put(&mut self, state: ResourceState) {
        if let Some(known) = self.resources.iter_mut().find(|it| it.op == state.op) {
            *known = state;
            return;
        }
        for other in &mut self.resources {
            if other.urn == state.urn {
                other.phase = Phase::Condemned;
            }
        }
        self.resources.push(state);
    }
}

fn verb(what: Begun) -> &'static str {
    match what {
        Begun::Create => "create",
        Begun::Update => "update",
        Begun::Delete => "delete",
        Begun::Read => "read",
        Begun::Import => "import",
    }
}
