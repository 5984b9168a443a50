//! What a shift is going to do, said before it is done; and which rollout is
//! meant.

use serde_json::{Map, Value as Json, json};

use super::scene::Scene;
use crate::harsh::Entry;

const SWITCHED: &str = "deadMan: { roleArn: \"${deadMan.arn}\", grace: 5m }";

#[test]
fn a_dry_run_changes_nothing_and_tells_every_call_of_the_real_run() {
    let tested = "test: { header: { X-Canary: '1' }, priority: 5 }";
    let rollout = format!("strategy: 5/20ms,25,100\nfinalBake: 20ms\n{tested}\n{SWITCHED}");
    let scene = Scene::with_services(&rollout);
    let plan = scene.run("shift --to green --dry-run --json").ends(0).json();
    assert!(scene.cloud.log().iter().all(|it| !it.change), "a dry run changes nothing");
    assert_eq!(scene.shifts(), []);
    assert_eq!(scene.green(), Some(0.0));
    let told = scene.shift("--to green --yes").ends(0);
    let id = told.finished()["shiftId"].as_str().unwrap();
    let planned: Vec<Sent> =
        plan["plan"]["calls"].as_array().unwrap().iter().map(|it| Sent::planned(it, id)).collect();
    let log = scene.cloud.log();
    let sent: Vec<Sent> = log.iter().filter(|it| it.change).map(Sent::of).collect();
    let words = |it: &[Sent]| it.iter().map(|it| it.api.clone()).collect::<Vec<_>>();
    assert_eq!(words(&sent), words(&planned));
    assert_eq!(sent, planned);
    // And the permissions are those of what was called.
    let permissions = plan["permissions"].as_array().unwrap();
    for it in &sent {
        let action = format!(":{}", it.api);
        let named = permissions.iter().any(|it| it.as_str().unwrap().ends_with(&action));
        assert!(named, "{action} is not in {permissions:?}");
    }
    assert!(permissions.contains(&json!("iam:PassRole")));
    assert_eq!(told.of_type("shift.planned")[0]["planHash"], plan["planHash"]);
}

/// A call with what it says, in one form for plans and for the wire.
#[derive(Debug, PartialEq)]
struct Sent {
    api: String,
    says: Json,
}

impl Sent {
    fn planned(call: &Json, shift: &str) -> Self {
        let text = call.to_string().replace("{shift}", shift);
        let call: Json = serde_json::from_str(&text).unwrap();
        let (api, mut says) = (call["api"].as_str().unwrap().to_owned(), call["params"].clone());
        match &*api {
            "ModifyListener" | "ModifyRule" | "CreateRule" | "DeleteRule" | "AddTags"
            | "RemoveTags" => {
                if let Some(tags) = says["Tags"].as_object() {
                    let tag =
                        |(key, value): (&String, &Json)| json!({ "Key": key, "Value": value });
                    let tags: Json = tags.iter().map(tag).collect();
                    says["Tags"] = tags;
                }
                let mut fields = Map::new();
                flat("", &says, &mut fields);
                says = fields.into();
            }
            // Known when it is sent.
            "CreateSchedule" | "UpdateSchedule" => {
                says.as_object_mut().unwrap().remove("At");
            }
            _ => {}
        }
        Self { api, says }
    }

