//! What `orderinfra shift` promises when calls fail, answers are lost, reads
//! lag, and its process dies: traffic is where the journal says, nothing is
//! done twice, and the next command goes on or back.
//!
//! By default a bounded, seeded share of the deaths is tried:
//! `ORDERINFRA_SHIFT_POINTS=all` tries every boundary of every call and every
//! write to the journal, `ORDERINFRA_SHIFT_KILLS=200` so many random deaths.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use orderinfra::store::OpState;
use serde_json::Value as Json;

use crate::{
    env::{Ran, number},
    harsh::{Climate, Kill, Moment, Scripted, Trouble, mixed},
    lanes::in_lanes,
    shift::scene::Scene,
};

/// Three steps that are watched hardly at all.
const QUICK: &str =
    "strategy: { steps: [{ weight: 10, bake: 20ms }, { weight: 50, bake: 20ms }, { weight: 100 }] }
finalBake: 20ms
maxBlind: 2s
test: { header: { X-Canary: '1' }, priority: 5 }
";

/// A first step that lasts until something happens.
const LONG: &str = "strategy: { steps: [{ weight: 25, bake: 10m }, { weight: 100 }] }
analysis: { compare: off }
maxBlind: 1s
";

/// How many deaths are tried at a time.
const LANES: u64 = 2;

const ELB: &str = "elasticloadbalancing";

fn trouble(operation: &'static str, times: u32, what: Trouble) -> Scripted {
    Scripted { service: ELB, operation, times, what }
}

fn refused(code: &'static str) -> Trouble {
    Trouble::Refused { code, message: "not now" }
}

/// Where a shift is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    Write(usize),
    Call(Kill),
}

fn killed(scene: &Scene, line: &str, point: Point) -> Ran {
    let kill = if let Point::Call(kill) = point { Some(kill) } else { None };
    scene.world.run_with(&scene.cloud, line, kill, |command| {
        if let Point::Write(number) = point {
            command.env("ORDERINFRA_CRASH_AFTER", number.to_string());
        }
    })
}

const TO_GREEN: &str = "shift --to green --yes --json";

/// After the last command: closed, whole on one side, and nothing twice.
#[track_caller]
fn settled(scene: &Scene, ran: &Ran, back: bool, what: &str) {
    assert_eq!(ran.code, Some(0), "{what}:\n{ran}");
    let outcome = scene.shifts().first().and_then(|it| it.outcome.clone());
    let green = scene.green();
    match outcome.as_deref() {
        Some("done") => assert_eq!(green, Some(100.0), "{what}"),
        Some("rolled-back" | "aborted") if back => assert_eq!(green, Some(0.0), "{what}"),
        // It died before it began.
        None => assert_eq!(green, Some(0.0), "{what}"),
        other => panic!("{what}: {other:?}, {green:?}\n{ran}"),
    }
    scene.all_is_closed();
    // What is confirmed was written once, but for what nobody could know.
    let mut writes: BTreeMap<String, usize> = BTreeMap::new();
    for shift in scene.shifts() {
        for op in scene.ops(&shift.id) {
            let moves = op.op.route.is_some() && op.op.phase == "applying";
            if moves && op.state == OpState::Confirmed {
                *writes.entry(format!("{} {}", op.op.step, op.op.write)).or_default() += 1;
            }
        }
    }
    let twice: Vec<_> = writes.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{what}: {twice:?}");
}

/// The next command: goes on or back where there is a shift, else says so.
fn again(scene: &Scene, back: bool) -> Ran {
    if scene.shifts().iter().all(|it| it.finished.is_some()) {
        return Ran { code: Some(0), stdout: String::new(), stderr: String::new() };
    }
    let line = if back { "shift --rollback --yes --json" } else { "shift --resume --json" };
    scene.world.run(&scene.cloud, line)
}

#[expect(clippy::disallowed_methods, reason = "how much is tried is said from outside")]
fn all_points() -> bool {
    std::env::var("ORDERINFRA_SHIFT_POINTS").is_ok_and(|it| it == "all")
}

