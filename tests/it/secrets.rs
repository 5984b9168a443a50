//! What is secret is nowhere in clear.

use crate::env::{Ran, TestEnv};

const SECRET: &str = "xyzzy-\\\"plugh\\\"-4711";
const PLAIN: &str = "xyzzy-\"plugh\"-4711";

const PROGRAM: &str = "
resources:
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 24, special: false } }
  drawn: { type: fake:index:Thing, properties: { password: '${lot.result}', text: 'a ${lot.result} b' } }
  given: { type: fake:index:Thing, properties: { password: '${pass}', tags: { in: 'x${pass}y' } } }
outputs:
  drawn: ${lot.result}
  given: { inside: '${given.tags}' }
";

fn env() -> TestEnv {
    let env = TestEnv::new(PROGRAM);
    env.run_with(&["config", "set", "--secret", "pass", PLAIN], |_| {}).ends(0).lacks(PLAIN);
    env
}

/// The drawn password, out of the cloud.
fn drawn(env: &TestEnv) -> String {
    let things = env.cloud()["things"].clone();
    let found = things.as_object().unwrap().values().find_map(|it| {
        let text = it["text"].as_str()?;
        text.strip_prefix("a ")?.strip_suffix(" b").map(str::to_owned)
    });
    found.unwrap()
}

fn clean(ran: &Ran, secrets: &[&str]) {
    let text = ran.to_string();
    for secret in secrets {
        assert!(!text.contains(secret), "`{secret}` is in:\n{text}");
    }
}

/// No file of ours but the cloud (and the key) holds it.
fn on_disk(env: &TestEnv, secrets: &[&str]) {
    let files = env.files("");
    let own = files.iter().filter(|it| !it.ends_with("cloud.json"));
    let mut seen = 0;
    for file in own {
        seen += 1;
        let bytes = std::fs::read(file).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "`{secret}` is in {}", file.display());
        }
    }
    assert!(seen >= 4, "{files:?}");
}

#[test]
fn secrets_are_nowhere_in_clear() {
    let env = env();
    let mut said =
        vec![env.ok("preview --diff"), env.ok("preview --json"), env.ok("up --yes --diff")];
    let drawn = drawn(&env);
    let secrets = [&*drawn, PLAIN, SECRET];
    // A change of what is built from a secret, and drift of it.
    env.edit("x${pass}y", "z${pass}y");
    env.edit("a ${lot.result} b", "c ${lot.result} d");
    env.drift("given", |it| it["tags"]["in"] = format!("q{PLAIN}").into());
    for line in [
        "preview --diff",
        "preview --json",
        "up --yes --json --diff",
        "stack",
        "stack output",
        "stack output --json",
        "stack output drawn",
        "config",
        "config --json",
        "refresh --yes",
        "preview",
        "history",
        "history --json",
        "history --calls",
        "history --calls --json",
        "state backups",
        "stack export",
        "stack export --file out.json",
        "stack import --file out.json --yes",
        "state restore --yes",
    ] {
        said.push(env.ok(line));
        on_disk(&env, &secrets);
    }
    env.ok("stack output drawn --show-secrets").says(&drawn);
    env.ok("preview --diff --show-secrets");
    env.ok("stack export --show-secrets").says(&drawn);
    assert!(env.files("state/backups").len() >= 3, "backups are among what is scanned");
    said.push(env.ok("destroy --yes"));
    for ran in &said {
        clean(ran, &secrets);
    }
    on_disk(&env, &secrets);
}

/// A step that was cut off holds the lot that a password is drawn from.
#[test]
fn secrets_are_not_in_the_export_of_a_killed_run() {
    let env = env();
    for after in [0, 1, 2] {
        drop(env.crash("up --yes", after));
        let snapshot = env.snapshot();
        let lots = snapshot.open.iter().filter_map(|it| it.seed.clone()).collect::<Vec<_>>();
        assert!(after > 0 || !lots.is_empty());
        let mut secrets: Vec<&str> = lots.iter().map(|it| it.split('@').next().unwrap()).collect();
        secrets.extend([PLAIN, SECRET]);
        clean(&env.ok("stack export"), &secrets);
        env.ok("stack export --file out.json");
        on_disk(&env, &secrets);
    }
}

