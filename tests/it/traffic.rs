//! AWS as a shift sees it, on the emulator: every question, and every write
//! seen by the question that matches it.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use orderinfra::{
    aws::{self, traffic::Traffic},
    lang::load::assets,
    provider::{Assets, Calls, Cx, Notes, Pace, Settings},
    rollout::{
        cloud::{
            Alarm, Cloud as _, Look, Request, RouteKind, Scaling, Service, Suspended, Target, Write,
        },
        judge::Minute,
    },
};
use serde_json::{Value as Json, json};

use crate::{
    harsh::{Climate, Harsh},
    world::{Cloud, HURRY, World},
};

const PROGRAM: &str = r#"
name: demo
runtime: yaml
resources:
  vpc: { type: aws:ec2:Vpc, properties: { cidrBlock: 10.9.0.0/16 } }
  left:
    type: aws:ec2:Subnet
    properties: { vpcId: "${vpc.id}", cidrBlock: 10.9.1.0/24, availabilityZone: us-east-1a }
  right:
    type: aws:ec2:Subnet
    properties: { vpcId: "${vpc.id}", cidrBlock: 10.9.2.0/24, availabilityZone: us-east-1b }
  balancer:
    type: aws:lb:LoadBalancer
    properties: { name: web, internal: true, subnets: ["${left.id}", "${right.id}"] }
  blue:
    type: aws:lb:TargetGroup
    properties: { name: blue, port: 80, protocol: HTTP, targetType: ip, vpcId: "${vpc.id}", deregistrationDelay: 30 }
  green:
    type: aws:lb:TargetGroup
    properties: { name: green, port: 80, protocol: HTTP, targetType: ip, vpcId: "${vpc.id}" }
  alone:
    type: aws:lb:TargetGroup
    properties: { name: alone, port: 80, protocol: HTTP, targetType: ip, vpcId: "${vpc.id}" }
  listener:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${balancer.arn}
      port: 80
      protocol: HTTP
      defaultActions:
        - type: forward
          forward:
            targetGroups: [{ arn: "${blue.arn}", weight: 100 }, { arn: "${green.arn}", weight: 0 }]
  rule:
    type: aws:lb:ListenerRule
    properties:
      listenerArn: ${listener.arn}
      priority: 5
      conditions: [{ pathPattern: { values: ["/api/*"] } }]
      actions: [{ type: forward, targetGroupArn: "${green.arn}" }]
  elsewhere:
    type: aws:lb:ListenerRule
    properties:
      listenerArn: ${listener.arn}
      priority: 6
      conditions: [{ pathPattern: { values: ["/old/*"] } }]
      actions: [{ type: redirect, redirect: { path: /api, statusCode: HTTP_302 } }]
  stray:
    type: aws:lb:TargetGroupAttachment
    properties: { targetGroupArn: "${alone.arn}", targetId: 10.9.2.77, port: 81 }
  cluster: { type: aws:ecs:Cluster, properties: { name: demo } }
  definition:
    type: aws:ecs:TaskDefinition
    properties:
      family: demo
      cpu: "256"
      memory: "512"
      networkMode: awsvpc
      requiresCompatibilities: [FARGATE]
      containerDefinitions:
        fn::toJSON: [{ name: api, image: example/api, portMappings: [{ containerPort: 80 }] }]
  service:
    type: aws:ecs:Service
    properties:
      name: api
      cluster: ${cluster.arn}
      taskDefinition: ${definition.arn}
      desiredCount: 2
      launchType: FARGATE
      loadBalancers: [{ targetGroupArn: "${blue.arn}", containerName: api, containerPort: 80 }]
      networkConfiguration: { subnets: ["${left.id}", "${right.id}"] }
    options: { dependsOn: ["${listener}"] }
  scaling:
    type: aws:appautoscaling:Target
    properties:
      serviceNamespace: ecs
      resourceId: service/${cluster.name}/${service.name}
      scalableDimension: ecs:service:DesiredCount
      minCapacity: 1
      maxCapacity: 4
  alarm:
    type: aws:cloudwatch:MetricAlarm
    properties:
      name: errors
      comparisonOperator: GreaterThanThreshold
      evaluationPeriods: 1
      metricName: HTTPCode_Target_5XX_Count
      namespace: AWS/ApplicationELB
      period: 60
      statistic: Sum
      threshold: 1
  role:
    type: aws:iam:Role
    properties:
      name: hook
      assumeRolePolicy:
        fn::toJSON:
          Version: "2012-10-17"
          Statement:
            - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: "sts:AssumeRole" }
  hook:
    type: aws:lambda:Function
    properties:
      name: hook
      handler: app.handler
      runtime: python3.13
      role: ${role.arn}
      code:
        fn::assetArchive:
          app.py: { fn::stringAsset: "def handler(event, context):\n  return {'hookStatus': event['wanted']}\n" }
