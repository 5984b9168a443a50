//! `preview`, `up` and `destroy` beside shifts: what was shifted stays, what a
//! shift relies on is not touched, and the rest goes on.

use super::{
    WAITS,
    scene::{Going, Scene},
};

fn waiting(scene: &Scene) -> Going {
    let mut going = scene.begin("--to green --yes");
    going.until_type("paused");
    going
}

/// A further route: port 443, with a certificate.
fn secure(scene: &Scene) {
    let more = r#"  certificate:
    type: aws:acm:Certificate
    properties: { domainName: shop.example.com, validationMethod: DNS }
  secure:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${alb.arn}
      port: 443
      protocol: HTTPS
      certificateArn: ${certificate.arn}
      sslPolicy: ELBSecurityPolicy-2016-08
      defaultActions:
        - type: forward
          forward:
            targetGroups:
              - { arn: "${blueTargets.arn}", weight: 100 }
              - { arn: "${greenTargets.arn}", weight: 0 }
outputs:
"#;
    scene.edit("outputs:\n", more);
    scene.run("up --yes").ends(0);
}

#[test]
fn a_preview_says_first_that_a_shift_is_open_and_shows_no_change_of_weights() {
    let scene = Scene::new(WAITS);
    let going = waiting(&scene);
    let ran = scene
        .run("preview --expect-no-changes")
        .ends(0)
        .says("weights governed by rollout \"web\": live blue 75 / green 25 (declared 100/0");
    let first = ran.stderr.lines().next().unwrap();
    assert_eq!(
        first,
        "A shift of `web` is open: blue → green, 25 % to green, pausing; a process is driving it: `orderinfra shift --status --watch`"
    );
    for line in ["stack", "history", "stack output", "up --yes"] {
        let ran = scene.run(line).ends(0);
        assert!(ran.stderr.starts_with("A shift of `web` is open"), "{line}: {ran}");
    }
    assert_eq!(scene.green(), Some(25.0));
    going.signal("KILL");
    going.wait();
    let ran = scene.run("stack").ends(0).says("nobody is driving it: `orderinfra shift --resume`");
    assert!(ran.stderr.starts_with("A shift of `web` is open"), "{ran}");
    scene.run("shift --rollback").ends(0);
    scene.run("stack").ends(0).lacks("is open");
    scene.run("preview --expect-no-changes").ends(0);
}

/// What of a listener is not its actions may change: their weights stay.
#[test]
fn up_changes_a_certificates_policy_beside_an_open_shift() {
    let scene = Scene::new(WAITS);
    secure(&scene);
    let going = waiting(&scene);
    assert_eq!(scene.aws.route(":443").weights().unwrap(), "75/25");
    let before = scene.cloud.log().len();
    scene.edit("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06");
    scene.run("up --yes").ends(0).says("secure updated");
    let log = scene.cloud.log();
    let writes: Vec<_> = log[before..].iter().filter(|it| it.change).collect();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].text.contains("SslPolicy=ELBSecurityPolicy-TLS13"), "{writes:?}");
    assert!(!writes[0].text.contains("DefaultActions"), "{writes:?}");
    assert_eq!(scene.green(), Some(25.0));
    scene.shift("--continue").ends(0);
    going.wait().ends(0);
    assert_eq!(scene.green(), Some(100.0));
    scene.run("preview --expect-no-changes").ends(0);
    // Not even a run that does not look moves them back.
    scene.edit("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08");
    scene.run("up --yes --no-refresh").ends(0);
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

