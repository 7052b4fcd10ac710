"""What processes take while they are loaded: memory, handles, connections, processor time."""

import os
import pathlib
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit

TICKS = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """Own processor seconds, and those of its children that have ended, of a process; its parent."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system, of_children, of_children_system = map(int, fields[11:15])
    return (user + system) / TICKS, (of_children + of_children_system) / TICKS, int(fields[1])


def seconds_of(pid):
    return stat(pid)[0]


def seconds_of_postgres(postmaster):
    """All that a PostgreSQL has used: its processes, and those that have ended."""
    total = sum(stat(postmaster)[:2])
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                own, ended, parent = stat(entry)
            except OSError:
                continue  # ended meanwhile
            if parent == postmaster:
                total += own + ended
    return total


def memory(pid):
    """Megabytes that a process holds."""
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def handles(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Redis:
    """Enough of a client to ask how it is."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.address = (parts.hostname, parts.port)

    def info(self):
        with socket.create_connection(self.address, timeout=5) as connection:
            connection.sendall(b"INFO\r\n")
            answer = connection.makefile("rb")
            length = int(answer.readline()[1:])
            text = answer.read(length).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


class Watch:
    """Samples of everything every few seconds, until the end of the block."""

    def __init__(self, processes, connections, redis, postmaster, every):
        self.processes, self.connections, self.redis = processes, connections, redis
        self.postmaster, self.every = postmaster, every
        self.redis_process = int(redis.info()["process_id"])
        self.samples, self.stop = [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def sample(self):
        info = self.redis.info()
        of_processes = {name: {"memory": memory(pid), "handles": handles(pid)} for name, pid in self.processes.items()
                        if name in ("server", "worker")}
        return {"at": time.monotonic(), **of_processes, "connections": self.connections(),
                "redis": int(info["used_memory"]) / (1 << 20)}

    def cpu(self):
        """Processor seconds so far, by part."""
        used = {name: seconds_of(pid) for name, pid in self.processes.items()}
        return used | {"postgres": seconds_of_postgres(self.postmaster), "redis": seconds_of(self.redis_process)}

    def run(self):
        while True:
            self.samples.append(self.sample())
            if self.stop.wait(self.every):
                return

    def __enter__(self):
        self.began, self.used = time.monotonic(), self.cpu()
        self.thread.start()
        return self

    def __exit__(self, *_):
        length, used = time.monotonic() - self.began, self.cpu()
        self.stop.set()
        self.thread.join()
        # Cores that each part kept busy, on average.
        self.cores = {part: (used[part] - self.used[part]) / length for part in used}

    def series(self):
        """Name and values over time of what is looked at."""
        for part in ("server", "worker"):
            for what, unit in (("memory", "MB"), ("handles", "")):
                yield f"{what} of the {part}", unit, [sample[part][what] for sample in self.samples]
        yield "connections to PostgreSQL", "", [sample["connections"] for sample in self.samples]
        yield "memory of Redis", "MB", [sample["redis"] for sample in self.samples]

    def trends(self):
        return [Trend(name, unit, values, [sample["at"] for sample in self.samples])
                for name, unit, values in self.series()]


class Trend:
    """How something went over time: its first and last quarter, and where its second half points."""

    # What may be added during the second half, as a share of what there is: 5 %, or what is too little to tell.
    SHARE = 0.05
    LEAST = {"MB": 8, "": 4}

    def __init__(self, name, unit, values, times):
        quarter = max(1, len(values) // 4)
        half = len(values) // 2
        self.name, self.unit, self.values = name, unit, values
        self.first, self.last = statistics.mean(values[:quarter]), statistics.mean(values[-quarter:])
        self.growth = 0.0
        if len(values) - half >= 2:
            slope = statistics.linear_regression(times[half:], values[half:]).slope
            self.growth = slope * (times[-1] - times[half])
        self.bound = max(self.SHARE * statistics.mean(values[half:]), self.LEAST[unit])

    @property
    def flat(self):
        """Whether it stays where it is; nobody can tell of Redis, which counts what people ask in windows of an hour and
        of a day, and is level only after them."""
        return None if self.name == "memory of Redis" else self.growth <= self.bound

    def data(self):
        return {"name": self.name, "unit": self.unit, "first_quarter": self.first, "last_quarter": self.last,
                "growth_of_second_half": self.growth, "bound": self.bound, "flat": self.flat, "values": self.values}
