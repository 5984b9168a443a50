//! Tasks, new deployments and logs, on the emulator.

use crate::{
    harsh::{Climate, Harsh},
    world::World,
};

const PROGRAM: &str = r#"
name: demo
runtime: yaml
config:
  version: { type: string, default: v1 }
  migration: { type: string, default: "exit 0" }
resources:
  vpc: { type: aws:ec2:Vpc, properties: { cidrBlock: 10.9.0.0/16 } }
  subnet: { type: aws:ec2:Subnet, properties: { vpcId: "${vpc.id}", cidrBlock: 10.9.1.0/24 } }
  cluster: { type: aws:ecs:Cluster, properties: { name: demo } }
  logs: { type: aws:cloudwatch:LogGroup, properties: { name: /demo/api } }
  definition:
    type: aws:ecs:TaskDefinition
    properties:
      family: demo
      cpu: "256"
      memory: "512"
      networkMode: awsvpc
      requiresCompatibilities: [FARGATE]
      containerDefinitions:
        fn::toJSON:
          - name: api
            image: example/api:${version}
            logConfiguration:
              logDriver: awslogs
              options:
                awslogs-group: ${logs.name}
                awslogs-region: us-east-1
                awslogs-stream-prefix: api
  migrate:
    type: aws:orderinfra:Task
    properties:
      cluster: ${cluster.arn}
      taskDefinition: ${definition.arn}
      launchType: FARGATE
      container: api
      command: [sh, -c, "${migration}"]
      networkConfiguration: { subnets: ["${subnet.id}"] }
  api:
    type: aws:ecs:Service
    properties:
      name: api
      cluster: ${cluster.arn}
      taskDefinition: ${definition.arn}
      desiredCount: 1
      launchType: FARGATE
      networkConfiguration: { subnets: ["${subnet.id}"] }
    options: { dependsOn: ["${migrate}"] }
"#;

fn up() -> (World, Harsh) {
    let world = World::with_program(PROGRAM);
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    world.run(&cloud, "up --yes").ends(0);
    (world, cloud)
}

#[test]
fn a_task_has_the_exit_code_and_the_log_of_its_container() {
    let (world, cloud) = up();
    let ran = world.run(&cloud, "run-task api -- sh -c exit 3").ends(3);
    assert!(ran.stdout.contains("the emulated task runs: sh -c exit 3"), "{ran}");
    assert!(ran.stdout.contains("the emulated task ends"), "{ran}");
    let ran = world.run(&cloud, "run-task api --json").ends(0);
    assert_eq!(ran.json()["exitCode"], 0);
    world.run(&cloud, "run-task api --container none").ends(1).says("`none` among api");
    world.run(&cloud, "run-task worker").ends(2).says("it has api");
    world.run(&cloud, "history").ends(0).says("run-task");
    // All of it is in the log group, with what the service's tasks wrote.
    let ran = world.run(&cloud, "logs --since 1d").ends(0);
    assert!(ran.stdout.contains("logs | the emulated task runs: sh -c exit 3"), "{ran}");
    assert!(ran.stdout.lines().any(|it| it.ends_with("logs | the emulated task runs")), "{ran}");
    world.run(&cloud, "logs other").ends(2).says("the stack has no log group `other`");
}

#[test]
fn a_service_is_deployed_anew_without_a_change() {
    let (world, cloud) = up();
    world.run(&cloud, "redeploy api").ends(2);
    world.run(&cloud, "redeploy api --yes").ends(0).says("`api` is deployed anew");
    world.run(&cloud, "preview --expect-no-changes").ends(0);
}

/// It runs for each revision, before the service; one that fails stops it, and
/// is shown and made anew.
#[test]
fn a_migration_comes_before_its_service() {
    let (world, cloud) = up();
    world.run(&cloud, "preview --expect-no-changes").ends(0);
    let file = world.file("Pulumi.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("exit 0", "exit 4")).unwrap();
    let ran = world.run(&cloud, "up --yes -c version=v2").ends(1);
    assert!(ran.stderr.contains("`api` ended with 4"), "{ran}");
    assert!(ran.stderr.contains("Not started"), "{ran}");
    // Its end was seen: it is made anew, not taken for done.
    std::fs::write(&file, text).unwrap();
    world.run(&cloud, "preview -c version=v2").ends(0).says("migrate");
    world.run(&cloud, "up --yes -c version=v2").ends(0);
    world.run(&cloud, "preview --expect-no-changes -c version=v2").ends(0);
    world.run(&cloud, "destroy --yes").ends(0);
}
