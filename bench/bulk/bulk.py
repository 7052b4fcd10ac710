"""Uploads files of many rows to servers and workers, and writes what it measured; see run.sh."""

import argparse
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from urllib import request
from urllib.error import HTTPError

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "http"))
import bench as common  # noqa: E402  (what the benches share)
from bench import API, Failed, ask, psql, run, say  # noqa: E402
from load import Load  # noqa: E402

TEMPLATE = "bulk_template"
MEMBER, OTHER = "tenant@bench.example", "other@bench.example"
CHUNK = 5_000  # rows in one transaction of the yardstick
# Longest that an upload may take, in seconds.
PATIENCE = 900


@dataclass(frozen=True)
class Case:
    engine: str
    kind: str
    form: str
    rows: int
    workers: int


@dataclass
class Measured:
    case: Case
    seconds: float = 0
    accepted: float = 0
    stored: int = 0
    memory: dict = None
    p95: float = None
    requests: int = 0
    other: float = None
    yardstick: float = None
    read_back: dict = None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--rows", type=int, action="append", help="default: 1000, 100000 and 1000000")
    parser.add_argument("--workers", type=int, action="append", help="default: 1, 2 and 4")
    parser.add_argument("--kind", action="append", choices=["annual", "quarterly"])
    parser.add_argument("--engine", action="append", choices=["postgres", "sqlite"])
    parser.add_argument("--format", action="append", choices=["csv", "xlsx"])
    parser.add_argument("--log-level", default="warn", help="of servers and workers")
    parser.add_argument("--no-yardstick", action="store_true", help="without the plain loop beside it")
    parser.add_argument("--statements", action="store_true", help="tell where PostgreSQL's time went")
    return parser.parse_args()


def cases(args):
    """Everything, or what the options leave of it: XLSX and SQLite with one file each, unless asked for."""
    asked = any((args.rows, args.workers, args.kind, args.engine, args.format))
    for engine in args.engine or ["postgres", "sqlite"]:
        for form in args.format or (["csv"] if asked else ["csv", "xlsx"]):
            for kind in args.kind or ["annual", "quarterly"]:
                for rows in args.rows or [1_000, 100_000, 1_000_000]:
                    for workers in args.workers or [1, 2, 4]:
                        small = asked or (engine, form) == ("postgres", "csv")
                        one = (kind, workers) == ("annual", 2 if engine == "postgres" else 1)
                        if small or one and (form == "csv" or rows == 1_000_000 and engine == "postgres"):
                            yield Case(engine, kind, form, rows, workers)


# --- What is measured --------------------------------------------------------------------------------------------


class Server(common.Server):
    """A server that leaves the jobs to others, but on SQLite, where it works on them itself."""

    def __init__(self, args, case, url, folder):
        super().__init__(args, url, folder)
        if case.engine == "postgres":
            self.command.append("--no-worker")
        self.env["WORKERS"] = str(case.workers)


class Workers:
    """So many processes that work on one job at a time, until the end of the block."""

    def __init__(self, args, case, server, folder):
        self.command = [args.binaries / "accunode", "worker", "--concurrency", "1", "--data-dir", folder / "data"]
        self.server, self.count = server, case.workers if case.engine == "postgres" else 0

    def __enter__(self):
        log = open(self.server.log.with_suffix(".workers"), "w")
        self.processes = [subprocess.Popen(self.command, stdout=log, stderr=log, env=self.server.env)
                          for _ in range(self.count)]
        time.sleep(1.5)  # until they listen
        if any(process.poll() is not None for process in self.processes):
            raise Failed(f"a worker ended: {self.server.log.with_suffix('.workers').read_text()[-2000:]}")
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=60)


def peak(process):
    """Most memory that a process had, in MB."""
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise Failed("no VmHWM")


