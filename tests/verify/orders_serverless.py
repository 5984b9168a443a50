"""Looks at the serverless orders as AWS tells of them, and shares nothing with orderinfra.

    python orders_serverless.py ENDPOINT           everything is there, with its figures
    python orders_serverless.py ENDPOINT --gone    nothing of it is left

Prints a line per check and a count; exits with 1 when any check failed.
ENDPOINT is an emulator's URL, or `aws` for the account of the environment.
"""

import json

from checks import narrow, pages, queue_path, run

FUNCTIONS = ("create", "process", "get")


class Stack:
    """The serverless orders, found by their names."""

    def __init__(self, aws, check, args):
        self.aws, self.check, self.stack = aws, check, args.stack
        self.functions = getattr(aws, "lambda")
        self.name = f"orders-serverless-{args.stack}"

    def find(self):
        aws = self.aws
        self.about = {
            it: self.functions.get_function_configuration(
                FunctionName=f"orders-serverless-{it}-{self.stack}"
            )
            for it in FUNCTIONS
        }
        url = lambda name: aws.sqs.get_queue_url(QueueName=name)["QueueUrl"]
        self.url, self.dead_url = url(self.name), url(f"orders-serverless-dlq-{self.stack}")
        of = lambda url: aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        self.queue, self.dead = of(self.url)["Attributes"], of(self.dead_url)["Attributes"]
        self.table = aws.dynamodb.describe_table(TableName=self.name)["Table"]
        apis = pages(aws.apigatewayv2, "get_apis", "Items")
        self.api = next(it for it in apis if it["Name"] == self.name)
        topics = pages(aws.sns, "list_topics", "Topics")
        wanted = f":orders-serverless-alerts-{self.stack}"
        self.topic = next(it["TopicArn"] for it in topics if it["TopicArn"].endswith(wanted))

    def http(self):
        check, aws, api = self.check, self.aws, self.api["ApiId"]
        check.equal("an HTTP API", self.api["ProtocolType"], "HTTP")
        routes = pages(aws.apigatewayv2, "get_routes", "Items", ApiId=api)
        integrations = {
            it["IntegrationId"]: it
            for it in pages(aws.apigatewayv2, "get_integrations", "Items", ApiId=api)
        }
        targets = {
            it["RouteKey"]: integrations[it["Target"].removeprefix("integrations/")]
            for it in routes
        }
        wanted = {"POST /orders": "create", "GET /orders/{id}": "get"}
        check.equal("its two routes", sorted(targets), sorted(wanted))
        for route, function in wanted.items():
            it, arn = targets[route], self.about[function]["FunctionArn"]
            check.equal(f"{route} is a Lambda proxy", it["IntegrationType"], "AWS_PROXY")
            check.equal(f"{route} has payload format 2.0", it["PayloadFormatVersion"], "2.0")
            check(f"{route} reaches {function}", arn in it["IntegrationUri"], it["IntegrationUri"])
            policy = json.loads(self.functions.get_policy(FunctionName=arn)["Policy"])
            sources = [
                it["Condition"]["ArnLike"]["AWS:SourceArn"]
                for it in policy["Statement"]
                if it["Principal"] == {"Service": "apigateway.amazonaws.com"}
            ]
            method, path = route.split(" ")
            check.equal(
                f"only {route} of this API may call {function}",
                [it.split(f":{api}/")[-1] for it in sources],
                [f"*/{method}{path}"],
            )
        stages = pages(aws.apigatewayv2, "get_stages", "Items", ApiId=api)
        check.equal("the default stage", [it["StageName"] for it in stages], ["$default"])
        check.equal("that deploys itself", stages[0].get("AutoDeploy"), True)
        check(
            "with an access log",
            stages[0]
            .get("AccessLogSettings", {})
            .get("DestinationArn", "")
            .endswith(f":log-group:/aws/apigateway/{self.name}"),
            stages[0].get("AccessLogSettings"),
        )
        limits = stages[0].get("DefaultRouteSettings", {})
        check("and a limit", limits.get("ThrottlingRateLimit", 0) > 0, limits)

    def code(self):
        check = self.check
        environment = {
            "create": {"QUEUE_URL": queue_path(self.url)},
            "process": {"TABLE_NAME": self.name},
            "get": {"TABLE_NAME": self.name},
        }
        for name, it in self.about.items():
            check(f"{name} runs on Node.js", it["Runtime"].startswith("nodejs"), it["Runtime"])
            check.equal(f"{name} is traced", it["TracingConfig"]["Mode"], "Active")
            check(f"{name} has code", it["CodeSize"] > 300, it["CodeSize"])
            found = it.get("Environment", {}).get("Variables", {})
            if "QUEUE_URL" in found:
                found["QUEUE_URL"] = queue_path(found["QUEUE_URL"])
            check.equal(f"{name} knows what it works with", found, environment[name])

    def roles(self):
        check, trace = self.check, {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
        logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
        queue, table = self.queue["QueueArn"], self.table["TableArn"]
        own = {
            "create": {"sqs:SendMessage": queue},
            "process": {
                "sqs:ReceiveMessage": queue,
                "sqs:DeleteMessage": queue,
                "sqs:GetQueueAttributes": queue,
                "dynamodb:PutItem": table,
            },
            "get": {"dynamodb:GetItem": table},
        }
        roles = [it["Role"] for it in self.about.values()]
        check.equal("each function has a role of its own", len(set(roles)), 3)
        for name, it in self.about.items():
            may = narrow(check, self.aws, name, it["Role"], "lambda", trace)
            check.equal(
                f"{name}: what it needs, and nothing else", set(may), {*own[name], *logs, *trace}
            )
            for action, resource in own[name].items():
                check.equal(f"{name}: {action} on one thing", may.get(action), {resource})
            group = f":log-group:/aws/lambda/orders-serverless-{name}-{self.stack}:*"
            found = may.get("logs:PutLogEvents", {""})
            check(f"{name}: its own log", all(one.endswith(group) for one in found), found)

    def queues(self):
        check, dead = self.check, self.dead["QueueArn"]
        redrive = json.loads(self.queue.get("RedrivePolicy", "{}"))
        check.equal("dead letters after 5 receives", int(redrive.get("maxReceiveCount", 0)), 5)
        check.equal("in their own queue", redrive.get("deadLetterTargetArn"), dead)
        allowed = json.loads(self.dead.get("RedriveAllowPolicy", "{}"))
        check.equal(
            "that takes from no other", allowed.get("sourceQueueArns"), [self.queue["QueueArn"]]
        )
        check.equal("and keeps them 14 days", self.dead["MessageRetentionPeriod"], str(14 * 86400))
        for name, it in (("orders", self.queue), ("dead letters", self.dead)):
            check.equal(f"{name} are encrypted", it.get("SqsManagedSseEnabled"), "true")
        mappings = pages(
            self.functions,
            "list_event_source_mappings",
            "EventSourceMappings",
            FunctionName=self.about["process"]["FunctionName"],
        )
        if not check.equal("one mapping to process", len(mappings), 1):
            return
        it = mappings[0]
        check.equal("of the queue", it["EventSourceArn"], self.queue["QueueArn"])
        check("in batches", it["BatchSize"] > 1, it["BatchSize"])
        check.equal(
            "of which only what failed comes again",
            it.get("FunctionResponseTypes"),
            ["ReportBatchItemFailures"],
        )
        check.equal("that is enabled", it["State"], "Enabled")
        visible, timeout = int(self.queue["VisibilityTimeout"]), self.about["process"]["Timeout"]
        check("visible again after six timeouts", visible >= 6 * timeout, (visible, timeout))

    def data(self):
        check, table = self.check, self.table
        keys = {it["KeyType"]: it["AttributeName"] for it in table["KeySchema"]}
        check.equal("one table, by PK and SK", keys, {"HASH": "PK", "RANGE": "SK"})
        types = {it["AttributeName"]: it["AttributeType"] for it in table["AttributeDefinitions"]}
        check.equal("both are texts", types, {"PK": "S", "SK": "S"})
        mode = table.get("BillingModeSummary", {}).get("BillingMode")
        check.equal("paid per request", mode, "PAY_PER_REQUEST")

    def watching(self):
        check, aws = self.check, self.aws
        groups = {
            it["logGroupName"]: it.get("retentionInDays")
            for it in pages(aws.logs, "describe_log_groups", "logGroups")
        }
        names = [f"/aws/lambda/orders-serverless-{it}-{self.stack}" for it in FUNCTIONS]
        for name in (*names, f"/aws/apigateway/{self.name}"):
            check(f"{name} is kept for a time", groups.get(name), groups)
        alarms = pages(aws.cloudwatch, "describe_alarms", "MetricAlarms")
        alarms = [it for it in alarms if it["AlarmName"].startswith("orders-serverless-")]
        by = {(it["MetricName"], one["Value"]): it for it in alarms for one in it["Dimensions"]}
        wanted = [
            *(
                (metric, f"orders-serverless-{it}-{self.stack}")
                for it in FUNCTIONS
                for metric in ("Errors", "Throttles")
            ),
            ("ApproximateAgeOfOldestMessage", self.name),
            ("ApproximateNumberOfMessagesVisible", f"orders-serverless-dlq-{self.stack}"),
        ]
        check.equal("an alarm for each of these, and no other", sorted(by), sorted(wanted))
        for it in alarms:
            check.equal(f"{it['AlarmName']} tells the topic", it["AlarmActions"], [self.topic])
            check.equal(
                f"{it['AlarmName']}: silence is well", it.get("TreatMissingData"), "notBreaching"
            )
        subscriptions = pages(
            aws.sns, "list_subscriptions_by_topic", "Subscriptions", TopicArn=self.topic
        )
        check.equal("which tells one by email", [it["Protocol"] for it in subscriptions], ["email"])
        policy = aws.sns.get_topic_attributes(TopicArn=self.topic)["Attributes"]["Policy"]
        principals = [it["Principal"] for it in json.loads(policy)["Statement"]]
        check.equal(
            "only alarms may publish", principals, [{"Service": "cloudwatch.amazonaws.com"}]
        )
        body = aws.cloudwatch.get_dashboard(DashboardName=self.name)["DashboardBody"]
        for metric in (
            "Count",
            "5xx",
            "Errors",
            "Throttles",
            "Duration",
            "ApproximateAgeOfOldestMessage",
        ):
            check(f"the dashboard shows {metric}", f'"{metric}"' in body)

    def all(self):
        check = self.check
        check.group("parts", self.find)
        if check.failed:
            return
        for title, look in (
            ("API", self.http),
            ("functions", self.code),
            ("roles", self.roles),
            ("queues", self.queues),
            ("table", self.data),
            ("monitoring", self.watching),
        ):
            check.group(title, look)


if __name__ == "__main__":
    run(
        __doc__,
        "orders-serverless",
        lambda aws, check, args: Stack(aws, check, args).all(),
        lambda args: ["orders-serverless-"],
    )
