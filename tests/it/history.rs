//! The runs of a stack, and every call that they made.

use serde_json::Value as Json;

use crate::env::TestEnv;

const PROGRAM: &str = "
resources:
  base: { type: fake:index:Thing, properties: { size: 1 } }
  user: { type: fake:index:Thing, properties: { uses: '${base.id}' } }
";

fn calls(env: &TestEnv, line: &str) -> Vec<Json> {
    env.ok(line).json().as_array().unwrap().clone()
}

fn operations(calls: &[Json]) -> Vec<String> {
    calls.iter().map(|it| it["operation"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn runs_are_told_newest_first() {
    let env = TestEnv::new(PROGRAM);
    env.ok("up --yes");
    env.edit("size: 1", "size: 2");
    env.fault("update", &["refuse"]);
    env.run("up --yes").ends(1);
    env.ok("up --yes");
    env.drift("base", |it| it["size"] = 9.into());
    env.ok("refresh --yes");
    env.ok("destroy --yes");
    let shown = env.ok("history").stdout;
    let lines: Vec<&str> = shown.lines().collect();
    let words = |at: usize| lines[at].split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(0), "RUN KIND STARTED DURATION OUTCOME CHANGES");
    assert_eq!(words(1), "5 destroy 2023-11-14T22:13:20Z 0s done 2 deleted");
    assert_eq!(words(2), "4 refresh 2023-11-14T22:13:20Z 0s done 1 updated");
    assert_eq!(words(3), "3 up 2023-11-14T22:13:20Z 0s done 1 updated");
    assert_eq!(words(4), "2 up 2023-11-14T22:13:20Z 0s failed 1 failed");
    assert_eq!(words(5), "1 up 2023-11-14T22:13:20Z 0s done 2 created");
    let json = env.ok("history --json").json();
    assert_eq!(json[0]["kind"], "destroy");
    assert_eq!(json[3]["steps"]["failed"], 1);
    assert_eq!(json[3]["failedCalls"], 1);
    assert_eq!(json[4]["durationSeconds"], 0);
    let failed = env.ok("history --failed --json").json();
    assert_eq!(failed.as_array().map(Vec::len), Some(1));
    env.run("history --run 77").ends(2).says("no run 77");
}

#[test]
fn every_call_is_in_the_audit() {
    let env = TestEnv::new(PROGRAM);
    env.ok("up --yes");
    let made = calls(&env, "history --calls --json");
    let log = env.calls();
    let log: Vec<&str> = log.iter().filter_map(|it| it.split(' ').next()).collect();
    assert_eq!(operations(&made), log, "the audit is the cloud's own log");
    let create = &made[operations(&made).iter().position(|it| it == "create").unwrap()];
    assert_eq!(create["service"], "fake");
    assert_eq!(create["region"], "us-east-1");
    assert_eq!(create["at"], "2023-11-14T22:13:20Z");
    assert_eq!(create["error"], Json::Null);
    assert!(create["requestId"].as_str().unwrap().starts_with("fake-request-"));
    env.edit("size: 1", "size: 2");
    env.fault("update", &["refuse"]);
    env.run("up --yes").ends(1);
    let failed = calls(&env, "history --calls --run 2 --failed --json");
    assert_eq!(operations(&failed), ["update"], "also of a run that failed");
    assert_eq!(failed[0]["error"], "Refused");
    env.ok("history --calls --failed").says("fake:update").says("Refused").lacks("fake:create");
}

/// What was called before the run began is there even if it is killed.
#[test]
fn a_killed_run_keeps_its_calls() {
    let env = TestEnv::new(PROGRAM);
    env.ok("up --yes");
    env.edit("size: 1", "size: 2");
    drop(env.crash("up --yes", 0));
    let seen = calls(&env, "history --calls --run 2 --json");
    assert!(operations(&seen).contains(&"read".to_owned()), "{seen:?}");
    env.ok("history").says("not ended");
    env.ok("up --yes");
}

#[test]
fn only_the_last_runs_keep_their_calls() {
    let env = TestEnv::new(PROGRAM);
    for size in 0..23 {
        env.program(&PROGRAM.replace("size: 1", &format!("size: {size}")));
        env.ok("up --yes");
    }
    let kept = calls(&env, "history --calls --json");
    let runs: std::collections::BTreeSet<i64> =
        kept.iter().map(|it| it["run"].as_i64().unwrap()).collect();
    assert_eq!(runs, (4..=23).collect());
    assert_eq!(env.ok("history --json").json().as_array().map(Vec::len), Some(23));
}
