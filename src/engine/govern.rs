//! Traffic weights that `shift` owns: a program's own weights for a governed
//! pair of target groups are never a change.

use crate::model::{Governed, Map, Urn, Value};

/// Puts the live weights into the wanted actions. Answers whether the
/// resource is governed.
pub fn overlay(governed: &[Governed], urn: &Urn, wanted: &mut Value, live: &Value) -> bool {
    let Some(pair) = governed.iter().find(|it| it.urn == *urn) else { return false };
    let Value::Map(wanted) = wanted else { return false };
    let mut found = false;
    for property in ["defaultActions", "actions"] {
        let Some(live) = live.get(property).and_then(Value::as_list) else { continue };
        let Some(Value::List(actions)) = wanted.get_mut(property) else { continue };
        for (action, live) in actions.iter_mut().zip(live) {
            found |= action_overlay(pair, action, live);
        }
    }
    found
}

fn action_overlay(pair: &Governed, wanted: &mut Value, live: &Value) -> bool {
    let Some(live_groups) = groups(live) else { return false };
    if !names_pair(pair, live_groups) {
        return false;
    }
    let Value::Map(action) = wanted else { return false };
    let single = action.get("targetGroupArn").and_then(Value::as_str);
    if single.is_some_and(|arn| pair.groups.iter().any(|it| it == arn)) {
        action.remove("targetGroupArn");
        action.insert("forward".to_owned(), Map::from([target_groups(live_groups)]).into());
        return true;
    }
    let Some(Value::Map(forward)) = action.get_mut("forward") else { return false };
    match forward.get("targetGroups").and_then(Value::as_list) {
        Some(own) if names_pair(pair, own) => {
            let (name, groups) = target_groups(live_groups);
            forward.insert(name, groups);
            true
        }
        _ => false,
    }
}

fn groups(action: &Value) -> Option<&[Value]> {
    action.get("forward")?.get("targetGroups")?.as_list()
}

fn target_groups(groups: &[Value]) -> (String, Value) {
    ("targetGroups".to_owned(), Value::List(groups.to_vec()))
}

/// Whether these are the two groups, or one of them alone.
fn names_pair(pair: &Governed, groups: &[Value]) -> bool {
    !groups.is_empty()
        && groups.iter().all(|group| {
            let arn = group.get("arn").and_then(Value::as_str);
            arn.is_some_and(|arn| pair.groups.iter().any(|it| it == arn))
        })
}