    fn of(entry: &Entry) -> Self {
        let body = entry.text.rsplit('\n').next().unwrap();
        let body = || serde_json::from_str::<Json>(body).unwrap();
        let (api, says) = match &*entry.service {
            "elasticloadbalancing" => {
                let fields = entry.text.lines().filter_map(|it| it.split_once('='));
                let fields = fields.filter(|(name, _)| !matches!(*name, "Action" | "Version"));
                let mut fields: Map<String, Json> =
                    fields.map(|(name, it)| (name.to_owned(), json!(lease(it)))).collect();
                // Known once it is made.
                if entry.operation == "DeleteRule" {
                    fields["RuleArn"] = json!("{test rule}");
                }
                (entry.operation.clone(), fields.into())
            }
            "scheduler" => {
                let (method, path) = entry.operation.split_once(' ').unwrap();
                let name = path.rsplit('/').next().unwrap().split('?').next().unwrap();
                let api = match method {
                    "POST" => "CreateSchedule",
                    "PUT" => "UpdateSchedule",
                    _ => {
                        return Self {
                            api: "DeleteSchedule".to_owned(),
                            says: json!({ "Name": name }),
                        };
                    }
                };
                let body = body();
                let target = &body["Target"];
                let input: Json = serde_json::from_str(target["Input"].as_str().unwrap()).unwrap();
                let says = json!({ "Name": name, "RoleArn": target["RoleArn"], "Target": target["Arn"], "Input": input });
                (api.to_owned(), says)
            }
            "ecs" => {
                let body = body();
                let says = json!({ "Cluster": body["cluster"], "Service": body["service"], "DesiredCount": body["desiredCount"] });
                (entry.operation.clone(), says)
            }
            _ => {
                let mut body = body();
                let fixed = body.as_object_mut().unwrap();
                assert_eq!(fixed.remove("ServiceNamespace"), Some(json!("ecs")));
                assert_eq!(
                    fixed.remove("ScalableDimension"),
                    Some(json!("ecs:service:DesiredCount"))
                );
                (entry.operation.clone(), body)
            }
        };
        Self { api, says }
    }
}

/// As a form has it: `Actions.member.1.Type`.
/// Of a lease, what is known before.
fn lease(text: &str) -> String {
    let number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    match text.split('/').collect::<Vec<_>>()[..] {
        [shift, fence, now] if number(fence) && number(now) => format!("{shift}/{{fence}}/{{now}}"),
        _ => text.to_owned(),
    }
}

fn flat(at: &str, value: &Json, fields: &mut Map<String, Json>) {
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Json::Object(map) => map.iter().for_each(|(name, it)| flat(&below(name), it, fields)),
        Json::Array(list) => {
            for (place, it) in list.iter().enumerate() {
                flat(&below(&format!("member.{}", place + 1)), it, fields);
            }
        }
        Json::String(text) => drop(fields.insert(at.to_owned(), json!(text))),
        other => drop(fields.insert(at.to_owned(), json!(other.to_string()))),
    }
}

#[test]
fn a_dry_run_says_by_its_exit_code_whether_there_is_something_to_do() {
    let scene = Scene::new("");
    scene
        .run("shift --to green --dry-run")
        .ends(0)
        .says("1 step, at once, 3 routes")
        .says("ModifyRule");
    scene.run("shift --to green --dry-run --detailed-exitcode").ends(10);
    scene.run("shift --to blue --dry-run --detailed-exitcode").ends(0);
    scene.aws.set_alarm("errors", "ALARM");
    scene.run("shift --to green --dry-run --detailed-exitcode --alarm errors").ends(3);
}

#[test]
fn a_plan_of_a_file_is_done_as_it_is_or_not_at_all() {
    let scene = Scene::new("strategy: 50,100");
    let said = "shift --to green --dry-run --out plan.json";
    scene.run(said).ends(0);
    // Other flags, another plan.
    let told = scene.shift("--to green --yes --plan plan.json --steps 10,100").ends(3);
    assert!(told.ran.stderr.contains("the world is not as it was"), "{}", told.ran);
    // Somebody moves a little.
    scene.aws.set_weights(":81", &[("blue", 9), ("green", 1)]);
    scene.run("shift --to green --yes --plan plan.json").ends(3).says("the world is not as it was");
    assert_eq!(scene.shifts(), []);
    scene.aws.set_weights(":81", &[("blue", 1), ("green", 0)]);
    // Somebody edits the plan.
    let file = scene.world.file("plan.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"permille\": 500", "\"permille\": 600")).unwrap();
    scene.run("shift --to green --yes --plan plan.json").ends(2).says("changed after it was made");
    std::fs::write(&file, "{}").unwrap();
    scene.run("shift --to green --yes --plan plan.json").ends(2).says("no plan of a shift");
    std::fs::write(&file, text).unwrap();
    assert_eq!(scene.green(), Some(0.0));
    scene.run("shift --to green --yes --plan plan.json").ends(0);
    assert_eq!(scene.green(), Some(100.0));
    scene.all_is_closed();
}

