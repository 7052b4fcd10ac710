#!/usr/bin/env python3
"""What an installation costs and carries, from Terraform's plans; and a day of scaling.

    cost.py bill PHASE=PLAN.json                 the bill, line by line
    cost.py report PHASE=PLAN.json …             all of them beside the mission's figures, people and cost of each
    cost.py simulate [--phase PHASE]             a day of load against the scaling rules; exit code 1 if they flap or starve

PLAN.json is what `terraform show -json PLAN` writes; PHASE names the use to reckon with (assumptions.json).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from capacity import capacity, seconds_per_request
from mission import contradictions, foreseen
from pricing import Bill, CostError, Prices, bill, bill_at_most, load, resources
from scaling import ApiRules, Outcome, WorkerRules, day, run_api, run_workers, verdicts

# Tasks of each phase, as the stack's phases have them, and the people whom the mission expects at most.
PHASES = {
    "minimal": {"api": (1, 2, 0.25), "worker": (1, 2, 0.25), "people": 100},
    "startup": {"api": (2, 4, 0.5), "worker": (2, 6, 1.0), "people": 800},
    "growth": {"api": (3, 4, 0.5), "worker": (4, 6, 1.0), "people": 1200},
    "scale": {"api": (4, 8, 1.0), "worker": (6, 12, 1.0), "people": 2000},
}
# A worker's jobs at a time, and how long the server takes a job to last as long as nothing is known (two a minute).
SLOTS, JOB_SECONDS = 4, 30.0
# To and fro and to again within half an hour is flapping.
FLAP_WINDOW = 1800


def read_plan(argument: str) -> tuple[str, dict[str, Any]]:
    name, separator, path = argument.partition("=")
    if not separator:
        raise CostError(f"'{argument}': PHASE=PLAN.json is expected")
    if name not in load("assumptions.json")["usage"]:
        raise CostError(f"'{name}' has no use in assumptions.json; there are {', '.join(load('assumptions.json')['usage'])}")
    try:
        return name, json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise CostError(f"{path}: {error}") from error


def unpriced(one: Bill) -> str:
    return ", ".join(f"{kind} ({count})" for kind, count in sorted(one.unknown.items()))


def print_bill(argument: str) -> None:
    name, plan = read_plan(argument)
    one = bill(plan, load("assumptions.json")["usage"][name])
    for service, usd in one.by_service().items():
        print(f"{service:18} {usd:9.2f}")
        alike = Counter(line.what for line in one.lines if line.service == service)
        for what, times in alike.items():
            sums = sum(line.usd for line in one.lines if (line.service, line.what) == (service, what))
            print(f"    {sums:9.2f}  {what}{f' (× {times})' if times > 1 else ''}")
    print(f"{'All':18} {one.total:9.2f} USD a month, prices of {Prices().table['as_of']}")
    if one.unknown:
        print(f"Not priced: {unpriced(one)}")


def table(rows: list[list[str]]) -> None:
    print("| " + " | ".join(rows[0]) + " |")
    print("|---" + "|---:" * (len(rows[0]) - 1) + "|")
    for row in rows[1:]:
        print("| " + " | ".join(row) + " |")


def print_report(arguments: list[str]) -> None:
    prices, mission, usage = Prices(), load("mission.json"), load("assumptions.json")["usage"]
    plans = [read_plan(argument) for argument in arguments]
    bills = {name: bill(plan, usage[name], prices) for name, plan in plans}
    services = sorted({service for one in bills.values() for service in one.by_service()})
    print(f"## Cost a month (USD, {prices.table['region']}, list prices of {prices.table['as_of']})\n")
    rows = [["", *bills]]
    rows += [[service, *(f"{one.by_service().get(service, 0):.2f}" for one in bills.values())] for service in services]
    rows.append(["**all**", *(f"**{one.total:.2f}**" for one in bills.values())])
    rows.append(["with the most tasks, all month", *(f"{bill_at_most(plan, usage[name], prices):.2f}" for name, plan in plans)])
    rows.append(["foreseen by the mission", *(foreseen(mission, name) for name in bills)])
    table(rows)
    for name, one in bills.items():
        if one.unknown:
            print(f"\nNot priced in {name}: {unpriced(one)}")
    print_people(plans, bills, mission)
    print_asked(plans, bills, mission)
    print("\n## Where the mission's tables do not add up\n")
    for text in contradictions(mission, prices):
        print(f"- {text}")


def print_people(plans: list[tuple[str, dict[str, Any]]], bills: dict[str, Bill], mission: dict[str, Any]) -> None:
    own = mission["accunode"]["users"]
    rows = [["", "people by API", "people by database", "people", "mission", "file rows/h", "mission's companies/h", "USD a person, at the mission's", "at capacity"]]
    for name, plan in plans:
        if name not in own and name != "minimal":
            continue
        able = capacity(resources(plan))
        few, many = own.get(name, [None, None])
        each = "–".join(f"{bills[name].total / people:.3f}" for people in (many, few)) if few else "none"
        companies = mission["accunode"]["companies_per_hour"].get(name, "none")
        rows.append([name, f"{able.by_api:,.0f}", f"{able.by_database:,.0f}", f"{able.people:,.0f}", f"{few}–{many}" if few else "none",
                     f"{able.rows_per_hour:,.0f}", str(companies), each, f"{bills[name].total / able.people:.3f}"])  # fmt: skip
    if len(rows) > 1:
        print("\n## What it carries (people at work at once, by measured speed)\n")
        table(rows)
        print()
        for phase, (few, many) in own.items():
            enough = [(bills[name].total, name) for name, plan in plans if (name in own or name == "minimal") and capacity(resources(plan)).people >= many]
            if enough:
                usd, name = min(enough)
                print(f"- {few} to {many} people ({phase}): `{name}` carries them for {usd:.2f}, {usd / many:.3f} to {usd / few:.3f} each.")
        print("\nHow it is reckoned: README.md. By speed alone: with one task of each nothing is in reserve.")


def print_asked(plans: list[tuple[str, dict[str, Any]]], bills: dict[str, Bill], mission: dict[str, Any]) -> None:
    """From how many people on a month costs each of them as little as is asked, and what keeps it from that below."""
    own, asked = mission["accunode"]["users"], mission["accunode"]["cost_per_user"]
    rows = [["", "a month", "whatever the load", "met from, people", "of what it carries", "at the mission's people", "of what it carries"]]
    for name, plan in plans:
        if name not in own and name != "minimal":
            continue
        able, enough = capacity(resources(plan)).people, bills[name].total / asked
        people = "–".join(f"{count:,}" for count in own[name]) if name in own else "none"
        used = "–".join(f"{count / able:.1%}" for count in own[name]) if name in own else "none"
        rows.append([name, f"{bills[name].total:.2f}", f"{bills[name].standing:.2f}", f"{enough:,.0f}", f"{enough / able:.1%}", people, used])
    if len(rows) > 1:
        print(f"\n## Where {asked:.2f} USD a person is met\n")
        table(rows)


def hours(outcome: Outcome, values: list[int]) -> str:
    """The most of each hour."""
    per_hour = len(values) // 24
    return " ".join(f"{max(values[hour * per_hour : (hour + 1) * per_hour]):3d}" for hour in range(24))


def simulate(phase: str) -> list[str]:
    """Prints a day, returns what is wrong."""
    sizes, prices, assumed = PHASES[phase], Prices(), load("assumptions.json")
    least, most, vcpu = sizes["api"]
    # Requests a second at which one task is full, by what was measured.
    full = vcpu / (seconds_per_request(load("measured.json"), assumed["mix"]) * assumed["cpu"]["server_share"])
    # As much as the least tasks cannot carry: otherwise nothing would have to scale.
    peak = 0.9 * 0.7 * full * most if most > least else 0.6 * full * least
    # The large files of the end of a month: a quarter of an hour of work for half of the most workers.
    trace = day(peak, files=10 * sizes["worker"][0], large=max(10, int(sizes["worker"][1] / 2 * 15 * 60 / JOB_SECONDS * SLOTS / 4)))
    api_rules = ApiRules(least=least, most=most)
    api = run_api(api_rules, trace, full)
    worker_rules = WorkerRules(least=sizes["worker"][0], most=sizes["worker"][1])
    workers = run_workers(worker_rules, trace, JOB_SECONDS, SLOTS)
    print(f"\n{phase}: peak {peak:,.0f} requests/s, {len(trace.files)} files of {sum(jobs for _, jobs in trace.files)} jobs, by hour")
    print(f"  API tasks     {hours(api, api.tasks)}   {len(api.changes)} changes, {api.task_hours:.0f} task hours")
    print(f"  workers       {hours(workers, workers.tasks)}   {len(workers.changes)} changes, {workers.task_hours:.0f} task hours")
    print(f"  jobs waiting  {hours(workers, workers.waiting)}   the longest wait {workers.longest_wait:.0f} s")
    per_hour = [size * prices["fargate.vcpu_hour"] + 2 * size * prices["fargate.gb_hour"] for size in (vcpu, sizes["worker"][2])]
    cost = api.task_hours * per_hour[0] + workers.task_hours * per_hour[1]
    idle, always = (24 * sum(sizes[kind][which] * price for kind, price in zip(("api", "worker"), per_hour)) for which in (0, 1))
    print(f"  cost          {cost:.2f} USD this day; {idle:.2f} with the least tasks, {always:.2f} with the most")
    # 30 minutes are promised for a thousand companies; a job here is a chunk of a file.
    return verdicts(f"{phase}, API", api, least, most, FLAP_WINDOW) + verdicts(
        f"{phase}, workers", workers, worker_rules.least, worker_rules.most, FLAP_WINDOW, wait_limit=1800
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("bill").add_argument("plan", metavar="PHASE=PLAN.json")
    commands.add_parser("report").add_argument("plans", metavar="PHASE=PLAN.json", nargs="+")
    commands.add_parser("simulate").add_argument("--phase", choices=PHASES)
    given = parser.parse_args(arguments)
    try:
        if given.command == "bill":
            print_bill(given.plan)
        elif given.command == "report":
            print_report(given.plans)
        else:
            wrong = [text for phase in ([given.phase] if given.phase else PHASES) for text in simulate(phase)]
            print("\n" + ("\n".join(wrong) if wrong else "Neither flaps nor starves."))
            return 1 if wrong else 0
    except CostError as error:
        print(f"cost: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
