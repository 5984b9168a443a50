//! Things that the cloud has lost, and answers that were.

use std::process::Command;

use crate::env::TestEnv;

#[test]
fn a_vanished_thing_waits_for_nobody_when_its_user_is_replaced() {
    let env = TestEnv::new(
        "resources:
  base:
    type: fake:Thing
    properties: {text: base}
  user:
    type: fake:Thing
    properties: {text: user, uses: '${base.arn}', fixed: a}
",
    );
    env.ok("up --yes");
    let (gone, _) = env.thing("base");
    env.edit_cloud(|cloud| {
        cloud["things"].as_object_mut().expect("things by id").remove(&gone);
    });
    env.edit("fixed: a", "fixed: b");
    env.ok("up --yes");
    env.ok("preview --expect-no-changes");
    assert_eq!(env.things().len(), 2);
}

#[test]
fn a_lost_answer_is_looked_for_before_it_is_sent_again() {
    let env = TestEnv::new("resources: {only: {type: 'fake:Thing', properties: {text: a}}}\n");
    env.fault("create", &["lose"]);
    env.ok("up --yes");
    let calls = env.calls();
    let of = |operation: &str| calls.iter().filter(|it| it.starts_with(operation)).count();
    assert_eq!((of("create"), of("find")), (1, 1), "{calls:?}");
}

/// The answer is lost, and AWS refuses to say what became of the request.
#[test]
fn a_create_in_doubt_is_left_to_the_next_run() {
    let env = TestEnv::new("resources: {only: {type: 'fake:Thing', properties: {text: a}}}\n");
    env.fault("create", &["lose"]);
    env.fault("find", &["refuse"]);
    let ran = env.run("up --yes").ends(1);
    drop(ran.says("the next run looks whether it was made"));
    env.ok("up --yes").says("cut off during 1 step").says("it will be finished");
    assert_eq!(env.things().len(), 1);
    env.ok("preview --expect-no-changes");
}

/// However long it takes to look for it: here all patience is over at once.
#[test]
fn a_create_is_not_given_up_after_one_lost_answer() {
    let env = TestEnv::new("resources: {only: {type: 'fake:Thing', properties: {text: a}}}\n");
    env.fault("create", &["drop", "drop", "lose"]);
    let hurried = |it: &mut Command| {
        it.env("ORDERINFRA_TEST_HURRY", "1000000");
    };
    drop(env.run_with(&["up", "--yes"], hurried).ends(0));
    assert_eq!(env.things().len(), 1);
    let creates = env.calls().iter().filter(|it| it.starts_with("create")).count();
    assert_eq!(creates, 3);
}

/// The run ended before it was settled, reads lag, and a delete does nothing to
/// what it does not see.
#[test]
fn what_does_not_show_yet_is_deleted_all_the_same() {
    // The plan looks first, until it is seen; then the delete does.
    let late_for_the_plan = ["blind"; 4].as_slice();
    let late_for_the_delete = ["", "blind", "blind", "blind"].as_slice();
    let gone_after_it = ["", "", "", "blind", "blind", "blind"].as_slice();
    for reads in [late_for_the_plan, late_for_the_delete, gone_after_it] {
        let env = TestEnv::new(
            "resources: {only: {type: 'fake:Thing', properties: {text: a, fixed: a}}}\n",
        );
        env.fault("finish", &["refuse"]);
        drop(env.run("up --yes").ends(1));
        let (old, _) = env.thing("only");
        env.edit("fixed: a", "fixed: b");
        env.fault(&format!("read {old}"), reads);
        env.fault("delete", &["blind"]);
        let hurried = |it: &mut Command| {
            it.env("ORDERINFRA_TEST_HURRY", "1000000");
        };
        drop(env.run_with(&["up", "--yes"], hurried).ends(0));
        let calls = env.calls();
        assert_eq!(env.things().len(), 1, "{reads:?}: {calls:#?}");
    }
}
