"""Alarms of a deployment group, deletions, and deployments that lead the traffic over at once."""

import json

import moto.codedeploy.responses as responses
from moto.core.responses import ActionResult, EmptyResult
from moto.ecs.models import ecs_backends

Responses = responses.CodeDeployResponse


def _with_alarms(original):
    def info(group):
        return original(group) | {"alarmConfiguration": group.alarm_configuration or {}}

    return info


def update_deployment_group(self):
    """Changes what the request names of a group."""
    groups = self.codedeploy_backend.deployment_groups[self._get_param("applicationName")]
    group = groups[self._get_param("currentDeploymentGroupName")]
    fields = {
        "alarmConfiguration": "alarm_configuration",
        "autoRollbackConfiguration": "auto_rollback_configuration",
        "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
        "loadBalancerInfo": "load_balancer_info",
    }
    for asked, kept in fields.items():
        if self._get_param(asked) is not None:
            setattr(group, kept, self._get_param(asked))
    return ActionResult({"hooksNotCleanedUp": []})


def delete_deployment_group(self):
    groups = self.codedeploy_backend.deployment_groups.get(self._get_param("applicationName"), {})
    groups.pop(self._get_param("deploymentGroupName"), None)
    return ActionResult({"hooksNotCleanedUp": []})


def delete_application(self):
    self.codedeploy_backend.applications.pop(self._get_param("applicationName"), None)
    return EmptyResult()


def _deployed(original):
    """The service runs the task definition of the revision, and the deployment has succeeded."""

    def answer(self):
        result = original(self)
        backend = self.codedeploy_backend
        deployment = next(d for d in backend.deployments.values() if d.deployment_id == result.result["deploymentId"])
        spec = json.loads(deployment.revision["appSpecContent"]["content"])
        definition = spec["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"]
        of = deployment.deployment_group.ecs_services[0]
        ecs = ecs_backends[self.current_account][self.region]
        ecs.services[f"{of['clusterName']}:{of['serviceName']}"].task_definition = definition
        deployment.status = "Succeeded"
        return result

    return answer


def install():
    responses._deployment_group_info = _with_alarms(responses._deployment_group_info)
    for action in (update_deployment_group, delete_deployment_group, delete_application):
        setattr(Responses, action.__name__, action)
    Responses.create_deployment = _deployed(Responses.create_deployment)
