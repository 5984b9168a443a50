//! What people do while a shift goes on: other terminals, interrupts, and
//! edits by hand.

use orderinfra::store::Owner;

use super::{
    WAITS,
    scene::{Going, Scene, Told},
};

/// At 25 % for as long as nobody says anything.
const BAKES: &str = "strategy: 25/1h,100";

fn going(rollout: &str) -> (Scene, Going) {
    let scene = Scene::new(rollout);
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    (scene, going)
}

#[test]
fn a_second_shift_of_the_same_rollout_is_kept_out() {
    let (scene, going) = going(BAKES);
    for line in ["--to green --yes", "--to blue --yes", "--resume", "--finish --yes"] {
        let told = scene.shift(line).ends(5);
        assert!(told.ran.stderr.contains("a process is driving a shift of `web`"), "{}", told.ran);
    }
    assert_eq!(scene.green(), Some(25.0));
    // A look is no shift, and says what is in the way.
    scene.run("shift --to green --dry-run").ends(0).says("PF17");
    going.signal("KILL");
    going.wait();
    // Nobody drives it, and it is open all the same.
    let told = scene.shift("--to green --yes").ends(5);
    assert!(told.ran.stderr.contains("its process is gone"), "{}", told.ran);
    assert_eq!(scene.shifts().len(), 1);
    scene.run("shift --abort").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn a_second_terminal_takes_the_traffic_back() {
    for line in ["--rollback", "--abort"] {
        let (scene, going) = going(BAKES);
        let told = scene.shift(line).ends(0);
        assert_eq!(told.outcome(), "rolled-back");
        let told = going.wait().ends(4);
        assert_eq!(told.reason(), "a person asked for it");
        assert_eq!(scene.green(), Some(0.0));
        scene.all_is_closed();
    }
}

#[test]
fn a_pause_of_the_program_ends_by_a_word_or_by_its_time_out() {
    let scene = Scene::new(WAITS);
    let mut going = scene.begin("--to green --yes");
    let paused = going.until_type("paused");
    assert_eq!(paused["reason"], "the program pauses at 25 %");
    scene.shift("--continue").ends(0);
    going.wait().ends(0);
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
    for (then, code, green) in [("rollback", 4, 100.0), ("continue", 0, 0.0)] {
        let pause = format!("pause: {{ timeout: 200ms, then: {then} }}");
        scene.rollout(&format!("strategy: {{ steps: [ {{ weight: 25, {pause} }} ] }}"));
        scene.shift("--to blue --yes").ends(code);
        assert_eq!(scene.green(), Some(green));
        scene.all_is_closed();
    }
}

/// Whoever asks for a pause also ends it: the process waits, and watches.
#[test]
fn a_second_terminal_pauses_and_goes_on() {
    let (scene, mut going) = going("strategy: 25/5s,100");
    scene.shift("--continue").ends(1);
    let told = scene.shift("--pause").ends(0);
    assert_eq!(told.events.last().unwrap()["type"], "paused", "{}", told.ran);
    let paused = going.until_type("paused");
    assert_eq!(paused["reason"], "a person asked for a pause");
    scene.run("shift --pause").ends(1).says("paused already");
    assert_eq!(scene.green(), Some(25.0));
    scene.shift("--continue").ends(0);
    let told = going.wait().ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

/// Where nobody sits before the screen, a pause without an end is an exit code.
#[test]
fn a_pause_without_an_end_is_gone_on_with_by_another_process() {
    let scene = Scene::new("strategy: { steps: [ { weight: 25, pause: {} } ] }");
    let told = scene.shift("--to green --yes").ends(6);
    assert_eq!(told.outcome(), "paused");
    assert_eq!(scene.green(), Some(25.0));
    assert!(scene.shifts()[0].finished.is_none());
    scene.run("shift --pause").ends(1).says("nobody is driving this shift");
    let told = scene.shift("--continue").ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

#[test]
fn a_shift_whose_process_is_gone_goes_on() {
    let scene = Scene::new("strategy: 25/5s,100");
    let mut going = scene.begin("--to green --yes");
    going.until_weight(25.0);
    going.signal("KILL");
    going.wait();
    let told = scene.shift("--resume").ends(0);
    assert_eq!(told.outcome(), "done");
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

#[test]
fn an_interrupt_brings_the_traffic_back_and_says_where_it_is() {
    for signal in ["INT", "TERM"] {
        let (scene, going) = going(BAKES);
        going.signal(signal);
        let told = going.wait().ends(130);
        assert_eq!(told.outcome(), "interrupted");
        assert_eq!(told.finished()["final"]["traffic"]["blue"], 100.0);
        assert_eq!(scene.green(), Some(0.0));
        scene.all_is_closed();
    }
}

#[test]
fn an_interrupt_holds_where_that_is_wished() {
    let scene = Scene::new(BAKES);
    let mut going = scene.begin("--to green --yes --on-interrupt hold");
    going.until_weight(25.0);
    going.signal("INT");
    let told = going.wait().ends(130);
    assert_eq!(told.finished()["final"]["traffic"]["green"], 25.0);
    assert_eq!(scene.green(), Some(25.0));
    assert!(scene.shifts()[0].finished.is_none());
    scene.run("shift --rollback").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// With all of the traffic moved, there is nothing to protect it from.
#[test]
fn an_interrupt_of_the_final_bake_stays_where_it_is() {
    let scene = Scene::new("finalBake: 1h");
    let mut going = scene.begin("--to green --yes");
    going.until(|it| it["phase"] == "final-bake");
    going.signal("INT");
    going.wait().ends(130);
    assert_eq!(scene.green(), Some(100.0));
    assert!(scene.shifts()[0].finished.is_none());
    scene.run("shift --rollback").ends(0);
    assert_eq!(scene.green(), Some(0.0));
}

#[test]
fn an_interrupt_before_any_traffic_moved_undoes_what_was_prepared() {
    let scene =
        Scene::new("strategy: 25,100\nhooks: { beforeShift: [ { exec: [ /bin/sleep, \"3\" ] } ] }");
    let mut going = scene.begin("--to green --yes --allow-exec");
    going.until(|it| it["phase"] == "arming" && it["type"] == "op.confirmed" && it["op"] == 4);
    going.signal("INT");
    let told = going.wait().ends(130);
    assert_eq!(told.outcome(), "interrupted");
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.all_is_closed();
}

#[test]
fn a_hook_is_cut_short_by_an_interrupt_and_by_a_second_terminal() {
    let script = "echo begun; sleep 100; echo ended >> notes.txt";
    let hook = |of: &str| {
        format!("{of}: [ {{ exec: [ 'true' ] }}, {{ exec: [ /bin/sh, -c, '{script}' ] }} ]")
    };
    for (stage, asks, code, outcome) in [
        ("beforeShift", None, 130, "interrupted"),
        ("afterStep", Some("--rollback"), 4, "rolled-back"),
    ] {
        let scene = Scene::new(&format!("strategy: 25,100\nhooks: {{ {} }}", hook(stage)));
        let mut going = scene.begin("--to green --yes --allow-exec");
        going.until(|it| it["gate"] == "hook");
        match asks {
            Some(line) => drop(scene.run(&format!("shift {line}")).ends(0)),
            None => going.signal("INT"),
        }
        let told = going.wait().ends(code);
        assert_eq!(told.outcome(), outcome);
        assert!(!scene.world.file("notes.txt").exists(), "the hook went on");
        assert_eq!(scene.green(), Some(0.0));
        scene.all_is_closed();
    }
}

#[test]
fn a_shift_that_takes_too_long_goes_back() {
    let pauses = "strategy: { steps: [ { weight: 25, pause: { timeout: 1h } }, { weight: 100 } ] }";
    let scene = Scene::new(&format!("{pauses}\ntimeout: 1s"));
    let told = scene.shift("--to green --yes").ends(4);
    assert_eq!(told.reason(), "it took longer than 1s");
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
    // The flag goes before the program; nothing is begun that cannot end.
    let ran = scene.run("shift --to green --yes --steps 25/10m,100 --timeout 10m").ends(2);
    drop(ran.says("a timeout of 10m is over before all traffic can have moved"));
    assert_eq!(scene.shifts().len(), 1);
}

/// What a shift relies on may be changing.
#[test]
fn a_shift_does_not_begin_beside_an_up() {
    let scene = Scene::new("");
    let store = scene.world.store();
    let [user, host, since] = ["anna", "ci", "today"].map(str::to_owned);
    let owner = Owner { pid: 1, user, host, command: "orderinfra up".to_owned(), since };
    let held = store.lock("shop", "dev", &owner).unwrap();
    let ran = scene.run("shift --to green --yes").ends(5);
    drop(ran.says("orderinfra up"));
    assert_eq!((scene.green(), scene.shifts().len()), (Some(0.0), 0));
    drop(held);
    scene.run("shift --to green --yes").ends(0);
}

#[test]
fn weights_that_somebody_edits_stop_the_shift_and_stay() {
    let (scene, going) = going(BAKES);
    scene.aws.set_weights(":81", &[("blue", 6), ("green", 4)]);
    let told = going.wait().ends(7);
    assert_eq!(told.outcome(), "conflict");
    let conflict = told.of_type("conflict");
    assert_eq!((&conflict[0]["route"], &conflict[0]["kind"]), (&"admin".into(), &"weights".into()));
    assert_eq!(scene.weights(), [":80 75/25", ":80 10 75/25", ":81 6/4"]);
    assert!(scene.shifts()[0].finished.is_none());
    scene.run("shift --rollback").ends(0);
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.all_is_closed();
}

#[test]
fn an_edit_of_weights_is_answered_as_the_program_says() {
    let edited = |policy: &str| -> (Scene, Told) {
        let scene = Scene::new(&format!(
            "strategy: {{ steps: [ {{ weight: 25, bake: 3s }}, {{ weight: 50, bake: 20ms }} ] }}\nonConflict: {policy}"
        ));
        let mut going = scene.begin("--to green --yes");
        going.until_weight(25.0);
        scene.aws.set_weights(":81", &[("blue", 6), ("green", 4)]);
        let told = going.wait();
        (scene, told)
    };
    for policy in ["adopt", "overwrite"] {
        let (scene, told) = edited(policy);
        told.ends(0);
        assert_eq!(scene.green(), Some(100.0), "{policy}");
        scene.all_is_closed();
    }
    let (scene, told) = edited("rollback");
    told.ends(4);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// The page stays, and so does the rest: only a person knows what is meant.
#[test]
fn a_maintenance_page_stops_the_shift_and_stays() {
    let (scene, going) = going(BAKES);
    scene.aws.set_page(":81");
    let told = going.wait().ends(7);
    assert_eq!(told.outcome(), "conflict");
    assert_eq!(scene.aws.route(":81").kinds, ["fixed-response"]);
    assert_eq!(scene.weights(), [":80 75/25", ":80 10 75/25"]);
    // To go on is to leave it as it is, which a shift cannot.
    scene.shift("--continue").ends(7);
    assert_eq!(scene.aws.route(":81").kinds, ["fixed-response"]);
    scene.aws.set_weights(":81", &[("blue", 3), ("green", 1)]);
    scene.run("shift --rollback").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn a_third_group_that_somebody_adds_stops_the_shift_and_is_left_on_the_way_back() {
    let (scene, going) = going(BAKES);
    scene.aws.make_group("hand");
    scene.aws.set_weights(":81", &[("blue", 75), ("green", 25), ("hand", 1)]);
    let told = going.wait().ends(7);
    assert_eq!(told.of_type("conflict")[0]["kind"], "structure");
    scene.run("shift --rollback").ends(0);
    let route = scene.aws.route(":81");
    assert_eq!(route.weights().unwrap(), "1/0");
    assert!(route.groups.contains(&("hand".to_owned(), 1)), "{route:?}");
    scene.all_is_closed();
}

#[test]
fn a_rule_that_is_gone_needs_a_person() {
    let (scene, going) = going(BAKES);
    scene.aws.delete_rule(":80 10");
    let told = going.wait().ends(8);
    assert_eq!(told.outcome(), "blocked");
    assert!(told.reason().contains("`api`"), "{}", told.reason());
    assert_eq!(scene.weights(), [":80 75/25", ":81 75/25"]);
    assert!(scene.shifts()[0].finished.is_none());
}
