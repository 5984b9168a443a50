//! Plans and results as text and as JSON. Pure, but for `finished`, which
//! says what it made.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use similar::{ChangeTag, TextDiff};

use super::{
    PlanArgs,
    drive::{Applying, Direction},
    session::Session,
    ui::{BOLD, CYAN, DIM, GREEN, MAGENTA, RED, Ui, YELLOW},
};
use crate::{
    engine::execute::Finished,
    model::{Action, Change, ChangeKind, Op, Plan, Urn, Value, plan::Detail},
};

/// How to show a plan.
#[derive(Clone)]
pub(super) struct View<'a> {
    ui: &'a Ui,
    title: String,
    root: Urn,
    diff: bool,
    secrets: bool,
    destroy: bool,
}

impl<'a> View<'a> {
    pub(super) fn of(session: &Session, args: &PlanArgs, ui: &'a Ui, direction: Direction) -> Self {
        let verb = match direction {
            Direction::Up => "Previewing update",
            Direction::Destroy => "Previewing destroy",
        };
        Self {
            ui,
            title: format!("{verb} ({})", session.stack.full_name()),
            root: Urn::root(&session.stack.name, &session.stack.project),
            diff: args.diff,
            secrets: args.show_secrets,
            destroy: direction == Direction::Destroy,
        }
    }

    /// The same with every property.
    pub(super) fn detailed(&self) -> Self {
        Self { diff: true, ..self.clone() }
    }

    fn value(&self, value: &Value) -> Json {
        if self.secrets { revealed(value) } else { value.to_display() }
    }
}

fn revealed(value: &Value) -> Json {
    match value {
        Value::Secret(secret) => revealed(&secret.0),
        Value::List(list) => list.iter().map(revealed).collect(),
        Value::Map(map) => {
            Json::Object(map.iter().map(|(key, it)| (key.clone(), revealed(it))).collect())
        }
        other => other.to_display(),
    }
}

/// How many resources would change.
pub(super) fn changes(plan: &Plan) -> usize {
    plan.changes.iter().filter(|it| counts(it.op)).count()
}

fn counts(op: Op) -> bool {
    !matches!(op, Op::Same | Op::Read)
}

/// Line by line.
pub(super) fn plan_text(plan: &Plan, view: &View<'_>) -> Vec<String> {
    let ui = view.ui;
    let mut lines = vec![ui.paint(BOLD, &format!("{}:", view.title))];
    let shown = tree(plan);
    let name = |(depth, it): &(usize, &Change)| format!("{}{}", "  ".repeat(*depth), it.urn.name());
    let type_width = shown.iter().map(|(_, it)| short(&it.token).len()).max().unwrap_or(0);
    let name_width = shown.iter().map(|it| name(it).chars().count()).max().unwrap_or(0);
    for row in &shown {
        let (name, change) = (name(row), row.1);
        let verb = word(change.op);
        let pad = " ".repeat(name_width - name.chars().count());
        let line = format!(
            " {} {:type_width$}  {name}{pad}  {verb:8} {}",
            symbol(change.op, ui),
            short(&change.token),
            ui.paint(DIM, &info(change))
        );
        lines.push(line.trim_end().to_owned());
        let details = change.op != Op::Create || view.diff;
        if details && !matches!(change.op, Op::Delete | Op::Forget) {
            lines.extend(change.details.iter().flat_map(|it| detail(it, view)));
        }
        if change.op == Op::Create && view.diff {
            lines.extend(inputs(change, view));
        }
    }
    lines.extend(outputs(plan, view));
    lines.extend(summary(plan, ui));
    lines
}

