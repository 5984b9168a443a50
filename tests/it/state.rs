//! Damaged, foreign, read-only, full: what is wrong is said, nothing is lost,
//! and the next run goes on. Backups are taken, and put back.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::env::{Ran, TestEnv};

const PROGRAM: &str = "
resources:
  base: { type: fake:index:Thing, properties: { size: 1 } }
  user: { type: fake:index:Thing, properties: { uses: '${base.id}' } }
outputs: { arn: '${base.arn}' }
";

fn made() -> TestEnv {
    let env = TestEnv::new(PROGRAM);
    env.ok("up --yes");
    env
}

fn backups(env: &TestEnv) -> Vec<PathBuf> {
    let mut all = env.files("state/backups");
    all.sort();
    all
}

/// Behind the program's back.
fn sql(env: &TestEnv, text: &str) {
    let file = rusqlite::Connection::open(env.database()).unwrap();
    file.execute_batch(text).unwrap();
}

/// Changes bytes of the state file, from a place on.
fn scribble(env: &TestEnv, from: usize, count: usize) {
    let mut bytes = fs::read(env.database()).unwrap();
    bytes[from..from + count].fill(0xA5);
    fs::write(env.database(), bytes).unwrap();
}

#[test]
fn a_damaged_page_is_found_before_anything_is_done() {
    let env = made();
    // A second run, so that there is a backup that knows the first.
    env.edit("size: 1", "size: 2");
    env.ok("up --yes");
    env.calls();
    let pages = fs::metadata(env.database()).unwrap().len() / 4096;
    let whole = fs::read(env.database()).unwrap();
    let mut found = 0;
    for page in 1..pages {
        fs::write(env.database(), &whole).unwrap();
        scribble(&env, usize::try_from(page).unwrap() * 4096, 64);
        for line in ["up --yes", "preview", "stack output", "history"] {
            let ran = env.run(line);
            if ran.code == Some(0) {
                // A page that nothing is on.
                continue;
            }
            found += 1;
            ran.ends(1).says("$DIR/state/orderinfra.db").says("damaged").says("state restore");
        }
        assert_eq!(env.calls(), [""; 0], "page {page}");
    }
    assert!(found > 4 * 10, "{found}");
    env.ok("state restore --yes").says("The state is restored");
    env.ok("up --yes");
    env.check_fold();
    assert_eq!(env.things().len(), 2);
}

/// Years of runs: what grows with them is not checked at every command.
#[test]
fn a_large_state_is_opened_and_what_lasts_of_it_is_checked() {
    let env = made();
    sql(
        &env,
        "INSERT INTO calls (run, at, service, operation, region, millis, attempts, error)
         SELECT max(id), '2026-01-01T00:00:00Z', 'ec2', 'RunInstances', 'us-east-1', 1, 1,
                printf('%.*c', 36000000, 'x') FROM runs;",
    );
    assert!(fs::metadata(env.database()).unwrap().len() > 32 << 20);
    for line in ["preview --expect-no-changes", "stack output", "history", "up --yes"] {
        env.ok(line);
    }
    let page = |table: &str| {
        let file = rusqlite::Connection::open(env.database()).unwrap();
        file.pragma_update(None, "journal_mode", "DELETE").unwrap();
        let page = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        file.query_row(page, [table], |row| row.get::<_, usize>(0)).unwrap()
    };
    let page = page("resources");
    scribble(&env, (page - 1) * 4096, 64);
    env.run("preview").ends(1).says("damaged").says("state restore");
}

/// SQLite finds nothing wrong with it.
#[test]
fn a_resource_that_the_journal_does_not_know_is_damage() {
    let env = made();
    let whole = fs::read(env.database()).unwrap();
    for change in [
        "DELETE FROM resources WHERE place = 1",
        "UPDATE resources SET body = json_set(body, '$.id', 'fake-99') WHERE place = 1",
        "DELETE FROM journal WHERE kind = 'begun' AND seq < 3",
        "PRAGMA foreign_keys = OFF; UPDATE outputs SET stack = 77",
    ] {
        sql(&env, change);
        env.run("up --yes").ends(1).says("damaged").says("state restore");
        fs::write(env.database(), &whole).unwrap();
    }
    env.ok("up --yes");
}