def portfolio(args, case, folder):
    """The file of a case, made once; how many of its rows can be stored."""
    path = folder / f"{case.kind}-{case.rows}.{case.form}"
    # One row in a hundred is refused, for half of them because it repeats another.
    refused = ["--invalid", str(case.rows // 200), "--duplicates", str(case.rows // 200)]
    if not path.exists():
        run([args.binaries / "examples" / "portfolio", "--kind", case.kind, "--rows", str(case.rows), *refused, path])
    return path, case.rows - 2 * (case.rows // 200)


def post(url, token, path):
    """The file as a form, streamed by its parts: bytes before, the file, bytes behind."""
    mark = "accunode-bench-boundary"
    head = (f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n").encode()
    body = head + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={mark}"}
    try:
        with request.urlopen(request.Request(url, body, headers), timeout=120) as answer:
            return json.loads(answer.read())["job_id"]
    except HTTPError as error:
        raise Failed(f"{url}: {error.code} {error.read()[:500]}") from error


def followed(status, token, pause):
    """The upload when it has ended."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        job = ask(status, token)["job"]
        if job["status"] in ("completed", "failed"):
            return job
        time.sleep(pause)
    raise Failed("the upload does not end")


def measure(args, case, url, folder, files):
    path, good = portfolio(args, case, files)
    measured = Measured(case)
    with Server(args, case, url, folder) as server:
        token = common.sign_in(server, MEMBER)
        with Workers(args, case, server, folder) as workers:
            began = time.monotonic()
            job = post(f"{server.base}{API}/predictions/{case.kind}/bulk-upload-async", token, path)
            measured.accepted = time.monotonic() - began
            status = f"{API}/predictions/jobs/{job}/status"
            with Load(server.base, token, [f"{API}/predictions/{case.kind}?size=10", status]) as load:
                if case.rows >= 100_000:
                    measured.other = of_another_tenant(args, case, server, files)
                ended = followed(f"{server.base}{status}", token, 0.02 if case.rows <= 1_000 else 0.2)
            measured.seconds = time.monotonic() - began
            measured.memory = {"server": peak(server.process), "worker": max(map(peak, workers.processes), default=None)}
            measured.read_back = read_back(server, token, case)
    found = (ended["status"], ended["successful_rows"], ended["failed_rows"])
    if found != ("completed", good, case.rows - good):
        raise Failed(f"{case}: {found}, {good} rows should be stored: {ended}")
    if load.failed:
        raise Failed(f"{case}: {load.failed[:3]}")
    measured.stored, measured.p95, measured.requests = good, load.quantile(0.95), len(load.took)
    return measured


def of_another_tenant(args, case, server, files):
    """Seconds from the first byte of another tenant's hundred rows to their end, while the large file is worked on."""
    token = common.sign_in(server, OTHER)
    small, _ = portfolio(args, Case(case.engine, case.kind, "csv", 100, 1), files)
    time.sleep(0.5)
    began = time.monotonic()
    job = post(f"{server.base}{API}/predictions/{case.kind}/bulk-upload-async", token, small)
    ended = followed(f"{server.base}{API}/predictions/jobs/{job}/status", token, 0.01)
    if ended["status"] != "completed":
        raise Failed(f"the other tenant's upload failed: {ended}")
    return time.monotonic() - began


def read_back(server, token, case):
    """Rows a second of the stored predictions, page by page, without and with their explanations."""
    rates = {}
    for explain in ("false", "true"):
        rows, began, cursor = 0, time.monotonic(), ""
        while time.monotonic() - began < 2:
            page = ask(f"{server.base}{API}/predictions/{case.kind}?size=500&explain={explain}{cursor}", token)
            rows += len(page["predictions"])
            if not page.get("next_cursor"):
                break
            cursor = f"&cursor={page['next_cursor']}"
        rates[explain] = rows / (time.monotonic() - began)
    return rates


# --- Databases ---------------------------------------------------------------------------------------------------


def prepared(args, url, folder):
    """Migrates a database that has nobody but its administrator."""
    program, env = args.binaries / "accunode", common.environment(url, folder)
    run([program, "migrate", "--data-dir", folder / "data"], env=env)
    run([program, "admin", "create-user", "--email", "super@bench.example", "--role", "super_admin", "--data-dir",
         folder / "data"], env=env)


ACCOUNTS = """
INSERT INTO tenants (id, name, slug, created_at) SELECT {id}, 'Tenant', 'tenant', {now};
INSERT INTO tenants (id, name, slug, created_at) SELECT {id}, 'Other', 'other', {now};
INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at)
SELECT {id}, id, name, slug, slug, {now} FROM tenants;
INSERT INTO users (id, email, username, password_hash, role, tenant_id, organization_id, created_at)
SELECT {id}, o.slug || '@bench.example', o.slug, u.password_hash, 'org_member', o.tenant_id, o.id, {now}
FROM organizations o, users u;
"""


class Postgres:
    def __init__(self, args, folder):
        self.admin = common.by_socket("postgres")
        psql(self.admin, "-c", f"CREATE DATABASE {TEMPLATE}")
        prepared(args, common.by_socket(TEMPLATE), folder)
        psql(common.by_socket(TEMPLATE), "-c", ACCOUNTS.format(id="gen_random_uuid()", now="now()"))

    def fresh(self, name):
        psql(self.admin, "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", "-c",
             f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}", "-c", "CHECKPOINT")
        return common.by_socket(name)

    def yardstick(self, args, case):
        """Rows a second of the plain loop, with the rows that the upload has just stored."""
        target = self.fresh("bulk_plain")
        out = run([args.binaries / "examples" / "unnest", "--from", common.by_socket("bulk"), "--to", target, "--kind",
                   case.kind, "--chunk", str(CHUNK)])
        rows, seconds = out.split()
        return int(rows) / float(seconds)


class Sqlite:
    def __init__(self, args, folder):
        self.folder = folder
        self.template = folder / "template.db"
        prepared(args, f"sqlite://{self.template}", folder)
        database = sqlite3.connect(self.template)
        database.executescript(ACCOUNTS.format(id="randomblob(16)", now="1700000000000000"))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def fresh(self, name):
        for old in self.folder.glob(f"{name}.db*"):
            old.unlink()
        shutil.copy(self.template, self.folder / f"{name}.db")
        return f"sqlite://{self.folder / f'{name}.db'}"

    def yardstick(self, _args, case):
        """SQLite knows no UNNEST: the engine itself copies the rows from the one file into the other."""
        self.fresh("plain")
        database = sqlite3.connect(self.folder / "plain.db", isolation_level=None)
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"ATTACH '{self.folder / 'bulk.db'}' AS f")
        table = f"{case.kind}_predictions"
        database.execute("INSERT INTO bulk_upload_jobs SELECT * FROM f.bulk_upload_jobs")
        database.execute(f"CREATE TEMP TABLE firsts AS SELECT company_id, min(source_row) AS first FROM f.{table} GROUP BY 1")
        database.execute("CREATE INDEX temp.firsts_first ON firsts (first)")
        last = database.execute(f"SELECT max(source_row) FROM f.{table}").fetchone()[0]
        began = time.monotonic()
        for at in range(0, last, CHUNK):
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO companies SELECT c.* FROM temp.firsts t JOIN f.companies c ON c.id = t.company_id "
                             "WHERE t.first > ? AND t.first <= ?", (at, at + CHUNK))
            database.execute(f"INSERT INTO {table} SELECT * FROM f.{table} WHERE source_row > ? AND source_row <= ?",
                             (at, at + CHUNK))
            database.execute("COMMIT")
        seconds = time.monotonic() - began
        rows = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        database.close()
        return rows / seconds


# --- The report --------------------------------------------------------------------------------------------------


def row(m):
    ratio = f"{m.stored / m.seconds / m.yardstick:.2f}" if m.yardstick else ""
    plain = f"{m.yardstick:,.0f}" if m.yardstick else ""
    p95 = f"{m.p95:.0f}" if m.p95 is not None else ""
    other = f"{m.other:.2f}" if m.other is not None else ""
    worker = f"{m.memory['worker']:.0f}" if m.memory["worker"] else "in it"
    case = m.case
    return (f"| {case.engine} | {case.kind} | {case.form} | {case.rows:,} | {case.workers} | {m.accepted:.2f} | {m.seconds:.1f} "
            f"| {case.rows / m.seconds:,.0f} | {plain} | {ratio} | {m.memory['server']:.0f} | {worker} "
            f"| {p95} ({m.requests}) | {other} | {m.read_back['false']:,.0f} | {m.read_back['true']:,.0f} |")


HEAD = ["| engine | kind | file | rows | workers | taken in, s | all, s | rows/s | plain loop, rows/s | × plain loop | server, MB "
        "| worker, MB | p95 of others, ms (requests) | another tenant's 100 rows, s | read back, rows/s | explained, rows/s |",
        "|---|---|---|" + "---:|" * 13]


def statements(url):
    """Where PostgreSQL's time went, if it was asked to note it."""
    return psql(url, "-F", "\t", "-c",
                "SELECT round(total_exec_time) || ' ms', calls, rows, left(regexp_replace(query, '\\s+', ' ', 'g'), 110) "
                "FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 20")


def one(args, case, engine, folder, files, known):
    url = engine.fresh("bulk")
    if args.statements and case.engine == "postgres":
        psql(url, "-c", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements", "-c", "SELECT pg_stat_statements_reset()")
    shutil.rmtree(folder / "data" / "files", ignore_errors=True)
    measured = measure(args, case, url, folder, files)
    if args.statements and case.engine == "postgres":
        say(statements(url))
    # The plain loop knows nothing of workers: once for each file is enough.
    key = (case.engine, case.kind, case.rows)
    if key not in known and not args.no_yardstick:
        known[key] = engine.yardstick(args, case)
    measured.yardstick = known.get(key)
    say(row(measured))
    return measured


def main():
    args = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="accunode-bulk."))
    files = folder / "portfolios"
    files.mkdir()
    try:
        engines, known, results = {}, {}, []
        for case in cases(args):
            if case.engine not in engines:
                engines[case.engine] = (Postgres if case.engine == "postgres" else Sqlite)(args, folder)
            results.append(one(args, case, engines[case.engine], folder, files, known))
        machine = common.machine(common.by_socket("postgres"))
    except Failed as failure:
        say(f"bench: {failure}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = "\n".join([f"Machine: {machine}; server, workers, database and requests all on it.", "", *HEAD, *map(row, results)])
    made = HERE.parent / "made"
    made.mkdir(exist_ok=True)
    (made / "bulk.md").write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