#[test]
fn a_shift_killed_anywhere_is_gone_on_with_or_back() {
    let plain = Scene::new(QUICK);
    plain.run(TO_GREEN).ends(0);
    let log = plain.cloud.log();
    let changes = log.iter().filter(|it| it.change).count();
    let reads = log.len() - changes;
    // More writes than this are beats, which nobody waits for.
    let shift = &plain.shifts()[0].id;
    let writes = 2 * plain.ops(shift).len() + 40;
    let call = |change, number, moment| Point::Call(Kill { change, number, moment });
    let moments = [Moment::Before, Moment::Acted, Moment::Answered];
    let mut points: Vec<Point> = (0..writes).map(Point::Write).collect();
    points.extend((0..changes).flat_map(|it| moments.map(|moment| call(true, it, moment))));
    points.extend((0..reads).map(|it| call(false, it, Moment::Before)));
    let seed = number("ORDERINFRA_CRASH_SEED").unwrap_or(1);
    let all = all_points();
    let mut drawn: Vec<(u64, Point)> =
        points.into_iter().enumerate().map(|(at, it)| (mixed(seed + at as u64), it)).collect();
    drawn.sort_by_key(|(lot, _)| *lot);
    let share = if all { drawn.len() } else { 16 };
    drawn.truncate(share);
    let tried = AtomicU64::new(0);
    in_lanes(lanes(), &drawn, |(lot, point)| {
        let backs: &[bool] = if all { &[false, true] } else { &[lot % 2 == 0] };
        for back in backs {
            let scene = Scene::new(QUICK);
            let what = format!("killed at {point:?}, back {back} (seed {seed})");
            let ran = killed(&scene, TO_GREEN, *point);
            if ran.code.is_some() {
                // It had ended before it came to that point.
                settled(&scene, &ran, false, &what);
                continue;
            }
            tried.fetch_add(1, Ordering::Relaxed);
            let ran = again(&scene, *back);
            settled(&scene, &ran, *back, &what);
        }
    });
    let tried = tried.into_inner();
    eprintln!("{tried} kill points of a shift survived");
    assert!(tried > 0);
}

fn lanes() -> u64 {
    number("ORDERINFRA_CRASH_LANES").unwrap_or(LANES)
}

/// SIGKILL after any event, several times in a row, some of it with a colour
/// that falls ill: traffic ends whole on a side that is well.
#[test]
fn random_deaths_leave_the_traffic_on_a_healthy_colour() {
    let seed = number("ORDERINFRA_CRASH_SEED").unwrap_or(1);
    let rounds = number("ORDERINFRA_SHIFT_KILLS").unwrap_or(6);
    // What all of them begin with is made once.
    let _base = Scene::new(QUICK);
    let kills = AtomicU64::new(0);
    let all: Vec<u64> = (0..rounds).collect();
    in_lanes(lanes(), &all, |round| {
        let mut dice = mixed(seed ^ (round << 24));
        let mut roll = |of: u64| {
            dice = mixed(dice);
            dice % of
        };
        let scene = Scene::new(QUICK);
        let ill = roll(3) == 0;
        let mut line = "--to green --yes".to_owned();
        let what = format!("round {round} (seed {seed})");
        for _ in 0..=roll(3) {
            let mut going = scene.begin(&line);
            let events = usize::try_from(roll(60)).unwrap_or(0) + 1;
            if going.until_events(events) {
                going.signal("KILL");
                kills.fetch_add(1, Ordering::Relaxed);
            }
            drop(going.wait());
            if scene.shifts().iter().all(|it| it.finished.is_some()) {
                break;
            }
            line = if roll(4) == 0 { "--rollback --yes" } else { "--resume" }.to_owned();
        }
        if ill {
            scene.aws.set_health("green", "*", Some(("unhealthy", "Target.Timeout")));
        }
        let whole = scene.green() == Some(100.0);
        let done = scene.shifts().iter().all(|it| it.finished.is_some());
        let ran = if done { None } else { Some(again(&scene, false)) };
        if let Some(ran) = &ran
            && !matches!(ran.code, Some(0 | 3 | 4))
        {
            panic!("{what}:\n{ran}");
        }
        scene.all_is_closed();
        match scene.green() {
            // Green was well when it became whole.
            Some(100.0) => assert!(!ill || whole || done, "{what}: on a colour that is ill"),
            Some(0.0) => {}
            other => panic!("{what}: split, {other:?}"),
        }
    });
    eprintln!("{} SIGKILLs in {rounds} rounds survived", kills.into_inner());
}

#[test]
fn lost_answers_are_settled_by_looking() {
    let scene = Scene::new(QUICK);
    scene.cloud.script(&[
        trouble("ModifyListener", 3, Trouble::Lost),
        trouble("ModifyRule", 2, Trouble::Lost),
        trouble("AddTags", 1, Trouble::Lost),
    ]);
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

#[test]
fn a_route_that_cannot_be_written_stops_a_shift_before_traffic_moves() {
    let scene = Scene::new(QUICK);
    scene.cloud.script(&[trouble("ModifyRule", 100, refused("AccessDenied"))]);
    let told = scene.shift("--to green --yes").ends(3);
    assert_eq!(told.outcome(), "aborted");
    assert!(told.reason().contains("AccessDenied"), "{}", told.reason());
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.all_is_closed();
}

#[test]
fn a_route_that_cannot_be_written_later_brings_the_others_back() {
    let scene = Scene::new(
        "strategy: { steps: [{ weight: 25, pause: { timeout: 10m, then: rollback } }, { weight: 100 }] }\n",
    );
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    assert_eq!(scene.green(), Some(25.0));
    scene.cloud.script(&[trouble("ModifyRule", 1, refused("ValidationError"))]);
    scene.run("shift --continue").ends(0);
    let told = going.wait().ends(4);
    assert!(told.reason().contains("ValidationError"), "{}", told.reason());
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.all_is_closed();
}

#[test]
fn only_what_is_paused_goes_on() {
    let scene = Scene::new(LONG);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.run("shift --continue").ends(1).says("is not paused");
    scene.run("shift --pause").ends(0);
    scene.run("shift --rollback").ends(0);
    going.wait().ends(4);
    assert_eq!(scene.green(), Some(0.0));
}

#[test]
fn throttled_writes_are_sent_again_and_each_is_told() {
    let scene = Scene::new(QUICK);
    scene.cloud.script(&[trouble("ModifyListener", 5, refused("Throttling"))]);
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.of_type("op.failed").len(), 5);
    let attempts = told.of_type("op.confirmed").into_iter().filter_map(|it| it["attempt"].as_u64());
    assert_eq!(attempts.max(), Some(6));
    scene.all_is_closed();
}

