//! How traffic gets to the other colour, and back.

use serde_json::Value as Json;

use super::{WAITS, scene::Scene};

#[test]
fn all_at_once_moves_every_route_and_leaves_nothing_open() {
    let scene = Scene::new("");
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(told.finished()["final"]["traffic"]["green"], 100.0);
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
    // A listener to one colour alone is nobody's to move.
    assert_eq!(scene.aws.route(":8080").groups, [("green".to_owned(), 1)]);
    // Green has it: blue is the idle one now.
    scene.shift("--to idle --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn every_step_is_seen_on_all_routes_before_the_next_begins() {
    let scene = Scene::new("strategy: 0.1/20ms,5,25/20ms,50,100\nfinalBake: 20ms");
    let told = scene.shift("--to green --yes").ends(0);
    let shares = |event: &Json| {
        let routes = event["routes"].as_array().unwrap().iter();
        let share = |it: &Json| {
            let of = |colour: &str| it["weights"][colour].as_f64().unwrap();
            of("green") * 100.0 / (of("blue") + of("green"))
        };
        routes.map(share).collect::<Vec<_>>()
    };
    let verified = told.of_type("weights.verified");
    let percents: Vec<f64> = verified.iter().map(|it| it["weight"].as_f64().unwrap()).collect();
    assert_eq!(percents, [0.1, 5.0, 25.0, 50.0, 100.0]);
    for (event, percent) in verified.iter().zip(percents) {
        assert_eq!(shares(event), [percent; 3], "{event}");
    }
    // No write of a step comes before all routes have shown the one before.
    let (mut step, mut seen) = (0, 0);
    for event in
        told.events.iter().filter(|it| it["phase"] == "applying" || it["phase"] == "verifying")
    {
        match event["type"].as_str().unwrap() {
            "weights.verified" => seen += 1,
            "op.intended" => {
                step = event["step"].as_i64().unwrap();
                assert_eq!(step, seen, "{event}");
            }
            _ => {}
        }
    }
    assert_eq!((step, seen), (4, 5));
    assert_eq!(scene.weights(), [":80 0/100", ":80 10 0/100", ":81 0/100"]);
    scene.all_is_closed();
}

#[test]
fn a_colour_that_has_all_traffic_is_nothing_to_do() {
    let scene = Scene::new("");
    let told = scene.shift("--to blue --yes").ends(0);
    assert_eq!(told.outcome(), "noop");
    assert_eq!(told.finished()["final"]["traffic"]["blue"], 100.0);
    assert!(scene.cloud.log().iter().all(|it| !it.change));
    assert_eq!(scene.shifts(), []);
    scene.run("shift --to blue --yes").ends(0).says("All traffic goes to blue already");
}

#[test]
fn a_rollback_of_a_shift_that_is_over_is_one_write_a_route() {
    let scene = Scene::new("strategy: 50,100");
    let first = scene.shift("--to green --yes").ends(0);
    let before = scene.cloud.log().len();
    let told = scene.shift("--rollback --yes").ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(told.of_type("shift.planned")[0]["takesBack"], first.finished()["shiftId"]);
    assert_eq!(scene.green(), Some(0.0));
    let log = scene.cloud.log();
    let moves = log[before..].iter().filter(|it| it.operation.starts_with("Modify"));
    // Each route is written as it is first: that shows that it may be written.
    assert_eq!(moves.count(), 6);
    scene.all_is_closed();
    let told = scene.shift("--rollback --yes").ends(1);
    assert!(told.ran.stderr.contains("taken back already"), "{}", told.ran);
    assert_eq!(scene.green(), Some(0.0));
}

#[test]
fn there_is_nothing_to_roll_back_before_the_first_shift() {
    let scene = Scene::new("");
    scene.run("shift --rollback --yes").ends(1).says("there is no shift to take back");
    for line in ["--pause", "--continue", "--resume", "--abort"] {
        scene.run(&format!("shift {line}")).ends(1).says("no shift is open");
    }
}

#[test]
fn stickiness_is_kept_in_every_write_and_cut_on_the_way_back() {
    let scene = sticky("strategy: 25,100\nstickiness: keep");
    scene.shift("--to green --yes").ends(0);
    let kept = ("true".to_owned(), Some("3600".to_owned()));
    assert_eq!(stickiness(&scene), [kept.clone(), kept.clone(), kept]);
    assert_eq!(scene.aws.route(":80").sticky, Some(3600));

    // With the last step clients are cut off, and may stick again after it.
    let scene = sticky("strategy: 25,100");
    scene.shift("--to green --yes").ends(0);
    let told: Vec<String> = stickiness(&scene).into_iter().map(|it| it.0).collect();
    assert_eq!(told, ["true", "true", "false", "true"]);
    assert_eq!(scene.aws.route(":80").sticky, Some(3600));

    // Sticky clients would stay with the colour that is not well.
    let scene = sticky(WAITS);
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    assert_eq!(scene.aws.route(":80").sticky, Some(3600));
    scene.shift("--rollback").ends(0);
    going.wait().ends(4);
    assert_eq!(scene.green(), Some(0.0));
    assert_eq!(scene.aws.route(":80").sticky, None);
    assert_eq!(scene.aws.route(":81").sticky, None);
    // The next one knows what it was.
    scene.rollout("");
    scene.shift("--to green --yes").ends(0);
    assert_eq!(scene.aws.route(":80").sticky, Some(3600));
    scene.all_is_closed();
}

/// Port 80 is sticky for an hour.
fn sticky(rollout: &str) -> Scene {
    let scene = Scene::new(rollout);
    let green = r#"              - { arn: "${greenTargets.arn}", weight: 0 }
  admin:"#;
    let more = r#"              - { arn: "${greenTargets.arn}", weight: 0 }
            stickiness: { enabled: true, duration: 3600 }
  admin:"#;
    scene.edit(green, more);
    scene.run("up --yes").ends(0);
    assert_eq!(scene.aws.route(":80").sticky, Some(3600));
    scene
}

/// What each write of port 80 has said of it: whether, and for how long.
fn stickiness(scene: &Scene) -> Vec<(String, Option<String>)> {
    let main = scene.aws.route(":80").arn;
    let log = scene.cloud.log().into_iter();
    let mut writes = log.filter(|it| it.operation == "ModifyListener" && it.text.contains(&main));
    // The program's own change.
    drop(writes.next());
    let of = |text: &str, name: &str| {
        let name = format!(".TargetGroupStickinessConfig.{name}=");
        let value = text.lines().find_map(|it| it.split_once(&name));
        value.map(|(_, it)| it.to_owned())
    };
    writes.map(|it| (of(&it.text, "Enabled").unwrap(), of(&it.text, "DurationSeconds"))).collect()
}
