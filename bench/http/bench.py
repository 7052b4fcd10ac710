"""Seeds a database, loads one server and one that says hello, and writes what it measured; see run.sh."""

import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from urllib import request
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit, urlunsplit

import plans

HERE = pathlib.Path(__file__).parent
PASSWORD = "correct-horse-battery-staple-9"
API = "/api/v1"
ANNUAL = f"{API}/predictions/annual"
DASHBOARD = f"{API}/predictions/dashboard"
COLD = "dashboard, cold"


class Failed(Exception):
    """A request failed, or something that the run needs."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--hello", required=True, type=pathlib.Path, help="the server to compare with")
    parser.add_argument("--seconds", type=int, default=10, help="length of each run of load")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--database", default="bench", help="name; one that is there already is not seeded again")
    parser.add_argument("--only", help="only the runs whose name begins like this")
    parser.add_argument("--log-level", default="info", help="of the server")
    return parser.parse_args()


# --- Processes ---------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        raise Failed(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
    return done.stdout


def start(command, log, env, url):
    """A process that answers under `url`, or a failure that shows its log."""
    process = subprocess.Popen(command, stdout=open(log, "w"), stderr=subprocess.STDOUT, env=env)
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            request.urlopen(url, timeout=2).read()
            return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise Failed(f"{command[0]} does not answer: {pathlib.Path(log).read_text()[-2000:]}")


class Server:
    """The application on a database, until the end of the block."""

    def __init__(self, args, url, folder):
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"server-{self.port}.log"
        self.env = environment(url, folder) | {"PORT": str(self.port), "LOG_LEVEL": args.log_level}
        self.command = [args.binaries / "accunode", "serve", "--data-dir", folder / "data"]

    def __enter__(self):
        self.process = start(self.command, self.log, self.env, f"{self.base}/health")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def environment(url, folder):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DATABASE_URL": url,
        "SECRET_KEY": "only-for-the-benchmark-0123456789abcdef",
        "ACCUNODE_RATE_LIMITS": "off",
        "ACCESS_TOKEN_EXPIRE_MINUTES": "600",
        "ACCUNODE_NEW_PASSWORD": PASSWORD,
    }


# --- The database ------------------------------------------------------------------------------------------------


def psql(url, *command):
    return run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-At", url, *command])


def database(args, folder):
    """The URL of the seeded database, by the socket in its folder: what shares a machine needs no TCP."""
    admin = os.environ["ACCUNODE_TEST_POSTGRES_URL"]
    by_socket = f"host={quote(psql(admin, '-c', 'SHOW data_directory').strip())}"
    url = urlunsplit(urlsplit(admin)._replace(path=f"/{args.database}", query=by_socket))
    if psql(admin, "-c", f"SELECT 1 FROM pg_database WHERE datname = '{args.database}'"):
        return url
    psql(admin, "-c", f"CREATE DATABASE {args.database}")
    program, env = args.binaries / "accunode", environment(url, folder)
    run([program, "migrate", "--data-dir", folder / "data"], env=env)
    run([program, "admin", "create-user", "--email", "super@bench.example", "--role", "super_admin", "--data-dir",
         folder / "data"], env=env)
    began = time.monotonic()
    counts = psql(url, "-f", HERE / "seed.sql")
    say(f"seeded in {time.monotonic() - began:.0f} s: {counts.strip()}")
    return url


# --- Requests ----------------------------------------------------------------------------------------------------


def ask(url, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    try:
        with request.urlopen(request.Request(url, data, headers), timeout=60) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        raise Failed(f"{url}: {error.code} {error.read()[:500]}") from error


def sign_in(server, address):
    return ask(f"{server.base}{API}/auth/login", body={"email": address, "password": PASSWORD})["access_token"]


def tokens(server):
    """Access tokens by role: one member of each organization, who runs each tenant, and the super_admin."""
    addresses = {
        "member": [f"member1@tenant-{t}-{o}.example" for t in range(1, 51) for o in (1, 2)],
        "tenant_admin": [f"admin@tenant-{t}.example" for t in range(1, 51)],
        "super_admin": ["super@bench.example"],
    }
    with ThreadPoolExecutor(4) as pool:
        return {role: list(pool.map(lambda a: sign_in(server, a), some)) for role, some in addresses.items()}


def once_each(url, some):
    """One request of each person, one after the other: milliseconds."""
    took = []
    for token in some:
        began = time.perf_counter()
        ask(url, token)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


# --- Measuring ---------------------------------------------------------------------------------------------------


def wrk(args, base, tokens_file, *what):
    """A second of warming up, then the run."""
    figures = None
    for seconds in (1, args.seconds):
        out = run(["wrk", "-t1", "--timeout", "20s", f"-c{args.connections}", f"-d{seconds}s", "-s", HERE / "load.lua", base, "--",
                   tokens_file, *what])
        figures = json.loads(out.strip().splitlines()[-1])
        if figures["failed"] or figures["refused"]:
            raise Failed(f"{what}: {figures['failed']} requests failed, {figures['refused']} were answered by an error")
    return figures


def score_body():
    ratios = {"long_term_debt_to_total_capital": 25.5, "total_debt_to_ebitda": 2.3, "net_income_margin": 8.2,
              "ebit_to_interest_expense": 12.5, "return_on_assets": 6.8}
    return {"kind": "annual", "rows": [ratios]}


def loads(args, server, hello, files):
    """Name, operation that must be there, and the run of load, in their order."""
    member = files["member"]

    def get(*paths):
        return lambda: wrk(args, server.base, member, "get", *paths)

    return [
        ("hello world", None, lambda: wrk(args, hello, member, "get", "/")),
        ("list of 10 predictions, first page", ANNUAL, get(f"{ANNUAL}?size=10")),
        ("list of 10 predictions, any of 200 pages", ANNUAL, get(f"{ANNUAL}?size=10&page={{n}}")),
        ("list of 100 predictions", ANNUAL, get(f"{ANNUAL}?size=100")),
        ("list of 10 companies", f"{API}/companies", get(f"{API}/companies?limit=10")),
        ("companies by part of a name", f"{API}/companies",
         get(*(f"{API}/companies?limit=10&search={part}" for part in ("meridian", "software", "c0", "uni", "ail%2012")))),
        ("dashboard, warm", DASHBOARD, get(DASHBOARD)),
        ("score of one row, nothing stored", f"{API}/score",
         lambda: wrk(args, server.base, member, "post", f"{API}/score", json.dumps(score_body()))),
        ("create a prediction", ANNUAL, lambda: wrk(args, server.base, member, "create", ANNUAL)),
    ]


def figures_are_kept(url):
    """Waits until the server has worked out, unasked, what the seeded rows add up to."""
    old = """SELECT COUNT(*) FROM data_versions v LEFT JOIN owner_figures f ON f.owner = v.owner AND f.version = v.version
             WHERE f.owner IS NULL"""
    for _ in range(120):
        if psql(url, "-c", old).strip() == "0":
            return
        time.sleep(0.5)
    raise Failed("the figures of some owners are not kept after a minute")


def cold_dashboards(server, people):
    """Each scope's first request to a server that has just started: rows of the table. What each owner's rows add up to
    is kept in the database by then."""
    rows = []
    for role, scope in (("member", "an organization"), ("tenant_admin", "a tenant"), ("super_admin", "everything")):
        took = once_each(f"{server.base}{DASHBOARD}", people[role])
        rows.append((f"dashboard, cold: {scope} ({len(took)} scopes, one after the other)", took))
    return rows


def worked_out_anew(args, url, folder, people):
    """The same with nothing kept in the database either, as after a change of all owners: rows of the table."""
    rows = []
    for role, scope in (("member", "an organization"), ("super_admin", "everything")):
        psql(url, "-c", "DELETE FROM owner_figures")
        with Server(args, url, folder) as server:
            took = once_each(f"{server.base}{DASHBOARD}", people[role])
        rows.append((f"dashboard, cold, figures worked out anew: {scope} ({len(took)})", took))
    return rows


# --- The report --------------------------------------------------------------------------------------------------


def say(text):
    print(text, file=sys.stderr, flush=True)


def machine(url):
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores ({model}), PostgreSQL {psql(url, '-c', 'SHOW server_version').split()[0]}"


def table(measured, cold):
    lines = ["| | requests/s | × hello world | p50 ms | p99 ms | max ms |", "|---|---:|---:|---:|---:|---:|"]
    hello = next((f["requests"] / f["seconds"] for name, f in measured if name == "hello world"), None)
    for name, f in measured:
        rate = f["requests"] / f["seconds"]
        ratio = f"{rate / hello:.3f}" if hello else ""
        lines.append(f"| {name} | {rate:,.0f} | {ratio} | {f['p50']:.2f} | {f['p99']:.2f} | {f['max']:.1f} |")
    for name, took in cold:
        p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
        lines.append(f"| {name} | | | {p50:.2f} | {p99:.2f} | {took[-1]:.1f} |")
    return "\n".join(lines)


def measure(args, url, folder):
    with Server(args, url, folder) as server:
        people = tokens(server)
        figures_are_kept(url)
    files = {}
    for role, some in people.items():
        files[role] = folder / role
        files[role].write_text("\n".join(some) + "\n")
    hello_address = f"127.0.0.1:{free_port()}"
    cold, measured = [], []
    hello = start([args.hello, hello_address], folder / "hello.log", None,
                  f"http://{hello_address}/")
    try:
        # Another server than that of the signing in: nothing is kept in it yet.
        with Server(args, url, folder) as server:
            known = ask(f"{server.base}/openapi.json")["paths"]
            if DASHBOARD in known and (args.only or COLD).startswith(COLD):
                cold = cold_dashboards(server, people) + worked_out_anew(args, url, folder, people)
            for name, operation, load in loads(args, server, f"http://{hello_address}", files):
                if operation and operation not in known or args.only and not name.startswith(args.only):
                    continue
                measured.append((name, load()))
                say(f"{name}: {measured[-1][1]}")
        return people, known, measured, cold
    finally:
        hello.terminate()
        hello.wait(timeout=30)


def planned(args, url, folder, people, known):
    """The plans of what the lists and dashboards ask, of a server that tells them."""
    asked = [
        ("list of 10 predictions, first page", ANNUAL, f"{ANNUAL}?size=10", "member"),
        ("list of 10 predictions of a tenant_admin", ANNUAL, f"{ANNUAL}?size=10", "tenant_admin"),
        ("list of 10 companies", f"{API}/companies", f"{API}/companies?limit=10", "member"),
        ("companies by part of a name", f"{API}/companies", f"{API}/companies?limit=10&search=meridian", "member"),
        ("dashboard of an organization", DASHBOARD, DASHBOARD, "member"),
    ]
    with plans.told(lambda *sql: psql(url, *sql), args.database) as log, Server(args, url, folder) as server:
        for name, operation, path, role in asked:
            if operation in known:
                mark = log.mark()
                # Other people each time: what one has asked may be kept. Beyond the fifth the plan is a lasting one.
                for token in people[role][:8]:
                    ask(f"{server.base}{path}", token)
                yield name, log.since(mark)


def main():
    args = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="accunode-bench."))
    try:
        url = database(args, folder)
        people, known, measured, cold = measure(args, url, folder)
        report = [f"Machine: {machine(url)}; {args.connections} connections, {args.seconds} s each; server, database, "
                  "hello world and load all on it.", "", table(measured, cold), ""]
        report += plans.chapter(planned(args, url, folder, people, known))
    except Failed as failure:
        say(f"bench: {failure}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = "\n".join(report)
    made = HERE.parent / "made"
    made.mkdir(exist_ok=True)
    (made / "http.md").write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
