//! What brings the traffic back, and what keeps it from moving at all.

use serde_json::json;

use super::{WAITS, scene::Scene};
use crate::harsh::{Climate, Scripted, Trouble};

const ALARMS: &str = "alarms: [\"${errors.name}\", \"${slow}\"]";

#[test]
fn an_alarm_in_a_bake_brings_the_traffic_back() {
    let scene = Scene::new(&format!("strategy: 25/1h,100\n{ALARMS}"));
    let mut going = scene.begin("--to green --yes");
    going.until_type("obs.alarm");
    assert_eq!(scene.green(), Some(25.0));
    scene.aws.set_alarm("errors", "ALARM");
    let told = going.wait().ends(4);
    assert_eq!(told.outcome(), "rolled-back");
    assert_eq!(told.reason(), "the alarm `errors` is in ALARM");
    assert_eq!(told.finished()["final"]["traffic"], json!({ "blue": 100.0, "green": 0.0 }));
    assert!(told.of_type("rollback.verified")[0]["restoreMs"].is_i64());
    // As they were, and not only at the same share.
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.all_is_closed();
}

/// Also between two looks: AWS says when it last changed.
#[test]
fn an_alarm_that_rang_while_nobody_looked_counts() {
    let scene = Scene::new(&format!("strategy: 25/1h,100\n{ALARMS}"));
    let mut going = scene.begin("--to green --yes");
    going.until_type("obs.alarm");
    scene.aws.set_alarm("slow", "ALARM");
    scene.aws.set_alarm("slow", "OK");
    let told = going.wait().ends(4);
    assert!(told.reason().starts_with("the alarm `slow`"), "{}", told.reason());
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn an_alarm_that_is_deleted_in_a_bake_brings_the_traffic_back() {
    let scene = Scene::new(&format!("strategy: 25/1h,100\n{ALARMS}"));
    let mut going = scene.begin("--to green --yes");
    going.until_type("obs.alarm");
    scene.aws.delete_alarm("slow");
    let told = going.wait().ends(4);
    assert_eq!(told.reason(), "the alarm `slow` does not exist any more");
    assert_eq!(scene.green(), Some(0.0));
}

#[test]
fn alarms_that_are_missing_or_ring_already_refuse() {
    let scene = Scene::new(ALARMS);
    let told = scene.shift("--to green --yes --alarm checkout").ends(3);
    assert_eq!(told.outcome(), "refused");
    assert_eq!(told.failed_checks(), ["PF10: the alarm `checkout` does not exist"]);
    scene.aws.set_alarm("errors", "ALARM");
    let told = scene.shift("--to green --yes").ends(3);
    assert_eq!(told.failed_checks(), ["PF10: the alarm `errors` is in ALARM already"]);
    assert!(scene.cloud.log().iter().all(|it| !it.change));
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
    // One by its name, and no other.
    scene.shift("--to green --yes --allow-alarm slow").ends(3);
    scene.shift("--to green --yes --allow-alarm errors").ends(0);
    assert_eq!(scene.green(), Some(100.0));
}

#[test]
fn a_destination_that_is_not_well_refuses() {
    let scene = Scene::new("");
    scene.aws.set_health("green", "*", Some(("unhealthy", "Target.Timeout")));
    let told = scene.shift("--to green --yes").ends(3);
    let why = "PF04: green: 0 of 2 targets healthy (2 Target.Timeout)";
    assert!(told.failed_checks().contains(&why.to_owned()), "{:?}", told.failed_checks());
    scene.aws.set_health("green", "*", None);
    scene.aws.set_health("green", "10.0.2.20", Some(("unhealthy", "Target.Timeout")));
    let told = scene.shift("--to green --yes").ends(3);
    assert_eq!(told.failed_checks(), ["PF05: green has no healthy target in us-east-1b"]);
    assert!(scene.cloud.log().iter().all(|it| !it.change));
}

#[test]
fn a_destination_that_falls_ill_brings_the_traffic_back() {
    let scene = Scene::new("strategy: 25/1h,100");
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.aws.set_health("green", "10.0.1.20", Some(("unhealthy", "Target.ResponseCodeMismatch")));
    let told = going.wait().ends(4);
    assert!(told.reason().contains("1 of 2 targets healthy"), "{}", told.reason());
    assert!(told.reason().contains("Target.ResponseCodeMismatch"), "{}", told.reason());
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn a_group_that_somebody_else_shifts_is_left_alone() {
    let scene = Scene::new("");
    scene.aws.tag("blue", "orderinfra:shift", "elsewhere");
    let told = scene.shift("--to green --yes").ends(3);
    let failed = told.failed_checks();
    assert!(failed[0].starts_with("PF17") && failed[0].contains("elsewhere"), "{failed:?}");
    scene.shift("--to green --yes --skip-check PF17").ends(0);
    assert_eq!(scene.green(), Some(100.0));
}

/// Two state files, and neither has seen the other's tag before: the one that
/// began later goes.
#[test]
fn of_two_that_begin_at_a_time_the_first_goes_on() {
    for (others, code, outcome, written) in [("0", 3, "aborted", 1), ("f", 0, "done", 2)] {
        // The id in the tag begins with the time.
        let says = ["<Value>1", &*format!("<Value>{others}").leak()];
        let tags = Scripted {
            service: "elasticloadbalancing",
            operation: "DescribeTags",
            times: u32::MAX,
            what: Trouble::Says(says),
        };
        let climate = Climate { script: vec![tags], ..Climate::default() };
        let scene = Scene::new("").in_climate(climate);
        let told = scene.shift("--to green --yes").ends(code);
        assert_eq!(told.outcome(), outcome, "{}", told.ran);
        let calls = scene.cloud.log();
        assert_eq!(calls.iter().filter(|it| it.operation == "AddTags").count(), written);
        // The other's tag is not for us to remove.
        assert_eq!(calls.iter().filter(|it| it.operation == "RemoveTags").count(), 0);
        if code != 0 {
            assert!(told.reason().contains("has begun before this one"), "{}", told.reason());
            assert_eq!(scene.green(), Some(0.0));
        }
    }
}

#[test]
fn routes_that_do_not_agree_refuse() {
    let scene = Scene::new("");
    scene.aws.set_weights(":81", &[("blue", 1), ("green", 1)]);
    let told = scene.shift("--to green --yes").ends(3);
    let failed = told.failed_checks();
    assert!(failed[0].starts_with("PF03"), "{failed:?}");
    assert!(failed[0].contains("admin: blue 1 / green 1"), "{failed:?}");
}

/// Whoever is behind it gets the traffic back only when it can answer it.
#[test]
fn traffic_does_not_go_back_to_a_colour_that_has_no_targets() {
    let scene = Scene::new("strategy: 25/1h,100");
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.aws.drain("blue");
    assert_eq!(scene.aws.targets("blue"), 0);
    // The source is lost: somebody has to know.
    let told = going.wait().ends(6);
    // It may have been seen with one of its two targets left.
    assert!(told.reason().starts_with("blue: "), "{}", told.reason());
    assert_eq!(scene.green(), Some(25.0));
    let told = scene.shift("--rollback").ends(6);
    assert!(told.reason().contains("blue is not well either"), "{}", told.reason());
    assert_eq!(scene.green(), Some(25.0));
    assert!(scene.shifts()[0].finished.is_none());
    // Somebody who knows better.
    scene.shift("--rollback --force").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn a_shift_that_is_over_is_not_taken_back_to_nothing() {
    let scene = Scene::new("");
    scene.shift("--to green --yes").ends(0);
    scene.aws.drain("blue");
    let told = scene.shift("--rollback --yes").ends(3);
    let failed = told.failed_checks();
    assert!(failed[0].starts_with("PF04: blue: no targets"), "{failed:?}");
    assert_eq!(scene.green(), Some(100.0));
}

#[test]
fn a_dead_mans_switch_is_renewed_before_each_move_and_goes_at_the_end() {
    let switch = "deadMan: { roleArn: \"${deadMan.arn}\", grace: 5m }";
    let scene = Scene::new(&format!("strategy: 5/20ms,25,100\n{switch}"));
    scene.shift("--to green --yes").ends(0);
    let log = scene.cloud.log().into_iter().filter(|it| it.change);
    let words = log.filter_map(|it| match (&*it.service, &*it.operation) {
        ("scheduler", line) => Some(line.split(' ').next().unwrap().to_owned()),
        (_, "ModifyListener" | "ModifyRule") => Some("move".to_owned()),
        _ => None,
    });
    let words: Vec<String> = words.collect();
    let three = |word: &str| vec![word.to_owned(); 3];
    let wanted = [
        // As they are.
        three("move"),
        three("POST"),
        three("move"),
        three("PUT"),
        three("move"),
        three("PUT"),
        three("move"),
        three("DELETE"),
    ];
    assert_eq!(words, wanted.concat());
    scene.all_is_closed();
}

#[test]
fn a_dead_mans_switch_outlives_its_shift_and_would_restore_the_routes() {
    let switch = "deadMan: { roleArn: \"${deadMan.arn}\", grace: 5m }";
    let scene = Scene::new(&format!("{WAITS}\n{switch}"));
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    going.signal("KILL");
    assert_eq!(going.wait().ran.code, None);
    let schedules = scene.aws.schedules();
    assert_eq!(schedules.len(), 3);
    let mut restored: Vec<String> = schedules
        .iter()
        .map(|name| {
            let schedule = scene.aws.schedule(name);
            let target = &schedule["Target"];
            assert_eq!(schedule["ActionAfterCompletion"], "DELETE");
            assert_eq!(schedule["FlexibleTimeWindow"]["Mode"], "OFF");
            let arn = target["Arn"].as_str().unwrap();
            let what = arn.strip_prefix("arn:aws:scheduler:::aws-sdk:elasticloadbalancingv2:");
            let input: serde_json::Value =
                serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
            let actions = input.get("DefaultActions").or_else(|| input.get("Actions")).unwrap();
            let groups = actions[0]["ForwardConfig"]["TargetGroups"].as_array().unwrap();
            let weights: Vec<String> = groups.iter().map(|it| it["Weight"].to_string()).collect();
            format!("{} {}", what.unwrap(), weights.join("/"))
        })
        .collect();
    restored.sort();
    assert_eq!(restored, ["modifyListener 1/0", "modifyListener 100/0", "modifyRule 100/0"]);
    scene.shift("--rollback").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// The scheduler calls, and deletes its schedule.
#[test]
fn a_switch_that_has_acted_ends_the_shift() {
    let switch = "deadMan: { roleArn: \"${deadMan.arn}\", grace: 5m }";
    let scene = Scene::new(&format!("{WAITS}\n{switch}"));
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    going.signal("STOP");
    for name in scene.aws.schedules() {
        scene.aws.delete_schedule(&name);
    }
    for (route, blue) in [(":80", 100), (":80 10", 100), (":81", 1)] {
        scene.aws.set_weights(route, &[("blue", blue), ("green", 0)]);
    }
    going.signal("CONT");
    let told = going.wait().ends(4);
    assert!(told.reason().contains("dead-man"), "{}", told.reason());
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}
