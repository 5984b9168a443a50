"""What the checks of all systems share: counting, asking AWS, and looking at
what every system has. Shares nothing with orderinfra."""

import argparse
import json
import os
import sys
from urllib.parse import unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ANYWHERE = "0.0.0.0/0"


class Checks:
    """Counts what holds and what does not."""

    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, holds, found=None):
        ok = bool(holds)
        self.passed += ok
        self.failed += not ok
        hint = "" if ok or found is None else f"  (found {found!r})"
        print(f"{'ok  ' if ok else 'FAIL'} {what}{hint}")
        return ok

    def equal(self, what, found, wanted):
        return self(what, found == wanted, found)

    def group(self, title, look):
        """A part that cannot be looked at fails as a whole; the others go on."""
        print(f"# {title}")
        try:
            look()
        except (ClientError, KeyError, IndexError, TypeError, ValueError) as error:
            self(f"{title} can be looked at", False, f"{type(error).__name__}: {error}")


class Clients:
    def __init__(self, endpoint, region):
        self.named = {"region_name": region, "config": Config(retries={"total_max_attempts": 2})}
        if endpoint != "aws":
            self.named["endpoint_url"] = endpoint
            for name in ("aws_access_key_id", "aws_secret_access_key"):
                self.named[name] = os.environ.get(name.upper(), "test")

    def __getattr__(self, service):
        client = boto3.client(service.replace("_", "-"), **self.named)
        setattr(self, service, client)
        return client


def queue_path(url):
    """What tells queues apart: an emulator is asked under more than one address."""
    return urlsplit(url or "").path


def pages(client, operation, key, **named):
    """All items of a listing, whether or not it comes in pages."""
    if client.can_paginate(operation):
        found = client.get_paginator(operation).paginate(**named)
        return [it for page in found for it in page.get(key, [])]
    return getattr(client, operation)(**named).get(key, [])


def listed(it):
    return it if isinstance(it, list) else [it]


def document(it):
    """A policy: boto3 decodes some of them."""
    return it if isinstance(it, dict) else json.loads(unquote(it))


def traffic(aws, group):
    """(direction, port, peer) of a security group's rules."""
    found = pages(
        aws.ec2,
        "describe_security_group_rules",
        "SecurityGroupRules",
        Filters=[{"Name": "group-id", "Values": [group]}],
    )
    rules = set()
    for it in found:
        peer = it.get("ReferencedGroupInfo", {}).get("GroupId") or it.get("CidrIpv4")
        port = it["FromPort"] if it.get("FromPort") == it.get("ToPort") else "many"
        port = "all" if it["IpProtocol"] == "-1" else port
        rules.add(("out" if it["IsEgress"] else "in", port, peer))
    return rules


def ways_out(aws, vpc):
    """The default route of each subnet that has one, of its own route table."""
    here = [{"Name": "vpc-id", "Values": [vpc]}]
    ways = {}
    for table in pages(aws.ec2, "describe_route_tables", "RouteTables", Filters=here):
        default = [it for it in table["Routes"] if it.get("DestinationCidrBlock") == ANYWHERE]
        for association in table["Associations"]:
            if association.get("SubnetId"):
                ways[association["SubnetId"]] = default[0] if default else None
    return ways


def allowed(aws, role):
    """The statements of a role's own policies; none are attached."""
    statements = []
    for policy in pages(aws.iam, "list_role_policies", "PolicyNames", RoleName=role):
        body = aws.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        statements += listed(document(body)["Statement"])
    return statements


