//! Probes before traffic moves, and hooks around it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::scene::Scene;
use crate::harsh::{Climate, Scripted, Trouble};

/// A hook that writes a line into a file of the program's folder.
fn notes(stage: &str) -> String {
    let script = "echo $ORDERINFRA_STAGE $ORDERINFRA_COLOR >> notes.txt";
    format!("{stage}: [ {{ exec: [ /bin/sh, -c, '{script}' ] }} ]")
}

fn noted(scene: &Scene) -> String {
    std::fs::read_to_string(scene.world.file("notes.txt")).unwrap_or_default()
}

#[test]
fn commands_run_only_where_that_is_allowed() {
    let stages = ["beforeShift", "afterStep", "onRollback", "onDone"].map(notes).join(", ");
    let scene = Scene::new(&format!("strategy: 50,100\nhooks: {{ {stages} }}"));
    let ran = scene.run("shift --to green --yes").ends(2);
    ran.says("`rollouts.web` runs `/bin/sh` on this machine").says("--allow-exec");
    assert_eq!(noted(&scene), "");
    assert_eq!(scene.shifts(), []);
    scene.shift("--to green --yes --allow-exec").ends(0);
    assert_eq!(
        noted(&scene),
        "beforeShift green\nafterStep green\nafterStep green\nonDone green\n"
    );
    scene.all_is_closed();
}

#[test]
fn a_hook_that_fails_brings_the_traffic_back_and_another_hears_of_it() {
    let fails = "afterStep: [ { exec: [ /bin/sh, -c, 'echo not good; exit 3' ] } ]";
    let scene =
        Scene::new(&format!("strategy: 50,100\nhooks: {{ {fails}, {} }}", notes("onRollback")));
    let told = scene.shift("--to green --yes --allow-exec").ends(4);
    assert!(told.reason().contains("exit status: 3: not good"), "{}", told.reason());
    assert_eq!(noted(&scene), "onRollback green\n");
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

/// Answers with these statuses, one after the other, and the last for ever.
fn web(statuses: &'static [u16]) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut path = String::new();
            drop(BufReader::new(&stream).read_line(&mut path));
            let place = count.fetch_add(1, Ordering::Relaxed) as usize;
            let status = match path.starts_with("GET /health ") {
                true => statuses[place.min(statuses.len() - 1)],
                false => 404,
            };
            let head =
                format!("HTTP/1.1 {status} It\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            drop(stream.write_all(head.as_bytes()));
        }
    });
    (port, asked)
}

/// A scene whose test listener is a server of ours: the emulator has none.
fn with_web(rollout: &str, port: u16) -> Scene {
    let says = |operation, from: &'static str, to: String| Scripted {
        service: "elasticloadbalancing",
        operation,
        times: u32::MAX,
        what: Trouble::Says([from, to.leak()]),
    };
    let script = vec![
        says("DescribeLoadBalancers", "shop-1.us-east-1.elb.amazonaws.com", "127.0.0.1".to_owned()),
        says("DescribeListeners", "<Port>8080</Port>", format!("<Port>{port}</Port>")),
    ];
    Scene::new(rollout).in_climate(Climate { script, ..Climate::default() })
}

const PROBED: &str = "test:
  listener: ${probe}
  probes: [ { http: { path: /health, status: 200, count: 3, within: 2s } } ]";

#[test]
fn the_new_colour_is_asked_before_it_has_traffic() {
    let (port, asked) = web(&[503, 200]);
    let scene = with_web(PROBED, port);
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let passed = told.of_type("gate.passed");
    assert_eq!(passed[0]["gate"], "probe");
    assert!(passed[0]["text"].as_str().unwrap().contains("3 answers"), "{passed:?}");
    let place = |kind: &str, phase: &str| {
        told.events.iter().position(|it| it["type"] == kind && it["phase"] == phase).unwrap()
    };
    assert!(place("gate.passed", "testing") < place("op.intended", "applying"));
    scene.all_is_closed();
}

#[test]
fn a_colour_that_answers_wrongly_gets_no_traffic() {
    let (port, _) = web(&[200, 500]);
    let scene = with_web(PROBED, port);
    let told = scene.shift("--to green --yes").ends(3);
    assert_eq!(told.outcome(), "aborted");
    assert!(told.reason().contains("1 of 3 answers were right"), "{}", told.reason());
    assert!(told.reason().contains("the last was 500"), "{}", told.reason());
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
    scene.shift("--to green --yes --skip-probes").ends(0);
    assert_eq!(scene.green(), Some(100.0));
}