/// What is to be seen, with its depth: each below its parent, which is there even
/// if nothing is said of it.
fn tree(plan: &Plan) -> Vec<(usize, &Change)> {
    let all = &plan.changes;
    let mut place: BTreeMap<&Urn, usize> = BTreeMap::new();
    for (at, change) in all.iter().enumerate() {
        place.entry(&change.urn).or_insert(at);
    }
    let parent = |at: usize| {
        let parent = all[at].parent.as_ref().and_then(|it| place.get(it).copied());
        parent.filter(|it| *it != at)
    };
    let mut seen = vec![false; all.len()];
    for (at, change) in all.iter().enumerate() {
        let mut next = (change.op != Op::Same || !change.notes.is_empty()).then_some(at);
        while let Some(at) = next.filter(|at| !std::mem::replace(&mut seen[*at], true)) {
            next = parent(at);
        }
    }
    let mut children: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for at in (0..all.len()).filter(|at| seen[*at]) {
        children.entry(parent(at)).or_default().push(at);
    }
    let mut rows = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut below = |of: Option<usize>, depth: usize, open: &mut Vec<(usize, usize)>| {
        let own = children.remove(&of).unwrap_or_default();
        open.extend(own.into_iter().rev().map(|at| (depth, at)));
    };
    below(None, 0, &mut open);
    while let Some((depth, at)) = open.pop() {
        rows.push((depth, &all[at]));
        below(Some(at), depth + 1, &mut open);
    }
    rows
}

/// What a refresh takes into the state, on one line and its properties.
pub(super) fn refreshed(it: &crate::engine::refresh::TakenIn, ui: &Ui) -> Vec<String> {
    let (op, verb) = if it.gone { (Op::Delete, "gone") } else { (Op::Update, "refresh") };
    let mut lines =
        vec![format!(" {} {} {} {verb}", symbol(op, ui), short(&it.token), it.urn.name())];
    for (name, before, after) in &it.changed {
        let (old, new) = (inline(&before.to_display(), before), inline(&after.to_display(), after));
        lines.push(format!("      {} {name}: {old} => {new}", ui.paint(YELLOW, "~")));
    }
    lines
}

/// The same as one document.
pub(super) fn refreshed_json(found: &[crate::engine::refresh::TakenIn]) -> String {
    let all: Vec<Json> = found
        .iter()
        .map(|it| {
            let changed = it.changed.iter().map(|(name, before, after)| {
                let sides = json!({ "before": before.to_display(), "after": after.to_display() });
                (name.clone(), sides)
            });
            let changed: serde_json::Map<String, Json> = changed.collect();
            json!({ "urn": it.urn.as_str(), "type": it.token, "gone": it.gone, "changed": changed })
        })
        .collect();
    serde_json::to_string_pretty(&all).unwrap_or_default()
}

/// `aws:ec2:Vpc` for `aws:ec2/vpc:Vpc`
pub(super) fn short(token: &str) -> String {
    match token.split(':').collect::<Vec<_>>()[..] {
        [package, module, name] => {
            let module = module.split('/').next().unwrap_or(module);
            match module {
                "index" => format!("{package}:{name}"),
                _ => format!("{package}:{module}:{name}"),
            }
        }
        _ => token.to_owned(),
    }
}

fn symbol(op: Op, ui: &Ui) -> String {
    let (style, text) = match op {
        Op::Same => (DIM, "  "),
        Op::Create => (GREEN, "+ "),
        Op::Update => (YELLOW, "~ "),
        Op::Replace | Op::DeleteReplace => (MAGENTA, "+-"),
        Op::Delete => (RED, "- "),
        Op::Read => (CYAN, "> "),
        Op::Import => (CYAN, "= "),
        Op::Forget => (RED, "< "),
    };
    ui.paint(style, text)
}

pub(super) fn symbol_of(action: &Action, ui: &Ui) -> String {
    let op = match action {
        Action::Create => Op::Create,
        Action::Update { .. } | Action::Record { .. } => Op::Update,
        Action::Delete { .. } => Op::Delete,
        Action::Read => Op::Read,
        Action::Import { .. } => Op::Import,
        Action::Forget => Op::Forget,
    };
    symbol(op, ui)
}

fn word(op: Op) -> &'static str {
    match op {
        Op::Same => "",
        Op::Create => "create",
        Op::Update => "update",
        Op::Replace | Op::DeleteReplace => "replace",
        Op::Delete => "delete",
        Op::Read => "read",
        Op::Import => "import",
        Op::Forget => "forget",
    }
}

