//! Blue-green traffic: which routes there are, and what their weights become.
//! Pure: values in, values out.

pub mod infer;
mod read;
pub mod spec;
pub mod strategy;

use serde::{Deserialize, Serialize};

use crate::model::{Map, Urn, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Blue,
    Green,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::Blue => Self::Green,
            Self::Green => Self::Blue,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
        }
    }
}

/// The two target groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    pub blue: String,
    pub green: String,
}

impl Pair {
    pub fn arn(&self, side: Side) -> &str {
        match side {
            Side::Blue => &self.blue,
            Side::Green => &self.green,
        }
    }
}

/// How much of a route's traffic goes where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    pub blue: i64,
    pub green: i64,
}

impl Weights {
    pub fn all_to(side: Side) -> Self {
        match side {
            Side::Blue => Self { blue: 100, green: 0 },
            Side::Green => Self { blue: 0, green: 100 },
        }
    }

    /// Which side takes all, if one does.
    pub fn winner(self) -> Option<Side> {
        match (self.blue, self.green) {
            (1.., 0) => Some(Side::Blue),
            (0, 1..) => Some(Side::Green),
            _ => None,
        }
    }
}

/// A listener or rule of the state that forwards to the pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    pub urn: Urn,
    /// Its ARN.
    pub id: String,
    pub token: String,
    pub before: Weights,
    pub after: Weights,
}

/// One shift, as the state keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    pub to: Side,
    pub pair: Pair,
    pub routes: Vec<Route>,
    pub phase: Phase,
    /// The shift that this one takes back.
    pub takes_back: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Weights are being written: some routes may have moved already.
    Moving,
    Done,
}

pub const LISTENER: &str = "aws:lb/listener:Listener";
pub const RULE: &str = "aws:lb/listenerRule:ListenerRule";

/// Where a type keeps its actions.
pub fn property(token: &str) -> &'static str {
    if token == RULE { "actions" } else { "defaultActions" }
}

/// The weights of the first action that forwards to the pair.
pub fn weights(pair: &Pair, token: &str, live: &Value) -> Option<Weights> {
    let actions = live.get(property(token))?.as_list()?;
    actions.iter().find_map(|action| of_action(pair, action))
}

/// A route to one colour alone, such as a test listener, is nobody's to move.
fn of_action(pair: &Pair, action: &Value) -> Option<Weights> {
    let groups = action.get("forward")?.get("targetGroups")?.as_list()?;
    let arn = |group: &Value| group.get("arn").and_then(Value::as_str).map(str::to_owned);
    let of = |wanted: &str| {
        let group = groups.iter().find(|it| arn(it).as_deref() == Some(wanted))?;
        Some(group.get("weight").and_then(Value::as_i64).unwrap_or(1))
    };
    let weights = Weights { blue: of(&pair.blue)?, green: of(&pair.green)? };
    (groups.len() == 2).then_some(weights)
}

/// The live inputs with every action that forwards to the pair at these
/// weights; all else, stickiness too, stays.
pub fn with_weights(pair: &Pair, token: &str, live: &Value, weights: Weights) -> Value {
    let mut wanted = live.clone();
    let Value::Map(map) = &mut wanted else { return wanted };
    let Some(Value::List(actions)) = map.get_mut(property(token)) else { return wanted };
    for action in actions.iter_mut().filter(|it| of_action(pair, it).is_some()) {
        let Value::Map(action) = action else { continue };
        let group = |arn: &str, weight: i64| {
            Value::Map(Map::from([
                ("arn".to_owned(), Value::string(arn)),
                ("weight".to_owned(), Value::from(weight)),
            ]))
        };
        let groups = vec![group(&pair.blue, weights.blue), group(&pair.green, weights.green)];
        if let Some(Value::Map(forward)) = action.get_mut("forward") {
            forward.insert("targetGroups".to_owned(), Value::List(groups));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pair() -> Pair {
        Pair { blue: "arn:blue".to_owned(), green: "arn:green".to_owned() }
    }

    fn listener(action: serde_json::Value) -> Value {
        Value::from_json(&json!({ "port": 443, "defaultActions": [action] }))
    }

    #[test]
    fn only_routes_to_both_colours_have_weights() {
        let both = listener(json!({ "type": "forward", "forward": { "targetGroups": [
            { "arn": "arn:green", "weight": 10 }, { "arn": "arn:blue", "weight": 90 } ] } }));
        assert_eq!(weights(&pair(), LISTENER, &both), Some(Weights { blue: 90, green: 10 }));
        let one = listener(json!({ "type": "forward", "targetGroupArn": "arn:green" }));
        assert_eq!(weights(&pair(), LISTENER, &one), None);
        let mixed = listener(json!({ "type": "forward", "forward": { "targetGroups": [
            { "arn": "arn:blue", "weight": 1 }, { "arn": "arn:other", "weight": 1 } ] } }));
        assert_eq!(weights(&pair(), LISTENER, &mixed), None);
    }

    #[test]
    fn moving_keeps_everything_else() {
        let live = listener(json!({ "type": "forward", "forward": {
            "stickiness": { "enabled": true, "duration": 60 },
            "targetGroups": [{ "arn": "arn:blue", "weight": 100 }, { "arn": "arn:green", "weight": 0 }] } }));
        let moved = with_weights(&pair(), LISTENER, &live, Weights::all_to(Side::Green));
        assert_eq!(weights(&pair(), LISTENER, &moved), Some(Weights { blue: 0, green: 100 }));
        let back = with_weights(&pair(), LISTENER, &moved, Weights::all_to(Side::Blue));
        assert_eq!(back, live);
    }
}
