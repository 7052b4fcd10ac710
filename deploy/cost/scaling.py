"""A day of scaling: a load trace against the rules by which workers and API tasks come and go."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from pricing import CostError

STEP = 10  # seconds
DAY = 86_400


@dataclass(frozen=True)
class WorkerRules:
    """The server's own decision table (docs/adr/020-scaling.md), with the figures that a stack sets."""

    least: int = 2
    most: int = 6
    up: int = 20
    down: int = 5
    emergency: int = 100
    up_cooldown: int = 120
    down_cooldown: int = 600
    patience_minutes: float = 15
    jobs_per_worker: int = 15
    emergency_step: int = 3

    def __post_init__(self) -> None:
        if not (1 <= self.least <= self.most and 0 <= self.down < self.up <= self.emergency):
            raise CostError(f"these rules cannot stand together: {self}")

    def target(self, waiting: int, current: int, minutes_to_clear: float, last: str, ago: float) -> int:
        """How many workers there should be; the first rule that applies counts."""
        if ago < {"up": self.up_cooldown, "down": self.down_cooldown}.get(last, 0):
            return current
        if waiting >= self.emergency and current < self.most:
            return max(self.least, min(self.most, current + self.emergency_step))
        if current < self.least or current > self.most:
            return max(self.least, min(self.most, current))
        if waiting >= self.up and current < self.most:
            more = max(1, waiting // self.jobs_per_worker) if minutes_to_clear > self.patience_minutes else 0
            return min(self.most, current + more)
        if waiting <= self.down and current > self.least and waiting < self.emergency:
            return current - 1
        return current


@dataclass(frozen=True)
class ApiRules:
    """Target tracking of the CPU: as many tasks as bring it to the target, at once up, slowly down."""

    least: int = 2
    most: int = 4
    cpu: float = 0.70
    up_minutes: int = 3
    down_minutes: int = 15
    up_cooldown: int = 60
    down_cooldown: int = 300

    def target(self, history: deque[float], current: int, last: str, ago: float) -> int:
        if ago < {"up": self.up_cooldown, "down": self.down_cooldown}.get(last, 0):
            return current
        recent = list(history)
        if len(recent) >= self.up_minutes and min(recent[-self.up_minutes :]) > self.cpu:
            # Target tracking: proportionally, rounded up.
            wanted = -(-current * recent[-1] // self.cpu)
            return min(self.most, max(current + 1, int(wanted)))
        # Down only where one less would still be below the target with a tenth to spare.
        low = self.cpu * 0.9 * (current - 1) / current
        if len(recent) >= self.down_minutes and max(recent[-self.down_minutes :]) < low and current > self.least:
            return current - 1
        return current


@dataclass
class Trace:
    """What comes in: requests a second by hour, and files as (second, jobs)."""

    requests: list[float]
    files: list[tuple[int, int]]

    def __post_init__(self) -> None:
        if len(self.requests) != 24:
            raise CostError(f"a trace names 24 hours, this one {len(self.requests)}")

    def requests_at(self, second: int) -> float:
        """Between the hours in a straight line."""
        hour, rest = divmod(second % DAY, 3600)
        here, there = self.requests[hour], self.requests[(hour + 1) % 24]
        return here + (there - here) * rest / 3600


def day(peak: float, files: int, large: int = 30, seed: int = 1) -> Trace:
    """A working day: two humps and a quiet night; files come in office hours, most small, and as at the end of a month
    several large ones (of so many jobs) within minutes, in the morning and again in the afternoon."""
    shape = [0.02, 0.02, 0.02, 0.02, 0.03, 0.05, 0.15, 0.4, 0.75, 0.95, 1.0, 0.9, 0.6, 0.7, 0.95, 1.0, 0.85, 0.6, 0.3, 0.15, 0.1, 0.06, 0.04, 0.02]
    chance = random.Random(seed)
    arrivals = [(int(chance.triangular(7, 19, 11) * 3600), chance.choice([1, 1, 1, 2, 4, 10, 20])) for _ in range(files)]
    arrivals += [(start + 60 * number, large) for start in (int(9.5 * 3600), 15 * 3600) for number in range(4)]
    return Trace([peak * share for share in shape], sorted(arrivals))


@dataclass
class Outcome:
    """What happened to one service."""

    tasks: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)
    longest_wait: float = 0
    unfinished: int = 0

    @property
    def task_hours(self) -> float:
        return sum(self.tasks) * STEP / 3600

    def flaps(self, within: int) -> int:
        """How often the number went to and fro and to again (up, down, up, or the reverse) within so many seconds."""
        runs: list[tuple[bool, int, int]] = []  # direction, first and last change of it
        for at, by in self.changes:
            if runs and runs[-1][0] == (by > 0):
                runs[-1] = (runs[-1][0], runs[-1][1], at)
            else:
                runs.append((by > 0, at, at))
        return sum(1 for first, third in zip(runs, runs[2:]) if third[1] - first[2] < within)


def run_workers(rules: WorkerRules, trace: Trace, job_seconds: float, slots: int, start_seconds: int = 60) -> Outcome:
    """Workers for a day. A new one is there after start_seconds; one that is taken away finishes its jobs first."""
    outcome = Outcome()
    queue: deque[int] = deque()  # when each waiting job came
    arrivals = deque(trace.files)
    busy: list[float] = []  # when each running job ends
    current, ready_at = rules.least, [0] * rules.least
    last, changed = "", -DAY
    for now in range(0, DAY, STEP):
        while arrivals and arrivals[0][0] <= now:
            at, jobs = arrivals.popleft()
            queue.extend([at] * jobs)
        busy = [end for end in busy if end > now]
        free = slots * sum(at <= now for at in ready_at) - len(busy)
        while free > 0 and queue:
            outcome.longest_wait = max(outcome.longest_wait, now - queue.popleft())
            busy.append(now + job_seconds)
            free -= 1
        if now % 60 == 0:
            minutes = len(queue) * job_seconds / (60 * slots * current)
            target = rules.target(len(queue), current, minutes, last, now - changed)
            if target != current:
                outcome.changes.append((now, target - current))
                last, changed = ("up" if target > current else "down"), now
                ready_at = sorted(ready_at)[:target] + [now + start_seconds] * (target - current)
                current = target
        outcome.tasks.append(current)
        outcome.waiting.append(len(queue))
    outcome.unfinished = len(queue)
    if queue:
        outcome.longest_wait = max(outcome.longest_wait, DAY - queue[0])
    return outcome


def run_api(rules: ApiRules, trace: Trace, requests_per_task: float, start_seconds: int = 60, noise: float = 0.1, seed: int = 1) -> Outcome:
    """API tasks for a day. requests_per_task: a second, at which one task's CPU is full."""
    outcome = Outcome()
    chance = random.Random(seed)
    history: deque[float] = deque(maxlen=rules.down_minutes)
    minute: list[float] = []
    current, ready_at = rules.least, [0] * rules.least
    last, changed = "", -DAY
    for now in range(0, DAY, STEP):
        ready = max(1, sum(at <= now for at in ready_at))
        load = trace.requests_at(now) * chance.uniform(1 - noise, 1 + noise) / (requests_per_task * ready)
        minute.append(load)
        outcome.load.append(load)
        if now % 60 == 50:
            history.append(sum(minute) / len(minute))
            minute.clear()
            target = rules.target(history, current, last, now - changed)
            if target != current:
                outcome.changes.append((now, target - current))
                last, changed = ("up" if target > current else "down"), now
                ready_at = sorted(ready_at)[:target] + [now + start_seconds] * (target - current)
                current = target
        outcome.tasks.append(current)
    return outcome


def verdicts(name: str, outcome: Outcome, least: int, most: int, flap_window: int, wait_limit: float = 0) -> list[str]:
    """What is wrong; nothing when all is well."""
    wrong = []
    if min(outcome.tasks) < least or max(outcome.tasks) > most:
        wrong.append(f"{name}: {min(outcome.tasks)} to {max(outcome.tasks)} tasks, but {least} to {most} are allowed")
    if flaps := outcome.flaps(flap_window):
        wrong.append(f"{name}: flaps, {flaps} times to and fro within {flap_window} s")
    if outcome.tasks[-1] != least:
        wrong.append(f"{name}: {outcome.tasks[-1]} tasks are left at the end of the day, {least} would do")
    if outcome.unfinished:
        wrong.append(f"{name}: starves, {outcome.unfinished} jobs still wait at the end of the day")
    if wait_limit and outcome.longest_wait > wait_limit:
        wrong.append(f"{name}: starves, a job waited {outcome.longest_wait:.0f} s, at most {wait_limit:.0f} s are promised")
    full = sum(load > 1 for load in outcome.load) * STEP
    if full > 300:
        wrong.append(f"{name}: starves, for {full} s more came in than all tasks could answer")
    return wrong