/// The remarks behind a change.
fn info(change: &Change) -> String {
    let mut all = Vec::new();
    if !change.replace_because.is_empty() {
        let order = if change.op == Op::DeleteReplace { "deleted first" } else { "new one first" };
        all.push(format!("because of {}; {order}", change.replace_because.join(", ")));
    }
    if change.details.iter().any(|it| it.live.is_some()) {
        all.push("drift".to_owned());
    }
    all.extend(change.notes.iter().cloned());
    if all.is_empty() { String::new() } else { format!("[{}]", all.join("; ")) }
}

/// One property: what was applied, what is live where that is something else,
/// what is wanted.
fn detail(detail: &Detail, view: &View<'_>) -> Vec<String> {
    let ui = view.ui;
    let (style, sign) = match detail.kind {
        ChangeKind::Add => (GREEN, "+"),
        ChangeKind::Delete => (RED, "-"),
        ChangeKind::Update => (YELLOW, "~"),
    };
    let mark = if detail.replaces { ui.paint(MAGENTA, " [replaces]") } else { String::new() };
    let head = format!("      {} {}:", ui.paint(style, sign), detail.path);
    let there = detail.live.as_ref().unwrap_or(&detail.old);
    let (before, after) = (view.value(there), view.value(&detail.new));
    if let (Some(before), Some(after)) = (document(&before), document(&after)) {
        let mut lines = vec![format!("{head} (json){mark}")];
        lines.extend(text_diff(&pretty(&before), &pretty(&after), ui));
        lines.extend(applied(detail, view));
        return lines;
    }
    let text = match detail.kind {
        ChangeKind::Add => inline(&after, &detail.new),
        ChangeKind::Delete => inline(&before, there),
        ChangeKind::Update => {
            format!("{} => {}", inline(&before, there), inline(&after, &detail.new))
        }
    };
    let mut lines = vec![format!("{head} {text}{mark}")];
    lines.extend(applied(detail, view));
    lines
}

/// For drift: what we last put there.
fn applied(detail: &Detail, view: &View<'_>) -> Option<String> {
    detail.live.as_ref()?;
    let old = inline(&view.value(&detail.old), &detail.old);
    Some(view.ui.paint(DIM, &format!("          live is not what was last applied: {old}")))
}

fn document(value: &Json) -> Option<Json> {
    let parsed: Json = match value {
        Json::String(text) if text.starts_with(['{', '[']) => serde_json::from_str(text).ok()?,
        _ => return None,
    };
    (parsed.is_object() || parsed.is_array()).then_some(parsed)
}

fn pretty(value: &Json) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap_or_default()
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let map: std::collections::BTreeMap<_, _> =
                map.iter().map(|(key, it)| (key.clone(), sorted(it))).collect();
            Json::Object(map.into_iter().collect())
        }
        Json::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn text_diff(before: &str, after: &str, ui: &Ui) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(2) {
        if !lines.is_empty() {
            lines.push("          ...".to_owned());
        }
        for change in group.iter().flat_map(|it| diff.iter_changes(it)) {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => ui.paint(RED, &format!("        - {text}")),
                ChangeTag::Insert => ui.paint(GREEN, &format!("        + {text}")),
                ChangeTag::Equal => format!("          {text}"),
            });
        }
    }
    lines
}

/// A value on one line; unknowns say where they come from.
fn inline(shown: &Json, value: &Value) -> String {
    const LONGEST: usize = 200;
    if let Value::Unknown(unknown) = value {
        return format!("[unknown: {}]", unknown.from);
    }
    if let Value::Asset(asset) = value {
        return asset.to_string();
    }
    let text = match shown {
        Json::String(text) if text == "[secret]" => return text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() > LONGEST {
        return format!("{}…", text.chars().take(LONGEST).collect::<String>());
    }
    text
}

/// All that a new resource is made of.
fn inputs(change: &Change, view: &View<'_>) -> Vec<String> {
    let map = change.new_inputs.as_ref().and_then(Value::as_map);
    let lines = map.into_iter().flatten().map(|(name, value)| {
        format!("      {} {name}: {}", view.ui.paint(GREEN, "+"), inline(&view.value(value), value))
    });
    lines.collect()
}

fn outputs(plan: &Plan, view: &View<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, before, after) in &plan.outputs {
        let shown = inline(&view.value(after), after);
        let line = match before {
            Some(before) if before.bare() == after.bare() => continue,
            Some(before) => {
                let old = inline(&view.value(before), before);
                format!("  {} {name}: {old} => {shown}", view.ui.paint(YELLOW, "~"))
            }
            None => format!("  {} {name}: {shown}", view.ui.paint(GREEN, "+")),
        };
        lines.push(line);
    }
    if !lines.is_empty() {
        lines.insert(0, "Outputs:".to_owned());
    }
    lines
}

