"""Looks at the order worker as AWS tells of it, and shares nothing with orderinfra.

    python order_worker.py ENDPOINT           everything is there, with its figures
    python order_worker.py ENDPOINT --gone    nothing of it is left

Prints a line per check and a count; exits with 1 when any check failed.
ENDPOINT is an emulator's URL, or `aws` for the account of the environment.
`--dummy true` wants the stand-in in place of the worker.
"""

import json

from checks import ANYWHERE, narrow, pages, queue_path, run, traffic, ways_out

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


class Stack:
    """The order worker, found from its service on."""

    def __init__(self, aws, check, args):
        self.aws, self.check, self.dummy = aws, check, args.dummy == "true"
        self.name = f"order-worker-{args.stack}"

    def find(self):
        aws = self.aws
        found = aws.ecs.describe_services(cluster=self.name, services=[self.name])
        self.service = found["services"][0]
        self.network = self.service["networkConfiguration"]["awsvpcConfiguration"]
        self.definition = aws.ecs.describe_task_definition(
            taskDefinition=self.service["taskDefinition"]
        )["taskDefinition"]
        self.container = self.definition["containerDefinitions"][0]
        arn = self.service["loadBalancers"][0]["targetGroupArn"]
        self.targets = aws.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
        self.vpc = self.targets["VpcId"]
        balancers = pages(aws.elbv2, "describe_load_balancers", "LoadBalancers")
        self.balancer = next(it for it in balancers if it["VpcId"] == self.vpc)
        self.database = aws.rds.describe_db_instances(DBInstanceIdentifier=self.name)[
            "DBInstances"
        ][0]
        self.url = aws.sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        self.queue = self.attributes(self.url)

    def attributes(self, url):
        found = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return found["Attributes"]

    def tiers(self):
        check, aws = self.check, self.aws
        here = [{"Name": "vpc-id", "Values": [self.vpc]}]
        subnets = pages(aws.ec2, "describe_subnets", "Subnets", Filters=here)
        zone = {it["SubnetId"]: it["AvailabilityZone"] for it in subnets}
        ways = ways_out(aws, self.vpc)
        check.equal("every subnet has a route table of its tier", set(ways), set(zone))
        public = {
            it for it, way in ways.items() if way and way.get("GatewayId", "").startswith("igw-")
        }
        private = {it for it, way in ways.items() if way and way.get("NatGatewayId")}
        isolated = {it for it, way in ways.items() if not way}
        for name, tier in (("public", public), ("private", private), ("isolated", isolated)):
            zones = {zone[it] for it in tier}
            check.equal(f"two {name} subnets in two zones", (len(tier), len(zones)), (2, 2))
        balanced = {it["SubnetId"] for it in self.balancer["AvailabilityZones"]}
        check.equal("the load balancer is in the public ones", balanced, public)
        check.equal("the worker in the private ones", set(self.network["subnets"]), private)
        check.equal("without a public address", self.network.get("assignPublicIp"), "DISABLED")
        inside = {it["SubnetIdentifier"] for it in self.database["DBSubnetGroup"]["Subnets"]}
        check.equal("the database in the isolated ones", inside, isolated)

    def security(self):
        check, aws = self.check, self.aws
        groups = [
            self.balancer["SecurityGroups"],
            self.network["securityGroups"],
            [it["VpcSecurityGroupId"] for it in self.database["VpcSecurityGroups"]],
        ]
        if not check.equal("one security group each", [len(it) for it in groups], [1] * 3):
            return
        [balancer], [worker], [data] = groups
        port = self.targets["Port"]
        check.equal(
            "the internet reaches the load balancer, which reaches the worker",
            traffic(aws, balancer),
            {("in", 80, ANYWHERE), ("out", port, worker)},
        )
        check.equal(
            "the worker is reached by the load balancer, and reaches HTTPS and the database",
            traffic(aws, worker),
            {("in", port, balancer), ("out", 443, ANYWHERE), ("out", 5432, data)},
        )
        check.equal(
            "only the worker reaches the database", traffic(aws, data), {("in", 5432, worker)}
        )

    def messaging(self):
        check, aws = self.check, self.aws
        redrive = json.loads(self.queue.get("RedrivePolicy", "{}"))
        check(
            "dead letters after some receives", int(redrive.get("maxReceiveCount", 0)) > 1, redrive
        )
        dead = self.attributes(aws.sqs.get_queue_url(QueueName=f"{self.name}-dlq")["QueueUrl"])
        check.equal("in their own queue", redrive.get("deadLetterTargetArn"), dead["QueueArn"])
        allowed = json.loads(dead.get("RedriveAllowPolicy", "{}"))
        check.equal(
            "that takes from no other", allowed.get("sourceQueueArns"), [self.queue["QueueArn"]]
        )

    def secret(self):
        secrets = pages(self.aws.secretsmanager, "list_secrets", "SecretList")
        mine = [it for it in secrets if self.name in it.get("Description", "")]
        return mine[0]

    def data(self):
        check, database = self.check, self.database
        check.equal("PostgreSQL", database["Engine"], "postgres")
        check.equal("it is available", database["DBInstanceStatus"], "available")
        check.equal("not public", database["PubliclyAccessible"], False)
        check("encrypted, with a key", database["StorageEncrypted"] and database.get("KmsKeyId"))
        group = database["DBParameterGroups"][0]["DBParameterGroupName"]
        parameters = pages(
            self.aws.rds, "describe_db_parameters", "Parameters", DBParameterGroupName=group
        )
        values = {it["ParameterName"]: it.get("ParameterValue") for it in parameters}
        check.equal("connections must be encrypted", values.get("rds.force_ssl"), "1")
        value = self.aws.secretsmanager.get_secret_value(SecretId=self.secret()["ARN"])
        secret = json.loads(value["SecretString"])
        check.equal("the secret names it", secret.get("host"), database["Endpoint"]["Address"])
        check.equal("and its user", secret.get("username"), database["MasterUsername"])
        check("and a generated password", len(secret.get("password", "")) >= 24)
        check(
            "which the task definition has not",
            secret["password"] not in json.dumps(self.definition, default=str),
        )

    def compute(self):
        check, aws, it = self.check, self.aws, self.container
        count = self.service["desiredCount"]
        check.equal("on Fargate", self.service.get("launchType"), "FARGATE")
        check("all tasks run", self.service["runningCount"] == count > 0, count)
        check.equal("health is looked at at /health", self.targets["HealthCheckPath"], "/health")
        health = aws.elbv2.describe_target_health(TargetGroupArn=self.targets["TargetGroupArn"])
        states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
        check.equal("and well", states, ["healthy"] * count)
        listeners = pages(
            aws.elbv2,
            "describe_listeners",
            "Listeners",
            LoadBalancerArn=self.balancer["LoadBalancerArn"],
        )
        to = [one["DefaultActions"][0].get("TargetGroupArn") for one in listeners]
        check.equal("behind the load balancer", to, [self.targets["TargetGroupArn"]])
        check.equal("logs", it["logConfiguration"]["options"]["awslogs-group"], f"/ecs/{self.name}")
        groups = pages(aws.logs, "describe_log_groups", "logGroups")
        kept = {one["logGroupName"]: one.get("retentionInDays") for one in groups}
        check("which are kept for a time", kept.get(f"/ecs/{self.name}"), kept)
        repository = aws.ecr.describe_repositories(repositoryNames=[self.name])["repositories"][0]
        may = narrow(
            check,
            aws,
            "execution role",
            self.definition["executionRoleArn"],
            "ecs-tasks",
            {"ecr:GetAuthorizationToken"},
        )
        check.equal(
            "execution role: image and log", set(may), {"ecr:GetAuthorizationToken", *PULL, *LOGS}
        )
        check.equal(
            "execution role: of the repository",
            may["ecr:BatchGetImage"],
            {repository["repositoryArn"]},
        )
        if self.dummy:
            check("a stand-in runs", "busybox" in it["image"], it["image"])
            check("that answers /health", "/health" in " ".join(it.get("command", [])))
            check("and may do nothing", not self.definition.get("taskRoleArn"))
            return
        check(
            "the image is from the repository",
            it["image"].startswith(repository["repositoryUri"] + ":"),
            it["image"],
        )
        variables = {one["name"]: one["value"] for one in it["environment"]}
        knows = queue_path(variables.get("QUEUE_URL")), queue_path(self.url)
        check.equal("the worker knows the queue", *knows)
        check.equal("and the secret", variables.get("DATABASE_SECRET_ARN"), self.secret()["ARN"])
        may = narrow(check, aws, "task role", self.definition["taskRoleArn"], "ecs-tasks")
        consume = {
            f"sqs:{one}"
            for one in (
                "ReceiveMessage",
                "DeleteMessage",
                "ChangeMessageVisibility",
                "GetQueueAttributes",
            )
        }
        check.equal(
            "task role: consumes, and reads the secret",
            set(may),
            {*consume, "secretsmanager:GetSecretValue", "kms:Decrypt"},
        )
        check.equal("task role: of the queue", may["sqs:ReceiveMessage"], {self.queue["QueueArn"]})
        check.equal(
            "task role: of the database",
            may["secretsmanager:GetSecretValue"],
            {self.secret()["ARN"]},
        )

    def all(self):
        check = self.check
        check.group("parts", self.find)
        if check.failed:
            return
        for title, look in (
            ("subnet tiers", self.tiers),
            ("security groups", self.security),
            ("messaging", self.messaging),
            ("database", self.data),
            ("compute", self.compute),
        ):
            check.group(title, look)


if __name__ == "__main__":
    run(
        __doc__,
        "order-worker",
        lambda aws, check, args: Stack(aws, check, args).all(),
        lambda args: ["order-worker-"],
        [("--dummy", "false")],
    )
