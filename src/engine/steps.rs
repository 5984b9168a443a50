//! Decisions to steps, and who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    graph, path,
    plan::{Inquiry, Item, Planned},
};
use crate::{
    lang::diag::Diagnostic,
    model::{
        Action, Change, Op, ResourceState, Step, StepId, Urn, Value,
        plan::Detail,
        stack::{Meta, Phase},
    },
    provider::{AnyResource, Settings},
};

pub(super) fn build(inquiry: &Inquiry<'_>, items: Vec<Item<'_>>, out: &mut Planned) {
    let mut builder = Builder { inquiry, items, drafts: Vec::new(), out };
    builder.delete_first_spreads();
    builder.refuse_deadlocks();
    for at in 0..builder.items.len() {
        builder.item(at);
    }
    builder.removed();
    builder.condemned();
    builder.order();
}

/// A step before its place is known.
struct Draft {
    step: Step,
    settings: Settings,
    needs: BTreeSet<usize>,
}

/// A deletion that should wait for a step which leaves, or replaces, what is
/// deleted: unless that step waits for the deletion, because something new is
/// to have the name.
struct Gentle {
    at: usize,
    on: usize,
    /// It cannot be otherwise: what is in use is not deleted.
    held: bool,
}

struct Builder<'a, 'b> {
    inquiry: &'a Inquiry<'a>,
    items: Vec<Item<'b>>,
    drafts: Vec<Draft>,
    out: &'a mut Planned,
}

impl Builder<'_, '_> {
    /// What is replaced and rests on something that is deleted first must be
    /// deleted before that.
    fn delete_first_spreads(&mut self) {
        let mut first: BTreeSet<Urn> = BTreeSet::new();
        for item in &mut self.items {
            let Some(previous) = item.previous else { continue };
            let rests = previous.meta.dependencies.iter().any(|it| first.contains(it));
            if item.op == Op::Replace && rests {
                item.op = Op::DeleteReplace;
            }
            if item.op == Op::DeleteReplace {
                first.insert(previous.urn.clone());
            }
        }
    }

    /// A thing that AWS will not delete while it is used, whose name or key
    /// leaves no room for a second one: neither order works.
    fn refuse_deadlocks(&mut self) {
        let mut refused = Vec::new();
        for item in &self.items {
            let Some(previous) = item.previous.filter(|_| item.op == Op::DeleteReplace) else {
                continue;
            };
            if !item.kind.held() {
                continue;
            }
            let user = self.items.iter().find(|other| {
                let uses =
                    other.previous.is_some_and(|it| it.meta.dependencies.contains(&previous.urn));
                uses && !matches!(other.op, Op::DeleteReplace | Op::Create)
            });
            if let Some(user) = user {
                let because = item.because.join(", ");
                let message = format!(
                    "`{}` must be replaced because of {because}, but `{}` uses it: it cannot be deleted first, and its name is taken as long as it is there",
                    item.key, user.key
                );
                refused.push(Diagnostic::error(&item.span, message).hint(
                    "give it another name together with this change, or leave the name out so that one is chosen",
                ));
            }
        }
        self.out.diagnostics.extend(refused);
    }

    fn draft(&mut self, step: Step, settings: Settings) -> usize {
        self.drafts.push(Draft { step, settings, needs: BTreeSet::new() });
        self.drafts.len() - 1
    }

    fn item(&mut self, at: usize) {
        let item = &self.items[at];
        let settings = self.out.settings.get(&item.key).unwrap_or(self.inquiry.settings).clone();
        let mut steps = Vec::new();
        if let Some(previous) = item.previous.filter(|_| item.vanished) {
            let step = self.delete_step(previous, Action::Forget);
            steps.push(self.draft(step, settings.clone()));
        }
        let item = &self.items[at];
        if let (Op::Replace | Op::DeleteReplace, Some(previous)) = (item.op, item.previous) {
            let step = self.delete_step(previous, delete(previous));
            let settings = self.settings_of(previous);
            steps.push(self.draft(step, settings));
        }
        let item = &self.items[at];
        if let Some(step) = self.main_step(item) {
            steps.push(self.draft(step, settings));
        }
        let item = &self.items[at];
        let (details, remark) = shown(item);
        let change = Change {
            urn: item.urn.clone(),
            parent: item.meta.parent.clone(),
            token: item.kind.token().to_owned(),
            op: item.op,
            id: item.previous.map(|it| it.id.clone()).or_else(|| item.import.clone()),
            details,
            replace_because: item.because.clone(),
            notes: item.notes.iter().cloned().chain(remark).collect(),
            steps,
            old_inputs: item.previous.map(|it| it.inputs.clone()),
            new_inputs: Some(item.inputs.clone()),
        };
        self.out.plan.changes.push(change);
    }

