"""The local emulator of orderinfra: moto on loopback, with what moto lacks.

Started as `python emulator.py PORT`. moto keeps AWS's records but plays little
of what AWS does with them: its ECS services never run a task, and some of what
is said to it is forgotten. What an order system needs to be seen working is
supplied here, as real AWS would, so that the engine needs to know no emulator.

The patches of a service are applied when the first request for it arrives,
because importing moto's backends is most of the time that a start takes.
"""

import copy
import functools
import io
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
import types
import uuid
from datetime import datetime, timezone

# AWS's own policies, which roles attach by ARN.
os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")

from moto import backends  # noqa: E402
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

# What the order systems ask first, imported while the user's program is read.
WARMED = ("sts", "ec2", "iam", "logs", "ecs", "elb", "rds", "cloudwatch", "secretsmanager")
WARMED += ("ssm", "ecr", "kms", "acm", "wafv2", "applicationautoscaling", "sqs")

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
        task.interface = None
        if definition.network_mode == "awsvpc":
            self.connect(task, number)
        self.backend.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
        for group, container_port in self.groups():
            if task.interface:
                address = task.interface.private_ip_address
                group.register([{"Id": address, "Port": container_port}])

    def containers(self, task, definition):
        """moto's tasks have only the first container of their definition."""
        from moto.ecs.models import Container

        made = []
        for one in definition.container_definitions:
            alone = copy.copy(definition)
            alone.container_definitions = [one]
            container = Container(alone)
            container.task_arn = task.task_arn
            container.last_status = "RUNNING"
            container.exitCode = None
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
        return original(self)

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


# --------------------------------------------------------------------- ECR


@patches("ecr")
def scanning_can_be_switched_off():
    """A configuration without `scanOnPush` is one that says no."""
    from moto.ecr.models import ECRBackend

    @around(ECRBackend, "put_image_scanning_configuration")
    def put_image_scanning_configuration(original, self, registry_id, repository_name, image_scan_config):
        told = {"scanOnPush": False, **(image_scan_config or {})}
        return original(self, registry_id, repository_name, told)


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

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path == "/orderinfra-emulator":
            # Who we are, for whoever looks for a running emulator.
            return answer(start_response, "200 OK", "text/plain", b"orderinfra emulator\n")
        if path == "/orderinfra-emulator/census":
            with self.lock:
                body = json.dumps(census()).encode()
            return answer(start_response, "200 OK", "application/json", body)
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
    forgotten in a list of kinds."""
    found = {}
    seen = set()

    def gone(model):
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