def narrow(check, aws, what, role_arn, service, unlimited=frozenset()):
    """Only `service` takes the role on, and it may do named things to named
    resources; those `unlimited` have none. Gives what it may do to what."""
    name = role_arn.split("/")[-1]
    role = aws.iam.get_role(RoleName=name)["Role"]
    trusted = document(role["AssumeRolePolicyDocument"])["Statement"][0]["Principal"]
    check.equal(
        f"{what}: trusted by {service} only", trusted, {"Service": f"{service}.amazonaws.com"}
    )
    attached = pages(aws.iam, "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    check.equal(f"{what}: no policy made for others", attached, [])
    may = {}
    for statement in allowed(aws, name):
        for action in listed(statement["Action"]):
            may.setdefault(action, set()).update(listed(statement["Resource"]))
    check(
        f"{what}: allows something, and no wildcard action",
        may and not any("*" in it for it in may),
        sorted(may),
    )
    broad = {action for action, resources in may.items() if "*" in resources}
    check(f"{what}: limited to its resources", broad <= set(unlimited), sorted(broad))
    return may


# Kinds of things: what it is called, where it is listed, by what it is known,
# and which of them AWS has put there, or has not yet put away.
theirs = lambda it: it.get("IsDefault") or it.get("DefaultForAz")
KINDS = [
    ("VPC", "ec2", "describe_vpcs", "Vpcs", "VpcId", theirs),
    (
        "internet gateway",
        "ec2",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        None,
    ),
    (
        "NAT gateway",
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        lambda it: it["State"] == "deleted",
    ),
    ("elastic IP address", "ec2", "describe_addresses", "Addresses", "AllocationId", None),
    (
        "security group",
        "ec2",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        lambda it: it["GroupName"] == "default",
    ),
    (
        "network interface",
        "ec2",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        None,
    ),
    ("flow log", "ec2", "describe_flow_logs", "FlowLogs", "FlowLogId", None),
    ("volume", "ec2", "describe_volumes", "Volumes", "VolumeId", None),
    ("load balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", None),
    ("target group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn", None),
    ("task definition", "ecs", "list_task_definitions", "taskDefinitionArns", None, None),
    ("repository", "ecr", "describe_repositories", "repositories", "repositoryName", None),
    ("database cluster", "rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier", None),
    (
        "database instance",
        "rds",
        "describe_db_instances",
        "DBInstances",
        "DBInstanceIdentifier",
        None,
    ),
    (
        "cluster snapshot",
        "rds",
        "describe_db_cluster_snapshots",
        "DBClusterSnapshots",
        "DBClusterSnapshotIdentifier",
        lambda it: it.get("SnapshotType") != "manual",
    ),
    (
        "database snapshot",
        "rds",
        "describe_db_snapshots",
        "DBSnapshots",
        "DBSnapshotIdentifier",
        lambda it: it.get("SnapshotType") != "manual",
    ),
    (
        "database subnet group",
        "rds",
        "describe_db_subnet_groups",
        "DBSubnetGroups",
        "DBSubnetGroupName",
        lambda it: it["DBSubnetGroupName"].startswith("default"),
    ),
    (
        "cluster parameter group",
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups",
        "DBClusterParameterGroupName",
        lambda it: it["DBClusterParameterGroupName"].startswith("default"),
    ),
    (
        "parameter group",
        "rds",
        "describe_db_parameter_groups",
        "DBParameterGroups",
        "DBParameterGroupName",
        lambda it: it["DBParameterGroupName"].startswith("default"),
    ),
    ("table", "dynamodb", "list_tables", "TableNames", None, None),
    ("function", "lambda", "list_functions", "Functions", "FunctionName", None),
    (
        "event source mapping",
        "lambda",
        "list_event_source_mappings",
        "EventSourceMappings",
        "UUID",
        None,
    ),
    ("HTTP API", "apigatewayv2", "get_apis", "Items", "ApiId", None),
    ("REST API", "apigateway", "get_rest_apis", "items", "id", None),
    ("state machine", "stepfunctions", "list_state_machines", "stateMachines", "name", None),
    ("bucket", "s3", "list_buckets", "Buckets", "Name", None),
    ("topic", "sns", "list_topics", "Topics", "TopicArn", None),
    ("subscription", "sns", "list_subscriptions", "Subscriptions", "SubscriptionArn", None),
    ("queue", "sqs", "list_queues", "QueueUrls", None, None),
    ("rule", "events", "list_rules", "Rules", "Name", None),
    ("secret", "secretsmanager", "list_secrets", "SecretList", "Name", None),
    (
        "role",
        "iam",
        "list_roles",
        "Roles",
        "RoleName",
        lambda it: it["Path"].startswith("/aws-service-role/"),
    ),
    (
        "instance profile",
        "iam",
        "list_instance_profiles",
        "InstanceProfiles",
        "InstanceProfileName",
        None,
    ),
    ("log group", "logs", "describe_log_groups", "logGroups", "logGroupName", None),
    ("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", None),
    ("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName", None),
    (
        "scalable target",
        "application_autoscaling",
        "describe_scalable_targets",
        "ScalableTargets",
        "ResourceId",
        None,
    ),
]

# What listings without this would refuse.
ASKED = {"describe_scalable_targets": {"ServiceNamespace": "ecs"}}


def listing(aws, service, operation, key, id, keep):
    found = pages(getattr(aws, service), operation, key, **ASKED.get(operation, {}))
    return [it[id] if id else it for it in found if not (keep and keep(it))]


def subnets(aws):
    found = pages(aws.ec2, "describe_subnets", "Subnets")
    return [it["SubnetId"] for it in found if not theirs(it)]


def instances(aws):
    reservations = pages(aws.ec2, "describe_instances", "Reservations")
    found = [it for one in reservations for it in one["Instances"]]
    return [it["InstanceId"] for it in found if it["State"]["Name"] != "terminated"]


def clusters(aws):
    arns = pages(aws.ecs, "list_clusters", "clusterArns")
    found = aws.ecs.describe_clusters(clusters=arns)["clusters"] if arns else []
    return [it["clusterName"] for it in found if it["status"] != "INACTIVE"]


def web_acls(aws):
    return [it["Name"] for it in aws.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]]


