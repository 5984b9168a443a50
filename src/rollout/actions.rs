//! The actions of a route, in AWS's own JSON: which weights they have, how
//! they change, and whether two lists of them say the same.

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

/// The target groups that traffic goes from and to.
pub type Pair<'a> = [&'a str; 2];

/// What one forward action says about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// 0 for a group that is not there.
    pub weights: [u32; 2],
    pub present: [bool; 2],
    /// How many groups there are beside the pair, and whether one of them
    /// takes traffic.
    pub others: usize,
    pub others_weigh: bool,
    /// Seconds, where clients stay with the group that they came to.
    pub sticky: Option<u32>,
}

impl Forward {
    /// How much goes to the second, of a thousand.
    pub fn permille(&self) -> Option<u32> {
        permille(self.weights)
    }
}

/// `None` where nothing goes anywhere.
pub fn permille([from, to]: [u32; 2]) -> Option<u32> {
    let all = from + to;
    (all > 0).then(|| (to * 1000 + all / 2) / all)
}

/// Whether two pairs of weights share traffic in the same way.
pub fn same_share(one: [u32; 2], other: [u32; 2]) -> bool {
    u64::from(one[0]) * u64::from(other[1]) == u64::from(one[1]) * u64::from(other[0])
        && (one[0] + one[1] == 0) == (other[0] + other[1] == 0)
        && (one[0] == 0) == (other[0] == 0)
}

/// What is to become of a route's stickiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stick {
    Keep,
    Off,
    /// For so many seconds.
    On(u32),
}