/// The WAL is read while it is there: the process dies with it open.
#[test]
fn secrets_are_not_in_the_wal_of_a_killed_run() {
    let env = env();
    for after in [0, 1, 2, 3] {
        let ran = env.crash("up --yes", after);
        clean(&ran, &[PLAIN, SECRET]);
        on_disk(&env, &[PLAIN, SECRET]);
    }
    assert!(env.files("state").iter().any(|it| it.to_string_lossy().ends_with("-wal")));
    env.ok("up --yes");
    on_disk(&env, &[&drawn(&env), PLAIN, SECRET]);
}

/// The fake cloud repeats the password that it refuses.
#[test]
fn secrets_in_refusals_are_taken_out() {
    let env = env();
    for json in ["", " --json"] {
        env.fault("create", &["refuse", "refuse"]);
        let ran = env.run(&format!("up --yes{json}")).ends(1).says("password `[secret]`");
        clean(&ran, &[PLAIN, SECRET]);
        on_disk(&env, &[PLAIN, SECRET]);
    }
    env.ok("up --yes");
    env.edit("x${pass}y", "z${pass}y");
    env.fault("update", &["refuse"]);
    let ran = env.run("up --yes").ends(1).says("password `[secret]`");
    clean(&ran, &[PLAIN, SECRET]);
    on_disk(&env, &[PLAIN, SECRET]);
}

#[cfg(unix)]
#[test]
fn state_and_key_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = env();
    env.ok("up --yes");
    let files = env.files("state").into_iter().chain(env.files("home"));
    let mut seen = 0;
    for file in files {
        seen += 1;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    assert!(seen >= 2);
}

#[test]
fn a_secret_on_the_command_line_is_not_in_the_lock() {
    let env = TestEnv::new("config: { pass: { type: string, secret: true } }\nresources: {}\n");
    env.run_with(&["up", "--yes", "-c", &format!("pass={PLAIN}")], |_| {}).ends(0).lacks(PLAIN);
    on_disk_but_few(&env);
}

fn on_disk_but_few(env: &TestEnv) {
    for file in env.files("state") {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(PLAIN.len()).any(|it| it == PLAIN.as_bytes());
        assert!(!found, "{}", file.display());
    }
}

#[test]
fn another_key_opens_nothing() {
    let env = env();
    env.ok("up --yes");
    env.write("home/.config/orderinfra/key", &format!("{}=", "A".repeat(43)));
    env.run("stack output --show-secrets").ends(2).lacks(PLAIN);
}

/// What is ignored is taken from AWS, which does not say what is secret.
#[test]
fn an_ignored_secret_stays_secret() {
    let program = |options: &str| {
        format!(
            "resources:
  given:
    type: fake:index:Thing
    properties: {{ text: '${{pass}}', tags: {{ in: 'x${{pass}}y', out: plain }}, size: 1 }}
    options: {{ ignoreChanges: [{options}] }}
outputs: {{ given: '${{given.text}}' }}
"
        )
    };
    let env = TestEnv::new(&program("text, tags"));
    env.run_with(&["config", "set", "--secret", "pass", PLAIN], |_| {}).ends(0).lacks(PLAIN);
    env.ok("up --yes");
    env.ok("preview --expect-no-changes");
    env.edit("size: 1", "size: 2");
    clean(&env.ok("up --yes --diff"), &[SECRET, PLAIN]);
    assert_eq!(env.thing("given").1["text"], PLAIN);
    env.ok("preview --expect-no-changes");
    env.ok("up --yes");
    clean(&env.ok("stack output"), &[SECRET, PLAIN]);
    on_disk(&env, &[SECRET, PLAIN]);
}