def keys(aws):
    found = [it["KeyId"] for it in pages(aws.kms, "list_keys", "Keys")]
    about = [aws.kms.describe_key(KeyId=it)["KeyMetadata"] for it in found]
    about = [it for it in about if it["KeyManager"] == "CUSTOMER"]
    return [it["KeyId"] for it in about if it["KeyState"] != "PendingDeletion"]


def left(aws):
    """Of each kind of thing: what it is called, and how to find all of it."""
    for what, *where in KINDS:
        yield what, lambda where=where: listing(aws, *where)
    others = {
        "subnet": subnets,
        "instance": instances,
        "cluster": clusters,
        "web ACL": web_acls,
        "key that is not about to be deleted": keys,
    }
    for what, find in others.items():
        yield what, lambda find=find: find(aws)


def gone(aws, check, project, environment, names, whole_account):
    """Nothing is left. An emulator holds nothing else, so all of it counts; in a
    real account what is tagged as the system's, and what only has a name of its:
    that begins with one of `names`."""
    if not whole_account:
        tags = {"Project": [project], "Environment": [environment]}
        filters = [{"Key": key, "Values": values} for key, values in tags.items()]
        tagged = pages(
            aws.resourcegroupstaggingapi,
            "get_resources",
            "ResourceTagMappingList",
            TagFilters=filters,
        )
        check.equal("nothing that is tagged", [it["ResourceARN"] for it in tagged], [])
    mine = lambda it: whole_account or it.split("/")[-1].startswith(tuple(names))
    for what, find in left(aws):
        try:
            check.equal(f"no {what}", [it for it in find() if mine(it)], [])
        except (ClientError, KeyError, TypeError) as error:
            check(f"every {what} can be listed", False, f"{type(error).__name__}: {error}")


def run(about, project, look, names, arguments=()):
    """The command line of a system's checks: `look` is called with the clients,
    what counts, and the arguments; `names` gives what its things' names begin with."""
    asked = argparse.ArgumentParser(description=about.split("\n")[0])
    asked.add_argument("endpoint", help="an emulator's URL, or aws")
    asked.add_argument("--gone", action="store_true", help="nothing of it is left")
    asked.add_argument("--stack", default="dev")
    asked.add_argument("--region", default="us-east-1")
    for name, default in arguments:
        asked.add_argument(name, default=default)
    args = asked.parse_args()
    check, aws = Checks(), Clients(args.endpoint, args.region)
    if args.gone:
        gone(aws, check, project, args.stack, names(args), args.endpoint != "aws")
    else:
        look(aws, check, args)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed or not check.passed else 0)
