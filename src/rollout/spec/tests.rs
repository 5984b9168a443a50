use serde_json::json;

use super::*;
use crate::{
    model::value::{Ref, Unknown},
    rollout::LISTENER,
};

const GROUP_ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup";

fn resource(token: &str, name: &str, id: &str) -> Value {
    let urn = Urn::new("dev", "shop", None, token, name).0;
    Value::Ref(Box::new(Ref { urn, id: Value::string(id) }))
}

fn alone(more: serde_json::Value) -> Value {
    let mut json = json!({ "colors": {
        "blue": { "targetGroup": format!("{GROUP_ARN}/blue/1") },
        "green": { "targetGroup": format!("{GROUP_ARN}/green/2") },
    } });
    for (key, value) in more.as_object().expect("a mapping") {
        json[key] = value.clone();
    }
    Value::from_json(&json)
}

fn wrong(value: &Value) -> String {
    let wrong = Spec::read("web", value).expect_err("it is wrong");
    wrong.iter().map(|it| format!("{it}\n")).collect()
}

#[test]
fn all_has_a_default_but_the_colours() {
    let spec = Spec::read("web", &alone(json!({}))).unwrap();
    assert_eq!(spec, Spec::of("web", spec.colors.clone()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&spec).unwrap(), @r#"
    {
      "name": "web",
      "colors": {
        "blue": {
          "targetGroup": {
            "id": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/blue/1",
            "urn": null
          },
          "service": null
        },
        "green": {
          "targetGroup": {
            "id": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/green/2",
            "urn": null
          },
          "service": null
        }
      },
      "routes": null,
      "test": null,
      "strategy": {
        "steps": [
          {
            "permille": 1000,
            "bake": "0",
            "pause": null
          }
        ]
      },
      "finalBake": "0",
      "alarms": [],
      "analysis": {
        "compare": "auto",
        "minRequests": 100,
        "onInconclusive": null,
        "maxBake": "30m",
        "period": "1m",
        "lag": "2m",
        "settle": "1m"
      },
      "health": {
        "minHealthy": {
          "percent": 100
        },
        "requireAllZones": true
      },
      "capacity": {
        "preScale": "match",
        "headroom": 1.1,
        "suspendScaleIn": true
      },
      "stickiness": "break-at-end",
      "onInterrupt": "rollback",
      "onConflict": "pause",
      "onSourceLoss": "hold",
      "maxBlind": "1m30s",
      "deadMan": null,
      "hooks": {
        "beforeShift": [],
        "afterStep": [],
        "onRollback": [],
        "onDone": []
      },
      "timeout": null,
      "notify": [],
      "protectLive": false,
      "retain": "1d"
    }
    "#);
}

#[test]
fn a_whole_section_is_read_and_kept() {
    let mut value = alone(json!({
        "test": { "header": { "X-Canary": "1" }, "priority": 5, "probes": [
            { "http": { "path": "/healthz", "count": 20, "within": "30s", "maxMs": 800 } },
            { "http": { "path": "https://api.example.com/", "headers": { "X-Probe": "1" } } },
            { "exec": ["./smoke.sh", 3] },
            { "lambda": { "function": "smoke", "within": "1h" } },
        ] },
        "strategy": { "steps": [
            { "weight": 5, "bake": "10m" },
            { "weight": "12.5%", "pause": { "timeout": "1h", "then": "continue" } },
            "50/0",
        ], "bake": "2m" },
        "finalBake": "15m",
        "alarms": ["checkout-slo", "arn:aws:cloudwatch:eu-west-1:1:alarm:green-5xx"],
        "analysis": { "compare": "off", "minRequests": 10, "onInconclusive": "hold", "maxBake": 0,
            "period": "1s", "lag": 0, "settle": "500ms" },
        "health": { "minHealthy": 3, "requireAllZones": false },
        "capacity": { "preScale": 12, "headroom": 2, "suspendScaleIn": false },
        "stickiness": "keep",
        "onInterrupt": "hold", "onConflict": "adopt", "onSourceLoss": "advance",
        "maxBlind": "2m",
        "deadMan": { "roleArn": "arn:aws:iam::1:role/dead-man", "grace": "5m" },
        "hooks": { "beforeShift": [{ "exec": ["true"] }], "onDone": [{ "lambda": "tell" }] },
        "timeout": "2h", "notify": ["https://chat.example.com/hook", "arn:aws:sns:eu-west-1:1:ops"],
        "protectLive": true,
        "retain": "2d",
    }));
    let Value::Map(map) = &mut value else { panic!("a mapping") };
    let Some(Value::Map(colors)) = map.get_mut("colors") else { panic!("colours") };
    for color in ["blue", "green"] {
        let group = resource(GROUP, color, &format!("arn:{color}"));
        let service = resource(SERVICE, &format!("{color}Service"), &format!("arn:{color}Service"));
        let color_of = [("targetGroup".to_owned(), group), ("service".to_owned(), service)];
        colors.insert(color.to_owned(), Value::Map(color_of.into()));
    }
    let routes = [resource(LISTENER, "https", "arn:https"), Value::Null];
    map.insert("routes".to_owned(), Value::List(routes.into()));

    let spec = Spec::read("web", &value).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&spec).unwrap(), @r#"
    {
      "name": "web",
      "colors": {
        "blue": {
          "targetGroup": {
            "id": "arn:blue",
            "urn": "urn:pulumi:dev::shop::aws:lb/targetGroup:TargetGroup::blue"
          },
          "service": {
            "id": "arn:blueService",
            "urn": "urn:pulumi:dev::shop::aws:ecs/service:Service::blueService"
          }
        },
        "green": {
          "targetGroup": {
            "id": "arn:green",
            "urn": "urn:pulumi:dev::shop::aws:lb/targetGroup:TargetGroup::green"
          },
          "service": {
            "id": "arn:greenService",
            "urn": "urn:pulumi:dev::shop::aws:ecs/service:Service::greenService"
          }
        }
      },
      "routes": [
        {
          "id": "arn:https",
          "urn": "urn:pulumi:dev::shop::aws:lb/listener:Listener::https"
        }
      ],
      "test": {
        "route": {
          "header": {
            "header": {
              "X-Canary": "1"
            },
            "priority": 5
          }
        },
        "probes": [
          {
            "http": {
              "path": "/healthz",
              "headers": {},
              "status": 200,
              "count": 20,
              "within": "30s",
              "maxMs": 800
            }
          },
          {
            "http": {
              "path": "https://api.example.com/",
              "headers": {
                "X-Probe": "1"
              },
              "status": 200,
              "count": 1,
              "within": "30s",
              "maxMs": null
            }
          },
          {
            "exec": {
              "command": [
                "./smoke.sh",
                "3"
              ],
              "within": "5m"
            }
          },
          {
            "lambda": {
              "function": {
                "id": "smoke",
                "urn": null
              },
              "within": "1h"
            }
          }
        ]
      },
      "strategy": {
        "steps": [
          {
            "permille": 50,
            "bake": "10m",
            "pause": null
          },
          {
            "permille": 125,
            "bake": "2m",
            "pause": {
              "timeout": "1h",
              "then": "continue"
            }
          },
          {
            "permille": 500,
            "bake": "0",
            "pause": null
          },
          {
            "permille": 1000,
            "bake": "0",
            "pause": null
          }
        ]
      },
      "finalBake": "15m",
      "alarms": [
        {
          "id": "checkout-slo",
          "urn": null
        },
        {
          "id": "green-5xx",
          "urn": null
        }
      ],
      "analysis": {
        "compare": "off",
        "minRequests": 10,
        "onInconclusive": "hold",
        "maxBake": "0",
        "period": "1s",
        "lag": "0",
        "settle": "500ms"
      },
      "health": {
        "minHealthy": {
          "count": 3
        },
        "requireAllZones": false
      },
      "capacity": {
        "preScale": {
          "tasks": 12
        },
        "headroom": 2.0,
        "suspendScaleIn": false
      },
      "stickiness": "keep",
      "onInterrupt": "hold",
      "onConflict": "adopt",
      "onSourceLoss": "advance",
      "maxBlind": "2m",
      "deadMan": {
        "roleArn": "arn:aws:iam::1:role/dead-man",
        "grace": "5m"
      },
      "hooks": {
        "beforeShift": [
          {
            "exec": {
              "command": [
                "true"
              ],
              "within": "5m"
            }
          }
        ],
        "afterStep": [],
        "onRollback": [],
        "onDone": [
          {
            "lambda": {
              "function": {
                "id": "tell",
                "urn": null
              },
              "within": "5m"
            }
          }
        ]
      },
      "timeout": "2h",
      "notify": [
        {
          "url": "https://chat.example.com/hook"
        },
        {
          "topic": {
            "id": "arn:aws:sns:eu-west-1:1:ops",
            "urn": null
          }
        }
      ],
      "protectLive": true,
      "retain": "2d"
    }
    "#);
    let kept = serde_json::from_value(serde_json::to_value(&spec).unwrap()).unwrap();
    assert_eq!(spec, kept);
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_path() {
    let all = alone(json!({
        "colours": {},
        "routes": [],
        "test": { "route": "arn:aws:x", "header": {}, "priority": 0, "probes": [
            {}, { "http": { "path": "healthz", "status": 20, "count": -1, "within": 0 } },
            { "exec": "smoke.sh" }, { "exec": [] }, { "exec": {}, "lambda": 5 },
        ] },
        "strategy": { "steps": [{ "weight": 5, "bake": "soon" }, { "bake": "1m", "wait": 1 }] },
        "finalBake": 15,
        "alarms": ["arn:aws:sns:eu-west-1:1:topic", 5, ""],
        "analysis": { "compare": "always", "minRequests": 0, "period": "1ms", "lag": true },
        "health": { "minHealthy": "0%", "requireAllZones": "yes" },
        "capacity": { "preScale": "all", "headroom": 0.5 },
        "stickiness": "off",
        "onConflict": 1,
        "maxBlind": 0,
        "deadMan": { "grace": "10s" },
        "hooks": { "afterStep": [{ "http": { "path": "/" } }], "onDone": {} },
        "protectLive": null,
    }));
    insta::assert_snapshot!(wrong(&all), @r"
    `rollouts.web.colours` is not known here; did you mean `colors`?
    `rollouts.web.routes` is empty; without `routes`, all that forward to both groups are moved
    `rollouts.web.test.priority` must be a whole number from 1 to 50000
    `rollouts.web.test.header` cannot stand beside `route`
    `rollouts.web.test.probes[0]` needs one of http, exec, lambda
    `rollouts.web.test.probes[1].http.path` must begin with `/`, or be a whole address
    `rollouts.web.test.probes[1].http.status` must be a whole number from 100 to 599
    `rollouts.web.test.probes[1].http.count` must be a whole number from 0 to 10000
    `rollouts.web.test.probes[1].http.within` must be longer than nothing
    `rollouts.web.test.probes[2].exec` must be a list of the command and its arguments, and this is a text
    `rollouts.web.test.probes[3].exec` has no command
    `rollouts.web.test.probes[4].lambda` cannot stand beside `exec`
    `rollouts.web.strategy.steps[0].bake` is not right: `soon` is no span of time: write numbers with d, h, m, s or ms, such as 10m or 1h30m
    `rollouts.web.strategy.steps[1].wait` is not known here; there are weight, bake, pause
    `rollouts.web.strategy.steps[1]` has no `weight`
    `rollouts.web.finalBake` is not right: `15` has a number without a unit: write numbers with d, h, m, s or ms, such as 10m or 1h30m
    `rollouts.web.alarms[0]` must be an alarm, and `arn:aws:sns:eu-west-1:1:topic` is not its name or its ARN
    `rollouts.web.alarms[1]` must be an alarm: the resource, or its name or its ARN, and this is a number
    `rollouts.web.alarms[2]` is empty
    `rollouts.web.analysis.compare` cannot be `always`: it is `auto` or `off`
    `rollouts.web.analysis.minRequests` must be a whole number from 1
    `rollouts.web.analysis.period` must be at least 1s
    `rollouts.web.analysis.lag` must be a text or a number, and this is a boolean
    `rollouts.web.health.minHealthy` is not right: write a percentage from 1% to 100% or a number of targets from 1
    `rollouts.web.health.requireAllZones` must be `true` or `false`, and this is a text
    `rollouts.web.capacity.preScale` is not right: write `match`, a number of tasks from 1, or `off`
    `rollouts.web.capacity.headroom` must be from 1 to 10 times the source's tasks
    `rollouts.web.stickiness` cannot be `off`: it is one of `break-at-end`, `keep`, `break`
    `rollouts.web.onConflict` must be a word, and this is a number
    `rollouts.web.maxBlind` must be longer than nothing
    `rollouts.web.deadMan` has no `roleArn`
    `rollouts.web.deadMan.grace` must be at least 1m
    `rollouts.web.hooks.afterStep[0].http` needs a whole address: hooks have no test route
    `rollouts.web.hooks.onDone` must be a list, and this is a mapping
    ");
}

#[test]
fn every_strategy_has_its_form() {
    let cases = [
        json!("canary:10/5m"),
        json!("10/5m,50"),
        json!(10),
        json!({ "canary": { "weight": 0.5, "bake": "5m" } }),
        json!({ "linear": { "weight": 40, "every": "1m" } }),
        json!({ "steps": [5, "25/1m"], "bake": "3m" }),
        json!({ "steps": [{ "weight": 50, "pause": true }, { "weight": 100, "pause": false }] }),
        json!({ "steps": [50, 25] }),
        json!({ "steps": [] }),
        json!({ "steps": [{ "weight": 50, "pause": { "then": "continue" } }] }),
        json!({ "canary": { "weight": 100, "bake": "5m" } }),
        json!({ "canary": {} }),
        json!({ "canary": "10/5m", "linear": {} }),
        json!({ "linear": { "weight": 10, "every": "1m" }, "bake": "1m" }),
        json!({}),
        json!("rolling"),
    ];
    let shown = |case| {
        let read = Spec::read("web", &alone(json!({ "strategy": case })));
        match read {
            Ok(spec) => format!("{case}\n  {}\n", spec.strategy),
            Err(wrong) => {
                wrong.iter().fold(format!("{case}\n"), |all, it| format!("{all}  ! {it}\n"))
            }
        }
    };
    let all: String = cases.iter().map(shown).collect();
    insta::assert_snapshot!(all, @r#"
    "canary:10/5m"
      10 % for 5m, 100 %
    "10/5m,50"
      10 % for 5m, 50 %, 100 %
    10
      ! `rollouts.web.strategy` must be a text such as `canary:10/5m`, or a mapping, and this is a number
    {"canary":{"weight":0.5,"bake":"5m"}}
      0.5 % for 5m, 100 %
    {"linear":{"weight":40,"every":"1m"}}
      40 % for 1m, 80 % for 1m, 100 %
    {"steps":[5,"25/1m"],"bake":"3m"}
      5 % for 3m, 25 % for 1m, 100 %
    {"steps":[{"weight":50,"pause":true},{"weight":100,"pause":false}]}
      50 % and a pause, 100 %
    {"steps":[50,25]}
      ! `rollouts.web.strategy.steps` is not right: steps must rise, and 25 % comes after 50 %
    {"steps":[]}
      ! `rollouts.web.strategy.steps` is not right: there are no steps; `all-at-once` is one to 100 %
    {"steps":[{"weight":50,"pause":{"then":"continue"}}]}
      ! `rollouts.web.strategy.steps[0].pause.then` needs a `timeout` beside it: without one, somebody decides
    {"canary":{"weight":100,"bake":"5m"}}
      ! `rollouts.web.strategy.canary` is not right: 100 % at first is `all-at-once`
    {"canary":{}}
      ! `rollouts.web.strategy.canary` has no `weight`
      ! `rollouts.web.strategy.canary` has no `bake`
    {"canary":"10/5m","linear":{}}
      ! `rollouts.web.strategy.linear` cannot stand beside `canary`
    {"linear":{"weight":10,"every":"1m"},"bake":"1m"}
      ! `rollouts.web.strategy.bake` belongs to `steps`
    {}
      ! `rollouts.web.strategy` needs one of steps, canary, linear
    "rolling"
      ! `rollouts.web.strategy` is not right: `rolling` is no strategy: write all-at-once, canary:10/5m, linear:10/1m or steps such as 5/10m,25/10m,100
    "#);
}

#[test]
fn colours_are_two_and_differ() {
    let group = |name: &str| format!("{GROUP_ARN}/{name}/1");
    let service = "arn:aws:ecs:eu-west-1:1:service/main/web";
    let cases = [
        json!({}),
        json!({ "colors": { "blue": { "targetGroup": group("a") }, "red": {} } }),
        json!({ "colors": { "blue": { "targetGroup": "web" }, "green": { "targetGroup": service } } }),
        json!({ "colors": {
            "blue": { "targetGroup": group("a"), "service": service },
            "green": { "targetGroup": group("a") },
        } }),
        json!({ "colors": {
            "blue": { "targetGroup": group("a"), "service": service },
            "green": { "targetGroup": group("b"), "service": service },
        } }),
    ];
    let all: String = cases.iter().map(|it| wrong(&Value::from_json(it)) + "\n").collect();
    insta::assert_snapshot!(all, @r"
    `rollouts.web` has no `colors`

    `rollouts.web.colors.red` is not known here; there are blue, green
    `rollouts.web.colors` has no `green`

    `rollouts.web.colors.blue.targetGroup` must be a target group, and `web` is not its ARN
    `rollouts.web.colors.green.targetGroup` must be a target group, and `arn:aws:ecs:eu-west-1:1:service/main/web` is not its ARN

    `rollouts.web.colors.green` has blue's target group: nothing would move
    `rollouts.web.colors` has a service for one colour only

    `rollouts.web.colors.green` has blue's service
    ");
}

#[test]
fn a_resource_must_be_of_the_right_type() {
    let color = |group: Value| Value::Map([("targetGroup".to_owned(), group)].into());
    let colors = [
        ("blue".to_owned(), color(resource("aws:ec2/vpc:Vpc", "net", "vpc-1"))),
        ("green".to_owned(), color(resource(GROUP, "green", "arn:green"))),
    ];
    let dead_man = [("roleArn".to_owned(), resource("aws:iam/role:Role", "role", "role"))];
    let value = Value::Map(
        [
            ("colors".to_owned(), Value::Map(colors.into())),
            ("deadMan".to_owned(), Value::Map(dead_man.into())),
        ]
        .into(),
    );
    insta::assert_snapshot!(wrong(&value), @r"
    `rollouts.web.colors.blue.targetGroup` must be a target group, and `net` is aws:ec2/vpc:Vpc
    `rollouts.web.deadMan.roleArn` must be the ARN: write it as `${role.arn}`
    ");
}

#[test]
fn what_is_not_known_is_wrong_only_once_it_must_be_known() {
    let mut value = alone(json!({ "finalBake": "soon" }));
    let Value::Map(map) = &mut value else { panic!("a mapping") };
    let unknown = || Value::Unknown(Unknown { from: "role.arn".to_owned() });
    map.insert("deadMan".to_owned(), Value::Map([("roleArn".to_owned(), unknown())].into()));
    map.insert("alarms".to_owned(), unknown());
    map.insert("strategy".to_owned(), unknown());
    map.insert("retain".to_owned(), Value::secret(Value::string("1d")));
    let early: Vec<String> = Spec::check("web", &value).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(early.join("\n"), @r"
    `rollouts.web.finalBake` is not right: `soon` is no span of time: write numbers with d, h, m, s or ms, such as 10m or 1h30m
    `rollouts.web.retain` is secret, and a rollout's plan shows all that it says; `fn::unsecret` makes it plain
    ");
    insta::assert_snapshot!(wrong(&value), @r"
    `rollouts.web.finalBake` is not right: `soon` is no span of time: write numbers with d, h, m, s or ms, such as 10m or 1h30m
    `rollouts.web.retain` is secret, and a rollout's plan shows all that it says; `fn::unsecret` makes it plain
    `rollouts.web` waits for `role.arn`, which is not known
    ");
}
