//! Questions to AWS: a program makes things and asks for them by each
//! function, on the emulator; what is told is what was made.

use std::{fs, process::Command};

use serde_json::{Map, Value as Json, json};

use crate::{
    harsh::{Climate, Harsh},
    systems::python,
    world::World,
};

/// Runs a program that makes `resources` and then asks the questions (name,
/// function and arguments); what they are answered, by name.
fn asked(resources: &Json, questions: &[(&str, &str, Json)]) -> Json {
    asked_after(resources, "", questions)
}

/// The same, after others have made something with boto3, of which `aws` makes
/// a client.
fn asked_after(resources: &Json, script: &str, questions: &[(&str, &str, Json)]) -> Json {
    let all: Vec<String> =
        resources.as_object().unwrap().keys().map(|it| format!("${{{it}}}")).collect();
    let variables = questions.iter().map(|(name, function, arguments)| {
        let invoke = json!({
            "function": format!("aws:{function}"),
            "arguments": arguments,
            "options": { "dependsOn": all },
        });
        ((*name).to_owned(), json!({ "fn::invoke": invoke }))
    });
    let outputs = questions.iter().map(|(name, ..)| {
        let name = (*name).to_owned();
        let value = json!(format!("${{{name}}}"));
        (name, value)
    });
    let program = json!({
        "name": "demo",
        "runtime": "yaml",
        "resources": resources,
        "variables": variables.collect::<Map<_, _>>(),
        "outputs": outputs.collect::<Map<_, _>>(),
    });
    let things = json!({ "name": "demo", "runtime": "yaml", "resources": resources });
    let world = World::with_program(&things.to_string());
    let cloud = Harsh::start(world.cloud.port, Climate::default());
    if !script.is_empty() {
        world.run(&cloud, "up --yes").ends(0);
        let text = format!("{CLIENTS}{script}");
        let url = format!("http://127.0.0.1:{}", world.cloud.port);
        let ran = Command::new(python()).args(["-B", "-c", &text, &url]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    fs::write(world.file("Pulumi.yaml"), program.to_string()).unwrap();
    world.run(&cloud, "up --yes").ends(0);
    let hidden = world.run(&cloud, "stack output --json").ends(0).stdout;
    assert!(!hidden.contains(SECRET), "{hidden}");
    let told = world.run(&cloud, "stack output --json --show-secrets").ends(0).stdout;
    serde_json::from_str(&told).unwrap()
}

const CLIENTS: &str = "
import boto3, json, sys
key = {'aws_access_key_id': 'key', 'aws_secret_access_key': 'key', 'region_name': 'us-east-1'}
aws = lambda service: boto3.client(service, endpoint_url=sys.argv[1], **key)
";

/// What no output may show.
const SECRET: &str = "not-a-real-one";

#[test]
fn logs_queues_and_parameters_are_told() {
    let resources = json!({
        "group": { "type": "aws:cloudwatch:LogGroup", "properties": { "name": "/asked", "retentionInDays": 7, "tags": { "a": "b" } } },
        "queue": { "type": "aws:sqs:Queue", "properties": { "name": "asked", "tags": { "a": "b" } } },
        "one": { "type": "aws:ssm:Parameter", "properties": { "name": "/asked/one", "type": "String", "value": SECRET } },
        "two": { "type": "aws:ssm:Parameter", "properties": { "name": "/asked/two", "type": "SecureString", "value": SECRET } },
    });
    let told = asked(
        &resources,
        &[
            ("logs", "cloudwatch:getLogGroup", json!({ "name": "/asked", "tags": { "a": "b" } })),
            ("jobs", "sqs:getQueue", json!({ "name": "asked", "tags": { "a": "b" } })),
            ("path", "ssm:getParametersByPath", json!({ "path": "/asked" })),
        ],
    );
    assert_eq!(told["logs"]["retentionInDays"], 7);
    assert_eq!(told["logs"]["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:/asked");
    assert_eq!(told["jobs"]["arn"], "arn:aws:sqs:us-east-1:123456789012:asked");
    let names: Vec<&str> =
        told["path"]["names"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert!(names.contains(&"/asked/one") && names.contains(&"/asked/two"), "{names:?}");
    assert_eq!(told["path"]["values"], json!([SECRET, SECRET]));
}

#[test]
fn secrets_and_keys_are_told() {
    let resources = json!({
        "secret": { "type": "aws:secretsmanager:Secret", "properties": { "name": "asked", "description": "Asked for", "recoveryWindowInDays": 0 } },
        "key": { "type": "aws:kms:Key", "properties": { "description": "Asked for" } },
        "alias": { "type": "aws:kms:Alias", "properties": { "name": "alias/asked", "targetKeyId": "${key.id}" } },
    });
    let told = asked(
        &resources,
        &[
            ("by_arn", "secretsmanager:getSecret", json!({ "arn": "${secret.arn}" })),
            ("by_name", "secretsmanager:getSecret", json!({ "name": "asked" })),
            (
                "drawn",
                "secretsmanager:getRandomPassword",
                json!({ "passwordLength": 12, "excludePunctuation": true }),
            ),
            ("the_key", "kms:getKey", json!({ "keyId": "alias/asked" })),
            ("the_alias", "kms:getAlias", json!({ "name": "asked" })),
        ],
    );
    assert_eq!(told["by_arn"], told["by_name"]);
    assert_eq!(told["by_arn"]["description"], "Asked for");
    assert_eq!(told["drawn"]["randomPassword"].as_str().unwrap().len(), 12);
    assert_eq!(told["the_key"]["description"], "Asked for");
    assert_eq!(told["the_key"]["id"], told["the_alias"]["targetKeyId"]);
}

#[test]
fn repositories_and_clusters_are_told() {
    let resources = json!({
        "repository": { "type": "aws:ecr:Repository", "properties": { "name": "asked", "tags": { "a": "b" } } },
        "cluster": { "type": "aws:ecs:Cluster", "properties": { "name": "asked", "settings": [{ "name": "containerInsights", "value": "enabled" }] } },
        "task": { "type": "aws:ecs:TaskDefinition", "properties": {
            "family": "asked", "containerDefinitions": "[{\"name\":\"web\",\"image\":\"nginx\",\"memory\":64}]",
        } },
        "service": { "type": "aws:ecs:Service", "properties": {
            "name": "asked", "cluster": "${cluster.arn}", "taskDefinition": "${task.arn}", "desiredCount": 1,
        } },
    });
    let told = asked(
        &resources,
        &[
            ("repo", "ecr:getRepository", json!({ "name": "asked", "tags": { "a": "b" } })),
            ("token", "ecr:getAuthorizationToken", json!({})),
            ("login", "ecr:getCredentials", json!({ "registryId": "123456789012" })),
            ("home", "ecs:getCluster", json!({ "clusterName": "asked" })),
            (
                "runs",
                "ecs:getService",
                json!({ "clusterArn": "${cluster.arn}", "serviceName": "asked" }),
            ),
            ("latest", "ecs:getTaskDefinition", json!({ "taskDefinition": "asked" })),
        ],
    );
    assert_eq!(told["repo"]["arn"], "arn:aws:ecr:us-east-1:123456789012:repository/asked");
    assert_eq!(told["token"]["userName"], "AWS");
    assert!(!told["token"]["password"].as_str().unwrap().is_empty());
    assert_eq!(told["login"]["userName"], "AWS");
    assert_eq!(
        told["home"]["settings"],
        json!([{ "name": "containerInsights", "value": "enabled" }])
    );
    assert_eq!(told["runs"]["desiredCount"], 1);
    assert_eq!(told["runs"]["taskDefinition"], told["latest"]["arn"]);
    assert!(told["latest"]["containerDefinitions"].as_str().unwrap().contains("nginx"));
}

#[test]
fn web_acls_and_names_are_told() {
    let resources = json!({
        "addresses": { "type": "aws:wafv2:IpSet", "properties": {
            "name": "asked", "scope": "REGIONAL", "ipAddressVersion": "IPV4", "addresses": ["192.0.2.0/24"],
        } },
        "acl": { "type": "aws:wafv2:WebAcl", "properties": {
            "name": "asked", "scope": "REGIONAL", "description": "Asked for", "defaultAction": { "allow": {} },
            "visibilityConfig": { "cloudwatchMetricsEnabled": false, "metricName": "asked", "sampledRequestsEnabled": false },
        } },
        "zone": { "type": "aws:route53:Zone", "properties": { "name": "asked.example.com", "tags": { "a": "b" }, "forceDestroy": true } },
        "record": { "type": "aws:route53:Record", "properties": {
            "zoneId": "${zone.zoneId}", "name": "www", "type": "A", "ttl": 60, "records": ["192.0.2.1"],
        } },
        "certificate": { "type": "aws:acm:Certificate", "properties": { "domainName": "asked.example.com", "validationMethod": "DNS" } },
        "issued": { "type": "aws:acm:CertificateValidation", "properties": { "certificateArn": "${certificate.arn}" } },
    });
    let told = asked(
        &resources,
        &[
            ("known", "wafv2:getIpSet", json!({ "name": "asked", "scope": "REGIONAL" })),
            ("guard", "wafv2:getWebAcl", json!({ "name": "asked", "scope": "REGIONAL" })),
            ("by_name", "route53:getZone", json!({ "name": "asked.example.com." })),
            ("by_tags", "route53:getZone", json!({ "tags": { "a": "b" } })),
            (
                "names",
                "route53:getRecords",
                json!({ "zoneId": "${zone.zoneId}", "nameRegex": "^www" }),
            ),
            ("proof", "acm:getCertificate", json!({ "domain": "asked.example.com" })),
            ("logger", "elb:getServiceAccount", json!({})),
            ("balancers", "lb:getHostedZoneId", json!({ "loadBalancerType": "network" })),
        ],
    );
    assert_eq!(told["known"]["addresses"], json!(["192.0.2.0/24"]));
    assert_eq!(told["guard"]["description"], "Asked for");
    assert_eq!(told["by_name"]["zoneId"], told["by_tags"]["zoneId"]);
    let sets = told["names"]["resourceRecordSets"].as_array().unwrap();
    assert_eq!(sets.len(), 1, "{sets:?}");
    assert_eq!(sets[0]["name"], "www.asked.example.com");
    assert_eq!(sets[0]["resourceRecords"], json!([{ "value": "192.0.2.1" }]));
    assert_eq!(told["proof"]["status"], "ISSUED");
    assert_eq!(told["logger"]["arn"], "arn:aws:iam::127311923021:root");
    assert_eq!(told["balancers"]["id"], "Z26RNL4JYFTOTI");
}

#[test]
fn load_balancers_are_told() {
    let resources = json!({
        "vpc": { "type": "aws:ec2:Vpc", "properties": { "cidrBlock": "10.70.0.0/16" } },
        "left": { "type": "aws:ec2:Subnet", "properties": { "vpcId": "${vpc.id}", "cidrBlock": "10.70.1.0/24", "availabilityZone": "us-east-1a" } },
        "right": { "type": "aws:ec2:Subnet", "properties": { "vpcId": "${vpc.id}", "cidrBlock": "10.70.2.0/24", "availabilityZone": "us-east-1b" } },
        "balancer": { "type": "aws:lb:LoadBalancer", "properties": {
            "name": "asked", "internal": true, "subnets": ["${left.id}", "${right.id}"], "idleTimeout": 90, "tags": { "a": "b" },
        } },
        "group": { "type": "aws:lb:TargetGroup", "properties": { "name": "asked", "port": 8080, "protocol": "HTTP", "targetType": "ip", "vpcId": "${vpc.id}" } },
        "listener": { "type": "aws:lb:Listener", "properties": {
            "loadBalancerArn": "${balancer.arn}", "port": 80, "protocol": "HTTP",
            "defaultActions": [{ "type": "forward", "targetGroupArn": "${group.arn}" }],
        } },
    });
    let told = asked(
        &resources,
        &[
            ("by_name", "lb:getLoadBalancer", json!({ "name": "asked" })),
            ("by_tags", "lb:getLoadBalancer", json!({ "tags": { "a": "b" } })),
            ("targets", "lb:getTargetGroup", json!({ "name": "asked" })),
            (
                "on_port",
                "lb:getListener",
                json!({ "loadBalancerArn": "${balancer.arn}", "port": 80 }),
            ),
        ],
    );
    assert_eq!(told["by_name"]["idleTimeout"], 90);
    assert_eq!(told["by_name"]["arn"], told["by_tags"]["arn"]);
    assert_eq!(told["targets"]["port"], 8080);
    assert_eq!(told["on_port"]["loadBalancerArn"], told["by_name"]["arn"]);
    let action = &told["on_port"]["defaultActions"][0];
    assert_eq!(action["targetGroupArn"], told["targets"]["arn"]);
}

#[test]
fn databases_are_told() {
    let resources = json!({
        "database": { "type": "aws:rds:Instance", "properties": {
            "identifier": "asked", "engine": "postgres", "instanceClass": "db.t3.micro", "allocatedStorage": 20,
            "username": "orders", "password": SECRET, "skipFinalSnapshot": true, "tags": { "a": "b" },
        } },
        "cluster": { "type": "aws:rds:Cluster", "properties": {
            "clusterIdentifier": "asked-cluster", "engine": "aurora-postgresql", "masterUsername": "orders",
            "masterPassword": SECRET, "skipFinalSnapshot": true,
        } },
    });
    let told = asked(
        &resources,
        &[
            ("one", "rds:getInstance", json!({ "dbInstanceIdentifier": "asked" })),
            ("tagged", "rds:getInstance", json!({ "tags": { "a": "b" } })),
            ("many", "rds:getCluster", json!({ "clusterIdentifier": "asked-cluster" })),
        ],
    );
    assert_eq!(told["one"]["engine"], "postgres");
    assert_eq!(told["one"]["dbInstanceArn"], told["tagged"]["dbInstanceArn"]);
    assert_eq!(told["many"]["masterUsername"], "orders");
}

#[test]
fn images_are_told() {
    let resources = json!({
        "repository": { "type": "aws:ecr:Repository", "properties": { "name": "asked", "forceDelete": true } },
    });
    let push = "
config = {'mediaType': 'application/vnd.docker.container.image.v1+json', 'size': 7, 'digest': 'sha256:' + 'a' * 64}
manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.docker.distribution.manifest.v2+json', 'config': config, 'layers': []}
aws('ecr').put_image(repositoryName='asked', imageTag='v1', imageManifest=json.dumps(manifest))
";
    let told = asked_after(
        &resources,
        push,
        &[
            ("tagged", "ecr:getImage", json!({ "repositoryName": "asked", "imageTag": "v1" })),
            ("newest", "ecr:getImage", json!({ "repositoryName": "asked", "mostRecent": true })),
        ],
    );
    let (tagged, newest) = (&told["tagged"], &told["newest"]);
    assert_eq!(tagged["imageTags"], json!(["v1"]));
    assert_eq!(tagged["imageDigest"], newest["imageDigest"]);
    let digest = tagged["imageDigest"].as_str().unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    let repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/asked";
    assert_eq!(tagged["imageUri"], format!("{repository}@{digest}"));
    assert!(tagged["imagePushedAt"].as_i64().unwrap() > 1_700_000_000, "{tagged}");
}

/// moto tells the classes of Aurora PostgreSQL, and does not sift them.
#[test]
fn snapshots_and_classes_of_databases_are_told() {
    let resources = json!({
        "database": { "type": "aws:rds:Instance", "properties": {
            "identifier": "asked", "engine": "postgres", "instanceClass": "db.t3.micro", "allocatedStorage": 20,
            "username": "orders", "password": SECRET, "skipFinalSnapshot": true,
        } },
    });
    let make = "
tags = [{'Key': 'by', 'Value': 'hand'}]
for name in ('asked-first', 'asked-last'):
    aws('rds').create_db_snapshot(DBInstanceIdentifier='asked', DBSnapshotIdentifier=name, Tags=tags)
";
    let last =
        json!({ "dbInstanceIdentifier": "asked", "mostRecent": true, "tags": { "by": "hand" } });
    let told = asked_after(
        &resources,
        make,
        &[
            ("last", "rds:getSnapshot", last),
            ("named", "rds:getSnapshot", json!({ "dbSnapshotIdentifier": "asked-first" })),
            (
                "class",
                "rds:getOrderableDbInstance",
                json!({
                    "engine": "aurora-postgresql",
                    "engineVersion": "11.9",
                    "preferredInstanceClasses": ["db.r0.large", "db.r5.large", "db.t3.large"],
                }),
            ),
        ],
    );
    assert_eq!(told["last"]["id"], "asked-last");
    assert_eq!(told["last"]["tags"], json!({ "by": "hand" }));
    assert_eq!(told["named"]["id"], "asked-first");
    assert_eq!(told["named"]["engine"], "postgres");
    assert_eq!(told["named"]["allocatedStorage"], 20);
    assert_eq!(told["class"]["instanceClass"], "db.r5.large");
    assert_eq!(told["class"]["engineVersion"], "11.9");
    assert_eq!(told["class"]["supportedEngineModes"], json!(["provisioned"]));
}

#[test]
fn edges_and_pools_are_told() {
    let resources = json!({
        "cache": { "type": "aws:cloudfront:CachePolicy", "properties": {
            "name": "asked",
            "minTtl": 5,
            "parametersInCacheKeyAndForwardedToOrigin": {
                "cookiesConfig": { "cookieBehavior": "none" },
                "headersConfig": { "headerBehavior": "whitelist", "headers": { "items": ["Accept"] } },
                "queryStringsConfig": { "queryStringBehavior": "all" },
            },
        } },
        "edge": { "type": "aws:cloudfront:Distribution", "properties": {
            "comment": "Asked for",
            "enabled": true,
            "origins": [{ "originId": "all", "domainName": "asked.s3.amazonaws.com" }],
            "defaultCacheBehavior": {
                "targetOriginId": "all",
                "viewerProtocolPolicy": "allow-all",
                "allowedMethods": ["GET", "HEAD"],
                "cachedMethods": ["GET", "HEAD"],
                "cachePolicyId": "${cache.id}",
            },
            "restrictions": { "geoRestriction": { "restrictionType": "none" } },
            "viewerCertificate": { "cloudfrontDefaultCertificate": true },
            "tags": { "a": "b" },
        } },
        "pool": { "type": "aws:cognito:UserPool", "properties": { "name": "asked" } },
    });
    let told = asked(
        &resources,
        &[
            ("own", "cloudfront:getCachePolicy", json!({ "name": "asked" })),
            ("same", "cloudfront:getCachePolicy", json!({ "id": "${cache.id}" })),
            ("aws", "cloudfront:getCachePolicy", json!({ "name": "Managed-CachingOptimized" })),
            (
                "request",
                "cloudfront:getOriginRequestPolicy",
                json!({ "name": "Managed-AllViewerExceptHostHeader" }),
            ),
            (
                "response",
                "cloudfront:getResponseHeadersPolicy",
                json!({ "id": "67f7725c-6f97-4210-82d7-5512b31e9d03" }),
            ),
            (
                "edges",
                "cloudfront:getDistribution",
                json!({ "id": "${edge.id}", "tags": { "a": "b" } }),
            ),
            ("logs", "cloudfront:getLogDeliveryCanonicalUserId", json!({})),
            ("pools", "cognito:getUserPools", json!({ "name": "asked" })),
        ],
    );
    assert_eq!(told["own"], told["same"]);
    assert_eq!(told["own"]["minTtl"], 5);
    let parameters = &told["own"]["parametersInCacheKeyAndForwardedToOrigins"][0];
    assert_eq!(parameters["headersConfigs"][0]["headers"][0]["items"], json!(["Accept"]));
    assert_eq!(parameters["queryStringsConfigs"][0]["queryStringBehavior"], "all");
    assert_eq!(told["aws"]["id"], "658327ea-f89d-4fab-a63d-7e88639e58f6");
    assert_eq!(told["request"]["headersConfigs"][0]["headers"][0]["items"], json!(["host"]));
    let security = &told["response"]["securityHeadersConfigs"][0];
    assert_eq!(security["frameOptions"][0]["frameOption"], "SAMEORIGIN");
    assert_eq!(security["contentSecurityPolicies"], json!([]));
    assert_eq!(told["edges"]["status"], "Deployed");
    assert_eq!(told["edges"]["tags"], json!({ "a": "b" }));
    assert_eq!(told["edges"]["hostedZoneId"], "Z2FDTNDATAQYW2");
    assert!(told["logs"]["id"].as_str().unwrap().starts_with("c4c1ede6"));
    let arn = told["pools"]["arns"][0].as_str().unwrap();
    assert!(arn.ends_with(told["pools"]["ids"][0].as_str().unwrap()), "{arn}");
}
