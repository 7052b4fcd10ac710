"""Start, memory at rest and size of the program; see run.sh."""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

EMAIL, FIRST, PASSWORD = "admin@bench.example", "start-bench-1", "start-bench-2"
TARGETS = {"start": 200, "memory": 60, "size": 40}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One run of the program, from its call on."""

    def __init__(self, program, folder, database):
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"], "DATABASE_URL": database, "LOG_LEVEL": "warn", "ACCUNODE_RATE_LIMITS": "off",
            "ACCUNODE_ADMIN_EMAIL": EMAIL, "ACCUNODE_ADMIN_PASSWORD": FIRST,
            "SECRET_KEY": "a key of the benchmark, 32 bytes or more",
        }
        command = [program, "serve", "--data-dir", folder, "--port", str(self.port)]
        self.log = tempfile.TemporaryFile()
        self.computed = 0.0
        self.called = time.perf_counter()
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self.milliseconds = self.wait()

    def wait(self):
        while time.perf_counter() - self.called < 60:
            if self.process.poll() is not None:
                self.log.seek(0)
                raise SystemExit(f"the server ended: {self.log.read().decode()[-2000:]}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    elapsed = (time.perf_counter() - self.called) * 1000
                    # Fields 14 and 15, counted from behind the name in brackets: ticks in the program and the kernel.
                    ticks = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
                    self.computed = sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")
                    return elapsed
            time.sleep(0.001)
        raise SystemExit("the server does not answer within a minute")

    def call(self, path, body, token=None, kind="application/json"):
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1{path}", data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def memory(self):
        """What is resident of the process alone, in MB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024 / 1e6

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def portfolio(rows):
    dice = random.Random(7)
    head = ("company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"
            "long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets")
    lines = [f"S{i},Company {i},{dice.randint(10, 90000)},Energy,2023,,{dice.uniform(0, 90):.2f},{dice.uniform(0, 9):.2f},"
             f"{dice.uniform(-30, 30):.2f},{dice.uniform(-5, 40):.2f},{dice.uniform(-20, 20):.2f}" for i in range(rows)]
    return "\n".join([head, *lines, ""]).encode()


def fill(program, folder, database, rows):
    server = Server(program, folder, database)
    token = server.call("/auth/login", {"email": EMAIL, "password": FIRST})["access_token"]
    server.call("/auth/change-password", {"current_password": FIRST, "new_password": PASSWORD}, token)
    token = server.call("/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
    form = (b'--mark\r\nContent-Disposition: form-data; name="file"; filename="p.csv"\r\n\r\n' + portfolio(rows)
            + b"\r\n--mark--\r\n")
    job = server.call("/predictions/annual/bulk-upload-async", form, token, "multipart/form-data; boundary=mark")["job_id"]
    for _ in range(1200):
        status = server.call(f"/predictions/jobs/{job}/status", None, token)["job"]
        if status["status"] in ("completed", "failed"):
            break
        time.sleep(0.5)
    if status["status"] != "completed":
        raise SystemExit(f"the database is not filled: {status}")
    server.stop()
    return server.milliseconds


def beside(figure, unit, target):
    return f"{figure:.0f} {unit} | < {target} {unit} | {'yes' if figure < target else 'NO'}"


def measure(program, name, folder, database, rounds, rows):
    first = fill(program, folder, database, rows)
    starts, memories, computed = [], [], []
    for _ in range(rounds):
        server = Server(program, folder, database)
        starts.append(server.milliseconds)
        computed.append(server.computed)
        time.sleep(2)
        memories.append(server.memory())
        server.stop()
    print(f"| start on {name}, {rows:,} predictions: median of {rounds} (best {min(starts):.0f}, worst {max(starts):.0f};"
          f" the first, which migrates: {first:.0f}; processor time {statistics.median(computed):.0f} ms) | {beside(statistics.median(starts), 'ms', TARGETS['start'])} |")
    print(f"| memory at rest on {name}, 2 s after the start (worst {max(memories):.0f}) |"
          f" {beside(statistics.median(memories), 'MB', TARGETS['memory'])} |", flush=True)


def size(program, folder):
    stripped = pathlib.Path(folder) / "stripped"
    shutil.copy(program, stripped)
    subprocess.run(["strip", stripped], check=True)
    print(f"| the program without debug information | {beside(stripped.stat().st_size / 1e6, 'MB', TARGETS['size'])} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rows", type=int, default=20_000)
    arguments = parser.parse_args()
    print("| what | measured | target | reached |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="accunode-start-") as folder:
        for name, database in [("SQLite", ""), ("PostgreSQL", os.environ["ACCUNODE_TEST_POSTGRES_URL"])]:
            below = pathlib.Path(folder) / name
            below.mkdir()
            measure(arguments.program, name, below, database, arguments.rounds, arguments.rows)
        size(arguments.program, folder)


if __name__ == "__main__":
    main()