    /// The step that makes an item what the program says.
    fn main_step(&self, item: &Item<'_>) -> Option<Step> {
        let now = self.inquiry.now;
        let draws = self.inquiry.shaping.draws;
        let (action, birth) = match (item.op, item.previous) {
            (Op::Create | Op::Replace | Op::DeleteReplace, _) => (Action::Create, None),
            (Op::Read, _) => (Action::Read, None),
            (Op::Import, _) => (Action::Import { id: item.import.clone()? }, None),
            (Op::Update, Some(state)) => {
                let live = self.inquiry.facts.live.get(&state.op).cloned().flatten();
                let applied = state.inputs.clone();
                (Action::Update { id: state.id.clone(), applied, live }, Some(state))
            }
            (Op::Same, Some(state)) if item.recorded => {
                (Action::Record { id: state.id.clone() }, Some(state))
            }
            _ => return None,
        };
        let op = draws.op(&item.urn, "main");
        let mut meta = item.meta.clone();
        meta.created =
            birth.map_or_else(|| Some(now.text.to_owned()), |it| it.meta.created.clone());
        meta.modified = Some(now.text.to_owned());
        let state = ResourceState {
            urn: item.urn.clone(),
            token: item.kind.token().to_owned(),
            op: birth.map_or_else(|| op.clone(), |it| it.op.clone()),
            id: birth.map(|it| it.id.clone()).unwrap_or_default(),
            inputs: item.inputs.clone(),
            outputs: self.outputs_of(item, &action, birth),
            meta,
            phase: birth.map_or(Phase::Sent, |it| it.phase),
        };
        let drawn = item.kind.is_local() && matches!(action, Action::Create);
        Some(Step {
            urn: item.urn.clone(),
            key: Some(item.key.clone()),
            token: state.token.clone(),
            action,
            inputs: item.inputs.clone(),
            op,
            seed: drawn.then(|| draws.lot(&item.urn, now.unix)),
            named: item.named.clone(),
            governed: item.governed.clone(),
            state,
        })
    }

    /// The outputs before the step. What is only recorded has no later ones:
    /// they are what was just read, where it was.
    fn outputs_of(&self, item: &Item<'_>, action: &Action, birth: Option<&ResourceState>) -> Value {
        let Some(state) = birth else { return Value::Null };
        let read = matches!(self.inquiry.facts.live.get(&state.op), Some(Some(_)));
        match self.out.seen.get(&item.key) {
            Some(seen) if read && matches!(action, Action::Record { .. }) => {
                super::refresh::tidy(seen.outputs.clone().into())
            }
            _ => state.outputs.clone(),
        }
    }

    fn delete_step(&self, state: &ResourceState, action: Action) -> Step {
        Step {
            urn: state.urn.clone(),
            key: None,
            token: state.token.clone(),
            action,
            inputs: state.inputs.clone(),
            op: self.inquiry.shaping.draws.op(&state.urn, &format!("delete:{}", state.op)),
            seed: None,
            named: Vec::new(),
            governed: Vec::new(),
            state: state.clone(),
        }
    }

    /// The clients for something that only the state knows.
    fn settings_of(&self, state: &ResourceState) -> Settings {
        let default = self.inquiry.settings;
        let own = state.meta.provider.as_ref().and_then(|urn| {
            let known = self.out.providers.get(urn).cloned();
            known.or_else(|| {
                let provider = self.inquiry.snapshot.current(urn)?;
                let mut settings = Settings::from_inputs(&provider.inputs);
                settings.emulator = default.emulator;
                if default.emulator {
                    settings.endpoints.clone_from(&default.endpoints);
                }
                Some(settings)
            })
        });
        own.unwrap_or_else(|| default.clone()).in_region(state.meta.region.as_deref())
    }