outputs:
  balancer: ${balancer.arn}
  blue: ${blue.arn}
  green: ${green.arn}
  alone: ${alone.arn}
  listener: ${listener.arn}
  rule: ${rule.arn}
  service: ${service.id}
  definition: ${definition.arn}
"#;

/// The program's stack, and AWS as a shift sees it.
struct Stage {
    cloud: std::sync::Arc<Cloud>,
    traffic: Traffic,
    outputs: BTreeMap<String, String>,
    _world: World,
}

impl Stage {
    fn arn(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    /// One forward to both colours.
    fn split(&self, blue: i32, green: i32) -> Vec<Json> {
        let group = |name, weight| json!({ "TargetGroupArn": self.arn(name), "Weight": weight });
        vec![json!({ "Type": "forward", "Order": 1, "ForwardConfig": {
            "TargetGroups": [group("blue", blue), group("green", green)],
            "TargetGroupStickinessConfig": { "Enabled": true, "DurationSeconds": 60 } } })]
    }

    async fn actions(&self, kind: RouteKind, name: &str) -> Vec<Json> {
        self.traffic.route(kind, self.arn(name)).await.unwrap().unwrap().actions
    }

    async fn send(&self, write: Write) {
        let said = self.traffic.send(&write).await;
        assert!(matches!(said, Ok(Some(_))), "{write:?}: {said:?}");
    }

    async fn refused(&self, write: Write, code: &str) {
        let error = self.traffic.send(&write).await.unwrap_err();
        assert_eq!(error.code, code, "{write:?}: {error}");
    }
}

/// The SDK's unoptimised frames are large.
const STACK_BYTES: usize = 64 << 20;

fn on_stage(test: impl AsyncFnOnce(Stage) + Send + 'static) {
    let play = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { test(stage().await).await });
    };
    let player = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(play).unwrap();
    player.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
}

async fn stage() -> Stage {
    let world = World::with_program(PROGRAM);
    let harsh = Harsh::start(world.cloud.port, Climate::default());
    drop(world.run(&harsh, "up --yes").ends(0));
    let outputs = world.run(&harsh, "stack output --json").ends(0).stdout;
    let settings = Settings {
        region: Some("us-east-1".to_owned()),
        endpoints: [(String::new(), format!("http://127.0.0.1:{}", world.cloud.port))].into(),
        emulator: true,
        ..Settings::default()
    };
    let (pace, calls) = (Pace::hurried(HURRY), Calls::new(String::new));
    let (aws, place) = aws::connect(&settings, pace, &calls).await.unwrap();
    let cx = Cx {
        aws,
        calls,
        assets: Assets::new(|it| assets::read(&[], "".as_ref(), it)),
        place,
        default_tags: BTreeMap::new(),
        stack: "demo/dev".to_owned(),
        op: String::new(),
        seed: None,
        asked: None,
        limit: None,
        status: None,
        notes: Notes::default(),
        pace,
    };
    Stage {
        cloud: world.cloud.clone(),
        traffic: Traffic::new(cx),
        outputs: serde_json::from_str(&outputs).unwrap(),
        _world: world,
    }
}

