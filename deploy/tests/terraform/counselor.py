"""Counts what the original description of the career counselling platform has: 44 resources, 49 with a domain.

Usage: counselor.py 44|49 STATE.json. Every line of ORIGINAL has to be there at least as often as the original has it.
"""

import json
import sys
from pathlib import Path

from pictures import resources

# What, the kind in Terraform, how often.
ORIGINAL = [
    ("VPC", "aws_vpc", 1), ("internet gateway", "aws_internet_gateway", 1), ("public and private subnets", "aws_subnet", 4),
    ("elastic addresses", "aws_eip", 2), ("NAT gateways", "aws_nat_gateway", 2), ("route tables", "aws_route_table", 3),
    ("their associations", "aws_route_table_association", 4),
    ("balancer", "aws_lb", 1), ("target groups", "aws_lb_target_group", 2), ("HTTP listener", "aws_lb_listener", 1),
    ("rule of the backend", "aws_lb_listener_rule", 1), ("groups of balancer and tasks", "aws_security_group", 2),
    ("repositories", "aws_ecr_repository", 2), ("their expiry", "aws_ecr_lifecycle_policy", 2),
    ("secret", "aws_secretsmanager_secret", 1), ("its version", "aws_secretsmanager_secret_version", 1),
    ("cluster", "aws_ecs_cluster", 1), ("log group", "aws_cloudwatch_log_group", 1),
    ("roles of agent and program", "aws_iam_role", 2), ("task definitions", "aws_ecs_task_definition", 2),
    ("services", "aws_ecs_service", 2),
    # The original attaches a ready policy to the agent's role and adds the secret in a second one; here each agent has one.
    ("permissions of the agents", "aws_iam_role_policy", 2),
]
# Random values are resources there and ephemeral here: a state must not hold them.
MADE = {"JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"}
# The name and its wildcard are proved by one and the same record, so the second one there is the address here.
WITH_DOMAIN = [
    ("HTTPS listener", "aws_lb_listener", 2), ("certificate", "aws_acm_certificate", 1),
    ("its validation", "aws_acm_certificate_validation", 1), ("records of proof and address", "aws_route53_record", 2),
]


def main(total, file):
    found = list(resources(json.loads(Path(file).read_text())["values"]["root_module"]))
    counted = {}
    for resource in found:
        counted[resource["type"]] = counted.get(resource["type"], 0) + 1
    wanted = ORIGINAL + (WITH_DOMAIN if total == "49" else [])
    missing = [f"{what}: {counted.get(kind, 0)} of {often}" for what, kind, often in wanted if counted.get(kind, 0) < often]
    named = set()
    for resource in found:
        if resource["type"] == "aws_ecs_task_definition":
            named |= {secret["name"] for secret in json.loads(resource["values"]["container_definitions"])[0]["secrets"]}
    missing += [f"{name}: not handed to a task" for name in sorted(MADE - named)]
    number = sum(often for _, _, often in ORIGINAL) + len(MADE) + (5 if total == "49" else 0)
    if number != int(total):
        missing.append(f"this list has {number} entries, not {total}")
    if missing:
        raise SystemExit(f"FAILED: of the {total} resources of the original are missing: {missing}")
    print(f"  ok: the {total} resources of the original are there, with {len(found) - int(total) + len(MADE)} more")


if __name__ == "__main__":
    main(*sys.argv[1:3])