fn summary(plan: &Plan, ui: &Ui) -> Vec<String> {
    let count = |ops: &[Op]| plan.changes.iter().filter(|it| ops.contains(&it.op)).count();
    let kinds: [(&[Op], &str); 6] = [
        (&[Op::Create], "to create"),
        (&[Op::Import], "to import"),
        (&[Op::Update], "to update"),
        (&[Op::Replace, Op::DeleteReplace], "to replace"),
        (&[Op::Delete], "to delete"),
        (&[Op::Forget], "to forget"),
    ];
    let mut lines = vec!["Resources:".to_owned()];
    let mut used = 0;
    for (ops, text) in kinds {
        let count = count(ops);
        if count > 0 {
            used += 1;
            lines.push(format!("    {} {count} {text}", symbol(ops[0], ui)));
        }
    }
    let (changed, same) = (changes(plan), count(&[Op::Same]));
    lines.push(match (used, same) {
        (0, 0) => "    nothing here yet".to_owned(),
        (0, same) => format!("    {same} unchanged"),
        (1, 0) => return lines,
        (1, same) => format!("    {same} unchanged"),
        (_, 0) => format!("    {changed} changes"),
        (_, same) => format!("    {changed} changes. {same} unchanged"),
    });
    lines
}

/// One document, like Pulumi's `preview --json`.
pub(super) fn plan_json(plan: &Plan, view: &View<'_>) -> String {
    let mut counts = serde_json::Map::new();
    let steps: Vec<Json> = plan
        .changes
        .iter()
        .map(|it| {
            let op = op_name(it.op);
            let count = counts.entry(op).or_insert(json!(0));
            *count = json!(count.as_u64().unwrap_or_default() + 1);
            change_json(it, view)
        })
        .collect();
    let outputs: serde_json::Map<String, Json> =
        plan.outputs.iter().map(|(name, _, after)| (name.clone(), view.value(after))).collect();
    let document = json!({
        "stack": view.root.as_str(),
        "destroy": view.destroy,
        "steps": steps,
        "outputs": outputs,
        "changeSummary": counts,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn change_json(change: &Change, view: &View<'_>) -> Json {
    let details: serde_json::Map<String, Json> = change
        .details
        .iter()
        .map(|it| {
            let mut entry = json!({
                "kind": if it.replaces { format!("{}-replace", kind_name(it.kind)) } else { kind_name(it.kind).to_owned() },
                "applied": view.value(&it.old),
                "wanted": view.value(&it.new),
            });
            if let Some(live) = &it.live {
                entry["live"] = view.value(live);
            }
            (it.path.clone(), entry)
        })
        .collect();
    let mut json = json!({
        "op": op_name(change.op),
        "urn": change.urn.as_str(),
        "type": change.token,
        "id": change.id,
        "drift": change.details.iter().any(|it| it.live.is_some()),
        "replaceReasons": change.replace_because,
        "notes": change.notes,
        "detailedDiff": details,
        "oldInputs": change.old_inputs.as_ref().map(|it| view.value(it)),
        "newInputs": change.new_inputs.as_ref().map(|it| view.value(it)),
    });
    if let Some(parent) = &change.parent {
        json["parent"] = parent.as_str().into();
    }
    json
}

fn op_name(op: Op) -> String {
    serde_json::to_value(op).ok().and_then(|it| it.as_str().map(str::to_owned)).unwrap_or_default()
}

fn kind_name(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Add => "add",
        ChangeKind::Delete => "delete",
        ChangeKind::Update => "update",
    }
}

/// How a run went: outputs on stdout, the rest on stderr.
pub(super) fn finished(
    finished: &Finished,
    plan: &Plan,
    outputs: &[(String, Value)],
    seconds: i64,
    how: &Applying<'_>,
    ui: &Ui,
) {
    let shown = |value: &Value| {
        if how.plan.show_secrets { revealed(value) } else { value.to_display() }
    };
    if ui.json {
        ui.document(&finished_json(finished, plan, outputs, seconds, &shown));
    } else if how.direction == Direction::Up && !outputs.is_empty() {
        ui.say(&ui.paint(BOLD, "Outputs:"));
        for (name, value) in outputs {
            let text = match shown(value) {
                Json::String(text) => text,
                other => other.to_string(),
            };
            ui.out(&format!("{name}: {text}"));
        }
    }
    let done = |name: &str| {
        finished
            .done
            .iter()
            .filter(|it| super::drive::action_word(&plan.steps[**it].action) == name)
            .count()
    };
    let mut parts: Vec<String> = [
        ("create", "created"),
        ("import", "imported"),
        ("update", "updated"),
        ("delete", "deleted"),
    ]
    .iter()
    .filter(|(name, _)| done(name) > 0)
    .map(|(name, word)| format!("{} {word}", done(name)))
    .collect();
    let same = plan.changes.iter().filter(|it| it.op == Op::Same).count();
    if same > 0 {
        parts.push(format!("{same} unchanged"));
    }
    ui.say(&format!(
        "Resources: {}",
        if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") }
    ));
    ui.say(&format!("Duration: {}", clock(seconds)));
    failures(finished, plan, ui);
}

/// The table of a run that did not end well.
fn failures(finished: &Finished, plan: &Plan, ui: &Ui) {
    if finished.failed.is_empty()
        && finished.not_started.is_empty()
        && finished.abandoned.is_empty()
    {
        return;
    }
    let line = |step: usize| {
        let step = &plan.steps[step];
        format!(
            "    {} {} {}",
            super::drive::action_word(&step.action),
            short(&step.token),
            step.urn.name()
        )
    };
    ui.say(&format!("Done: {}", finished.done.len()));
    ui.say(&ui.paint(RED, &format!("Failed: {}", finished.failed.len())));
    for (step, why) in &finished.failed {
        ui.say(&format!("{}: {why}", line(*step)));
    }
    if !finished.abandoned.is_empty() {
        ui.say(&format!("Left to the next run: {}", finished.abandoned.len()));
        finished.abandoned.iter().for_each(|it| ui.say(&line(*it)));
    }
    ui.say(&format!("Not started: {}", finished.not_started.len()));
    finished.not_started.iter().for_each(|it| ui.say(&line(*it)));
}

fn finished_json(
    finished: &Finished,
    plan: &Plan,
    outputs: &[(String, Value)],
    seconds: i64,
    shown: &dyn Fn(&Value) -> Json,
) -> String {
    let step = |it: usize, result: &str, why: Option<&str>| {
        let step = &plan.steps[it];
        json!({ "urn": step.urn.as_str(), "type": step.token, "op": super::drive::action_word(&step.action), "result": result, "error": why })
    };
    let done = finished.done.iter().map(|it| step(*it, "done", None));
    let failed = finished.failed.iter().map(|(it, why)| step(*it, "failed", Some(why)));
    let left = finished.not_started.iter().map(|it| step(*it, "not-started", None));
    let abandoned = finished.abandoned.iter().map(|it| step(*it, "abandoned", None));
    let outputs: serde_json::Map<String, Json> =
        outputs.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
    let ok = finished.failed.is_empty() && finished.halt.is_none();
    let document = json!({
        "result": if ok { "succeeded" } else { "failed" },
        "durationSeconds": seconds,
        "steps": done.chain(failed).chain(abandoned).chain(left).collect::<Vec<_>>(),
        "outputs": outputs,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

fn clock(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, m, s) => format!("{h}h{m}m{s}s"),
    }
}
