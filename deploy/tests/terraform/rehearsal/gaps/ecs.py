"""Services keep what they were made with, and run at once as many tasks as they are asked for; tasks end at once.

On Fargate the size is the task's, and a container need not have one of its own; moto wants to add up the containers'.
"""

from moto.core.utils import camelcase_to_underscores
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.responses import EC2ContainerServiceResponse as Responses

FORGOTTEN = (
    "capacityProviderStrategy", "deploymentConfiguration", "enableECSManagedTags", "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
)


def _remembering(original):
    def answer(self):
        result = original(self)
        for name in FORGOTTEN:
            if self._get_param(name) is not None:
                setattr(result.result["service"], camelcase_to_underscores(name), self._get_param(name))
        return result

    return answer


def _running(original):
    """What a service looks like when its last deployment is done."""

    def answer(self, *args):
        services, failures = original(self, *args)
        for service in services:
            service.running_count, service.pending_count = service.desired_count, 0
            for deployment in service.deployments:
                deployment |= {
                    "desiredCount": service.desired_count,
                    "runningCount": service.desired_count,
                    "pendingCount": 0,
                    "rolloutState": "COMPLETED",
                    "taskDefinition": service.task_definition,
                }
        return services, failures

    return answer


def _ended(original):
    def answer(self, *args, **kwargs):
        tasks = original(self, *args, **kwargs)
        for task in tasks:
            task.status = task.desired_status = "STOPPED"
        return tasks

    return answer


def _no_size_of_containers(definition):
    return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}


def install():
    Backend._calculate_task_resource_requirements = staticmethod(_no_size_of_containers)
    Responses.create_service = _remembering(Responses.create_service)
    Backend.describe_services = _running(Backend.describe_services)
    Backend.run_task = _ended(Backend.run_task)
