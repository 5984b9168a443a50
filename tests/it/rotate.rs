//! Another key for a stack: state and configuration change together, and the
//! old key opens nothing any more.

use std::{fs, io::Write as _, process::Stdio};

use crate::env::{Ran, TestEnv};

const PLAIN: &str = "xyzzy-plugh-4711";

const PROGRAM: &str = "
resources:
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 24 } }
  given: { type: fake:index:Thing, properties: { password: '${pass}', text: '${lot.result}' } }
outputs: { given: '${pass}', drawn: '${lot.result}' }
";

fn made() -> TestEnv {
    let env = TestEnv::new(PROGRAM);
    env.write("Pulumi.dev.yaml", "# who may touch this\nconfig:\n  demo:open: yes # kept\n");
    env.ok(&format!("config set --secret pass {PLAIN}"));
    env.ok("up --yes");
    env
}

fn with(env: &TestEnv, old: &str, new: &str, line: &str) -> Ran {
    let args: Vec<&str> = line.split_whitespace().collect();
    env.run_with(&args, |it| {
        for (name, value) in
            [("PULUMI_CONFIG_PASSPHRASE", old), ("PULUMI_CONFIG_PASSPHRASE_NEW", new)]
        {
            if !value.is_empty() {
                it.env(name, value);
            }
        }
    })
}

/// Every ciphertext of the state and of the stack's file.
fn ciphertexts(env: &TestEnv) -> Vec<String> {
    fn walk(json: &serde_json::Value, all: &mut Vec<String>) {
        match json {
            serde_json::Value::Object(map) => {
                all.extend(map.get("ciphertext").and_then(|it| it.as_str()).map(str::to_owned));
                map.values().for_each(|it| walk(it, all));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|it| walk(it, all)),
            _ => {}
        }
    }
    let file = rusqlite::Connection::open(env.database()).unwrap();
    let sql = "SELECT body FROM journal UNION ALL SELECT body FROM resources
               UNION ALL SELECT value FROM outputs";
    let mut rows = file.prepare(sql).unwrap();
    let bodies = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut all = Vec::new();
    for body in bodies {
        walk(&serde_json::from_str(&body.unwrap()).unwrap(), &mut all);
    }
    let keys = file.query_row("SELECT sealed_key FROM stacks", [], |row| row.get(0)).unwrap();
    all.push(keys);
    let stack = config(env);
    let secure = stack.lines().filter_map(|it| it.trim().strip_prefix("secure: "));
    all.extend(secure.map(str::to_owned));
    all
}

fn config(env: &TestEnv) -> String {
    fs::read_to_string(env.path("Pulumi.dev.yaml")).unwrap()
}

/// None of them is anywhere but in the backups.
fn gone(env: &TestEnv, old: &[String]) {
    let mut files = env.files("");
    files.retain(|it| !it.to_string_lossy().contains("/backups/"));
    assert!(old.len() > 8, "{old:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        for text in old {
            let found = bytes.windows(text.len()).any(|it| it == text.as_bytes());
            assert!(!found, "{text} is still in {}", file.display());
        }
    }
}

