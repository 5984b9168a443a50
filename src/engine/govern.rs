//! What `shift` owns of a resource: the weights of its two target groups, the
//! stickiness between them, and the tasks of services that it has scaled. What
//! a program says of these is never a change.
//!
//! Groups are told apart by their ARN, never by their place: a third one that
//! a program adds keeps its own weight, and the two theirs.

use crate::model::{Governed, Map, Value, value::whole};

/// Where listeners and rules have their actions.
const ACTIONS: [&str; 2] = ["defaultActions", "actions"];
/// What a group has that says nothing.
const WEIGHT: i64 = 1;

/// Puts what is live into what is wanted. Answers what a preview says of it.
/// `keys`: what the program calls the two groups.
pub fn overlay(
    governed: &Governed,
    keys: [Option<&str>; 2],
    wanted: &mut Value,
    live: &Value,
) -> Vec<String> {
    let Value::Map(wanted) = wanted else { return Vec::new() };
    let mut notes = Vec::new();
    for property in ACTIONS {
        let live = live.get(property).and_then(Value::as_list).unwrap_or_default();
        let Some(Value::List(actions)) = wanted.get_mut(property) else { continue };
        for action in actions {
            let made_anew = Anew::of(action, governed, keys);
            notes.extend(action_overlay(governed, action, live));
            made_anew.put_back(action, governed);
        }
    }
    for property in &governed.properties {
        let Some(live) = live.get(property) else { continue };
        let Some(own) = wanted.get_mut(property).filter(|it| *it != live) else { continue };
        notes.push(format!(
            "{property} governed by {}: live {} (declared {}, not a change)",
            governor(governed),
            live.to_display(),
            own.to_display()
        ));
        own.clone_from(live);
    }
    notes
}

/// Puts what the plan has settled into what is wanted when its step starts.
/// Group by group where not all of it was known then, such as the ARN of a
/// group that is made in the same run: it stands where it stood.
pub fn keep(wanted: &mut Value, planned: &Value) {
    let Value::Map(wanted) = wanted else { return };
    for property in ACTIONS {
        let Some(planned) = planned.get(property) else { continue };
        if planned.is_known() {
            wanted.insert(property.to_owned(), planned.clone());
            continue;
        }
        let Some(Value::List(actions)) = wanted.get_mut(property) else { continue };
        let planned = planned.as_list().unwrap_or_default();
        for (action, planned) in actions.iter_mut().zip(planned) {
            if let Some(settled) = Forward::settled(planned, action) {
                settled.put_into(action);
            }
        }
    }
}

fn action_overlay(pair: &Governed, wanted: &mut Value, live: &[Value]) -> Option<String> {
    let declared = Forward::of(wanted)?;
    if declared.of_pair(pair).groups.is_empty() {
        return None;
    }
    let (mut live, when) = match Forward::seen(pair, live) {
        Some(live) => (live, "live"),
        // A page for maintenance, or nothing at all.
        None => (Forward::last(pair, declared.stickiness.clone())?, "last seen"),
    };
    let note = note(pair, &declared, &live, when);
    // What the program has taken out goes, unless it has traffic.
    live.groups
        .retain(|(arn, weight)| declared.weight(arn).is_some() || weight.as_i64() != Some(0));
    // One that is not there has no traffic, whatever the program says of it.
    for (arn, _) in declared.of_pair(pair).groups {
        if live.weight(&arn).is_none() {
            live.groups.push((arn, 0_i64.into()));
        }
    }
    live.put_into(wanted);
    Some(note)
}

/// The weights of the two groups in what was seen of a listener or rule.
pub fn weights(pair: &Governed, seen: &Value) -> Option<[u32; 2]> {
    let actions = ACTIONS.iter().find_map(|it| seen.get(it)?.as_list())?;
    let seen = Forward::seen(pair, actions)?;
    let weight = |arn| u32::try_from(seen.weight(arn).unwrap_or_default()).ok();
    Some([weight(&pair.groups[0])?, weight(&pair.groups[1])?])
}

