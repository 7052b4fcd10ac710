"""Prices of a plan's resources: each type that costs something has a function here, each that is free stands in FREE."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class CostError(Exception):
    """What is given cannot be priced; the text says what and why."""


@dataclass(frozen=True)
class Resource:
    """One resource of a plan."""

    type: str
    address: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One line of the bill, for a month."""

    service: str
    what: str
    quantity: float
    unit_price: float

    @property
    def usd(self) -> float:
        return self.quantity * self.unit_price


def load(name: str) -> dict[str, Any]:
    return json.loads((HERE / name).read_text())


@dataclass
class Prices:
    """The dated table."""

    table: dict[str, Any] = field(default_factory=lambda: load("prices.json"))

    def __getitem__(self, key: str) -> float:
        if key not in self.table["prices"]:
            raise CostError(f"prices.json has no price for {key}: look it up and add it with its page")
        return self.table["prices"][key]["usd"]

    @property
    def hours(self) -> float:
        return self.table["hours_per_month"]


def resources(plan: dict[str, Any]) -> list[Resource]:
    """All resources of a plan, or of a state, as `terraform show -json` writes them."""
    values = plan.get("planned_values") or plan.get("values")
    if not isinstance(values, dict) or "root_module" not in values:
        raise CostError("this is no plan: expected the output of `terraform show -json PLAN`")

    def walk(module: dict[str, Any]) -> Iterator[Resource]:
        for one in module.get("resources", []):
            if one.get("mode", "managed") == "managed":
                yield Resource(one["type"], one["address"], one.get("values", {}))
        for child in module.get("child_modules", []):
            yield from walk(child)

    return list(walk(values["root_module"]))


@dataclass
class Context:
    """What a price depends on besides the resource itself."""

    prices: Prices
    usage: dict[str, float]
    all: list[Resource]

    def of_type(self, *types: str) -> list[Resource]:
        return [one for one in self.all if one.type in types]

    def hourly(self, service: str, what: str, key: str, count: float = 1) -> Line:
        return Line(service, what, count * self.prices.hours, self.prices[key])

    def monthly(self, service: str, what: str, key: str, count: float = 1) -> Line:
        return Line(service, what, count, self.prices[key])


Pricer = Callable[[Resource, Context], list[Line]]
PRICERS: dict[str, Pricer] = {}


def prices(*types: str) -> Callable[[Pricer], Pricer]:
    def register(function: Pricer) -> Pricer:
        PRICERS.update(dict.fromkeys(types, function))
        return function

    return register


def split_tasks(count: int, strategy: list[dict[str, Any]]) -> dict[str, int]:
    """How many tasks run where: first the base, the rest by weight, as ECS does it (each next task goes where most is missing)."""
    if not strategy:
        return {"FARGATE": count}
    placed = {entry["capacity_provider"]: min(count, entry.get("base") or 0) for entry in strategy}
    weights = {entry["capacity_provider"]: entry.get("weight") or 0 for entry in strategy}
    total = sum(weights.values())
    rest = count - sum(placed.values())
    if rest > 0 and total == 0:
        raise CostError("a capacity provider strategy without weights cannot place its tasks")
    extra = dict.fromkeys(placed, 0)
    for number in range(1, rest + 1):
        neediest = max(weights, key=lambda name: weights[name] / total * number - extra[name])
        extra[neediest] += 1
    return {name: placed[name] + extra[name] for name in placed}


def definition_of(service: Resource, context: Context) -> Resource:
    """A service's task definition has the service's name as family; its address is unknown in a plan."""
    found = [one for one in context.of_type("aws_ecs_task_definition") if one.values.get("family") == service.values.get("name")]
    if len(found) != 1:
        raise CostError(f"{service.address}: {len(found)} task definitions have the family {service.values.get('name')!r}, one is expected")
    return found[0]


def tasks_cost(label: str, count: int, service: Resource, context: Context) -> list[Line]:
    """Tasks of a service for a month, on Fargate and on spot; on machines they cost nothing of their own."""
    definition = definition_of(service, context)
    vcpu, gb = float(definition.values["cpu"]) / 1024, float(definition.values["memory"]) / 1024
    lines = []
    for provider, tasks in split_tasks(count, service.values.get("capacity_provider_strategy") or []).items():
        if tasks == 0 or not provider.startswith("FARGATE"):
            continue
        spot = provider == "FARGATE_SPOT"
        factor = context.prices["fargate_spot.share"] if spot else 1
        what = f"{label}: {tasks} × {vcpu:g} vCPU, {gb:g} GB{' (spot)' if spot else ''}"
        per_hour = vcpu * context.prices["fargate.vcpu_hour"] + gb * context.prices["fargate.gb_hour"]
        lines.append(Line("Fargate", what, tasks * context.prices.hours, per_hour * factor))
    return lines


