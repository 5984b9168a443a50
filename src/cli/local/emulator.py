"""The local emulator of orderinfra: moto on loopback, with what moto lacks.

Started as `python emulator.py PORT`. moto keeps AWS's records but plays little
of what AWS does with them: its ECS services never run a task, and some of what
is said to it is forgotten. What an order system needs to be seen working is
supplied here, as real AWS would, so that the engine needs to know no emulator.

The patches of a service are applied when the first request for it arrives,
because importing moto's backends is most of the time that a start takes.
"""

import base64
import copy
import functools
import gc
import hashlib
import inspect
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types
import uuid
import zipfile
from datetime import datetime, timezone

# AWS's own policies, which roles attach by ARN.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

# How many seconds a certificate waits for its proof, which nobody looks for here.
os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "1")

from moto import backends  # noqa: E402
from moto.core import errors, responses  # noqa: E402
from moto.core.base_backend import BackendDict, BaseBackend  # noqa: E402
from moto.core.common_models import BaseModel  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

# moto checks OpenAPI documents with a package that brings seventeen others, most
# of the time that an installation takes. Here a document is taken as it is.
UNCHECKED = types.ModuleType("openapi_spec_validator")
UNCHECKED.validate = lambda document: None
UNCHECKED.validation = types.ModuleType("openapi_spec_validator.validation")
UNCHECKED.validation.exceptions = types.ModuleType("openapi_spec_validator.validation.exceptions")
UNCHECKED.validation.exceptions.OpenAPIValidationError = type("Invalid", (Exception,), {})
for it in (UNCHECKED, UNCHECKED.validation, UNCHECKED.validation.exceptions):
    sys.modules[it.__name__] = it

# Nobody signs in here: pools of users need no tokens, nor the package that signs them.
TOKENS = types.ModuleType("joserfc")
TOKENS.jwk, TOKENS.jwt = types.ModuleType("joserfc.jwk"), types.ModuleType("joserfc.jwt")
TOKENS.jwk.RSAKey = types.SimpleNamespace(import_key=lambda key: None)
for it in (TOKENS, TOKENS.jwk, TOKENS.jwt):
    sys.modules[it.__name__] = it


class Actions:
    """The names of the methods of a class, asked one at a time."""

    def __init__(self, kind):
        self.kind = kind

    def __contains__(self, name):
        return inspect.isfunction(getattr(self.kind, name, None))


# moto lists its folder, and all methods of the class that answers, at every
# call: half of what a call costs.
MODULES = frozenset(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: MODULES
responses.method_names_from_class = Actions


@functools.cache
def names_of_services():
    """What AWS calls a service, by what moto does."""
    from botocore.session import Session

    return {name.replace("-", ""): name for name in Session().get_available_services()}


# It asks botocore for all services once for each, and finds the errors of a
# service anew for every error.
ERRORS = errors.ErrorLookupFactory()
errors.ErrorLookupFactory = lambda: ERRORS
errors.utils.service_name_from_moto_package_name = lambda it: names_of_services().get(it, it)

# What the order systems ask first, imported while the user's program is read.
WARMED = ("sts", "ec2", "iam", "logs", "ecs", "elb", "rds", "cloudwatch", "secretsmanager")
WARMED += ("ssm", "ecr", "kms", "acm", "wafv2", "applicationautoscaling", "sqs")

# What the copies of a cloud use beside these and what is patched.
SHARED = ("apigatewayv2", "autoscaling", "efs", "route53")

# By what an application is made for: called once, before its first request.
PATCHES = {}


def patches(service):
    """Marks what is to be done to moto before `service` answers."""

    def mark(patch):
        PATCHES.setdefault(service, []).append(patch)
        return patch

    return mark


def around(owner, name):
    """Replaces a method of moto by one that is given the original first."""

    def mark(patch):
        original = getattr(owner, name)

        @functools.wraps(original)
        def patched(*arguments, **named):
            return patch(original, *arguments, **named)

        static = isinstance(owner.__dict__.get(name), staticmethod)
        setattr(owner, name, staticmethod(patched) if static else patched)
        return patched

    return mark


def now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


# --------------------------------------------------------------------- ECS


# What a service is told at its creation and by updates, that moto drops. The
# names in the API's answers follow from these.
SERVICE_SETTINGS = {
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "capacityProviderStrategy": "capacity_provider_strategy",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "loadBalancers": "load_balancers",
    "networkConfiguration": "network_configuration",
    "placementConstraints": "placement_constraints",
    "placementStrategy": "placement_strategy",
    "platformVersion": "platform_version",
    "propagateTags": "propagate_tags",
    "serviceRegistries": "service_registries",
}

# Told only in a service's deployments.
DEPLOYMENT_SETTINGS = ("serviceConnectConfiguration", "volumeConfigurations")
DEPLOYMENT_SETTINGS += ("vpcLatticeConfigurations",)

# Changes of these start new tasks; others apply to the running ones.
REDEPLOYING = ("taskDefinition", "capacityProviderStrategy", "loadBalancers")
REDEPLOYING += ("networkConfiguration", "platformVersion", "serviceRegistries")
REDEPLOYING += DEPLOYMENT_SETTINGS


def placements(strategy, count):
    """The provider of each of `count` tasks: bases first, then by weights."""
    chosen = []
    for item in strategy:
        chosen += [item["capacityProvider"]] * item.get("base", 0)
    given = {it["capacityProvider"]: 0 for it in strategy}
    weights = {it["capacityProvider"]: it.get("weight", 0) for it in strategy}
    while len(chosen) < count and any(weights.values()):
        weighted = [it for it in weights if weights[it]]
        behind = min(weighted, key=lambda it: given[it] / weights[it])
        given[behind] += 1
        chosen.append(behind)
    return chosen[:count]


def log(backend, task, definition, text):
    """A line in the log of every container that has one, as its task's driver writes it."""
    from moto.logs.models import logs_backends

    for one in definition.container_definitions:
        configuration = one.get("logConfiguration") or {}
        options = configuration.get("options") or {}
        group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
        if configuration.get("logDriver") != "awslogs" or not group or not prefix:
            continue
        region = options.get("awslogs-region") or backend.region_name
        logs = logs_backends[backend.account_id][region]
        if group not in logs.groups:
            continue
        stream = f"{prefix}/{one['name']}/{task.id}"
        logs.ensure_log_stream(group, stream)
        event = {"timestamp": int(time.time() * 1000), "message": text}
        logs.groups[group].streams[stream].put_log_events([event])


def run_to_its_end(backend, task, definition):
    """A task of nobody's service: seen twice it has run, and `exit N` in its command is its code."""
    from moto.ec2 import ec2_backends

    overrides = (task.overrides or {}).get("containerOverrides") or []
    commands = {it.get("name"): it.get("command") or [] for it in overrides}
    task.containers = Tasks.containers(task, definition)
    task.created_at = task.started_at = now()
    looks = []

    def advance():
        looks.append(1)
        if len(looks) < 2 or task.last_status == "STOPPED":
            return
        task.desired_status = task.last_status = "STOPPED"
        task.stop_code = "EssentialContainerExited"
        task.stopped_reason = "Essential container in task exited"
        task.stopped_at = now()
        for container in task.containers:
            found = re.search(r"exit (\d+)", " ".join(commands.get(container.name, [])))
            container.last_status = "STOPPED"
            container.exitCode = int(found.group(1)) if found else 0
        log(backend, task, definition, "the emulated task ends")
        ec2 = ec2_backends[backend.account_id][backend.region_name]
        for attachment in task.attachments:
            for it in attachment.get("details", []):
                if it["name"] == "networkInterfaceId" and it["value"] in ec2.enis:
                    ec2.delete_network_interface(it["value"])

    task.advance = advance
    shown = [" ".join(it) for it in commands.values() if it]
    log(backend, task, definition, "the emulated task runs: " + ("; ".join(shown) or "its image"))


class Tasks:
    """The running tasks of one service: ECS starts, places and registers them."""

    def __init__(self, backend, service):
        self.backend = backend
        self.service = service
        self.group = f"service:{service.name}"

    def running(self):
        tasks = self.backend.tasks.get(self.service.cluster_name, {}).values()
        return [it for it in tasks if it.group == self.group and it.desired_status == "RUNNING"]

    def converge(self, deployment, wanted, reason):
        """Replaces tasks of older deployments and matches the wanted count."""
        for task in self.running():
            if task.started_by != deployment:
                self.stop(task, reason)
        running = self.running()
        for task in running[wanted:]:
            self.stop(task, "Scaling activity initiated by deployment " + deployment)
        strategy = getattr(self.service, "capacity_provider_strategy", None) or []
        providers = placements(strategy, wanted)
        for task in running:
            if getattr(task, "capacity_provider_name", None) in providers:
                providers.remove(task.capacity_provider_name)
        for number in range(len(running), wanted):
            self.start(deployment, number, providers.pop(0) if providers else None)

    def start(self, deployment, number, provider):
        from moto.ecs.models import Task

        service = self.service
        definition = self.backend.describe_task_definition(service.task_definition)
        # Without a network: moto would give it an address of no subnet.
        unconnected = copy.copy(definition)
        unconnected.network_mode = None
        tags = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}
        task = Task(
            cluster=self.backend.clusters[service.cluster_name],
            task_definition=unconnected,
            container_instance_arn=None,
            resource_requirements=None,
            backend=self.backend,
            group=self.group,
            launch_type=service.launch_type or "FARGATE",
            started_by=deployment,
            tags=list(tags.get(service.propagate_tags) or []),
            platform_version="1.4.0",
        )
        # moto's tasks age with every look at them, until they are stopped.
        task.advance = lambda: None
        task.capacity_provider_name = provider
        task.cpu, task.memory = definition.cpu, definition.memory
        task.connectivity, task.health_status = "CONNECTED", "HEALTHY"
        task.desired_status = task.last_status = "RUNNING"
        task.created_at = task.started_at = now()
        task.availability_zone = None
        task.containers = self.containers(task, definition)
        log(self.backend, task, definition, "the emulated task runs")
        task.interface = None
        if definition.network_mode == "awsvpc":
            self.connect(task, number)
        self.backend.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
        for group, container_port in self.groups():
            if task.interface:
                address = task.interface.private_ip_address
                group.register([{"Id": address, "Port": container_port}])

    @staticmethod
    def containers(task, definition):
        """moto's tasks have only the first container of their definition."""
        from moto.ecs.models import Container

        made = []
        for one in definition.container_definitions:
            alone = copy.copy(definition)
            alone.container_definitions = [one]
            container = Container(alone)
            # A text in ECS's answers, unlike in its requests.
            container.cpu = str(container.cpu or 0)
            container.task_arn = task.task_arn
            container.last_status = "RUNNING"
            container.exitCode = None
            # Numbers in a definition, texts in a task.
            for size in ("cpu", "memory"):
                value = getattr(container, size)
                setattr(container, size, None if value is None else str(value))
            made.append(container)
        return made

    def connect(self, task, number):
        """An interface with an address of one of the service's subnets in turn."""
        from moto.ec2 import ec2_backends

        network = self.service.network_configuration["awsvpcConfiguration"]
        ec2 = ec2_backends[self.backend.account_id][self.backend.region_name]
        subnet = ec2.get_subnet(network["subnets"][number % len(network["subnets"])])
        interface = ec2.create_network_interface(
            subnet=subnet,
            private_ip_address=subnet.get_available_subnet_ip(task),
            group_ids=network.get("securityGroups") or [],
            description=f"arn:aws:ecs:{self.backend.region_name}:attachment/{task.id}",
        )
        interface.status = "in-use"
        task.interface = interface
        task.availability_zone = subnet.availability_zone
        details = {
            "subnetId": subnet.id,
            "networkInterfaceId": interface.id,
            "macAddress": interface.mac_address,
            "privateDnsName": getattr(interface, "private_dns_name", None),
            "privateIPv4Address": interface.private_ip_address,
        }
        task.attachments = [
            {
                "id": str(uuid.uuid4()),
                "type": "ElasticNetworkInterface",
                "status": "ATTACHED",
                "details": [{"name": k, "value": v} for k, v in details.items() if v],
            }
        ]
        shown = {"attachmentId": task.attachments[0]["id"]}
        shown["privateIpv4Address"] = interface.private_ip_address
        for container in task.containers:
            container.network_interfaces = [shown]

    def stop(self, task, reason):
        task.desired_status = task.last_status = "STOPPED"
        task.stopped_reason = reason
        task.stop_code = "ServiceSchedulerInitiated"
        task.stopped_at = now()
        for container in task.containers:
            container.last_status, container.exitCode = "STOPPED", 0
        if not task.interface:
            return
        address = task.interface.private_ip_address
        # Also out of groups that the service no longer names.
        for group in self.all_groups().values():
            if address in group.targets:
                group.deregister([{"Id": address}])
        task.interface.subnet.del_subnet_ip(address)
        ec2 = task.interface.ec2_backend
        if task.interface.id in ec2.enis:
            ec2.delete_network_interface(task.interface.id)
        task.interface = None

    def all_groups(self):
        from moto.elbv2.models import elbv2_backends

        return elbv2_backends[self.backend.account_id][self.backend.region_name].target_groups

    def groups(self):
        """The target groups of the service, with the port that each is given."""
        groups = self.all_groups()
        for it in self.service.load_balancers or []:
            group = groups.get(it.get("targetGroupArn"))
            if group is not None and group.target_type == "ip":
                yield group, it.get("containerPort", group.port)


class Deploys:
    """What ECS does with a service that it is told to create or to update."""

    def __init__(self, backend):
        from moto.ecs import exceptions

        self.backend = backend
        self.refused = exceptions.InvalidParameterException
        self.errors = exceptions

    def existing(self, cluster, name):
        service = self.backend.services.get(f"{cluster.name}:{name}")
        return service if service is not None and service.status == "ACTIVE" else None

    def cluster(self, name):
        cluster = self.backend._get_cluster(name or "default")
        if cluster.status != "ACTIVE":
            raise self.errors.ClusterNotFoundException()
        return cluster

    def create(self, params, plain):
        """`plain` makes moto's service; the rest is what AWS adds to it."""
        cluster = self.cluster(params.get("cluster"))
        token = params.get("clientToken")
        service = self.existing(cluster, params["serviceName"])
        if service is not None:
            if token and service.client_token == token:
                return service
            raise self.refused("Creation of service was not idempotent.")
        self.check(params, cluster)
        strategy = params.get("capacityProviderStrategy")
        if not strategy and not params.get("launchType"):
            strategy = cluster.default_capacity_provider_strategy
            params["capacityProviderStrategy"] = strategy or []
        service = plain()
        # A service with a strategy has no launch type.
        service.launch_type = None if strategy else params.get("launchType") or "EC2"
        service.client_token = token
        service.created_at = now()
        self.defaults(service, params)
        self.keep(service, params)
        service.events, service.deployments = [], []
        if service.deployment_controller["type"] == "ECS":
            self.deploy(service)
        self.count(cluster)
        return service

    def check(self, params, cluster):
        """The refusals that tell of a wrong order or of a missing part."""
        definition = None
        if params.get("taskDefinition"):
            definition = self.backend.describe_task_definition(params["taskDefinition"])
            if definition.status != "ACTIVE":
                raise self.errors.EcsClientException("TaskDefinition is inactive")
        network = params.get("networkConfiguration")
        if definition and definition.network_mode == "awsvpc" and not network:
            raise self.refused(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            )
        if network:
            network["awsvpcConfiguration"].setdefault("securityGroups", [])
        for it in params.get("capacityProviderStrategy") or []:
            if it["capacityProvider"] not in (cluster.capacity_providers or []):
                raise self.refused(
                    "The specified capacity provider strategy cannot contain a capacity provider "
                    "that is not associated with the cluster. Associate the capacity provider "
                    "with the cluster and try again."
                )
        self.check_groups(params.get("loadBalancers"))

    def check_groups(self, load_balancers):
        from moto.elbv2.models import elbv2_backends

        elb = elbv2_backends[self.backend.account_id][self.backend.region_name]
        for arn in (it.get("targetGroupArn") for it in load_balancers or []):
            if arn is None:
                continue
            if arn not in elb.target_groups:
                raise self.refused(f"The specified target group does not exist. {arn}")
            if not elb._any_listener_using(arn):
                raise self.refused(
                    f"The target group with targetGroupArn {arn} does not have an associated "
                    "load balancer."
                )

    def defaults(self, service, params):
        """What AWS fills in for a service that does not say it."""
        service.availability_zone_rebalancing = "ENABLED"
        service.capacity_provider_strategy = []
        service.enable_ecs_managed_tags = False
        service.enable_execute_command = False
        service.placement_constraints, service.placement_strategy = [], []
        service.deployment_configuration = {
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        }
        service.kept = {}
        if self.on_fargate(service):
            service.platform_version = service.platform_version or "LATEST"
            service.platform_family = "Linux"
        if service.load_balancers:
            service.health_check_grace_period_seconds = 0
        if not service.role_arn and (service.load_balancers or service.network_configuration):
            service.role_arn = (
                f"arn:aws:iam::{self.backend.account_id}:role/aws-service-role/"
                "ecs.amazonaws.com/AWSServiceRoleForECS"
            )

    def on_fargate(self, service):
        definition = service.task_definition
        if service.launch_type or not definition:
            return service.launch_type == "FARGATE"
        definition = self.backend.describe_task_definition(definition)
        return "FARGATE" in (definition.requires_compatibilities or [])

    def keep(self, service, params):
        """Everything that the request says, as it says it."""
        for name, attribute in SERVICE_SETTINGS.items():
            if params.get(name) is not None:
                setattr(service, attribute, params[name])
        service.deployment_configuration.update(params.get("deploymentConfiguration") or {})
        for name in DEPLOYMENT_SETTINGS:
            if params.get(name) is not None:
                service.kept[name] = params[name]

    def update(self, params):
        cluster = self.cluster(params.get("cluster"))
        service = self.existing(cluster, params["service"].split("/")[-1])
        if service is None:
            gone = self.backend._get_service(cluster.name, params["service"].split("/")[-1])
            raise self.errors.ECSException(
                "ServiceNotActiveException", f"Service {gone.name} was not ACTIVE."
            )
        if params.get("loadBalancers"):
            self.check_groups(params["loadBalancers"])
        before = self.said(service)
        if params.get("taskDefinition"):
            named = self.backend.describe_task_definition(params["taskDefinition"])
            if named.status != "ACTIVE":
                raise self.errors.EcsClientException("TaskDefinition is inactive")
            service.task_definition = named.arn
        self.keep(service, params)
        if params.get("capacityProviderStrategy") is not None:
            service.launch_type = None
            if not service.capacity_provider_strategy:
                service.launch_type = "FARGATE" if self.on_fargate(service) else "EC2"
        if params.get("desiredCount") is not None:
            service.desired_count = params["desiredCount"]
        if service.deployment_controller["type"] == "ECS":
            anew = params.get("forceNewDeployment") or self.said(service) != before
            self.deploy(service, anew=anew)
        self.count(cluster)
        return service

    def said(self, service):
        """What its tasks depend on."""
        kept = {it: service.kept.get(it) for it in DEPLOYMENT_SETTINGS}
        named = {it: SERVICE_SETTINGS.get(it, "task_definition") for it in REDEPLOYING}
        named = {it: getattr(service, of, None) for it, of in named.items() if it not in kept}
        return copy.deepcopy({**named, **kept})

    def deploy(self, service, anew=True):
        """Goes at once where ECS takes minutes: all tasks run, all are healthy."""
        if anew or not service.deployments:
            self.renew(service)
        primary = service.deployments[0]
        tasks = Tasks(self.backend, service)
        wanted = service.desired_count if service.status == "ACTIVE" else 0
        if service.task_definition:
            tasks.converge(primary["id"], wanted, "Task replaced by a newer deployment")
        service.running_count, service.pending_count = len(tasks.running()), 0
        primary["desiredCount"] = service.desired_count
        primary["runningCount"] = service.running_count
        primary["updatedAt"] = now()
        self.tell(service, f"(service {service.name}) has reached a steady state.")

    def renew(self, service):
        number = uuid.uuid4().int % 10**19
        deployment = {
            "id": f"ecs-svc/{number:019}",
            "status": "PRIMARY",
            "taskDefinition": service.task_definition,
            "pendingCount": 0,
            "failedTasks": 0,
            "createdAt": now(),
            "networkConfiguration": service.network_configuration or None,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment ecs-svc/{number:019} completed.",
            **service.kept,
        }
        if service.launch_type:
            deployment["launchType"] = service.launch_type
        else:
            deployment["capacityProviderStrategy"] = service.capacity_provider_strategy
        if self.on_fargate(service):
            version = service.platform_version
            deployment["platformVersion"] = "1.4.0" if version == "LATEST" else version
            deployment["platformFamily"] = "Linux"
        service.deployments = [deployment]

    def tell(self, service, message):
        event = {"id": str(uuid.uuid4()), "createdAt": now(), "message": message}
        service.events = [event, *service.events][:100]

    def remove(self, service):
        """A deleted service is INACTIVE, without tasks and without targets."""
        service.desired_count = 0
        Tasks(self.backend, service).converge("", 0, "The service was deleted")
        service.running_count = service.pending_count = 0
        service.deployments = []
        self.count(self.backend.clusters[service.cluster_name])

    def count(self, cluster):
        services = self.backend.services.values()
        active = [it for it in services if it.cluster_arn == cluster.arn and it.status == "ACTIVE"]
        tasks = self.backend.tasks.get(cluster.name, {}).values()
        cluster.active_services_count = len(active)
        cluster.running_tasks_count = len([it for it in tasks if it.last_status == "RUNNING"])
        cluster.pending_tasks_count = 0