/// `weights governed by rollout "web": live blue 75 / green 25 (declared 100/0,
/// not a change)`
fn note(pair: &Governed, declared: &Forward, live: &Forward, when: &str) -> String {
    if pair.rollout.is_none() {
        return "weights governed by shift".to_owned();
    }
    let of = |it: &Forward| {
        let weight = |arn: &String| it.weight(arn).unwrap_or_default();
        (weight(&pair.groups[0]), weight(&pair.groups[1]))
    };
    let ((blue, green), wanted) = (of(live), of(declared));
    let text =
        format!("weights governed by {}: {when} blue {blue} / green {green}", governor(pair));
    // The same share in other numbers is the same.
    if blue * wanted.1 == green * wanted.0 && blue + green > 0 && wanted.0 + wanted.1 > 0 {
        return text;
    }
    format!("{text} (declared {}/{}, not a change)", wanted.0, wanted.1)
}

fn governor(governed: &Governed) -> String {
    governed.rollout.as_ref().map_or("shift".to_owned(), |it| format!("rollout {it:?}"))
}

/// The ARNs and weights of an action's target groups.
fn groups(action: &Value) -> Option<Vec<(&Value, Option<&Value>)>> {
    let Some(forward) = action.get("forward") else {
        return Some(vec![(action.get("targetGroupArn")?, None)]);
    };
    let groups = forward.get("targetGroups")?.as_list()?.iter();
    Some(groups.filter_map(|it| Some((it.get("arn")?, it.get("weight")))).collect())
}

