"""Parameter groups, the nodes of a replication group as clusters of their own, and deletions that delete."""

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.responses import ElastiCacheResponse as Responses

PATCH = {"8.0": "8.0.1", "7.1": "7.1.0"}


class NoSuchGroup(ServiceException):
    code = "CacheParameterGroupNotFound"


def _groups(self):
    return self.elasticache_backend.__dict__.setdefault("own_parameter_groups", {})


def _group(self):
    name = self._get_params()["CacheParameterGroupName"]
    if name not in _groups(self):
        raise NoSuchGroup(f"CacheParameterGroup not found: {name}")
    return _groups(self)[name]


def create_cache_parameter_group(self):
    asked = self._get_params()
    name = asked["CacheParameterGroupName"]
    shown = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": asked["CacheParameterGroupFamily"],
        "Description": asked.get("Description", ""),
        "IsGlobal": False,
        "ARN": f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}",
    }
    tags = {tag["Key"]: tag["Value"] for tag in asked.get("Tags", [])}
    _groups(self)[name] = {"shown": shown, "values": {}, "tags": tags}
    return ActionResult({"CacheParameterGroup": shown})


def describe_cache_parameter_groups(self):
    if "CacheParameterGroupName" in self._get_params():
        return ActionResult({"CacheParameterGroups": [_group(self)["shown"]]})
    return ActionResult({"CacheParameterGroups": [group["shown"] for group in _groups(self).values()]})


def modify_cache_parameter_group(self):
    group = _group(self)
    for value in self._get_params().get("ParameterNameValues", []):
        group["values"][value["ParameterName"]] = value["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group["shown"]["CacheParameterGroupName"]})


def reset_cache_parameter_group(self):
    group = _group(self)
    for value in self._get_params().get("ParameterNameValues", []):
        group["values"].pop(value["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group["shown"]["CacheParameterGroupName"]})


def describe_cache_parameters(self):
    values = _group(self)["values"].items()
    shown = [{"ParameterName": name, "ParameterValue": value, "Source": "user"} for name, value in values]
    return ActionResult({"Parameters": shown})


def delete_cache_parameter_group(self):
    _groups(self).pop(_group(self)["shown"]["CacheParameterGroupName"])
    return EmptyResult()


def _tagged(original, change):
    """Tags of parameter groups; those of everything else stay with moto."""

    def answer(self):
        asked = self._get_params()
        arn = asked.get("ResourceName", "")
        if ":parametergroup:" not in arn:
            return original(self)
        tags = _groups(self)[arn.rsplit(":", 1)[1]]["tags"]
        change(tags, asked)
        return ActionResult({"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]})

    return answer


def _node(group, name):
    return {
        "CacheClusterId": name,
        "CacheClusterStatus": "available",
        "CacheNodeType": group.cache_node_type,
        "Engine": group.engine,
        "EngineVersion": PATCH.get(group.engine_version, group.engine_version),
        "NumCacheNodes": 1,
        "ReplicationGroupId": group.replication_group_id,
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "PreferredMaintenanceWindow": group.preferred_maintenance_window or "sun:05:00-sun:06:00",
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
        },
        "SecurityGroups": [{"SecurityGroupId": i, "Status": "active"} for i in group.security_group_ids or []],
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "AutoMinorVersionUpgrade": True,
    }


def _with_nodes(original):
    def answer(self):
        name = self._get_params().get("CacheClusterId")
        for group in self.elasticache_backend.replication_groups.values():
            if name in group.member_clusters:
                return ActionResult({"CacheClusters": [_node(group, name)]})
        return original(self)

    return answer


def _really_deleted(original):
    def answer(self):
        result = original(self)
        self.elasticache_backend.replication_groups.pop(self._get_params()["ReplicationGroupId"], None)
        return result

    return answer


def delete_cache_subnet_group(self):
    name = self._get_params()["CacheSubnetGroupName"]
    for key in (name, name.lower()):
        self.elasticache_backend.cache_subnet_groups.pop(key, None)
    return EmptyResult()


def install():
    for action in (
        create_cache_parameter_group, describe_cache_parameter_groups, modify_cache_parameter_group,
        reset_cache_parameter_group, describe_cache_parameters, delete_cache_parameter_group, delete_cache_subnet_group,
    ):
        setattr(Responses, action.__name__, action)
    changes = {
        "list_tags_for_resource": lambda tags, asked: None,
        "add_tags_to_resource": lambda tags, asked: tags.update({t["Key"]: t["Value"] for t in asked.get("Tags", [])}),
        "remove_tags_from_resource": lambda tags, asked: [tags.pop(key, None) for key in asked.get("TagKeys", [])],
    }
    for name, change in changes.items():
        setattr(Responses, name, _tagged(getattr(Responses, name), change))
    Responses.describe_cache_clusters = _with_nodes(Responses.describe_cache_clusters)
    Responses.delete_replication_group = _really_deleted(Responses.delete_replication_group)