    /// What the state has and the program no longer does.
    fn removed(&mut self) {
        let kept: BTreeSet<&str> =
            self.items.iter().filter_map(|it| it.previous).map(|it| &*it.op).collect();
        let removed: Vec<ResourceState> = self
            .inquiry
            .snapshot
            .resources
            .iter()
            .filter(|it| it.phase != Phase::Condemned && !kept.contains(&*it.op))
            .cloned()
            .collect();
        let going: BTreeSet<&Urn> = removed.iter().map(|it| &it.urn).collect();
        let going: BTreeSet<Urn> = going.into_iter().cloned().collect();
        // The last made is the first to be shown going.
        for state in removed.iter().rev() {
            self.remove(state, &going);
        }
    }

    fn remove(&mut self, state: &ResourceState, going: &BTreeSet<Urn>) {
        let targets = self.inquiry.targets;
        let mut change = Change {
            urn: state.urn.clone(),
            parent: state.meta.parent.clone(),
            token: state.token.clone(),
            op: Op::Delete,
            id: Some(state.id.clone()),
            details: Vec::new(),
            replace_because: Vec::new(),
            notes: Vec::new(),
            steps: Vec::new(),
            old_inputs: Some(state.inputs.clone()),
            new_inputs: None,
        };
        if !targets.include(&state.urn) {
            change.op = Op::Same;
            change.notes.push("not targeted".to_owned());
            self.out.plan.changes.push(change);
            return;
        }
        let mut users = self.inquiry.snapshot.resources.iter();
        let user = users.find(|it| rests_on(it, &state.urn) && !targets.include(&it.urn));
        if let Some(user) = user {
            let message = format!(
                "`{}` would be deleted, but `{}` rests on it and is not among the targets",
                state.urn.name(),
                user.urn.name()
            );
            self.out.diagnostics.push(Diagnostic {
                span: None,
                ..Diagnostic::error(&crate::lang::ast::Span::default(), message)
                    .hint("target it as well, with --target")
            });
        }
        let vanished = matches!(self.inquiry.facts.live.get(&state.op), Some(None));
        let with_other = state.meta.deleted_with.as_ref().is_some_and(|it| going.contains(it));
        let action = if vanished {
            change.notes.push("gone from AWS".to_owned());
            Action::Forget
        } else if with_other {
            change.notes.push("goes with what holds it".to_owned());
            Action::Forget
        } else if state.meta.retain_on_delete {
            change.op = Op::Forget;
            Action::Forget
        } else {
            delete(state)
        };
        if state.meta.protect && !targets.ignore_protect && !vanished {
            self.out.diagnostics.push(Diagnostic {
                span: None,
                ..Diagnostic::error(
                    &crate::lang::ast::Span::default(),
                    format!("`{}` is protected and would be deleted", state.urn),
                )
                .hint("set its option `protect: false` and run `orderinfra up` first")
            });
        }
        let step = self.delete_step(state, action);
        let settings = self.settings_of(state);
        change.steps.push(self.draft(step, settings));
        self.out.plan.changes.push(change);
    }

    /// Old halves of replacements that an earlier run did not get to.
    fn condemned(&mut self) {
        let condemned: Vec<ResourceState> = self.inquiry.snapshot.condemned().cloned().collect();
        for state in &condemned {
            let gone = matches!(self.inquiry.facts.live.get(&state.op), Some(None));
            let action = if gone { Action::Forget } else { delete(state) };
            let step = self.delete_step(state, action);
            let settings = self.settings_of(state);
            let id = self.draft(step, settings);
            self.out.plan.changes.push(Change {
                urn: state.urn.clone(),
                parent: state.meta.parent.clone(),
                token: state.token.clone(),
                op: Op::Delete,
                id: Some(state.id.clone()),
                details: Vec::new(),
                replace_because: Vec::new(),
                notes: vec!["replaced in an earlier run".to_owned()],
                steps: vec![id],
                old_inputs: Some(state.inputs.clone()),
                new_inputs: None,
            });
        }
    }

