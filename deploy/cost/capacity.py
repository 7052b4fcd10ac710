"""How many people and companies an installation serves, by what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pricing import CostError, Resource, load


@dataclass(frozen=True)
class Capacity:
    """What the parts of an installation carry."""

    api_vcpu: float
    worker_vcpu: float
    database_vcpu: float
    by_api: float
    by_database: float
    rows_per_hour: float

    @property
    def people(self) -> float:
        """Whoever runs out first decides."""
        return min(self.by_api, self.by_database)


def seconds_per_request(measured: dict[str, Any], mix: dict[str, float]) -> float:
    """Seconds of one core that a request of the mix takes, server, database and load together."""
    if abs(sum(mix.values()) - 1) > 1e-9:
        raise CostError(f"the shares of the mix add up to {sum(mix.values()):g}, not to 1")
    rates = measured["requests_per_second"]
    missing = sorted(set(mix) - set(rates))
    if missing:
        raise CostError(f"measured.json has no figure for {', '.join(missing)}")
    return sum(share * measured["cores"] / rates[name] for name, share in mix.items())


def vcpus(all_resources: list[Resource], role: str) -> float:
    """vCPUs of the services whose name ends so, at the number of tasks that the plan starts."""
    sizes = {one.values["family"]: float(one.values["cpu"]) / 1024 for one in all_resources if one.type == "aws_ecs_task_definition"}
    services = [one for one in all_resources if one.type == "aws_ecs_service" and one.values["name"].endswith(role)]
    return sum(sizes[one.values["name"]] * int(one.values["desired_count"]) for one in services)


def capacity(all_resources: list[Resource], measured: dict[str, Any] | None = None, assumed: dict[str, Any] | None = None) -> Capacity:
    measured, assumed = measured or load("measured.json"), assumed or load("assumptions.json")
    cpu, person = assumed["cpu"], assumed["person"]
    one_request = seconds_per_request(measured, assumed["mix"])
    per_person = person["requests_per_minute"] / 60
    databases = [one for one in all_resources if one.type == "aws_db_instance"]
    classes = [one.values["instance_class"] for one in databases if not one.values.get("replicate_source_db")]
    unknown = sorted(set(classes) - set(cpu["database_baseline"]))
    if unknown:
        raise CostError(f"assumptions.json has no baseline for {', '.join(unknown)}")
    # A replica answers no requests of the program's: it stands by.
    database = cpu["database_baseline"][classes[0]] if classes else 0.0
    api, worker = vcpus(all_resources, "api"), vcpus(all_resources, "worker")
    one_row = measured["cores"] / measured["file_rows_per_second"]
    rows = min(
        worker * cpu["target"] / (one_row * cpu["server_share"]),
        database * cpu["target"] / (one_row * cpu["database_share"]),
    )
    return Capacity(
        api_vcpu=api,
        worker_vcpu=worker,
        database_vcpu=database,
        by_api=api * cpu["target"] / (one_request * cpu["server_share"]) / per_person,
        by_database=database * cpu["target"] / (one_request * cpu["database_share"]) / per_person,
        rows_per_hour=rows * 3600,
    )