/// Groups and weights of an action that forwards.
fn tuples(action: &Json) -> Option<Vec<(&str, u32)>> {
    if action["Type"] != "forward" {
        return None;
    }
    if let Some(groups) = action["ForwardConfig"]["TargetGroups"].as_array() {
        let weight = |it: &Json| it["Weight"].as_u64().and_then(|it| u32::try_from(it).ok());
        let of = |it| (text(it, "TargetGroupArn"), weight(it).unwrap_or(1));
        return Some(groups.iter().map(of).collect());
    }
    action["TargetGroupArn"].as_str().map(|arn| vec![(arn, 1)])
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Where the only action is that forwards to one of the pair at least; an
/// error when there are several.
fn place(actions: &[Json], pair: Pair<'_>) -> Option<usize> {
    let ours = |action: &Json| {
        let groups = tuples(action).unwrap_or_default();
        groups.iter().any(|(arn, _)| pair.contains(arn))
    };
    let mut found = actions.iter().enumerate().filter(|(_, it)| ours(it));
    match (found.next(), found.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    }
}

/// The one forward action that has the pair in it, or one of it.
pub fn forward(actions: &[Json], pair: Pair<'_>) -> Option<Forward> {
    let action = &actions[place(actions, pair)?];
    let groups = tuples(action)?;
    let of = |arn: &str| groups.iter().find(|(it, _)| *it == arn).map(|(_, weight)| *weight);
    let (from, to) = (of(pair[0]), of(pair[1]));
    let others: Vec<u32> =
        groups.iter().filter(|(it, _)| !pair.contains(it)).map(|(_, weight)| *weight).collect();
    let sticky = &action["ForwardConfig"]["TargetGroupStickinessConfig"];
    let seconds = sticky["DurationSeconds"].as_u64().and_then(|it| u32::try_from(it).ok());
    Some(Forward {
        weights: [from.unwrap_or(0), to.unwrap_or(0)],
        present: [from.is_some(), to.is_some()],
        others: others.len(),
        others_weigh: others.iter().any(|it| *it > 0),
        sticky: if sticky["Enabled"] == true { seconds } else { None },
    })
}

/// The live actions with the pair at these weights: a minimal change, never a
/// replay of a list that was read earlier. A group that is missing is put in.
pub fn patched(
    actions: &[Json],
    pair: Pair<'_>,
    weights: [u32; 2],
    stick: Stick,
) -> Option<Vec<Json>> {
    let at = place(actions, pair)?;
    let mut all: Vec<Json> = actions.iter().map(sendable).collect();
    let action = all[at].as_object_mut()?;
    let mut groups: Vec<(String, u32)> =
        tuples(&actions[at])?.into_iter().map(|(arn, weight)| (arn.to_owned(), weight)).collect();
    for (arn, weight) in pair.iter().zip(weights) {
        match groups.iter_mut().find(|(it, _)| it == arn) {
            Some(group) => group.1 = weight,
            None => groups.push(((*arn).to_owned(), weight)),
        }
    }
    let mut config = match action.remove("ForwardConfig") {
        Some(Json::Object(config)) => config,
        _ => Map::new(),
    };
    let tuple = |(arn, weight): &(String, u32)| json!({ "TargetGroupArn": arn, "Weight": weight });
    config.insert("TargetGroups".to_owned(), groups.iter().map(tuple).collect());
    match stick {
        Stick::Keep => {}
        Stick::Off => {
            config.insert("TargetGroupStickinessConfig".to_owned(), json!({ "Enabled": false }));
        }
        Stick::On(seconds) => {
            let on = json!({ "Enabled": true, "DurationSeconds": seconds });
            config.insert("TargetGroupStickinessConfig".to_owned(), on);
        }
    }
    // AWS tells it beside a configuration of one group, and takes it beside
    // one of two only when it is none of them.
    action.remove("TargetGroupArn");
    action.insert("ForwardConfig".to_owned(), Json::Object(config));
    Some(all)
}

/// An action as it may be sent back: AWS does not tell an OIDC secret, and
/// takes the one it has when it is told so.
fn sendable(action: &Json) -> Json {
    let mut action = action.clone();
    if let Some(oidc) = action.get_mut("AuthenticateOidcConfig").and_then(Json::as_object_mut) {
        oidc.remove("ClientSecret");
        oidc.insert("UseExistingClientSecret".to_owned(), Json::Bool(true));
    }
    action
}

/// The actions in one spelling: what AWS says in two ways, or leaves out when
/// it is the default, is the same here.
pub fn canonical(actions: &[Json]) -> Vec<Json> {
    let mut all: Vec<Json> = actions.iter().map(|it| sorted(&canonical_action(it))).collect();
    let order = |it: &Json| it["Order"].as_i64().unwrap_or(i64::MAX);
    all.sort_by_key(order);
    all
}

fn canonical_action(action: &Json) -> Json {
    let mut action = sendable(action);
    let Some(mut groups) = tuples(&action).map(|groups| {
        groups.into_iter().map(|(arn, weight)| (arn.to_owned(), weight)).collect::<Vec<_>>()
    }) else {
        return action;
    };
    groups.sort();
    let sticky = &action["ForwardConfig"]["TargetGroupStickinessConfig"];
    let sticky = match sticky["Enabled"] == true {
        true => json!({ "Enabled": true, "DurationSeconds": sticky["DurationSeconds"] }),
        // Its duration is forgotten, sooner or later.
        false => json!({ "Enabled": false }),
    };
    let tuple = |(arn, weight): &(String, u32)| json!({ "TargetGroupArn": arn, "Weight": weight });
    let groups: Json = groups.iter().map(tuple).collect();
    if let Some(action) = action.as_object_mut() {
        action.remove("TargetGroupArn");
        let config = json!({ "TargetGroupStickinessConfig": sticky, "TargetGroups": groups });
        action.insert("ForwardConfig".to_owned(), config);
    }
    action
}

/// Without nulls, and with the keys in order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().filter(|(_, it)| !it.is_null()).collect();
            entries.sort_by_key(|(key, _)| *key);
            entries.into_iter().map(|(key, it)| (key.clone(), sorted(it))).collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// Tells two lists of actions apart.
pub fn hash(actions: &[Json]) -> String {
    let text = Json::Array(canonical(actions)).to_string();
    let digest = Sha256::digest(text);
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a route differs from what it was last known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    None,
    /// In the two weights, and in nothing else.
    Weights([u32; 2]),
    /// In something that a shift does not own; as lines of text.
    Structure(Vec<String>),
    /// The route is not there any more.
    Gone(Vec<String>),
}

pub fn difference(known: &[Json], live: &[Json], pair: Pair<'_>) -> Difference {
    if hash(known) == hash(live) {
        return Difference::None;
    }
    let lines = || lines(known, live);
    // A maintenance page, say: the route is there, and whose it is shows.
    let Some(now) = forward(live, pair) else { return Difference::Structure(lines()) };
    let weights = forward(known, pair).map(|it| it.weights);
    // The same but for the weights, however they are written?
    let level = |actions: &[Json]| patched(actions, pair, [1, 1], Stick::Keep);
    match (level(known), level(live)) {
        (Some(one), Some(other)) if hash(&one) == hash(&other) => {
            match weights.is_some_and(|it| same_share(it, now.weights)) {
                true => Difference::None,
                false => Difference::Weights(now.weights),
            }
        }
        _ => Difference::Structure(lines()),
    }
}

/// `-` what was known, `+` what is there.
fn lines(known: &[Json], live: &[Json]) -> Vec<String> {
    let text =
        |actions: &[Json]| serde_json::to_string_pretty(&canonical(actions)).unwrap_or_default();
    let (known, live) = (text(known), text(live));
    let diff = similar::TextDiff::from_lines(&known, &live);
    let changes = diff.iter_all_changes();
    let changed = changes.filter(|it| it.tag() != similar::ChangeTag::Equal);
    changed.map(|it| format!("{}{}", it.tag(), it.value().trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAIR: Pair<'_> = ["arn:blue", "arn:green"];

    fn weighted(blue: u32, green: u32) -> Json {
        json!({ "Type": "forward", "Order": 1, "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": "arn:blue", "Weight": blue },
            { "TargetGroupArn": "arn:green", "Weight": green } ] } })
    }

    #[test]
    fn one_group_is_the_same_in_both_spellings() {
        let short = json!({ "Type": "forward", "TargetGroupArn": "arn:blue" });
        let both = json!({ "Type": "forward", "TargetGroupArn": "arn:blue", "ForwardConfig": {
            "TargetGroups": [{ "TargetGroupArn": "arn:blue", "Weight": 1 }],
            "TargetGroupStickinessConfig": { "Enabled": false } } });
        assert_eq!(hash(std::slice::from_ref(&short)), hash(&[both]));
        let found = forward(&[short], PAIR).unwrap();
        assert_eq!((found.weights, found.present), ([1, 0], [true, false]));
    }

    #[test]
    fn ratios_count_and_not_numbers() {
        assert!(same_share([1, 0], [100, 0]) && same_share([75, 25], [3, 1]));
        assert!(!same_share([1, 0], [0, 1]) && !same_share([0, 0], [1, 0]));
        assert_eq!(difference(&[weighted(1, 0)], &[weighted(100, 0)], PAIR), Difference::None);
        let moved = difference(&[weighted(100, 0)], &[weighted(90, 10)], PAIR);
        assert_eq!(moved, Difference::Weights([90, 10]));
        assert_eq!(permille([999, 1]), Some(1));
        assert_eq!(permille([0, 0]), None);
    }

    #[test]
    fn other_edits_are_told_from_weights() {
        let redirect =
            json!({ "Type": "redirect", "RedirectConfig": { "StatusCode": "HTTP_301" } });
        let other = difference(&[weighted(100, 0)], &[redirect], PAIR);
        assert!(matches!(other, Difference::Structure(_)));
        let mut third = weighted(100, 0);
        third["ForwardConfig"]["TargetGroups"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "TargetGroupArn": "arn:third", "Weight": 5 }));
        let Difference::Structure(lines) = difference(&[weighted(100, 0)], &[third], PAIR) else {
            panic!("a third group is no change of weights");
        };
        assert!(lines.iter().any(|it| it.contains("arn:third")), "{lines:?}");
    }

    #[test]
    fn a_secret_that_aws_keeps_is_never_sent() {
        let login = json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
            "Issuer": "https://a", "ClientSecret": "hunter2" } });
        let mut forward = weighted(100, 0);
        forward["Order"] = json!(2);
        let sent = patched(&[login, forward], PAIR, [75, 25], Stick::Off).unwrap();
        assert_eq!(
            sent,
            [
                json!({ "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
                    "Issuer": "https://a", "UseExistingClientSecret": true } }),
                json!({ "Type": "forward", "Order": 2, "ForwardConfig": {
                    "TargetGroups": [
                        { "TargetGroupArn": "arn:blue", "Weight": 75 },
                        { "TargetGroupArn": "arn:green", "Weight": 25 } ],
                    "TargetGroupStickinessConfig": { "Enabled": false } } }),
            ]
        );
    }

    /// Any route: an action before, and up to three groups beside the pair.
    fn routes() -> impl Strategy<Value = Vec<Json>> {
        let others = proptest::collection::vec(0_u32..1000, 0..3);
        let pair = (proptest::option::of(0_u32..1000), 0_u32..1000, any::<bool>());
        (others, pair, proptest::option::of(1_u32..604_801), any::<bool>()).prop_map(
            |(others, (green, blue, green_first), sticky, login)| {
                let tuple = |arn: &str, weight| json!({ "TargetGroupArn": arn, "Weight": weight });
                let mut groups: Vec<Json> = vec![tuple("arn:blue", blue)];
                groups.extend(green.map(|it| tuple("arn:green", it)));
                let own = others.iter().enumerate();
                groups.extend(own.map(|(at, it)| tuple(&format!("arn:{at}"), *it)));
                if green_first {
                    groups.reverse();
                }
                let mut forward = json!({ "Type": "forward", "Order": 2,
                    "ForwardConfig": { "TargetGroups": groups } });
                if let Some(seconds) = sticky {
                    forward["ForwardConfig"]["TargetGroupStickinessConfig"] =
                        json!({ "Enabled": true, "DurationSeconds": seconds });
                }
                let before = json!({ "Type": "authenticate-cognito", "Order": 1,
                    "AuthenticateCognitoConfig": { "UserPoolArn": "arn:pool" } });
                if login { vec![before, forward] } else { vec![forward] }
            },
        )
    }

    proptest! {
        #[test]
        fn a_patch_changes_the_two_weights_and_nothing_else(
            route in routes(), from in 0_u32..1000, to in 0_u32..1000,
        ) {
            let sent = patched(&route, PAIR, [from, to], Stick::Keep).unwrap();
            let (before, after) = (forward(&route, PAIR).unwrap(), forward(&sent, PAIR).unwrap());
            prop_assert_eq!(after.weights, [from, to]);
            prop_assert_eq!(after.present, [true, true]);
            prop_assert_eq!((after.others, after.sticky), (before.others, before.sticky));
            prop_assert_eq!(sent.len(), route.len());
            let again = patched(&sent, PAIR, [from, to], Stick::Keep).unwrap();
            prop_assert_eq!(hash(&again), hash(&sent));
            // Back is back, where both were there.
            if before.present[1] {
                let back = patched(&sent, PAIR, before.weights, Stick::Keep).unwrap();
                prop_assert_eq!(hash(&back), hash(&route));
                prop_assert_eq!(difference(&route, &back, PAIR), Difference::None);
            }
        }
    }
}
