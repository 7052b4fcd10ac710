"""Draws both stacks for docs/operations.md out of what Terraform makes of them.

Usage: pictures.py check|write DOCUMENT NAME=STATE.json… where a state is the JSON that `terraform test -json -verbose`
shows. A picture stands in the document between `<!-- picture NAME -->` and `<!-- end -->`.
Arrows are rules of security groups and permissions of roles, so an arrow that is missing is a connection that is refused.
"""

import json
import sys
from pathlib import Path

TIERS = {"public": "public subnets", "private": "private subnets", "data": "subnets without a way out"}


def resources(module):
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield resource
    for child in module.get("child_modules", []):
        yield from resources(child)


class Stack:
    def __init__(self, shown):
        self.all = list(resources(shown["values"]["root_module"]))
        self.groups = {g["id"]: self.short(g["name"]) for g in self.of("aws_security_group")}

    def of(self, kind):
        return [r["values"] for r in self.all if r["type"] == kind]

    @staticmethod
    def short(name):
        """accunode-prod-api is drawn as api."""
        parts = name.split("-")
        return "-".join(parts[2:]) or name

    def tasks(self):
        """Label of each task: what it is made of, and how many of it run."""
        bounds = {t["resource_id"].rsplit("/", 1)[1]: t for t in self.of("aws_appautoscaling_target")}
        counts = {s["name"]: str(s["desired_count"]) for s in self.of("aws_ecs_service")}
        counts |= {name: f"{t['min_capacity']} to {t['max_capacity']}" for name, t in bounds.items()}
        for definition in self.of("aws_ecs_task_definition"):
            family = definition["family"]
            often = f"{counts[family]} tasks" if family in counts else "one task before a release"
            size = f"{int(definition['cpu']) / 1024:g} vCPU, {definition['memory']} MiB"
            yield self.short(family), f"{self.short(family)}<br/>{often}<br/>{size}"

    def data(self):
        databases = self.of("aws_db_instance")
        if databases:
            main = next(d for d in databases if not d["replicate_source_db"])
            more = ", standby" if main["multi_az"] else ""
            more += f", {len(databases) - 1} replica" if len(databases) > 1 else ""
            yield "database", f"PostgreSQL {main['engine_version']}<br/>{main['instance_class']}, {main['allocated_storage']} GB{more}"
        for cache in self.of("aws_elasticache_replication_group"):
            yield "cache", f"{cache['engine'].capitalize()} {cache['engine_version']}<br/>{cache['num_cache_clusters']} × {cache['node_type']}"

    def arrows(self):
        for rule in self.of("aws_vpc_security_group_ingress_rule"):
            to = self.groups[rule["security_group_id"]]
            source = self.groups.get(rule["referenced_security_group_id"], "anybody" if rule["cidr_ipv4"] == "0.0.0.0/0" else None)
            if source:
                yield source, to, str(rule["from_port"])
        for rule in self.of("aws_vpc_security_group_egress_rule"):
            if rule["cidr_ipv4"] == "0.0.0.0/0":
                yield self.groups[rule["security_group_id"]], "nat", str(rule["from_port"])
        families = {self.short(d["family"]) for d in self.of("aws_ecs_task_definition")}
        for policy in self.of("aws_iam_role_policy"):
            for statement in json.loads(policy["policy"])["Statement"]:
                of = next((r["values"]["name"] for r in self.all if r["type"] == "aws_iam_role" and r["values"]["id"] == policy["role"]), "")
                task = self.short(of.removesuffix("-task"))
                if policy["name"] == "work" and task in families and statement["Action"] and statement["Action"][0].startswith("s3:Abort"):
                    yield task, "files", "files"

    def draw(self):
        zones = len({s["availability_zone"] for s in self.of("aws_subnet") if s["tags"]["Tier"] == "private"})
        nats = len(self.of("aws_nat_gateway"))
        secure = any(listener["port"] == 443 for listener in self.of("aws_lb_listener"))
        wall = ", firewall" if self.of("aws_wafv2_web_acl") else ""
        inside = {
            "public": [("balancer", f"balancer{wall}<br/>{'HTTPS' if secure else 'HTTP'}"), ("nat", f"{nats} NAT gateway{'s' if nats > 1 else ''}")],
            "private": list(self.tasks()),
            "data": list(self.data()),
        }
        lines = ["```mermaid", "flowchart TB", '    anybody(("anybody"))', f'    subgraph vpc["VPC {self.of("aws_vpc")[0]["cidr_block"]}, tasks in {zones} zone{"s" if zones > 1 else ""}"]']
        for tier, nodes in inside.items():
            if nodes:
                lines.append(f'        subgraph {tier}["{TIERS[tier]}"]')
                lines += [f'            {name}["{label}"]' for name, label in nodes]
                lines.append("        end")
        lines.append("    end")
        buckets = [b["bucket"] for b in self.of("aws_s3_bucket") if "-files-" in b["bucket"]]
        lines += ['    files[("files, S3")]'] if buckets else []
        lines.append('    aws["AWS services and all else outside"]')
        joined = {}
        for source, to, port in self.arrows():
            joined.setdefault((source, to), set()).add(port)
        for (source, to), ports in sorted(joined.items()):
            lines.append(f'    {source} -->|"{", ".join(sorted(ports, key=lambda p: (not p.isdigit(), p.zfill(5))))}"| {to}')
        lines += ["    nat --> aws", "```"]
        return "\n".join(lines)


def replaced(text, name, picture):
    begin, end = f"<!-- picture {name} -->\n", "<!-- end -->"
    if begin not in text:
        raise SystemExit(f"the document has no place for picture {name}")
    before, rest = text.split(begin, 1)
    return before + begin + picture + "\n" + end + rest.split(end, 1)[1]


def main(action, document, *states):
    path = Path(document)
    text = made = path.read_text()
    for state in states:
        name, file = state.split("=", 1)
        made = replaced(made, name, Stack(json.loads(Path(file).read_text())).draw())
    if action == "write":
        path.write_text(made)
    elif made != text:
        raise SystemExit(f"FAILED: the pictures in {document} are not those of the code: run make infra-pictures")
    else:
        print(f"  ok: {len(states)} pictures in {document} are those of the code")


if __name__ == "__main__":
    main(*sys.argv[1:])
