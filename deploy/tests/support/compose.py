"""Starts what deploy/docker/compose.yaml describes, without the images that cannot be pulled.

    compose.py CONFIG.json IMAGE FOLDER        inside `unshare --mount --net --pid`, as root

CONFIG.json is the compose file as a compose command resolved it; IMAGE a folder with the last stage's files (root and
owned) and its settings (image.json). Each service gets a network of its own on one bridge, with the names of the
compose file, so ports and addresses are used as they stand. AccuNode runs in the image's own file system, read-only,
as its user; PostgreSQL, Valkey (or Redis) and Prometheus are this machine's. Grafana is not there: what it would ask
Prometheus is asked from its place.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calls import call, say, seconds, stop

HERE = Path(__file__).parent
DOCKER = HERE.parents[1] / "docker"
ROOT = HERE.parents[2]
BRIDGE = "10.89.77.1"
ACCUNODE = ("migrate", "server", "worker-1", "worker-2")


class Service:
    """One service of the compose file, in a network of its own."""

    def __init__(self, name: str, config: dict[str, Any], number: int, folder: Path) -> None:
        self.name, self.config, self.folder = name, config, folder
        self.address = f"10.89.77.{number}"
        self.environment = {key: str(value) for key, value in config.get("environment", {}).items()}
        self.command = config.get("command") or []
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / f"{name}.log"
        call("ip", "netns", "add", name)
        call("ip", "link", "add", f"v{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
        call("ip", "link", "set", f"v{number}", "master", "br0", "up")
        call("ip", "-n", name, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            call("ip", "-n", name, "link", "set", device, "up")

    def inside(self, command: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.name, *command]

    def prepare(self) -> list[str]:
        """Makes what the image would bring, and tells the command to run."""
        return self.command

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.inside(self.prepare()), env=self.surroundings(), stdout=log, stderr=log)

    def surroundings(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **self.environment}

    def check(self, test: list[str]) -> bool:
        command = ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
        with self.log.open("ab") as log:
            return subprocess.run(self.inside(command), env=self.surroundings(), stdout=log, stderr=log).returncode == 0

    def health(self) -> dict[str, Any]:
        return self.config.get("healthcheck", {})

    def wait_healthy(self) -> None:
        health = self.health()
        for _ in range(int(health["retries"]) * 4):
            if self.check([word.replace("$$", "$") for word in health["test"]]):
                return
            if self.process is None or self.process.poll() is not None:
                stop(f"{self.name} ended: {self.tail()}")
            time.sleep(seconds(health["interval"]) / 4)
        stop(f"{self.name} does not become healthy: {self.tail()}")

    def wait_completed(self) -> None:
        if self.process is None or self.process.wait(180):
            stop(f"{self.name} failed: {self.tail()}")

    def end(self) -> float:
        """SIGTERM, as compose sends it; how long it took. Past the grace period it would be killed: that is a failure."""
        began = time.monotonic()
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds(self.config.get("stop_grace_period", "10s")))
        except subprocess.TimeoutExpired:
            stop(f"{self.name} still runs at the end of its grace period: {self.tail()}")
        if code:
            stop(f"{self.name} ends with {code}: {self.tail()}")
        return time.monotonic() - began

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]


class AccuNode(Service):
    """In the image's file system, as its user."""

    def __init__(self, name: str, config: dict[str, Any], number: int, folder: Path, image: Path) -> None:
        super().__init__(name, config, number, folder)
        self.image = json.loads((image / "image.json").read_text())
        self.root, self.files = folder / f"{name}.root", folder / "files"
        wanted = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
        wrong = {key: config.get(key) for key, value in wanted.items() if config.get(key) != value}
        if wrong:
            stop(f"{name} is not locked up: {wrong}")
        for path in (self.root, self.root / "proc", self.root / "dev", self.files):
            path.mkdir(exist_ok=True)
        for part in ("root", "owned"):
            shutil.copytree(image / part, self.root, dirs_exist_ok=True)
        for path in (self.files, self.root / "tmp"):
            os.chown(path, 10001, 10001)
        (self.root / "etc/resolv.conf").write_text(f"nameserver {BRIDGE}\n")
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        call("mount", "--bind", str(self.root), str(self.root))
        # Every container has these.
        for device in ("null", "zero", "random", "urandom"):
            (self.root / "dev" / device).touch()
            call("mount", "--bind", f"/dev/{device}", str(self.root / "dev" / device))
        call("mount", "-o", "remount,bind,ro", str(self.root))
        call("mount", "-t", "proc", "proc", str(self.root / "proc"))
        for volume in config["volumes"]:
            if volume != "files:/data":
                stop(f"{name}: volume {volume} is not known here")
            call("mount", "--bind", str(self.files), str(self.root / "data"))
        for mount in config["tmpfs"]:
            path, _, options = mount.partition(":")
            call("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.root / path.lstrip("/")))

    def surroundings(self) -> dict[str, str]:
        # An image has no more than this either.
        return {**self.image["Env"], **self.environment}

    def program(self, *arguments: str) -> list[str]:
        setpriv, chroot = shutil.which("setpriv"), shutil.which("chroot")
        return [str(setpriv), "--no-new-privs", str(chroot), "--userspec=10001:10001", "--groups=", str(self.root), "/accunode", *arguments]

    def inside(self, command: list[str]) -> list[str]:
        return [str(shutil.which("ip")), "netns", "exec", self.name, *command]

    def prepare(self) -> list[str]:
        return self.program(*self.command)

    def check(self, test: list[str]) -> bool:
        if test[:2] != ["CMD", "/accunode"]:
            stop(f"{self.name}: an image without a shell cannot run {test}")
        return super().check(["CMD", *self.program(*test[2:])])

    def health(self) -> dict[str, Any]:
        return self.config.get("healthcheck") or {"test": self.image["Healthcheck"], "interval": "2s", "retries": 15}


class Postgres(Service):
    """What the official image's entry point does with its three variables, by this machine's PostgreSQL."""

    def prepare(self) -> list[str]:
        bins = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.bin, data = (bins[-1] if bins else Path(str(shutil.which("initdb"))).parent), self.folder / "database"
        password = self.folder / "password"
        password.write_text(self.environment["POSTGRES_PASSWORD"])
        data.mkdir()
        for path in (data, password):
            shutil.chown(path, "postgres")
        user = self.environment["POSTGRES_USER"]
        call(*self.as_postgres(f"{self.bin}/initdb", "--no-sync", "-D", str(data), "-U", user, f"--pwfile={password}", "-E", "UTF8",
             "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"), cwd="/")  # fmt: skip
        with (data / "pg_hba.conf").open("a") as file:
            file.write("host all all all scram-sha-256\n")
        server = self.as_postgres(f"{self.bin}/postgres", "-D", str(data), "-k", str(data), "-c", "fsync=off")
        single = self.as_postgres(f"{self.bin}/postgres", "--single", "-D", str(data), "postgres")
        call(*single, input=f"CREATE DATABASE {self.environment['POSTGRES_DB']}\n", cwd="/")
        return [*server, "-c", "listen_addresses=*"]

    def as_postgres(self, *command: str) -> list[str]:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]

    def surroundings(self) -> dict[str, str]:
        return super().surroundings() | {"PGHOST": str(self.folder / "database")}


