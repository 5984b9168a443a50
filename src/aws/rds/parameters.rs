//! What the two kinds of parameter group have in common.

use aws_sdk_rds::types::{self, ApplyMethod};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::Value,
    provider::{CiString, Set},
};

#[derive(Deserialize, Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) name: CiString,
    pub(super) value: String,
    /// `immediate`, unless said otherwise; static parameters take
    /// `pending-reboot` only.
    #[schemars(extend("enum" = ["immediate", "pending-reboot"]))]
    pub(super) apply_method: Option<String>,
}

/// How many parameters RDS takes in one call.
const AT_ONCE: usize = 20;

impl Parameter {
    /// What somebody set in a group; the many defaults are not told.
    pub(super) fn live(told: types::Parameter) -> Option<Self> {
        if told.source.is_some_and(|source| source != "user") {
            return None;
        }
        Some(Self {
            name: CiString(told.parameter_name?),
            value: told.parameter_value?,
            apply_method: told.apply_method.map(|it| it.as_str().to_owned()),
        })
    }

    fn alike(&self, other: &Self) -> bool {
        self.name.0.eq_ignore_ascii_case(&other.name.0)
            && self.value.eq_ignore_ascii_case(&other.value)
    }

    fn sent(&self) -> types::Parameter {
        let method = self.apply_method.as_deref().unwrap_or("immediate");
        types::Parameter::builder()
            .parameter_name(self.name.0.to_lowercase())
            .parameter_value(&self.value)
            .apply_method(ApplyMethod::from(method))
            .build()
    }

    /// A character set is wanted before what depends on it.
    fn late(&self) -> bool {
        let name = self.name.0.to_lowercase();
        !name.starts_with("character_set") && !name.starts_with("collation")
    }
}

/// The calls' worth of parameters to set to come from `old` to `new`.
pub(super) fn to_set(old: &Set<Parameter>, new: &Set<Parameter>) -> Vec<Vec<types::Parameter>> {
    let mut set: Vec<&Parameter> =
        new.0.iter().filter(|new| !old.0.iter().any(|old| old.alike(new))).collect();
    set.sort_by_key(|it| it.late());
    calls(&set)
}

/// The calls' worth of parameters to give their default back.
pub(super) fn to_reset(old: &Set<Parameter>, new: &Set<Parameter>) -> Vec<Vec<types::Parameter>> {
    let kept = |old: &Parameter| new.0.iter().any(|it| it.name.0.eq_ignore_ascii_case(&old.name.0));
    let removed: Vec<&Parameter> = old.0.iter().filter(|old| !kept(old)).collect();
    calls(&removed)
}

fn calls(parameters: &[&Parameter]) -> Vec<Vec<types::Parameter>> {
    parameters.chunks(AT_ONCE).map(|it| it.iter().map(|it| it.sent()).collect()).collect()
}

/// Letters' case means nothing, nor does how a value was once applied: RDS
/// does not take a new method without a new value.
pub(super) fn same(path: &str, wanted: &Value, live: &Value) -> bool {
    let alike = |wanted: &Value, live: &Value| {
        ["name", "value"].iter().all(|key| {
            let part = |it: &Value| it.get(key).and_then(Value::as_str).map(str::to_lowercase);
            part(wanted).is_some() && part(wanted) == part(live)
        })
    };
    match (wanted, live) {
        _ if !path.starts_with("parameters") => false,
        (Value::List(wanted), Value::List(live)) => {
            wanted.len() == live.len()
                && wanted.iter().all(|it| live.iter().any(|live| alike(it, live)))
        }
        (Value::Map(_), Value::Map(_)) => alike(wanted, live),
        (Value::String(wanted), Value::String(live)) => {
            path.ends_with("applyMethod") || wanted.eq_ignore_ascii_case(live)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(of: &[(&str, &str)]) -> Set<Parameter> {
        let parameter = |(name, value): &(&str, &str)| Parameter {
            name: CiString((*name).to_owned()),
            value: (*value).to_owned(),
            apply_method: None,
        };
        Set(of.iter().map(parameter).collect())
    }

    #[test]
    fn changes() {
        let old = set(&[("A", "1"), ("b", "On"), ("c", "3")]);
        let new = set(&[("d", "4"), ("a", "2"), ("b", "on"), ("character_set_server", "utf8")]);
        let names = |calls: Vec<Vec<types::Parameter>>| -> Vec<String> {
            calls.into_iter().flatten().filter_map(|it| it.parameter_name).collect()
        };
        assert_eq!(names(to_set(&old, &new)), ["character_set_server", "d", "a"]);
        assert_eq!(names(to_reset(&old, &new)), ["c"]);
    }

    #[test]
    fn twenty_at_once() {
        let names: Vec<String> = (0..45).map(|it| format!("p{it}")).collect();
        let many: Vec<_> = names.iter().map(|it| (it.as_str(), "1")).collect();
        let calls = to_set(&Set::default(), &set(&many));
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    }
}