#[test]
fn routes_are_what_was_written_last() {
    on_stage(async |it| {
        let (listener, rule) = (it.arn("listener").to_owned(), it.arn("rule").to_owned());

        let live = it.traffic.route(RouteKind::Default, &listener).await.unwrap().unwrap();
        assert_eq!((live.protocol.as_deref(), live.port), (Some("HTTP"), Some(80)));
        assert_eq!(live.load_balancer, it.arn("balancer"));
        let groups = &live.actions[0]["ForwardConfig"]["TargetGroups"];
        assert_eq!(groups[0], json!({ "TargetGroupArn": it.arn("blue"), "Weight": 100 }));
        let live = it.traffic.route(RouteKind::Rule, &rule).await.unwrap().unwrap();
        assert_eq!(live.load_balancer, it.arn("balancer"));
        assert_eq!(live.protocol, None);

        let both = [it.arn("blue"), it.arn("green")];
        let to =
            async |groups: &[&str]| it.traffic.routes_to(it.arn("balancer"), groups).await.unwrap();
        let wanted = [(RouteKind::Default, listener.clone()), (RouteKind::Rule, rule.clone())];
        assert_eq!(to(&both).await, wanted);
        assert_eq!(to(&[it.arn("blue")]).await, wanted[..1]);
        assert!(to(&[it.arn("alone")]).await.is_empty());

        let to_listener = |actions: Vec<Json>| Write::ModifyListener {
            listener_arn: listener.clone(),
            default_actions: actions,
        };
        let to_rule = |actions: Vec<Json>| Write::ModifyRule { rule_arn: rule.clone(), actions };
        it.send(to_listener(it.split(75, 25))).await;
        assert_eq!(it.actions(RouteKind::Default, "listener").await, it.split(75, 25));
        it.send(to_rule(it.split(1, 999))).await;
        assert_eq!(it.actions(RouteKind::Rule, "rule").await, it.split(1, 999));

        it.refused(to_listener(it.split(0, 1000)), "ValidationError").await;
        it.refused(to_rule(it.split(0, 0)), "ValidationError").await;
        let mut mixed = it.split(1, 1);
        mixed[0]["TargetGroupArn"] = json!(it.arn("blue"));
        it.refused(to_listener(mixed), "ValidationError").await;
        let mut unknown = it.split(1, 1);
        unknown[0]["ForwardConfig"]["TargetGroups"][1]["TargetGroupArn"] =
            json!(format!("{}0", it.arn("green")));
        it.refused(to_listener(unknown), "TargetGroupNotFound").await;
        assert_eq!(it.actions(RouteKind::Default, "listener").await, it.split(75, 25));

        let gone = format!("{listener}0");
        assert_eq!(it.traffic.route(RouteKind::Default, &gone).await, Ok(None));
        let gone = format!("{rule}0");
        assert_eq!(it.traffic.route(RouteKind::Rule, &gone).await, Ok(None));
        it.refused(Write::ModifyRule { rule_arn: gone, actions: it.split(1, 1) }, "RuleNotFound")
            .await;
    });
}