    /// Fills in `needs` and puts the drafts in an order that keeps them.
    fn order(&mut self) {
        let gentle = self.needs();
        self.be_gentle(gentle);
        let order = match self.sorted() {
            Ok(order) => order,
            Err(at) => {
                let urn = &self.drafts[at].step.urn;
                self.out.diagnostics.push(Diagnostic {
                    span: None,
                    ..Diagnostic::error(
                        &crate::lang::ast::Span::default(),
                        format!("no order of steps can bring `{urn}` about: it waits for itself"),
                    )
                });
                return;
            }
        };
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let mut drafts: Vec<Option<Draft>> = self.drafts.drain(..).map(Some).collect();
        for old in order {
            let draft = drafts[old].take().expect("each place is in the order once");
            let needs: BTreeSet<StepId> = draft.needs.iter().map(|it| place[*it]).collect();
            assert!(
                needs.iter().all(|it| *it < self.out.plan.steps.len()),
                "a step before its need"
            );
            self.out.plan.steps.push(draft.step);
            self.out.plan.needs.push(needs.into_iter().collect());
            self.out.clients.push(draft.settings);
        }
        for change in &mut self.out.plan.changes {
            for step in &mut change.steps {
                *step = place[*step];
            }
        }
    }

    /// The strict needs go to the drafts; the others are answered.
    fn needs(&mut self) -> Vec<Gentle> {
        let is_delete =
            |it: &Draft| matches!(it.step.action, Action::Delete { .. } | Action::Forget);
        let mut main: BTreeMap<Urn, usize> = BTreeMap::new();
        for (at, draft) in self.drafts.iter().enumerate() {
            if !is_delete(draft) {
                main.insert(draft.step.urn.clone(), at);
            }
        }
        // The main step of what a state entry has become, also by an alias.
        let become_of = |state: &ResourceState| -> Option<usize> {
            let item = self.items.iter().find(|it| it.previous.is_some_and(|it| it.op == state.op));
            main.get(item.map_or(&state.urn, |it| &it.urn)).copied()
        };
        let delete_first: BTreeSet<String> = self
            .items
            .iter()
            .filter(|it| it.op == Op::DeleteReplace || it.vanished)
            .filter_map(|it| Some(it.previous?.op.clone()))
            .collect();
        let vanished: BTreeSet<String> = self
            .items
            .iter()
            .filter(|it| it.vanished)
            .filter_map(|it| Some(it.previous?.op.clone()))
            .collect();
        let mut all: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.drafts.len()];
        let mut gentle = Vec::new();
        for (at, draft) in self.drafts.iter().enumerate() {
            if is_delete(draft) {
                let state = &draft.step.state;
                // What is gone already holds nobody and waits for nobody.
                if draft.step.action == Action::Forget && vanished.contains(&state.op) {
                    continue;
                }
                for (other_at, other) in self.drafts.iter().enumerate() {
                    // Those who rested on it go, or leave it, first.
                    if is_delete(other) && rests_on(&other.step.state, &state.urn) && at != other_at
                    {
                        all[at].insert(other_at);
                    }
                }
                if delete_first.contains(&state.op) {
                    continue;
                }
                let own = become_of(state);
                gentle.extend(own.map(|on| Gentle { at, on, held: false }));
                let kind = self.inquiry.registry.resource(&state.token);
                let held = kind.is_some_and(AnyResource::held) && state.phase != Phase::Condemned;
                let users = self.inquiry.snapshot.resources.iter();
                gentle.extend(users.filter(|it| rests_on(it, &state.urn)).filter_map(|user| {
                    let held = held && user.meta.dependencies.contains(&state.urn);
                    Some(Gentle { at, on: become_of(user)?, held })
                }));
            } else if let Some(item) =
                self.items.iter().find(|it| draft.step.key.as_ref() == Some(&it.key))
            {
                let needed = item.meta.dependencies.iter().chain(&item.meta.parent);
                all[at].extend(needed.chain(&item.meta.provider).filter_map(|it| main.get(it)));
                all[at].remove(&at);
                let own = |it: &Draft| {
                    is_delete(it)
                        && item.previous.is_some_and(|old| old.op == it.step.state.op)
                        && delete_first.contains(&it.step.state.op)
                };
                all[at].extend(
                    self.drafts.iter().enumerate().filter(|(_, it)| own(it)).map(|(at, _)| at),
                );
                all[at].extend(self.in_the_way(item, &is_delete));
            }
        }
        for (draft, needs) in self.drafts.iter_mut().zip(all) {
            draft.needs = needs;
        }
        gentle.retain(|it| it.at != it.on);
        gentle
    }

    /// Adds the gentle needs: all of them, or as many as leave an order.
    fn be_gentle(&mut self, mut gentle: Vec<Gentle>) {
        let strict: Vec<BTreeSet<usize>> = self.drafts.iter().map(|it| it.needs.clone()).collect();
        for it in &gentle {
            self.drafts[it.at].needs.insert(it.on);
        }
        if self.sorted().is_ok() {
            return;
        }
        for (draft, needs) in self.drafts.iter_mut().zip(strict) {
            draft.needs = needs;
        }
        // What cannot do without goes first.
        gentle.sort_by_key(|it| !it.held);
        for it in gentle {
            if !self.waits_for(it.on, it.at) {
                self.drafts[it.at].needs.insert(it.on);
            } else if it.held {
                self.refuse_held(&it);
            } else {
                self.delete_first(it.at, it.on);
            }
        }
    }

    fn sorted(&self) -> Result<Vec<usize>, usize> {
        let needs: BTreeMap<usize, BTreeSet<usize>> =
            self.drafts.iter().enumerate().map(|(at, it)| (at, it.needs.clone())).collect();
        graph::order(self.drafts.len(), &needs)
    }

    /// Whether a draft waits for another, however many steps between.
    fn waits_for(&self, at: usize, other: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if at == other {
                return true;
            }
            if seen.insert(at) {
                open.extend(&self.drafts[at].needs);
            }
        }
        false
    }

    fn refuse_held(&mut self, it: &Gentle) {
        let (held, user) = (&self.drafts[it.at].step.urn, &self.drafts[it.on].step);
        let item = self.items.iter().find(|it| user.key.as_ref() == Some(&it.key));
        let span = item.map(|it| it.span.clone()).unwrap_or_default();
        let message = format!(
            "`{}` must be deleted before `{}` can leave it, and cannot be deleted while it is used: neither order works",
            held.name(),
            user.urn.name()
        );
        self.out.diagnostics.push(Diagnostic::error(&span, message).hint(
            "if it has only got another key, say so with the option `aliases`; else leave out its name or give another one to what is new",
        ));
    }

    /// What was to be replaced new first cannot be.
    fn delete_first(&mut self, delete: usize, main: usize) {
        for change in &mut self.out.plan.changes {
            if change.op == Op::Replace && [delete, main].iter().all(|it| change.steps.contains(it))
            {
                change.op = Op::DeleteReplace;
                // The draft of the new one waits for the old one's end.
                self.drafts[main].needs.insert(delete);
            }
        }
    }

    /// Deletions of removed resources that still hold the name a new one is
    /// to have.
    fn in_the_way(&self, item: &Item<'_>, is_delete: &dyn Fn(&Draft) -> bool) -> Vec<usize> {
        if item.op != Op::Create {
            return Vec::new();
        }
        let drafts = self.drafts.iter().enumerate();
        let drafts = drafts.filter(|(_, it)| is_delete(it) && takes_name(item, &it.step.state));
        drafts.map(|(at, _)| at).collect()
    }
}

