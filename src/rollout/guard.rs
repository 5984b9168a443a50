//! Whether a colour is well enough for traffic, from what its target group
//! tells.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cloud::{Group, Target},
    spec::MinHealthy,
};

/// What a colour's targets are like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    pub healthy: usize,
    /// Those that drain are on their way out and do not count.
    pub total: usize,
    /// Of those that are not healthy: how many, by reason.
    pub reasons: BTreeMap<String, usize>,
    /// Zones with a healthy target.
    pub zones: BTreeSet<String>,
    pub anomalous: usize,
    /// Traffic is kept away from some by a zonal shift.
    pub overridden: usize,
}

impl Condition {
    pub fn of(targets: &[Target]) -> Self {
        let mut found = Self::default();
        for it in targets.iter().filter(|it| it.state != "draining") {
            found.total += 1;
            found.anomalous += usize::from(it.anomalous);
            found.overridden += usize::from(it.overridden.is_some());
            if it.state == "healthy" {
                found.healthy += 1;
                found.zones.extend(it.zone.clone());
            } else {
                let why = it.reason.clone().unwrap_or_else(|| it.state.clone());
                *found.reasons.entry(why).or_default() += 1;
            }
        }
        found
    }

    /// What is missing, if something is.
    pub fn lacks(&self, need: usize, zones: &[String]) -> Option<String> {
        if self.healthy < need {
            return Some(format!("{}, and {need} are needed", self.words()));
        }
        if self.total > 0 && self.anomalous == self.total {
            return Some("the load balancer finds all of its targets anomalous".to_owned());
        }
        let missing: Vec<&str> =
            zones.iter().filter(|it| !self.zones.contains(*it)).map(String::as_str).collect();
        (!missing.is_empty()).then(|| format!("no healthy target in {}", missing.join(", ")))
    }

    /// `2 of 3 targets healthy (1 Target.Timeout)`
    pub fn words(&self) -> String {
        if self.total == 0 {
            return "no targets".to_owned();
        }
        let head = format!("{} of {} targets healthy", self.healthy, self.total);
        let reasons: Vec<String> =
            self.reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
        match reasons.is_empty() {
            true => head,
            false => format!("{head} ({})", reasons.join(", ")),
        }
    }
}

/// How many healthy targets a colour needs of so many that are wanted. Below
/// the group's own minimum the load balancer sends to unhealthy targets too.
pub fn need(rule: MinHealthy, wanted: usize, group: Option<&Group>) -> usize {
    let own = match rule {
        MinHealthy::Percent(percent) => part(wanted, percent as usize),
        MinHealthy::Count(count) => count as usize,
    };
    let of = |what: &str| {
        let name =
            format!("target_group_health.unhealthy_state_routing.minimum_healthy_targets.{what}");
        group.and_then(|it| it.attributes.get(&name)?.parse::<usize>().ok())
    };
    let count = of("count").unwrap_or(1);
    let percent = of("percentage").map_or(0, |it| part(wanted, it));
    own.max(count).max(percent).max(1)
}

/// So many percent, rounded up.
fn part(all: usize, percent: usize) -> usize {
    (all * percent).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(state: &str, zone: &str) -> Target {
        Target { state: state.to_owned(), zone: Some(zone.to_owned()), ..Target::default() }
    }

    #[test]
    fn what_drains_does_not_count_and_reasons_are_told() {
        let mut bad = target("unhealthy", "a");
        bad.reason = Some("Target.Timeout".to_owned());
        let targets =
            [target("healthy", "a"), bad, target("draining", "b"), target("initial", "b")];
        let found = Condition::of(&targets);
        assert_eq!(found.words(), "1 of 3 targets healthy (1 Target.Timeout, 1 initial)");
        assert_eq!(found.lacks(2, &[]), Some(format!("{}, and 2 are needed", found.words())));
        let zones = ["a".to_owned(), "b".to_owned()];
        assert_eq!(found.lacks(1, &zones), Some("no healthy target in b".to_owned()));
        assert_eq!(found.lacks(1, &zones[..1]), None);
        assert_eq!(
            Condition::of(&[]).lacks(1, &[]),
            Some("no targets, and 1 are needed".to_owned())
        );
    }

    #[test]
    fn the_need_is_the_largest_of_all_rules() {
        let group = |attributes: &[(&str, &str)]| Group {
            attributes: attributes
                .iter()
                .map(|(name, value)| {
                    let name = format!(
                        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.{name}"
                    );
                    (name, (*value).to_owned())
                })
                .collect(),
            ..Group::default()
        };
        for (rule, wanted, attributes, expected) in [
            (MinHealthy::Percent(100), 4, &[][..], 4),
            (MinHealthy::Percent(50), 3, &[], 2),
            (MinHealthy::Percent(0), 3, &[], 1),
            (MinHealthy::Count(2), 3, &[], 2),
            (MinHealthy::Count(1), 3, &[("count", "3")], 3),
            (MinHealthy::Count(1), 10, &[("percentage", "25"), ("count", "off")], 3),
        ] {
            assert_eq!(need(rule, wanted, Some(&group(attributes))), expected, "{rule:?} {wanted}");
        }
    }
}