/// The secret of a client comes in once, and nobody tells it again.
#[test]
fn a_route_that_signs_people_in_keeps_its_secret() {
    on_stage(async |it| {
        let said = json!({ "Issuer": "https://i", "AuthorizationEndpoint": "https://i/a",
        "TokenEndpoint": "https://i/t", "UserInfoEndpoint": "https://i/u", "ClientId": "c" });
        let form = said.as_object().unwrap().iter().map(|(name, value)| {
            let value = value.as_str().unwrap();
            format!("&DefaultActions.member.1.AuthenticateOidcConfig.{name}={value}")
        });
        it.cloud.query(
            "elasticloadbalancing",
            &format!(
                "Action=ModifyListener&Version=2015-12-01&ListenerArn={}\
             &DefaultActions.member.1.Type=authenticate-oidc&DefaultActions.member.1.Order=1\
             &DefaultActions.member.1.AuthenticateOidcConfig.ClientSecret=hidden{}\
             &DefaultActions.member.2.Type=forward&DefaultActions.member.2.Order=2\
             &DefaultActions.member.2.TargetGroupArn={}",
                it.arn("listener"),
                form.collect::<String>(),
                it.arn("blue"),
            ),
        );
        let actions = it.actions(RouteKind::Default, "listener").await;
        let mut wanted = said;
        wanted["UseExistingClientSecret"] = json!(true);
        assert_eq!(actions[0]["AuthenticateOidcConfig"], wanted);
        let listener_arn = it.arn("listener").to_owned();
        it.send(Write::ModifyListener {
            listener_arn: listener_arn.clone(),
            default_actions: actions.clone(),
        })
        .await;
        assert_eq!(it.actions(RouteKind::Default, "listener").await, actions);
        let mut without = actions;
        without[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] = json!(false);
        it.refused(
            Write::ModifyListener { listener_arn, default_actions: without },
            "ValidationError",
        )
        .await;
    });
}

#[test]
fn groups_targets_and_services_are_told_as_they_are() {
    on_stage(async |it| {
        let (blue, green) = (it.arn("blue"), it.arn("green"));

        let gone = format!("{green}0");
        let groups = it.traffic.groups(&[green, &gone, blue]).await.unwrap();
        let names: Vec<&str> = groups.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["green", "blue"]);
        assert_eq!((&*groups[1].protocol, &*groups[1].target_type), ("HTTP", "ip"));
        assert_eq!(groups[1].load_balancers, [it.arn("balancer")]);
        assert_eq!(groups[1].attributes["deregistration_delay.timeout_seconds"], "30");

        let balancer = it.traffic.load_balancer(it.arn("balancer")).await.unwrap().unwrap();
        assert_eq!((&*balancer.name, &*balancer.kind), ("web", "application"));
        assert_eq!(balancer.zones, ["us-east-1a", "us-east-1b"]);
        assert!(!balancer.dns_name.is_empty());
        let gone = format!("{}0", it.arn("balancer"));
        assert_eq!(it.traffic.load_balancer(&gone).await, Ok(None));

        let service = it.traffic.service(it.arn("service")).await.unwrap().unwrap();
        let tasks = service.tasks.clone();
        let wanted = Service {
            arn: it.arn("service").to_owned(),
            cluster: "demo".to_owned(),
            name: "api".to_owned(),
            status: "ACTIVE".to_owned(),
            desired: 2,
            running: 2,
            pending: 0,
            deployments: 1,
            controller: "ECS".to_owned(),
            strategy: Some("ROLLING".to_owned()),
            task_definition: it.arn("definition").to_owned(),
            tasks: tasks.clone(),
        };
        assert_eq!(service, wanted);
        assert_eq!(tasks.len(), 2);
        assert!(tasks.iter().all(|task| task.task_definition == it.arn("definition")));
        let gone = it.arn("service").replace("/api", "/none");
        assert_eq!(it.traffic.service(&gone).await, Ok(None));
        let gone = it.arn("service").replace("/demo/", "/none/");
        assert_eq!(it.traffic.service(&gone).await, Ok(None));

        let mut addresses: Vec<String> = tasks.into_iter().flat_map(|it| it.addresses).collect();
        addresses.sort();
        let targets = it.traffic.targets(blue).await.unwrap();
        let mut ids: Vec<String> = targets.iter().map(|it| it.id.clone()).collect();
        ids.sort();
        assert_eq!(ids, addresses);
        let zones: Vec<&str> = targets.iter().filter_map(|it| it.zone.as_deref()).collect();
        assert!(zones.contains(&"us-east-1a") && zones.contains(&"us-east-1b"), "{zones:?}");
        assert!(targets.iter().all(|it| it.state == "healthy" && it.port == Some(80)));

        let [one, other] = [0, 1].map(|place: usize| targets[place].id.clone());
        it.cloud.find_targets(
        blue,
        &json!({ &*one: ["unhealthy", "Target.Timeout"], &*other: ["healthy", null, "anomalous", "zonal_shift_active"] }),
    );
        let found = it.traffic.targets(blue).await.unwrap();
        let of = |id: &str| found.iter().find(|it| it.id == id).unwrap().clone();
        let shifted = Some("zonal_shift_active".to_owned());
        let (state, reason) = ("unhealthy".to_owned(), Some("Target.Timeout".to_owned()));
        assert_eq!(of(&one), Target { state, reason, ..targets[0].clone() });
        assert_eq!(
            of(&other),
            Target { anomalous: true, overridden: shifted, ..targets[1].clone() }
        );

        let stray = it.traffic.targets(it.arn("alone")).await.unwrap();
        let wanted = Target {
            id: "10.9.2.77".to_owned(),
            port: Some(81),
            zone: Some("us-east-1b".to_owned()),
            state: "unused".to_owned(),
            reason: Some("Target.NotInUse".to_owned()),
            anomalous: false,
            overridden: None,
        };
        assert_eq!(stray, [wanted]);
    });
}