class Valkey(Service):
    """The command as it stands; where only Redis is installed, under Valkey's names."""

    def surroundings(self) -> dict[str, str]:
        names = self.folder / "valkey"
        names.mkdir(exist_ok=True)
        for name in ("server", "cli"):
            if not shutil.which(f"valkey-{name}") and not (names / f"valkey-{name}").exists():
                (names / f"valkey-{name}").symlink_to(str(shutil.which(f"redis-{name}")))
        return {"PATH": f"{names}:{os.environ['PATH']}", **self.environment}

    def prepare(self) -> list[str]:
        os.chdir(self.folder)
        return [word.replace("$$", "$") for word in self.command]


class Prometheus(Service):
    def prepare(self) -> list[str]:
        places = {}
        for volume in self.config["volumes"]:
            source, target = volume.split(":")[:2]
            places[target] = str((DOCKER / source).resolve()) if source.startswith(".") else str(self.folder / source)
        longest = sorted(places, key=len, reverse=True)
        pattern = re.compile("(?<==)(" + "|".join(map(re.escape, longest)) + r")(?=/|$)")
        return ["prometheus", *(pattern.sub(lambda found: places[found[1]], word) for word in self.command)]


class Absent(Service):
    def start(self) -> None:
        pass


def kind(config: dict[str, Any]) -> type[Service]:
    image = config["image"].split(":")[0]
    known = {"accunode": AccuNode, "postgres": Postgres, "valkey/valkey": Valkey, "prom/prometheus": Prometheus, "grafana/grafana": Absent}
    return known[image] if image in known else stop(f"image {image} is not known here")


