//! What a shift tells programs: one JSON object a line, and an exit code.

use serde_json::Value as Json;

use super::scene::{Scene, Told};

const TYPES: &[&str] = &[
    "shift.planned",
    "check",
    "route.preimage",
    "op.intended",
    "op.confirmed",
    "op.failed",
    "weights.verified",
    "obs.health",
    "obs.alarm",
    "obs.metric",
    "obs.share",
    "gate.passed",
    "gate.failed",
    "gate.inconclusive",
    "paused",
    "continued",
    "conflict",
    "rollback.started",
    "rollback.verified",
    "deadman.armed",
    "deadman.renewed",
    "deadman.deleted",
    "heartbeat",
    "shift.finished",
];

/// Every line of stdout is an event, and the last is the end.
#[track_caller]
fn are_events(told: &Told) {
    let lines = told.ran.stdout.lines().count();
    assert_eq!(lines, told.events.len(), "{}", told.ran);
    for (place, event) in told.events.iter().enumerate() {
        assert_eq!(event["schema"], "orderinfra.shift/1", "{event}");
        assert_eq!(event["seq"], place + 1, "{event}");
        assert_eq!(event["rollout"], "web", "{event}");
        let kind = event["type"].as_str().unwrap();
        assert!(TYPES.contains(&kind), "{kind} is not documented");
        let time = event["ts"].as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{event}");
        assert!(event["phase"].is_string() && event["step"].is_u64(), "{event}");
        assert!(event.get("shiftId").is_some(), "{event}");
        let last = place + 1 == lines;
        assert_eq!(kind == "shift.finished", last, "{event}");
        if kind.starts_with("op.") {
            assert!(event["api"].is_string() && event["params"].is_object(), "{event}");
            assert!(event["attempt"].is_u64() && event.get("requestId").is_some(), "{event}");
        }
    }
    let last = told.finished();
    assert_eq!(last["exitCode"].as_i64(), told.ran.code.map(i64::from), "{last}");
    assert!(last["final"]["traffic"].is_object(), "{last}");
}

#[test]
fn every_line_has_the_same_form_and_the_last_is_the_end() {
    let rollout = "strategy: 25/20ms,100
alarms: [errors]
deadMan: { roleArn: \"${deadMan.arn}\" }";
    let scene =
        Scene::new(&format!("{rollout}\nhooks: {{ beforeShift: [ {{ exec: [ /bin/false ] }} ] }}"));
    // Aborted, before traffic moves.
    let told = scene.shift("--to green --yes --allow-exec").ends(3);
    assert_eq!(told.outcome(), "aborted");
    are_events(&told);
    scene.rollout(rollout);
    are_events(&scene.shift("--to green --yes").ends(0));
    // Nothing to do.
    are_events(&scene.shift("--to green --yes").ends(0));
    are_events(&scene.shift("--rollback --yes").ends(0));
    // Refused.
    scene.aws.set_alarm("errors", "ALARM");
    are_events(&scene.shift("--to green --yes").ends(3));
    scene.aws.set_alarm("errors", "OK");
    // Rolled back.
    scene.rollout("strategy: 25/1h,100\nalarms: [errors]");
    let mut going = scene.begin("--to green --yes");
    going.until_type("obs.alarm");
    scene.aws.set_alarm("errors", "ALARM");
    are_events(&going.wait().ends(4));
    scene.aws.set_alarm("errors", "OK");
    // Interrupted, also by somebody who cannot wait.
    for times in 1..=2 {
        let mut going = scene.begin("--to green --yes");
        going.until_weight(25.0);
        for _ in 0..times {
            going.signal("INT");
        }
        are_events(&going.wait().ends(130));
        drop(scene.shift("--rollback"));
    }
    assert_eq!(scene.green(), Some(0.0));
    // Left alone.
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.aws.set_weights(":81", &[("blue", 1), ("green", 1)]);
    are_events(&going.wait().ends(7));
}

#[test]
fn the_file_of_events_the_journal_and_stdout_tell_the_same() {
    let scene = Scene::new("strategy: 25/20ms,100");
    let mut going = scene.begin("--to green --yes");
    going.until_type("shift.finished");
    let file = going.events();
    let told = going.wait().ends(0);
    assert_eq!(told.events, file);
    let id = told.finished()["shiftId"].as_str().unwrap();
    assert_eq!(scene.world.store().shift_events(id, 0).unwrap(), file);
}

/// Each change has a row before it and a row after it.
#[test]
fn every_change_was_intended_before_and_confirmed_after() {
    let scene = Scene::new("strategy: 25,100");
    let told = scene.shift("--to green --yes").ends(0);
    let id = told.finished()["shiftId"].as_str().unwrap().to_owned();
    let of =
        |kind: &str| -> Vec<&Json> { told.of_type(kind).into_iter().map(|it| &it["op"]).collect() };
    assert_eq!(of("op.intended"), of("op.confirmed"));
    let changes = scene.cloud.log().into_iter().filter(|it| it.change).count();
    assert_eq!(changes, scene.ops(&id).len());
    for op in scene.ops(&id) {
        assert_eq!(op.state, orderinfra::store::OpState::Confirmed);
        assert_eq!(op.attempts, 1);
        assert!(op.request_id.is_some() && op.ended.is_some(), "{op:?}");
    }
    // The audit of the stack's runs has it too.
    scene.run("history").ends(0).says("shift");
}