#[test]
fn what_is_scaled_and_tagged_is_seen() {
    on_stage(async |it| {
        let service = it.traffic.service(it.arn("service")).await.unwrap().unwrap();
        let scaling = it.traffic.scaling(&service).await.unwrap().unwrap();
        let resource = "service/demo/api".to_owned();
        let wanted = Scaling { resource, min: 1, max: 4, suspended: Suspended::default() };
        assert_eq!(scaling, wanted);
        let nobody = Service { name: "none".to_owned(), ..service.clone() };
        assert_eq!(it.traffic.scaling(&nobody).await, Ok(None));

        let suspended = Suspended { dynamic_scaling_in_suspended: true, ..Suspended::default() };
        it.send(Write::RegisterScalableTarget {
            resource_id: scaling.resource.clone(),
            min_capacity: 3,
            max_capacity: 8,
            suspended_state: suspended,
        })
        .await;
        let wanted = Scaling { min: 3, max: 8, suspended, ..scaling };
        assert_eq!(it.traffic.scaling(&service).await, Ok(Some(wanted)));

        it.send(Write::UpdateService {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            desired_count: 3,
        })
        .await;
        let grown = it.traffic.service(it.arn("service")).await.unwrap().unwrap();
        assert_eq!((grown.desired, grown.running, grown.deployments), (3, 3, 1));
        assert_eq!(grown.task_definition, service.task_definition);
        assert_eq!(it.traffic.targets(it.arn("blue")).await.unwrap().len(), 3);

        let resource_arns = vec![it.arn("blue").to_owned(), it.arn("green").to_owned()];
        let lease = || ("orderinfra:shift".to_owned(), "01/1/1700000000".to_owned());
        it.send(Write::AddTags {
            resource_arns: resource_arns.clone(),
            tags: BTreeMap::from([lease()]),
        })
        .await;
        for group in &resource_arns {
            let tags = it.traffic.tags(group).await.unwrap();
            assert_eq!(tags.get("orderinfra:shift"), Some(&lease().1));
            assert_eq!(tags.get("orderinfra:stack").map(String::as_str), Some("demo/dev"));
        }
        it.send(Write::RemoveTags { resource_arns, tag_keys: vec![lease().0] }).await;
        let tags = it.traffic.tags(it.arn("green")).await.unwrap();
        assert_eq!(tags.get("orderinfra:shift"), None);
    });
}