@patches("ecs")
def services_run():
    """CreateService, UpdateService and DeleteService have the effects of AWS's."""
    from moto.core.responses import ActionResult
    from moto.ecs.models import EC2ContainerServiceBackend as Backend
    from moto.ecs.responses import EC2ContainerServiceResponse as Response

    @around(Response, "create_service")
    def create_service(original, self):
        params = self._get_params()

        def plain():
            # moto knows no service without a launch type.
            launch_type = params.get("launchType")
            params["launchType"] = "FARGATE"
            made = original(self).result["service"]
            params["launchType"] = launch_type
            return made

        return ActionResult({"service": Deploys(self.ecs_backend).create(params, plain)})

    @around(Response, "update_service")
    def update_service(original, self):
        return ActionResult({"service": Deploys(self.ecs_backend).update(self._get_params())})

    @around(Backend, "delete_service")
    def delete_service(original, self, *arguments, **named):
        service = original(self, *arguments, **named)
        Deploys(self).remove(service)
        return service


@patches("ecs")
def services_are_found():
    """ListServices leaves deleted services out; DescribeServices takes ten."""
    from moto.ecs.exceptions import InvalidParameterException
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

    @around(Backend, "list_services")
    def list_services(original, self, *arguments, **named):
        active = {it.arn for it in self.services.values() if it.status == "ACTIVE"}
        return [it for it in original(self, *arguments, **named) if it in active]

    @around(Backend, "describe_services")
    def describe_services(original, self, cluster, names):
        if len(names) > 10:
            raise InvalidParameterException("Services cannot have more than 10 elements.")
        return original(self, cluster, names)


@patches("ecs")
def tasks_are_found():
    """ListTasks filters by service, and tells running tasks unless asked for others."""
    from moto.ecs.models import EC2ContainerServiceBackend as Backend

    @around(Backend, "list_tasks")
    def list_tasks(original, self, *arguments, **named):
        asked = dict(zip(("cluster", "instance", "family", "by", "service", "status"), arguments))
        tasks = original(self, *arguments, **named)
        if asked.get("cluster"):
            name = asked["cluster"].split("/")[-1]
            tasks = [it for it in tasks if it.cluster_name == name]
        if asked.get("service"):
            group = "service:" + asked["service"].split("/")[-1]
            tasks = [it for it in tasks if it.group == group]
        if "cluster" in asked and not asked.get("status"):
            tasks = [it for it in tasks if it.desired_status == "RUNNING"]
        return tasks

    @around(Backend, "stop_task")
    def stop_task(original, self, cluster, task, reason):
        """A service starts another one for a task that is stopped."""
        stopped = original(self, cluster, task, reason)
        for service in self.services.values():
            tasks = Tasks(self, service)
            if stopped.group == tasks.group and stopped.cluster_arn == service.cluster_arn:
                tasks.stop(stopped, reason or "Task stopped by user")
                Deploys(self).deploy(service, anew=False)
        return stopped


@patches("ecs")
def tasks_run_once():
    """RunTask by a capacity provider strategy, without security groups, with the task's memory."""
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface
    from moto.ecs.models import EC2ContainerServiceBackend as Backend
    from moto.ecs.responses import EC2ContainerServiceResponse as Response

    # Has none in a VPC without DNS host names, where moto's tasks ask for it.
    NetworkInterface.private_dns_name = ""

    @around(Response, "run_task")
    def run_task(original, self):
        params = self._get_params()
        cluster = self.ecs_backend._get_cluster(params.get("cluster", "default"))
        strategy = params.get("capacityProviderStrategy")
        strategy = strategy or cluster.default_capacity_provider_strategy
        if strategy and not params.get("launchType"):
            params["launchType"] = "FARGATE"
        network = params.get("networkConfiguration") or {}
        network.get("awsvpcConfiguration", {}).setdefault("securityGroups", [])
        token = params.get("clientToken")
        answers = self.ecs_backend.__dict__.setdefault("tasks_by_token", {})
        if token not in answers:
            answers[token] = original(self)
        return answers[token] if token else answers.pop(token)

    @around(Backend, "run_task")
    def run(original, self, cluster, definition, *arguments, **named):
        tasks = original(self, cluster, definition, *arguments, **named)
        for task in tasks:
            run_to_its_end(self, task, self.describe_task_definition(definition))
        return tasks

    @around(Backend, "_calculate_task_resource_requirements")
    def requirements(original, *arguments):
        # Fargate has no instance to make room on; its containers need no sizes.
        if "FARGATE" in (arguments[-1].requires_compatibilities or []):
            return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}
        return original(*arguments)


@patches("ecs")
def clusters_live():
    """A cluster is created once; with services it cannot be deleted; deleted it is not listed."""
    from moto.core.responses import ActionResult
    from moto.ecs.exceptions import ECSException
    from moto.ecs.models import EC2ContainerServiceBackend as Backend
    from moto.ecs.responses import EC2ContainerServiceResponse as Response

    @around(Backend, "create_cluster")
    def create_cluster(original, self, cluster_name, *arguments, **named):
        existing = self.clusters.get(cluster_name)
        if existing is not None and existing.status == "ACTIVE":
            return existing
        return original(self, cluster_name, *arguments, **named)

    @around(Backend, "delete_cluster")
    def delete_cluster(original, self, cluster_str):
        cluster = self._get_cluster(cluster_str)
        services = (it for it in self.services.values() if it.status == "ACTIVE")
        if any(it.cluster_arn == cluster.arn for it in services):
            raise ECSException(
                "ClusterContainsServicesException",
                "The Cluster cannot be deleted while Services are active.",
            )
        return original(self, cluster_str)

    @around(Backend, "list_clusters")
    def list_clusters(original, self):
        return [it.arn for it in self.clusters.values() if it.status == "ACTIVE"]

    def update_cluster_settings(self):
        cluster = self.ecs_backend._get_cluster(self._get_param("cluster"))
        cluster.settings = self._get_param("settings")
        return ActionResult({"cluster": cluster})

    Response.update_cluster_settings = update_cluster_settings


@patches("ecs")
def capacity_providers_drain():
    """UpdateCapacityProvider changes the draining of instances, too."""
    from moto.ecs.models import CapacityProvider

    @around(CapacityProvider, "update")
    def update(original, self, asg_details):
        original(self, asg_details)
        if "managedDraining" in asg_details:
            draining = asg_details["managedDraining"]
            self.auto_scaling_group_provider["managedDraining"] = draining


# ------------------------------------------------------------------- ELBv2


@patches("elbv2")
def load_balancers_are_made_once():
    """CreateLoadBalancer with an existing name: the same one, or refused."""
    from moto.elbv2.exceptions import DuplicateLoadBalancerName
    from moto.elbv2.models import ELBv2Backend

    @around(ELBv2Backend, "create_load_balancer")
    def create_load_balancer(original, self, **named):
        said = {name: value for name, value in named.items() if name != "tags"}
        for existing in self.load_balancers.values():
            if existing.name == named["name"]:
                if existing.said == said:
                    return existing
                raise DuplicateLoadBalancerName()
        made = original(self, **named)
        made.said = copy.deepcopy(said)
        return made


@patches("elbv2")
def target_groups_are_made_once():
    """CreateTargetGroup with an existing name: the same one, or refused."""
    from moto.elbv2.exceptions import DuplicateTargetGroupName
    from moto.elbv2.models import ELBv2Backend

    @around(ELBv2Backend, "create_target_group")
    def create_target_group(original, self, name, **named):
        said = {key: value for key, value in named.items() if key != "tags"}
        for existing in self.target_groups.values():
            if existing.name == name:
                if existing.said == said:
                    return existing
                raise DuplicateTargetGroupName()
        said = copy.deepcopy(said)
        made = original(self, name, **named)
        made.said = said
        return made


@patches("elbv2")
def listeners_are_made_once():
    """CreateListener on a port in use: the same one, or refused."""
    from moto.elbv2.exceptions import DuplicateListenerError
    from moto.elbv2.models import ELBv2Backend

    @around(ELBv2Backend, "create_listener")
    def create_listener(original, self, **named):
        said = copy.deepcopy({key: value for key, value in named.items() if key != "tags"})
        balancer = self.load_balancers.get(named["load_balancer_arn"])
        for existing in balancer.listeners.values() if balancer else []:
            if str(existing.port) == str(named["port"]):
                if existing.said == said:
                    return existing
                raise DuplicateListenerError()
        made = original(self, **named)
        made.said = said
        return made


@patches("elbv2")
def certificates_are_added_once():
    """Adding what a listener has is no change."""
    from moto.elbv2.models import ELBv2Backend

    @around(ELBv2Backend, "add_listener_certificates")
    def add_listener_certificates(original, self, arn, certificates):
        there = set(self.describe_listener_certificates(arn))
        fresh = [it for it in certificates if it["CertificateArn"] not in there]
        return original(self, arn, fresh)


@patches("elbv2")
def actions_are_checked():
    """What AWS refuses of the actions of listeners and rules. A client's secret is never told."""
    from moto.elbv2.exceptions import ActionTargetGroupNotFoundError, ELBClientError
    from moto.elbv2.models import ELBv2Backend, FakeAction

    def refused(message):
        return ELBClientError("ValidationError", message)

    @around(FakeAction, "__init__")
    def without_secret(original, self, data):
        oidc = dict(data.get("AuthenticateOidcConfig") or {})
        secrets = (oidc.pop("ClientSecret", None), oidc.pop("UseExistingClientSecret", None))
        self.knows_secret = any(secrets)
        original(self, {**data, "AuthenticateOidcConfig": oidc} if oidc else data)

    def check_forward(self, data):
        config = data.get("ForwardConfig") or {}
        groups = config.get("TargetGroups") or []
        arns = [it.get("TargetGroupArn") for it in groups]
        alone = data.get("TargetGroupArn")
        if alone and groups and arns != [alone]:
            raise refused(
                "You can specify only one target group using ForwardConfig if you specify "
                "TargetGroupArn, and it must be the same target group"
            )
        if not 1 <= len(arns or [alone]) <= 5 or not (groups or alone):
            raise refused("A forward action has one to five target groups")
        for arn in arns:
            if arn not in self.target_groups:
                raise ActionTargetGroupNotFoundError(arn)
        weights = [int(it.get("Weight", 1)) for it in groups]
        if any(not 0 <= it <= 999 for it in weights):
            raise refused("The weight for each target group must be between 0 and 999, inclusive")
        # Nobody knows what AWS makes of it: nothing of ours says it.
        if len(weights) > 1 and not any(weights):
            raise refused("One target group must have a weight above 0")
        stickiness = config.get("TargetGroupStickinessConfig") or {}
        duration = stickiness.get("DurationSeconds")
        if stickiness.get("Enabled") and not 1 <= int(duration or 0) <= 604800:
            raise refused("Stickiness has a duration between 1 and 604800 seconds")

    @around(ELBv2Backend, "_validate_actions")
    def validate_actions(original, self, actions):
        # moto does not know these.
        original(self, [it for it in actions if it.type != "jwt-validation"])
        for action in actions:
            if action.type == "forward":
                check_forward(self, action.data)
            if action.type == "authenticate-oidc" and not action.knows_secret:
                raise refused("You must specify a client secret, or to use the existing one")

    @around(ELBv2Backend, "modify_listener")
    def modify_listener(original, self, arn, *settings):
        actions = settings[-1]
        if actions:
            self._validate_actions([FakeAction(it) for it in actions])
        return original(self, arn, *settings)

    @around(ELBv2Backend, "modify_rule")
    def modify_rule(original, self, rule_arn, conditions, actions):
        for rule in self.describe_rules(listener_arn=None, rule_arns=[rule_arn]):
            if rule.is_default:
                why = f"Default rule '{rule_arn}' cannot be modified"
                raise ELBClientError("OperationNotPermitted", why)
        return original(self, rule_arn, conditions, actions)


def set_target_health(wanted):
    """What a test makes of a group's targets: `{target: [state, reason, "anomalous",
    "zonal_shift_active"]}`, all but the state may be left out. `*` is all others, and null makes
    a target healthy again."""
    from moto.elbv2.models import elbv2_backends

    for account in elbv2_backends.values():
        for backend in account.values():
            group = backend.target_groups.get(wanted["group"])
            if group is not None:
                group.__dict__.setdefault("told_health", {}).update(wanted["targets"])
                return True
    return False


@patches("elbv2")
def targets_have_health():
    """A group in use tells what a test wants of its targets, another does not look at them."""
    import ipaddress

    from moto.elbv2.models import ELBv2Backend, FakeHealthStatus

    def told(self):
        target = {"Id": self.instance_id, "Port": self.port}
        return {**target, "AvailabilityZone": self.zone} if self.zone else target

    FakeHealthStatus.zone = None
    FakeHealthStatus.anomaly_detection = FakeHealthStatus.administrative_override = None
    FakeHealthStatus.target = property(told)

    def zone_of(self, address):
        """AWS finds the zone of an address in one of its subnets."""
        try:
            address = ipaddress.ip_address(address)
        except ValueError:
            return None
        for zone in self.ec2_backend.subnets.values():
            for subnet in zone.values():
                if address in subnet.cidr:
                    return subnet.availability_zone
        return None

    @around(ELBv2Backend, "describe_target_health")
    def describe_target_health(original, self, target_group_arn, targets):
        found = original(self, target_group_arn, targets)
        group = self.target_groups[target_group_arn]
        wanted = group.__dict__.get("told_health", {})
        used = self._any_listener_using(target_group_arn)
        for it in found:
            if it.instance_id not in group.targets:
                continue
            it.zone = zone_of(self, it.instance_id)
            health = wanted.get(it.instance_id, wanted.get("*")) or []
            result = "anomalous" if "anomalous" in health[2:] else "normal"
            it.anomaly_detection = {"Result": result, "MitigationInEffect": "no"}
            shifted = "zonal_shift_active" if "zonal_shift_active" in health[2:] else "no_override"
            it.administrative_override = {"State": shifted}
            if not used:
                it.status, it.reason = "unused", "Target.NotInUse"
                it.description = "Target group is not configured to receive traffic"
            elif health:
                it.status, it.reason = [*health, None][:2]
        return found


# -------------------------------------------------------------- CloudWatch


@patches("cloudwatch")
def percentiles_are_computed():
    from moto.cloudwatch.models import Statistics

    @around(Statistics, "get_statistics_for_type")
    def get_statistics_for_type(original, self, stat):
        wanted = re.fullmatch(r"p(\d{1,2}(?:\.\d+)?|100)", stat)
        values = sorted(self.metric_single_values_list)
        if not wanted or not values:
            return original(self, stat)
        place = (len(values) - 1) * float(wanted.group(1)) / 100
        below = int(place)
        above = min(below + 1, len(values) - 1)
        return values[below] + (values[above] - values[below]) * (place - below)


@patches("cloudwatch")
def alarms_tell_when_they_changed():
    """The last change of state, and composite alarms to who asks for them."""
    from moto.cloudwatch.models import Alarm
    from moto.cloudwatch.responses import CloudWatchResponse as Response

    @around(Alarm, "__init__")
    def created(original, self, *arguments, **named):
        original(self, *arguments, **named)
        self.state_transitioned_timestamp = self.state_updated_timestamp

    @around(Alarm, "update_state")
    def update_state(original, self, reason, reason_data, state_value):
        changes = state_value != self.state_value
        original(self, reason, reason_data, state_value)
        if changes:
            self.state_transitioned_timestamp = self.state_updated_timestamp

    # The same but for the rule, which is read there.
    Response.put_composite_alarm = lambda self: self.put_metric_alarm()

    @around(Response, "describe_alarms")
    def describe_alarms(original, self):
        asked = self._get_param("AlarmTypes") or ["MetricAlarm"]
        answer = original(self)
        for kind in ("MetricAlarm", "CompositeAlarm"):
            if kind not in asked:
                answer.result[kind + "s"] = []
        return answer


# --------------------------------------------------------------------- RDS


@patches("rds")
def only_serverless_v1_scales_by_itself():
    """ScalingConfigurationInfo is told of clusters with engine mode `serverless` only."""
    from moto.rds.models import DBCluster

    told = DBCluster.scaling_configuration_info

    def scaling_configuration_info(self):
        return told.fget(self) if self.engine_mode == "serverless" else None

    DBCluster.scaling_configuration_info = property(scaling_configuration_info)


@patches("rds")
def parameters_have_a_source():
    """Parameters that were set are told with `Source` user."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    def with_source(original, self):
        parameters = []
        for it in original(self).result["Parameters"]:
            it = dict(it.original_dict() if hasattr(it, "original_dict") else it)
            # Ones that were never set, or were set back, have no value.
            was_set = "ParameterValue" in it or "parameter_value" in it
            it.setdefault("Source", "user" if was_set else "engine-default")
            parameters.append(it)
        asked = self.params.get("Source")
        return ActionResult(
            {"Parameters": [it for it in parameters if asked in (None, it["Source"])]}
        )

    around(RDSResponse, "describe_db_parameters")(with_source)
    around(RDSResponse, "describe_db_cluster_parameters")(with_source)


@patches("rds")
def parameters_can_be_reset():
    """ResetDB(Cluster)ParameterGroup, which moto lacks, forgets what was set."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    def resets(kind, groups):
        def reset(self):
            name = self.params.get(kind)
            parameters = getattr(self.backend, groups)[name].parameters
            every = self.params.get("ResetAllParameters")
            for it in list(parameters) if every else self.params.get("Parameters", []):
                parameters.pop(it if every else it.original_dict()["ParameterName"], None)
            return ActionResult({kind: name})

        return reset

    RDSResponse.reset_db_parameter_group = resets("DBParameterGroupName", "db_parameter_groups")
    RDSResponse.reset_db_cluster_parameter_group = resets(
        "DBClusterParameterGroupName", "db_cluster_parameter_groups"
    )


@patches("rds")
def snapshots_of_its_own_never_clash():
    """A database of the same name that is made twice in a minute would clash with
    the automated snapshot of the first, which moto keeps and names by the minute."""
    from moto.rds.models import RDSBackend

    @around(RDSBackend, "create_auto_cluster_snapshot")
    def cluster(original, self, name, snapshot):
        self.cluster_snapshots.pop(snapshot, None)
        return original(self, name, snapshot)

    @around(RDSBackend, "create_auto_snapshot")
    def instance(original, self, name, snapshot):
        self.database_snapshots.pop(snapshot, None)
        return original(self, name, snapshot)


@patches("rds")
def subnet_groups_are_made_once():
    """moto writes over a subnet group of the same name."""
    from moto.rds.exceptions import RDSClientError
    from moto.rds.models import RDSBackend

    @around(RDSBackend, "create_subnet_group")
    def create_subnet_group(original, self, subnet_name, *arguments, **named):
        if subnet_name in self.subnet_groups:
            why = f"The DB subnet group '{subnet_name}' already exists."
            raise RDSClientError("DBSubnetGroupAlreadyExists", why)
        return original(self, subnet_name, *arguments, **named)


@patches("rds")
def clusters_are_made_once():
    """CreateDBCluster with an existing name is refused with the code of clusters."""
    from moto.rds.exceptions import RDSClientError
    from moto.rds.models import RDSBackend

    @around(RDSBackend, "create_db_cluster")
    def create_db_cluster(original, self, kwargs):
        if kwargs["db_cluster_identifier"] in self.clusters:
            raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
        return original(self, kwargs)