#[test]
fn up_leaves_alone_what_an_open_shift_relies_on_and_says_what() {
    let scene = Scene::with_services(WAITS);
    let going = waiting(&scene);
    let before = scene.cloud.log().len();
    scene.edit("example/web:2", "example/web:3");
    scene.edit("threshold: 10", "threshold: 11");
    let ran =
        scene.run("up --yes").ends(5).says("a shift of `web` is open: blue → green, 25 % to green");
    let ran =
        ran.says("update aws:ecs:Service greenService").says("aws:ecs:TaskDefinition greenTasks");
    ran.lacks("aws:cloudwatch:MetricAlarm errors\n").says("--status");
    scene.run("preview").ends(0).says("`orderinfra up` would be refused: a shift of `web` is open");
    assert!(scene.cloud.log()[before..].iter().all(|it| !it.change));
    // The rest can be done.
    scene.run("up --yes -x **greenTasks -x **greenService").ends(0).says("errors updated");
    // Actions of a governed route are the shift's.
    scene.edit("example/web:3", "example/web:2");
    let green = "              - { arn: \"${greenTargets.arn}\", weight: 0 }\n  api:";
    let other =
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/other/0123456789abcdef";
    let more = format!("              - {{ arn: \"{other}\", weight: 0 }}\n{green}");
    scene.edit(green, &more);
    scene.run("up --yes").ends(5).says("update aws:lb:Listener admin");
    scene.edit(&more, green);
    assert_eq!(scene.green(), Some(25.0));
    scene.shift("--continue").ends(0);
    going.wait().ends(0);
    scene.edit("example/web:2", "example/web:3");
    scene.run("up --yes").ends(0).says("greenService updated");
    assert_eq!(scene.green(), Some(100.0));
}

#[test]
fn destroy_waits_for_the_end_of_a_shift() {
    let scene = Scene::new(WAITS);
    let going = waiting(&scene);
    let before = scene.cloud.log().len();
    scene.run("destroy --yes").ends(5).says("nothing is destroyed before it has ended");
    let ran = scene.run("destroy --preview-only").ends(0);
    assert!(ran.stderr.contains("`orderinfra destroy` would be refused"), "{ran}");
    assert!(scene.cloud.log()[before..].iter().all(|it| !it.change));
    going.signal("KILL");
    going.wait();
    scene.run("destroy --yes").ends(5).says("nobody is driving it");
    scene.run("shift --rollback").ends(0);
    scene.run("destroy --yes").ends(0);
    assert!(scene.world.snapshot("shop").resources.is_empty());
}

