//! The judgement of the load balancer's own metrics, with periods of a second.

use std::time::{SystemTime, UNIX_EPOCH};

use super::scene::Scene;

const JUDGED: &str = "strategy: 25/2s,100
analysis: { period: 1s, lag: 0s, settle: 0s, maxBake: 4s, minRequests: 100 }";

/// What each second of the last minutes and of the next ones counts: group,
/// metric and value.
#[expect(clippy::disallowed_methods, reason = "the emulator's clock is not injected")]
fn count(scene: &Scene, series: &[(&str, &str, f64)]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let now = i64::try_from(now).unwrap();
    let seconds = now - 90..now + 120;
    let points = seconds.flat_map(|at| {
        series.iter().map(move |(group, metric, value)| (*group, *metric, at, *value))
    });
    let points: Vec<_> = points.collect();
    points.chunks(400).for_each(|it| scene.aws.put_metrics(it));
}

const BLUE: (&str, &str, f64) = ("blue", "RequestCount", 750.0);
const GREEN: (&str, &str, f64) = ("green", "RequestCount", 250.0);

#[test]
fn errors_of_the_new_colour_bring_the_traffic_back() {
    let scene = Scene::new(JUDGED);
    let errors = "HTTPCode_Target_5XX_Count";
    count(&scene, &[BLUE, GREEN, ("blue", errors, 1.0), ("green", errors, 30.0)]);
    let told = scene.shift("--to green --yes").ends(4);
    assert!(told.reason().starts_with("5xx green 12 % (30 of 250)"), "{}", told.reason());
    assert_eq!(told.of_type("obs.metric").last().unwrap()["verdict"], "fail");
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// In three of five periods, by both percentiles; as slow on both sides is as
/// fast as ever.
#[test]
fn a_new_colour_that_is_slower_brings_the_traffic_back() {
    let judged = JUDGED.replace("25/2s", "25/5s").replace("maxBake: 4s", "maxBake: 8s");
    let time = "TargetResponseTime";
    for (blue, outcome) in [(0.1, 4), (0.4, 0)] {
        let scene = Scene::new(&judged);
        count(&scene, &[BLUE, GREEN, ("blue", time, blue), ("green", time, 0.4)]);
        let told = scene.shift("--to green --yes").ends(outcome);
        let minutes = &told.of_type("obs.metric").last().unwrap()["minutes"];
        assert_eq!(minutes[0]["green"]["p99"], 0.4, "{minutes}");
        if outcome == 4 {
            assert!(told.reason().contains("p99 green 400 ms, blue 100 ms"), "{}", told.reason());
            assert!(told.reason().contains("green was slower in"), "{}", told.reason());
        }
        scene.all_is_closed();
    }
}

/// Errors that both colours have are no news of the new one.
#[test]
fn the_same_errors_on_both_sides_pass() {
    let scene = Scene::new(JUDGED);
    let errors = "HTTPCode_Target_5XX_Count";
    count(&scene, &[BLUE, GREEN, ("blue", errors, 30.0), ("green", errors, 10.0)]);
    scene.shift("--to green --yes").ends(0);
    assert_eq!(scene.green(), Some(100.0));
}

/// The load balancer tells no zeros: requests without a count of errors had
/// none.
#[test]
fn requests_without_errors_pass() {
    let scene = Scene::new(JUDGED);
    count(&scene, &[BLUE, GREEN]);
    let told = scene.shift("--to green --yes").ends(0);
    let judged = told.of_type("obs.metric");
    assert_eq!(judged.last().unwrap()["verdict"], "pass");
    let share = told.of_type("obs.share");
    assert_eq!(share.last().unwrap()["share"], 25.0);
    let passed = told.of_type("gate.passed");
    assert!(passed[0]["text"].as_str().unwrap().starts_with("5xx green 0 %"), "{passed:?}");
    scene.all_is_closed();
}

/// No request is neither good nor bad, and nobody is there to decide.
#[test]
fn no_requests_are_no_verdict() {
    let scene = Scene::new(JUDGED);
    let told = scene.shift("--to green --yes").ends(4);
    assert!(told.reason().starts_with("nothing is known"), "{}", told.reason());
    assert_eq!(told.of_type("gate.inconclusive").len(), 1);
    assert!(told.of_type("obs.metric").iter().all(|it| it["verdict"] != "pass"));
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn without_a_verdict_a_shift_holds_or_goes_on_as_it_is_told() {
    let scene = Scene::new(JUDGED);
    // Too few to tell.
    count(&scene, &[("blue", "RequestCount", 6.0), ("green", "RequestCount", 2.0)]);
    let told = scene.shift("--to green --yes --on-inconclusive hold").ends(6);
    assert_eq!(told.outcome(), "paused");
    assert_eq!(scene.green(), Some(25.0));
    assert!(scene.shifts()[0].finished.is_none());
    scene.run("shift --continue").ends(0);
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
    let scene = Scene::new(JUDGED);
    scene.shift("--to green --yes --on-inconclusive continue").ends(0);
    assert_eq!(scene.green(), Some(100.0));
}

/// The weights say 25 %, and the load balancer has counted something else.
#[test]
fn a_share_that_is_not_the_weight_pauses() {
    let scene = Scene::new(
        "strategy: 25/30s,100
analysis: { period: 1s, lag: 0s, settle: 0s, maxBake: 30s }",
    );
    count(&scene, &[("blue", "RequestCount", 100.0), ("green", "RequestCount", 900.0)]);
    let told = scene.shift("--to green --yes").ends(6);
    assert!(told.reason().contains("90 %"), "{}", told.reason());
    scene.run("shift --rollback").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}