@patches("rds")
def clusters_come_from_backups_in_s3():
    """RestoreDBClusterFromS3, which moto lacks: a cluster without the data."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    of_the_backup = ("s3_bucket_name", "s3_prefix", "s3_ingestion_role_arn")
    of_the_backup += ("source_engine", "source_engine_version")

    def restore_db_cluster_from_s3(self):
        told = dict(self.params)
        for name in of_the_backup:
            told.pop(name, None)
        return ActionResult({"DBCluster": self.backend.create_db_cluster(told)})

    RDSResponse.restore_db_cluster_from_s3 = restore_db_cluster_from_s3


@patches("rds")
def option_groups_are_listed():
    """DescribeOptionGroups without a name tells of all."""
    from moto.rds.models import RDSBackend

    @around(RDSBackend, "describe_option_groups")
    def describe_option_groups(original, self, option_group_kwargs):
        if option_group_kwargs.get("option_group_name"):
            return original(self, option_group_kwargs)
        return list(self.option_groups.values())


@patches("rds")
def event_subscriptions_change():
    """moto changes none, and does not say whose they are; a new one is switched on."""
    from moto.core.responses import ActionResult
    from moto.rds.models import EventSubscription
    from moto.rds.responses import RDSResponse

    EventSubscription.customer_aws_id = property(lambda self: self.account_id)

    @around(EventSubscription, "__init__")
    def init(original, self, *arguments, **named):
        named.setdefault("enabled", True)
        original(self, *arguments, **named)

    def subscription(self):
        name = self.params["SubscriptionName"]
        return next(iter(self.backend.describe_event_subscriptions(name)))

    def modify_event_subscription(self):
        it = subscription(self)
        fields = {
            "Enabled": "enabled",
            "EventCategories": "event_categories",
            "SnsTopicArn": "sns_topic_arn",
            "SourceType": "source_type",
        }
        for name, field in fields.items():
            if name in self.params:
                setattr(it, field, self.params[name])
        return ActionResult({"EventSubscription": it})

    def add_source_identifier_to_subscription(self):
        it = subscription(self)
        it.source_ids = sorted({*it.source_ids, self.params["SourceIdentifier"]})
        return ActionResult({"EventSubscription": it})

    def remove_source_identifier_from_subscription(self):
        it = subscription(self)
        it.source_ids = [id for id in it.source_ids if id != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": it})

    RDSResponse.modify_event_subscription = modify_event_subscription
    RDSResponse.add_source_identifier_to_subscription = add_source_identifier_to_subscription
    RDSResponse.remove_source_identifier_from_subscription = (
        remove_source_identifier_from_subscription
    )


@patches("rds")
def proxies_change():
    """moto changes no proxy, forgets how they are reached, and knows none that is gone."""
    from moto.core.responses import ActionResult
    from moto.rds.exceptions import DBProxyNotFoundFault
    from moto.rds.responses import RDSResponse

    @around(RDSResponse, "create_db_proxy")
    def create_db_proxy(original, self):
        self.params.setdefault("Auth", [])
        answer = original(self)
        proxy = self.backend.db_proxies[self.params["DBProxyName"]]
        proxy.default_auth_scheme = self.params.get("DefaultAuthScheme", "NONE")
        proxy.endpoint_network_type = self.params.get("EndpointNetworkType", "IPV4")
        target = self.params.get("TargetConnectionNetworkType", "IPV4")
        proxy.target_connection_network_type = target
        return answer

    def modify_db_proxy(self):
        proxy = self.backend.describe_db_proxies(self.params["DBProxyName"])[0]
        fields = {
            "Auth": "auth",
            "DebugLogging": "debug_logging",
            "DefaultAuthScheme": "default_auth_scheme",
            "IdleClientTimeout": "idle_client_timeout",
            "RequireTLS": "require_tls",
            "RoleArn": "role_arn",
            "SecurityGroups": "vpc_security_group_ids",
        }
        for name, field in fields.items():
            if name in self.params:
                setattr(proxy, field, self.params[name])
        return ActionResult({"DBProxy": proxy})

    RDSResponse.modify_db_proxy = modify_db_proxy

    @around(RDSResponse, "delete_db_proxy")
    def delete_db_proxy(original, self):
        if self.params["DBProxyName"] not in self.backend.db_proxies:
            raise DBProxyNotFoundFault(self.params["DBProxyName"])
        return original(self)


# --------------------------------------------------------------------- SQS


@patches("sqs")
def queues_keep_their_policies():
    """SetQueueAttributes changes what it names only; policies stay as they were written."""
    from moto.sqs.models import Queue

    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = None

    @around(Queue, "_set_attributes")
    def set_attributes(original, self, attributes, *arguments, **named):
        attributes = dict(attributes)
        # Without one, moto takes it away.
        if "Policy" not in attributes:
            attributes["Policy"] = getattr(self, "said", {}).get("Policy")
        original(self, attributes, *arguments, **named)
        self.said = {**getattr(self, "said", {}), **attributes}

    told = Queue.attributes

    def with_policies(self):
        result = told.fget(self)
        for name in ("Policy", "RedrivePolicy", "RedriveAllowPolicy"):
            text = getattr(self, "said", {}).get(name)
            if isinstance(text, str) and text:
                result[name] = text
            elif not result.get(name):
                result.pop(name, None)
        return result

    Queue.attributes = property(with_policies)

    # These change the policy that moto holds, not what was said of it.
    def forgets_the_text(original, self, name, *arguments, **named):
        done = original(self, name, *arguments, **named)
        queue = self.get_queue(name)
        queue.said = {**queue.said, "Policy": queue.policy}
        return done

    from moto.sqs.models import SQSBackend

    around(SQSBackend, "add_permission")(forgets_the_text)
    around(SQSBackend, "remove_permission")(forgets_the_text)


# ------------------------------------------- application autoscaling, EC2


@patches("applicationautoscaling")
def scalable_targets_have_tags():
    """ListTagsForResource, TagResource and UntagResource, and tags at registration."""
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
    from moto.core.exceptions import JsonRESTError

    def tags(self):
        arn = self._get_param("ResourceARN")
        backend = self.applicationautoscaling_backend
        if not any(it.arn == arn for it in all_targets(backend)):
            message = f"The scalable target {arn} could not be found."
            raise JsonRESTError("ResourceNotFoundException", message)
        return kept(backend).setdefault(arn, {})

    def all_targets(backend):
        return [it for targets in backend.targets.values() for it in targets.values()]

    def kept(backend):
        return backend.__dict__.setdefault("kept_tags", {})

    def list_tags_for_resource(self):
        return json.dumps({"Tags": tags(self)})

    def tag_resource(self):
        tags(self).update(self._get_param("Tags"))
        return "{}"

    def untag_resource(self):
        for key in self._get_param("TagKeys"):
            tags(self).pop(key, None)
        return "{}"

    Response.list_tags_for_resource = list_tags_for_resource
    Response.tag_resource = tag_resource
    Response.untag_resource = untag_resource

    @around(Response, "register_scalable_target")
    def register_scalable_target(original, self):
        answer = original(self)
        given = self._get_param("Tags")
        if given:
            arn = json.loads(answer)["ScalableTargetARN"]
            kept(self.applicationautoscaling_backend).setdefault(arn, {}).update(given)
        return answer


@patches("ec2")
def client_tokens_count():
    """A creation that is repeated with its ClientToken gives what the first one made."""
    from moto.ec2.responses import EC2Response

    def remembered(original, self):
        token = self._get_param("ClientToken")
        if not token:
            return original(self)
        answers = self.ec2_backend.__dict__.setdefault("answers", {})
        key = (self._get_action(), token)
        if key not in answers:
            answers[key] = original(self)
        return answers[key]

    for action in ("create_nat_gateway", "create_route_table", "create_flow_logs"):
        around(EC2Response, action)(remembered)
    for action in ("create_vpc_endpoint", "run_instances", "create_launch_template"):
        around(EC2Response, action)(remembered)


@patches("ec2")
def rules_of_groups_are_described():
    """A rule whose peer is a security group or a prefix list has a description too."""
    from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule

    def description(self):
        own = (self.ip_range, self.source_group, self.said_of_list)
        return next((it["Description"] for it in own if it.get("Description")), None)

    SecurityGroupRule.said_of_list = {}
    SecurityGroupRule.description = property(description)

    @around(SecurityGroupRule, "__init__")
    def init(original, self, *arguments, **named):
        original(self, *arguments, **named)
        prefix_list = named.get("prefix_list_id") or (arguments[7:8] or [None])[0]
        self.said_of_list = prefix_list or {}

    @around(SecurityGroupRule, "__eq__")
    def equal(original, self, other):
        """Rules that differ in their descriptions only are duplicates."""
        bare = [copy.copy(self), copy.copy(other)]
        for it in bare:
            it.source_group = {k: v for k, v in it.source_group.items() if k != "Description"}
        return original(*bare)

    @around(SecurityGroupBackend, "modify_security_group_rules")
    def modify(original, self, group_id, rules):
        original(self, group_id, rules)
        group = self.get_security_group_by_name_or_id(group_id)
        for rule_id, new in rules.items():
            rule = group.get_rule(rule_id)
            if new.get("ReferencedGroupId"):
                rule.source_group["GroupId"] = new["ReferencedGroupId"]
                rule.source_group["Description"] = new.get("Description", "")


@patches("ec2")
def nat_gateways_leave_nothing():
    """DeleteNatGateway frees the address and takes the interface away."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.nat_gateways import NatGatewayBackend

    @around(NatGatewayBackend, "delete_nat_gateway")
    def delete_nat_gateway(original, self, nat_gateway_id):
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None or gateway.state == "deleted":
            message = f"NatGateway {nat_gateway_id} was not found"
            raise EC2ClientError("NatGatewayNotFound", message)
        for address in gateway.address_set:
            if address.get("associationId"):
                self.disassociate_address(association_id=address["associationId"])
        self.enis.pop(gateway._eni.id, None)
        return original(self, nat_gateway_id)


@patches("ec2")
def instances_are_terminated_once():
    """TerminateInstances of what is terminated changes nothing."""
    from moto.ec2.models.instances import Instance

    @around(Instance, "terminate")
    def terminate(original, self):
        return copy.copy(self._state) if self.state == "terminated" else original(self)


@patches("ec2")
def networks_take_their_own_acls_along():
    """DeleteVpc deletes the network ACL that the VPC was born with."""
    from moto.ec2.models.vpcs import VPCBackend

    @around(VPCBackend, "delete_vpc")
    def delete_vpc(original, self, vpc_id):
        vpc = original(self, vpc_id)
        for it in list(self.network_acls.values()):
            if it.vpc_id == vpc_id and it.default:
                del self.network_acls[it.id]
        return vpc


@patches("ec2")
def associations_of_acls_are_replaced_once():
    """What was replaced has another id, and is not found by its old one."""
    from moto.ec2.exceptions import InvalidAssociationIdError
    from moto.ec2.models.network_acls import NetworkAclBackend

    @around(NetworkAclBackend, "replace_network_acl_association")
    def replace(original, self, association_id, network_acl_id):
        if not any(association_id in it._associations for it in self.network_acls.values()):
            raise InvalidAssociationIdError(association_id)
        return original(self, association_id, network_acl_id)


@patches("ec2")
def more_is_found_by_filters():
    """Network ACLs and endpoints by id; peering connections by anything at all."""
    from moto.ec2.models.network_acls import NetworkAcl
    from moto.ec2.models.vpc_peering_connections import VPCPeeringConnection
    from moto.ec2.models.vpcs import VPCEndPoint
    from moto.ec2.responses import EC2Response
    from moto.ec2.utils import generic_filter

    for model, name in ((NetworkAcl, "network-acl-id"), (VPCEndPoint, "vpc-endpoint-id")):

        @around(model, "get_filter_value")
        def get_filter_value(original, self, filter_name, *rest, own=name):
            return self.id if filter_name == own else original(self, filter_name, *rest)

    @around(VPCEndPoint, "get_filter_value")
    def of_endpoint(original, self, filter_name, *rest):
        own = {"service-name": self.service_name, "vpc-id": self.vpc_id}
        return own.get(filter_name) or original(self, filter_name, *rest)

    @around(VPCPeeringConnection, "get_filter_value")
    def of_connection(original, self, filter_name, *rest):
        own = {
            "vpc-peering-connection-id": self.id,
            "requester-vpc-info.vpc-id": self.vpc.id,
            "accepter-vpc-info.vpc-id": self.peer_vpc.id,
        }
        return own.get(filter_name) or original(self, filter_name, *rest)

    @around(EC2Response, "describe_vpc_peering_connections")
    def describe_vpc_peering_connections(original, self):
        filters = self._filters_from_querystring()
        found = self.ec2_backend.describe_vpc_peering_connections(
            vpc_peering_ids=self._get_param("VpcPeeringConnectionIds", [])
        )
        answer = original(self)
        answer.result["VpcPeeringConnections"] = generic_filter(filters, found)
        return answer


@patches("ec2")
def launch_templates_are_all_told():
    """moto tells the first fifteen, and not that there are more."""
    from moto.ec2.responses import EC2Response

    @around(EC2Response, "describe_launch_templates")
    def describe_launch_templates(original, self):
        said = self._get_int_param
        self._get_int_param = lambda name, default=None: said(name, sys.maxsize)
        return original(self)


@patches("ec2")
def instances_tell_their_new_profile():
    from moto.ec2.models.iam_instance_profile import IamInstanceProfileAssociationBackend as Backend

    @around(Backend, "replace_iam_instance_profile_association")
    def replace_iam_instance_profile_association(original, self, *said, **named):
        held = original(self, *said, **named)
        told = {"Arn": held.iam_instance_profile.arn, "Id": held.association_id}
        self.modify_instance_attribute(held.instance_id, "iam_instance_profile", told)
        return held


@patches("ec2")
def births_have_all_that_was_said():
    """DHCP options have tags; instances their protection, the groups of their first interface,
    and it and their root device end with them; and a launch template's own tags are not those
    of what it launches."""
    from moto.ec2.models.elastic_block_store import EBSBackend
    from moto.ec2.models.instances import Instance
    from moto.ec2.responses import EC2Response
    from moto.kms import kms_backends

    @around(EC2Response, "create_dhcp_options")
    def create_dhcp_options(original, self):
        tags = self._parse_tag_specification().get("dhcp-options", {})
        answer = original(self)
        answer.result["DhcpOptions"].add_tags(tags)
        return answer

    @around(EC2Response, "run_instances")
    def run_instances(original, self):
        answer = original(self)
        devices = self._get_param("BlockDeviceMappings", [])
        template = self._get_param("LaunchTemplate")
        if template and not devices:
            data = self.ec2_backend._get_template_from_args(template).data
            devices = data.get("BlockDeviceMappings") or []
        kept = {
            it["DeviceName"]
            for it in devices
            if str((it.get("Ebs") or {}).get("DeleteOnTermination")).lower() == "false"
        }
        for instance in answer.result.instances:
            if self._get_param("DisableApiTermination"):
                instance.disable_api_termination = True
            root = instance.block_device_mapping.get(instance.root_device_name)
            if root and instance.root_device_name not in kept:
                root.delete_on_termination = True
        return answer

    @around(Instance, "prep_nics")
    def prep_nics(original, self, nic_spec, *arguments, **named):
        original(self, nic_spec, *arguments, **named)
        first = self.nics.get(0)
        given = next((it for it in nic_spec if int(it.get("DeviceIndex") or 0) == 0), {})
        if first and not given.get("NetworkInterfaceId"):
            first.delete_on_termination = given.get("DeleteOnTermination") is not False
        if first and not self.security_groups:
            self.security_groups = list(first._group_set)

    @around(EBSBackend, "_create_default_encryption_key")
    def create_default_encryption_key(original, self):
        """AWS's own key, which nobody deletes."""
        arn = original(self)
        kms = kms_backends[self.account_id][self.region_name]
        kms.keys[kms.get_key_id(arn)].key_manager = "AWS"
        return arn

    @around(EC2Response, "create_launch_template")
    def create_launch_template(original, self):
        answer = original(self)
        made = self.ec2_backend.get_launch_template(answer.result["LaunchTemplate"]["LaunchTemplateId"])
        data = made.versions[0].data
        given = (self._get_param("LaunchTemplateData") or {}).get("TagSpecifications", [])
        own = [it for it in data.get("TagSpecifications", []) if it["ResourceType"] != "launch-template"]
        data["TagSpecifications"] = own
        if not given and not own:
            del data["TagSpecifications"]
        return answer


@patches("ec2")
def launch_templates_change_their_tags():
    """moto tells for ever those that a template was made with."""
    from moto.ec2.models.launch_templates import LaunchTemplate

    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, _: None)


@patches("ec2")
def icmp_rules_keep_their_type():
    """The type and the code of an ICMP message in a network ACL."""
    from moto.ec2.responses import EC2Response

    def kept(original, self):
        answer = original(self)
        given = self._get_param("IcmpTypeCode") or {}
        number, egress = self._get_param("RuleNumber"), self._get_param("Egress")
        acl = self.ec2_backend.get_network_acl(self._get_param("NetworkAclId"))
        for entry in acl.network_acl_entries:
            if (str(entry.rule_number), bool(entry.egress)) == (str(number), bool(egress)):
                entry.icmp_code, entry.icmp_type = given.get("Code"), given.get("Type")
        return answer

    for action in ("create_network_acl_entry", "replace_network_acl_entry"):
        around(EC2Response, action)(kept)


@patches("ec2")
def default_subnets_take_a_free_block():
    """CreateDefaultSubnet finds a block that no other subnet of the VPC has."""
    import ipaddress

    from moto.ec2.models.subnets import SubnetBackend

    @around(SubnetBackend, "create_default_subnet")
    def create_default_subnet(original, self, availability_zone):
        default = self.get_default_vpc()
        if availability_zone in self.get_default_subnets() or default is None:
            return original(self, availability_zone)
        taken = [
            ipaddress.ip_network(it.cidr_block)
            for it in self.describe_subnets(filters={"vpc-id": [default.id]})
        ]
        blocks = ipaddress.ip_network(default.cidr_block).subnets(new_prefix=20)
        free = next(it for it in blocks if not any(it.overlaps(other) for other in taken))
        subnet = self.create_subnet(default.id, str(free), availability_zone=availability_zone)
        subnet.default_for_az, subnet.map_public_ip_on_launch = True, True
        return subnet


@patches("ec2")
def dhcp_options_outlive_their_vpcs():
    """moto deletes options with a VPC, and never lets go of those that were changed."""
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    from moto.ec2.models.vpcs import VPCBackend

    @around(DHCPOptionsSetBackend, "associate_dhcp_options")
    def associate(original, self, dhcp_options, vpc):
        self.disassociate_dhcp_options(vpc)
        return original(self, dhcp_options, vpc)

    @around(VPCBackend, "delete_vpc")
    def delete_vpc(original, self, vpc_id):
        vpc = self.vpcs.get(vpc_id)
        options = vpc and vpc.dhcp_options
        if not options:
            return original(self, vpc_id)
        self.disassociate_dhcp_options(vpc)
        try:
            return original(self, vpc_id)
        except Exception:
            self.associate_dhcp_options(options, vpc)
            raise


# --------------------------------------------------------------------- IAM


@patches("iam")
def users_have_no_credentials_of_services():
    """ListServiceSpecificCredentials, which moto lacks, as for a user who has none."""
    from moto.core.responses import ActionResult
    from moto.iam.responses import IamResponse

    def list_service_specific_credentials(self):
        return ActionResult({"ServiceSpecificCredentials": []})

    IamResponse.list_service_specific_credentials = list_service_specific_credentials


@patches("iam")
def identity_providers_change_their_clients():
    """AddClientIDToOpenIDConnectProvider and its opposite, which moto lacks."""
    from moto.core.responses import EmptyResult
    from moto.iam.responses import IamResponse

    def clients(self):
        arn = self._get_param("OpenIDConnectProviderArn")
        return self.backend.get_open_id_connect_provider(arn).client_id_list

    def add(self):
        known, client = clients(self), self._get_param("ClientID")
        if client not in known:
            known.append(client)
        return EmptyResult()

    def remove(self):
        known, client = clients(self), self._get_param("ClientID")
        if client in known:
            known.remove(client)
        return EmptyResult()

    IamResponse.add_client_id_to_open_id_connect_provider = add
    IamResponse.remove_client_id_from_open_id_connect_provider = remove


@patches("iam")
def users_and_groups_move_with_what_they_have():
    """moto moves a group only with a new name, and a renamed user loses its tags."""
    from moto.iam.models import IAMBackend

    @around(IAMBackend, "update_group")
    def update_group(original, self, group_name, new_group_name, new_path):
        group = self.get_group(group_name)
        group.path = new_path or group.path
        return original(self, group_name, new_group_name, new_path)

    @around(IAMBackend, "update_user")
    def update_user(original, self, user_name, new_path=None, new_user_name=None):
        user = self.get_user(user_name)
        before, tags = user.arn, self.list_user_tags(user_name)
        original(self, user_name, new_path, new_user_name)
        self.tagger.delete_all_tags_for_resource(before)
        self.tagger.tag_resource(user.arn, tags)


@patches("iam")
def profiles_are_of_roles_that_exist():
    from moto.iam.models import IAMBackend

    @around(IAMBackend, "get_instance_profiles_for_role")
    def of_role(original, self, role_name):
        self.get_role(role_name)
        return original(self, role_name)


# --------------------------------------------------------------------- ACM


@patches("acm")
def a_certificate_imported_anew_stays_what_it_was():
    """moto makes another of the same ARN: without tags, and in nobody's use."""
    from moto.acm.models import AWSCertificateManagerBackend

    @around(AWSCertificateManagerBackend, "import_certificate")
    def import_certificate(original, self, *arguments, **named):
        before = self._certificates.get(named.get("arn"))
        arn = original(self, *arguments, **named)
        if before:
            self._certificates[arn].tags = before.tags
            self._certificates[arn].in_use_by = before.in_use_by
        return arn


# -------------------------------------------------------------------- Logs


@patches("logs")
def a_metric_filter_is_put_in_place_of_itself():
    """moto keeps every filter that was ever put under a name."""
    from moto.logs.metric_filters import MetricFilters

    @around(MetricFilters, "add_filter")
    def add(original, self, name, pattern, group, transformations):
        self.delete_filter(name, group)
        return original(self, name, pattern, group, transformations)


# --------------------------------------------------------------------- ECR


@patches("ecr")
def scanning_can_be_switched_off():
    """A configuration without `scanOnPush` is one that says no."""
    from moto.ecr.models import ECRBackend

    @around(ECRBackend, "put_image_scanning_configuration")
    def put_image_scanning_configuration(original, self, registry_id, repository_name, image_scan_config):
        told = {"scanOnPush": False, **(image_scan_config or {})}
        return original(self, registry_id, repository_name, told)


# ------------------------------------------------------------------ Lambda


# What moto forgets of a function; empty ones are none.
FUNCTION_SETTINGS = ("DeadLetterConfig", "DurableConfig", "FileSystemConfigs", "KMSKeyArn")
FUNCTION_SETTINGS += ("LoggingConfig", "SnapStart", "TenancyConfig")


@patches("awslambda")
def functions_keep_their_settings():
    from moto.awslambda.models import ImageConfig, LambdaFunction

    @around(LambdaFunction, "__init__")
    def created(original, self, account_id, spec, *arguments, **named):
        original(self, account_id, spec, *arguments, **named)
        self.kept = {name: spec[name] for name in FUNCTION_SETTINGS if name in spec}

    @around(LambdaFunction, "update_configuration")
    def updated(original, self, updates):
        self.kept.update({name: updates[name] for name in FUNCTION_SETTINGS if name in updates})
        if "TracingConfig" in updates:
            self.tracing_config = updates["TracingConfig"]
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        if "ImageConfig" in updates:
            self.image_config = ImageConfig(updates["ImageConfig"])
        return original(self, updates)

    @around(LambdaFunction, "update_function_code")
    def uploaded(original, self, updates):
        if updates.get("Architectures"):
            self.architectures = updates["Architectures"]
        return original(self, updates)

    @around(LambdaFunction, "get_configuration")
    def told(original, self, *arguments, **named):
        config = original(self, *arguments, **named)
        config["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": self.logs_group_name}
        for name, value in getattr(self, "kept", {}).items():
            if name == "LoggingConfig":
                config[name].update(value)
            elif name == "SnapStart":
                # Only versions are optimised.
                config[name] = {"ApplyOn": value["ApplyOn"], "OptimizationStatus": "Off"}
            elif value and value != {"TargetArn": ""}:
                config[name] = value
        return config


