//! Looking at shifts: status, the story as it is told, history and reports.

use super::{WAITS, scene::Scene};

#[test]
fn the_status_tells_the_routes_and_both_colours() {
    let scene = Scene::new("");
    scene.aws.set_health("green", "10.0.1.20", Some(("unhealthy", "Target.Timeout")));
    let told = scene.run("shift --status --json").ends(0).json();
    assert!(told["shift"].is_null());
    let routes = told["routes"].as_array().unwrap();
    let words = routes
        .iter()
        .map(|it| format!("{} {}/{}", it["route"], it["weights"]["blue"], it["weights"]["green"]));
    let mut words: Vec<String> = words.collect();
    words.sort();
    assert_eq!(words, ["\"admin\" 1/0", "\"api\" 100/0", "\"main\" 100/0"]);
    assert_eq!(told["groups"]["blue"]["healthy"], 2);
    assert_eq!(
        (&told["groups"]["green"]["healthy"], &told["groups"]["green"]["targets"]),
        (&1.into(), &2.into())
    );
    scene
        .run("shift --status")
        .ends(0)
        .says("main: blue 100 green 0")
        .says("green: 1 of 2 targets healthy (1 Target.Timeout)");
    assert!(scene.cloud.log().iter().all(|it| !it.change));
}

#[test]
fn the_status_tells_how_far_an_open_shift_is_and_who_drives_it() {
    let scene = Scene::new(WAITS);
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    let told = scene.run("shift --status --json").ends(0).json();
    let shift = &told["shift"];
    assert_eq!((&shift["from"], &shift["to"]), (&"blue".into(), &"green".into()));
    assert_eq!((&shift["phase"], &shift["verifiedPercent"]), (&"pausing".into(), &25.0.into()));
    assert_eq!(shift["driven"], true);
    scene
        .run("shift --status")
        .ends(0)
        .says("25 % to green; a process is driving it")
        .says("the program pauses at 25 %");
    going.signal("KILL");
    going.wait();
    let told = scene.run("shift --status --json").ends(0).json();
    assert_eq!(told["shift"]["driven"], false);
    scene.run("shift --status").ends(0).says("--resume");
    scene.run("shift --status --watch").ends(1).says("nobody is driving this shift any more");
    scene.run("shift --rollback").ends(0);
}

#[test]
fn somebody_else_may_watch_a_shift_to_its_end() {
    let scene = Scene::new(WAITS);
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    let mut watching = scene.begin("--status --watch");
    watching.until_type("paused");
    scene.shift("--continue").ends(0);
    let (told, seen) = (going.wait().ends(0), watching.wait().ends(0));
    assert_eq!(told.events, seen.events);
    scene.run("shift --status --watch").ends(0);
}

#[test]
fn the_history_lists_shifts_and_how_they_ended() {
    let scene = Scene::new("strategy: 50,100");
    scene.run("shift --history").ends(0).says("No shift yet");
    scene.shift("--to green --yes").ends(0);
    scene.shift("--rollback --yes").ends(0);
    scene.aws.set_health("green", "*", Some(("unhealthy", "Target.Timeout")));
    scene.shift("--to green --yes").ends(3);
    let told = scene.run("shift --history --json").ends(0).json();
    let words = told.as_array().unwrap().iter();
    let words = words.map(|it| format!("{} {} {}", it["from"], it["to"], it["outcome"]));
    let words: Vec<String> = words.map(|it| it.replace('"', "")).collect();
    assert_eq!(words, ["blue green refused", "green blue done", "blue green done"]);
    let ran = scene.run("shift --history 1").ends(0).says("blue → green  refused");
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
}

#[test]
fn a_report_is_one_page_that_asks_nobody_for_anything() {
    let scene = Scene::new("strategy: 25/50ms,100\nalarms: [errors]");
    let told = scene.shift("--to green --yes").ends(0);
    let id = told.finished()["shiftId"].as_str().unwrap();
    let page = scene.run(&format!("shift --report {id}")).ends(0).stdout;
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(page.trim_end().ends_with("</html>"));
    for word in ["web", "blue", "green", id, "main", "errors", "PF10"] {
        assert!(page.contains(word), "{word} is not in the report");
    }
    for what in ["<script", "javascript:", " src=", "<link", "@import", " onload"] {
        assert!(!page.to_lowercase().contains(what), "{what} is in the report");
    }
    are_balanced(&page);
}

/// Every element that begins ends, inside of the one around it.
#[track_caller]
fn are_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, text) = after.split_once('>').unwrap();
        rest = text;
        let name = tag.trim_start_matches('/').trim_end_matches('/');
        let name = name.split([' ', '\n']).next().unwrap();
        let alone = ["meta", "br", "hr", "img", "input", "col", "!doctype", "!DOCTYPE"];
        if tag.starts_with("!--") || tag.ends_with('/') || alone.contains(&name) {
            continue;
        }
        if name == "style" && !tag.starts_with('/') {
            rest = text.split_once("</style>").unwrap().1;
            continue;
        }
        match tag.starts_with('/') {
            true => assert_eq!(open.pop(), Some(name), "in {open:?}"),
            false => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}