/// Whether a new resource is to have the name that another one has.
fn takes_name(item: &Item<'_>, state: &ResourceState) -> bool {
    let mut named = item.kind.schema().inputs.properties.iter();
    state.token == item.kind.token()
        && state.urn != item.urn
        && named.any(|(name, property)| {
            let wanted = item.inputs.get(name).filter(|it| it.is_known());
            property.autoname.is_some()
                && wanted
                    .is_some_and(|it| state.inputs.get(name).map(Value::bare) == Some(it.bare()))
        })
}

/// Retained things leave the state only.
fn delete(state: &ResourceState) -> Action {
    let Meta { retain_on_delete, .. } = state.meta;
    if retain_on_delete { Action::Forget } else { Action::Delete { id: state.id.clone() } }
}

fn rests_on(state: &ResourceState, urn: &Urn) -> bool {
    let meta = &state.meta;
    meta.dependencies.contains(urn)
        || meta.parent.as_ref() == Some(urn)
        || meta.provider.as_ref() == Some(urn)
}

/// What is to be seen of an item's changes, and a remark on what is not.
fn shown(item: &Item<'_>) -> (Vec<Detail>, Option<String>) {
    let is_hidden = |it: &Detail| item.hidden.iter().any(|hide| path::covers(hide, &it.path));
    let (hidden, shown): (Vec<_>, Vec<_>) = item.details.iter().cloned().partition(is_hidden);
    let names: Vec<String> = hidden.into_iter().map(|it| it.path).collect();
    (shown, (!names.is_empty()).then(|| format!("hidden: {}", names.join(", "))))
}