/// Groups are told apart by their ARNs, and not by their places.
#[test]
fn a_third_group_of_the_program_keeps_its_weight_and_the_two_theirs() {
    let scene = Scene::new("strategy: 50,100");
    scene.shift("--to green --yes").ends(0);
    let third = r#"  thirdTargets:
    type: aws:lb:TargetGroup
    properties: { name: third, vpcId: "${vpc.id}", targetType: ip, protocol: HTTP, port: 80 }
  main:
"#;
    scene.edit("  main:\n", third);
    let main = r#"      port: 80
      protocol: HTTP
      defaultActions:
        - type: forward
          forward:
            targetGroups:
"#;
    scene.edit(
        main,
        &format!("{main}              - {{ arn: \"${{thirdTargets.arn}}\", weight: 0 }}\n"),
    );
    scene.run("up --yes").ends(0);
    let mut groups = scene.aws.route(":80").groups;
    groups.sort();
    let wanted = [("blue", 0), ("green", 100), ("third", 0)];
    assert_eq!(groups, wanted.map(|(name, weight)| (name.to_owned(), weight)));
    scene.run("preview --expect-no-changes").ends(0);
    // It does not keep the two from being shifted.
    scene.shift("--to blue --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    assert!(scene.aws.route(":80").groups.contains(&("third".to_owned(), 0)));
}

#[test]
fn weights_are_the_programs_again_in_a_run_that_says_so() {
    let scene = Scene::new(WAITS);
    let going = waiting(&scene);
    scene.run("up --yes --enforce-weights").ends(5).says("its weights are nobody else's");
    assert_eq!(scene.green(), Some(25.0));
    scene.shift("--continue").ends(0);
    going.wait().ends(0);
    scene.run("up --yes").ends(0);
    assert_eq!(scene.green(), Some(100.0));
    let ran = scene.run("up --yes --enforce-weights").ends(0);
    assert!(ran.stderr.contains("3 to update"), "{ran}");
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
    scene.run("preview --expect-no-changes").ends(0);
    scene.all_is_closed();
}

/// A page for maintenance, a deletion behind our back, and a replacement: the
/// traffic comes back to where a shift has brought it, or whoever was later.
#[test]
fn what_lost_its_weights_gets_back_those_it_was_last_seen_with() {
    let scene = Scene::new("");
    scene.shift("--to green --yes").ends(0);
    scene.aws.set_page(":80");
    scene.aws.delete_rule(":80 10");
    let note = "weights governed by rollout \"web\": last seen blue 0 / green 100";
    scene.run("preview").ends(0).says(note);
    scene.run("up --yes").ends(0);
    assert_eq!(scene.weights(), [":80 0/100", ":80 10 0/100", ":81 0/100"]);
    scene.run("preview --expect-no-changes").ends(0);
    let urn = "urn:pulumi:dev::shop::aws:lb/listenerRule:ListenerRule::api";
    scene.run(&format!("up --yes --replace {urn}")).ends(0);
    assert_eq!(scene.weights(), [":80 0/100", ":80 10 0/100", ":81 0/100"]);
    scene.run("up --yes --enforce-weights").ends(0);
    scene.aws.set_page(":80");
    scene.run("up --yes").ends(0);
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 1/0"]);
}

/// The idle colour's target group is replaced, and the listener moves in the
/// program: the traffic stays where it is, in this run and in the next ones.
#[test]
fn what_gets_another_arn_or_name_stays_governed() {
    let scene = Scene::new("");
    scene.shift("--to green --yes").ends(0);
    let stays = |name: &str| {
        scene.run("up --yes").ends(0);
        for route in [":80", ":80 10", ":81"] {
            let mut groups = scene.aws.route(route).groups;
            groups.sort();
            assert_eq!(groups, [(name.to_owned(), 0), ("green".to_owned(), 100)], "{route}");
        }
        scene.run("preview --expect-no-changes").ends(0);
    };
    scene.edit("name: blue,", "name: blue-two,");
    stays("blue-two");
    scene.edit("  main:\n", "  front:\n    options: { aliases: [{ name: main }] }\n");
    scene.edit("${main.arn}", "${front.arn}");
    stays("blue-two");
    scene.edit("    options: { aliases: [{ name: main }] }\n", "");
    scene.edit("name: blue-two,", "name: blue,");
    stays("blue");
    scene.aws.set_page(":80");
    stays("blue");
    scene.shift("--to blue --yes").ends(0);
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 100/0"]);
}

/// Only a proposal: the way back stays as short as it is.
#[test]
fn the_idle_colour_is_spoken_of_once_it_was_retained_long_enough() {
    let scene = Scene::with_services("retain: 1ms");
    let proposal = "orderinfra shift web --finish";
    drop(scene.run("preview").ends(0).lacks(proposal));
    scene.shift("--to green --yes").ends(0);
    scene.run("preview").ends(0).says(proposal);
    scene.rollout("retain: 1h");
    drop(scene.run("preview").ends(0).lacks(proposal));
    scene.rollout("retain: 1ms");
    scene.edit("targetType: ip,", "targetType: ip, deregistrationDelay: 0,");
    scene.run("up --yes").ends(0);
    scene.run("shift --finish --yes").ends(0);
    drop(scene.run("preview").ends(0).lacks(proposal));
}

/// Scaled tasks are no matter of weights.
#[test]
fn enforced_weights_leave_tasks_as_they_are() {
    let scene = Scene::with_services("");
    scene.shift("--to green --yes").ends(0);
    assert_eq!(scene.aws.tasks("green"), [4, 4]);
    scene.run("up --yes --enforce-weights").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    assert_eq!(scene.aws.tasks("green"), [4, 4]);
}

#[test]
fn the_tasks_of_a_live_colour_are_protected_where_the_program_says_so() {
    let scene = Scene::with_services("protectLive: true");
    scene.edit("example/web:1", "example/web:4");
    let why = "`blueService` has traffic, and `protectLive` of the rollout `web`";
    scene.run("preview").ends(0).says(why);
    scene.run("up --yes").ends(5).says(why);
    // The idle one is what is deployed to.
    scene.edit("example/web:4", "example/web:1");
    scene.edit("example/web:2", "example/web:4");
    scene.run("up --yes").ends(0).says("greenService updated");
    scene.shift("--to green --yes").ends(0);
    scene.edit("example/web:4", "example/web:5");
    scene.run("up --yes").ends(5).says("`greenService` has traffic");
    scene.edit("example/web:5", "example/web:4");
    scene.edit("example/web:1", "example/web:5");
    scene.run("up --yes").ends(0).says("blueService updated");
    assert_eq!(scene.green(), Some(100.0));
}