def network(services: dict[str, Any]) -> None:
    """A bridge, and a name server that knows the services; nothing of it is seen outside."""
    resolver = Path(os.path.realpath("/etc/resolv.conf"))
    call("mount", "-t", "tmpfs", "tmpfs", "/run")
    Path("/run/netns").mkdir()
    ours = Path("/run/resolv.conf")
    ours.write_text(f"nameserver {BRIDGE}\n")
    if not resolver.exists():
        resolver.parent.mkdir(parents=True, exist_ok=True)
        resolver.touch()
    call("mount", "--bind", str(ours), str(resolver))
    call("ip", "link", "set", "lo", "up")
    call("ip", "link", "add", "br0", "type", "bridge")
    call("ip", "addr", "add", f"{BRIDGE}/24", "dev", "br0")
    call("ip", "link", "set", "br0", "up")
    names = [f"{name}={address(number)}" for number, name in enumerate(services, 10)]
    server = subprocess.Popen([sys.executable, str(HERE / "names.py"), f"{BRIDGE}:53", *names], stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()


def address(number: int) -> str:
    return f"10.89.77.{number}"


def start(services: dict[str, Service]) -> None:
    """In the order that depends_on tells, each when what it needs is as it asks."""
    waiting = dict(services)
    while waiting:
        ready = [one for one in waiting.values() if not set(one.config.get("depends_on", {})) & set(waiting)]
        if not ready:
            stop(f"depends_on goes in circles: {sorted(waiting)}")
        for one in ready:
            for name, how in one.config.get("depends_on", {}).items():
                if how["condition"] == "service_healthy":
                    services[name].wait_healthy()
                elif how["condition"] == "service_completed_successfully":
                    services[name].wait_completed()
            one.start()
            del waiting[one.name]
    services["server"].wait_healthy()


def ask(url: str, *more: str) -> Any:
    done = subprocess.run(["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", *more, url], capture_output=True, text=True)
    return stop(f"{url}: {done.stdout}{done.stderr}") if done.returncode else json.loads(done.stdout)


def until(what: str, tries: int, done: Any) -> Any:
    for _ in range(tries):
        found = done()
        if found:
            return found
        time.sleep(1)
    return stop(f"{what}: not after {tries} s")


def settings(services: dict[str, Service]) -> None:
    """The doctor finds nothing, and the program reads each variable that the file sets."""
    server = services["server"]
    assert isinstance(server, AccuNode)
    text = call(*server.inside(server.program("doctor")), env=server.surroundings())
    read = set(re.search(r"^set in the environment: (.*)$", text, re.M)[1].split(", "))  # type: ignore[index]
    unread = {name for name, value in server.environment.items() if value} - read
    if unread:
        stop(f"the program does not read {', '.join(sorted(unread))}")
    say(f"the doctor finds nothing; all of {len(server.environment)} variables are read")


def locked(services: dict[str, Service]) -> None:
    for name in ACCUNODE[1:]:
        process = services[name].process
        assert process is not None
        status = Path(f"/proc/{process.pid}/status").read_text()
        for line in ("Uid:\t10001", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"):
            if line not in status:
                stop(f"{name} does not run as it should: no {line!r}")
        root = next(line for line in Path(f"/proc/{process.pid}/mountinfo").read_text().splitlines() if line.split()[4] == "/")
        if "ro" not in root.split()[5].split(","):
            stop(f"{name}: the root file system may be written")


def work(services: dict[str, Service]) -> Callable[[], None]:
    """The administrator of the file signs in and takes a password of their own; each worker alone works on a file."""
    url, who = f"http://server:{services['server'].image['Env']['PORT']}/api/v1", services["server"].environment  # type: ignore[attr-defined]
    account = {"email": who["ACCUNODE_ADMIN_EMAIL"], "password": who["ACCUNODE_ADMIN_PASSWORD"]}
    own = account["password"] + "-of-my-own"

    def sign_in() -> tuple[str, str]:
        return "--header", f"Authorization: Bearer {ask(f'{url}/auth/login', '--json', json.dumps(account))['access_token']}"

    ask(f"{url}/auth/change-password", *sign_in(), "--json", json.dumps({"current_password": account["password"], "new_password": own}))
    account["password"] = own
    signed = sign_in()
    for idle, busy, kind_ in (("worker-2", "worker-1", "annual"), ("worker-1", "worker-2", "quarterly")):
        services[idle].end()
        file = f"file=@{ROOT}/sample/portfolio_{kind_}.csv;type=text/csv"
        job = ask(f"{url}/predictions/{kind_}/bulk-upload-async", *signed, "--form", file)["job_id"]
        look = lambda: ask(f"{url}/predictions/jobs/{job}/status", *signed)["job"]  # noqa: E731
        ended = until(f"a file for {busy}", 60, lambda: (found := look())["status"] in ("completed", "failed") and found)
        if ended["status"] != "completed" or not ended["successful_rows"]:
            stop(f"{busy}: {ended}")
        services[idle].start()
        say(f"{busy} alone works on a file: {ended['successful_rows']} rows")

    def visit() -> None:
        for path in ("predictions/annual?size=10", "companies?limit=10"):
            ask(f"{url}/{path}", *signed)

    return visit


def figures(services: dict[str, Service], visit: Callable[[], None]) -> None:
    """Prometheus finds all processes by name, and while people come has an answer to all that Grafana would ask it."""
    grafana = services["grafana"]
    source = (DOCKER / "grafana/provisioning/datasources/prometheus.yml").read_text()
    base = re.search(r"^\s*url: (\S+)$", source, re.M)[1]  # type: ignore[index]

    def query(expression: str) -> list[dict[str, Any]]:
        url = f"{base}/api/v1/query?query={urllib.parse.quote(expression)}"
        done = subprocess.run(grafana.inside(["curl", "--silent", "--max-time", "10", url]), capture_output=True, text=True)
        return json.loads(done.stdout)["data"]["result"] if done.returncode == 0 and done.stdout.startswith('{"status":"success"') else []

    expected = {f"{name}:{services[name].environment['METRICS_PORT']}" for name in ACCUNODE[1:]}
    up = lambda: {one["metric"]["instance"] for one in query('up{job="accunode"} == 1')}  # noqa: E731
    until(f"figures of {sorted(expected)}", 90, lambda: up() == expected)
    asked = {}
    for file in sorted((DOCKER / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                asked[f"{file.stem}, {panel['title']}: {target['expr']}"] = target["expr"]
    silent = dict(asked)
    # Rates need two looks, and rules a third.
    for _ in range(60):
        visit()
        silent = {name: expression for name, expression in silent.items() if not query(expression)}
        if not silent:
            break
        time.sleep(2)
    else:
        stop("Prometheus has no answer to " + "\n".join(silent))
    say(f"Prometheus has figures of {', '.join(sorted(expected))}; all of {len(asked)} queries of the pictures have answers")


def main(config: Path, image: Path, folder: Path) -> None:
    described = json.loads(config.read_text())["services"]
    for name, one in described.items():
        if any(not str(port).startswith("127.0.0.1:") for port in one.get("ports", [])):
            stop(f"{name} is published to everybody: {one['ports']}")
    network(described)
    services: dict[str, Service] = {}
    for number, (name, one) in enumerate(described.items(), 10):
        more = (image,) if kind(one) is AccuNode else ()
        services[name] = kind(one)(name, one, number, folder, *more)
    started = time.monotonic()
    start(services)
    say(f"migrated and healthy after {time.monotonic() - started:.0f} s: {', '.join(name for name in services if services[name].process)}")
    locked(services)
    settings(services)
    smoke = ROOT / "deploy/ci/smoke.sh"
    call(str(smoke), f"http://server:{services['server'].image['Env']['PORT']}", env={**os.environ, "SMOKE_TRIES": "5", "POLL_SECONDS": "1"})  # type: ignore[attr-defined]
    figures(services, work(services))
    took = {name: services[name].end() for name in ACCUNODE[1:]}
    say("told to stop, ended in order: " + ", ".join(f"{name} after {time_:.1f} s" for name, time_ in took.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