#[test]
fn a_file_that_is_no_state_is_left_alone() {
    let env = TestEnv::new(PROGRAM);
    env.write("state/orderinfra.db", &"no database at all. ".repeat(400));
    env.run("up --yes").ends(1).says("no SQLite database").says("$DIR/state/orderinfra.db");
    let other = env.path("state/other.db");
    let file = rusqlite::Connection::open(&other).unwrap();
    file.execute_batch("CREATE TABLE customers (name TEXT)").unwrap();
    drop(file);
    let before = fs::read(&other).unwrap();
    for line in ["up --yes --state state/other.db", "stack ls --state state/other.db"] {
        env.run(line).ends(1).says("another program").says("--state");
    }
    assert_eq!(fs::read(&other).unwrap(), before);
    assert_eq!(env.things().len(), 0);
}

#[test]
fn a_state_of_a_newer_version_is_refused_and_kept() {
    let env = made();
    let file = rusqlite::Connection::open(env.database()).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let before = fs::read(env.database()).unwrap();
    for line in ["up --yes", "preview", "stack output"] {
        env.run(line)
            .ends(1)
            .says("newer version")
            .says("99")
            .says("use the version that wrote it");
    }
    assert_eq!(fs::read(env.database()).unwrap(), before);
    env.ok("state restore --yes");
    env.ok("up --yes");
}