#[test]
fn alarms_and_metrics_are_read_and_nothing_is_made_up() {
    on_stage(async |it| {
        it.cloud.query(
            "monitoring",
            "Action=PutCompositeAlarm&Version=2010-08-01&AlarmName=slo&AlarmRule=ALARM(errors)",
        );
        let names = ["errors", "slo", "none"].map(str::to_owned);
        let alarms = it.traffic.alarms(&names).await.unwrap();
        let state = |alarms: &[Alarm], name: &str| {
            let alarm = alarms.iter().find(|it| it.name == name).unwrap();
            (alarm.state.clone(), alarm.changed.unwrap())
        };
        assert_eq!(alarms.len(), 2);
        let (quiet, before) = state(&alarms, "errors");
        assert_eq!(quiet, "OK");
        it.cloud.query(
        "monitoring",
        "Action=SetAlarmState&Version=2010-08-01&AlarmName=errors&StateValue=ALARM&StateReason=x",
    );
        let alarms = it.traffic.alarms(&names).await.unwrap();
        let (loud, after) = state(&alarms, "errors");
        assert_eq!(loud, "ALARM");
        assert!(after > before, "{after} after {before}");
        assert_eq!(it.traffic.alarms(&[]).await, Ok(vec![]));

        // 2026-01-01T00:00:00Z
        let from = 1_767_225_600;
        let tell = |group: &str, metric: &str, minute: i64, values: &[f64]| {
            let suffix = |arn: &str| arn.rsplit(':').next().unwrap().to_owned();
            let balancer = suffix(it.arn("balancer")).replace("loadbalancer/", "");
            let at = format!("2026-01-01T00:{minute:02}:07Z");
            let values = values.iter().zip(1..).map(|(value, place)| {
                format!("&MetricData.member.1.Values.member.{place}={value}")
            });
            it.cloud.query(
                "monitoring",
                &format!(
                    "Action=PutMetricData&Version=2010-08-01&Namespace=AWS%2FApplicationELB\
                 &MetricData.member.1.MetricName={metric}&MetricData.member.1.Timestamp={at}\
                 &MetricData.member.1.Dimensions.member.1.Name=TargetGroup\
                 &MetricData.member.1.Dimensions.member.1.Value={}\
                 &MetricData.member.1.Dimensions.member.2.Name=LoadBalancer\
                 &MetricData.member.1.Dimensions.member.2.Value={balancer}{}",
                    suffix(it.arn(group)),
                    values.collect::<String>(),
                ),
            );
        };
        let hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        tell("blue", "RequestCount", 0, &[60.0, 40.0]);
        tell("blue", "HTTPCode_Target_5XX_Count", 0, &[2.0]);
        tell("blue", "TargetConnectionErrorCount", 0, &[1.0]);
        tell("blue", "TargetResponseTime", 0, &hundred);
        tell("blue", "RequestCount", 2, &[50.0]);
        tell("green", "TargetConnectionErrorCount", 1, &[4.0]);
        // Beyond the look.
        tell("green", "RequestCount", 3, &[9.0]);
        let look = Look {
            load_balancer: it.arn("balancer"),
            groups: [it.arn("blue"), it.arn("green")],
            from,
            until: from + 180,
            period: 60,
        };
        let [blue, green] = it.traffic.metrics(&look).await.unwrap();
        let minute = |place: i64, requests, errors, p90, p99| Minute {
            at: from + 60 * place,
            requests,
            errors,
            p90,
            p99,
        };
        let first = minute(0, Some(100.0), Some(3.0), Some(90.0), Some(99.0));
        assert_eq!(blue, [first, minute(2, Some(50.0), Some(0.0), None, None)]);
        assert_eq!(green, [minute(1, None, Some(4.0), None, None)]);
    });
}