#[test]
fn a_stack_changes_from_the_key_file_to_a_passphrase_and_back() {
    let env = made();
    let before = env.snapshot();
    let old = ciphertexts(&env);
    with(&env, "", "first", "stack change-secrets-provider passphrase")
        .ends(0)
        .says("another key")
        .says("Backups from before");
    gone(&env, &old);
    let text = config(&env);
    for kept in ["# who may touch this", "demo:open: yes # kept", "encryptionsalt: v1:"] {
        assert!(text.contains(kept), "`{kept}` is not in:\n{text}");
    }
    assert!(!text.contains("encryptedkey") && !text.contains("secretsprovider"), "{text}");
    env.run("stack output given --show-secrets").ends(2).says("PULUMI_CONFIG_PASSPHRASE");
    with(&env, "wrong", "", "stack output").ends(2).says("another passphrase");
    with(&env, "first", "", "preview --expect-no-changes").ends(0);
    let old = ciphertexts(&env);
    // Another one, from a line of standard input, as Pulumi reads it.
    let mut command = env.command(&["stack", "change-secrets-provider", "passphrase"]);
    command.env("PULUMI_CONFIG_PASSPHRASE", "first");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"second\n").unwrap();
    env.finish(&child.wait_with_output().unwrap()).ends(0);
    gone(&env, &old);
    with(&env, "first", "", "stack output").ends(2).says("another passphrase");
    let old = ciphertexts(&env);
    with(&env, "second", "", "stack change-secrets-provider keyfile").ends(0);
    gone(&env, &old);
    assert!(config(&env).contains("secretsprovider: orderinfra"));
    assert!(!config(&env).contains("encryptionsalt"));
    assert_eq!(env.snapshot(), before);
    env.check_fold();
    env.ok("config get pass").says(PLAIN);
    env.ok("preview --expect-no-changes");
    // The same provider with another key.
    let old = ciphertexts(&env);
    env.ok("stack change-secrets-provider keyfile");
    gone(&env, &old);
    env.ok("stack output given --show-secrets").says(PLAIN);
    env.ok("preview --expect-no-changes");
}

/// After the state has its new key, before or after the file has.
#[test]
fn a_change_that_is_cut_off_is_finished_by_the_next_command() {
    for after in [0, 1] {
        let env = made();
        let text = config(&env);
        let old = ciphertexts(&env);
        let ran = env.crash("stack change-secrets-provider keyfile", after);
        assert_eq!(ran.code, None, "{ran}");
        assert_eq!(config(&env) == text, after == 0, "{after}");
        env.ok("config get pass").says(PLAIN);
        assert_ne!(config(&env), text);
        gone(&env, &old);
        env.ok("preview --expect-no-changes");
        env.check_fold();
    }
}

/// What is no row any more, but still in the file's free space.
#[test]
fn what_was_deleted_before_is_wiped_too() {
    let env = made();
    let mut old = ciphertexts(&env);
    env.edit("outputs: { given: '${pass}', drawn: '${lot.result}' }", "outputs: {}");
    env.ok("up --yes");
    env.ok("destroy --yes");
    let left = ciphertexts(&env);
    assert!(old.iter().any(|it| !left.contains(it)));
    old.extend(left);
    env.ok("stack change-secrets-provider keyfile").lacks("warning");
    gone(&env, &old);
}

#[test]
fn a_file_that_was_edited_in_between_is_not_overwritten() {
    let env = made();
    drop(env.crash("stack change-secrets-provider keyfile", 0));
    let edited = format!("{}# mine\n", config(&env));
    env.write("Pulumi.dev.yaml", &edited);
    env.ok("stack output").says("was changed while").says("$DIR/Pulumi.dev.yaml.new-key");
    assert_eq!(config(&env), edited);
    env.ok("stack output").lacks("was changed while");
    let beside = fs::read_to_string(env.path("Pulumi.dev.yaml.new-key")).unwrap();
    env.write("Pulumi.dev.yaml", &beside);
    env.ok("config get pass").says(PLAIN);
}

#[test]
fn what_cannot_be_changed_is_told_and_left() {
    let env = made();
    let (state, text) = (fs::read(env.database()).unwrap(), config(&env));
    env.run("stack change-secrets-provider gcpkms://projects/x")
        .ends(2)
        .says("`gcpkms` is not supported")
        .says("`keyfile`, `passphrase`, and a key of AWS KMS");
    env.run("stack change-secrets-provider passphrase").ends(2).says("no new passphrase");
    env.write("Pulumi.dev.yaml", &text.replace("secure: v1:", "secure: v1:AAAA"));
    env.run("stack change-secrets-provider keyfile").ends(2).says("$DIR/Pulumi.dev.yaml");
    env.write("Pulumi.dev.yaml", &text);
    assert_eq!(fs::read(env.database()).unwrap(), state);
    assert_eq!(env.files("state/backups").len(), 1);
    env.ok("preview --expect-no-changes");
}
