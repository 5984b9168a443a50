//! Probes before traffic moves, and hooks around it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener},
    sync::{
        Arc, Mutex,
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
    with_port(rollout, "<Port>8080</Port>", port)
}

/// A scene one of whose listeners is a server of ours.
fn with_port(rollout: &str, listener: &'static str, port: u16) -> Scene {
    let says = |operation, from: &'static str, to: String| Scripted {
        service: "elasticloadbalancing",
        operation,
        times: u32::MAX,
        what: Trouble::Says([from, to.leak()]),
    };
    let script = vec![
        says("DescribeLoadBalancers", "shop-1.us-east-1.elb.amazonaws.com", "127.0.0.1".to_owned()),
        says("DescribeListeners", listener, format!("<Port>{port}</Port>")),
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

/// A load balancer that is asked by its own name, whose certificate fits that.
#[test]
fn a_whole_address_is_asked_with_its_headers() {
    let (port, heard) = ears();
    let probe = format!("path: 'http://127.0.0.1:{port}/health', headers: {{ X-Canary: yes }}");
    let probe = probe.replace("yes", "'yes'");
    let scene = Scene::new(&format!("test: {{ probes: [ {{ http: {{ {probe} }} }} ] }}"));
    scene.shift("--to green --yes").ends(0);
    let heard = heard.lock().unwrap();
    assert!(heard[0].starts_with("GET /health HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard[0].to_ascii_lowercase().contains("\r\nx-canary: yes\r\n"), "{heard:?}");
}

const BY_HEADER: &str = "strategy: 50,100
routes: [ '${main}', '${admin}', '${api}' ]
test:
  header: { X-Canary: '1' }
  priority: 5
  probes:
    - http: { path: /health }
    - exec: [ /bin/sh, -c, 'echo \"$ORDERINFRA_TEST_URL\" \"$ORDERINFRA_TEST_HEADERS\" >> notes.txt' ]";

/// On each listener once, for as long as the shift is open.
#[test]
fn who_sends_the_header_gets_to_the_new_colour_while_the_shift_is_open() {
    let (port, heard) = ears();
    let scene = with_port(BY_HEADER, "<Port>80</Port>", port);
    let told = scene.shift("--to green --yes --allow-exec").ends(0);
    let heard = heard.lock().unwrap();
    assert!(heard[0].to_ascii_lowercase().contains("\r\nx-canary: 1\r\n"), "{heard:?}");
    assert_eq!(noted(&scene), format!("http://127.0.0.1:{port} X-Canary: 1\n"));
    let made = told.of_type("testRule.made");
    assert_eq!(made[0]["text"], "requests to main with `X-Canary: 1` go to green");
    let log = scene.cloud.log();
    let calls: Vec<&str> = log.iter().filter(|it| it.change).map(|it| &*it.operation).collect();
    let place = |what: &str| calls.iter().position(|it| *it == what).unwrap();
    let last = |what: &str| calls.iter().rposition(|it| *it == what).unwrap();
    assert_eq!(calls.iter().filter(|it| **it == "CreateRule").count(), 2);
    assert_eq!(calls.iter().filter(|it| **it == "DeleteRule").count(), 2);
    assert!(place("CreateRule") < last("ModifyListener"));
    assert!(last("ModifyListener") < place("DeleteRule"));
    scene.all_is_closed();
    // Without probes there is no rule.
    scene.shift("--to blue --yes --skip-probes --allow-exec").ends(0);
    let creates = scene.cloud.log().iter().filter(|it| it.operation == "CreateRule").count();
    assert_eq!(creates, 2);
}

/// It is somebody else's, and stays.
#[test]
fn a_priority_that_is_taken_is_refused_before_anything_is_done() {
    let scene = Scene::new(&BY_HEADER.replace("priority: 5", "priority: 10"));
    let told = scene.shift("--to green --yes --allow-exec").ends(3);
    assert!(told.reason().contains("PF02"), "{}", told.reason());
    let checks = told.of_type("check");
    let check = checks.iter().find(|it| it["id"] == "PF02").unwrap();
    let text = check["text"].as_str().unwrap();
    assert!(text.contains("`main` has a rule of the priority 10 already"), "{text}");
    assert!(scene.cloud.log().iter().all(|it| !it.change));
    assert_eq!(scene.aws.route(":80 10").weights().as_deref(), Some("100/0"));
}

/// Answers 200, and keeps what it was sent.
fn ears() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|it| it > 0)
            {
            }
            let length = head
                .to_ascii_lowercase()
                .lines()
                .find_map(|it| it.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            drop(reader.read_exact(&mut body));
            kept.lock().unwrap().push(head + &String::from_utf8_lossy(&body));
            let reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            drop(stream.write_all(reply.as_bytes()));
        }
    });
    (port, heard)
}

#[test]
fn who_is_to_be_told_is_told_and_nobody_waits_for_who_does_not_hear() {
    let (port, heard) = ears();
    let topic = "arn:aws:sns:us-east-1:123456789012:shifts";
    let whom = format!("notify: [ 'http://127.0.0.1:{port}/hook', '{topic}' ]");
    let scene = Scene::new(&format!("strategy: 50,100\n{whom}"));
    scene.aws.create_topic("shifts");
    let told = scene.shift("--to green --yes").ends(0);
    assert_eq!(told.ran.stderr, "");
    let posted: Vec<serde_json::Value> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|it| serde_json::from_str(it.split_once("\r\n\r\n").unwrap().1).unwrap())
        .collect();
    let texts: Vec<&str> = posted.iter().map(|it| it["text"].as_str().unwrap()).collect();
    assert_eq!(
        texts,
        ["shop/dev: web, blue to green: begins", "shop/dev: web, blue to green: done"]
    );
    assert_eq!(posted[1]["final"]["traffic"]["green"], 100.0);
    let log = scene.cloud.log();
    let published = log.iter().filter(|it| it.operation == "Publish" && it.status == 200);
    assert_eq!(published.count(), 2);
    // An open port with nobody behind it, and a topic that does not exist.
    let deaf = "notify: [ 'http://127.0.0.1:1/', 'arn:aws:sns:us-east-1:123456789012:gone' ]";
    scene.rollout(deaf);
    let told = scene.shift("--to blue --yes").ends(0);
    assert_eq!(told.ran.stderr.matches("is not told of the shift").count(), 1, "{}", told.ran);
    assert_eq!(scene.green(), Some(0.0));
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
