"""The mission's own cost tables: where they do not add up, and how plans compare with them."""

from __future__ import annotations

from typing import Any

from pricing import Prices


def foreseen(mission: dict[str, Any], name: str) -> str:
    """What the documents foresee for a phase of AccuNode or an environment of Counselor."""
    accunode, counselor = mission["accunode"], mission["counselor"]
    found = []
    if name == "minimal":
        found += [f"{accunode['infrastructure guide']['total']:.2f}", f"{accunode['deployment review']['minimal']}"]
    if name in accunode["deployment plan"]:
        plan = accunode["deployment plan"][name]
        found.append(f"{plan['headline']} or {plan['table']}")
        found.append("–".join(map(str, sorted({accunode["final architecture"][name][end] for end in ("low", "high")}))))
    if name in counselor:
        found.append(f"{counselor[name]['low']}–{counselor[name]['high']}")
    return ", ".join(found) or "nothing"


def contradictions(mission: dict[str, Any], prices: Prices) -> list[str]:
    """Where tables and totals disagree, and where a figure is below what its own words cost."""
    accunode, counselor = mission["accunode"], mission["counselor"]
    guide = accunode["infrastructure guide"]
    found = []
    added = sum(guide["table"].values())
    if abs(added - guide["total"]) > 0.005:
        found.append(f"Infrastructure guide: the table adds up to {added:.2f}, the total says {guide['total']:.2f}.")
    nat = prices["nat.hour"] * prices.hours
    if guide["table"]["NAT"] < nat:
        found.append(f"Infrastructure guide: NAT for {guide['table']['NAT']:.2f}, but a gateway costs {nat:.2f} before the first byte; an instance in its place would fit.")
    for phase, plan in accunode["deployment plan"].items():
        if plan["headline"] != plan["table"]:
            found.append(f"Deployment plan, {phase}: {plan['headline']} in the headline, {plan['table']} in the table ({plan['table'] - plan['headline']} more).")
    for phase, ends in accunode["final architecture"].items():
        if ends["low"] != ends["high"]:
            found.append(f"Final architecture, {phase}: {ends['low']} in one place, {ends['high']} in another.")
    for phase, (few, many) in accunode["users"].items():
        cost = accunode["deployment plan"][phase]["headline"]
        if cost / few > accunode["cost_per_user"]:
            found.append(f"{phase}: {cost} for {few} people is {cost / few:.3f} each, above the {accunode['cost_per_user']:.2f} asked; it holds from {cost / accunode['cost_per_user']:.0f} people on (planned: up to {many}).")
    prod = counselor["prod"]
    rows = sum(prod["rows"].values())
    if round(rows) != prod["table"]:
        found.append(f"Counselor, prod: the rows add up to {rows:.2f}, the table says {prod['table']}.")
    tasks = prod["fargate"]
    fargate = tasks["tasks"] * tasks["hours"] * (tasks["vcpu"] * prices["fargate.vcpu_hour"] + tasks["gb"] * prices["fargate.gb_hour"])
    if abs(fargate - prod["rows"]["Fargate"]) > 1:
        found.append(f"Counselor, prod: Fargate for {prod['rows']['Fargate']}, but {tasks['tasks']} × {tasks['vcpu']} vCPU, {tasks['gb']} GB cost {fargate:.2f}; all rows then {rows - prod['rows']['Fargate'] + fargate:.2f}.")
    fixed = nat + prices["alb.hour"] * prices.hours
    for environment in ("dev", "test"):
        if counselor[environment]["low"] < fixed:
            found.append(f"Counselor, {environment}: from {counselor[environment]['low']}, but one NAT gateway and one balancer cost {fixed:.2f} before the first task.")
    return found
