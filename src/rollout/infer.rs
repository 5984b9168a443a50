//! A rollout that no program has said: from the stack's outputs, or from its
//! only pair of blue and green target groups. Pure, over the state.

use std::fmt;

use super::{
    LISTENER, RULE,
    spec::{Color, Colors, GROUP, Part, SERVICE, Spec},
};
use crate::model::{ResourceState, Snapshot, Value, stack::Phase, value::Ref};

/// What an inferred rollout is called.
pub const NAME: &str = "default";

/// Why nothing can be inferred, with a section to paste into the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    pub message: String,
    pub snippet: String,
}

impl fmt::Display for Unclear {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, snippet } = self;
        write!(out, "{message}\n\nSay it in the program, as it should be:\n\n{snippet}")
    }
}

/// The rollout of a stack whose program has no `rollouts:`.
pub fn rollout(snapshot: &Snapshot, outputs: &[(String, Value)]) -> Result<Spec, Unclear> {
    let stack = Stack { snapshot };
    let [blue, green] = match stack.by_outputs(outputs) {
        Some(pair) => pair,
        None => stack.by_names()?,
    };
    if blue.id == green.id {
        let message = format!("blue and green are the same target group: {}", shown(&blue));
        return Err(stack.unclear(message, &[]));
    }
    let routes = stack.routes(&blue.id, &green.id);
    if routes.is_empty() {
        let message = format!(
            "no listener or rule of the stack forwards to both {} and {}",
            shown(&blue),
            shown(&green)
        );
        return Err(stack.unclear(message, &[[blue, green]]));
    }
    let services = (stack.services(&blue.id), stack.services(&green.id));
    for (group, services) in [(&blue, &services.0), (&green, &services.1)] {
        if services.len() > 1 {
            let names: Vec<String> = services.iter().map(shown).collect();
            let message =
                format!("several services are behind {}: {}", shown(group), names.join(", "));
            return Err(stack.unclear(message, &[[blue.clone(), green.clone()]]));
        }
    }
    let mut spec = Spec::of(NAME, stack.colors([blue, green]));
    spec.routes = Some(routes);
    Ok(spec)
}

/// Every listener and rule of the state that forwards to both groups. One to
/// one of them alone, such as a test listener, is nobody's to move.
pub fn routes(snapshot: &Snapshot, colors: &Colors) -> Vec<Part> {
    Stack { snapshot }.routes(&colors.blue.target_group.id, &colors.green.target_group.id)
}

struct Stack<'a> {
    snapshot: &'a Snapshot,
}

type Pair = [Part; 2];

