//! The program of the scene, in two forms.

/// A load balancer with three routes to both colours and one to green alone.
macro_rules! front {
    () => {
        r#"name: shop
runtime: yaml
resources:
  vpc: { type: aws:ec2:Vpc, properties: { cidrBlock: 10.0.0.0/16 } }
  a:
    type: aws:ec2:Subnet
    properties: { vpcId: "${vpc.id}", cidrBlock: 10.0.1.0/24, availabilityZone: us-east-1a }
  b:
    type: aws:ec2:Subnet
    properties: { vpcId: "${vpc.id}", cidrBlock: 10.0.2.0/24, availabilityZone: us-east-1b }
  alb:
    type: aws:lb:LoadBalancer
    properties: { name: shop, internal: true, subnets: ["${a.id}", "${b.id}"] }
  blueTargets:
    type: aws:lb:TargetGroup
    properties: { name: blue, vpcId: "${vpc.id}", targetType: ip, protocol: HTTP, port: 80 }
  greenTargets:
    type: aws:lb:TargetGroup
    properties: { name: green, vpcId: "${vpc.id}", targetType: ip, protocol: HTTP, port: 80 }
  main:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${alb.arn}
      port: 80
      protocol: HTTP
      defaultActions:
        - type: forward
          forward:
            targetGroups:
              - { arn: "${blueTargets.arn}", weight: 100 }
              - { arn: "${greenTargets.arn}", weight: 0 }
  admin:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${alb.arn}
      port: 81
      protocol: HTTP
      defaultActions:
        - type: forward
          forward:
            targetGroups:
              - { arn: "${blueTargets.arn}", weight: 1 }
              - { arn: "${greenTargets.arn}", weight: 0 }
  api:
    type: aws:lb:ListenerRule
    properties:
      listenerArn: ${main.arn}
      priority: 10
      conditions: [{ pathPattern: { values: ["/api/*"] } }]
      actions:
        - type: forward
          forward:
            targetGroups:
              - { arn: "${blueTargets.arn}", weight: 100 }
              - { arn: "${greenTargets.arn}", weight: 0 }
  probe:
    type: aws:lb:Listener
    properties:
      loadBalancerArn: ${alb.arn}
      port: 8080
      protocol: HTTP
      defaultActions: [{ type: forward, targetGroupArn: "${greenTargets.arn}" }]
  errors:
    type: aws:cloudwatch:MetricAlarm
    properties:
      name: errors
      namespace: AWS/ApplicationELB
      metricName: HTTPCode_Target_5XX_Count
      dimensions: { LoadBalancer: "${alb.arnSuffix}" }
      statistic: Sum
      period: 60
      evaluationPeriods: 1
      comparisonOperator: GreaterThanThreshold
      threshold: 10
  slow:
    type: aws:cloudwatch:MetricAlarm
    properties:
      name: slow
      namespace: AWS/ApplicationELB
      metricName: TargetResponseTime
      dimensions: { LoadBalancer: "${alb.arnSuffix}" }
      statistic: Average
      period: 60
      evaluationPeriods: 1
      comparisonOperator: GreaterThanThreshold
      threshold: 1
  deadMan:
    type: aws:iam:Role
    properties:
      name: dead-man
      assumeRolePolicy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"scheduler.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
"#
    };
}

macro_rules! outputs {
    () => {
        r#"outputs:
  blueTargetGroupArn: ${blueTargets.arn}
  greenTargetGroupArn: ${greenTargets.arn}
"#
    };
}

pub(crate) const TARGETS: &str = concat!(
    front!(),
    r#"  blueA:
    type: aws:lb:TargetGroupAttachment
    properties: { targetGroupArn: "${blueTargets.arn}", targetId: 10.0.1.10, port: 80 }
  blueB:
    type: aws:lb:TargetGroupAttachment
    properties: { targetGroupArn: "${blueTargets.arn}", targetId: 10.0.2.10, port: 80 }
  greenA:
    type: aws:lb:TargetGroupAttachment
    properties: { targetGroupArn: "${greenTargets.arn}", targetId: 10.0.1.20, port: 80 }
  greenB:
    type: aws:lb:TargetGroupAttachment
    properties: { targetGroupArn: "${greenTargets.arn}", targetId: 10.0.2.20, port: 80 }
"#,
    outputs!()
);

pub(crate) const SERVICES: &str = concat!(
    front!(),
    r#"  cluster: { type: aws:ecs:Cluster, properties: { name: shop } }
  blueTasks:
    type: aws:ecs:TaskDefinition
    properties:
      family: blue
      cpu: "256"
      memory: "512"
      networkMode: awsvpc
      requiresCompatibilities: [FARGATE]
      containerDefinitions:
        fn::toJSON: [{ name: web, image: "example/web:1", portMappings: [{ containerPort: 80 }] }]
  greenTasks:
    type: aws:ecs:TaskDefinition
    properties:
      family: green
      cpu: "256"
      memory: "512"
      networkMode: awsvpc
      requiresCompatibilities: [FARGATE]
      containerDefinitions:
        fn::toJSON: [{ name: web, image: "example/web:2", portMappings: [{ containerPort: 80 }] }]
  blueService:
    type: aws:ecs:Service
    properties:
      name: blue
      cluster: ${cluster.arn}
      taskDefinition: ${blueTasks.arn}
      desiredCount: 4
      launchType: FARGATE
      networkConfiguration: { subnets: ["${a.id}", "${b.id}"] }
      loadBalancers: [{ targetGroupArn: "${blueTargets.arn}", containerName: web, containerPort: 80 }]
    options: { dependsOn: ["${main}", "${admin}", "${api}", "${probe}"] }
  greenService:
    type: aws:ecs:Service
    properties:
      name: green
      cluster: ${cluster.arn}
      taskDefinition: ${greenTasks.arn}
      desiredCount: 2
      launchType: FARGATE
      networkConfiguration: { subnets: ["${a.id}", "${b.id}"] }
      loadBalancers: [{ targetGroupArn: "${greenTargets.arn}", containerName: web, containerPort: 80 }]
    options: { dependsOn: ["${main}", "${admin}", "${api}", "${probe}"] }
  greenScaling:
    type: aws:appautoscaling:Target
    properties:
      serviceNamespace: ecs
      resourceId: service/${cluster.name}/${greenService.name}
      scalableDimension: ecs:service:DesiredCount
      minCapacity: 1
      maxCapacity: 10
"#,
    outputs!()
);

pub(crate) const COLOURS: &str = r#"    colors:
      blue: { targetGroup: "${blueTargets}" }
      green: { targetGroup: "${greenTargets}" }
"#;

pub(crate) const COLOURS_WITH_SERVICES: &str = r#"    colors:
      blue: { targetGroup: "${blueTargets}", service: "${blueService}" }
      green: { targetGroup: "${greenTargets}", service: "${greenService}" }
"#;