#[test]
fn schedules_may_be_made_and_removed_twice() {
    on_stage(async |it| {
        let name = || "orderinfra-web-0".to_owned();
        let (role_arn, target, input) = (
            || "arn:aws:iam::123456789012:role/deadman".to_owned(),
            || "arn:aws:scheduler:::aws-sdk:elasticloadbalancingv2:modifyListener".to_owned(),
            || json!({ "ListenerArn": it.arn("listener"), "DefaultActions": it.split(100, 0) }),
        );
        let create = |at: &str| Write::CreateSchedule {
            name: name(),
            at: at.to_owned(),
            role_arn: role_arn(),
            target: target(),
            input: input(),
        };
        let update = |name: &str| Write::UpdateSchedule {
            name: name.to_owned(),
            at: "2030-01-01T00:05:00".to_owned(),
            role_arn: role_arn(),
            target: target(),
            input: input(),
        };
        let delete = || Write::DeleteSchedule { name: name() };
        assert_eq!(it.traffic.schedule_exists(&name()).await, Ok(false));
        it.send(create("2030-01-01T00:00:00Z")).await;
        assert_eq!(it.traffic.schedule_exists(&name()).await, Ok(true));
        it.send(create("2030-01-01T00:00:00Z")).await;
        // Another one in its place: what exists is well.
        it.send(create("2030-01-01T00:01:00")).await;
        it.send(update(&name())).await;
        it.refused(update("none"), "ResourceNotFoundException").await;
        it.send(delete()).await;
        assert_eq!(it.traffic.schedule_exists(&name()).await, Ok(false));
        assert_eq!(it.traffic.send(&delete()).await, Ok(None));
        assert_eq!(it.traffic.credentials_until().await, Ok(None));
    });
}

#[test]
fn a_function_answers_or_fails() {
    on_stage(async |it| {
        let answer = it.traffic.invoke("hook", &json!({ "wanted": "SUCCEEDED" })).await.unwrap();
        assert_eq!(answer, Ok(json!({ "hookStatus": "SUCCEEDED" })));
        let why = it.traffic.invoke("hook", &json!({})).await.unwrap().unwrap_err();
        assert!(why.contains("KeyError"), "{why}");
        let error = it.traffic.invoke("none", &json!({})).await.unwrap_err();
        assert_eq!(error.code, "ResourceNotFoundException");
    });
}

#[test]
fn a_colour_is_asked_once_and_within_its_time() {
    on_stage(async |it| {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = server.local_addr().unwrap().port();
        /// Which request is left without an answer.
        const SILENT: usize = 3;
        let served = std::thread::spawn(move || {
            let (mut asked, mut silent) = (Vec::new(), Vec::new());
            loop {
                let (mut stream, _) = server.accept().unwrap();
                let lines =
                    BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|it| !it.is_empty()).collect();
                let head = head.join("\n").to_lowercase();
                let answer = match head.split(' ').nth(1) {
                    Some("/end") => return asked,
                    Some("/moved") => "302 Found\r\nLocation: /elsewhere",
                    _ => "503 Service Unavailable",
                };
                asked.push(head);
                if asked.len() == SILENT {
                    silent.push(stream);
                    continue;
                }
                let close = "Content-Length: 0\r\nConnection: close";
                write!(stream, "HTTP/1.1 {answer}\r\n{close}\r\n\r\n").unwrap();
            }
        });
        let headers = BTreeMap::from([("X-Canary".to_owned(), "1".to_owned())]);
        let ask = async |url: String, limit: u64| {
            let request =
                Request { url: &url, headers: &headers, limit: Duration::from_millis(limit) };
            it.traffic.request(&request).await
        };
        let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
        assert_eq!(ask(at("/moved"), 5000).await.unwrap().status, 302);
        let answer = ask(at("/well"), 5000).await.unwrap();
        assert_eq!(answer.status, 503);
        assert!(answer.took < Duration::from_secs(5));
        assert_eq!(ask(at("/silent"), 200).await.unwrap_err(), "no answer within 200 ms");
        drop(ask(at("/end"), 200).await);
        let asked = served.join().unwrap();
        assert_eq!(asked.len(), SILENT, "{asked:?}");
        assert!(asked[0].contains("x-canary: 1") && asked[0].contains("user-agent: orderinfra/"));
        let why = ask(at("/gone"), 5000).await.unwrap_err();
        assert!(why.contains("refused"), "{why}");
        let why = ask("ftp://127.0.0.1/".to_owned(), 5000).await.unwrap_err();
        assert!(why.contains("no address of the web"), "{why}");
    });
}
