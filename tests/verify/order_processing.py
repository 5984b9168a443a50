"""Looks at the order processing system as AWS tells of it, and shares nothing with
orderinfra.

    python order_processing.py ENDPOINT           everything is there, with its figures
    python order_processing.py ENDPOINT --gone    nothing of it is left

Prints a line per check and a count; exits with 1 when any check failed.
ENDPOINT is an emulator's URL, or `aws` for the account of the environment.
"""

import json

from checks import ANYWHERE, narrow, pages, queue_path, run, traffic, ways_out

SERVICES = ("backend", "frontend")
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


class Stack:
    """All five stacks, found from the cluster's services on."""

    def __init__(self, aws, check, args):
        self.aws, self.check, self.stack, self.region = aws, check, args.stack, args.region
        self.cluster = f"order-processing-cluster{args.suffix}"
        self.names = {it: f"order-processor-{it}{args.suffix}" for it in SERVICES}
        self.functions = getattr(aws, "lambda")

    def find(self):
        aws = self.aws
        services = aws.ecs.describe_services(
            cluster=self.cluster, services=list(self.names.values())
        )["services"]
        self.services = {
            it: next(one for one in services if one["serviceName"] == name)
            for it, name in self.names.items()
        }
        self.groups = {
            it: aws.elbv2.describe_target_groups(
                TargetGroupArns=[service["loadBalancers"][0]["targetGroupArn"]]
            )["TargetGroups"][0]
            for it, service in self.services.items()
        }
        self.vpc = self.groups["backend"]["VpcId"]
        balancers = pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")
        self.balancer = next(it for it in balancers if it["VpcId"] == self.vpc)
        self.database = aws.rds.describe_db_clusters(
            DBClusterIdentifier=f"{self.stack}-databasestack-auroracluster"
        )["DBClusters"][0]
        self.definitions = {
            it: aws.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])[
                "taskDefinition"
            ]
            for it, service in self.services.items()
        }
        queue = aws.sqs.get_queue_url(QueueName=f"order-processing-{self.stack}")["QueueUrl"]
        self.queue_url = queue
        self.queue = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])[
            "Attributes"
        ]
        name = f"{self.stack}-MessagingStack-OrderProducer"
        self.producer = self.functions.get_function_configuration(FunctionName=name)

    # ------------------------------------------------------------- network

    def network(self):
        check, aws = self.check, self.aws
        here = [{"Name": "vpc-id", "Values": [self.vpc]}]
        subnets = pages(aws.ec2, "describe_subnets", "Subnets", Filters=here)
        zone = {it["SubnetId"]: it["AvailabilityZone"] for it in subnets}
        zones = set(zone.values())
        check.equal("3 availability zones", len(zones), 3)
        ways = ways_out(aws, self.vpc)
        public = {
            it for it, way in ways.items() if way and way.get("GatewayId", "").startswith("igw-")
        }
        private = {it for it, way in ways.items() if way and way.get("NatGatewayId")}
        check.equal("a public subnet in each", sorted(zone[it] for it in public), sorted(zones))
        check.equal("a private subnet in each", sorted(zone[it] for it in private), sorted(zones))
        nats = pages(aws.ec2, "describe_nat_gateways", "NatGateways", Filters=here)
        nats = [it for it in nats if it["State"] == "available"]
        check.equal(
            "one NAT gateway, in a public subnet", [it["SubnetId"] in public for it in nats], [True]
        )
        balanced = {it["SubnetId"] for it in self.balancer["AvailabilityZones"]}
        check.equal("the load balancer is in the public subnets", balanced, public)
        for name, it in self.services.items():
            network = it["networkConfiguration"]["awsvpcConfiguration"]
            check.equal(
                f"{name} tasks are in the private subnets", set(network["subnets"]), private
            )
            check.equal(
                f"{name} tasks have no public address", network.get("assignPublicIp"), "DISABLED"
            )
        groups = pages(aws.rds, "describe_db_subnet_groups", "DBSubnetGroups")
        group = next(
            it for it in groups if it["DBSubnetGroupName"] == self.database["DBSubnetGroup"]
        )
        inside = {it["SubnetIdentifier"] for it in group["Subnets"]}
        check.equal("the database is in the private subnets", inside, private)
        logs = pages(aws.ec2, "describe_flow_logs", "FlowLogs")
        logs = [it for it in logs if it["ResourceId"] == self.vpc]
        if check.equal("one flow log of the VPC", len(logs), 1):
            check.equal("of all traffic", logs[0]["TrafficType"], "ALL")
            name = logs[0].get("LogGroupName") or logs[0]["LogDestination"].split(":log-group:")[-1]
            check.equal("to its log group", name, f"/aws/vpc/order-processing-{self.stack}")
            narrow(
                check,
                aws,
                "flow log",
                logs[0]["DeliverLogsPermissionArn"],
                "vpc-flow-logs",
                {"logs:DescribeLogGroups"},
            )

    def security(self):
        check, aws = self.check, self.aws
        of = lambda it: self.services[it]["networkConfiguration"]["awsvpcConfiguration"][
            "securityGroups"
        ]
        balancer, backend, frontend = self.balancer["SecurityGroups"], of("backend"), of("frontend")
        data = [it["VpcSecurityGroupId"] for it in self.database["VpcSecurityGroups"]]
        all_groups = [balancer, backend, frontend, data]
        if not check.equal("one security group each", [len(it) for it in all_groups], [1] * 4):
            return
        [balancer], [backend], [frontend], [data] = all_groups
        port = {it: self.groups[it]["Port"] for it in SERVICES}
        check.equal(
            "the internet reaches port 80 of the load balancer, which reaches the tasks",
            traffic(aws, balancer),
            {
                ("in", 80, ANYWHERE),
                ("out", port["backend"], backend),
                ("out", port["frontend"], frontend),
            },
        )
        check.equal(
            "the backend is reached by the load balancer, and reaches HTTPS and the database",
            traffic(aws, backend),
            {("in", port["backend"], balancer), ("out", 443, ANYWHERE), ("out", 5432, data)},
        )
        check.equal(
            "the frontend is reached by the load balancer, and reaches HTTPS",
            traffic(aws, frontend),
            {("in", port["frontend"], balancer), ("out", 443, ANYWHERE)},
        )
        check.equal(
            "only the backend reaches the database", traffic(aws, data), {("in", 5432, backend)}
        )

    # ----------------------------------------------------------- messaging

    def messaging(self):
        check, aws = self.check, self.aws
        check.equal("visible again after 30 seconds", self.queue["VisibilityTimeout"], "30")
        redrive = json.loads(self.queue.get("RedrivePolicy", "{}"))
        check.equal("dead letters after 3 receives", int(redrive.get("maxReceiveCount", 0)), 3)
        url = aws.sqs.get_queue_url(QueueName=f"order-processing-dlq-{self.stack}")["QueueUrl"]
        dead = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        check.equal("in their own queue", redrive.get("deadLetterTargetArn"), dead["QueueArn"])
        allowed = json.loads(dead.get("RedriveAllowPolicy", "{}"))
        check.equal(
            "that takes from no other", allowed.get("sourceQueueArns"), [self.queue["QueueArn"]]
        )
        it = self.producer
        check("the producer is Python", it["Runtime"].startswith("python3."), it["Runtime"])
        check("with code", it["CodeSize"] > 300, it["CodeSize"])
        variables = it["Environment"]["Variables"]
        fills = queue_path(variables.get("QUEUE_URL")), queue_path(self.queue_url)
        check.equal("that fills the queue", *fills)
        may = narrow(check, aws, "producer", it["Role"], "lambda")
        check.equal(
            "producer: what it needs, and nothing else", set(may), {"sqs:SendMessage", *LOGS}
        )
        check.equal("producer: to the queue", may["sqs:SendMessage"], {self.queue["QueueArn"]})
        rules = pages(aws.events, "list_rules", "Rules")
        rules = [one for one in rules if one.get("ScheduleExpression") == "rate(5 minutes)"]
        if not check.equal("one rule asks every 5 minutes", len(rules), 1):
            return
        check.equal("that is enabled", rules[0]["State"], "ENABLED")
        targets = aws.events.list_targets_by_rule(Rule=rules[0]["Name"])["Targets"]
        check.equal("for the producer", [one["Arn"] for one in targets], [it["FunctionArn"]])
        policy = json.loads(self.functions.get_policy(FunctionName=it["FunctionArn"])["Policy"])
        callers = [
            (one["Principal"]["Service"], one["Condition"]["ArnLike"]["AWS:SourceArn"])
            for one in policy["Statement"]
        ]
        check.equal(
            "and nobody else may call it", callers, [("events.amazonaws.com", rules[0]["Arn"])]
        )

    # ------------------------------------------------------------ database

    def data(self):
        check, aws, database = self.check, self.aws, self.database
        check.equal("Aurora PostgreSQL", database["Engine"], "aurora-postgresql")
        check.equal("it is available", database["Status"], "available")
        found = database.get("ServerlessV2ScalingConfiguration", {})
        found = (found.get("MinCapacity"), found.get("MaxCapacity"))
        check.equal("from 0.5 to 1 ACU", found, (0.5, 1.0))
        ids = {it["DBInstanceIdentifier"] for it in database["DBClusterMembers"]}
        instances = pages(aws.rds, "describe_db_instances", "DBInstances")
        instances = [it for it in instances if it["DBInstanceIdentifier"] in ids]
        check.equal("serverless", {it["DBInstanceClass"] for it in instances}, {"db.serverless"})
        check("and not public", instances and not any(it["PubliclyAccessible"] for it in instances))
        check("encrypted, with a key", database["StorageEncrypted"] and database.get("KmsKeyId"))
        parameters = pages(
            aws.rds,
            "describe_db_cluster_parameters",
            "Parameters",
            DBClusterParameterGroupName=database["DBClusterParameterGroup"],
        )
        values = {it["ParameterName"]: it.get("ParameterValue") for it in parameters}
        check.equal("connections must be encrypted", values.get("rds.force_ssl"), "1")
        secret = json.loads(
            aws.secretsmanager.get_secret_value(SecretId=self.secret())["SecretString"]
        )
        check.equal("the secret names it", secret.get("host"), database["Endpoint"])
        check.equal("and its user", secret.get("username"), database["MasterUsername"])
        check("and a generated password", len(secret.get("password", "")) >= 24)
        text = json.dumps(self.definitions, default=str)
        check("which no task definition has", secret["password"] not in text)

    def sources(self):
        container = self.definitions["backend"]["containerDefinitions"][0]
        return {it["name"]: it["valueFrom"] for it in container.get("secrets", [])}

    def secret(self):
        # ARN, key, stage and version are parted by colons.
        return ":".join(self.sources()["DATABASE_PASSWORD"].split(":")[:7])

    # --------------------------------------------------------- application

    def application(self):
        check, aws = self.check, self.aws
        for name, service in self.services.items():
            check.equal(f"{name} runs", service["status"], "ACTIVE")
            check.equal(f"{name} is on Fargate", service.get("launchType"), "FARGATE")
            count = service["desiredCount"]
            check(f"{name} has all its tasks", service["runningCount"] == count > 0, count)
            health = aws.elbv2.describe_target_health(
                TargetGroupArn=self.groups[name]["TargetGroupArn"]
            )["TargetHealthDescriptions"]
            states = [it["TargetHealth"]["State"] for it in health]
            check.equal(f"{name} is healthy", states, ["healthy"] * count)
            definition = self.definitions[name]
            container = definition["containerDefinitions"][0]
            repository = aws.ecr.describe_repositories(repositoryNames=[self.names[name]])[
                "repositories"
            ][0]
            check(
                f"{name} image is from its repository",
                container["image"].startswith(repository["repositoryUri"] + ":"),
                container["image"],
            )
            options = container["logConfiguration"]["options"]
            check.equal(f"{name} logs", options["awslogs-group"], f"/aws/ecs/{self.stack}/{name}")
            may = narrow(
                check,
                aws,
                f"{name} execution role",
                definition["executionRoleArn"],
                "ecs-tasks",
                {"ecr:GetAuthorizationToken"},
            )
            secret = (
                {"secretsmanager:GetSecretValue", "kms:Decrypt"} if name == "backend" else set()
            )
            check.equal(
                f"{name} execution role: what it needs",
                set(may),
                {"ecr:GetAuthorizationToken", *PULL, *LOGS, *secret},
            )
            check.equal(
                f"{name} execution role: its image",
                may["ecr:BatchGetImage"],
                {repository["repositoryArn"]},
            )
            self.scaling(name)
        check("the frontend has no role", not self.definitions["frontend"].get("taskRoleArn"))
        may = narrow(
            check, aws, "backend role", self.definitions["backend"]["taskRoleArn"], "ecs-tasks"
        )
        actions = {
            f"sqs:{it}"
            for it in (
                "ReceiveMessage",
                "DeleteMessage",
                "ChangeMessageVisibility",
                "GetQueueAttributes",
            )
        }
        check.equal("backend role: takes orders", set(may), actions)
        check.equal(
            "backend role: from the queue", may["sqs:ReceiveMessage"], {self.queue["QueueArn"]}
        )
        environment = self.definitions["backend"]["containerDefinitions"][0]["environment"]
        variables = {it["name"]: it["value"] for it in environment}
        knows = queue_path(variables.get("QUEUE_URL")), queue_path(self.queue_url)
        check.equal("the backend knows the queue", *knows)
        check(
            "and its password is from Secrets Manager",
            ":secretsmanager:" in self.sources()["DATABASE_PASSWORD"],
        )

    def scaling(self, name):
        check = self.check
        of = f"service/{self.cluster}/{self.names[name]}"
        policies = self.aws.application_autoscaling.describe_scaling_policies(
            ServiceNamespace="ecs", ResourceId=of
        )["ScalingPolicies"]
        tracked = [it["TargetTrackingScalingPolicyConfiguration"] for it in policies]
        found = {
            it["PredefinedMetricSpecification"]["PredefinedMetricType"]: it["TargetValue"]
            for it in tracked
        }
        wanted = {"ECSServiceAverageCPUUtilization": 80, "ECSServiceAverageMemoryUtilization": 85}
        check.equal(f"{name} keeps its CPU at 80 % and its memory at 85 %", found, wanted)

    def balancing(self):
        check, aws = self.check, self.aws
        arn = self.balancer["LoadBalancerArn"]
        check.equal("it faces the internet", self.balancer["Scheme"], "internet-facing")
        listeners = pages(aws.elbv2, "describe_listeners", "Listeners", LoadBalancerArn=arn)
        check.equal("one listener, on port 80", [it["Port"] for it in listeners], [80])
        rules = pages(aws.elbv2, "describe_rules", "Rules", ListenerArn=listeners[0]["ListenerArn"])
        ways = {}
        for it in rules:
            paths = [one["PathPatternConfig"]["Values"] for one in it["Conditions"]] or [["/*"]]
            ways[tuple(paths[0])] = it["Actions"][0].get("TargetGroupArn")
        wanted = {("/api/*",): "backend", ("/*",): "frontend"}
        wanted = {path: self.groups[it]["TargetGroupArn"] for path, it in wanted.items()}
        check.equal("/api/* goes to the backend, /* to the frontend", ways, wanted)
        for name, it in self.groups.items():
            check.equal(f"{name} is checked at /health", it["HealthCheckPath"], "/health")
        attributes = aws.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        attributes = {it["Key"]: it["Value"] for it in attributes}
        check.equal("it logs", attributes.get("access_logs.s3.enabled"), "true")
        bucket = attributes.get("access_logs.s3.bucket")
        policy = json.loads(aws.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        allowed = [it for it in policy if it["Effect"] == "Allow"]
        check.equal(
            "to a bucket where it may write, and nobody else",
            [(it["Principal"], it["Action"]) for it in allowed],
            [({"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}, "s3:PutObject")],
        )
        access = aws.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        check("that is not public", len(access) == 4 and all(access.values()), access)

    # ------------------------------------------------------------ firewall

    def firewall(self):
        check, aws = self.check, self.aws
        found = aws.wafv2.get_web_acl_for_resource(ResourceArn=self.balancer["LoadBalancerArn"])
        if not check("a web ACL protects the load balancer", "WebACL" in found):
            return
        acl = found["WebACL"]
        rates = [it for it in acl["Rules"] if "RateBasedStatement" in it["Statement"]]
        check(
            "with a rate limit that blocks",
            len(rates) == 1 and "Block" in rates[0]["Action"],
            rates,
        )
        rate = rates[0]["Statement"]["RateBasedStatement"]
        check.equal("per IP address", rate["AggregateKeyType"], "IP")
        logging = aws.wafv2.get_logging_configuration(ResourceArn=acl["ARN"])[
            "LoggingConfiguration"
        ]
        check.equal(
            "it logs",
            [
                it.split(":log-group:")[-1].removesuffix(":*")
                for it in logging["LogDestinationConfigs"]
            ],
            [f"aws-waf-logs-order-processing-{self.stack}"],
        )
        # Other systems of the account have alarms as well.
        def alarms(metric, of):
            found = pages(aws.cloudwatch, "describe_alarms", "MetricAlarms")
            of_metric = [it for it in found if it["MetricName"] == metric]
            values = [[one["Value"] for one in it["Dimensions"]] for it in of_metric]
            return [it for it in values if of in it]

        check.equal("alarms watch it", len(alarms("BlockedRequests", acl["Name"])), 2)
        balancer = self.balancer["LoadBalancerArn"].split(":loadbalancer/")[1]
        errors = alarms("HTTPCode_Target_5XX_Count", balancer)
        check.equal("and errors", errors, [[balancer]])

    def logs(self):
        check = self.check
        groups = {
            it["logGroupName"]: it.get("retentionInDays")
            for it in pages(self.aws.logs, "describe_log_groups", "logGroups")
        }
        wanted = [f"/aws/ecs/{self.stack}/{it}" for it in SERVICES]
        wanted += [
            f"/aws/lambda/{self.stack}-MessagingStack-OrderProducer",
            f"/aws/vpc/order-processing-{self.stack}",
            f"/aws/rds/cluster/{self.stack}-databasestack-auroracluster/postgresql",
            f"aws-waf-logs-order-processing-{self.stack}",
        ]
        for name in wanted:
            check.equal(f"{name} is kept for 7 days", groups.get(name), 7)
        check.equal(
            "the database logs", self.database.get("EnabledCloudwatchLogsExports"), ["postgresql"]
        )

    def all(self):
        check = self.check
        check.group("parts", self.find)
        if check.failed:
            return
        for title, look in (
            ("network", self.network),
            ("security groups", self.security),
            ("messaging", self.messaging),
            ("database", self.data),
            ("application", self.application),
            ("load balancer", self.balancing),
            ("firewall", self.firewall),
            ("logs", self.logs),
        ):
            check.group(title, look)


if __name__ == "__main__":
    run(
        __doc__,
        "order-processing",
        lambda aws, check, args: Stack(aws, check, args).all(),
        lambda args: [
            "order-processing",
            "order-processor",
            f"{args.stack}-databasestack-",
            f"{args.stack}-MessagingStack-",
        ],
        [("--suffix", "")],
    )
