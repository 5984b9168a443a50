//! Answers that are lost, late, or not what they seem; and things that are
//! somebody else's. Over every type of `types/`.

use std::{collections::BTreeSet, fs, sync::Mutex, time::Duration};

use serde_json::Value as Json;

use crate::{
    env::number,
    harsh::{Climate, Entry, Harsh, Scripted, Trouble, mixed},
    lanes::in_lanes,
    world::{World, repository},
};

/// How many types are tried at a time.
const LANES: u64 = 2;

/// How many types each test tries by default; `ORDERINFRA_ANSWERS_TYPES=1000`
/// tries all of them, and `ORDERINFRA_ANSWERS_SEED` chooses others.
const SHARE: u64 = 40;

/// The programs of all AWS types, by file name.
fn programs() -> Vec<(String, Json)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(repository().join("tests/it/types")).unwrap().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap();
        let mut program: Json = serde_yaml::from_str(&text).unwrap();
        program.as_object_mut().unwrap().remove("contract");
        let token = program["resources"]["it"]["type"].as_str().unwrap();
        if token.starts_with("aws:") {
            all.push((entry.file_name().to_string_lossy().into_owned(), program));
        }
    }
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(all.len() > 40);
    all
}

/// A share of the types that the seed draws, another one for each test.
fn share(test: u64) -> Vec<(String, Json)> {
    let count = number("ORDERINFRA_ANSWERS_TYPES").unwrap_or(SHARE);
    let seed = number("ORDERINFRA_ANSWERS_SEED").unwrap_or(1);
    let mut by_lot: Vec<_> = programs()
        .into_iter()
        .zip(0..)
        .map(|(program, at)| (mixed(mixed(seed ^ (test << 32)).wrapping_add(at)), program))
        .collect();
    by_lot.sort_by_key(|(lot, _)| *lot);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    by_lot.into_iter().take(count).map(|(_, program)| program).collect()
}