/// A state of the first version, which did not sign its files.
#[test]
fn an_older_state_is_brought_up_to_date() {
    let env = made();
    let file = rusqlite::Connection::open(env.database()).unwrap();
    file.execute_batch(
        "DROP TABLE open_steps; DROP TABLE calls; DROP INDEX journal_by_run;
         ALTER TABLE stacks DROP COLUMN unwritten;
         ALTER TABLE journal DROP COLUMN at;
         DROP TABLE shift_event; DROP TABLE shift_op; DROP TABLE shift_route; DROP TABLE shift;
         CREATE TABLE shifts (id INTEGER PRIMARY KEY,
             stack INTEGER NOT NULL REFERENCES stacks (id) ON DELETE CASCADE,
             started TEXT NOT NULL, ended TEXT,
             body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
         INSERT INTO shifts SELECT 7, id, '2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z',
             '{\"to\":\"green\"}' FROM stacks;
         PRAGMA application_id = 0; PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(file);
    env.ok("preview --expect-no-changes");
    let file = rusqlite::Connection::open(env.database()).unwrap();
    let number = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA application_id"), 0x4F52_4449);
    assert_eq!(number("SELECT count(*) FROM calls"), 0);
    // A shift of the first kind is told as one of today's.
    let ran = env.ok("shift --history");
    assert_eq!(ran.stdout, "S7  2026-01-01T00:00:00Z  default  blue → green  done\n", "{ran}");
}

#[test]
fn a_state_that_is_gone_is_not_begun_anew_over_its_backups() {
    let env = made();
    env.calls();
    fs::remove_file(env.database()).unwrap();
    env.run("up --yes").ends(1).says("is missing").says("$DIR/state/backups").says("state restore");
    fs::write(env.database(), "").unwrap();
    env.run("up --yes").ends(1).says("is empty").says("state restore");
    assert_eq!(env.calls(), [""; 0]);
    env.ok("state restore --yes");
    assert_eq!(env.snapshot().resources.len(), 0, "the backup is from before the first run");
}

/// A user who may read the folder and not write it.
fn visitor(env: &TestEnv, line: &str) -> Ran {
    let args: Vec<&str> = line.split_whitespace().collect();
    env.run_with(&args, |it| {
        if fs::metadata("/proc/self").is_ok_and(|it| std::os::unix::fs::MetadataExt::uid(&it) == 0)
        {
            it.uid(65534).gid(65534);
        }
    })
}

fn modes(env: &TestEnv, folders: u32, files: u32) {
    let set = |path: PathBuf, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for file in env.files("") {
        set(file, files);
    }
    for folder in ["", "state", "home", "home/.config", "home/.config/orderinfra"] {
        set(env.path(folder), folders);
    }
    // The cloud is not part of the machine.
    set(env.path("cloud.json"), 0o666);
}

#[test]
fn a_read_only_state_can_be_looked_at() {
    for folders in [0o555, 0o777] {
        let env = made();
        fs::remove_dir_all(env.path("state/backups")).unwrap();
        modes(&env, folders, 0o444);
        visitor(&env, "stack output arn").ends(0).says("arn:aws:fake");
        visitor(&env, "stack").ends(0).says("Resources (2)");
        visitor(&env, "history").ends(0).says("2 created");
        // The cloud's file is replaced when it is called.
        if folders == 0o777 {
            visitor(&env, "preview --expect-no-changes").ends(0);
        }
        let before = fs::read(env.database()).unwrap();
        for line in ["up --yes", "destroy --yes", "refresh --yes", "stack rm --yes --force"] {
            let ran = visitor(&env, line);
            ran.ends(1).says("$DIR/state/orderinfra.db").says("read-only").says("`preview`");
        }
        assert_eq!(fs::read(env.database()).unwrap(), before);
        modes(&env, 0o755, 0o644);
        env.ok("destroy --yes");
    }
}

#[test]
fn a_folder_without_a_state_that_cannot_be_written_is_told() {
    let env = TestEnv::new(PROGRAM);
    env.write("cloud.json", "{}");
    env.write("home/.config/orderinfra/other", "");
    env.write("state/other", "");
    modes(&env, 0o555, 0o444);
    visitor(&env, "up --yes").ends(1).says("$DIR/state/orderinfra.db").says("read-only");
    modes(&env, 0o755, 0o644);
    env.ok("up --yes");
}

/// As many pages as the file has, and some more, are all that fits.
#[test]
fn a_disk_that_fills_up_in_a_run_ends_it_and_the_next_goes_on() {
    let big: String = (0..12)
        .map(|it| {
            let text = "x".repeat(6000);
            format!("  t{it:02}: {{ type: fake:index:Thing, properties: {{ text: '{text}' }} }}\n")
        })
        .collect();
    let mut in_mid_run = 0;
    for more in [0, 1, 4, 10, 20, 40] {
        let env = TestEnv::new(PROGRAM);
        env.ok("up --yes");
        let pages = fs::metadata(env.database()).unwrap().len() / 4096;
        env.program(&PROGRAM.replace("outputs:", &format!("{big}outputs:")));
        let args = ["up", "--yes", "-p", "2"];
        let ran = env.run_with(&args, |it| {
            it.env("ORDERINFRA_TEST_PAGES", (pages + more).to_string());
        });
        let when = format!("{more} more pages");
        ran.ends(1).says("the disk is full").says("$DIR/state/orderinfra.db").says("make room");
        let made = env.things().len();
        assert!(made < 14, "{when}");
        in_mid_run += u32::from(made > 2);
        env.ok("preview");
        env.ok("up --yes");
        assert_eq!(env.things().len(), 14, "{when}: nothing twice, nothing lost");
        assert!(env.snapshot().open.is_empty());
        env.check_fold();
        env.ok("preview --expect-no-changes");
    }
    assert!(in_mid_run >= 2, "{in_mid_run}");
}

/// The same by a limit of the operating system, which SQLite meets when it
/// writes to its log.
#[test]
fn a_log_that_cannot_grow_ends_the_run_and_the_next_goes_on() {
    let big: String = (0..12)
        .map(|it| {
            let text = "x".repeat(6000);
            format!("  t{it:02}: {{ type: fake:index:Thing, properties: {{ text: '{text}' }} }}\n")
        })
        .collect();
    let env = TestEnv::new(PROGRAM);
    env.ok("up --yes");
    env.program(&PROGRAM.replace("outputs:", &format!("{big}outputs:")));
    let real = env.command(&["up", "--yes", "-p", "1"]);
    // In units of 512 bytes; without the signal that ends a process.
    let script = "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(real.get_program()).args(real.get_args());
    shell.env_clear().current_dir(real.get_current_dir().unwrap());
    shell.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ran = env.finish(&shell.output().unwrap());
    ran.ends(1).says("the disk does not take what is written").says("$DIR/state/orderinfra.db");
    let made = env.things().len();
    assert!((3..14).contains(&made), "{made}");
    env.ok("up --yes");
    assert_eq!(env.things().len(), 14);
    env.check_fold();
    env.ok("preview --expect-no-changes");
}

#[test]
fn a_backup_is_taken_before_each_run_that_changes_something() {
    let env = TestEnv::new(PROGRAM);
    env.ok("state backups").says("no backup yet");
    env.ok("up --yes");
    assert_eq!(backups(&env).len(), 1);
    env.ok("up --yes");
    env.ok("preview");
    env.ok("stack output");
    env.ok("refresh --yes");
    assert_eq!(backups(&env).len(), 1, "nothing was changed");
    env.edit("size: 1", "size: 2");
    env.ok("up --yes");
    assert_eq!(backups(&env).len(), 2);
    env.drift("base", |it| it["size"] = 7.into());
    env.ok("refresh --yes");
    assert_eq!(backups(&env).len(), 3);
    env.ok("destroy --yes");
    assert_eq!(backups(&env).len(), 4);
    env.ok("stack rm dev --yes");
    assert_eq!(backups(&env).len(), 5);
    for file in backups(&env) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with("orderinfra-20231114T221320Z-"), "{name}");
    }
    let listed = env.ok("state backups --json").json();
    assert_eq!(listed.as_array().map(Vec::len), Some(5));
    assert_eq!(listed[0]["taken"], "20231114T221320Z");
    env.ok("state backups").says("orderinfra-20231114T221320Z-1.db");
}