# Runs in the folder of a function's code. The event is read, and the last line is the answer.
CALL = """
import importlib, json, sys
sys.path.insert(0, ".")
module, name = sys.argv[1].replace("/", ".").rsplit(".", 1)
try:
    handler = getattr(importlib.import_module(module), name)
    answer = {"answer": handler(json.load(sys.stdin), None)}
except Exception as error:
    answer = {"error": {"errorMessage": str(error), "errorType": type(error).__name__}}
print()
print(json.dumps(answer))
"""


@patches("awslambda")
def functions_of_python_run():
    """A call runs the function's code for as long as its time limit, in a process of its own."""
    from moto.awslambda.models import LambdaFunction

    @around(LambdaFunction, "_invoke_lambda")
    def invoke(original, self, event):
        if not (self.run_time or "").startswith("python") or not self.code_bytes:
            raise NotImplementedError("the emulator calls functions of a Python runtime only")
        with tempfile.TemporaryDirectory() as folder:
            zipfile.ZipFile(io.BytesIO(self.code_bytes)).extractall(folder)
            try:
                done = subprocess.run(
                    [sys.executable, "-c", CALL, self.handler],
                    input=json.dumps(event),
                    env={**os.environ, **(self.environment_vars or {})},
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=int(self.timeout or 3),
                )
            except subprocess.TimeoutExpired:
                why = {"errorMessage": f"Task timed out after {self.timeout} seconds"}
                return json.dumps(why), True, ""
        said = json.loads(done.stdout.splitlines()[-1])
        return json.dumps(said.get("error", said.get("answer"))), "error" in said, done.stdout


@patches("awslambda")
def statements_and_mappings_are_made_once():
    """moto takes a second statement of an id, and a second mapping of a source."""
    from moto.awslambda.models import LambdaBackend
    from moto.core.exceptions import JsonRESTError

    class Conflict(JsonRESTError):
        code = 409

        def __init__(self, message):
            super().__init__("ResourceConflictException", message)

    @around(LambdaBackend, "add_permission")
    def add_permission(original, self, function_name, qualifier, raw):
        sid = json.loads(raw).get("StatementId")
        policy = self.get_function(function_name, qualifier).policy
        if any(it.get("Sid") == sid for it in policy.statements):
            raise Conflict(f"The statement id ({sid}) provided already exists.")
        return original(self, function_name, qualifier, raw)

    @around(LambdaBackend, "create_event_source_mapping")
    def create_mapping(original, self, spec):
        wanted = self.get_function(spec["FunctionName"]).function_arn
        for it in self.list_event_source_mappings(spec.get("EventSourceArn"), None):
            if it.function_arn == wanted:
                why = "An event source mapping with this source and function already exists. "
                why += f"Please update or delete the existing mapping with UUID {it.uuid}"
                raise Conflict(why)
        return original(self, spec)

    @around(LambdaBackend, "list_event_source_mappings")
    def list_mappings(original, self, event_source_arn, function_name):
        found = original(self, event_source_arn, None)
        if not function_name:
            return found
        arn = self.get_function(function_name).function_arn
        return [it for it in found if it.function_arn == arn]


@patches("awslambda")
def addresses_are_made_once():
    """moto gives a function another address each time, and forgets how it answers."""
    from moto.awslambda.models import FunctionUrlConfig, LambdaBackend
    from moto.core.exceptions import JsonRESTError

    @around(LambdaBackend, "create_function_url_config")
    def create(original, self, name_or_arn, config):
        if self.get_function(name_or_arn).url_config:
            why = "Failed to create function url config. Function url config exists for this function"
            error = JsonRESTError("ResourceConflictException", why)
            error.code = 409
            raise error
        return original(self, name_or_arn, config)

    @around(FunctionUrlConfig, "update")
    def update(original, self, config):
        original(self, config)
        self.config = {**self.config, **config}

    @around(FunctionUrlConfig, "to_dict")
    def told(original, self):
        told = original(self)
        return {**told, "InvokeMode": self.config.get("InvokeMode") or "BUFFERED"}


# ---------------------------------------------------------------- DynamoDB


@patches("dynamodb")
def tables_keep_their_settings():
    """moto forgets a table's class and limits, and changes no encryption."""
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.table import Table
    from moto.dynamodb.responses import DynamoHandler

    def keeping(original, self, *arguments, **named):
        answer = original(self, *arguments, **named)
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        kept = table.__dict__.setdefault("kept", {})
        for name in ("TableClass", "OnDemandThroughput"):
            if name in self.body:
                kept[name] = self.body[name]
        if "SSESpecification" in self.body:
            table.sse_specification = self.body["SSESpecification"]
        return answer

    @around(DynamoDBBackend, "update_table_streams")
    def stream(original, self, table, wanted):
        if not (table.stream_specification or {}).get("StreamEnabled"):
            # The label stays when a stream has ended, and another may begin.
            table.latest_stream_label = None
        return original(self, table, wanted)

    around(DynamoHandler, "create_table")(keeping)
    around(DynamoHandler, "update_table")(keeping)

    @around(Table, "describe")
    def describe(original, self, base_key="TableDescription"):
        result = original(self, base_key)
        kept = getattr(self, "kept", {})
        result[base_key]["TableClassSummary"] = {"TableClass": kept.get("TableClass", "STANDARD")}
        if "OnDemandThroughput" in kept:
            result[base_key]["OnDemandThroughput"] = kept["OnDemandThroughput"]
        return result


# ---------------------------------------------------------- Step Functions


@patches("stepfunctions")
def machines_have_types_and_versions():
    """moto makes every machine a standard one, and lists no versions."""
    from moto.core.responses import ActionResult
    from moto.stepfunctions.exceptions import ResourceNotFound
    from moto.stepfunctions.models import StepFunctionBackend
    from moto.stepfunctions.responses import StepFunctionResponse

    @around(StepFunctionResponse, "create_state_machine")
    def create(original, self):
        answer = original(self)
        name, kind = self._get_param("name"), self._get_param("type")
        for it in self.stepfunction_backend.state_machines:
            if it.name == name and kind:
                it.type = kind
        return answer

    def list_state_machine_versions(self):
        arn = self._get_param("stateMachineArn")
        versions = self.stepfunction_backend.describe_state_machine(arn).versions
        versions = sorted(versions.values(), key=lambda it: -it.version)
        versions = versions[: self._get_param("maxResults") or None]
        told = [(it.arn, it.creation_date) for it in versions]
        keys = ("stateMachineVersionArn", "creationDate")
        return ActionResult({"stateMachineVersions": [dict(zip(keys, it)) for it in told]})

    StepFunctionResponse.list_state_machine_versions = list_state_machine_versions

    @around(StepFunctionBackend, "list_tags_for_resource")
    def tags(original, self, arn):
        machines = {it.arn for it in self.state_machines}
        if arn not in self.activities and arn not in machines:
            raise ResourceNotFound(arn)
        return original(self, arn)

    # The logs have what was given to the machine only if it is said so.
    def told(logging):
        return logging and {"includeExecutionData": False} | logging

    @around(StepFunctionBackend, "create_state_machine")
    def made(original, self, *arguments, **named):
        logging = named.get("loggingConfiguration") or {"level": "OFF"}
        return original(self, *arguments, **named | {"loggingConfiguration": told(logging)})

    @around(StepFunctionBackend, "update_state_machine")
    def update(original, self, arn, **named):
        named["logging_configuration"] = told(named.get("logging_configuration"))
        # Nothing in it is off.
        if named.get("tracing_configuration") == {}:
            named["tracing_configuration"] = {"enabled": False}
        return original(self, arn, **named)

    # A machine of the same name later has none of its tags.
    def forgetting(original, self, arn):
        original(self, arn)
        self.tagger.delete_all_tags_for_resource(arn)

    around(StepFunctionBackend, "delete_state_machine")(forgetting)
    around(StepFunctionBackend, "delete_activity")(forgetting)


# -------------------------------------------------------------- API Gateway
#
# moto forgets much of what it is told of an API, updates little of it, and has
# no deployments of HTTP APIs. Its answers are replaced as a whole: documents by
# their paths, with what AWS fills in and refuses.


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def conflict(message):
    return Refused("ConflictException", message, 409)


def bad(message):
    return Refused("BadRequestException", message)


class Kept(BaseModel):
    """A document of API Gateway; its class is what a census counts it as."""

    __module__ = "moto.apigateway.models"  # moto files models by service

    def __init__(self, path, document):
        self.id, self.document = path.rsplit("/", 1)[-1], document

    @property
    def web_acl_arn(self):
        return self.document.get("webAclArn")

    @web_acl_arn.setter
    def web_acl_arn(self, arn):
        self.document["webAclArn"] = arn


GATEWAY_KINDS = {
    "apikeys": "ApiKey", "apimappings": "ApiMapping", "apis": "Api", "authorizers": "Authorizer",
    "deployments": "Deployment", "domainnames": "DomainName", "integrations": "Integration",
    "keys": "UsagePlanKey", "methods": "Method", "models": "Model", "responses": "Response",
    "requestvalidators": "RequestValidator", "resources": "Resource", "restapis": "RestApi",
    "routes": "Route", "stages": "Stage", "usageplans": "UsagePlan", "vpclinks": "VpcLink",
}  # fmt: skip
GATEWAY_CLASSES = {
    name: type(name, (Kept,), {"__module__": Kept.__module__})
    for name in (*GATEWAY_KINDS.values(), "Backing")
}

# What patches say as texts.
PATCHED_FLAGS = {
    "apiKeyRequired", "cacheClusterEnabled", "cacheDataEncrypted", "cachingEnabled",
    "dataTraceEnabled", "disableExecuteApiEndpoint", "enabled", "insecureSkipVerification",
    "metricsEnabled", "requireAuthorizationForCacheControl", "tracingEnabled", "useStageCache",
    "validateRequestBody", "validateRequestParameters",
}  # fmt: skip
PATCHED_NUMBERS = {
    "authorizerResultTtlInSeconds": int, "burstLimit": int, "cacheTtlInSeconds": int,
    "limit": int, "minimumCompressionSize": int, "offset": int, "percentTraffic": float,
    "rateLimit": float, "throttlingBurstLimit": int, "throttlingRateLimit": float,
    "timeoutInMillis": int,
}  # fmt: skip
PATCHED_REQUIREMENTS = (["requestParameters"], ["responseParameters"])
# Lists whose members patches name by value, and those that they name by path.
LISTS_BY_VALUE = {"authorizationScopes", "features", "providerARNs", "vpcEndpointIds"}
LISTS_BY_PATH = {"binaryMediaTypes", "cacheKeyParameters"}

METHOD_SETTINGS = {
    "metrics/enabled": "metricsEnabled", "logging/loglevel": "loggingLevel",
    "logging/dataTrace": "dataTraceEnabled", "throttling/burstLimit": "throttlingBurstLimit",
    "throttling/rateLimit": "throttlingRateLimit", "caching/enabled": "cachingEnabled",
    "caching/ttlInSeconds": "cacheTtlInSeconds", "caching/dataEncrypted": "cacheDataEncrypted",
    "caching/requireAuthorizationForCacheControl": "requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy": "unauthorizedCacheControlHeaderStrategy",
}  # fmt: skip
NEW_METHOD_SETTINGS = {
    "metricsEnabled": False, "dataTraceEnabled": False, "throttlingBurstLimit": -1,
    "throttlingRateLimit": -1.0, "cachingEnabled": False, "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False, "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}  # fmt: skip


def typed_patch(name, value):
    if name in PATCHED_FLAGS:
        return value == "true"
    return PATCHED_NUMBERS[name](value) if name in PATCHED_NUMBERS else value