@prices("aws_ecs_service")
def ecs_service(one: Resource, context: Context) -> list[Line]:
    return tasks_cost(one.values["name"], int(one.values.get("desired_count") or 0), one, context)


@prices("aws_autoscaling_group")
def machines(one: Resource, context: Context) -> list[Line]:
    templates = context.of_type("aws_launch_template")
    kinds = {template.values.get("instance_type") for template in templates}
    if len(kinds) != 1:
        raise CostError(f"{one.address}: one launch template with an instance type is expected, found {sorted(map(str, kinds))}")
    count, kind = int(one.values.get("min_size") or 0), kinds.pop()
    return [context.hourly("EC2", f"{count} × {kind}", f"ec2.{kind}", count), context.monthly("EC2", "disks, 30 GB each", "ebs.gp3_gb_month", 30 * count)]


@prices("aws_db_instance")
def database(one: Resource, context: Context) -> list[Line]:
    kind, gb = one.values["instance_class"], float(one.values.get("allocated_storage") or 0)
    if one.values.get("replicate_source_db") or (not gb and "replica" in one.address):
        # A replica has the storage of what it copies.
        gb = gb or max(float(other.values.get("allocated_storage") or 0) for other in context.of_type("aws_db_instance"))
    factor = context.prices["rds.multi_az_factor"] if one.values.get("multi_az") else 1
    zones = " in two zones" if factor > 1 else ""
    return [
        context.hourly("RDS", f"{kind}{zones}", f"rds.{kind}", factor),
        context.monthly("RDS", f"{gb:g} GB{zones}", "rds.storage_gb_month", gb * factor),
    ]


@prices("aws_elasticache_replication_group", "aws_elasticache_cluster")
def cache(one: Resource, context: Context) -> list[Line]:
    nodes = int(one.values.get("num_cache_clusters") or one.values.get("num_cache_nodes") or 1)
    kind, engine = one.values["node_type"], one.values.get("engine") or "redis"
    return [context.hourly("ElastiCache", f"{nodes} × {kind} ({engine})", f"elasticache.{engine}.{kind}", nodes)]


@prices("aws_lb")
def balancer(one: Resource, context: Context) -> list[Line]:
    zones = len(one.values.get("subnets") or []) or 2
    return [
        context.hourly("ALB", "balancer", "alb.hour"),
        context.hourly("ALB", f"{context.usage['lcu']:g} capacity units", "alb.lcu_hour", context.usage["lcu"]),
        context.hourly("Public addresses", f"balancer in {zones} zones", "ipv4.hour", zones),
    ]


@prices("aws_nat_gateway")
def nat(one: Resource, context: Context) -> list[Line]:
    gateways = len(context.of_type("aws_nat_gateway"))
    gb = context.usage["nat_gb"] / gateways
    return [context.hourly("NAT", "gateway", "nat.hour"), context.monthly("NAT", f"{gb:g} GB through it", "nat.gb", gb)]


@prices("aws_eip")
def address(one: Resource, context: Context) -> list[Line]:
    return [context.hourly("Public addresses", "address", "ipv4.hour")]


@prices("aws_vpc_endpoint")
def endpoint(one: Resource, context: Context) -> list[Line]:
    if (one.values.get("vpc_endpoint_type") or "Gateway") == "Gateway":
        return []
    zones = len(one.values.get("subnet_ids") or []) or 2
    return [context.hourly("Endpoints", f"{one.address} in {zones} zones", "endpoint.hour", zones)]


@prices("aws_wafv2_web_acl")
def firewall(one: Resource, context: Context) -> list[Line]:
    rules = len(one.values.get("rule") or [])
    millions = context.usage["requests_million"]
    return [
        context.monthly("WAF", "list", "waf.acl_month"),
        context.monthly("WAF", f"{rules} rules", "waf.rule_month", rules),
        context.monthly("WAF", f"{millions:g} million requests", "waf.million_requests", millions),
    ]


@prices("aws_cloudwatch_log_group")
def logs(one: Resource, context: Context) -> list[Line]:
    gb = context.usage["logs_gb"] / len(context.of_type("aws_cloudwatch_log_group"))
    kept = gb * float(one.values.get("retention_in_days") or 365) / 30
    return [context.monthly("CloudWatch", "logs taken in", "logs.ingest_gb", gb), context.monthly("CloudWatch", "logs kept", "logs.store_gb_month", kept)]


