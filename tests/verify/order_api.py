"""Looks at the order API as AWS tells of it, and shares nothing with orderinfra.

    python order_api.py ENDPOINT           everything is there, with its figures
    python order_api.py ENDPOINT --gone    nothing of it is left

Prints a line per check and a count; exits with 1 when any check failed.
ENDPOINT is an emulator's URL, or `aws` for the account of the environment.
"""

import argparse
import json
import sys

from botocore.exceptions import ClientError
from checks import ANYWHERE, Checks, Clients, narrow, pages, traffic


class Stack:
    """The order API, found from its cluster's name on."""

    def __init__(self, aws, suffix, check):
        self.aws, self.suffix, self.check = aws, suffix, check
        self.name = f"order-api-{suffix}"

    def find(self):
        aws = self.aws
        self.services = self.both_services()
        self.groups = {
            colour: aws.elbv2.describe_target_groups(
                TargetGroupArns=[service["loadBalancers"][0]["targetGroupArn"]]
            )["TargetGroups"][0]
            for colour, service in self.services.items()
        }
        self.vpc = self.groups["blue"]["VpcId"]
        balancers = pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")
        self.balancer = next(it for it in balancers if it["VpcId"] == self.vpc)
        self.listeners = {
            it["Port"]: it
            for it in pages(
                aws.elbv2,
                "describe_listeners",
                "Listeners",
                LoadBalancerArn=self.balancer["LoadBalancerArn"],
            )
        }
        self.here = [{"Name": "vpc-id", "Values": [self.vpc]}]
        self.subnets = {
            it["SubnetId"]: it
            for it in pages(aws.ec2, "describe_subnets", "Subnets", Filters=self.here)
        }
        clusters = pages(aws.rds, "describe_db_clusters", "DBClusters")
        groups = pages(aws.rds, "describe_db_subnet_groups", "DBSubnetGroups")
        mine = {it["DBSubnetGroupName"] for it in groups if it["VpcId"] == self.vpc}
        self.database = next(it for it in clusters if it["DBSubnetGroup"] in mine)
        self.database_subnets = next(
            it for it in groups if it["DBSubnetGroupName"] == self.database["DBSubnetGroup"]
        )
        self.definitions = {
            colour: aws.ecs.describe_task_definition(taskDefinition=it["taskDefinition"])[
                "taskDefinition"
            ]
            for colour, it in self.services.items()
        }

    def both_services(self):
        arns = pages(self.aws.ecs, "list_services", "serviceArns", cluster=self.name)
        all_services = self.aws.ecs.describe_services(cluster=self.name, services=arns)["services"]
        return {
            colour: next(it for it in all_services if colour in it["serviceName"])
            for colour in ("blue", "green")
        }

    # ------------------------------------------------------------- network

    def network(self):
        check, aws = self.check, self.aws
        zones = {it["AvailabilityZone"] for it in self.subnets.values()}
        check.equal("3 availability zones", len(zones), 3)
        gateways = aws.ec2.describe_internet_gateways(
            Filters=[{"Name": "attachment.vpc-id", "Values": [self.vpc]}]
        )["InternetGateways"]
        check.equal("1 internet gateway, attached", len(gateways), 1)
        nats = pages(aws.ec2, "describe_nat_gateways", "NatGateways", Filters=self.here)
        nats = {it["NatGatewayId"]: it for it in nats if it["State"] == "available"}
        check.equal("3 NAT gateways", len(nats), 3)
        zone_of = {id: self.subnets[it["SubnetId"]]["AvailabilityZone"] for id, it in nats.items()}
        check.equal("a NAT gateway in each zone", set(zone_of.values()), zones)
        addresses = {it["NatGatewayAddresses"][0]["AllocationId"] for it in nats.values()}
        check.equal("3 elastic IP addresses, one per NAT gateway", len(addresses), 3)

        tables = pages(aws.ec2, "describe_route_tables", "RouteTables", Filters=self.here)
        ways = {}
        for table in tables:
            default = [it for it in table["Routes"] if it.get("DestinationCidrBlock") == ANYWHERE]
            for association in table["Associations"]:
                if association.get("SubnetId") and default:
                    ways[association["SubnetId"]] = default[0]
        public = [it for it, way in ways.items() if way.get("GatewayId", "").startswith("igw-")]
        private = [it for it, way in ways.items() if way.get("NatGatewayId")]
        zone = lambda it: self.subnets[it]["AvailabilityZone"]
        check.equal("a public subnet in each zone", sorted(map(zone, public)), sorted(zones))
        check.equal("a private subnet in each zone", sorted(map(zone, private)), sorted(zones))
        own = all(zone_of.get(ways[it]["NatGatewayId"]) == zone(it) for it in private)
        check("each private subnet leaves by the NAT gateway of its zone", own)
        balanced = {it["SubnetId"] for it in self.balancer["AvailabilityZones"]}
        check.equal("the load balancer is in the public subnets", balanced, set(public))
        for colour, service in self.services.items():
            network = service["networkConfiguration"]["awsvpcConfiguration"]
            check.equal(
                f"{colour} tasks are in the private subnets", set(network["subnets"]), set(private)
            )
            check.equal(
                f"{colour} tasks have no public address", network.get("assignPublicIp"), "DISABLED"
            )
        inside = {it["SubnetIdentifier"] for it in self.database_subnets["Subnets"]}
        check.equal("the database is in the private subnets", inside, set(private))

    # ----------------------------------------------------- security groups

    def security(self):
        check = self.check
        balancer = self.balancer["SecurityGroups"]
        networks = [
            it["networkConfiguration"]["awsvpcConfiguration"] for it in self.services.values()
        ]
        tasks = sorted({it for network in networks for it in network["securityGroups"]})
        data = [it["VpcSecurityGroupId"] for it in self.database["VpcSecurityGroups"]]
        one = [len(balancer), len(tasks), len(data)]
        if not check.equal(
            "one security group each: load balancer, tasks, database", one, [1, 1, 1]
        ):
            return
        balancer, tasks, data = balancer[0], tasks[0], data[0]
        port = self.groups["blue"]["Port"]
        rules = traffic(self.aws, balancer)
        outside = {port for way, port, peer in rules if way == "in" and peer == ANYWHERE}
        check.equal(
            "the internet reaches ports 80 and 443 of the load balancer only", outside, {80, 443}
        )
        out = {it[1:] for it in rules if it[0] == "out"}
        check.equal("the load balancer reaches the tasks only", out, {(port, tasks)})
        rules = traffic(self.aws, tasks)
        check.equal(
            "only the load balancer reaches the tasks",
            {it[1:] for it in rules if it[0] == "in"},
            {(port, balancer)},
        )
        check.equal(
            "the tasks reach HTTPS and the database only",
            {it[1:] for it in rules if it[0] == "out"},
            {(443, ANYWHERE), (3306, data)},
        )
        check.equal(
            "only the tasks reach the database", traffic(self.aws, data), {("in", 3306, tasks)}
        )

    # ------------------------------------------------------------ services

    def containers(self):
        check, aws = self.check, self.aws
        cluster = aws.ecs.describe_clusters(
            clusters=[self.name], include=["SETTINGS", "CONFIGURATIONS", "TAGS"]
        )["clusters"][0]
        check.equal("the cluster is active", cluster["status"], "ACTIVE")
        insights = {it["name"]: it["value"] for it in cluster["settings"]}.get("containerInsights")
        check("Container Insights is on", insights in ("enabled", "enhanced"), insights)
        halves = [("FARGATE", 1), ("FARGATE_SPOT", 1)]
        weights = lambda all: sorted(
            (it["capacityProvider"], it.get("weight", 0)) for it in all or []
        )
        check.equal(
            "the cluster has both Fargate providers",
            sorted(cluster["capacityProviders"]),
            ["FARGATE", "FARGATE_SPOT"],
        )
        check.equal(
            "the cluster's strategy is 50/50",
            weights(cluster["defaultCapacityProviderStrategy"]),
            halves,
        )
        for colour, service in self.services.items():
            check.equal(f"{colour} service is active", service["status"], "ACTIVE")
            check.equal(
                f"{colour} tasks are 50/50 on Spot",
                weights(service.get("capacityProviderStrategy")),
                halves,
            )
            check(f"{colour} service has no launch type", "launchType" not in service)
            count = service["desiredCount"]
            check(f"{colour} service wants 3 to 10 tasks", 3 <= count <= 10, count)
            check.equal(f"{colour} service runs what it wants", service["runningCount"], count)
            check.equal(
                f"{colour} rollout is complete",
                service["deployments"][0].get("rolloutState"),
                "COMPLETED",
            )
            check.equal(f"{colour} service has one deployment", len(service["deployments"]), 1)
            breaker = service["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
            check(
                f"{colour} rolls back a failed deployment",
                breaker.get("enable") and breaker.get("rollback"),
            )
            self.tasks(colour, service)
            self.definition(colour, self.definitions[colour])

    def tasks(self, colour, service):
        check, aws = self.check, self.aws
        arns = pages(
            aws.ecs, "list_tasks", "taskArns", cluster=self.name, serviceName=service["serviceName"]
        )
        tasks = aws.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []
        check.equal(
            f"{colour} tasks run",
            [it["lastStatus"] for it in tasks],
            ["RUNNING"] * service["desiredCount"],
        )
        current = {it["taskDefinitionArn"] for it in tasks}
        check.equal(
            f"{colour} tasks are of the service's task definition",
            current,
            {service["taskDefinition"]},
        )
        details = [it for task in tasks for part in task["attachments"] for it in part["details"]]
        addresses = sorted(it["value"] for it in details if it["name"] == "privateIPv4Address")
        health = aws.elbv2.describe_target_health(
            TargetGroupArn=self.groups[colour]["TargetGroupArn"]
        )
        health = health["TargetHealthDescriptions"]
        targets = sorted(it["Target"]["Id"] for it in health)
        check.equal(f"{colour} targets are the tasks", targets, addresses)
        states = {it["TargetHealth"]["State"] for it in health}
        check.equal(f"{colour} targets are healthy", states, {"healthy"})

    def definition(self, colour, it):
        check = self.check
        check.equal(
            f"{colour} is for Fargate",
            (it["requiresCompatibilities"], it["networkMode"]),
            (["FARGATE"], "awsvpc"),
        )
        container = it["containerDefinitions"][0]
        repository = self.aws.ecr.describe_repositories(repositoryNames=[self.name])[
            "repositories"
        ][0]
        check(
            f"{colour} image is from the repository",
            container["image"].startswith(repository["repositoryUri"] + ":"),
            container["image"],
        )
        check.equal(
            f"{colour} logs to the log group",
            container["logConfiguration"]["options"]["awslogs-group"],
            f"/ecs/{self.name}",
        )
        check(f"{colour} container has a health check", container.get("healthCheck"))
        sources = {one["name"]: one["valueFrom"] for one in container.get("secrets", [])}
        check(
            f"{colour} password is from Secrets Manager",
            ":secretsmanager:" in sources.get("DATABASE_PASSWORD", ""),
            sources,
        )
        check(
            f"{colour} host is from Parameter Store",
            ":ssm:" in sources.get("DATABASE_HOST", ""),
            sources,
        )
        password = self.credentials()["password"]
        check(
            f"{colour} task definition has no password", password not in json.dumps(it, default=str)
        )
        check(
            f"{colour} execution and task roles differ", it["executionRoleArn"] != it["taskRoleArn"]
        )

    def roles(self):
        definition = self.definitions["blue"]
        unlimited = {"ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"}
        for kind in ("executionRoleArn", "taskRoleArn"):
            narrow(self.check, self.aws, kind, definition[kind], "ecs-tasks", unlimited)

    # ------------------------------------------------------- load balancer

    def balancing(self):
        check, aws = self.check, self.aws
        check.equal("the load balancer is an application's", self.balancer["Type"], "application")
        check.equal("it faces the internet", self.balancer["Scheme"], "internet-facing")
        check.equal("it is active", self.balancer["State"]["Code"], "active")
        redirect = self.listeners[80]["DefaultActions"][0]
        check.equal("HTTP is redirected", redirect["Type"], "redirect")
        to = redirect["RedirectConfig"]
        check.equal(
            "to HTTPS, for good",
            (to["Protocol"], to["Port"], to["StatusCode"]),
            ("HTTPS", "443", "HTTP_301"),
        )
        https = self.listeners[443]
        check.equal("port 443 is HTTPS", https["Protocol"], "HTTPS")
        arn = https["Certificates"][0]["CertificateArn"]
        certificate = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        check.equal("its certificate is issued", certificate["Status"], "ISSUED")
        blue, green = (self.groups[it]["TargetGroupArn"] for it in ("blue", "green"))
        forward = https["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]
        weights = {it["TargetGroupArn"]: it["Weight"] for it in forward}
        check.equal("it forwards to blue and green", set(weights), {blue, green})
        check.equal("all traffic goes to one colour", sorted(weights.values()), [0, 100])
        test = self.listeners[8443]["DefaultActions"][0]
        check.equal("the test listener forwards to green", test.get("TargetGroupArn"), green)
        check("blue and green are two target groups", blue != green)
        for colour, group in self.groups.items():
            found = (group["TargetType"], group["Protocol"], group["HealthCheckPath"])
            check.equal(
                f"{colour} targets are addresses, checked at /health",
                found,
                ("ip", "HTTP", "/health"),
            )

    def firewall(self):
        check, aws = self.check, self.aws
        found = aws.wafv2.get_web_acl_for_resource(ResourceArn=self.balancer["LoadBalancerArn"])
        if not check("a web ACL protects the load balancer", "WebACL" in found):
            return
        acl = found["WebACL"]
        limits = [it for it in acl["Rules"] if "RateBasedStatement" in it["Statement"]]
        check.equal("it has one rate limit", len(limits), 1)
        rate = limits[0]["Statement"]["RateBasedStatement"]
        check.equal("of 100 requests", rate["Limit"], 100)
        check.equal("in 5 minutes", rate.get("EvaluationWindowSec", 300), 300)
        check.equal("per IP address", rate["AggregateKeyType"], "IP")
        check("that blocks", "Block" in limits[0].get("Action", {}), limits[0].get("Action"))
        check("all else is let through", "Allow" in acl["DefaultAction"])

    # ------------------------------------------------------------ database

    def credentials(self):
        if not hasattr(self, "secret"):
            definition = self.definitions["blue"]["containerDefinitions"][0]
            sources = {it["name"]: it["valueFrom"] for it in definition["secrets"]}
            # ARN, key, stage and version are parted by colons.
            arn = ":".join(sources["DATABASE_PASSWORD"].split(":")[:7])
            self.secret = self.aws.secretsmanager.get_secret_value(SecretId=arn)
        return json.loads(self.secret["SecretString"])

    def data(self):
        check, aws, database = self.check, self.aws, self.database
        check.equal("Aurora MySQL", database["Engine"], "aurora-mysql")
        check.equal("it is available", database["Status"], "available")
        check.equal("its storage is encrypted", database["StorageEncrypted"], True)
        check("with a key", database.get("KmsKeyId"))
        members = database["DBClusterMembers"]
        check.equal("one writer", sum(it["IsClusterWriter"] for it in members), 1)
        readers = sum(not it["IsClusterWriter"] for it in members)
        check("read replicas", readers >= 2, readers)
        ids = {it["DBInstanceIdentifier"] for it in members}
        instances = pages(aws.rds, "describe_db_instances", "DBInstances")
        instances = [it for it in instances if it["DBInstanceIdentifier"] in ids]
        zones = {it["AvailabilityZone"] for it in instances}
        check.equal("in 3 zones", len(zones), 3)
        check("no instance is public", not any(it["PubliclyAccessible"] for it in instances))
        check("backups are kept for days", database["BackupRetentionPeriod"] >= 1)
        group = database["DBClusterParameterGroup"]
        parameters = pages(
            aws.rds,
            "describe_db_cluster_parameters",
            "Parameters",
            DBClusterParameterGroupName=group,
        )
        values = {it["ParameterName"]: it.get("ParameterValue") for it in parameters}
        check.equal("connections must be encrypted", values.get("require_secure_transport"), "ON")

        secret = self.credentials()
        check.equal("the secret names the writer", secret.get("host"), database["Endpoint"])
        check.equal("and its user", secret.get("username"), database["MasterUsername"])
        check("and a generated password", len(secret.get("password", "")) >= 24)
        path = f"/order-api/{self.suffix}/"
        parameters = pages(
            aws.ssm, "get_parameters_by_path", "Parameters", Path=path, Recursive=True
        )
        check("configuration is in Parameter Store", len(parameters) >= 3, len(parameters))
        values = [it["Value"] for it in parameters]
        check(
            "the endpoints are among it",
            {database["Endpoint"], database["ReaderEndpoint"]} <= set(values),
            values,
        )
        check(
            "no password is in Parameter Store", not any(secret["password"] in it for it in values)
        )

    # ----------------------------------------------- images, scaling, watch

    def images(self):
        check, aws = self.check, self.aws
        repository = aws.ecr.describe_repositories(repositoryNames=[self.name])["repositories"][0]
        check("the repository is there", repository["repositoryUri"])
        policy = aws.ecr.get_lifecycle_policy(repositoryName=self.name)["lifecyclePolicyText"]
        rules = json.loads(policy)["rules"]
        check("old images expire", rules and all(it["action"]["type"] == "expire" for it in rules))

    def scaling(self):
        check, aws = self.check, self.aws
        for colour, service in self.services.items():
            resource = f"service/{self.name}/{service['serviceName']}"
            targets = aws.application_autoscaling.describe_scalable_targets(
                ServiceNamespace="ecs", ResourceIds=[resource]
            )["ScalableTargets"]
            if not check.equal(f"{colour} scales", len(targets), 1):
                continue
            bounds = (targets[0]["MinCapacity"], targets[0]["MaxCapacity"])
            check.equal(f"{colour} scales from 3 to 10 tasks", bounds, (3, 10))
            policies = aws.application_autoscaling.describe_scaling_policies(
                ServiceNamespace="ecs", ResourceId=resource
            )["ScalingPolicies"]
            tracked = [it["TargetTrackingScalingPolicyConfiguration"] for it in policies]
            cpu = [
                it["TargetValue"]
                for it in tracked
                if it.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
                == "ECSServiceAverageCPUUtilization"
            ]
            check.equal(f"{colour} keeps its CPU at 70 %", cpu, [70])
            own = [
                it
                for it in tracked
                if it.get("CustomizedMetricSpecification", {}).get("MetricName") == "PendingOrders"
            ]
            check.equal(
                f"{colour} keeps 100 orders pending", [it["TargetValue"] for it in own], [100]
            )

    def watching(self):
        check, aws = self.check, self.aws
        groups = pages(
            aws.logs, "describe_log_groups", "logGroups", logGroupNamePrefix=f"/ecs/{self.name}"
        )
        groups = {it["logGroupName"]: it.get("retentionInDays") for it in groups}
        check.equal("logs are kept for 7 days", groups.get(f"/ecs/{self.name}"), 7)
        alarms = pages(aws.cloudwatch, "describe_alarms", "MetricAlarms")
        suffix = self.balancer["LoadBalancerArn"].split(":loadbalancer/")[1]
        of = lambda metric, value: [
            it
            for it in alarms
            if it.get("MetricName") == metric
            and value in [one["Value"] for one in it["Dimensions"]]
        ]
        for metric in ("HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"):
            found = of(metric, suffix)
            found = [
                (
                    it["Threshold"],
                    it["ComparisonOperator"],
                    it["Period"] * it["EvaluationPeriods"],
                    it["Statistic"],
                )
                for it in found
            ]
            check.equal(
                f"alarm: {metric} > 10 in 5 minutes",
                found,
                [(10, "GreaterThanThreshold", 300, "Sum")],
            )
        found = of("DatabaseConnections", self.database["DBClusterIdentifier"])
        found = [(it["Threshold"], it["ComparisonOperator"]) for it in found]
        check.equal("alarm: DatabaseConnections > 80", found, [(80, "GreaterThanThreshold")])
        body = json.loads(aws.cloudwatch.get_dashboard(DashboardName=self.name)["DashboardBody"])
        text = json.dumps(body)
        for metric in (
            "RequestCount",
            "HTTPCode_Target_5XX_Count",
            "CPUUtilization",
            "PendingOrders",
            "DatabaseConnections",
            "BlockedRequests",
        ):
            check(f"the dashboard shows {metric}", metric in text)

    def all(self):
        check = self.check
        check.group("parts", self.find)
        if check.failed:
            return
        for title, look in (
            ("network", self.network),
            ("security groups", self.security),
            ("containers", self.containers),
            ("roles", self.roles),
            ("load balancer", self.balancing),
            ("firewall", self.firewall),
            ("database", self.data),
            ("images", self.images),
            ("autoscaling", self.scaling),
            ("monitoring", self.watching),
        ):
            check.group(title, look)


def gone(aws, check, suffix, whole_account):
    """Nothing is left. An emulator holds nothing else, so all of it counts;
    in a real account only what is named or tagged as the order API's."""
    name = f"order-api-{suffix}"
    ours = lambda text: whole_account or name in text
    tagged = lambda tags: (
        whole_account
        or {("Project", "order-api"), ("Environment", suffix)}
        <= {
            (it.get("Key") or it.get("key"), it.get("Value") or it.get("value"))
            for it in tags or []
        }
    )
    ec2, elb, ecs, rds = aws.ec2, aws.elbv2, aws.ecs, aws.rds

    def none(what, look):
        try:
            left = look()
        except ClientError as error:
            left = error
        check(f"no {what}", left == [], left)

    def ec2_left(operation, key, id, keep=lambda it: False):
        found = pages(ec2, operation, key)
        return [it[id] for it in found if tagged(it.get("Tags")) and not keep(it)]

    default = lambda it: it.get("IsDefault") or it.get("DefaultForAz")
    vpcs = {it["VpcId"] for it in pages(ec2, "describe_vpcs", "Vpcs") if it.get("IsDefault")}
    theirs = lambda it: it.get("VpcId") in vpcs
    none("VPC", lambda: ec2_left("describe_vpcs", "Vpcs", "VpcId", default))
    none("subnet", lambda: ec2_left("describe_subnets", "Subnets", "SubnetId", default))
    none(
        "route table",
        lambda: ec2_left("describe_route_tables", "RouteTables", "RouteTableId", theirs),
    )
    none(
        "security group",
        lambda: ec2_left(
            "describe_security_groups",
            "SecurityGroups",
            "GroupId",
            lambda it: it["GroupName"] == "default",
        ),
    )
    none(
        "internet gateway",
        lambda: ec2_left("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    )
    none(
        "NAT gateway",
        lambda: ec2_left(
            "describe_nat_gateways",
            "NatGateways",
            "NatGatewayId",
            lambda it: it["State"] == "deleted",
        ),
    )
    none("elastic IP address", lambda: ec2_left("describe_addresses", "Addresses", "AllocationId"))
    if whole_account:
        none(
            "network interface",
            lambda: ec2_left(
                "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", theirs
            ),
        )

    def elb_left(operation, key, arn):
        found = [it[arn] for it in pages(elb, operation, key)]
        if whole_account:
            return found
        kept = []
        for start in range(0, len(found), 20):
            about = elb.describe_tags(ResourceArns=found[start : start + 20])["TagDescriptions"]
            kept += [it["ResourceArn"] for it in about if tagged(it["Tags"])]
        return kept

    none(
        "load balancer",
        lambda: elb_left("describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    )
    none(
        "target group", lambda: elb_left("describe_target_groups", "TargetGroups", "TargetGroupArn")
    )

    def clusters():
        arns = pages(ecs, "list_clusters", "clusterArns")
        found = ecs.describe_clusters(clusters=arns)["clusters"] if arns else []
        return [
            it["clusterName"]
            for it in found
            if it["status"] != "INACTIVE" and ours(it["clusterName"])
        ]

    def services():
        try:
            return pages(ecs, "list_services", "serviceArns", cluster=name)
        except ecs.exceptions.ClusterNotFoundException:
            return []

    none("cluster", clusters)
    none("service", services)
    none(
        "active task definition",
        lambda: [
            it
            for it in pages(ecs, "list_task_definitions", "taskDefinitionArns", status="ACTIVE")
            if whole_account or f"-{suffix}:" in it and "order-api" in it
        ],
    )
    none(
        "scalable target",
        lambda: [
            it["ResourceId"]
            for it in pages(
                aws.application_autoscaling,
                "describe_scalable_targets",
                "ScalableTargets",
                ServiceNamespace="ecs",
            )
            if ours(it["ResourceId"])
        ],
    )
    none(
        "scaling policy",
        lambda: [
            it["PolicyName"]
            for it in pages(
                aws.application_autoscaling,
                "describe_scaling_policies",
                "ScalingPolicies",
                ServiceNamespace="ecs",
            )
            if ours(it["ResourceId"])
        ],
    )
    none(
        "database cluster",
        lambda: [
            it["DBClusterIdentifier"]
            for it in pages(rds, "describe_db_clusters", "DBClusters")
            if tagged(it.get("TagList"))
        ],
    )
    none(
        "database instance",
        lambda: [
            it["DBInstanceIdentifier"]
            for it in pages(rds, "describe_db_instances", "DBInstances")
            if tagged(it.get("TagList"))
        ],
    )
    none(
        "database snapshot",
        lambda: [
            it["DBClusterSnapshotIdentifier"]
            for it in pages(rds, "describe_db_cluster_snapshots", "DBClusterSnapshots")
            if it.get("SnapshotType") == "manual" and ours(it["DBClusterSnapshotIdentifier"])
        ],
    )
    if whole_account:
        none(
            "database subnet group",
            lambda: [
                it["DBSubnetGroupName"]
                for it in pages(rds, "describe_db_subnet_groups", "DBSubnetGroups")
                if not it["DBSubnetGroupName"].startswith("default")
            ],
        )
        none(
            "cluster parameter group",
            lambda: [
                it["DBClusterParameterGroupName"]
                for it in pages(
                    rds, "describe_db_cluster_parameter_groups", "DBClusterParameterGroups"
                )
                if not it["DBClusterParameterGroupName"].startswith("default")
            ],
        )
        none(
            "certificate",
            lambda: [
                it["CertificateArn"]
                for it in pages(aws.acm, "list_certificates", "CertificateSummaryList")
            ],
        )
        none(
            "role",
            lambda: [
                it["RoleName"]
                for it in pages(aws.iam, "list_roles", "Roles")
                if not it["Path"].startswith("/aws-service-role/")
            ],
        )
        none(
            "web ACL",
            lambda: [it["Name"] for it in aws.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]],
        )
        none("queue", lambda: aws.sqs.list_queues().get("QueueUrls", []))
    none(
        "repository",
        lambda: [
            it["repositoryName"]
            for it in pages(aws.ecr, "describe_repositories", "repositories")
            if ours(it["repositoryName"])
        ],
    )
    none(
        "log group",
        lambda: [
            it["logGroupName"]
            for it in pages(aws.logs, "describe_log_groups", "logGroups")
            if ours(it["logGroupName"])
        ],
    )
    none(
        "secret",
        lambda: [
            it["Name"]
            for it in pages(aws.secretsmanager, "list_secrets", "SecretList")
            if tagged(it.get("Tags"))
        ],
    )
    none(
        "parameter",
        lambda: [
            it["Name"]
            for it in pages(
                aws.ssm,
                "describe_parameters",
                "Parameters",
                ParameterFilters=[
                    {"Key": "Name", "Option": "BeginsWith", "Values": [f"/order-api/{suffix}/"]}
                ],
            )
        ],
    )
    none(
        "alarm",
        lambda: [
            it["AlarmName"]
            for it in pages(aws.cloudwatch, "describe_alarms", "MetricAlarms")
            if ours(it["AlarmName"])
        ],
    )
    none(
        "dashboard",
        lambda: [
            it["DashboardName"]
            for it in pages(aws.cloudwatch, "list_dashboards", "DashboardEntries")
            if ours(it["DashboardName"])
        ],
    )

    def keys():
        left = []
        for it in pages(aws.kms, "list_keys", "Keys"):
            about = aws.kms.describe_key(KeyId=it["KeyId"])["KeyMetadata"]
            mine = about["KeyManager"] == "CUSTOMER" and "order API" in about.get("Description", "")
            if mine and about["KeyState"] != "PendingDeletion":
                left.append(it["KeyId"])
        return left

    none("key that is not about to be deleted", keys)


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("endpoint", help="an emulator's URL, or aws")
    asked.add_argument("--gone", action="store_true", help="nothing of it is left")
    asked.add_argument("--suffix", default="dev", help="the stack's environmentSuffix")
    asked.add_argument("--region", default="us-east-1")
    args = asked.parse_args()
    check, aws = Checks(), Clients(args.endpoint, args.region)
    if args.gone:
        gone(aws, check, args.suffix, args.endpoint != "aws")
    else:
        Stack(aws, args.suffix, check).all()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed or not check.passed else 0


if __name__ == "__main__":
    sys.exit(main())