/// Tries types, a few at a time; what is amiss, by type.
fn each(test: u64, work: impl Fn(&Json) -> Result<(), String> + Sync) {
    let (all, failures) = (share(test), Mutex::new(Vec::new()));
    in_lanes(LANES, &all, |(name, program)| {
        if let Err(why) = work(program) {
            failures.lock().unwrap().push(format!("== {name}\n{why}"));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), all.len(), failures.join("\n"));
}

fn mild(world: &World) -> Harsh {
    scripted(world, Vec::new())
}

fn scripted(world: &World, script: Vec<Scripted>) -> Harsh {
    Harsh::start(world.cloud.port, Climate { script, ..Climate::default() })
}

fn run(world: &World, cloud: &Harsh, line: &str) -> Result<(), String> {
    let ran = world.run(cloud, line);
    if ran.code == Some(0) { Ok(()) } else { Err(format!("`{line}`: {ran}")) }
}

/// Every call that changes something is cut off twice: before AWS acts, and
/// after it.
#[test]
fn no_lost_answer_makes_a_thing_twice() {
    each(1, |program| {
        let (plain, world) = {
            let world = World::with_program(&program.to_string());
            (world.again(), world)
        };
        let cloud = mild(&plain);
        run(&plain, &cloud, "up --yes")?;
        let log = cloud.log();
        let of = |it: &Entry| (leak(&it.service), leak(&it.operation));
        let changes: BTreeSet<_> = log.iter().filter(|it| it.change).map(of).collect();
        let script = changes.into_iter().flat_map(|(service, operation)| {
            let one = |what| Scripted { service, operation, times: 1, what };
            [one(Trouble::Reset), one(Trouble::Lost)]
        });
        let cloud = scripted(&world, script.collect());
        run(&world, &cloud, "up --yes")?;
        let (made, wanted) = (world.cloud.counts(), plain.cloud.counts());
        if made != wanted {
            let more: Vec<_> = made.iter().filter(|it| !wanted.contains(it)).collect();
            return Err(format!("made {more:?}"));
        }
        run(&world, &mild(&world), "preview --expect-no-changes --diff")
    });
}

/// For a script of this process's life.
fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// The same program, with the same names, as another stack: whatever comes of
/// it, what the first stack made is neither taken over nor deleted.
#[test]
fn what_another_stack_made_is_left_alone() {
    each(2, |program| {
        let world = World::with_program(&program.to_string());
        let cloud = mild(&world);
        run(&world, &cloud, "up --yes")?;
        let mut stranger = program.clone();
        stranger["name"] = "stranger".into();
        let stranger = world.beside(&stranger.to_string());
        // Unique names are refused; what needs none is made a second time.
        drop(stranger.run(&cloud, "up --yes"));
        run(&stranger, &cloud, "destroy --yes")?;
        run(&world, &cloud, "preview --expect-no-changes --diff")
    });
}

/// How often each type's answers are garbled; `ORDERINFRA_FUZZ_ROUNDS` is for
/// the other fuzzers, which are a thousand times as fast.
const GARBLED_ROUNDS: u64 = 2;

/// Whatever is said to a reader of ours, it is told or passed over: nothing
/// panics or hangs, and what was known is still known.
#[test]
fn no_answer_is_trusted_to_be_well_formed() {
    let rounds = number("ORDERINFRA_GARBLED_ROUNDS").unwrap_or(GARBLED_ROUNDS);
    each(3, |program| {
        let world = World::with_program(&program.to_string());
        run(&world, &mild(&world), "up --yes")?;
        for seed in 0..rounds {
            let climate = Climate { seed, garbled: 40, ..Climate::default() };
            let ran = world.run(&Harsh::start(world.cloud.port, climate), "preview --diff");
            let panicked = ran.to_string().contains("panicked");
            if panicked || !matches!(ran.code, Some(0..=3 | 9)) {
                return Err(format!("garbled by {seed}: {ran}"));
            }
        }
        run(&world, &mild(&world), "preview --expect-no-changes --diff")
    });
}

/// The program of a service, with another image the second time.
fn service(image: &str) -> String {
    let (_, program) = programs().into_iter().find(|(name, _)| name == "ecs-Service.yaml").unwrap();
    program.to_string().replace("nginx:stable", image)
}

/// ECS is stable again after a rollback: on the old revision.
#[test]
fn a_deployment_that_is_rolled_back_is_a_failure() {
    let world = World::with_program(&service("nginx:stable"));
    run(&world, &mild(&world), "up --yes").unwrap();
    fs::write(world.file("Pulumi.yaml"), service("nginx:broken")).unwrap();
    let what = Trouble::Says(["contract-service:2", "contract-service:1"]);
    let says = Scripted { service: "ecs", operation: "DescribeServices", times: u32::MAX, what };
    let ran = world.run(&scripted(&world, vec![says]), "up --yes").ends(1);
    drop(ran.says("the deployment was rolled back"));
    // It is as it was seen: a later run with a working revision goes on.
    run(&world, &mild(&world), "up --yes").unwrap();
}

/// What keeps tasks from starting is told in a service's events only.
#[test]
fn a_deployment_that_fails_says_why() {
    let world = World::with_program(&service("nginx:stable"));
    let says = |what| Scripted {
        service: "ecs",
        operation: "DescribeServices",
        times: u32::MAX,
        what: Trouble::Says(what),
    };
    let failed = says(["\"COMPLETED\"", "\"FAILED\""]);
    let reason = says(["completed.", "circuit breaker: tasks failed to start."]);
    let ran = world.run(&scripted(&world, vec![failed, reason]), "up --yes").ends(1);
    drop(ran.says("tasks failed to start"));
}

/// The records that prove a domain come after the certificate's ARN.
#[test]
fn a_certificate_is_not_done_before_its_records_are_known() {
    let (_, mut program) =
        programs().into_iter().find(|(name, _)| name == "acm-Certificate.yaml").unwrap();
    let record = "${it.domainValidationOptions[0].resourceRecordName}";
    program["outputs"] = serde_json::json!({ "record": record });
    let world = World::with_program(&program.to_string());
    let what = Trouble::Says(["\"ResourceRecord\"", "\"NotYet\""]);
    let late = Scripted { service: "acm", operation: "DescribeCertificate", times: 3, what };
    let cloud = scripted(&world, vec![late]);
    run(&world, &cloud, "up --yes").unwrap();
    let asked = cloud.log().iter().filter(|it| it.operation == "DescribeCertificate").count();
    assert!(asked > 3, "{asked}");
    drop(world.run(&cloud, "stack output record").ends(0).says("contract.example.com"));
}

/// What the zone shows at once, its name servers know later. Meanwhile others
/// of the zone are made.
#[test]
fn a_record_is_not_done_before_the_name_servers_know_it() {
    let record = |name: &str| {
        serde_json::json!({ "type": "aws:route53:Record", "properties": {
            "zoneId": "${zone.zoneId}", "name": name, "type": "A", "ttl": 60, "records": ["192.0.2.1"],
        } })
    };
    let program = serde_json::json!({ "name": "demo", "runtime": "yaml", "resources": {
        "zone": { "type": "aws:route53:Zone", "properties": { "name": "late.example.com" } },
        "one": record("one"),
        "two": record("two"),
    } });
    let world = World::with_program(&program.to_string());
    // The emulator's changes all have this id.
    let operation = "GET /2013-04-01/change/C2682N5HXP0BZ4";
    let what = Trouble::Says(["INSYNC", "PENDING"]);
    let late = Scripted { service: "route53", operation, times: 6, what };
    let cloud = scripted(&world, vec![late]);
    run(&world, &cloud, "up --yes").unwrap();
    let log = cloud.log();
    let asked = log.iter().filter(|it| it.operation == operation).count();
    assert!(asked > 6, "{asked}");
    let change = |it: &Entry| it.change && it.operation.contains("/rrset");
    let first = log.iter().position(change).unwrap();
    let second = first + 1 + log[first + 1..].iter().position(change).unwrap();
    let between = log[first..second].iter().filter(|it| it.operation == operation).count();
    assert!(between < 6, "the second waited for the first");
}

/// A name that was freed a moment ago is taken for a while.
#[test]
fn a_replacement_waits_for_the_name_that_it_frees() {
    let program = serde_json::json!({ "name": "demo", "runtime": "yaml", "resources": {
        "it": { "type": "aws:ssm:Parameter", "properties": {
            "name": "/contract/freed", "type": "String", "value": "a",
        } },
    } });
    let world = World::with_program(&program.to_string());
    let climate = Climate { held: true, hurry: crate::world::HURRY, ..Climate::default() };
    let cloud = Harsh::start(world.cloud.port, climate);
    run(&world, &cloud, "up --yes").unwrap();
    let urn = "urn:pulumi:dev::demo::aws:ssm/parameter:Parameter::it";
    run(&world, &cloud, &format!("up --yes --replace {urn}")).unwrap();
    let refused = |it: &&Entry| it.operation == "PutParameter" && it.status == 400;
    assert!(cloud.log().iter().filter(refused).count() > 0, "nobody had to wait");
    run(&world, &cloud, "preview --expect-no-changes").unwrap();
}

/// A rule that is a resource of its own goes before the new one comes: its
/// group, changed at the same time, does not wait for it to come back.
#[test]
fn a_group_waits_for_no_rule_that_is_replaced() {
    let program = |tag: &str| {
        serde_json::json!({ "name": "demo", "runtime": "yaml", "resources": {
            "net": { "type": "aws:ec2:Vpc", "properties": { "cidrBlock": "10.0.0.0/16" } },
            "group": { "type": "aws:ec2:SecurityGroup", "properties": {
                "vpcId": "${net.id}", "tags": { "a": tag },
            } },
            "rule": { "type": "aws:vpc:SecurityGroupEgressRule", "properties": {
                "securityGroupId": "${group.id}", "ipProtocol": "tcp",
                "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0",
            } },
        } })
        .to_string()
    };
    let world = World::with_program(&program("before"));
    run(&world, &scripted(&world, Vec::new()), "up --yes").unwrap();
    fs::write(world.file("Pulumi.yaml"), program("after")).unwrap();
    // The group's change comes after the rule has gone.
    let what = Trouble::Refused { code: "RequestLimitExceeded", message: "Rate exceeded" };
    let slow = Scripted { service: "ec2", operation: "CreateTags", times: 2, what };
    let cloud = scripted(&world, vec![slow]);
    let urn = "urn:pulumi:dev::demo::aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule::rule";
    run(&world, &cloud, &format!("up --yes --replace {urn}")).unwrap();
    run(&world, &cloud, "preview --expect-no-changes").unwrap();
}

/// What waits for a person to confirm it does not say its ARN: a lost request is
/// made again, and leads to the same subscription.
#[test]
fn a_subscription_that_nobody_has_confirmed_is_asked_for_again() {
    let program = serde_json::json!({ "name": "demo", "runtime": "yaml", "resources": {
        "topic": { "type": "aws:sns:Topic", "properties": {} },
        "mail": { "type": "aws:sns:TopicSubscription", "properties": {
            "topic": "${topic.arn}", "protocol": "email", "endpoint": "a@example.com",
        } },
    } });
    let world = World::with_program(&program.to_string());
    let lost = Scripted { service: "sns", operation: "Subscribe", times: 1, what: Trouble::Lost };
    run(&world, &scripted(&world, vec![lost]), "up --yes").unwrap();
    run(&world, &scripted(&world, Vec::new()), "preview --expect-no-changes").unwrap();
    let kept = world.cloud.census().remove("sns.Subscription").unwrap_or_default();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

/// One answer that comes when all the time is over is no reason to give up.
#[test]
fn a_late_answer_uses_up_no_patience() {
    let (_, program) = programs().into_iter().find(|(name, _)| name == "iam-Role.yaml").unwrap();
    let world = World::with_program(&program.to_string());
    // IAM shows a role within two minutes, 2.4 seconds here.
    let what = Trouble::Late(Duration::from_secs(3));
    let script = vec![Scripted { service: "iam", operation: "GetRole", times: 1, what }];
    let climate = Climate { script, lag: 2, hurry: crate::world::HURRY, ..Climate::default() };
    run(&world, &Harsh::start(world.cloud.port, climate), "up --yes").unwrap();
}

/// A connection that says nothing is given up, and the call made again.
#[test]
fn a_call_that_hangs_is_given_up() {
    let (_, program) = programs().into_iter().find(|(name, _)| name == "sqs-Queue.yaml").unwrap();
    let world = World::with_program(&program.to_string());
    let hang = |operation| Scripted { service: "sqs", operation, times: 1, what: Trouble::Hang };
    let cloud = scripted(&world, vec![hang("CreateQueue")]);
    run(&world, &cloud, "up --yes").unwrap();
    run(&world, &cloud, "preview --expect-no-changes").unwrap();
}
