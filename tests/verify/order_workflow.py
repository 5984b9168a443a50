"""Looks at the order workflow as AWS tells of it, and shares nothing with orderinfra.

    python order_workflow.py ENDPOINT           everything is there, with its figures
    python order_workflow.py ENDPOINT --gone    nothing of it is left

Prints a line per check and a count; exits with 1 when any check failed.
ENDPOINT is an emulator's URL, or `aws` for the account of the environment.
"""

import json

from checks import ANYWHERE, document, narrow, pages, run, traffic, ways_out

STEPS = ("order-processor", "inventory-check", "payment-process", "merge-results", "s3-storage")
TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


class Stack:
    """The order workflow, found by its names."""

    def __init__(self, aws, check, args):
        self.aws, self.check, self.args, self.prefix = aws, check, args, args.prefix
        self.functions = getattr(aws, "lambda")

    def find(self):
        aws, prefix = self.aws, self.prefix
        names = {it: f"{prefix}-{it}-function" for it in STEPS} | {
            "api": f"{prefix}-api-lambda-function"
        }
        self.about = {
            key: self.functions.get_function_configuration(FunctionName=name)
            for key, name in names.items()
        }
        self.arns = {key: it["FunctionArn"] for key, it in self.about.items()}
        machines = pages(aws.stepfunctions, "list_state_machines", "stateMachines")
        arn = next(
            it["stateMachineArn"] for it in machines if it["name"] == f"{prefix}-order-workflow"
        )
        self.machine = aws.stepfunctions.describe_state_machine(stateMachineArn=arn)
        apis = pages(aws.apigateway, "get_rest_apis", "items")
        self.api = next(it for it in apis if it["name"] == f"{prefix}-order-api")
        acls = aws.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
        acl = next(it for it in acls if it["Name"] == f"{prefix}-order-api-waf")
        self.acl = aws.wafv2.get_web_acl(Name=acl["Name"], Id=acl["Id"], Scope="REGIONAL")["WebACL"]
        self.bucket = self.about["s3-storage"]["Environment"]["Variables"]["BUCKET"]

    # ------------------------------------------------------------------ API

    def http(self):
        check, aws, api = self.check, self.aws, self.api["id"]
        resources = pages(aws.apigateway, "get_resources", "items", restApiId=api)
        orders = next(it for it in resources if it.get("pathPart") == "orders")
        check.equal("a REST API with /orders only", len(resources), 2)
        check.equal("POST and GET", sorted(orders["resourceMethods"]), ["GET", "POST"])
        for method in ("POST", "GET"):
            it = aws.apigateway.get_integration(
                restApiId=api, resourceId=orders["id"], httpMethod=method
            )
            check.equal(f"{method} is a Lambda proxy", it["type"], "AWS_PROXY")
            check(f"{method} reaches the API function", self.arns["api"] in it["uri"], it["uri"])
        post = aws.apigateway.get_method(restApiId=api, resourceId=orders["id"], httpMethod="POST")
        model = post.get("requestModels", {}).get("application/json")
        check("POST checks bodies", post.get("requestValidatorId") and model, post)
        schema = aws.apigateway.get_model(restApiId=api, modelName=model)["schema"]
        check.equal(
            "for what an order has",
            sorted(json.loads(schema)["required"]),
            ["customerName", "items", "totalAmount"],
        )
        stages = aws.apigateway.get_stages(restApiId=api)["item"]
        check.equal(
            "one stage, of the environment", [it["stageName"] for it in stages], [self.args.stack]
        )
        check.equal("that is traced", stages[0].get("tracingEnabled"), True)
        check("deployed", stages[0].get("deploymentId"))
        settings = stages[0].get("methodSettings", {}).get("*/*", {})
        check(
            "with metrics and a limit",
            settings.get("metricsEnabled") and settings.get("throttlingRateLimit", 0) > 0,
            settings,
        )
        policy = json.loads(self.functions.get_policy(FunctionName=self.arns["api"])["Policy"])
        sources = sorted(
            it["Condition"]["ArnLike"]["AWS:SourceArn"].split(f":{api}/")[-1]
            for it in policy["Statement"]
        )
        check.equal(
            "only these two call the API function", sources, ["*/GET/orders", "*/POST/orders"]
        )

    def firewall(self):
        check, aws, acl = self.check, self.aws, self.acl
        region = self.args.region
        stage = f"arn:aws:apigateway:{region}::/restapis/{self.api['id']}/stages/{self.args.stack}"
        found = aws.wafv2.get_web_acl_for_resource(ResourceArn=stage)
        check.equal(
            "the web ACL protects the stage", found.get("WebACL", {}).get("ARN"), acl["ARN"]
        )
        rules = acl["Rules"]
        rates = [it for it in rules if "RateBasedStatement" in it["Statement"]]
        if check.equal("one rate limit", len(rates), 1):
            rate = rates[0]["Statement"]["RateBasedStatement"]
            found = (rate["Limit"], rate.get("EvaluationWindowSec", 300), rate["AggregateKeyType"])
            check.equal("of 2000 requests in 5 minutes per IP address", found, (2000, 300, "IP"))
            check("that blocks", "Block" in rates[0].get("Action", {}))
        geo = [it for it in rules if "GeoMatchStatement" in it["Statement"]]
        countries = [it["Statement"]["GeoMatchStatement"]["CountryCodes"] for it in geo]
        check(
            "countries are blocked",
            len(geo) == 1 and countries[0] and "Block" in geo[0]["Action"],
            geo,
        )
        managed = {
            it["Statement"]["ManagedRuleGroupStatement"]["Name"]: it.get("OverrideAction")
            for it in rules
            if "ManagedRuleGroupStatement" in it["Statement"]
        }
        wanted = {
            f"AWSManagedRules{it}": {"None": {}}
            for it in ("CommonRuleSet", "KnownBadInputsRuleSet", "AmazonIpReputationList")
        }
        check.equal("core rules, known bad inputs and IP reputation, as they are", managed, wanted)
        text = {it["Name"]: json.dumps(it["Statement"], default=str) for it in rules}
        for kind in ("SqliMatchStatement", "XssMatchStatement"):
            own = [it for it in rules if kind in text[it["Name"]]]
            check(
                f"a rule with {kind} blocks",
                len(own) == 1 and "Block" in own[0].get("Action", {}),
                own,
            )
            check(
                f"{kind} looks at body and query",
                all(it in text[own[0]["Name"]] for it in ("Body", "QueryString")),
            )
        check.equal(
            "no two rules have one priority", len({it["Priority"] for it in rules}), len(rules)
        )
        logging = aws.wafv2.get_logging_configuration(ResourceArn=acl["ARN"])[
            "LoggingConfiguration"
        ]
        check.equal(
            "it logs",
            [
                it.split(":log-group:")[-1].removesuffix(":*")
                for it in logging["LogDestinationConfigs"]
            ],
            [f"aws-waf-logs-{self.prefix}-order-api"],
        )

    # ------------------------------------------------------------- workflow

    def workflow(self):
        check, machine = self.check, self.machine
        check.equal("a standard workflow", machine["type"], "STANDARD")
        check.equal("that is traced", machine.get("tracingConfiguration", {}).get("enabled"), True)
        logging = machine.get("loggingConfiguration", {})
        groups = [
            it["cloudWatchLogsLogGroup"]["logGroupArn"] for it in logging.get("destinations", [])
        ]
        wanted = f":log-group:StepFunctions-{self.prefix}-order-workflow:*"
        check("and logs", len(groups) == 1 and groups[0].endswith(wanted), groups)
        check.equal("without what customers order", logging.get("includeExecutionData"), False)
        definition = json.loads(machine["definition"])
        states = definition["States"]
        parallel = [it for it in states.values() if it["Type"] == "Parallel"]
        if not check.equal("one Parallel state", len(parallel), 1):
            return
        inside = [state for it in parallel[0]["Branches"] for state in it["States"].values()]
        check.equal(
            "the stock is checked beside the payment",
            sorted(it["Resource"] for it in inside),
            sorted([self.arns["inventory-check"], self.arns["payment-process"]]),
        )
        caught = [it["ErrorEquals"] for it in parallel[0].get("Catch", [])]
        check.equal("a failure in it is caught", caught, [["States.ALL"]])
        tasks = inside + [it for it in states.values() if it["Type"] == "Task"]
        check.equal(
            "every step is called",
            sorted(it["Resource"] for it in tasks),
            sorted(self.arns[it] for it in STEPS),
        )
        check("every step is repeated", all(it["Retry"][0]["MaxAttempts"] >= 3 for it in tasks))
        check("and has an end", all(it.get("TimeoutSeconds") for it in tasks))
        order, at = [], definition["StartAt"]
        while at:
            order.append(states[at].get("Resource") or states[at]["Type"])
            at = states[at].get("Next") or states[at].get("Default")
        steps = {arn: name for name, arn in self.arns.items()}
        check.equal(
            "in order",
            [steps.get(it, it) for it in order],
            ["order-processor", "Parallel", "merge-results", "s3-storage", "Choice", "Succeed"],
        )
        may = narrow(
            check,
            self.aws,
            "workflow",
            machine["roleArn"],
            "states",
            TRACE
            | {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
            | {f"logs:{it}LogDelivery" for it in ("Create", "Get", "Update", "Delete")}
            | {
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            },
        )
        check.equal(
            "workflow: calls its steps only",
            may.get("lambda:InvokeFunction"),
            {self.arns[it] for it in STEPS},
        )

    def code(self):
        check = self.check
        for name, it in self.about.items():
            check.equal(f"{name} runs on Node.js 20", it["Runtime"], "nodejs20.x")
            check.equal(f"{name} is traced", it["TracingConfig"]["Mode"], "Active")
            check(f"{name} has code", it["CodeSize"] > 300, it["CodeSize"])
        variables = self.about["api"]["Environment"]["Variables"]
        wanted = {"BUCKET": self.bucket, "STATE_MACHINE_ARN": self.machine["stateMachineArn"]}
        check.equal("the API function knows what it works with", variables, wanted)

    def roles(self):
        check, bucket = self.check, f"arn:aws:s3:::{self.bucket}"
        own = {it: {} for it in STEPS}
        own["s3-storage"] = {"s3:PutObject": f"{bucket}/orders/*"}
        own["api"] = {
            "states:StartExecution": self.machine["stateMachineArn"],
            "s3:ListBucket": bucket,
            "s3:GetObject": f"{bucket}/orders/*",
        }
        roles = [it["Role"] for it in self.about.values()]
        check.equal("each function has a role of its own", len(set(roles)), 6)
        for name, it in self.about.items():
            may = narrow(check, self.aws, name, it["Role"], "lambda", TRACE)
            check.equal(
                f"{name}: what it needs, and nothing else", set(may), {*own[name], *LOGS, *TRACE}
            )
            for action, resource in own[name].items():
                check.equal(f"{name}: {action} on one thing", may.get(action), {resource})

    # -------------------------------------------------------------- storage

    def storage(self):
        check, s3, bucket = self.check, self.aws.s3, self.bucket
        check.equal(
            "versions are kept", s3.get_bucket_versioning(Bucket=bucket).get("Status"), "Enabled"
        )
        access = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        check("nothing is public", len(access) == 4 and all(access.values()), access)
        rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        check(
            "it is encrypted", rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], rules
        )
        owner = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        check.equal("without ACLs", owner, [{"ObjectOwnership": "BucketOwnerEnforced"}])
        denied = document(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        secure = [
            it for it in denied if it.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        check.equal("over encrypted connections only", [it["Effect"] for it in secure], ["Deny"])

    # -------------------------------------------------------------- network

    def host(self):
        check, aws = self.check, self.aws
        filters = [
            {"Name": "tag:Name", "Values": [f"{self.prefix}-operations"]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
        reservations = pages(aws.ec2, "describe_instances", "Reservations", Filters=filters)
        hosts = [it for one in reservations for it in one["Instances"]]
        if not check.equal("one EC2 instance", len(hosts), 1):
            return
        host = hosts[0]
        check("in a VPC of its own", host["VpcId"] not in self.default_vpcs(), host["VpcId"])
        groups = [it["GroupId"] for it in host["SecurityGroups"]]
        check.equal("with one security group", len(groups), 1)
        check.equal("that nothing enters", traffic(aws, groups[0]), {("out", 443, ANYWHERE)})
        check("without a key", not host.get("KeyName"))
        check.equal(
            "with IMDSv2 only", host.get("MetadataOptions", {}).get("HttpTokens"), "required"
        )
        way = ways_out(aws, host["VpcId"]).get(host["SubnetId"]) or {}
        check("with a way out", way.get("GatewayId", "").startswith("igw-"), way)
        profile = host["IamInstanceProfile"]["Arn"].split("/")[-1]
        role = aws.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"][
            "Roles"
        ][0]
        sessions = {
            f"ssmmessages:{it}{kind}Channel"
            for it in ("Create", "Open")
            for kind in ("Control", "Data")
        }
        narrow(check, aws, "host", role["Arn"], "ec2", sessions | {"ssm:UpdateInstanceInformation"})

    def default_vpcs(self):
        return {
            it["VpcId"] for it in pages(self.aws.ec2, "describe_vpcs", "Vpcs") if it["IsDefault"]
        }

    # ----------------------------------------------------------- monitoring

    def watching(self):
        check, aws, prefix = self.check, self.aws, self.prefix
        groups = {
            it["logGroupName"]: it.get("retentionInDays")
            for it in pages(aws.logs, "describe_log_groups", "logGroups")
        }
        wanted = [f"/aws/lambda/{it['FunctionName']}" for it in self.about.values()]
        wanted += [f"StepFunctions-{prefix}-order-workflow", f"aws-waf-logs-{prefix}-order-api"]
        for name in wanted:
            check(f"{name} is kept for a time", groups.get(name), groups)
        name = f"{prefix}-order-monitoring-dashboard"
        body = aws.cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        for what in (
            "AWS/ApiGateway",
            "AWS/States",
            "AWS/WAFV2",
            "AWS/Lambda",
            "Latency",
            "ExecutionsFailed",
            "BlockedRequests",
            "Errors",
        ):
            check(f"the dashboard shows {what}", f'"{what}"' in body)

    def all(self):
        check = self.check
        check.group("parts", self.find)
        if check.failed:
            return
        for title, look in (
            ("API", self.http),
            ("firewall", self.firewall),
            ("workflow", self.workflow),
            ("functions", self.code),
            ("roles", self.roles),
            ("storage", self.storage),
            ("network", self.host),
            ("monitoring", self.watching),
        ):
            check.group(title, look)


if __name__ == "__main__":
    run(
        __doc__,
        "order-workflow",
        lambda aws, check, args: Stack(aws, check, args).all(),
        lambda args: [
            f"{args.prefix}-",
            f"StepFunctions-{args.prefix}-",
            f"aws-waf-logs-{args.prefix}-",
        ],
        [("--prefix", "practice-dev")],
    )