#[test]
fn without_a_section_the_outputs_and_the_routes_show_the_rollout() {
    let scene = Scene::new("");
    scene.no_rollout();
    let told = scene.shift("--to green --yes --steps 50/20ms,100").ends(0);
    assert_eq!(told.of_type("shift.planned")[0]["routes"].as_array().unwrap().len(), 3);
    assert_eq!(scene.green(), Some(100.0));
    scene.run("shift --rollback --yes").ends(0);
    assert_eq!(scene.green(), Some(0.0));
    scene.all_is_closed();
}

#[test]
fn what_is_ambiguous_is_asked_back_with_a_section_to_paste() {
    let scene = Scene::new("");
    scene.no_rollout();
    // No outputs, and a second pair.
    let outputs = "outputs:\n  blueTargetGroupArn: ${blueTargets.arn}\n  greenTargetGroupArn: ${greenTargets.arn}\n";
    let other = r#"  blueOther:
    type: aws:lb:TargetGroup
    properties: { name: blue-other, vpcId: "${vpc.id}", targetType: ip, protocol: HTTP, port: 80 }
  greenOther:
    type: aws:lb:TargetGroup
    properties: { name: green-other, vpcId: "${vpc.id}", targetType: ip, protocol: HTTP, port: 80 }
  other:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${alb.arn}
      port: 82
      protocol: HTTP
      defaultActions:
        - type: forward
          forward:
            targetGroups:
              - { arn: "${blueOther.arn}", weight: 1 }
              - { arn: "${greenOther.arn}", weight: 0 }
"#;
    scene.edit(outputs, other);
    scene.run("up --yes").ends(0);
    let ran = scene.run("shift --to green --yes").ends(2).says("2 pairs").says("rollouts:");
    assert!(ran.stdout.is_empty(), "{ran}");
    assert_eq!(scene.green(), Some(0.0));
    assert_eq!(scene.shifts(), []);
}

#[test]
fn of_several_rollouts_one_is_named() {
    let scene = Scene::new("routes: [\"${main}\"]");
    let other = "  admin:\n    colors:\n      blue: { targetGroup: \"${blueTargets}\" }\n      green: { targetGroup: \"${greenTargets}\" }\n    routes: [\"${admin}\"]\n";
    scene.edit("rollouts:\n", &format!("rollouts:\n{other}"));
    scene.run("shift --to green --yes").ends(2).says("there are several: admin, web");
    scene
        .run("shift nobody --to green --yes")
        .ends(2)
        .says("there is no section of a rollout `nobody`");
    scene.run("shift admin --to green --yes").ends(0);
    assert_eq!(scene.weights(), [":80 100/0", ":80 10 100/0", ":81 0/100"]);
    scene.all_is_closed();
}

#[test]
fn mistakes_of_the_command_line_change_nothing() {
    let scene = Scene::new("");
    for (line, why) in [
        ("", "required"),
        ("--to purple --yes", "purple"),
        ("--to green", "nobody to ask"),
        ("--to green --yes --steps 50,25", "steps must rise"),
        ("--to green --yes --strategy sometimes", "strategy"),
        ("--to green --yes --skip-check PF99", "there is no check `PF99`"),
        ("--to green --yes --dead-man 5m", "names no role"),
        ("--to green --yes --pre-scale 0", "number of tasks"),
        ("--rollback --to green", "cannot be used with"),
        ("--report nothing", "there is no shift `nothing`"),
    ] {
        scene.run(&format!("shift {line}")).ends(2).says(why);
    }
    scene.rollout("strategy: sometimes");
    scene.run("shift --to green --yes").ends(2).says("rollouts.web.strategy");
    assert!(scene.cloud.log().iter().all(|it| !it.change));
    assert_eq!(scene.shifts(), []);
}
