"""Bills, capacity and the mission's tables."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

COST = Path(__file__).parent.parent
sys.path[:0] = [str(COST), str(COST / "tests")]

import cost  # noqa: E402
from capacity import capacity, seconds_per_request  # noqa: E402
from mission import contradictions, foreseen  # noqa: E402
from plans import SPOT, USAGE, plan, resource, service, startup  # noqa: E402
from pricing import PRICERS, CostError, Prices, bill, bill_at_most, load, resources, split_tasks  # noqa: E402


class Bills(unittest.TestCase):
    def test_every_service_of_a_plan_by_hand(self) -> None:
        sums = bill(startup(), USAGE).by_service()
        task = lambda vcpu, gb: 730 * (vcpu * 0.04048 + gb * 0.004445)  # noqa: E731
        # Four workers: the base, and of the three others two (the first by turns) at the full price, one on spot.
        workers = (3 + 1 * 0.3) * task(1, 2)
        expected = {
            "Fargate": 2 * task(0.5, 1) + workers,
            "RDS": 730 * 0.018 + 20 * 0.115,
            "ElastiCache": 730 * 2 * 0.0136,
            "ALB": 730 * (0.0225 + 0.008),
            "NAT": 730 * 0.045 + 20 * 0.045,
            "Public addresses": 730 * 0.005 * 3,
            "Endpoints": 730 * 0.01 * 2,
            "CloudWatch": 12 * 0.50 + 12 * 0.03,
            "WAF": 5 + 3 + 10 * 0.60,
            "S3": 40 * 0.023,
            "Transfer": 50 * 0.09,
        }
        self.assertEqual(set(sums), set(expected))
        for name, usd in expected.items():
            self.assertAlmostEqual(sums[name], usd, places=6, msg=name)
        self.assertAlmostEqual(bill(startup(), USAGE).total, sum(expected.values()), places=6)

    def test_two_zones_double_a_database_and_a_replica_copies_its_storage(self) -> None:
        one = resource("aws_db_instance", "a", instance_class="db.t3.medium", allocated_storage=100, multi_az=True)
        two = resource("aws_db_instance", "b", instance_class="db.t3.medium", replicate_source_db="a")
        self.assertAlmostEqual(bill(plan(one), USAGE).by_service()["RDS"], 2 * (730 * 0.072 + 11.5))
        self.assertAlmostEqual(bill(plan(one, two), USAGE).by_service()["RDS"], 3 * (730 * 0.072 + 11.5))

    def test_tasks_go_where_base_and_weights_say(self) -> None:
        self.assertEqual(split_tasks(3, []), {"FARGATE": 3})
        for tasks in range(13):
            placed = split_tasks(tasks, SPOT)
            self.assertEqual(sum(placed.values()), tasks)
            if tasks:
                self.assertGreaterEqual(placed["FARGATE"], 1, "the base comes first")
            self.assertLessEqual(abs(placed["FARGATE"] - 1 - placed["FARGATE_SPOT"]), 1)
        with self.assertRaisesRegex(CostError, "without weights"):
            split_tasks(2, [{"capacity_provider": "FARGATE", "weight": 0, "base": 1}])

    def test_the_most_tasks_cost_the_most(self) -> None:
        most, usual = bill_at_most(startup(), USAGE), bill(startup(), USAGE).total
        self.assertGreater(most, usual)
        self.assertLess(most - usual, 2 * 730 * (0.04048 + 2 * 0.004445) + 0.01, "two workers more, at most at the full price")

    def test_machines_in_place_of_fargate(self) -> None:
        tasks = service("p-api", 2, 512, 1024, capacity_provider_strategy=[{"capacity_provider": "machines", "weight": 100, "base": 0}])
        group = [resource("aws_autoscaling_group", "m", min_size=2), resource("aws_launch_template", "m", instance_type="t3.small")]
        self.assertEqual(set(bill(plan(*tasks, *group), USAGE | {"out_gb": 0}).by_service()), {"EC2"})

    def test_what_is_not_known_is_said(self) -> None:
        self.assertEqual(bill(plan(resource("aws_msk_cluster", "a"), resource("aws_msk_cluster", "b")), USAGE).unknown, {"aws_msk_cluster": 2})
        for wrong, text in (
            (plan(resource("aws_db_instance", "a", instance_class="db.x9.huge", allocated_storage=1)), "no price for rds.db.x9.huge"),
            (plan(resource("aws_ecs_service", "a", name="a", desired_count=1)), "0 task definitions have the family 'a'"),
            ({"hello": 1}, "this is no plan"),
        ):
            with self.assertRaisesRegex(CostError, text):
                bill(wrong, USAGE)

    def test_every_price_names_its_page_and_is_dated(self) -> None:
        table = load("prices.json")
        self.assertRegex(table["as_of"], r"^\d{4}-\d{2}-\d{2}$")
        for key, price in table["prices"].items():
            self.assertGreater(price["usd"], 0, key)
            self.assertTrue(price["page"].startswith("https://aws.amazon.com/") and price["seen"], key)

    def test_what_stands_whatever_the_load(self) -> None:
        one = bill(startup(), USAGE)
        sized = sum(usd for name, usd in one.by_service().items() if name in ("Fargate", "RDS", "ElastiCache"))
        self.assertGreater(one.standing, 0)
        self.assertAlmostEqual(one.standing + sized, one.total)

    def test_the_types_that_cost_something_are_priced(self) -> None:
        named = "ecs_service db_instance elasticache_replication_group lb nat_gateway s3_bucket cloudwatch_log_group vpc_endpoint wafv2_web_acl"
        self.assertLessEqual({f"aws_{name}" for name in named.split()}, set(PRICERS))


class Mission(unittest.TestCase):
    def test_contradictions_are_found_by_reckoning(self) -> None:
        found = "\n".join(contradictions(load("mission.json"), Prices()))
        for text in ("startup: 109 in the headline, 119", "growth: 164 in the headline, 204", "scale: 230 in the headline, 300",
                     "a gateway costs 32.85", "growth: 154 in one place, 169", "Fargate for 52, but", "71.09", "dev: from 35"):  # fmt: skip
            self.assertIn(text, found)
        self.assertNotIn("the table adds up", found, "the infrastructure guide's own sum is right")

    def test_a_consistent_mission_has_none_of_them(self) -> None:
        mission = load("mission.json")
        for phase in mission["accunode"]["deployment plan"].values():
            phase["table"] = phase["headline"]
        self.assertNotIn("Deployment plan", "\n".join(contradictions(mission, Prices())))

    def test_what_is_foreseen(self) -> None:
        self.assertEqual(foreseen(load("mission.json"), "growth"), "164 or 204, 154–169")
        self.assertEqual(foreseen(load("mission.json"), "dev"), "35–50")


class Capacities(unittest.TestCase):
    def test_measured_figures_are_those_of_the_document(self) -> None:
        text = (COST.parent.parent / "docs/performance.md").read_text()
        measured = load("measured.json")
        for name, rate in measured["requests_per_second"].items():
            self.assertIn(f"| {name} | {rate:,} |", text, "docs/performance.md has another figure: change measured.json")
        self.assertIn(f"{measured['file_rows_per_second']:,} rows a second", text)

    def test_the_mix_is_a_harmonic_mean(self) -> None:
        measured = {"cores": 2, "requests_per_second": {"a": 100, "b": 1000}}
        self.assertAlmostEqual(seconds_per_request(measured, {"a": 0.5, "b": 0.5}), 0.011)
        with self.assertRaisesRegex(CostError, "add up to 0.9"):
            seconds_per_request(measured, {"a": 0.9})
        with self.assertRaisesRegex(CostError, "no figure for c"):
            seconds_per_request(measured, {"c": 1.0})

    def test_whoever_runs_out_first_decides(self) -> None:
        small = capacity(resources(startup()))
        self.assertEqual((small.api_vcpu, small.worker_vcpu, small.database_vcpu), (1.0, 4.0, 0.2))
        self.assertEqual(small.people, min(small.by_api, small.by_database))
        more = startup()
        for module in more["planned_values"]["root_module"]["child_modules"][0]["child_modules"]:
            for one in module["resources"]:
                if one["type"] == "aws_db_instance":
                    one["values"]["instance_class"] = "db.t3.small"
        self.assertAlmostEqual(capacity(resources(more)).by_database, 2 * small.by_database)


class CommandLine(unittest.TestCase):
    def run_cost(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cost.main(list(arguments))
        return code, out.getvalue(), err.getvalue()

    def test_report_and_bill(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(startup(), file)
            file.flush()
            code, text, _ = self.run_cost("report", f"startup={file.name}")
            self.assertEqual(code, 0)
            for part in ("| **all** |", "109 or 119", "USD a person", "do not add up", "Where 0.15 USD a person is met"):
                self.assertIn(part, text)
            row = re.search(r"\| startup \| ([\d.]+) \| [\d.]+ \| ([\d,]+) \|", text.split("is met")[1])
            self.assertIsNotNone(row)
            self.assertAlmostEqual(float(row[1]) / int(row[2].replace(",", "")), 0.15, places=3)
            code, text, _ = self.run_cost("bill", f"startup={file.name}")
            self.assertEqual(code, 0)
            self.assertRegex(text, r"All +\d+\.\d\d USD a month")

    def test_wrong_use_is_explained(self) -> None:
        for argument, text in (("startup", "PHASE=PLAN.json is expected"), ("huge=x", "'huge' has no use"), ("startup=/nowhere", "No such file")):
            code, _, error = self.run_cost("bill", argument)
            self.assertEqual(code, 1)
            self.assertIn(text, error)

    def test_phases_are_those_of_the_stack(self) -> None:
        folder = COST.parent / "terraform/stacks/accunode/phases"
        if not folder.is_dir():
            self.skipTest("the infrastructure is not in this tree")
        for name, sizes in cost.PHASES.items():
            text = (folder / f"{name}.tfvars").read_text()
            for kind in ("api", "worker"):
                found = re.search(rf"^{kind}\s*=\s*\{{ cpu = (\d+), memory = \d+, min = (\d+), max = (\d+)", text, re.M)
                self.assertIsNotNone(found, f"{name}: {kind}")
                cpu, least, most = map(int, found.groups())
                self.assertEqual(sizes[kind], (least, most, cpu / 1024), f"{name}: {kind}")


if __name__ == "__main__":
    unittest.main()
