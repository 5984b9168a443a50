//! What a stack is known to own, as a fold over the journal's rows.

use std::collections::{BTreeMap, BTreeSet};

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

    /// All that rows can change, and few of many: a stack of thousands is not
    /// copied for each row.
    pub fn part(&self, rows: &[Row]) -> Self {
        let steps: BTreeSet<&str> = rows.iter().map(Row::op).collect();
        let open = self.open.iter().filter(|it| steps.contains(&*it.op));
        let open: Vec<OpenStep> = open.cloned().collect();
        let begun = rows.iter().filter_map(|row| match row {
            Row::Begun { state, .. } => Some(&**state),
            _ => None,
        });
        let states: Vec<&ResourceState> = open.iter().map(|it| &it.state).chain(begun).collect();
        let ops: BTreeSet<&str> = states.iter().map(|it| &*it.op).collect();
        let urns: BTreeSet<&Urn> = states.iter().map(|it| &it.urn).collect();
        let concerned = |it: &&ResourceState| ops.contains(&*it.op) || urns.contains(&it.urn);
        let resources = self.resources.iter().filter(concerned).cloned().collect();
        Self { resources, open }
    }

    /// Takes back a part, as it was and as it has become.
    pub fn merge(&mut self, was: &Self, is: Self) {
        take_back(&mut self.resources, &was.resources, is.resources, |it| &it.op);
        take_back(&mut self.open, &was.open, is.open, |it| &it.op);
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

/// Each in its place; what is new comes last.
fn take_back<T>(all: &mut Vec<T>, was: &[T], is: Vec<T>, op: impl Fn(&T) -> &str) {
    let has = |some: &[T], it: &T| some.iter().any(|other| op(other) == op(it));
    all.retain(|it| !has(was, it) || has(&is, it));
    for it in is {
        match all.iter_mut().find(|known| op(known) == op(&it)) {
            Some(known) => *known = it,
            None => all.push(it),
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn state(urn: u8, op: &str) -> ResourceState {
        ResourceState {
            urn: Urn(format!("urn:{urn}")),
            token: "demo:index:Thing".to_owned(),
            op: op.to_owned(),
            id: String::new(),
            inputs: Value::Null,
            outputs: Value::Null,
            meta: Meta::default(),
            phase: Phase::Sent,
        }
    }

    /// A row of any kind, legal or not: about one of three URNs, in a step that
    /// is open, or a new one. A resource is in one step at a time.
    fn row(known: &Snapshot, count: usize, [kind, urn, which]: [u8; 3]) -> Row {
        let new = format!("op-{count}");
        let of = |all: usize| usize::from(which) % all.max(1);
        let open = known.open.get(of(known.open.len())).map_or(new.clone(), |it| it.op.clone());
        let idle = |it: &&ResourceState| known.open.iter().all(|open| open.state.op != it.op);
        let idle: Vec<&ResourceState> = known.resources.iter().filter(idle).collect();
        let owned = idle.get(of(idle.len())).map(|it| (*it).clone());
        let begun = |what, state| Row::Begun { op: new.clone(), what, seed: None, state };
        match kind {
            0..=2 => begun(Begun::Create, Box::new(state(urn, &new))),
            3 => begun(Begun::Update, Box::new(owned.unwrap_or_else(|| state(urn, &new)))),
            4 => begun(Begun::Delete, Box::new(owned.unwrap_or_else(|| state(urn, &new)))),
            5 => Row::Named { op: open, id: new },
            6 => Row::Ended { op: open, result: Err("it failed".to_owned()) },
            7 => Row::Ended { op: open, result: Ok(Outcome::Gone) },
            _ => Row::Ended {
                op: open,
                result: Ok(Outcome::Live { id: new, outputs: Value::from("it is") }),
            },
        }
    }

    proptest! {
        #[test]
        fn a_part_becomes_what_the_whole_does(
            batches in prop::collection::vec(
                prop::collection::vec([0_u8..12, 0..3, 0..255], 1..4),
                1..40,
            ),
        ) {
            let (mut whole, mut merged, mut count) = (Snapshot::default(), Snapshot::default(), 0);
            for batch in batches {
                let mut tried = whole.clone();
                let mut rows = Vec::new();
                let mut legal = true;
                for dice in batch {
                    count += 1;
                    let row = row(&tried, count, dice);
                    legal = legal && tried.apply(&row).is_ok();
                    rows.push(row);
                }
                let was = merged.part(&rows);
                let mut is = was.clone();
                prop_assert_eq!(rows.iter().all(|it| is.apply(it).is_ok()), legal);
                if legal {
                    whole = tried;
                    merged.merge(&was, is);
                }
                prop_assert_eq!(&merged, &whole);
            }
        }
    }
}