#[test]
fn the_last_ten_backups_are_kept() {
    let env = TestEnv::new(PROGRAM);
    for size in 0..13 {
        env.program(&PROGRAM.replace("size: 1", &format!("size: {size}")));
        env.ok("up --yes");
    }
    let names: Vec<String> =
        backups(&env).iter().map(|it| it.file_name().unwrap().to_string_lossy().into()).collect();
    assert_eq!(names.len(), 10, "{names:?}");
    assert!(names.contains(&"orderinfra-20231114T221320Z-13.db".to_owned()), "{names:?}");
    assert!(!names.contains(&"orderinfra-20231114T221320Z-3.db".to_owned()), "{names:?}");
}

/// At another time, so that its backups are the newest.
fn later(env: &TestEnv, seconds: u32, line: &str) -> Ran {
    let args: Vec<&str> = line.split_whitespace().collect();
    env.run_with(&args, |it| {
        it.env("ORDERINFRA_TEST_NOW", (1_700_000_000 + u64::from(seconds)).to_string());
    })
}

#[test]
fn a_backup_is_put_back_and_what_it_replaces_is_kept() {
    let env = made();
    let before = env.snapshot();
    env.edit("size: 1", "size: 2");
    later(&env, 60, "up --yes").ends(0);
    let after = env.snapshot();
    assert_ne!(before, after);
    later(&env, 120, "state restore --yes")
        .ends(0)
        .says("demo/dev: 2 resources")
        .says("What it was before is in $DIR/state/backups/orderinfra-20231114T221520Z-");
    assert_eq!(env.snapshot(), before);
    env.check_fold();
    // And back again: the newest is what was replaced.
    later(&env, 180, "state restore latest --yes").ends(0);
    assert_eq!(env.snapshot(), after);
    env.ok("preview --expect-no-changes");
    // By name, and by path.
    later(&env, 240, "state restore orderinfra-20231114T221420Z-2.db --yes").ends(0);
    assert_eq!(env.snapshot(), before);
    let path = env.path("state/backups/orderinfra-20231114T221620Z-2.db");
    assert!(path.is_file(), "{:?}", backups(&env));
}

#[test]
fn a_restore_asks_and_checks() {
    let env = made();
    env.run("state restore").ends(2).says("nobody to ask");
    env.run("state restore none.db --yes").ends(1).says("$DIR/none.db");
    env.run("state restore state/orderinfra.db --yes").ends(2).says("the state itself");
    let backup = backups(&env).remove(0);
    let mut bytes = fs::read(&backup).unwrap();
    bytes[4096..8192].fill(0xA5);
    fs::write(&backup, bytes).unwrap();
    let before = env.snapshot();
    env.run("state restore --yes").ends(1).says("orderinfra-20231114T221320Z-1.db");
    env.write("junk.db", &"junk".repeat(2000));
    env.run("state restore junk.db --yes").ends(1).says("no SQLite database");
    assert_eq!(env.snapshot(), before);
}