class Gateway:
    """One region's APIs, of both versions."""

    def __init__(self, backend, account, region):
        self.account, self.region = account, region
        kept = vars(backend)
        self.kept = kept.setdefault("documents", {})
        self.made = kept.setdefault("made", {})
        throttle = {"burstLimit": 5000, "rateLimit": 10000.0}
        new = {"throttleSettings": throttle, "features": ["UsagePlans"], "apiKeyVersion": "4"}
        self.settings = kept.setdefault("settings", new)

    def one(self, path):
        if path not in self.kept:
            raise Refused("NotFoundException", f"Invalid identifier specified: {path}", 404)
        return self.kept[path].document

    def below(self, path):
        return {
            key.rsplit("/", 1)[-1]: it.document
            for key, it in self.kept.items()
            if key.startswith(path + "/") and "/" not in key[len(path) + 1 :]
        }

    def put(self, path, document):
        parts = path.split("/")
        name = "Backing" if parts[-1] == "integration" else GATEWAY_KINDS[parts[-2]]
        self.kept[path] = GATEWAY_CLASSES[name](path, document)
        return document

    def drop(self, path):
        self.one(path)
        for key in [it for it in self.kept if it == path or it.startswith(path + "/")]:
            del self.kept[key]
        return 202, {}

    def answer(self, verb, path, query, body):
        parts = path.strip("/").split("/")
        newer = parts[0] == "v2"
        parts = parts[1:] if newer else parts
        if parts[0] == "tags":
            return self.tags(verb, "/".join(parts).split("::/", 1)[1], query, body)
        if parts == ["account"]:
            if verb == "PATCH":
                self.patch(self.settings, body["patchOperations"], "account")
            return 200, self.settings
        return (self.newer if newer else self.rest)(verb, parts, query, body)

    def tags(self, verb, path, query, body):
        tags = self.one(path).setdefault("tags", {})
        if verb in ("PUT", "POST"):
            tags.update(body["tags"])
        if verb == "DELETE":
            for key in query.get("tagKeys", []):
                tags.pop(key, None)
        return 200, {"tags": tags}

    # REST APIs

    def rest(self, verb, parts, query, body):
        path = "/".join(parts)
        inner = len(parts) > 6 and parts[6] == "integration"
        owners = [it for it in (2, 4, 6) if it < len(parts)] + [7] * (inner and len(parts) > 7)
        for it in owners:
            self.one("/".join(parts[:it]))
        is_one = len(parts) % 2 == (1 if inner else 0)
        kind = parts[-1] if inner and len(parts) == 7 else parts[-2 if is_one else -1]
        if verb == "GET" and is_one:
            return 200, self.shown(path, query)
        if verb == "GET":
            return 200, {"item": [self.shown(f"{path}/{it}", query) for it in self.below(path)]}
        if verb == "DELETE":
            self.check_delete(kind, parts)
            return self.drop(path)
        if verb == "PATCH":
            self.patch(self.one(path), body["patchOperations"], kind, parts)
            return 200, self.shown(path, query)
        if verb == "PUT" and kind == "restapis":
            self.import_rest(path, query.get("mode", ["merge"])[0], body)
            return 200, self.shown(path, query)
        if verb == "PUT":
            return 201, self.put_part(path, kind, inner, body)
        if kind == "resources" and is_one:
            return 201, self.child(parts[1], parts[3], body["pathPart"])
        return 201, self.create(path, kind, parts, body)

    def shown(self, path, query=None):
        document = dict(self.one(path))
        query = query or {}
        parts = path.split("/")
        if len(parts) == 4 and parts[2] == "resources":
            methods = self.below(path + "/methods")
            full = "methods" in query.get("embed", [])
            shown = {it: self.shown(f"{path}/methods/{it}") if full else {} for it in methods}
            document["resourceMethods"] = shown
            document["path"] = self.path_of(parts[1], document)
        if len(parts) == 6:
            answers = self.below(path + "/responses")
            document["methodResponses"] = answers
            if path + "/integration" in self.kept:
                document["methodIntegration"] = self.shown(path + "/integration")
        if parts[-1] == "integration":
            document["integrationResponses"] = self.below(path + "/responses")
        if parts[0] == "apikeys" and not (set(query) & {"includeValue", "includeValues"}):
            document.pop("value", None)
        return {key: it for key, it in document.items() if it is not None}

    def path_of(self, api, document):
        if "parentId" not in document:
            return "/"
        parent = self.one(f"restapis/{api}/resources/{document['parentId']}")
        return self.path_of(api, parent).rstrip("/") + "/" + document["pathPart"]

    def child(self, api, parent, part):
        resources = f"restapis/{api}/resources"
        self.one(f"{resources}/{parent}")
        if not re.match(r"^\{?[a-zA-Z0-9._\-:]+\+?\}?$", part):
            raise bad("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path")
        for it in self.below(resources).values():
            if self.names(it, parent, part):
                why = "Another resource with the same parent already has this name"
                raise conflict(f"{why}: {part}")
        key = self.fresh(resources, 6)
        document = {"id": key, "parentId": parent, "pathPart": part}
        self.put(f"{resources}/{key}", document)
        return self.shown(f"{resources}/{key}")

    def names(self, resource, parent, part):
        return resource.get("parentId") == parent and resource["pathPart"] == part

    def fresh(self, path, length=10):
        """An id for one more below a path. Another copy of this cloud that is
        told the same gives the same: tests cut the calls of one off that they
        have seen in the other."""
        self.made[path] = self.made.get(path, 0) + 1
        text = f"{self.account} {self.region} {path} {self.made[path]}"
        return hashlib.sha256(text.encode()).hexdigest()[:length]

    def put_part(self, path, kind, inner, body):
        name = path.rsplit("/", 1)[-1]
        if kind == "methods":
            if path in self.kept:
                raise conflict("Method already exists for this resource")
            body = {"apiKeyRequired": False, **body, "httpMethod": name}
        elif kind == "integration":
            for key in [it for it in self.kept if it.startswith(path + "/")]:
                del self.kept[key]
            self.check_integration(body)
            body = {
                "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000,
                "cacheNamespace": path.split("/")[3], "cacheKeyParameters": [],
                "connectionType": "INTERNET", "responseTransferMode": "BUFFERED", **body,
            }  # fmt: skip
        elif kind == "responses":
            if path in self.kept and not inner:
                raise conflict("Response already exists for this resource")
            body = {**body, "statusCode": name}
        self.put(path, body)
        return self.shown(path)

    def check_integration(self, body):
        if body["type"] == "MOCK":
            return
        if not body.get("httpMethod"):
            raise bad("Enumeration value for HttpMethod must be non-empty")
        if body["type"] in ("AWS", "AWS_PROXY"):
            if not re.match(r"arn:[^:]+:apigateway:[^:]+:[^:]+:(path|action)/", body["uri"]):
                raise bad("AWS ARN for integration must contain path or action")
        elif not body["uri"].startswith("http"):
            raise bad("Invalid HTTP endpoint specified for URI")

    def create(self, path, kind, parts, body):
        key = self.fresh(path)
        others = self.below(path).values()
        document = {**body, "id": key}
        if kind == "restapis":
            document = {
                "apiKeySource": "HEADER", "disableExecuteApiEndpoint": False,
                "securityPolicy": "TLS_1_0", "endpointAccessMode": "BASIC",
                "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
                "createdDate": int(time.time()), "rootResourceId": self.fresh(f"{path}/{key}"),
                "apiStatus": "AVAILABLE", **document,
            }  # fmt: skip
            document["policy"] = self.policy(key, document.get("policy"))
            self.put(f"{path}/{key}", document)
            root = document["rootResourceId"]
            self.put(f"{path}/{key}/resources/{root}", {"id": root})
            return self.shown(f"{path}/{key}")
        if kind == "deployments":
            self.check_deployable(parts[1])
            document["createdDate"] = int(time.time())
        if kind == "stages":
            key = document["stageName"]
            if f"{path}/{key}" in self.kept:
                raise conflict("Stage already exists")
            self.check_deployment(parts[1], document["deploymentId"])
            document = {"methodSettings": {}, **document, "createdDate": int(time.time())}
            self.cache(document)
            del document["id"]
        if kind in ("authorizers", "models") and any(it["name"] == body["name"] for it in others):
            raise conflict(f"{kind} must be unique by their names: {body['name']} exists already")
        if kind == "models":
            key = document["name"]
        if kind == "authorizers":
            document = {"authorizerResultTtlInSeconds": 300, **document}
        if kind == "apikeys":
            document.setdefault("value", uuid.uuid4().hex)
            if any(it["value"] == document["value"] for it in others):
                raise conflict("API Key already exists")
            document["createdDate"] = document["lastUpdatedDate"] = int(time.time())
        if kind == "usageplans":
            document.setdefault("apiStages", [])
        if kind == "keys":
            api_key, key = self.one(f"apikeys/{body['keyId']}"), body["keyId"]
            if f"{path}/{key}" in self.kept:
                raise conflict(f"{key} is already a key of this usage plan")
            document = {"id": key, "type": body["keyType"]}
            document.update({it: api_key[it] for it in ("name", "value")})
        self.put(f"{path}/{key}", document)
        return self.shown(f"{path}/{key}", {"includeValue": ["true"]})

    def policy(self, api, text):
        """With the API's ARN in its resources, and as the inside of a string."""
        if not text:
            return None
        own = f"arn:aws:execute-api:{self.region}:{self.account}:{api}/"
        return json.dumps(json.dumps(json.loads(text)).replace('"execute-api:/', f'"{own}'))[1:-1]

    def cache(self, stage):
        on = stage.get("cacheClusterEnabled")
        stage["cacheClusterStatus"] = "AVAILABLE" if on else "NOT_AVAILABLE"
        stage["cacheClusterSize"] = stage.get("cacheClusterSize", "0.5") if on else None

    def check_deployment(self, api, deployment):
        if f"restapis/{api}/deployments/{deployment}" not in self.kept:
            raise bad("Deployment id does not exist")

    def check_deployable(self, api):
        pattern = f"restapis/{api}/resources/\\w+/methods/\\w+$"
        methods = [it for it in self.kept if re.match(pattern, it)]
        if not methods:
            raise bad("The REST API doesn't contain any methods")
        if any(it + "/integration" not in self.kept for it in methods):
            raise bad("No integration defined for method")

    def check_delete(self, kind, parts):
        if kind == "deployments":
            stages = self.below(f"restapis/{parts[1]}/stages").values()
            if any(it["deploymentId"] == parts[-1] for it in stages):
                raise bad("Active stages pointing to this deployment must be moved or deleted")
        if kind == "usageplans" and self.one("/".join(parts))["apiStages"]:
            raise bad(f"Cannot delete usage plan {parts[-1]} because it has associated API stages")
        if kind == "stages":
            for plan in self.below("usageplans").values():
                for it in plan["apiStages"]:
                    if [it["apiId"], it["stage"]] == [parts[1], parts[3]]:
                        raise bad(f"Cannot delete stage '{parts[3]}': it is part of a usage plan")

    def patch(self, document, operations, kind, parts=()):
        before = copy.deepcopy(document)
        try:
            for it in operations:
                self.patch_one(document, it["op"], it["path"], it.get("value"), kind, parts)
        except Refused:
            document.clear()
            document.update(before)
            raise
        if kind == "stages":
            self.check_deployment(parts[1], document["deploymentId"])
            self.cache(document)

    def patch_one(self, document, op, path, value, kind, parts):
        setting = re.match(r"^/(.+)/((?:metrics|logging|throttling|caching)/\w+)$", path)
        if kind == "stages" and setting:
            name = METHOD_SETTINGS[setting[2]]
            all_of = document["methodSettings"].setdefault(setting[1], dict(NEW_METHOD_SETTINGS))
            all_of[name] = typed_patch(name, value)
            return
        if kind == "stages" and op == "remove" and path[1:] in document["methodSettings"]:
            del document["methodSettings"][path[1:]]
            return
        if kind == "usageplans" and path.startswith("/apiStages"):
            return self.patch_stages(document["apiStages"], op, path, value)
        if path.startswith("/endpointConfiguration/types/"):
            document["endpointConfiguration"]["types"] = [value]
            return
        if kind == "restapis" and path == "/policy":
            document["policy"] = self.policy(document["id"], value)
            return
        *owners, name = [it.replace("~1", "/").replace("~0", "~") for it in path.split("/")[1:]]
        variable = kind == "stages" and owners
        if op == "add" and (variable or not owners and name not in LISTS_BY_VALUE):
            raise bad(f"Invalid patch operation: add {path}")
        target = document
        for it in owners:
            if it in LISTS_BY_PATH:
                members = target.setdefault(it, [])
                members.append(name) if op == "add" else members.remove(name)
                return
            target = target.setdefault(it, {})
        if name in LISTS_BY_VALUE:
            members = target.setdefault(name, [])
            members.append(value) if op == "add" else members.remove(value)
        elif op == "remove" or value in (None, ""):
            target.pop(name, None)
        elif owners[:1] in PATCHED_REQUIREMENTS and value in ("true", "false"):
            target[name] = value == "true"
        else:
            target[name] = typed_patch(name, value)
        if kind == "apikeys":
            document["lastUpdatedDate"] = int(time.time())

    def patch_stages(self, stages, op, path, value):
        if path == "/apiStages":
            api, stage = value.split(":")
            self.one(f"restapis/{api}/stages/{stage}")
            if op == "add":
                stages.append({"apiId": api, "stage": stage})
            else:
                stages[:] = [it for it in stages if [it["apiId"], it["stage"]] != [api, stage]]
            return
        key, throttle = re.match(r"^/apiStages/([^/]+)/throttle/(.+)$", path).groups()
        method, name = throttle.rsplit("/", 1)
        for it in stages:
            if f"{it['apiId']}:{it['stage']}" == key:
                limits = it.setdefault("throttle", {}).setdefault(method, {})
                limits[name] = typed_patch(name, value)

    def import_rest(self, path, mode, text):
        api = self.one(path)
        said = self.document(text)
        if mode == "overwrite":
            for key in [it for it in self.kept if re.match(f"{path}/(resources|models)/", it)]:
                if key != f"{path}/resources/{api['rootResourceId']}":
                    del self.kept[key]
            api.pop("description", None)
        api["name"] = said.get("info", {}).get("title", api["name"])
        if "description" in said.get("info", {}):
            api["description"] = said["info"]["description"]
        if "x-amazon-apigateway-binary-media-types" in said:
            api["binaryMediaTypes"] = said["x-amazon-apigateway-binary-media-types"]
        for route, methods in said.get("paths", {}).items():
            at = api["rootResourceId"]
            for part in [it for it in route.split("/") if it]:
                children = self.below(f"{path}/resources").values()
                same = [it["id"] for it in children if self.names(it, at, part)]
                at = same[0] if same else self.child(api["id"], at, part)["id"]
            for verb, method in methods.items():
                verb = {"x-amazon-apigateway-any-method": "ANY"}.get(verb, verb.upper())
                here = f"{path}/resources/{at}/methods/{verb}"
                self.kept.pop(here, None)
                self.put_part(here, "methods", False, {"authorizationType": "NONE"})
                backing = method.get("x-amazon-apigateway-integration")
                if backing:
                    backing = {key: it for key, it in backing.items() if key != "responses"}
                    backing["type"] = backing["type"].upper()
                    self.put_part(here + "/integration", "integration", True, backing)

    def document(self, text):
        import yaml

        said = yaml.safe_load(text)
        if not isinstance(said, dict) or not ({"openapi", "swagger"} & set(said)):
            raise bad("Invalid OpenAPI input.")
        return said

    # HTTP and WebSocket APIs

    KEYS = {
        "apimappings": "apiMappingId", "apis": "apiId", "authorizers": "authorizerId",
        "deployments": "deploymentId", "domainnames": "domainName", "stages": "stageName",
        "integrations": "integrationId", "routes": "routeId", "vpclinks": "vpcLinkId",
    }  # fmt: skip

    def newer(self, verb, parts, query, body):
        # The key of a route may have slashes of its own.
        parts = parts[:5] + ["/".join(parts[5:])] * (len(parts) > 5)
        path = "/".join(parts)
        for it in (2, 4):
            if it < len(parts):
                self.one("/".join(parts[:it]))
        extra = len(parts) > 4 or parts[2:] == ["cors"]
        if extra and verb == "DELETE":
            return self.take_away(parts)
        if extra:
            raise NotImplementedError(f"{verb} {path}")
        is_one = len(parts) % 2 == 0
        kind = parts[-2 if is_one else -1]
        if verb == "GET":
            found = self.one(path) if is_one else list(self.below(path).values())
            return 200, found if is_one else {"items": found}
        if verb == "DELETE":
            self.check_delete_newer(kind, parts)
            answer = self.drop(path)
            self.deploy(parts)
            return answer
        if verb == "PUT":
            self.import_http(parts[1], self.document(body["body"]))
            return 201, self.one(path)
        if verb == "POST":
            document = self.create_newer(path, kind, parts, body)
        else:
            document = self.one(path)
            merged = {**document, **self.merged(document, body)}
            if kind == "domainnames":
                was = document["domainNameConfigurations"][0]["apiGatewayDomainName"]
                self.serve(merged, was)
            self.check_newer(kind, parts, merged)
            document.clear()
            document.update({key: it for key, it in merged.items() if it != ""})
        if kind in ("integrations", "routes", "authorizers"):
            self.deploy(parts)
        return 201, document

    def merged(self, document, body):
        """Maps of texts are merged, and lose what is empty; others are replaced."""
        told = {}
        for key, value in body.items():
            if key in ("requestParameters", "responseParameters", "stageVariables"):
                value = {**document.get(key, {}), **value}
                value = {name: it for name, it in value.items() if it not in ("", {})}
            if key in ("routeSettings", "defaultRouteSettings"):
                value = {**document.get(key, {}), **value}
            told[key] = value
        return told

    def take_away(self, parts):
        document = self.one("/".join(parts[:4]) if len(parts) > 4 else "/".join(parts[:2]))
        owner = {
            "cors": "corsConfiguration", "accesslogsettings": "accessLogSettings",
            "routesettings": "routeSettings", "requestparameters": "requestParameters",
        }[parts[2] if len(parts) == 3 else parts[4]]  # fmt: skip
        if len(parts) < 6:
            document.pop(owner, None)
        else:
            document.get(owner, {}).pop(parts[5], None)
        return 204, {}

    def create_newer(self, path, kind, parts, body):
        key = body.get(self.KEYS[kind]) or self.fresh(path, 7)
        if f"{path}/{key}" in self.kept:
            raise conflict(f"{kind} {key} already exists")
        document = {**self.defaults(kind, parts, body), **body, self.KEYS[kind]: key}
        self.check_newer(kind, parts, document)
        if kind == "apis":
            host = f"{key}.execute-api.{self.region}.amazonaws.com"
            scheme = {"HTTP": "https", "WEBSOCKET": "wss"}[document["protocolType"]]
            document["apiEndpoint"] = f"{scheme}://{host}"
        if kind == "domainnames":
            self.serve(document, f"d-{self.fresh(path)}.execute-api.{self.region}.amazonaws.com")
        self.put(f"{path}/{key}", document)
        if kind == "apis" and document.pop("target", None):
            self.quick(f"{path}/{key}", body)
            for it in ("routeKey", "credentialsArn"):
                document.pop(it, None)
        if kind == "stages":
            self.deploy(parts)
        if kind == "deployments" and document.pop("stageName", None):
            self.one(f"apis/{parts[1]}/stages/{body['stageName']}")["deploymentId"] = key
        return document

    def serve(self, domain, host):
        for it in domain["domainNameConfigurations"]:
            it.setdefault("ipAddressType", "ipv4")
            it.update({"apiGatewayDomainName": host, "hostedZoneId": "Z1UJRXOUMOOFQ8"})
            it["domainNameStatus"] = "AVAILABLE"
        if not domain.get("mutualTlsAuthentication", {}).get("truststoreUri"):
            domain.pop("mutualTlsAuthentication", None)

    def defaults(self, kind, parts, body):
        made = now().strftime("%Y-%m-%dT%H:%M:%SZ")
        if kind == "apis":
            return {
                "apiKeySelectionExpression": "$request.header.x-api-key", "createdDate": made,
                "routeSelectionExpression": "$request.method $request.path",
                "disableExecuteApiEndpoint": False, "ipAddressType": "ipv4",
            }  # fmt: skip
        if kind == "integrations":
            http = self.one("/".join(parts[:2]))["protocolType"] == "HTTP"
            own = {"connectionType": "INTERNET", "timeoutInMillis": 30000 if http else 29000}
            if http:
                return {**own, "payloadFormatVersion": "1.0"}
            selects = "${integration.response.statuscode}"
            own["integrationResponseSelectionExpression"] = selects
            return {**own, "passthroughBehavior": "WHEN_NO_MATCH"}
        if kind == "routes":
            return {"apiKeyRequired": False, "authorizationType": "NONE"}
        if kind == "stages":
            settings = {"detailedMetricsEnabled": False}
            return {
                "autoDeploy": False, "createdDate": made, "defaultRouteSettings": settings,
                "routeSettings": {}, "stageVariables": {},
            }  # fmt: skip
        if kind == "deployments":
            return {"autoDeployed": False, "deploymentStatus": "DEPLOYED", "createdDate": made}
        if kind == "domainnames":
            return {"apiMappingSelectionExpression": "$request.basepath",
                    "routingMode": "API_MAPPING_ONLY"}  # fmt: skip
        if kind == "apimappings":
            return {"apiMappingKey": ""}
        if kind == "vpclinks":
            return {"vpcLinkStatus": "AVAILABLE", "vpcLinkVersion": "V2", "createdDate": made}
        return {}

    def check_newer(self, kind, parts, document):
        path = "/".join(parts[:3])
        own = document.get(self.KEYS[kind])
        others = [it for it in self.below(path).values() if it.get(self.KEYS[kind]) != own]
        if kind == "routes":
            if any(it["routeKey"] == document["routeKey"] for it in others):
                why = f"Route with key {document['routeKey']} already exists"
                raise conflict(f"{why} for this API")
            target = document.get("target", "")
            if target.startswith("integrations/") and f"apis/{parts[1]}/{target}" not in self.kept:
                raise bad(f"Invalid integration: {target}")
        if kind == "authorizers" and any(it["name"] == document["name"] for it in others):
            raise conflict(f"Authorizer with name {document['name']} already exists")
        if kind == "deployments" and not self.below(f"apis/{parts[1]}/routes"):
            raise bad("At least one route is required before deploying the Api.")
        if kind == "apimappings":
            self.one(f"apis/{document['apiId']}/stages/{document['stage']}")
            if any(it["apiMappingKey"] == document["apiMappingKey"] for it in others):
                raise conflict("ApiMapping key already exists for this domain name")
        if kind == "stages":
            keys = {it["routeKey"] for it in self.below(f"apis/{parts[1]}/routes").values()}
            for it in document.get("routeSettings", {}):
                if it not in keys:
                    raise Refused("NotFoundException", f"Unable to find Route by key {it}", 404)

    def check_delete_newer(self, kind, parts):
        if kind == "integrations":
            routes = self.below(f"apis/{parts[1]}/routes").values()
            target = "/".join(parts[2:])
            keys = [it["routeKey"] for it in routes if it.get("target") == target]
            if keys:
                why = f"Cannot delete Integration '{parts[3]}' for Api '{parts[1]}'"
                raise conflict(f"{why} because it is referenced by the following Routes: {keys}")
        if kind == "stages":
            for key, it in self.kept.items():
                if "/apimappings/" in key:
                    if [it.document["apiId"], it.document["stage"]] == [parts[1], parts[3]]:
                        why = "Please remove all base path mappings related to the stage"
                        raise bad(f"Deleting stage {parts[3]} failed. {why} in your domain")

    def deploy(self, parts):
        """Stages that deploy themselves have a deployment of the latest routes."""
        api = "/".join(parts[:2])
        if parts[0] != "apis" or api not in self.kept or not self.below(f"{api}/routes"):
            return
        for stage in self.below(f"{api}/stages").values():
            if not stage.get("autoDeploy"):
                continue
            last = f"{api}/deployments/{stage.get('deploymentId')}"
            if last in self.kept and self.one(last)["autoDeployed"]:
                del self.kept[last]
            key = self.fresh(f"{api}/deployments", 6)
            made = {**self.defaults("deployments", parts, {}), "deploymentId": key}
            self.put(f"{api}/deployments/{key}", {**made, "autoDeployed": True})
            stage["deploymentId"] = key

    def quick(self, api, body):
        lambda_arn = ":lambda:" in body["target"]
        backing = {"integrationType": "AWS_PROXY" if lambda_arn else "HTTP_PROXY"}
        backing["integrationUri"] = body["target"]
        parts = api.split("/")
        of = [*parts, "integrations"]
        backing = self.create_newer("/".join(of), of[-1], of, backing)
        route = {"routeKey": body.get("routeKey", "$default")}
        route["target"] = f"integrations/{backing['integrationId']}"
        self.create_newer(f"{api}/routes", "routes", [*parts, "routes"], route)
        stage = {"stageName": "$default", "autoDeploy": True, "apiGatewayManaged": True}
        self.create_newer(f"{api}/stages", "stages", [*parts, "stages"], stage)

    def import_http(self, key, said):
        path = f"apis/{key}"
        api = self.one(path)
        for old in [it for it in self.kept if re.match(f"{path}/(routes|integrations)/", it)]:
            del self.kept[old]
        api.pop("description", None)
        info = said.get("info", {})
        api["name"] = info.get("title", api["name"])
        api.update({it: str(info[it]) for it in ("description", "version") if it in info})
        api["corsConfiguration"] = said.get("x-amazon-apigateway-cors")
        for route, methods in said.get("paths", {}).items():
            for verb, method in methods.items():
                told = method.get("x-amazon-apigateway-integration", {})
                backing = {"integrationType": told.get("type", "HTTP_PROXY").upper()}
                backing["integrationUri"] = told.get("uri")
                of = ["apis", key, "integrations"]
                backing = self.create_newer("/".join(of), of[-1], of, backing)
                made = {"routeKey": f"{verb.upper()} {route}"}
                made["target"] = f"integrations/{backing['integrationId']}"
                of = ["apis", key, "routes"]
                self.create_newer("/".join(of), of[-1], of, made)
        self.deploy(["apis", key, "routes"])


@patches("apigateway")
def api_gateway():
    from urllib.parse import parse_qs, unquote

    from moto.apigateway import urls
    from moto.apigateway.models import APIGatewayBackend, apigateway_backends
    from moto.core.responses import BaseResponse

    class Answers(BaseResponse):
        def __init__(self):
            super().__init__(service_name="apigateway")

        def call_action(self):
            backend = apigateway_backends[self.current_account][self.region]
            gateway = Gateway(backend, self.current_account, self.region)
            path, query = unquote(self.parsed_url.path), parse_qs(self.parsed_url.query)
            # The body of an import is a document of its own.
            imports = self.method == "PUT" and re.match(r"/restapis/\w+$", path)
            body = self.body if imports else json.loads(self.body or "{}")
            try:
                status, document = gateway.answer(self.method, path, query, body)
            except Refused as it:
                kind = {"x-amzn-ErrorType": it.code}
                return it.status, kind, json.dumps({"__type": it.code, "message": it.message})
            document = {key: it for key, it in document.items() if it is not None}
            return status, {"Content-Type": "application/json"}, json.dumps(document)

    def get_stage(self, api, stage):
        """Whom WAF tells of its association."""
        return vars(self).get("documents", {})[f"restapis/{api}/stages/{stage}"]

    APIGatewayBackend.get_stage = get_stage
    urls.url_paths = {"{0}/(?P<path>.+)$": Answers.dispatch}

# -------------------------------------------------------------- EventBridge


@patches("events")
def buses_change():
    """UpdateEventBus, and the bus's log configuration."""
    from moto.events.responses import EventsHandler

    NAMES = {
        "Description": "description",
        "KmsKeyIdentifier": "kms_key_identifier",
        "DeadLetterConfig": "dead_letter_config",
        "LogConfig": "log_config",
    }

    @around(EventsHandler, "create_event_bus")
    def create_event_bus(original, self):
        answer = original(self)
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        bus.log_config = self._get_param("LogConfig")
        return answer

    def update_event_bus(self):
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        for name, own in NAMES.items():
            setattr(bus, own, self._get_param(name))
        return json.dumps({"Arn": bus.arn, "Name": bus.name}), self.response_headers

    EventsHandler.update_event_bus = update_event_bus

    @around(EventsHandler, "describe_event_bus")
    def describe_event_bus(original, self):
        body, headers = original(self)
        name = self._get_param("Name") or "default"
        config = getattr(self.events_backend.describe_event_bus(name), "log_config", None)
        told = {**json.loads(body), **({"LogConfig": config} if config else {})}
        return json.dumps(told), headers


# ---------------------------------------------------------- Secrets Manager


@patches("secretsmanager")
def rotation_is_kept():
    """RotateSecret keeps its settings. No function runs here: the value stays."""
    from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

    def rotate_secret(self, secret_id, client_request_token=None, rotation_lambda_arn=None, rotation_rules=None, rotate_immediately=True):
        self.describe_secret(secret_id)
        secret = self.secrets[secret_id]
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
        secret.rotation_rules = rotation_rules or getattr(secret, "rotation_rules", {})
        return secret.to_short_dict()

    SecretsManagerBackend.rotate_secret = rotate_secret

    @around(FakeSecret, "to_dict")
    def to_dict(original, self):
        told = original(self)
        if told.get("RotationRules"):
            told["RotationRules"] = getattr(self, "rotation_rules", {})
        return told


# ---------------------------------------------------------------------- S3


# Parts of a bucket that are put whole, and handed back as they were put.
PARTS = ("accelerate", "cors", "encryption", "lifecycle", "logging", "notification")
PARTS += ("object-lock", "ownershipControls", "publicAccessBlock", "replication")
PARTS += ("requestPayment", "versioning", "website")


def part(name, content):
    return f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</{name}>'.encode()


def ownership(word):
    rule = f"<Rule><ObjectOwnership>{word}</ObjectOwnership></Rule>"
    return part("OwnershipControls", rule)


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

# What every bucket has from birth, since 2023, and what is told of what it has not.
BORN = {
    "accelerate": part("AccelerateConfiguration", ""),
    "encryption": part(
        "ServerSideEncryptionConfiguration",
        "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
        "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>",
    ),
    "logging": part("BucketLoggingStatus", ""),
    "notification": part("NotificationConfiguration", ""),
    "ownershipControls": ownership("BucketOwnerEnforced"),
    "publicAccessBlock": part(
        "PublicAccessBlockConfiguration", "".join(f"<{it}>true</{it}>" for it in BLOCKS)
    ),
    "requestPayment": part("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>"),
    "versioning": part("VersioningConfiguration", ""),
}