impl<'a> Stack<'a> {
    fn of(&self, tokens: &'a [&str]) -> impl Iterator<Item = &'a ResourceState> {
        let all = self.snapshot.resources.iter();
        let there = |it: &&ResourceState| !matches!(it.phase, Phase::Condemned | Phase::Sent);
        all.filter(there).filter(move |it| tokens.contains(&it.token.as_str()))
    }

    /// `blueTargetGroupArn` and `greenTargetGroupArn`
    fn by_outputs(&self, outputs: &[(String, Value)]) -> Option<Pair> {
        let of = |side: &str| {
            let name = format!("{side}TargetGroupArn");
            let (_, value) = outputs.iter().find(|(it, _)| *it == name)?;
            Some(self.group(id_of(value)?))
        };
        Some([of("blue")?, of("green")?])
    }

    /// Two groups of one action, of which one is named blue and one green.
    fn by_names(&self) -> Result<Pair, Unclear> {
        let mut pairs: Vec<Pair> = Vec::new();
        let mut others: Vec<Pair> = Vec::new();
        for groups in self.of(&[LISTENER, RULE]).flat_map(forwards) {
            let [one, other] = &groups[..] else { continue };
            let (one, other) = (self.group(one), self.group(other));
            let (into, pair) = match (color(&one), color(&other)) {
                (Some("blue"), Some("green")) => (&mut pairs, [one, other]),
                (Some("green"), Some("blue")) => (&mut pairs, [other, one]),
                _ => (&mut others, [one, other]),
            };
            if !into.contains(&pair) {
                into.push(pair);
            }
        }
        if pairs.len() == 1 {
            return Ok(pairs.remove(0));
        }
        if !pairs.is_empty() {
            let names = |it: &Pair| format!("{} and {}", shown(&it[0]), shown(&it[1]));
            let names: Vec<String> = pairs.iter().map(names).collect();
            let message = format!(
                "the stack has {} pairs of blue and green target groups: {}",
                pairs.len(),
                names.join("; ")
            );
            return Err(self.unclear(message, &pairs));
        }
        let message = "the program has no `rollouts`, the stack has no outputs \
            `blueTargetGroupArn` and `greenTargetGroupArn`, and no action forwards to two target \
            groups that are named blue and green"
            .to_owned();
        if others.is_empty() {
            let groups: Vec<&ResourceState> = self.of(&[GROUP]).collect();
            if let [one, other, ..] = groups[..] {
                others.push([part(one), part(other)]);
            }
        }
        Err(self.unclear(message, &others))
    }

    /// A group by its ARN, with its URN if it is the stack's own.
    fn group(&self, arn: &str) -> Part {
        let own = self.of(&[GROUP]).find(|it| it.id == arn);
        own.map_or_else(|| Part { id: arn.to_owned(), urn: None }, part)
    }

    fn routes(&self, blue: &str, green: &str) -> Vec<Part> {
        let moves = |it: &&ResourceState| {
            let mut forwards = forwards(it).into_iter();
            forwards.any(|it| [blue, green].iter().all(|arn| it.iter().any(|it| it == arn)))
        };
        self.of(&[LISTENER, RULE]).filter(moves).map(part).collect()
    }

    /// The services whose tasks are the targets of a group.
    fn services(&self, group: &str) -> Vec<Part> {
        let is_behind = |it: &&ResourceState| {
            let blocks = property(it, "loadBalancers").and_then(Value::as_list);
            let groups = blocks.into_iter().flatten().filter_map(|it| it.get("targetGroupArn"));
            groups.filter_map(id_of).any(|it| it == group)
        };
        self.of(&[SERVICE]).filter(is_behind).map(part).collect()
    }

    /// With their services, if both have one.
    fn colors(&self, pair: Pair) -> Colors {
        let only = |group: &Part| match &self.services(&group.id)[..] {
            [one] => Some(one.clone()),
            _ => None,
        };
        let [blue, green] = pair;
        let (of_blue, of_green) = match (only(&blue), only(&green)) {
            (Some(one), Some(other)) if one != other => (Some(one), Some(other)),
            _ => (None, None),
        };
        Colors {
            blue: Color { target_group: blue, service: of_blue },
            green: Color { target_group: green, service: of_green },
        }
    }

    fn unclear(&self, message: String, pairs: &[Pair]) -> Unclear {
        let mut snippet = "rollouts:\n".to_owned();
        for (at, pair) in pairs.iter().enumerate() {
            let name = match at {
                0 => "web".to_owned(),
                _ => format!("web{}", at + 1),
            };
            let routes = self.routes(&pair[0].id, &pair[1].id);
            let colors = self.colors(pair.clone());
            snippet += &section(&name, &colors, &routes);
        }
        if pairs.is_empty() {
            let part = |name: &str| Part { id: format!("${{{name}}}"), urn: None };
            let color = |name: &str| Color {
                target_group: part(&format!("{name}Targets")),
                service: Some(part(&format!("{name}Service"))),
            };
            let colors = Colors { blue: color("blue"), green: color("green") };
            snippet += &section("web", &colors, &[]);
        }
        Unclear { message, snippet }
    }
}

fn section(name: &str, colors: &Colors, routes: &[Part]) -> String {
    let mut lines = vec![format!("  {name}:"), "    colors:".to_owned()];
    for (side, color) in [("blue", &colors.blue), ("green", &colors.green)] {
        lines.push(format!("      {side}:"));
        lines.push(format!("        targetGroup: {}", written(&color.target_group)));
        let service = color.service.iter();
        lines.extend(service.map(|it| format!("        service: {}", written(it))));
    }
    if !routes.is_empty() {
        lines.push("    routes:".to_owned());
        lines.extend(routes.iter().map(|it| format!("      - {}", written(it))));
    }
    lines.push("    strategy: canary:10/5m".to_owned());
    lines.join("\n") + "\n"
}

/// `${blueTargets}`, if its name can be written so.
fn written(part: &Part) -> String {
    let plain = |it: &&str| {
        it.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
            && it.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    match part.urn.as_ref().map(|it| it.name()).filter(plain) {
        Some(name) => format!("${{{name}}}"),
        None => part.id.clone(),
    }
}

fn shown(part: &Part) -> String {
    let name = part.urn.as_ref().map_or(part.id.as_str(), |it| it.name());
    format!("`{name}`")
}

fn part(state: &ResourceState) -> Part {
    Part { id: state.id.clone(), urn: Some(state.urn.clone()) }
}

/// Which colour a group's logical name holds, if only one.
fn color(group: &Part) -> Option<&'static str> {
    let name = group.urn.as_ref()?.name().to_lowercase();
    match (name.contains("blue"), name.contains("green")) {
        (true, false) => Some("blue"),
        (false, true) => Some("green"),
        _ => None,
    }
}

/// As it was last read, else as it was applied.
fn property<'a>(state: &'a ResourceState, name: &str) -> Option<&'a Value> {
    state.outputs.get(name).or_else(|| state.inputs.get(name))
}

