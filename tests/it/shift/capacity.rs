//! Tasks: the destination has enough of them before traffic moves, and nobody
//! takes them away meanwhile.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;

use super::{WAITS, scene::Scene};

#[test]
fn the_destination_is_scaled_to_what_the_source_runs_and_scaling_is_restored() {
    let scene = Scene::with_services(WAITS);
    assert_eq!((scene.aws.tasks("blue"), scene.aws.tasks("green")), ([4, 4], [2, 2]));
    assert_eq!(scene.aws.scaling("green"), (1, 10, true));
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    // With headroom, and it may grow but not shrink.
    assert_eq!(scene.aws.tasks("green"), [5, 5]);
    assert_eq!(scene.aws.scaling("green"), (5, 10, false));
    assert_eq!(scene.aws.targets("green"), 5);
    scene.shift("--continue").ends(0);
    let told = going.wait().ends(0);
    // Headroom is for the time of the shift.
    assert_eq!(scene.aws.tasks("green"), [4, 4]);
    assert_eq!(scene.aws.scaling("green"), (1, 10, true));
    assert_eq!(scene.aws.tasks("blue"), [4, 4]);
    let place = |of: &dyn Fn(&Json) -> bool| told.events.iter().position(of).unwrap();
    let scaled = place(&|it| it["type"] == "gate.passed" && it["gate"] == "capacity");
    assert!(scaled < place(&|it| it["phase"] == "applying"));
    scene.all_is_closed();
    // The program says 2, and nobody takes the others away.
    scene.run("preview --expect-no-changes").ends(0).says("desiredCount governed by rollout");
}

/// What is seen to run counts, not what the program says.
#[test]
fn a_source_that_was_scaled_by_others_is_matched_as_it_runs() {
    let scene =
        Scene::with_services("strategy: 50,100\ncapacity: { preScale: match, headroom: 1 }");
    scene.aws.set_desired("blue", 7);
    scene.shift("--to green --yes").ends(0);
    assert_eq!(scene.aws.tasks("green"), [7, 7]);
    scene.all_is_closed();
}

#[test]
fn the_way_back_restores_tasks_and_scaling() {
    let scene = Scene::with_services(WAITS);
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    scene.shift("--rollback").ends(0);
    going.wait().ends(4);
    assert_eq!(scene.aws.tasks("green"), [2, 2]);
    assert_eq!(scene.aws.scaling("green"), (1, 10, true));
    scene.all_is_closed();
}

#[test]
fn too_few_tasks_refuse_where_they_are_not_to_be_scaled() {
    let scene = Scene::with_services("capacity: { preScale: off }");
    let told = scene.shift("--to green --yes").ends(3);
    assert_eq!(told.failed_checks(), ["PF06: green 2 of 4 tasks that blue runs"]);
    scene.shift("--to green --yes --pre-scale 3").ends(3);
    scene.shift("--to green --yes --pre-scale 6").ends(0);
    assert_eq!(scene.aws.tasks("green"), [6, 6]);
}

/// Of the last minute that is complete.
#[expect(clippy::disallowed_methods, reason = "the emulator's clock is not injected")]
fn last_minute() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now / 60 * 60 - 60).unwrap()
}

#[test]
fn the_old_colour_is_scaled_to_nothing_once_nothing_comes_to_it() {
    let scene = Scene::with_services("");
    scene.shift("--to green --yes").ends(0);
    // Connections may still be open.
    scene.run("shift --finish --yes").ends(1).says("connections to blue have");
    scene.edit("targetType: ip,", "targetType: ip, deregistrationDelay: 0,");
    scene.run("up --yes").ends(0);
    scene.run("shift --finish").ends(2).says("Scale blue from 4 tasks to none?");
    assert_eq!(scene.aws.tasks("blue"), [4, 4]);
    scene.run("shift --finish --yes").ends(0).says("blue is scaled to nothing");
    assert_eq!(scene.aws.tasks("blue"), [0, 0]);
    assert_eq!(scene.aws.tasks("green"), [4, 4]);
    scene.run("shift --finish --yes").ends(0).says("blue has no tasks already");
    scene.run("preview --expect-no-changes").ends(0);
    // The next shift scales it up again.
    scene.shift("--to blue --yes").ends(0);
    assert_eq!(scene.aws.tasks("blue"), [4, 4]);
    assert_eq!(scene.green(), Some(0.0));
}

#[test]
fn requests_to_the_old_colour_keep_its_tasks() {
    let scene = Scene::with_services("");
    scene.edit("targetType: ip,", "targetType: ip, deregistrationDelay: 0,");
    scene.run("up --yes").ends(0);
    scene.shift("--to green --yes").ends(0);
    scene.aws.put_metrics(&[("blue", "RequestCount", last_minute(), 3.0)]);
    scene.run("shift --finish --yes").ends(1).says("blue still had 3 requests");
    assert_eq!(scene.aws.tasks("blue"), [4, 4]);
    // Nor is anything finished where both have traffic, or no services are.
    scene.aws.set_weights(":81", &[("blue", 1), ("green", 1)]);
    scene.run("shift --finish --yes").ends(1).says("no colour is idle");
    Scene::new("").run("shift --finish --yes").ends(2).says("names no service");
}