#[test]
fn nothing_is_restored_under_a_run() {
    let env = made();
    let owner = orderinfra::store::Owner {
        pid: 1,
        user: "other".to_owned(),
        host: "host".to_owned(),
        command: "orderinfra up".to_owned(),
        since: "now".to_owned(),
    };
    let store = env.store();
    let before = env.snapshot();
    // A stack that only this state knows, by its lock alone.
    for stack in ["dev", "other"] {
        let lock = store.lock("demo", stack, &owner).unwrap();
        env.run("state restore --yes").ends(1).says("another run").says("other@host");
        drop(lock);
    }
    assert_eq!(env.snapshot(), before);
    env.ok("state restore --yes");
}

/// Whatever is left of the file: it is set aside, and the backup takes its
/// place.
#[test]
fn a_state_that_sqlite_cannot_open_is_replaced() {
    for junk in [&b"not a database, but a long text. "[..], &[0; 64]] {
        let env = made();
        fs::write(env.database(), junk.repeat(300)).unwrap();
        env.run("preview").ends(1);
        env.ok("state restore --yes").says(".damaged");
        let mut aside = backups(&env);
        aside.retain(|it| it.extension().is_some_and(|it| it == "damaged"));
        assert_eq!(aside.len(), 1, "{aside:?}");
        assert!(fs::read(&aside[0]).unwrap() == junk.repeat(300), "it is kept as it was");
        env.ok("stack ls");
    }
}

/// The log of a killed run holds newer pages. They must not come over the
/// backup when that takes the place of a file that is gone.
#[test]
fn a_stale_log_does_not_come_over_a_restored_state() {
    let env = made();
    let before = env.snapshot();
    env.edit("size: 1", "size: 2");
    drop(env.crash("up --yes", 0));
    let log = fs::metadata(env.path("state/orderinfra.db-wal")).unwrap().len();
    assert!(log > 4096, "the killed run has left its log");
    fs::remove_file(env.database()).unwrap();
    env.ok("state restore --yes");
    assert!(env.snapshot() == before, "{:#?}", env.snapshot());
    env.check_fold();
    env.ok("up --yes");
    env.ok("preview --expect-no-changes");
    assert_eq!(env.things().len(), 2);
}

#[test]
fn a_backup_that_was_cut_off_is_swept_away() {
    let env = made();
    env.write("state/backups/.orderinfra-4711.part", "half");
    env.edit("size: 1", "size: 2");
    env.ok("up --yes");
    assert!(!env.path("state/backups/.orderinfra-4711.part").exists());
    assert_eq!(backups(&env).len(), 2);
}

/// Ten processes write to ten stacks of one file that none of them has seen
/// before, and fifty read it meanwhile.
#[test]
fn many_writers_and_readers_share_a_state() {
    let env = TestEnv::new(
        "
resources:
  lot: { type: random:index/randomPassword:RandomPassword, properties: { length: 20 } }
  more: { type: random:index/randomId:RandomId, properties: { byteLength: 8 } }
outputs: { id: '${more.hex}' }
",
    );
    // One key for all, before they race for the state.
    fs::remove_file(env.path("Pulumi.dev.yaml")).unwrap();
    for stack in 0..10 {
        env.write(&format!("Pulumi.s{stack}.yaml"), "");
    }
    let spawn = |line: String| {
        let args: Vec<&str> = line.split_whitespace().collect();
        let mut command = env.command(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    for round in 0..2 {
        let mut all = Vec::new();
        for stack in 0..10 {
            let up = if round == 0 { "up --yes" } else { "up --yes --replace **::more" };
            all.push(spawn(format!("{up} -s s{stack}")));
            for line in ["stack ls", "stack ls --all", "stack ls --json", "state backups"] {
                all.push(spawn(line.to_owned()));
            }
            let line =
                if round == 0 { "stack ls".to_owned() } else { format!("history -s s{stack}") };
            all.push(spawn(line));
        }
        for child in all {
            let ran = env.finish(&child.wait_with_output().unwrap());
            assert_eq!(ran.code, Some(0), "round {round}: {ran}");
        }
    }
    let store = env.store();
    for stack in 0..10 {
        let opened = store.stack("demo", &format!("s{stack}")).unwrap();
        assert_eq!(opened.snapshot.resources.len(), 2);
        assert!(opened.snapshot.open.is_empty());
        let mut folded = orderinfra::model::Snapshot::default();
        store.rows(&opened).unwrap().iter().for_each(|it| folded.apply(it).unwrap());
        assert_eq!(folded, opened.snapshot);
    }
    assert_eq!(backups(&env).len(), 10);
}
