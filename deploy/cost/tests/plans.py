"""Small plans, made by hand in the shape of `terraform show -json`."""

from __future__ import annotations

from typing import Any


def resource(kind: str, label: str, /, **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.{label}", "mode": "managed", "type": kind, "name": label, "values": values}


def plan(*resources: dict[str, Any], child: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A plan; what stands in `child` is in a module of a module."""
    root: dict[str, Any] = {"resources": list(resources)}
    if child is not None:
        root["child_modules"] = [{"address": "module.a", "child_modules": [{"address": "module.a.module.b", "resources": child}]}]
    return {"format_version": "1.2", "planned_values": {"root_module": root}}


def service(name: str, tasks: int, cpu: int, memory: int, **values: Any) -> list[dict[str, Any]]:
    """A service and its task definition, whose sizes are text as in the provider."""
    return [
        resource("aws_ecs_task_definition", name, family=name, cpu=str(cpu), memory=str(memory)),
        resource("aws_ecs_service", name, name=name, desired_count=tasks, **values),
    ]


USAGE = {"requests_million": 10, "out_gb": 150, "nat_gb": 20, "logs_gb": 12, "files_gb": 40, "images_gb": 1, "lcu": 1}

SPOT = [
    {"capacity_provider": "FARGATE", "weight": 50, "base": 1},
    {"capacity_provider": "FARGATE_SPOT", "weight": 50, "base": 0},
]


def startup() -> dict[str, Any]:
    """Everything that costs something, as small as it goes."""
    return plan(
        *service("p-api", 2, 512, 1024),
        resource("aws_lb", "this", subnets=["subnet-1", "subnet-2"]),
        resource("aws_nat_gateway", "one"),
        resource("aws_eip", "one"),
        resource("aws_vpc_endpoint", "s3", vpc_endpoint_type="Gateway"),
        resource("aws_vpc_endpoint", "ecr", vpc_endpoint_type="Interface", subnet_ids=["subnet-1", "subnet-2"]),
        resource("aws_cloudwatch_log_group", "api", retention_in_days=30),
        resource("aws_cloudwatch_log_group", "worker", retention_in_days=30),
        resource("aws_wafv2_web_acl", "this", rule=[{}, {}, {}]),
        resource("aws_s3_bucket", "files"),
        resource("aws_vpc", "this"),
        child=[
            *service("p-worker", 4, 1024, 2048, capacity_provider_strategy=SPOT),
            resource("aws_appautoscaling_target", "worker", resource_id="service/p/p-worker", max_capacity=6),
            resource("aws_db_instance", "this", instance_class="db.t3.micro", allocated_storage=20, multi_az=False, replicate_source_db=None),
            resource("aws_elasticache_replication_group", "this", node_type="cache.t3.micro", num_cache_clusters=2, engine="valkey"),
            {"address": "data.aws_region.this", "mode": "data", "type": "aws_region", "values": {}},
        ],
    )