def flat(service: str, what: str, key: str, used: str | None = None) -> Pricer:
    """A price for each month, once or for each unit of use (shared by the resources of the type)."""

    def price(one: Resource, context: Context) -> list[Line]:
        count = 1.0 if used is None else context.usage[used] / len(context.of_type(one.type))
        return [context.monthly(service, what, key, count)] if count else []

    return price


PRICERS |= {
    "aws_cloudwatch_metric_alarm": flat("CloudWatch", "alarm", "cloudwatch.alarm_month"),
    "aws_cloudwatch_composite_alarm": flat("CloudWatch", "alarm", "cloudwatch.alarm_month"),
    "aws_cloudwatch_log_metric_filter": flat("CloudWatch", "figure from logs", "cloudwatch.metric_month"),
    "aws_kms_key": flat("KMS", "key", "kms.key_month"),
    "aws_secretsmanager_secret": flat("Secrets Manager", "secret", "secretsmanager.secret_month"),
    "aws_route53_zone": flat("Route 53", "zone", "route53.zone_month"),
    "aws_ecr_repository": flat("ECR", "images", "ecr.gb_month", "images_gb"),
    "aws_s3_bucket": flat("S3", "files", "s3.gb_month", "files_gb"),
}

# Priced with another resource, or free: rules, roles, routes, policies. The first three dashboards and two budgets, too.
FREE_PREFIXES = (
    "aws_iam_", "aws_vpc_security_group_", "aws_security_group", "aws_route", "aws_s3_bucket_", "aws_appautoscaling_",
    "aws_lb_", "aws_ecs_", "aws_acm_", "aws_sns_", "aws_codedeploy_", "aws_ecr_", "aws_db_", "aws_elasticache_",
    "aws_secretsmanager_secret_", "aws_kms_", "aws_wafv2_", "aws_cloudwatch_log_", "aws_budgets_", "aws_resourcegroups_",
)  # fmt: skip
FREE = {
    "aws_vpc", "aws_subnet", "aws_internet_gateway", "aws_default_security_group", "aws_default_network_acl", "aws_flow_log", "aws_ssm_parameter",
    "aws_cloudwatch_dashboard", "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "aws_launch_template", "aws_network_acl", "terraform_data",
    "aws_cloudwatch_query_definition", "aws_vpc_endpoint_route_table_association", "aws_s3_object",
}  # fmt: skip


def is_free(kind: str) -> bool:
    return kind in FREE or kind.startswith(FREE_PREFIXES)


# Whose sizes follow the load. Everything else costs about as much for one person as for a thousand.
SIZED = {"Fargate", "EC2", "RDS", "ElastiCache"}


@dataclass
class Bill:
    """What a plan costs in a month, and what of it nobody priced."""

    lines: list[Line]
    unknown: dict[str, int]

    @property
    def total(self) -> float:
        return sum(line.usd for line in self.lines)

    @property
    def standing(self) -> float:
        """What is there whatever the load: network, balancer, firewall, addresses, logs and alarms."""
        return sum(line.usd for line in self.lines if line.service not in SIZED)

    def by_service(self) -> dict[str, float]:
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.service] = sums.get(line.service, 0) + line.usd
        return dict(sorted(sums.items(), key=lambda entry: -entry[1]))


def bill(plan: dict[str, Any], usage: dict[str, float], table: Prices | None = None) -> Bill:
    """Prices a plan with a month's use."""
    context = Context(table or Prices(), usage, resources(plan))
    lines: list[Line] = []
    unknown: dict[str, int] = {}
    for one in context.all:
        if one.type in PRICERS:
            lines += PRICERS[one.type](one, context)
        elif not is_free(one.type):
            unknown[one.type] = unknown.get(one.type, 0) + 1
    beyond = max(0.0, usage["out_gb"] - context.prices["transfer.free_gb"])
    if beyond:
        lines.append(context.monthly("Transfer", f"{beyond:g} GB to the internet", "transfer.out_gb", beyond))
    return Bill(lines, unknown)


def bill_at_most(plan: dict[str, Any], usage: dict[str, float], table: Prices | None = None) -> float:
    """The same, had every service as many tasks as its scaling allows, all month."""
    context = Context(table or Prices(), usage, resources(plan))
    rest = bill(plan, usage, table)
    total = sum(line.usd for line in rest.lines if line.service != "Fargate")
    limits = {one.values.get("resource_id") or one.address: int(one.values["max_capacity"]) for one in context.of_type("aws_appautoscaling_target")}
    for service in context.of_type("aws_ecs_service"):
        name = service.values["name"]
        most = next((limit for resource, limit in limits.items() if resource.endswith(f"/{name}")), int(service.values.get("desired_count") or 0))
        total += sum(line.usd for line in tasks_cost(name, most, service, context))
    return total