/// Reads of the targets fail for longer than a shift may be blind.
#[test]
fn a_blind_shift_goes_back() {
    let scene = Scene::new(LONG);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.cloud.script(&[trouble("DescribeTargetHealth", 60, Trouble::Reset)]);
    going.until_type("rollback.started");
    scene.cloud.script(&[]);
    let told = going.wait().ends(4);
    assert!(told.reason().contains("cannot be seen"), "{}", told.reason());
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn every_kind_of_unhealthy_target_brings_the_traffic_back() {
    for (state, reason) in [
        ("unhealthy", "Target.ResponseCodeMismatch"),
        ("initial", "Elb.InitialHealthChecking"),
        ("draining", "Target.DeregistrationInProgress"),
        ("unavailable", "Target.HealthCheckDisabled"),
        ("unused", "Target.InvalidState"),
    ] {
        let scene = Scene::new(LONG);
        let mut going = scene.begin("--to green --yes");
        going.until_weight(25.0);
        scene.aws.set_health("green", "*", Some((state, reason)));
        let told = going.wait().ends(4);
        assert!(told.reason().starts_with("green: "), "{}", told.reason());
        assert_eq!(scene.green(), Some(0.0), "{state}");
        scene.all_is_closed();
    }
}

/// Eventual reads are no edit by somebody else.
#[test]
fn a_read_that_lags_is_no_conflict() {
    let scene = Scene::new(QUICK).in_climate(Climate { lag: 3, ..Climate::default() });
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.of_type("conflict"), Vec::<&Json>::new());
    scene.all_is_closed();
}

/// AWS has no conditional write: an edit in the instant before ours is lost.
/// One after it is seen with the next look.
#[test]
fn an_edit_between_two_writes_is_seen_with_the_next_look() {
    let scene = Scene::new(LONG);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.aws.set_weights(":81", &[("blue", 60), ("green", 40)]);
    let told = going.wait().ends(7);
    assert_eq!(told.outcome(), "conflict");
    assert_eq!(told.of_type("conflict")[0]["kind"], "weights");
    // Nothing was overwritten.
    assert!(scene.weights().contains(&":81 60/40".to_owned()), "{:?}", scene.weights());
    scene.run("shift --rollback --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn expired_credentials_leave_a_shift_that_can_be_gone_on_with() {
    let scene = Scene::new(LONG);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    scene.cloud.script(&[trouble("DescribeTargetHealth", 1000, refused("ExpiredToken"))]);
    let told = going.wait().ends(6);
    assert!(told.reason().contains("credentials"), "{}", told.reason());
    assert_eq!(scene.green(), Some(25.0));
    scene.cloud.script(&[]);
    scene.run("shift --rollback --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// A call that never answers ends by its time-out, and is settled by looking.
#[test]
fn a_hanging_write_is_settled_by_looking() {
    let scene = Scene::new(QUICK);
    scene.cloud.script(&[trouble("ModifyRule", 1, Trouble::Hang)]);
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.outcome(), "done");
    scene.all_is_closed();
}

/// Whoever was replaced wakes up, and writes nothing.
#[test]
fn a_driver_that_was_replaced_writes_nothing() {
    let scene = Scene::new(LONG);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    going.signal("STOP");
    // Not in the middle of a write to the state: nobody could get past it.
    let store = scene.world.store();
    store.set_patience(std::time::Duration::from_millis(50)).unwrap();
    while store.select("shop", "dev").is_err() {
        going.signal("CONT");
        going.signal("STOP");
    }
    scene.run("shift --rollback --force --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    let before = scene.cloud.log().iter().filter(|it| it.change).count();
    going.signal("CONT");
    going.wait().ends(5);
    let after = scene.cloud.log().iter().filter(|it| it.change).count();
    assert_eq!(before, after, "it wrote");
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}