@patches("s3")
def buckets_keep_their_parts():
    """What was put is read again; new buckets have AWS's defaults, and no ACLs."""
    from moto.s3.exceptions import S3ClientError
    from moto.s3.models import S3Backend
    from moto.s3.responses import S3Response

    # Logs of who uses a bucket come within hours, not with each request.
    S3Backend.log_incoming_request = lambda self, request, bucket_name: None

    class NoAcls(S3ClientError):
        code = 400

        def __init__(self):
            super().__init__("AccessControlListNotSupported", "The bucket does not allow ACLs")

    @around(S3Response, "_acl_to_dict")
    def acl_to_dict(original, acl):
        """All permissions of a grantee, of which moto tells the first."""
        from moto.s3.models import FakeAcl, FakeGrant

        grants = acl.grants if acl else []
        single = [FakeGrant(it.grantees, [word]) for it in grants for word in it.permissions]
        return original(FakeAcl(single))

    def parts(self, name):
        bucket = self.backend.get_bucket(name)
        return bucket.__dict__.setdefault("parts", dict(BORN))

    @around(S3Response, "_bucket_response")
    def bucket_response(original, self, request, full_url):
        query = self._get_querystring(request, full_url)
        name = self.parse_bucket_name_from_url(request, full_url)
        asked = next((it for it in PARTS if it in query), None)
        if name and "acl" in query and request.method == "PUT":
            if b"BucketOwnerEnforced" in parts(self, name).get("ownershipControls", b""):
                raise NoAcls()
        if not name or not asked:
            return original(self, request, full_url)
        kept = parts(self, name)
        if request.method == "GET":
            return kept[asked] if asked in kept else original(self, request, full_url)
        # The one part that moto would take for the bucket itself.
        answer = ""
        if asked != "requestPayment":
            answer = original(self, request, full_url)
        if request.method == "PUT":
            kept[asked] = bytes(self.body)
        else:
            kept.pop(asked, None)
            if asked == "encryption":
                kept[asked] = BORN[asked]
        return answer

    @around(S3Response, "_bucket_response_put")
    def bucket_response_put(original, self, request, bucket_name, querystring):
        import xmltodict

        born = bucket_name not in self.backend.buckets
        answer = original(self, request, bucket_name, querystring)
        if not born or bucket_name not in self.backend.buckets:
            return answer
        self.backend.put_public_access_block(bucket_name, dict.fromkeys(BLOCKS, "true"))
        if self.backend.buckets[bucket_name].object_lock_enabled:
            enabled = part("VersioningConfiguration", "<Status>Enabled</Status>")
            parts(self, bucket_name)["versioning"] = enabled
        wanted = request.headers.get("x-amz-object-ownership")
        if wanted:
            parts(self, bucket_name)["ownershipControls"] = ownership(wanted)
        place = xmltodict.parse(self.body)["CreateBucketConfiguration"] if self.body else None
        tags = ((place or {}).get("Tags") or {}).get("Tag") or []
        tags = tags if isinstance(tags, list) else [tags]
        if tags:
            told = {it["Key"]: it.get("Value") or "" for it in tags}
            self.backend.put_bucket_tagging(bucket_name, told)
        return answer


# --------------------------------------------------------------------- SNS


@patches("sns")
def topics_keep_what_they_are_told():
    """GetTopicAttributes tells all that was set, policies as they were written."""
    from moto.core.responses import ActionResult
    from moto.sns.responses import SNSResponse

    def said(self, topic):
        return self.backend.get_topic(topic).__dict__.setdefault("said", {})

    @around(SNSResponse, "create_topic")
    def create_topic(original, self):
        answer = original(self)
        told = {name: text(value) for name, value in self._get_attributes().items()}
        said(self, answer.result["TopicArn"]).update(told)
        return answer

    @around(SNSResponse, "set_topic_attributes")
    def set_topic_attributes(original, self):
        answer = original(self)
        name, value = self._get_param("AttributeName"), self._get_param("AttributeValue")
        said(self, self._get_param("TopicArn"))[name] = text(value or "")
        return answer

    @around(SNSResponse, "get_topic_attributes")
    def get_topic_attributes(original, self):
        attributes = dict(original(self).result["Attributes"])
        attributes.update(said(self, self._get_param("TopicArn")))
        return ActionResult({"Attributes": attributes})

    def text(value):
        return str(value).lower() if isinstance(value, bool) else value