fn arns_mut(action: &mut Value) -> Vec<&mut Value> {
    let mut arns = Vec::new();
    let Value::Map(action) = action else { return arns };
    for (name, value) in action {
        match (name.as_str(), value) {
            ("targetGroupArn", arn) => arns.push(arn),
            ("forward", Value::Map(forward)) => {
                let Some(Value::List(groups)) = forward.get_mut("targetGroups") else { continue };
                arns.extend(groups.iter_mut().filter_map(|it| match it {
                    Value::Map(group) => group.get_mut("arn"),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    arns
}

/// Groups of the pair that are made anew in the same run. While it is decided
/// what they get, they stand under the ARNs that they had.
struct Anew([Option<Value>; 2]);

impl Anew {
    fn of(action: &mut Value, pair: &Governed, keys: [Option<&str>; 2]) -> Self {
        let mut anew = [None, None];
        for arn in arns_mut(action) {
            let Value::Unknown(unknown) = &*arn else { continue };
            let is_it = |key: &Option<&str>| {
                let property = key.and_then(|it| unknown.from.strip_prefix(it));
                matches!(property, Some(".arn" | ".id"))
            };
            if let Some(side) = keys.iter().position(is_it) {
                let had = Value::string(&pair.groups[side]);
                anew[side] = Some(std::mem::replace(arn, had));
            }
        }
        Self(anew)
    }

    fn put_back(self, action: &mut Value, pair: &Governed) {
        for arn in arns_mut(action) {
            let side = pair.groups.iter().position(|it| arn.as_str() == Some(it));
            if let Some(unknown) = side.and_then(|it| self.0[it].as_ref()) {
                arn.clone_from(unknown);
            }
        }
    }
}

/// An action's target groups by their ARN, as far as these are known, with
/// their weights.
struct Forward {
    groups: Vec<(String, Value)>,
    stickiness: Option<Value>,
}

impl Forward {
    fn of(action: &Value) -> Option<Self> {
        Self::with(action, |_, arn| arn.as_str().map(str::to_owned))
    }

    /// With the ARNs that are known by now.
    fn settled(planned: &Value, wanted: &Value) -> Option<Self> {
        let known = groups(wanted)?;
        let arn = |place: usize, arn: &Value| match arn.as_str() {
            Some(arn) => Some(arn.to_owned()),
            None => known.get(place)?.0.as_str().map(str::to_owned),
        };
        Self::with(planned, arn)
    }

    fn with(action: &Value, arn: impl Fn(usize, &Value) -> Option<String>) -> Option<Self> {
        let groups = groups(action)?.into_iter().enumerate();
        let groups = groups.filter_map(|(place, (it, weight))| {
            Some((arn(place, it)?, weight.cloned().unwrap_or(WEIGHT.into())))
        });
        let stickiness = action.get("forward").and_then(|it| it.get("stickiness")).cloned();
        Some(Self { groups: groups.collect(), stickiness })
    }

    /// The one of these actions that has most of the pair.
    fn seen(pair: &Governed, actions: &[Value]) -> Option<Self> {
        let all = actions.iter().filter_map(Self::of).map(|it| it.of_pair(pair));
        all.max_by_key(|it| it.groups.len()).filter(|it| !it.groups.is_empty())
    }

    fn last(pair: &Governed, stickiness: Option<Value>) -> Option<Self> {
        let weights = pair.last?.map(|it| i64::from(it).into());
        Some(Self { groups: pair.groups.iter().cloned().zip(weights).collect(), stickiness })
    }

    fn of_pair(&self, pair: &Governed) -> Self {
        let groups = self.groups.iter().filter(|(arn, _)| pair.groups.contains(arn));
        Self { groups: groups.cloned().collect(), stickiness: self.stickiness.clone() }
    }

    fn weight(&self, arn: &str) -> Option<i64> {
        let (_, weight) = self.groups.iter().find(|(it, _)| it == arn)?;
        match weight.bare() {
            Value::Number(number) => whole(number),
            _ => None,
        }
    }

    /// These groups with these weights and this stickiness; groups that the
    /// action has beside them stay as they are.
    fn put_into(&self, action: &mut Value) {
        let Value::Map(action) = action else { return };
        action.retain(|_, it| !it.is_null());
        if !action.contains_key("forward") {
            let only = action.get("targetGroupArn").and_then(Value::as_str);
            if let (Some(only), [(arn, _)]) = (only, &self.groups[..])
                && only == arn
            {
                return;
            }
        }
        action.remove("targetGroupArn");
        let forward = action.entry("forward".to_owned()).or_insert_with(|| Map::new().into());
        let Value::Map(forward) = forward else { return };
        match &self.stickiness {
            Some(it) if it.is_known() => forward.insert("stickiness".to_owned(), it.clone()),
            Some(_) => None,
            None => forward.remove("stickiness"),
        };
        let groups = forward.entry("targetGroups".to_owned()).or_insert(Value::List(Vec::new()));
        let Value::List(groups) = groups else { return };
        for (arn, weight) in self.groups.iter().filter(|(_, weight)| weight.is_known()) {
            let is_it = |it: &&mut Value| it.get("arn").and_then(Value::as_str) == Some(arn);
            match groups.iter_mut().find(is_it) {
                Some(Value::Map(group)) => {
                    group.insert("weight".to_owned(), weight.clone());
                }
                _ => groups.push(Value::Map(Map::from([
                    ("arn".to_owned(), Value::string(arn)),
                    ("weight".to_owned(), weight.clone()),
                ]))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::Urn;

    const NO_KEYS: [Option<&str>; 2] = [None, None];

    fn pair(rollout: Option<&str>) -> Governed {
        Governed {
            urn: Urn("urn:pulumi:dev::shop::aws:lb/listener:Listener::https".to_owned()),
            groups: ["arn:blue".to_owned(), "arn:green".to_owned()],
            members: [None, None],
            properties: Vec::new(),
            rollout: rollout.map(str::to_owned),
            last: None,
        }
    }

    /// `blue 75, green 25` as an action.
    fn forward(groups: &[(&str, i64)]) -> Json {
        let groups = groups
            .iter()
            .map(|(name, weight)| json!({ "arn": format!("arn:{name}"), "weight": weight }));
        json!({ "type": "forward", "forward": { "targetGroups": groups.collect::<Vec<_>>() } })
    }

    fn sticky(action: &Json, stickiness: Json) -> Json {
        let mut action = action.clone();
        action["forward"]["stickiness"] = stickiness;
        action
    }

    fn single(name: &str) -> Json {
        json!({ "type": "forward", "targetGroupArn": format!("arn:{name}") })
    }

    fn listener(actions: &[Json]) -> Value {
        Value::from_json(&json!({ "port": 443, "defaultActions": actions }))
    }

    /// `blue=75 green=25 sticky`, action by action.
    fn shown(value: &Value) -> String {
        let of = |action: &Value| match (action.get("forward"), Forward::of(action)) {
            (Some(_), Some(it)) => {
                let groups = it.groups.iter().map(|(arn, weight)| {
                    format!("{}={}", arn.trim_start_matches("arn:"), weight.to_display())
                });
                let groups: Vec<String> = groups.collect();
                let sticky = it.stickiness.map(|it| format!(" sticky {}", it.to_display()));
                groups.join(" ") + &sticky.unwrap_or_default()
            }
            (None, Some(it)) => format!("only {}", it.groups[0].0),
            _ => "other".to_owned(),
        };
        let actions = value.get("defaultActions").and_then(Value::as_list).unwrap_or_default();
        actions.iter().map(of).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn the_two_groups_keep_their_live_weights() {
        let (declared, moved) = (&[("blue", 100), ("green", 0)], &[("blue", 75), ("green", 25)]);
        let login = json!({ "type": "authenticate-oidc", "order": 1 });
        let page = json!({ "type": "fixed-response" });
        let other = forward(&[("x", 5), ("y", 5)]);
        let cases: &[(&str, Vec<Json>, Vec<Json>)] = &[
            ("moved", vec![forward(declared)], vec![forward(moved)]),
            ("not moved", vec![forward(declared)], vec![forward(&[("green", 0), ("blue", 1)])]),
            ("another order", vec![forward(&[("green", 0), ("blue", 100)])], vec![forward(moved)]),
            (
                "a third group, declared before them",
                vec![forward(&[("third", 7), ("blue", 100), ("green", 0)])],
                vec![forward(moved)],
            ),
            (
                "a third group, live only",
                vec![forward(declared)],
                vec![forward(&[("hand", 9), ("blue", 75), ("green", 25)])],
            ),
            ("declared alone", vec![single("blue")], vec![forward(moved)]),
            ("alone on both sides", vec![single("blue")], vec![single("blue")]),
            (
                "green is not attached",
                vec![forward(&[("blue", 50), ("green", 50)])],
                vec![single("blue")],
            ),
            ("blue is no longer declared", vec![forward(&[("green", 100)])], vec![forward(moved)]),
            ("an action before it", vec![login.clone(), forward(declared)], vec![forward(moved)]),
            ("an action before it, live", vec![forward(declared)], vec![login, forward(moved)]),
            ("a maintenance page", vec![forward(declared)], vec![page]),
            ("another pair", vec![other.clone()], vec![forward(moved)]),
            ("another pair, live", vec![forward(declared)], vec![other]),
            (
                "stickiness",
                vec![sticky(&forward(declared), json!({ "enabled": true, "duration": 60 }))],
                vec![sticky(&forward(moved), json!({ "enabled": false }))],
            ),
            (
                "no stickiness is live",
                vec![sticky(&forward(declared), json!({ "enabled": true, "duration": 60 }))],
                vec![forward(moved)],
            ),
        ];
        let mut text = String::new();
        for (what, wanted, live) in cases {
            let mut wanted = listener(wanted);
            let notes = overlay(&pair(Some("web")), NO_KEYS, &mut wanted, &listener(live));
            writeln!(text, "{what}: {}", shown(&wanted)).expect("text");
            notes.iter().for_each(|it| writeln!(text, "  {it}").expect("text"));
        }
        insta::assert_snapshot!(text, @r#"
        moved: blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        not moved: blue=1 green=0
          weights governed by rollout "web": live blue 1 / green 0
        another order: green=25 blue=75
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        a third group, declared before them: third=7 blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        a third group, live only: blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        declared alone: blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 1/0, not a change)
        alone on both sides: only arn:blue
          weights governed by rollout "web": live blue 1 / green 0
        green is not attached: blue=1 green=0
          weights governed by rollout "web": live blue 1 / green 0 (declared 50/50, not a change)
        blue is no longer declared: green=25 blue=75
          weights governed by rollout "web": live blue 75 / green 25 (declared 0/100, not a change)
        an action before it: other | blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        an action before it, live: blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        a maintenance page: blue=100 green=0
        another pair: x=5 y=5
        another pair, live: blue=100 green=0
        stickiness: blue=75 green=25 sticky {"enabled":false}
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        no stickiness is live: blue=75 green=25
          weights governed by rollout "web": live blue 75 / green 25 (declared 100/0, not a change)
        "#);
    }

    /// By a page for maintenance, or because it is gone.
    #[test]
    fn what_shows_no_weights_gets_those_it_was_last_seen_with() {
        let pair = Governed { last: Some([0, 100]), ..pair(Some("web")) };
        let page = listener(&[json!({ "type": "fixed-response" })]);
        for live in [page, Value::Null] {
            let mut wanted = listener(&[forward(&[("blue", 100), ("green", 0), ("third", 0)])]);
            let notes = overlay(&pair, NO_KEYS, &mut wanted, &live);
            assert_eq!(shown(&wanted), "blue=0 green=100 third=0");
            let note = "weights governed by rollout \"web\": last seen blue 0 / green 100 \
                        (declared 100/0, not a change)";
            assert_eq!(notes, [note]);
        }
        let seen = listener(&[forward(&[("blue", 75), ("green", 25)])]);
        assert_eq!(weights(&pair, &seen), Some([75, 25]));
        assert_eq!(weights(&pair, &listener(&[forward(&[("x", 1)])])), None);
    }

    #[test]
    fn without_a_name_the_shift_itself_governs() {
        let mut wanted = listener(&[forward(&[("blue", 100), ("green", 0)])]);
        let live = listener(&[forward(&[("blue", 0), ("green", 100)])]);
        assert_eq!(
            overlay(&pair(None), NO_KEYS, &mut wanted, &live),
            ["weights governed by shift"]
        );
    }

    #[test]
    fn whole_properties_stay_as_they_are_live() {
        let governed = Governed {
            groups: Default::default(),
            properties: vec!["desiredCount".to_owned(), "gone".to_owned()],
            ..pair(Some("web"))
        };
        let cases = [
            (json!({ "desiredCount": 4, "name": "web" }), json!({ "desiredCount": 12 })),
            (json!({ "desiredCount": 4 }), json!({ "desiredCount": 4 })),
            (json!({ "name": "web" }), json!({ "desiredCount": 12, "name": "other" })),
            (json!({ "gone": 1 }), json!({})),
        ];
        let mut text = String::new();
        for (wanted, live) in cases {
            let mut wanted = Value::from_json(&wanted);
            let notes = overlay(&governed, NO_KEYS, &mut wanted, &Value::from_json(&live));
            writeln!(text, "{} {notes:?}", wanted.to_display()).expect("text");
        }
        insta::assert_snapshot!(text, @r#"
        {"desiredCount":12,"name":"web"} ["desiredCount governed by rollout \"web\": live 12 (declared 4, not a change)"]
        {"desiredCount":4} []
        {"name":"web"} []
        {"gone":1} []
        "#);
    }

    /// The third group's ARN is known when its own step has ended, not before.
    #[test]
    fn what_is_made_in_the_same_run_keeps_no_weights_from_the_plan() {
        let with_third = |third: Value| {
            let mut value = listener(&[forward(&[("blue", 100), ("green", 0), ("third", 7)])]);
            let Value::Map(map) = &mut value else { panic!("a mapping") };
            let Some(Value::List(actions)) = map.get_mut("defaultActions") else {
                panic!("a list")
            };
            let Value::Map(action) = &mut actions[0] else { panic!("a mapping") };
            let Some(Value::Map(forward)) = action.get_mut("forward") else { panic!("a mapping") };
            let Some(Value::List(groups)) = forward.get_mut("targetGroups") else {
                panic!("a list")
            };
            let Value::Map(group) = &mut groups[2] else { panic!("a mapping") };
            group.insert("arn".to_owned(), third);
            value
        };
        let mut planned = with_third(Value::unknown("third.arn"));
        let live = listener(&[forward(&[("blue", 75), ("green", 25)])]);
        overlay(&pair(Some("web")), NO_KEYS, &mut planned, &live);
        let mut wanted = with_third(Value::string("arn:third"));
        keep(&mut wanted, &planned);
        assert_eq!(shown(&wanted), "blue=75 green=25 third=7");
        let mut known = listener(&[single("blue")]);
        keep(&mut known, &live);
        assert_eq!(known, live);
    }

    /// A colour's group is replaced after a shift: the new one has no traffic
    /// either, and the old one is not kept in the way of its deletion.
    #[test]
    fn a_group_that_is_made_anew_takes_the_place_of_the_old_one() {
        let keys = [Some("blueTargets"), Some("greenTargets")];
        let with_blue = |blue: Value, single: bool| {
            let mut value = match single {
                true => listener(&[json!({ "type": "forward", "targetGroupArn": "" })]),
                false => listener(&[forward(&[("", 100), ("green", 0)])]),
            };
            let Value::Map(map) = &mut value else { panic!("a mapping") };
            let Some(Value::List(actions)) = map.get_mut("defaultActions") else {
                panic!("a list")
            };
            *arns_mut(&mut actions[0])[0] = blue;
            value
        };
        let live = listener(&[forward(&[("blue", 0), ("green", 100)])]);
        let unknown = || Value::unknown("blueTargets.arn");
        for (single, expected) in [(false, "new=0 green=100"), (true, "new=0 green=100")] {
            let mut planned = with_blue(unknown(), single);
            let notes = overlay(&pair(Some("web")), keys, &mut planned, &live);
            assert!(notes[0].contains("live blue 0 / green 100"), "{notes:?}");
            assert!(!format!("{planned:?}").contains("arn:blue"), "{planned:?}");
            let mut wanted = with_blue(Value::string("arn:new"), single);
            keep(&mut wanted, &planned);
            assert_eq!(shown(&wanted), expected);
        }
        // One that nobody knows is a third one.
        let mut planned = with_blue(unknown(), false);
        overlay(&pair(Some("web")), NO_KEYS, &mut planned, &live);
        let mut wanted = with_blue(Value::string("arn:new"), false);
        keep(&mut wanted, &planned);
        assert_eq!(shown(&wanted), "new=100 green=100");
    }

    #[test]
    fn what_the_program_takes_out_goes_once_it_has_no_traffic() {
        for (blue, expected) in [(0, "green=100"), (25, "green=100 blue=25")] {
            let mut wanted = listener(&[forward(&[("green", 0)])]);
            let live = listener(&[forward(&[("blue", blue), ("green", 100)])]);
            overlay(&pair(Some("web")), NO_KEYS, &mut wanted, &live);
            assert_eq!(shown(&wanted), expected);
        }
    }

    #[test]
    fn records_of_before_are_read() {
        let old = json!({ "urn": "urn:pulumi:dev::shop::t::n", "groups": ["a", "b"] });
        let read: Governed = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), old);
    }
}
