"""The scaling rules, and that a day shows what is wrong with bad ones."""

from __future__ import annotations

import sys
import unittest
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import cost  # noqa: E402
from pricing import CostError  # noqa: E402
from scaling import DAY, ApiRules, Outcome, Trace, WorkerRules, day, run_api, run_workers, verdicts  # noqa: E402


class Rules(unittest.TestCase):
    def test_workers_by_the_first_rule_that_applies(self) -> None:
        rules = WorkerRules(least=2, most=6)
        # waiting, current, minutes to clear, last change, seconds ago -> target
        for waiting, current, minutes, last, ago, target in (
            (500, 2, 99, "up", 119, 2),  # cool-down
            (500, 2, 99, "up", 120, 5),  # over: emergency, three more
            (500, 5, 99, "", 0, 6),  # at most the most
            (500, 6, 99, "", 0, 6),
            (0, 1, 0, "", 0, 2),  # to the least
            (0, 9, 0, "", 0, 6),  # to the most
            (20, 2, 15, "", 0, 2),  # a quarter of an hour is fine
            (20, 2, 15.1, "", 0, 3),
            (60, 2, 16, "", 0, 6),  # one for each 15
            (5, 3, 0, "down", 599, 3),
            (5, 3, 0, "down", 600, 2),
            (6, 3, 0, "", 0, 3),
            (0, 2, 0, "", 0, 2),
        ):
            self.assertEqual(rules.target(waiting, current, minutes, last, ago), target, (waiting, current, minutes, last, ago))

    def test_rules_that_cannot_stand_together(self) -> None:
        for wrong in ({"least": 0}, {"least": 3, "most": 2}, {"down": 20, "up": 20}, {"emergency": 10}):
            with self.assertRaises(CostError):
                WorkerRules(**wrong)

    def test_api_goes_up_after_three_minutes_and_down_after_fifteen(self) -> None:
        rules = ApiRules(least=2, most=4)
        self.assertEqual(rules.target(deque([0.9, 0.9]), 2, "", 9999), 2)
        self.assertEqual(rules.target(deque([0.9, 0.9, 0.9]), 2, "", 9999), 3)
        self.assertEqual(rules.target(deque([2.0, 2.0, 2.0]), 2, "", 9999), 4)
        self.assertEqual(rules.target(deque([0.1] * 14), 3, "", 9999), 3)
        self.assertEqual(rules.target(deque([0.1] * 15), 3, "", 9999), 2)
        self.assertEqual(rules.target(deque([0.1] * 15), 2, "", 9999), 2)
        self.assertEqual(rules.target(deque([0.1] * 15), 3, "down", 299), 3)


class Days(unittest.TestCase):
    def test_the_phases_neither_flap_nor_starve(self) -> None:
        for phase in cost.PHASES:
            self.assertEqual(cost.simulate(phase), [], phase)

    def test_every_job_is_done_once(self) -> None:
        trace = day(100, files=40, large=60)
        jobs = sum(number for _, number in trace.files)
        done = run_workers(WorkerRules(), trace, 30, 4)
        self.assertEqual(done.unfinished, 0)
        self.assertGreater(done.task_hours * 4 * 120, jobs, "more slots than jobs, or something was done twice")

    def test_workers_are_added_and_taken_away(self) -> None:
        done = run_workers(WorkerRules(), day(100, files=20, large=120), 30, 4)
        self.assertEqual(max(done.tasks), 6)
        self.assertEqual(done.tasks[-1], 2)

    def test_rules_without_cool_downs_flap(self) -> None:
        # A file each five minutes, worked off in two: without patience and cool-downs the number follows each of them.
        trace = Trace([1] * 24, [(second, 40) for second in range(8 * 3600, 16 * 3600, 300)])
        nervous = WorkerRules(up=6, down=5, up_cooldown=0, down_cooldown=0, patience_minutes=0)
        done = run_workers(nervous, trace, 30, 4)
        self.assertTrue(any("flaps" in text for text in verdicts("workers", done, 2, 6, 1800)))
        self.assertFalse(any("flaps" in text for text in verdicts("workers", run_workers(WorkerRules(), trace, 30, 4), 2, 6, 1800)))

    def test_too_few_workers_starve(self) -> None:
        trace = Trace([1] * 24, [(9 * 3600, 2000)])
        done = run_workers(WorkerRules(least=1, most=1), trace, 30, 4)
        self.assertTrue(any("a job waited" in text for text in verdicts("workers", done, 1, 1, 1800, wait_limit=1800)))
        late = run_workers(WorkerRules(least=1, most=1), Trace([1] * 24, [(DAY - 600, 2000)]), 30, 4)
        self.assertTrue(any("still wait" in text for text in verdicts("workers", late, 1, 1, 1800)))

    def test_an_api_that_may_not_grow_starves(self) -> None:
        done = run_api(ApiRules(least=2, most=2), day(1000, files=0), 250)
        self.assertTrue(any("more came in" in text for text in verdicts("API", done, 2, 2, 1800)))

    def test_tasks_outside_of_their_bounds_are_seen(self) -> None:
        self.assertTrue(any("are allowed" in text for text in verdicts("x", Outcome(tasks=[2, 7, 2]), 2, 6, 1800)))
        self.assertTrue(any("are left" in text for text in verdicts("x", Outcome(tasks=[2, 3]), 2, 6, 1800)))

    def test_a_trace_has_24_hours(self) -> None:
        with self.assertRaisesRegex(CostError, "24 hours"):
            Trace([1, 2, 3], [])


if __name__ == "__main__":
    unittest.main()