@patches("sns")
def people_confirm_subscriptions():
    """Who is asked by mail or over HTTP has not answered yet, and cannot be unsubscribed."""
    from moto.sns.exceptions import SNSInvalidParameter
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    def pending(subscription):
        return subscription.attributes.get("PendingConfirmation") is True

    @around(SNSBackend, "subscribe")
    def subscribe(original, self, topic_arn, endpoint, protocol):
        known = self._find_subscription(topic_arn, endpoint, protocol)
        subscription = original(self, topic_arn, endpoint, protocol)
        if not known and protocol in ("email", "email-json", "http", "https"):
            asked = {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
            subscription.attributes.update(asked)
        return subscription

    @around(SNSBackend, "unsubscribe")
    def unsubscribe(original, self, subscription_arn):
        known = self.subscriptions.get(subscription_arn)
        if known and pending(known):
            why = "This operation cannot be completed because the subscription"
            raise SNSInvalidParameter(f"Invalid parameter: {why} is pending confirmation")
        return original(self, subscription_arn)

    @around(SNSResponse, "list_subscriptions_by_topic")
    def list_subscriptions_by_topic(original, self):
        answer = original(self)
        told = []
        for it in answer.result["Subscriptions"]:
            shown = copy.copy(it)
            if pending(it):
                shown.arn = "PendingConfirmation"
            told.append(shown)
        answer.result["Subscriptions"] = told
        return answer


# --------------------------------------------------------------- Scheduler


@patches("scheduler")
def schedules_are_made_once():
    """A client token is remembered; no group, no schedule; an update resets what it is not told."""
    from moto.core.exceptions import JsonRESTError
    from moto.scheduler.exceptions import ScheduleGroupNotFound
    from moto.scheduler.models import EventBridgeSchedulerBackend as Backend
    from moto.scheduler.responses import EventBridgeSchedulerResponse as Response

    def remembered(original, self):
        token = self._get_param("ClientToken")
        answers = self.scheduler_backend.__dict__.setdefault("answers", {})
        if token not in answers:
            answers[token] = original(self)
        return answers[token]

    for action in ("create_schedule", "create_schedule_group"):
        around(Response, action)(remembered)

    @around(Backend, "create_schedule")
    def create_schedule(original, self, **told):
        if (told["group_name"] or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(told["group_name"])
        told["action_after_completion"] = told["action_after_completion"] or "NONE"
        return original(self, **told)

    @around(Backend, "create_schedule_group")
    def create_schedule_group(original, self, name, tags):
        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        return original(self, name, tags)

    @around(Backend, "delete_schedule_group")
    def delete_schedule_group(original, self, name):
        if name not in self.schedule_groups:
            raise ScheduleGroupNotFound(name)
        return original(self, name)

    @around(Response, "update_schedule")
    def update_schedule(original, self):
        answer = original(self)
        name = self.uri.split("?")[0].split("/")[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.state = self._get_param("State") or "ENABLED"
        schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
        return answer


# -------------------------------------------------------------- CloudTrail


@patches("cloudtrail")
def trails_keep_what_they_are_told():
    """Names are taken once, ARNs name trails everywhere, selectors replace each other."""
    from moto.cloudtrail.models import CloudTrailBackend, Trail
    from moto.cloudtrail.responses import CloudTrailResponse
    from moto.core.exceptions import JsonRESTError

    DEFAULT = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }

    def topic_arn(self):
        name = self.sns_topic_name
        if not name or name.startswith("arn:"):
            return name or None
        return f"arn:{self.partition}:sns:{self.region_name}:{self.account_id}:{name}"

    Trail.topic_arn = property(topic_arn)

    @around(CloudTrailBackend, "create_trail")
    def create_trail(original, self, name, *arguments):
        if name in self.trails:
            why = f"Trail {name} already exists for customer: {self.account_id}"
            raise JsonRESTError("TrailAlreadyExistsException", why)
        return original(self, name, *arguments)

    for method in ("start_logging", "stop_logging", "delete_trail"):

        @around(CloudTrailBackend, method)
        def by_arn(original, self, name):
            return original(self, self.get_trail(name).trail_name)

    def describe_trails(self):
        wanted = self._get_param("trailNameList") or []
        told = [it.description(include_region=True) for it in self.cloudtrail_backend.trails.values()]
        chosen = [it for it in told if not wanted or {it["Name"], it["TrailARN"]} & set(wanted)]
        return json.dumps({"trailList": chosen})

    CloudTrailResponse.describe_trails = describe_trails

    def put_event_selectors(self, event_selectors, advanced_event_selectors):
        kept = [{**DEFAULT, **it} for it in event_selectors or []]
        self.event_selectors, self.advanced_event_selectors = kept, advanced_event_selectors or []

    def get_event_selectors(self):
        if self.advanced_event_selectors:
            return None, self.advanced_event_selectors
        return self.event_selectors or [DEFAULT], None

    def put_insight_selectors(self, insight_selectors):
        self.insight_selectors = insight_selectors

    def get_insight_selectors(self):
        if not self.insight_selectors:
            why = f"Trail {self.arn} does not have Insights enabled."
            raise JsonRESTError("InsightNotEnabledException", why)
        return self.insight_selectors

    Trail.put_event_selectors, Trail.get_event_selectors = put_event_selectors, get_event_selectors
    Trail.put_insight_selectors = put_insight_selectors
    Trail.get_insight_selectors = get_insight_selectors


# -------------------------------------------------------------- CloudFront
#
# moto knows few of CloudFront's things, and forgets much of each. Its answers are
# replaced as a whole: configurations are kept as they were sent, with what AWS
# fills in, each under a version that a change of it must name.

# By their paths: the element of a thing; those of its configuration, of a list and
# of errors follow from it.
EDGE_KINDS = {
    "cache-policy": "CachePolicy",
    "distribution": "Distribution",
    "origin-access-control": "OriginAccessControl",
    "origin-access-identity/cloudfront": "CloudFrontOriginAccessIdentity",
    "origin-request-policy": "OriginRequestPolicy",
    "response-headers-policy": "ResponseHeadersPolicy",
}
EDGE_POLICIES = ("cache-policy", "origin-request-policy", "response-headers-policy")

# Some of those that AWS gives to everyone.
EDGE_MANAGED = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": """<CachePolicyConfig>
        <Name>Managed-CachingOptimized</Name>
        <DefaultTTL>86400</DefaultTTL><MaxTTL>31536000</MaxTTL><MinTTL>1</MinTTL>
        <ParametersInCacheKeyAndForwardedToOrigin>
        <EnableAcceptEncodingGzip>true</EnableAcceptEncodingGzip>
        <EnableAcceptEncodingBrotli>true</EnableAcceptEncodingBrotli>
        <HeadersConfig><HeaderBehavior>none</HeaderBehavior></HeadersConfig>
        <CookiesConfig><CookieBehavior>none</CookieBehavior></CookiesConfig>
        <QueryStringsConfig><QueryStringBehavior>none</QueryStringBehavior></QueryStringsConfig>
        </ParametersInCacheKeyAndForwardedToOrigin></CachePolicyConfig>""",
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": """<OriginRequestPolicyConfig>
        <Name>Managed-AllViewerExceptHostHeader</Name>
        <HeadersConfig><HeaderBehavior>allExcept</HeaderBehavior>
        <Headers><Quantity>1</Quantity><Items><Name>host</Name></Items></Headers></HeadersConfig>
        <CookiesConfig><CookieBehavior>all</CookieBehavior></CookiesConfig>
        <QueryStringsConfig><QueryStringBehavior>all</QueryStringBehavior></QueryStringsConfig>
        </OriginRequestPolicyConfig>""",
    "67f7725c-6f97-4210-82d7-5512b31e9d03": """<ResponseHeadersPolicyConfig>
        <Name>Managed-SecurityHeadersPolicy</Name><SecurityHeadersConfig>
        <XSSProtection><Override>false</Override><Protection>true</Protection>
        <ModeBlock>true</ModeBlock></XSSProtection>
        <FrameOptions><Override>false</Override><FrameOption>SAMEORIGIN</FrameOption></FrameOptions>
        <ReferrerPolicy><Override>false</Override>
        <ReferrerPolicy>strict-origin-when-cross-origin</ReferrerPolicy></ReferrerPolicy>
        <ContentTypeOptions><Override>true</Override></ContentTypeOptions>
        <StrictTransportSecurity><Override>false</Override>
        <AccessControlMaxAgeSec>31536000</AccessControlMaxAgeSec></StrictTransportSecurity>
        </SecurityHeadersConfig></ResponseHeadersPolicyConfig>""",
}


class AtEdge(BaseModel):
    """A thing of CloudFront; its class is what a census counts it as."""

    __module__ = "moto.cloudfront.models"  # moto files models by service

    def __init__(self, path, config, account):
        self.path, self.element, self.tags = path, EDGE_KINDS[path], {}
        self.id = str(uuid.uuid4())
        if path not in EDGE_POLICIES:
            self.id = "E" + self.id.replace("-", "")[:13].upper()
        self.arn = f"arn:aws:cloudfront::{account}:{path.split('/')[0]}/{self.id}"
        self.change(config)

    def change(self, config):
        self.config, self.etag, self.looks = config, "E" + uuid.uuid4().hex[:12].upper(), 0

    @property
    def status(self):
        """What was changed is at all edges after a look or two."""
        return "Deployed" if self.looks > 1 else "InProgress"

    def said(self, name):
        return self.config.findtext(name) or ""


EDGE_CLASSES = {
    path: type(name, (AtEdge,), {"__module__": AtEdge.__module__})
    for path, name in EDGE_KINDS.items()
}


def xml(name, *content):
    """An element with these texts and elements in it."""
    from xml.etree import ElementTree

    element = ElementTree.Element(name)
    for it in content:
        if isinstance(it, str):
            element.text = it
        else:
            element.append(it)
    return element


def nothing(*names):
    return [xml(it, xml("Quantity", "0")) for it in names]


def texts(**texts):
    return [xml(name, text) for name, text in texts.items()]


def distribution_filled(config):
    """What AWS adds to a distribution that does not say it."""

    def fill(element, *content):
        for it in content:
            if element.find(it.tag) is None:
                element.append(it)

    def methods(name, *more):
        both = xml("Items", xml("Method", "HEAD"), xml("Method", "GET"))
        return xml(name, xml("Quantity", "2"), both, *more)

    lists = ("Aliases", "CacheBehaviors", "CustomErrorResponses", "OriginGroups")
    fill(config, *nothing(*lists))
    fill(config, *texts(DefaultRootObject="", WebACLId="", ContinuousDeploymentPolicyId=""))
    fill(config, *texts(PriceClass="PriceClass_All", HttpVersion="http2", IsIPV6Enabled="false"))
    fill(config, *texts(Staging="false", Comment=""))
    certificate = texts(CloudFrontDefaultCertificate="true", MinimumProtocolVersion="TLSv1")
    fill(config, xml("ViewerCertificate", *certificate))
    country = xml("GeoRestriction", xml("RestrictionType", "none"), xml("Quantity", "0"))
    fill(config, xml("Restrictions", country))
    logs = texts(Enabled="false", IncludeCookies="false", Bucket="", Prefix="")
    fill(config, xml("Logging", *logs))
    for it in config.findall("Origins/Items/Origin"):
        fill(it, *texts(OriginPath="", ConnectionAttempts="3", ConnectionTimeout="10"))
        fill(it, *texts(OriginAccessControlId=""), *nothing("CustomHeaders"))
        fill(it, xml("OriginShield", xml("Enabled", "false")))
        for own in it.findall("CustomOriginConfig"):
            fill(own, *texts(OriginReadTimeout="30", OriginKeepaliveTimeout="5"))
    ordered = config.findall("CacheBehaviors/Items/CacheBehavior")
    for it in [config.find("DefaultCacheBehavior"), *ordered]:
        fill(it, *texts(SmoothStreaming="false", Compress="false", FieldLevelEncryptionId=""))
        for trusted in ("TrustedSigners", "TrustedKeyGroups"):
            fill(it, xml(trusted, *texts(Enabled="false", Quantity="0")))
        fill(it, *nothing("LambdaFunctionAssociations", "FunctionAssociations"))
        fill(it, xml("GrpcConfig", xml("Enabled", "false")))
        fill(it, methods("AllowedMethods", methods("CachedMethods")))
        if it.find("ForwardedValues") is not None:
            fill(it, *texts(MinTTL="0", DefaultTTL="86400", MaxTTL="31536000"))
            fill(it.find("ForwardedValues"), *nothing("Headers", "QueryStringCacheKeys"))


class FunctionAtEdge(BaseModel):
    """A function of CloudFront, with what is in development and what is live."""

    __module__ = AtEdge.__module__

    def __init__(self, name, account):
        self.id, self.tags, self.stages, self.path = name, {}, {}, "function"
        self.arn = f"arn:aws:cloudfront::{account}:function/{name}"

    def draft(self, body):
        version = "E" + uuid.uuid4().hex[:12].upper()
        code = base64.b64decode(body.findtext("FunctionCode") or "")
        self.stages["DEVELOPMENT"] = (body.find("FunctionConfig"), code, version)

    def told(self, stage):
        times = texts(CreatedTime="2026-01-31T08:00:00Z", LastModifiedTime="2026-01-31T08:00:00Z")
        metadata = xml("FunctionMetadata", *texts(FunctionARN=self.arn, Stage=stage), *times)
        status = "UNASSOCIATED" if "LIVE" in self.stages else "UNPUBLISHED"
        named = texts(Name=self.id, Status=status)
        return xml("FunctionSummary", *named, self.stages[stage][0], metadata)


class Edge:
    """An account's CloudFront."""

    def __init__(self, backend, account):
        from xml.etree import ElementTree

        self.account = account
        self.kept = vars(backend).setdefault("kept", {})
        for own, config in EDGE_MANAGED.items() if not self.kept else ():
            config = ElementTree.fromstring(config)
            kind = next(it for it in EDGE_POLICIES if config.tag == f"{EDGE_KINDS[it]}Config")
            self.kept[own] = it = EDGE_CLASSES[kind](kind, config, "")
            it.id, it.key_manager = own, "AWS"

    def answer(self, method, path, query, body, version):
        """Status, version and element of the answer to a request."""
        if path == "tagging":
            return self.tagging(method, query, body)
        if path.startswith("function"):
            return self.function(method, path, query, body, version)
        parts = path.removesuffix("/config").split("/")
        kind = next(it for it in EDGE_KINDS if f"{path}/".startswith(f"{it}/"))
        name = "/".join(parts[len(kind.split("/")) :])
        if not name:
            return self.create(kind, body) if method == "POST" else self.list(kind, query)
        it = self.kept.get(name)
        if it is None or it.path != kind:
            why = f"The specified {EDGE_KINDS[kind]} does not exist."
            raise Refused(f"NoSuch{EDGE_KINDS[kind]}", why, 404)
        if method == "GET":
            it.looks += 1
            return 200, it.etag, self.told(it)
        self.current(version, it.etag)
        if method == "PUT":
            self.checked(kind, body, it)
            it.change(body)
            return 200, it.etag, self.told(it)
        self.delete(it)
        return 204, None, None

    def current(self, version, etag):
        if not version:
            why = "The If-Match version is missing or not valid for the resource."
            raise Refused("InvalidIfMatchVersion", why)
        if version != etag:
            why = "The request failed because it didn't meet the preconditions in one or more request-header fields."
            raise Refused("PreconditionFailed", why, 412)

    def function(self, method, path, query, body, version):
        name, stage = path.split("/")[1:2], query.get("Stage", ["DEVELOPMENT"])[0]
        if not name:
            name = body.findtext("Name")
            if name in self.kept:
                why = "A function with the same name already exists in this AWS account."
                raise Refused("FunctionAlreadyExists", why, 409)
            self.kept[name] = it = FunctionAtEdge(name, self.account)
            pairs = body.findall("Tags/Items/Tag")
            it.tags = {each.findtext("Key"): each.findtext("Value") or "" for each in pairs}
            it.draft(body)
            return 201, it.stages[stage][2], it.told(stage)
        it = self.kept.get(name[0])
        if it is None or stage not in it.stages:
            raise Refused("NoSuchFunctionExists", "The specified function does not exist.", 404)
        config, code, etag = it.stages[stage]
        if method == "GET":
            return 200, etag, it.told(stage) if path.endswith("/describe") else code
        self.current(version, etag)
        if method == "PUT":
            it.draft(body)
        elif path.endswith("/publish"):
            it.stages["LIVE"] = (config, code, "E" + uuid.uuid4().hex[:12].upper())
        else:
            self.unused(it, it.arn, "Function")
            del self.kept[it.id]
            return 204, None, None
        return 200, it.stages[stage][2], it.told(stage)

    def unused(self, it, name, element):
        users = [other for other in self.kept.values() if other.path == "distribution"]
        for user in users:
            if user is not it and any(name in (each.text or "") for each in user.config.iter()):
                raise Refused(f"{element}InUse", f"{name} is used by {user.id}.", 409)

    def create(self, kind, body):
        tags = {}
        if body.tag.endswith("WithTags"):
            pairs = body.findall("Tags/Items/Tag")
            tags = {it.findtext("Key"): it.findtext("Value") or "" for it in pairs}
            body = body.find(f"{EDGE_KINDS[kind]}Config")
        known = self.checked(kind, body, None)
        if known is None:
            known = EDGE_CLASSES[kind](kind, body, self.account)
            known.tags = tags
            self.kept[known.id] = known
        return 201, known.etag, self.told(known)

    def checked(self, kind, config, known):
        """The thing that was made by the same request before."""
        element = EDGE_KINDS[kind]
        others = [it for it in self.kept.values() if it.path == kind and it is not known]
        taken = f"{element}AlreadyExists"
        for it in others:
            reference = it.said("CallerReference")
            if reference and reference == config.findtext("CallerReference"):
                if kind == "distribution" or it.said("Comment") != (config.findtext("Comment") or ""):
                    why = "The caller reference that you are using to create a distribution is associated with another distribution. Already exists: "
                    raise Refused(taken, why + it.id, 409)
                return it
            if it.said("Name") and it.said("Name") == config.findtext("Name"):
                raise Refused(taken, f"{element} with the name {it.said('Name')} already exists.", 409)
        if kind == "cache-policy":
            for limit in texts(DefaultTTL="86400", MaxTTL="31536000"):
                if config.find(limit.tag) is None:
                    config.append(limit)
        if kind == "distribution":
            self.distribution_checked(config)
        return None

    def distribution_checked(self, config):
        distribution_filled(config)
        groups = config.findall("OriginGroups/Items/OriginGroup")
        origins = {it.findtext("Id") for it in [*config.findall("Origins/Items/Origin"), *groups]}
        for it in config.iter("TargetOriginId"):
            if it.text not in origins:
                why = "One or more of your origins or origin groups do not exist."
                raise Refused("NoSuchOrigin", why, 404)
        named = {
            "OriginAccessControlId": "InvalidOriginAccessControl",
            "CachePolicyId": "NoSuchCachePolicy",
        }
        for name, code in named.items():
            for it in config.iter(name):
                if it.text and it.text not in self.kept:
                    raise Refused(code, f"The {name} {it.text} does not exist.", 404)
        for it in config.findall("Aliases/Items/CNAME"):
            if not config.findtext("ViewerCertificate/ACMCertificateArn"):
                why = "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name."
                raise Refused("InvalidViewerCertificate", why)

    def delete(self, it):
        if it.path == "distribution":
            if it.said("Enabled") == "true" or it.status != "Deployed":
                why = "The distribution you are trying to delete has not been disabled."
                raise Refused("DistributionNotDisabled", why, 409)
        self.unused(it, it.id, it.element)
        del self.kept[it.id]

    def told(self, it):
        content = texts(Id=it.id)
        if it.path == "distribution":
            active = texts(Enabled="false", Quantity="0")
            content += texts(ARN=it.arn, Status=it.status, LastModifiedTime="2026-01-31T08:00:00Z")
            content += texts(InProgressInvalidationBatches="0")
            content += texts(DomainName=f"{it.id.lower()}.cloudfront.net")
            content += [xml("ActiveTrustedSigners", *active), xml("ActiveTrustedKeyGroups", *active)]
        elif it.path in EDGE_POLICIES:
            content += texts(LastModifiedTime="2026-01-31T08:00:00Z")
        elif it.path.startswith("origin-access-identity"):
            content += texts(S3CanonicalUserId=hashlib.sha256(it.id.encode()).hexdigest())
        return xml(it.element, *content, it.config)

    def list(self, kind, query):
        element, items = EDGE_KINDS[kind], []
        for it in [it for it in self.kept.values() if it.path == kind]:
            told = self.told(it)
            if kind in EDGE_POLICIES:
                owner = "managed" if it.id in EDGE_MANAGED else "custom"
                if query.get("Type", [owner]) != [owner]:
                    continue
                flat = [xml("Type", owner), told]
            else:
                flat = [each for each in told if each is not it.config] + list(it.config)
            items.append(xml(f"{element}Summary", *flat))
        length = texts(Marker="", MaxItems="100", IsTruncated="false", Quantity=str(len(items)))
        return 200, None, xml(f"{element}List", *length, xml("Items", *items))

    def tagging(self, method, query, body):
        it = next((it for it in self.kept.values() if it.arn == query["Resource"][0]), None)
        if it is None:
            raise Refused("NoSuchResource", "The specified resource does not exist.", 404)
        if method == "GET":
            pairs = [xml("Tag", *texts(Key=key, Value=value)) for key, value in it.tags.items()]
            return 200, None, xml("Tags", xml("Items", *pairs))
        if query["Operation"] == ["Tag"]:
            pairs = body.findall("Items/Tag")
            it.tags |= {each.findtext("Key"): each.findtext("Value") or "" for each in pairs}
        else:
            for each in body.findall("Items/Key"):
                it.tags.pop(each.text, None)
        return 204, None, None


@patches("cloudfront")
def cloudfront():
    from urllib.parse import parse_qs
    from xml.etree import ElementTree

    from moto.cloudfront import urls
    from moto.cloudfront.models import cloudfront_backends
    from moto.core.responses import BaseResponse

    class Answers(BaseResponse):
        def __init__(self):
            super().__init__(service_name="cloudfront")

        def call_action(self):
            edge = Edge(cloudfront_backends[self.current_account]["aws"], self.current_account)
            path = self.parsed_url.path.removeprefix("/2020-05-31/")
            query = parse_qs(self.parsed_url.query, keep_blank_values=True)
            body = ElementTree.fromstring(self.body) if self.body else None
            for it in body.iter() if body is not None else ():
                it.tag = it.tag.rsplit("}", 1)[-1]
            version = self.headers.get("If-Match")
            try:
                status, etag, element = edge.answer(self.method, path, query, body, version)
            except Refused as it:
                why = xml("Error", *texts(Type="Sender", Code=it.code, Message=it.message))
                status, etag, element = it.status, None, xml("ErrorResponse", why)
            headers = {"Content-Type": "text/xml", **({"ETag": etag} if etag else {})}
            if isinstance(element, ElementTree.Element):
                element = ElementTree.tostring(element)
            return status, headers, element or b""

    urls.url_paths = {"{0}/(?P<path>.+)$": Answers.dispatch}


# ----------------------------------------------------------------- Cognito


@patches("cognitoidp")
def pools_keep_what_they_are_told():
    """What an update does not say is reset, as by AWS; factors, tags and domains are kept."""
    from moto.cognitoidp.exceptions import InvalidParameterException
    from moto.cognitoidp.models import (
        CognitoIdpBackend,
        CognitoIdpUserPool,
        CognitoIdpUserPoolAttribute,
        CognitoIdpUserPoolClient,
        CognitoIdpUserPoolDomain,
    )
    from moto.cognitoidp.responses import CognitoIdpResponse
    from moto.core.responses import ActionResult, EmptyResult

    FACTORS = ("SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")

    # What is chosen at birth, and stays.
    FIXED = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")

    @around(CognitoIdpUserPool, "__init__")
    def born(original, self, *arguments):
        original(self, *arguments)
        self.factors = {}
        given, self.schema_attributes = self.schema_attributes, {}
        for name, schema in CognitoIdpUserPoolAttribute.STANDARD_SCHEMA.items():
            self.schema_attributes[name] = CognitoIdpUserPoolAttribute(name, False, schema)
        self.schema_attributes |= given

    @around(CognitoIdpUserPool, "to_json")
    def pool_told(original, self, extended=False):
        domain, told = self.domain, original(self, extended)
        told.pop("Domain", None)
        if domain:
            told["CustomDomain" if domain.custom_domain_config else "Domain"] = domain.domain
        told["MfaConfiguration"] = self.mfa_config
        sms = told.get("SmsConfiguration")
        return {**told, "SmsConfiguration": {"SnsRegion": self.region, **sms}} if sms else told

    @around(CognitoIdpBackend, "update_user_pool")
    def update_user_pool(original, self, user_pool_id, extended_config):
        pool = self.describe_user_pool(user_pool_id)
        fixed = {key: pool.extended_config[key] for key in FIXED if key in pool.extended_config}
        extended_config.setdefault("DeletionProtection", "INACTIVE")
        kept = pool.extended_config.get("Policies", {})
        extended_config["Policies"] = {**kept, **extended_config.get("Policies", {})}
        original(self, user_pool_id, {**extended_config, **fixed})
        pool.name = extended_config.get("PoolName") or pool.name
        pool.mfa_config = extended_config.get("MfaConfiguration") or "OFF"
        pool.last_modified_date = now()

    @around(CognitoIdpBackend, "delete_user_pool")
    def delete_user_pool(original, self, user_pool_id):
        pool = self.describe_user_pool(user_pool_id)
        if pool.extended_config.get("DeletionProtection") == "ACTIVE":
            why = "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first."
            raise InvalidParameterException(why)
        if pool.domain:
            why = "User pool cannot be deleted. It has a domain configured that should be deleted first."
            raise InvalidParameterException(why)
        original(self, user_pool_id)

    def set_user_pool_mfa_config(self):
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        mode = self._get_param("MfaConfiguration") or pool.mfa_config
        factors = {name: self._get_param(name) for name in FACTORS if self._get_param(name)}
        if mode == "OFF" and factors:
            why = "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."
            raise InvalidParameterException(why)
        if mode != "OFF" and not factors:
            why = "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."
            raise InvalidParameterException(why)
        keys = self._get_param("WebAuthnConfiguration")
        pool.mfa_config = mode
        pool.factors = {**factors, **({"WebAuthnConfiguration": keys} if keys else {})}
        sms = factors.get("SmsMfaConfiguration") or {}
        if sms.get("SmsConfiguration"):
            pool.extended_config["SmsConfiguration"] = sms["SmsConfiguration"]
        if sms.get("SmsAuthenticationMessage"):
            pool.extended_config["SmsAuthenticationMessage"] = sms["SmsAuthenticationMessage"]
        return self.get_user_pool_mfa_config()

    def get_user_pool_mfa_config(self):
        pool = self.backend.describe_user_pool(self._get_param("UserPoolId"))
        return ActionResult({"MfaConfiguration": pool.mfa_config, **pool.factors})

    CognitoIdpResponse.set_user_pool_mfa_config = set_user_pool_mfa_config
    CognitoIdpResponse.get_user_pool_mfa_config = get_user_pool_mfa_config

    def tags(self):
        arn = self._get_param("ResourceArn")
        pool = self.backend.describe_user_pool(arn.rsplit("/", 1)[-1])
        return pool.extended_config.setdefault("UserPoolTags", {})

    def tag_resource(self):
        tags(self).update(self._get_param("Tags"))
        return EmptyResult()

    def untag_resource(self):
        for key in self._get_param("TagKeys"):
            tags(self).pop(key, None)
        return EmptyResult()

    CognitoIdpResponse.tag_resource = tag_resource
    CognitoIdpResponse.untag_resource = untag_resource

    # Which of a client's settings are reset to what, when an update leaves them out.
    CLIENT = {
        "AllowedOAuthFlowsUserPoolClient": False,
        "AuthSessionValidity": 3,
        "EnablePropagateAdditionalUserContextData": False,
        "EnableTokenRevocation": True,
        "RefreshTokenValidity": 30,
    }

    @around(CognitoIdpUserPoolClient, "__init__")
    def client_born(original, self, *arguments):
        original(self, *arguments)
        self.secret = hashlib.sha256(self.id.encode()).hexdigest()[:51]

    def update_user_pool_client(self, user_pool_id, client_id, extended_config):
        client = self.describe_user_pool_client(user_pool_id, client_id)
        client.extended_config = {**CLIENT, **extended_config}
        return client

    CognitoIdpBackend.update_user_pool_client = update_user_pool_client

    @around(CognitoIdpBackend, "create_user_pool_domain")
    def create_user_pool_domain(original, self, user_pool_id, domain, config=None):
        if domain in self.user_pool_domains:
            raise InvalidParameterException("Domain already associated with another user pool.")
        return original(self, user_pool_id, domain, config)

    @around(CognitoIdpBackend, "delete_user_pool_domain")
    def delete_user_pool_domain(original, self, domain):
        if domain not in self.user_pool_domains:
            raise InvalidParameterException("No such domain or user pool exists.")
        original(self, domain)

    for method in ("create_user_pool_domain", "update_user_pool_domain"):

        @around(CognitoIdpResponse, method)
        def with_version(original, self):
            answer = original(self)
            domain = self.backend.user_pool_domains[self._get_param("Domain")]
            domain.version = self._get_param("ManagedLoginVersion") or 1
            return answer

    @around(CognitoIdpUserPoolDomain, "to_json")
    def domain_told(original, self, extended=True):
        told = original(self, extended)
        if extended:
            told |= {"AWSAccountId": "123456789012", "S3Bucket": "aws-cognito-prod-iad-assets"}
            told |= {"Version": "20260131080000", "ManagedLoginVersion": self.version}
            told["CustomDomainConfig"] = self.custom_domain_config
        return told


# --------------------------------------------------------------- Cloud Map


@patches("servicediscovery")
def namespaces_and_services_are_made_once():
    """A VPC may have many namespaces, each with its zone and for as long as its services are
    there; a service has a type, and for as long as its instances are there."""
    from moto.core.exceptions import JsonRESTError
    from moto.moto_api._internal import mock_random
    from moto.route53.models import route53_backends
    from moto.servicediscovery.exceptions import ServiceNotFound
    from moto.servicediscovery.models import Service
    from moto.servicediscovery.models import ServiceDiscoveryBackend as Backend
    from moto.servicediscovery.responses import ServiceDiscoveryResponse as Response

    def zones(backend):
        return route53_backends[backend.account_id]["aws"]

    @around(Backend, "create_private_dns_namespace")
    def create_namespace(original, self, **told):
        name, vpc = told["name"], told["vpc"]
        others = list(self.namespaces.values())
        if any(it.name == name and it.vpc == vpc for it in others):
            why = f"Namespace {name} already exists."
            raise JsonRESTError("NamespaceAlreadyExists", why)
        # moto allows one per VPC.
        taken, told["vpc"] = vpc, f"{vpc} {mock_random.uuid4()}"
        answer = original(self, **told)
        made = next(it for it in self.namespaces.values() if it not in others)
        made.vpc = taken
        zone = made.dns_properties["HostedZoneId"].rpartition("/")[2]
        made.dns_properties["HostedZoneId"] = zone
        zones(self).zones[zone].name = f"{name}."
        return answer

    @around(Response, "list_operations")
    def list_operations(original, self):
        status, headers, body = original(self)
        operations = json.loads(body)["Operations"]
        for it in json.loads(self.body).get("Filters") or []:
            if it["Name"] == "STATUS":
                operations = [one for one in operations if one["Status"] in it["Values"]]
        return status, headers, json.dumps({"Operations": operations})

    @around(Response, "list_services")
    def list_services(original, self):
        services = json.loads(original(self))["Services"]
        for it in json.loads(self.body).get("Filters") or []:
            if it["Name"] == "NAMESPACE_ID":
                services = [one for one in services if one["NamespaceId"] in it["Values"]]
        return json.dumps({"Services": services})

    @around(Backend, "delete_namespace")
    def delete_namespace(original, self, namespace_id):
        if any(it.namespace_id == namespace_id for it in self.services.values()):
            raise JsonRESTError("ResourceInUse", "Namespace has associated services.")
        namespace = self.get_namespace(namespace_id)
        answer = original(self, namespace_id)
        zones(self).zones.pop(namespace.dns_properties.get("HostedZoneId"), None)
        return answer

    @around(Backend, "create_service")
    def create_service(original, self, **told):
        self.get_namespace(told["namespace_id"])
        for it in self.services.values():
            if (it.name, it.namespace_id) == (told["name"], told["namespace_id"]):
                raise JsonRESTError("ServiceAlreadyExists", f"Service {it.name} already exists.")
        dns = told["dns_config"]
        told["service_type"] = told["service_type"] or ("DNS_HTTP" if dns else "HTTP")
        if dns:
            dns.setdefault("RoutingPolicy", "MULTIVALUE")
            dns["NamespaceId"] = told["namespace_id"]
        if told["health_check_custom_config"] is not None:
            told["health_check_custom_config"] = {"FailureThreshold": 1}
        return original(self, **told)

    @around(Service, "update")
    def update(original, self, details):
        original(self, details)
        self.health_check_config = details.get("HealthCheckConfig")

    @around(Backend, "delete_service")
    def delete_service(original, self, service_id):
        if service_id not in self.services:
            raise ServiceNotFound(service_id)
        if self.services[service_id].instances:
            raise JsonRESTError("ResourceInUse", "Service contains registered instances.")
        return original(self, service_id)


# ---------------------------------------------------------------- Firehose


@patches("firehose")
def deliveries_are_encrypted():
    """An encryption that was asked for at birth has a state; what is off has neither key nor state."""
    from moto.firehose.models import FirehoseBackend as Backend

    def encryption(it):
        return dict(it or {}, Status="ENABLED" if it else "DISABLED")

    @around(Backend, "create_delivery_stream")
    def create(original, self, region, name, *arguments, **named):
        answer = original(self, region, name, *arguments, **named)
        stream = self.delivery_streams[name]
        told = stream.delivery_stream_encryption_configuration
        stream.delivery_stream_encryption_configuration = encryption(told)
        return answer

    @around(Backend, "stop_delivery_stream_encryption")
    def stop(original, self, stream_name):
        original(self, stream_name)
        stream = self.delivery_streams[stream_name]
        stream.delivery_stream_encryption_configuration = encryption(None)


# ----------------------------------------------------------------- Kinesis


@patches("kinesis")
def streams_keep_what_they_are_told():
    """moto forgets a new stream's tags and sizes; one with consumers is deleted only on demand."""
    from moto.kinesis.exceptions import ResourceInUseError
    from moto.kinesis.models import KinesisBackend, Stream
    from moto.kinesis.responses import KinesisResponse as Response

    @around(KinesisBackend, "create_stream")
    def create(original, self, stream_name, *arguments, **named):
        if stream_name in self.streams:
            why = f"Stream {stream_name} under account {self.account_id} already exists."
            raise ResourceInUseError(why)
        return original(self, stream_name, *arguments, **named)

    def keep(stream, name, value):
        if value is not None:
            stream.__dict__.setdefault("kept", {})[name] = value

    @around(Response, "create_stream")
    def create_stream(original, self):
        answer = original(self)
        stream = self.kinesis_backend.streams[self._get_param("StreamName")]
        stream.tags.update(self._get_param("Tags") or {})
        for name in ("MaxRecordSizeInKiB", "WarmThroughputMiBps"):
            keep(stream, name, self._get_param(name))
        return answer

    def changing(name):
        def change(self):
            arn, stream = self._get_param("StreamARN"), self._get_param("StreamName")
            stream = self.kinesis_backend.describe_stream(arn, stream)
            keep(stream, name, self._get_param(name))
            return "{}"

        return change

    Response.update_max_record_size = changing("MaxRecordSizeInKiB")
    Response.update_stream_warm_throughput = changing("WarmThroughputMiBps")

    @around(Stream, "to_json_summary")
    def to_json_summary(original, self):
        answer = original(self)
        told, kept = answer["StreamDescriptionSummary"], getattr(self, "kept", {})
        told["ConsumerCount"] = len(self.consumers)
        told["MaxRecordSizeInKiB"] = kept.get("MaxRecordSizeInKiB", 1024)
        if "WarmThroughputMiBps" in kept:
            warm = kept["WarmThroughputMiBps"]
            told["WarmThroughput"] = {"TargetMiBps": warm, "CurrentMiBps": warm}
        return answer

    @around(Response, "delete_stream")
    def delete_stream(original, self):
        arn, stream = self._get_param("StreamARN"), self._get_param("StreamName")
        stream = self.kinesis_backend.describe_stream(arn, stream)
        if stream.consumers and not self._get_param("EnforceConsumerDeletion"):
            why = f"Stream {stream.stream_name} has registered consumers."
            raise ResourceInUseError(why)
        return original(self)


# ------------------------------------------------------------- ElastiCache


# The newest of each line of engines.
CACHE_VERSIONS = {
    "memcached": ["1.6.22", "1.5.16"],
    "redis": ["7.1.0", "7.0.7", "6.2.6", "5.0.6"],
    "valkey": ["8.0.1", "7.2.6"],
}

# What a change that is not to interrupt leaves for the maintenance window.
CACHE_WAITS = ("CacheNodeIdsToRemove", "CacheNodeType", "EngineVersion", "NumCacheNodes")

# What a replication group hands on to its members.
CACHE_MEMBERS = ("AutoMinorVersionUpgrade", "CacheNodeType", "CacheParameterGroupName")
CACHE_MEMBERS += ("CacheSubnetGroupName", "Engine", "EngineVersion", "NotificationTopicArn")
CACHE_MEMBERS += ("NotificationTopicStatus", "Port", "PreferredMaintenanceWindow")
CACHE_MEMBERS += ("SecurityGroupIds", "SnapshotWindow")


def cache_version(engine, wanted):
    known = CACHE_VERSIONS.get(engine, ["1.0.0"])
    prefix = (wanted or "").removesuffix("x")
    return next((it for it in known if it.startswith(prefix)), wanted)


def cache_logs(old, told):
    """Where logs go after a request: one entry per kind of log, none when it is off."""
    kept = {it["LogType"]: it for it in old or []}
    for it in told or []:
        kept.pop(it["LogType"], None)
        if it.get("Enabled", True):
            kept[it["LogType"]] = {**it, "Status": "active"}
    return list(kept.values())


def cache_cluster(cluster, told):
    """Gives a cluster what it is told, as AWS tells of it."""
    fields = vars(cluster)
    engine = fields["engine"] = told.get("Engine") or fields.get("engine") or "redis"
    version = told.get("EngineVersion") or fields.get("engine_version")
    cluster.engine_version = cache_version(engine, version)
    plain = {
        "AutoMinorVersionUpgrade": True,
        "CacheNodeType": None,
        "CacheSubnetGroupName": "default",
        "IpDiscovery": "ipv4",
        "NetworkType": "ipv4",
        "NumCacheNodes": 1,
        "Port": 11211 if engine == "memcached" else 6379,
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "SnapshotRetentionLimit": 0,
        "TransitEncryptionEnabled": False,
    }
    if engine != "memcached":
        plain["SnapshotWindow"] = "03:00-04:00"
    for name, usual in plain.items():
        field = "".join("_" + it.lower() if it.isupper() else it for it in name)[1:]
        value = told.get(name, fields.get(field))
        fields[field] = usual if value is None else value
    group = told.get("CacheParameterGroupName") or f"default.{engine}{version or ''}"
    if "CacheParameterGroupName" in told or "cache_parameter_group" not in fields:
        cluster.cache_parameter_group = {"CacheParameterGroupName": group}
    if "SecurityGroupIds" in told:
        groups = [{"SecurityGroupId": it, "Status": "active"} for it in told["SecurityGroupIds"]]
        cluster.security_groups = groups
    topic = fields.get("notification_configuration") or {}
    if told.get("NotificationTopicArn"):
        topic = {"TopicArn": told["NotificationTopicArn"], "TopicStatus": "active"}
    if topic and told.get("NotificationTopicStatus"):
        topic["TopicStatus"] = told["NotificationTopicStatus"]
    cluster.notification_configuration = topic or None
    logs = fields.get("logs")
    cluster.logs = cache_logs(logs, told.get("LogDeliveryConfigurations"))
    cluster.log_delivery_configurations = cluster.logs
    zones = told.get("PreferredAvailabilityZones") or []
    zones = fields.get("zones", []) + (told.get("NewAvailabilityZones") or zones)
    zone = told.get("PreferredAvailabilityZone") or "us-east-1a"
    if told.get("AZMode") == "cross-az" and not zones:
        zones = ["us-east-1a", "us-east-1b"]
    cluster.zones = zones
    domain = "a1b2c3.use1.cache.amazonaws.com"
    nodes = []
    for at in range(cluster.num_cache_nodes):
        host = f"{cluster.cache_cluster_id}.{at + 1:04}.{domain}"
        node = {"CacheNodeId": f"{at + 1:04}", "CacheNodeStatus": "available"}
        node["Endpoint"] = {"Address": host, "Port": cluster.port}
        node["CustomerAvailabilityZone"] = zones[at % len(zones)] if zones else zone
        nodes.append(node)
    cluster.cache_nodes = nodes
    held = {it["CustomerAvailabilityZone"] for it in nodes}
    cluster.preferred_availability_zone = held.pop() if len(held) == 1 else "Multiple"
    if engine == "memcached":
        host = f"{cluster.cache_cluster_id}.cfg.{domain}"
        cluster.configuration_endpoint = {"Address": host, "Port": cluster.port}


@patches("elasticache")
def caches_live():
    """moto makes caches: it changes none, deletes none, and no member of a group is a cluster."""
    from moto.core.responses import ActionResult
    from moto.elasticache.exceptions import ElastiCacheException
    from moto.elasticache.models import CacheCluster, CacheSubnetGroup
    from moto.elasticache.responses import ElastiCacheResponse as Response

    class Refused(ElastiCacheException):
        def __init__(self, code, message):
            self.code = code
            super().__init__(message)

    def group_of(self):
        groups = self.elasticache_backend.describe_replication_groups
        return groups(self._get_param("ReplicationGroupId"))[0]

    def forget(backend, arn):
        backend.tagging_service.delete_all_tags_for_resource(arn)

    @around(Response, "create_cache_cluster")
    def create_cache_cluster(original, self):
        answer = original(self)
        clusters = self.elasticache_backend.cache_clusters
        cluster = clusters[self._get_param("CacheClusterId")]
        cluster.replication_group_id = self._get_param("ReplicationGroupId")
        cache_cluster(cluster, self._get_params())
        return answer

    def modify_cache_cluster(self):
        told, backend = self._get_params(), self.elasticache_backend
        cluster = backend.describe_cache_clusters(told["CacheClusterId"])[0]
        fewer = cluster.num_cache_nodes - told.get("NumCacheNodes", cluster.num_cache_nodes)
        if fewer > 0 and len(told.get("CacheNodeIdsToRemove") or []) != fewer:
            why = "Name as many nodes to remove as there are too many."
            raise Refused("InvalidParameterValue", why)
        waiting = getattr(cluster, "pending_modified_values", None) or {}
        waiting = {**waiting, **{it: told.pop(it) for it in CACHE_WAITS if it in told}}
        if told.get("ApplyImmediately"):
            told, waiting = {**told, **waiting}, {}
        cluster.pending_modified_values = waiting
        cache_cluster(cluster, told)
        return ActionResult({"CacheCluster": cluster})

    Response.modify_cache_cluster = modify_cache_cluster

    @around(Response, "delete_cache_cluster")
    def delete_cache_cluster(original, self):
        backend, name = self.elasticache_backend, self._get_param("CacheClusterId")
        cluster = backend.describe_cache_clusters(name)[0]
        if self._get_param("FinalSnapshotIdentifier"):
            snapshot = self._get_param("FinalSnapshotIdentifier")
            backend.create_snapshot(snapshot_name=snapshot, cache_cluster_id=name)
        answer = original(self)
        del backend.cache_clusters[name]
        forget(backend, cluster.arn)
        return answer

    def subnet_group(self):
        backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
        return backend, backend.describe_cache_subnet_groups(name)[0]

    def modify_cache_subnet_group(self):
        backend, old = subnet_group(self)
        group = CacheSubnetGroup(
            backend.account_id,
            backend.region_name,
            old.cache_subnet_group_name,
            self._get_param("CacheSubnetGroupDescription") or old.cache_subnet_group_description,
            self._get_param("SubnetIds") or old.subnet_ids,
            None,
        )
        backend.cache_subnet_groups[group.cache_subnet_group_name] = group
        return ActionResult({"CacheSubnetGroup": group})

    def delete_cache_subnet_group(self):
        backend, group = subnet_group(self)
        name = group.cache_subnet_group_name
        if any(it.cache_subnet_group_name == name for it in backend.cache_clusters.values()):
            why = f"Cache subnet group {name} is currently in use by a cache cluster."
            raise Refused("CacheSubnetGroupInUse", why)
        del backend.cache_subnet_groups[name]
        forget(backend, group.arn)
        return ActionResult({})

    Response.modify_cache_subnet_group = modify_cache_subnet_group
    Response.delete_cache_subnet_group = delete_cache_subnet_group

    def rebuild(backend, group, shards, replicas):
        """The members of a replication group, each of which is a cluster."""
        for name in group.member_clusters:
            backend.cache_clusters.pop(name, None)
        group.shards, group.replicas = shards, replicas
        group.node_groups, group.member_clusters = [], []
        domain = f"{group.replication_group_id}.a1b2c3.use1.cache.amazonaws.com"
        for shard in range(1, shards + 1):
            of = {"NodeGroupId": f"{shard:04}", "Status": "available", "NodeGroupMembers": []}
            inner = f"-{shard:04}" if group.cluster_enabled else ""
            for node in range(1, replicas + 2):
                name = f"{group.replication_group_id}{inner}-{node:03}"
                member = {"CacheClusterId": name, "CacheNodeId": "0001"}
                if not group.cluster_enabled:
                    member["CurrentRole"] = "primary" if node == 1 else "replica"
                of["NodeGroupMembers"].append(member)
                group.member_clusters.append(name)
                cluster = backend.cache_clusters[name] = CacheCluster.__new__(CacheCluster)
                cluster.cache_cluster_id, cluster.cache_cluster_status = name, "available"
                cluster.replication_group_id = group.replication_group_id
                cluster.arn = f"{group.arn.partition(':replicationgroup:')[0]}:cluster:{name}"
                cache_cluster(cluster, group.told)
            if not group.cluster_enabled:
                ends = {"PrimaryEndpoint": "master", "ReaderEndpoint": "replica"}
                for end, host in ends.items():
                    of[end] = {"Address": f"{host}.{domain}", "Port": group.port}
            group.node_groups.append(of)
        if group.cluster_enabled:
            host = f"clustercfg.{domain}"
            group.configuration_endpoint = {"Address": host, "Port": group.port}

    @around(Response, "create_replication_group")
    def create_replication_group(original, self):
        told = self._get_params()
        answer = original(self)
        group = group_of(self)
        group.told = {it: told[it] for it in CACHE_MEMBERS if it in told}
        configured = told.get("NodeGroupConfiguration") or []
        shards = told.get("NumNodeGroups") or len(configured) or 1
        replicas = told.get("ReplicasPerNodeGroup")
        if replicas is None:
            first = configured[0].get("ReplicaCount") if configured else None
            replicas = first or (told.get("NumCacheClusters") or 1) - 1
        group.cluster_enabled = shards > 1 or told.get("ClusterMode") == "enabled"
        group.cluster_mode = "enabled" if group.cluster_enabled else "disabled"
        group.auto_minor_version_upgrade = told.get("AutoMinorVersionUpgrade", True)
        group.snapshot_window = told.get("SnapshotWindow") or "03:00-04:00"
        group.logs = cache_logs([], told.get("LogDeliveryConfigurations"))
        group.log_delivery_configurations = group.logs
        group.durability = told.get("Durability", "default")
        rebuild(self.elasticache_backend, group, shards, replicas)
        return answer

    def modify_replication_group(self):
        told, group = self._get_params(), group_of(self)
        if told.get("AutomaticFailoverEnabled") and not group.replicas:
            why = "Replication group must have at least one read replica to enable autofailover."
            raise Refused("InvalidParameterCombination", why)
        plain = {
            "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
            "CacheNodeType": "cache_node_type",
            "ClusterMode": "cluster_mode",
            "Durability": "durability",
            "Engine": "engine",
            "IpDiscovery": "ip_discovery",
            "ReplicationGroupDescription": "description",
            "SnapshotRetentionLimit": "snapshot_retention_limit",
            "SnapshotWindow": "snapshot_window",
            "TransitEncryptionEnabled": "transit_encryption_enabled",
            "TransitEncryptionMode": "transit_encryption_mode",
        }
        for name, field in plain.items():
            if name in told:
                setattr(group, field, told[name])
        flags = {"AutomaticFailoverEnabled": "automatic_failover", "MultiAZEnabled": "multi_az"}
        for name, field in flags.items():
            if name in told:
                setattr(group, field, "enabled" if told[name] else "disabled")
        if told.get("AuthTokenUpdateStrategy") == "DELETE":
            group.auth_token_enabled = False
        elif "AuthToken" in told:
            group.auth_token_enabled = True
        gone = told.get("UserGroupIdsToRemove") or []
        users = [it for it in group.user_group_ids if it not in gone]
        group.user_group_ids = users + (told.get("UserGroupIdsToAdd") or [])
        group.logs = cache_logs(group.logs, told.get("LogDeliveryConfigurations"))
        group.log_delivery_configurations = group.logs
        told = {it: told[it] for it in CACHE_MEMBERS if it in told}
        group.told.update(told)
        for name in group.member_clusters:
            cache_cluster(self.elasticache_backend.cache_clusters[name], told)
        return ActionResult({"ReplicationGroup": group})

    def replicas_change(self):
        group, count = group_of(self), self._get_param("NewReplicaCount")
        if count == 0 and group.automatic_failover == "enabled":
            why = "At least one replica is needed while automatic failover is enabled."
            raise Refused("InvalidReplicationGroupState", why)
        rebuild(self.elasticache_backend, group, group.shards, count)
        return ActionResult({"ReplicationGroup": group})

    def modify_replication_group_shard_configuration(self):
        group, count = group_of(self), self._get_param("NodeGroupCount")
        fewer = group.shards - count
        if fewer > 0 and len(self._get_param("NodeGroupsToRemove") or []) != fewer:
            why = "Name as many node groups to remove as there are too many."
            raise Refused("InvalidParameterValue", why)
        rebuild(self.elasticache_backend, group, count, group.replicas)
        return ActionResult({"ReplicationGroup": group})

    Response.modify_replication_group = modify_replication_group
    Response.increase_replica_count = replicas_change
    Response.decrease_replica_count = replicas_change
    shard = modify_replication_group_shard_configuration
    Response.modify_replication_group_shard_configuration = shard

    @around(Response, "delete_replication_group")
    def delete_replication_group(original, self):
        backend, group = self.elasticache_backend, group_of(self)
        name, snapshot = group.replication_group_id, self._get_param("FinalSnapshotIdentifier")
        if snapshot:
            backend.create_snapshot(snapshot_name=snapshot, replication_group_id=name)
        answer = original(self)
        for member in group.member_clusters:
            backend.cache_clusters.pop(member, None)
        del backend.replication_groups[name]
        forget(backend, group.arn)
        return answer


# ------------------------------------------------------------------ server


# moto's application for the older load balancers hands on to that of the newer.
ANSWERED_BY = {"elb": ("elb", "elbv2")}


def patched_app(service):
    """moto's application for a service, after what is patched in it."""
    for it in ANSWERED_BY.get(service, (service,)):
        backends.get_backend(it)
        for patch in PATCHES.pop(it, []):
            patch()
    return create_backend_app(service)


def called(environ, content):
    """`ec2 DescribeVpcs`: the line of a call in the emulator's log."""
    scope = environ.get("HTTP_AUTHORIZATION", "").split("/")
    service = scope[3] if len(scope) > 4 else "unknown"
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return f"{service} {target.rsplit('.', 1)[-1]}"
    action = re.search(rb"(?:^|&)Action=(\w+)", content)
    name = action.group(1).decode() if action else environ.get("PATH_INFO", "")
    return f"{service} {name}"


class Emulator:
    """The WSGI application: one request at a time, errors as AWS shapes them."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(patched_app)
        # moto's dictionaries have no locks of their own.
        self.lock = threading.RLock()
        self.warmed = threading.Event()
        self.shared = False

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == "/orderinfra-emulator":
            # Who we are, for whoever looks for a running emulator.
            return answer(start_response, "200 OK", "text/plain", b"orderinfra emulator\n")
        if path == "/orderinfra-emulator/census":
            with self.lock:
                body = json.dumps(census()).encode()
            return answer(start_response, "200 OK", "application/json", body)
        if path == "/orderinfra-emulator/target-health" and environ.get("REQUEST_METHOD") == "POST":
            length = int(environ.get("CONTENT_LENGTH") or 0)
            wanted = json.loads(environ["wsgi.input"].read(length))
            with self.lock:
                status = "200 OK" if set_target_health(wanted) else "404 Not Found"
            return answer(start_response, status, "text/plain", b"")
        if path == "/orderinfra-emulator/fork" and environ.get("REQUEST_METHOD") == "POST":
            body = json.dumps(self.fork()).encode()
            return answer(start_response, "200 OK", "application/json", body)
        # Read here: a slow sender must not hold the others up.
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length:
            content = environ["wsgi.input"].read(length)
            environ["wsgi.input"] = io.BytesIO(content)
            sys.stdout.write(called(environ, content) + "\n")
            sys.stdout.flush()
        started = []

        def start(status, headers, exc_info=None):
            started[:] = [status, headers]
            return lambda data: None

        with self.lock:
            try:
                content = self.moto(environ, start)
                body = b"".join(content)
                if hasattr(content, "close"):
                    content.close()
            except Exception as error:
                return self.failed(environ, start_response, error)
        status, headers = started
        if unknown(environ, status, headers, body):
            return refuse(environ, start_response, "NotImplemented", "unknown to the emulator")
        start_response(status, headers)
        return [body]

    def failed(self, environ, start_response, error):
        """Says at once what would fail again however often it were retried."""
        from botocore.model import OperationNotFoundError

        if isinstance(error, (NotImplementedError, OperationNotFoundError)):
            why = str(error) or "not implemented by the emulator"
            return refuse(environ, start_response, "NotImplemented", why)
        traceback.print_exc()
        why = f"the emulator failed: {type(error).__name__}: {error}"
        return refuse(environ, start_response, "EmulatorFailure", why)

    def fork(self):
        """The same cloud once more, in a process of its own on a port of its own.

        A test that tries many things in one world makes the world once. The
        copy ends when this process does."""
        self.warmed.wait()
        reading, writing = os.pipe()
        with self.lock:  # nobody is halfway through a request
            self.share()
            parent, child = os.getpid(), os.fork()
        if child == 0:
            try:
                self.server.socket.close()
                self.serve(0, lambda port: os.write(writing, b"%d\n" % port), parent)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            port = int(pipe.readline())
        return {"port": port, "pid": child}

    def share(self):
        """Loads what each copy would load for itself, and leaves its memory shared."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.core.responses import BaseResponse, _get_method_urls
        from moto.core.utils import get_service_model
        from moto.iam.models import get_account_id_from, iam_backends

        if self.shared:
            return
        self.shared = True
        for service in (*PATCHES, *SHARED):
            if service not in self.moto.app_instances:
                self.moto.app_instances[service] = patched_app(service)
        for name in {it().boto3_service_name for it in heirs(BaseResponse)} - {""}:
            get_service_model(name)
            _get_method_urls(name, "us-east-1")
        names_of_services()
        # With AWS's own policies, in each partition.
        if iam_backends[DEFAULT_ACCOUNT_ID]["aws"]:
            get_account_id_from("")
        # A collection would write into every page.
        gc.freeze()

    def serve(self, port, started, parent=None):
        """Until the end, or that of the parent."""
        self.server = make_server(
            "127.0.0.1", port, self, threaded=True, request_handler=Quiet
        )
        started(self.server.socket.getsockname()[1])
        if parent:
            threading.Thread(target=outlive, args=(parent,), daemon=True).start()
        self.server.serve_forever()

    def warm(self):
        """Imports backends in order; a request waits for one of them at most."""
        for service in WARMED:
            with self.lock:
                if service not in self.moto.app_instances:
                    self.moto.app_instances[service] = patched_app(service)
            # The lock is not fair: whoever waits for it goes now.
            time.sleep(0.005)
        self.warmed.set()


def heirs(kind):
    """All classes below one."""
    for it in kind.__subclasses__():
        yield it
        yield from heirs(it)


def outlive(parent):
    """Ends this process soon after its parent."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


# What AWS still tells of for a while, although it is gone.
GONE = {"deleted", "deleting", "terminated", "inactive", "pendingdeletion", "draining", "stopped"}


def census():
    """How many of each kind every service keeps, and the ids of each.

    Counts moto's models themselves, whatever the service: nothing can be
    forgotten in a list of kinds. Keys and policies of AWS itself are nobody's."""
    found = {}
    seen = set()

    def gone(model):
        if getattr(model, "key_manager", None) == "AWS":
            return True
        # Five partitions of the managed policies of IAM.
        if type(model).__name__ == "AWSManagedPolicy":
            return True
        fields = ("status", "state", "key_state", "last_status")
        states = (getattr(model, name, None) for name in fields)
        return any(isinstance(it, str) and it.lower() in GONE for it in states)

    def name(model):
        for field in ("arn", "id", "physical_resource_id", "name", "resource_id"):
            try:
                value = getattr(model, field, None)
            except Exception:  # a property that moto has not finished
                continue
            if isinstance(value, str) and value:
                return value
        return ""

    def walk(service, value, depth):
        if depth == 0 or id(value) in seen:
            return
        if isinstance(value, dict):
            seen.add(id(value))
            for it in list(value.values()):
                walk(service, it, depth - 1)
        elif isinstance(value, (list, tuple, set)):
            seen.add(id(value))
            for it in list(value):
                walk(service, it, depth - 1)
        elif isinstance(value, BaseModel) and not isinstance(value, BaseBackend):
            seen.add(id(value))
            if gone(value):
                return
            kind = f"{service}.{type(value).__name__}"
            found.setdefault(kind, []).append(name(value))
            for field, it in list(vars(value).items()):
                if "backend" not in field:
                    walk(service, it, 4)

    for service_backends in list(BackendDict._instances):
        for account in list(service_backends.values()):
            for backend in list(account.values()):
                for it in list(vars(backend).values()):
                    walk(service_backends.service_name, it, 5)
    return {kind: sorted(names) for kind, names in sorted(found.items())}


def unknown(environ, status, headers, body):
    """Whether it is the web framework's page for a path that moto does not have."""
    if status[:3] not in ("404", "405") or "HTTP_AUTHORIZATION" not in environ:
        return False
    kind = dict(headers).get("Content-Type", "")
    return kind.startswith("text/html") and body.lower().startswith(b"<!doctype html>")


def refuse(environ, start_response, code, message):
    """An error in the form of the protocol that the request speaks."""
    scope = environ.get("HTTP_AUTHORIZATION", "").split(",")[0].split("/")
    service = scope[3] if len(scope) > 3 else ""
    kind = environ.get("CONTENT_TYPE", "")
    for_json = {"__type": code, "message": message}
    text = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    if "HTTP_X_AMZ_TARGET" in environ or "json" in kind:
        body, kind = json.dumps(for_json), "application/x-amz-json-1.1"
    elif service == "ec2":
        body, kind = f"<Response><Errors>{error}</Errors></Response>", "text/xml"
    elif service == "s3":
        body, kind = error, "application/xml"
    elif kind.startswith("application/x-www-form-urlencoded") or service in (
        "route53",
        "cloudfront",
    ):
        body, kind = f"<ErrorResponse>{error}</ErrorResponse>", "text/xml"
    else:
        body, kind = json.dumps(for_json), "application/json"
    extra = [("x-amzn-ErrorType", code)]
    return answer(start_response, "400 Bad Request", kind, body.encode(), extra)


def answer(start_response, status, kind, body, extra=()):
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), *extra]
    start_response(status, headers)
    return [body]


class Quiet(WSGIRequestHandler):
    """Keeps connections open, sends at once, and writes no line per request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_request(self, *arguments, **named):
        pass


def main():
    emulator = Emulator()
    # Nobody waits for forks that have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    threading.Thread(target=emulator.warm, daemon=True).start()
    emulator.serve(int(sys.argv[1]), lambda port: None)


if __name__ == "__main__":
    main()
