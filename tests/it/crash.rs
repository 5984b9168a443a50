//! Cut off anywhere, and answered or not: the next run converges.

use crate::env::TestEnv;

const BEFORE: &str = "
resources:
  base: { type: fake:index:Thing, properties: { size: 1 } }
  held: { type: fake:index:Named, properties: { name: held, text: '${base.arn}' } }
  left: { type: fake:index:Thing, properties: { uses: '${base.id}' } }
  top:
    type: fake:index:Thing
    properties: { uses: '${held.id}', fixed: x }
    options: { dependsOn: ['${left}'] }
  solo: { type: fake:index:Thing, properties: { name: solo, fixed: x } }
  old: { type: fake:index:Thing, properties: { uses: '${solo.arn}' } }
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 20 } }
  locked: { type: fake:index:Thing, properties: { password: '${lot.result}' } }
";

/// `base` updated, `left` and `top` replaced (new first), `solo` replaced
/// (old first), `old` dropped, `fresh` made.
const AFTER: &str = "
resources:
  base: { type: fake:index:Thing, properties: { size: 2 } }
  held: { type: fake:index:Named, properties: { name: held, text: '${base.arn}' } }
  left: { type: fake:index:Thing, properties: { uses: '${base.id}', fixed: z } }
  top:
    type: fake:index:Thing
    properties: { uses: '${held.id}', fixed: y, text: '${left.id}' }
    options: { dependsOn: ['${left}'] }
  solo: { type: fake:index:Thing, properties: { name: solo, fixed: y } }
  fresh: { type: fake:index:Thing, properties: { text: '${solo.id}' } }
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 20 } }
  locked: { type: fake:index:Thing, properties: { password: '${lot.result}' } }
";

/// Exactly these things are there, once each, the state knows each of them,
/// and nothing is left to do.
#[track_caller]
pub(crate) fn converged(env: &TestEnv, names: &[&str], when: &str) {
    let things: Vec<String> = env
        .things()
        .iter()
        .map(|it| it.rsplit_once('-').map_or(it.clone(), |(name, _)| name.to_owned()))
        .collect();
    assert_eq!(things, names, "{when}");
    let snapshot = env.snapshot();
    assert!(snapshot.open.is_empty(), "{when}");
    let cloud = env.cloud();
    let mut ids: Vec<String> =
        cloud["things"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect();
    let local = |it: &str| it.starts_with("random:") || it.starts_with("pulumi:");
    let kept = snapshot.resources.iter().filter(|it| !local(&it.token));
    let mut known: Vec<String> = kept.map(|it| it.id.clone()).collect();
    ids.sort();
    known.sort();
    assert_eq!(known, ids, "{when}: the state knows what is in the cloud");
    env.check_fold();
    if names.contains(&"locked") {
        let password = env.thing("locked").1["password"].clone();
        assert_eq!(password.as_str().map(str::len), Some(20), "{when}: what was drawn is kept");
    }
    if !names.is_empty() {
        env.ok("preview --expect-no-changes");
    }
}

const MADE: &[&str] = &["base", "held", "left", "locked", "old", "solo", "top"];
pub(crate) const CHANGED: &[&str] = &["base", "fresh", "held", "left", "locked", "solo", "top"];

/// Cuts a command off after each of its writes, and runs it again.
fn everywhere(prepare: impl Fn() -> TestEnv, line: &str, names: &[&str]) {
    let mut writes = 0;
    for after in 0.. {
        let env = prepare();
        let ran = env.crash(line, after);
        let when = format!("`{line}` cut off after {after} writes");
        if ran.code.is_some() {
            assert_eq!(ran.code, Some(0), "{when}:\n{ran}");
            converged(&env, names, &when);
            break;
        }
        writes += 1;
        // A look changes nothing and does not stumble.
        let seen = env.things();
        if line.starts_with("up") {
            env.ok("preview");
        }
        assert_eq!(env.things(), seen, "{when}");
        let again = env.run(line);
        assert_eq!(again.code, Some(0), "{when}, and then:\n{again}");
        converged(&env, names, &when);
    }
    assert!(writes >= 5, "only {writes} writes");
}

#[test]
fn a_first_up_converges_from_every_cut() {
    everywhere(|| TestEnv::new(BEFORE), "up --yes", MADE);
}

pub(crate) fn changed() -> TestEnv {
    let env = TestEnv::new(BEFORE);
    env.ok("up --yes");
    env.program(AFTER);
    env
}

#[test]
fn an_up_that_updates_and_replaces_converges_from_every_cut() {
    everywhere(changed, "up --yes", CHANGED);
}

#[test]
fn a_destroy_converges_from_every_cut() {
    let made = || {
        let env = TestEnv::new(BEFORE);
        env.ok("up --yes");
        env
    };
    everywhere(made, "destroy --yes", &[]);
}

/// Cut off twice in a row, at different places.
#[test]
fn a_recovery_may_be_cut_off_too() {
    for (first, second) in [(0, 0), (1, 0), (1, 1), (2, 1), (3, 2), (4, 0)] {
        let env = changed();
        drop(env.crash("up --yes", first));
        drop(env.crash("up --yes", second));
        env.ok("up --yes");
        converged(&env, CHANGED, &format!("cut off after {first} and {second} writes"));
    }
}

/// `up` once or twice, or more often if each of its calls goes wrong.
fn runs(env: &TestEnv, line: &str, when: &str) {
    for _ in 0..2 {
        if env.run(line).code == Some(0) {
            return;
        }
    }
    let ran = env.run(line);
    panic!("{when}: {ran}");
}

#[test]
fn faults_of_single_calls_are_got_over() {
    for fault in ["lose", "throttle", "refuse", "drop"] {
        for operation in ["create", "update", "delete", "read", "find", "finish"] {
            let when = format!("{fault} of {operation}");
            let env = TestEnv::new(BEFORE);
            env.fault(operation, &[fault]);
            runs(&env, "up --yes", &format!("first up, {when}"));
            converged(&env, MADE, &when);
            env.program(AFTER);
            env.fault(operation, &[fault]);
            runs(&env, "up --yes", &format!("second up, {when}"));
            converged(&env, CHANGED, &when);
            env.fault(operation, &[fault]);
            runs(&env, "destroy --yes", &format!("destroy, {when}"));
            converged(&env, &[], &when);
        }
    }
}