/// The groups of each action that forwards to some.
fn forwards(state: &ResourceState) -> Vec<Vec<&str>> {
    let actions = property(state, super::property(&state.token)).and_then(Value::as_list);
    let groups = actions.into_iter().flatten().filter_map(|action| {
        let groups = action.get("forward")?.get("targetGroups")?.as_list()?;
        Some(groups.iter().filter_map(|it| id_of(it.get("arn")?)).collect())
    });
    groups.collect()
}

/// A text, or the id of a resource.
fn id_of(value: &Value) -> Option<&str> {
    match value.bare() {
        Value::Ref(it) => {
            let Ref { id, .. } = it.as_ref();
            id.as_str()
        }
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Urn, stack::Meta};

    fn state(token: &str, name: &str, outputs: serde_json::Value) -> ResourceState {
        ResourceState {
            urn: Urn::new("dev", "shop", None, token, name),
            token: token.to_owned(),
            op: name.to_owned(),
            id: format!("arn:{name}"),
            inputs: Value::Null,
            outputs: Value::from_json(&outputs),
            meta: Meta::default(),
            phase: Phase::Live,
        }
    }

    fn groups(names: &[&str]) -> Vec<ResourceState> {
        names.iter().map(|it| state(GROUP, it, json!({}))).collect()
    }

    fn route(token: &str, name: &str, groups: &[&str]) -> ResourceState {
        let groups: Vec<_> =
            groups.iter().map(|it| json!({ "arn": format!("arn:{it}"), "weight": 1 })).collect();
        let action = json!({ "type": "forward", "forward": { "targetGroups": groups } });
        state(token, name, json!({ (super::super::property(token)): [action] }))
    }

    fn service(name: &str, group: &str) -> ResourceState {
        state(
            SERVICE,
            name,
            json!({ "loadBalancers": [{ "targetGroupArn": format!("arn:{group}") }] }),
        )
    }

    /// The rollout, or what is said instead.
    fn inferred(resources: Vec<ResourceState>, outputs: &[(&str, &str)]) -> String {
        let snapshot = Snapshot { resources, open: Vec::new() };
        let outputs: Vec<(String, Value)> =
            outputs.iter().map(|(name, it)| ((*name).to_owned(), Value::string(*it))).collect();
        match rollout(&snapshot, &outputs) {
            Ok(spec) => section(&spec.name, &spec.colors, &spec.routes.unwrap_or_default()),
            Err(unclear) => unclear.to_string(),
        }
    }

    const OUTPUTS: &[(&str, &str)] =
        &[("blueTargetGroupArn", "arn:one"), ("greenTargetGroupArn", "arn:two")];

    #[test]
    fn outputs_say_which_groups() {
        let mut all = groups(&["one", "two", "three"]);
        all.push(route(LISTENER, "https", &["one", "two"]));
        all.push(route(RULE, "api", &["three", "two", "one"]));
        all.push(route(LISTENER, "test", &["two"]));
        all.push(route(LISTENER, "mixed", &["two", "three"]));
        all.push(service("first", "one"));
        all.push(service("second", "two"));
        insta::assert_snapshot!(inferred(all, OUTPUTS), @r"
        default:
          colors:
            blue:
              targetGroup: ${one}
              service: ${first}
            green:
              targetGroup: ${two}
              service: ${second}
          routes:
            - ${https}
            - ${api}
          strategy: canary:10/5m
        ");
    }

    #[test]
    fn names_say_which_groups_where_outputs_do_not() {
        let mut all = groups(&["web-green", "webBlue", "other"]);
        all.push(route(LISTENER, "https", &["web-green", "webBlue"]));
        all.push(route(RULE, "api", &["webBlue", "web-green"]));
        all.push(route(RULE, "split", &["webBlue", "other"]));
        all.push(service("only", "webBlue"));
        insta::assert_snapshot!(inferred(all, &OUTPUTS[..1]), @r"
        default:
          colors:
            blue:
              targetGroup: ${webBlue}
            green:
              targetGroup: arn:web-green
          routes:
            - ${https}
            - ${api}
          strategy: canary:10/5m
        ");
    }

    #[test]
    fn what_is_not_clear_is_asked_for_with_what_is_there() {
        let mut pairs = groups(&["aBlue", "aGreen", "bBlue", "bGreen"]);
        pairs.push(route(LISTENER, "a", &["aBlue", "aGreen"]));
        pairs.push(route(LISTENER, "b", &["bBlue", "bGreen"]));
        pairs.push(service("aOne", "aBlue"));
        pairs.push(service("aTwo", "aGreen"));
        let mut plain = groups(&["one", "two"]);
        plain.push(route(LISTENER, "https", &["one", "two"]));
        let mut apart = groups(&["one", "two"]);
        apart.push(route(LISTENER, "https", &["one"]));
        let mut crowded = groups(&["one", "two"]);
        crowded.push(route(LISTENER, "https", &["one", "two"]));
        crowded.push(service("first", "one"));
        crowded.push(service("second", "one"));
        let all = [
            inferred(pairs, &[]),
            inferred(plain, &[]),
            inferred(apart.clone(), &[]),
            inferred(apart, OUTPUTS),
            inferred(crowded, OUTPUTS),
            inferred(Vec::new(), &[]),
            inferred(Vec::new(), &[OUTPUTS[0], ("greenTargetGroupArn", "arn:one")]),
        ];
        insta::assert_snapshot!(all.join("\n---\n"), @r"
        the stack has 2 pairs of blue and green target groups: `aBlue` and `aGreen`; `bBlue` and `bGreen`

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${aBlue}
                service: ${aOne}
              green:
                targetGroup: ${aGreen}
                service: ${aTwo}
            routes:
              - ${a}
            strategy: canary:10/5m
          web2:
            colors:
              blue:
                targetGroup: ${bBlue}
              green:
                targetGroup: ${bGreen}
            routes:
              - ${b}
            strategy: canary:10/5m

        ---
        the program has no `rollouts`, the stack has no outputs `blueTargetGroupArn` and `greenTargetGroupArn`, and no action forwards to two target groups that are named blue and green

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${one}
              green:
                targetGroup: ${two}
            routes:
              - ${https}
            strategy: canary:10/5m

        ---
        the program has no `rollouts`, the stack has no outputs `blueTargetGroupArn` and `greenTargetGroupArn`, and no action forwards to two target groups that are named blue and green

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${one}
              green:
                targetGroup: ${two}
            strategy: canary:10/5m

        ---
        no listener or rule of the stack forwards to both `one` and `two`

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${one}
              green:
                targetGroup: ${two}
            strategy: canary:10/5m

        ---
        several services are behind `one`: `first`, `second`

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${one}
              green:
                targetGroup: ${two}
            routes:
              - ${https}
            strategy: canary:10/5m

        ---
        the program has no `rollouts`, the stack has no outputs `blueTargetGroupArn` and `greenTargetGroupArn`, and no action forwards to two target groups that are named blue and green

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${blueTargets}
                service: ${blueService}
              green:
                targetGroup: ${greenTargets}
                service: ${greenService}
            strategy: canary:10/5m

        ---
        blue and green are the same target group: `arn:one`

        Say it in the program, as it should be:

        rollouts:
          web:
            colors:
              blue:
                targetGroup: ${blueTargets}
                service: ${blueService}
              green:
                targetGroup: ${greenTargets}
                service: ${greenService}
            strategy: canary:10/5m
        ");
    }

    #[test]
    fn what_waits_for_its_deletion_is_not_there() {
        let mut all = groups(&["blue", "green"]);
        let mut old = route(LISTENER, "https", &["blue", "green"]);
        old.phase = Phase::Condemned;
        all.push(old);
        assert!(inferred(all, &[]).contains("no action forwards"));
    }
}
