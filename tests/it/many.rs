//! More of a kind than AWS takes or tells in one call: all of them are found.

use std::fmt::Write as _;

use crate::{
    harsh::{Climate, Harsh},
    world::World,
};

/// One more than there is room for: of what, and its properties.
const KINDS: &[(usize, &str, &str)] = &[
    (16, "aws:ec2:LaunchTemplate", "{ imageId: ami-12c6146b, instanceType: t3.micro }"),
    (
        21,
        "aws:lb:TargetGroup",
        "{ port: 80, protocol: HTTP, targetType: ip, vpcId: '${vpc.id}', tags: { a: b } }",
    ),
    (
        11,
        "aws:ecs:Service",
        "{ cluster: '${cluster.arn}', taskDefinition: '${task.arn}', desiredCount: 0, tags: { a: b } }",
    ),
    (11, "aws:ssm:Parameter", "{ type: String, value: x, tags: { a: b } }"),
    (51, "aws:cloudwatch:LogGroup", "{ retentionInDays: 7, tags: { a: b } }"),
    (21, "aws:secretsmanager:Secret", "{ recoveryWindowInDays: 0, tags: { a: b } }"),
    (
        101,
        "aws:cloudwatch:MetricAlarm",
        "{ comparisonOperator: GreaterThanThreshold, evaluationPeriods: 1, metricName: m, namespace: n, period: 60, statistic: Sum, threshold: 1 }",
    ),
];

const BESIDE: &str = "
name: many
runtime: yaml
resources:
  vpc: { type: aws:ec2:Vpc, properties: { cidrBlock: 10.0.0.0/16 } }
  cluster: { type: aws:ecs:Cluster }
  task:
    type: aws:ecs:TaskDefinition
    properties:
      family: many
      containerDefinitions: '[{\"name\":\"a\",\"image\":\"b\",\"memory\":128}]'
";

#[test]
fn more_than_one_call_takes_are_all_found() {
    let mut program = BESIDE.to_owned();
    for (at, (count, token, properties)) in KINDS.iter().enumerate() {
        for one in 0..*count {
            writeln!(program, "  r{at}x{one}: {{ type: {token}, properties: {properties} }}")
                .unwrap();
        }
    }
    let world = World::with_program(&program);
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    let before = world.cloud.counts();
    world.run(&cloud, "up --yes").ends(0);
    world.run(&cloud, "preview --expect-no-changes").ends(0);
    world.run(&cloud, "destroy --yes").ends(0);
    assert_eq!(world.cloud.counts(), before);
}
