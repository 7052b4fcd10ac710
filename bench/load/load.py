"""Loads a server and a worker as people at screens do, and writes what it measured; see run.sh."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "http"))
import bench as common  # noqa: E402  (what the benches share)
import report  # noqa: E402
from bench import Failed, psql, run, say  # noqa: E402
from watch import Redis, Watch  # noqa: E402

# Seconds to think of the saturation's steps: a person's pace, then ever faster.
PACES = [30, 20, 13, 9, 6, 4, 2.7, 1.8, 1.2, 0.8, 0.5, 0.3, 0.2, 0.1]
# People besides those of the seed: 20 of each organization, of whom two run it, and one of each tenant without an
# organization.
PEOPLE = """
INSERT INTO users (id, email, username, password_hash, role, tenant_id, organization_id, created_at)
SELECT gen_random_uuid(), 'member' || m || '@' || o.slug || '.example', 'member' || m || '-' || o.slug, password_hash,
       CASE m % 10 WHEN 0 THEN 'org_admin' ELSE 'org_member' END, o.tenant_id, o.id, o.created_at
FROM organizations o, generate_series(4, 19) m, (SELECT password_hash FROM users LIMIT 1) u;
INSERT INTO users (id, email, username, password_hash, role, created_at)
SELECT gen_random_uuid(), 'single@' || t.slug || '.example', 'single-' || t.slug, password_hash, 'user', t.created_at
FROM tenants t, (SELECT password_hash FROM users LIMIT 1) u;
ANALYZE users;
"""
# In an order that has every tenant and role among the first few hundred. An organization is one address to the
# outside; everybody else has their own.
ACCOUNTS = """
SELECT u.email, u.role, '10.' || p.n / 62500 || '.' || p.n / 250 % 250 || '.' || 1 + p.n % 250
FROM users u JOIN (SELECT place, row_number() OVER (ORDER BY place) AS n
                   FROM (SELECT DISTINCT coalesce(organization_id, id) AS place FROM users) places) p
     ON p.place = coalesce(u.organization_id, u.id)
WHERE u.role <> 'super_admin' ORDER BY md5(u.email);
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", required=True, type=pathlib.Path, help="folder of the built programs")
    parser.add_argument("--generator", type=pathlib.Path, help="the program that loads; default: among the binaries")
    parser.add_argument("--people", type=int, action="append", help="default: 500, 1200 and 2000; of a soak 1000")
    parser.add_argument("--minutes", type=float, help="measured of each number of people; default: 10, of a soak 20")
    parser.add_argument("--think", type=float, default=30, help="mean seconds between an answer and the next action")
    parser.add_argument("--warm-up", type=float, default=60, help="seconds at that pace before it")
    parser.add_argument("--soak", action="store_true", help="one number of people, longer; fails when something grows")
    parser.add_argument("--no-saturation", action="store_true", help="without the steps of ever less time to think")
    parser.add_argument("--step-seconds", type=float, default=45, help="length of each of those steps")
    parser.add_argument("--companies", type=int, default=2_000, help="of each organization, with five predictions each")
    parser.add_argument("--sample", type=float, default=10, help="seconds between two looks at the processes")
    parser.add_argument("--log-level", default="info", help="of the server")
    parser.add_argument("--statements", action="store_true", help="tell where PostgreSQL's time went")
    args = parser.parse_args()
    args.generator = args.generator or args.binaries / "examples" / "load"
    args.people = args.people or ([1_000] if args.soak else [500, 1_200, 2_000])
    args.minutes = args.minutes if args.minutes is not None else 20 if args.soak else 10
    return args


# --- The installation --------------------------------------------------------------------------------------------


def database(args, folder):
    """The URL of the seeded database, and the file of its accounts."""
    admin = os.environ["ACCUNODE_TEST_POSTGRES_URL"]
    psql(admin, "-c", "CREATE DATABASE load")
    url = common.by_socket("load")
    program, env = args.binaries / "accunode", common.environment(url, folder)
    run([program, "migrate", "--data-dir", folder / "data"], env=env)
    run([program, "admin", "create-user", "--email", "super@bench.example", "--role", "super_admin", "--data-dir",
         folder / "data"], env=env)
    began = time.monotonic()
    counts = psql(url, "-v", f"companies={args.companies}", "-f", HERE.parent / "http" / "seed.sql")
    psql(url, "-c", PEOPLE)
    if args.statements:
        psql(url, "-c", "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    say(f"seeded in {time.monotonic() - began:.0f} s: {counts.strip()}")
    accounts = folder / "accounts.tsv"
    accounts.write_text(psql(url, "-F", "\t", "-c", ACCOUNTS))
    return url, accounts


class Installation:
    """A server and a worker, until the end of the block."""

    def __init__(self, args, url, folder, rates):
        self.args, self.url, self.folder = args, url, folder
        self.server = common.Server(args, url, folder)
        self.server.command.append("--no-worker")
        # The defaults are for what a person asks; a proxy tells the addresses apart, as it does in life.
        self.server.env |= {"ACCUNODE_RATE_LIMITS": rates, "ACCUNODE_TRUSTED_PROXIES": "1",
                            "REDIS_URL": os.environ["ACCUNODE_TEST_REDIS_URL"]}

    def __enter__(self):
        self.server.__enter__()
        command = [self.args.binaries / "accunode", "worker", "--data-dir", self.folder / "data"]
        log = open(self.server.log.with_suffix(".worker"), "w")
        self.worker = subprocess.Popen(command, stdout=log, stderr=log, env=self.server.env)
        time.sleep(1.5)  # until it listens
        if self.worker.poll() is not None:
            raise Failed(f"the worker ended: {self.server.log.with_suffix('.worker').read_text()[-2000:]}")
        return self

    def __exit__(self, *problem):
        self.worker.terminate()
        self.server.__exit__(*problem)
        self.worker.wait(timeout=60)

    def load(self, accounts, people, steps, warm_up):
        """The load: JSON lines on its standard output."""
        command = [self.args.generator, "--server", f"127.0.0.1:{self.server.port}", "--accounts", accounts, "--people",
                   str(people), "--warm-up", str(warm_up)]
        command += [word for think, seconds in steps for word in ("--step", f"{think}:{seconds}")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.server.env)
        try:
            # People have machines of their own: what they wait for is the server, not their turn on its cores.
            os.setpriority(os.PRIO_PROCESS, process.pid, -10)
        except PermissionError:
            say("the load cannot go before (needs root): what it waits for itself is measured too")
        return process

    def watch(self, load):
        directory = psql(self.url, "-c", "SHOW data_directory").strip()
        postmaster = int(pathlib.Path(directory, "postmaster.pid").read_text().split()[0])
        ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'load' AND pid <> pg_backend_pid()"
        return Watch({"server": self.server.process.pid, "worker": self.worker.pid, "load": load.pid},
                     lambda: int(psql(self.url, "-c", ours)), Redis(os.environ["ACCUNODE_TEST_REDIS_URL"]), postmaster,
                     self.args.sample)


def answered(load):
    """The next line of the load."""
    line = load.stdout.readline()
    if not line:
        raise Failed(f"the load ended with {load.wait()}")
    return json.loads(line)


def at_a_pace(args, installation, accounts, people):
    """Everybody at the pace of people, measured for some minutes."""
    load = installation.load(accounts, people, [(args.think, args.minutes * 60)], args.warm_up)
    try:
        signed_in = answered(load)
        say(f"{people} people signed in within {signed_in['seconds']:.0f} s")
        answered(load)  # the step begins
        with installation.watch(load) as watch:
            time.sleep(args.minutes * 60 - 1)  # until just before everybody goes
        step = answered(load)
    finally:
        load.kill()
        load.wait()
    step |= {"cores": watch.cores, "trends": [trend.data() for trend in watch.trends()], "signed_in": signed_in}
    say("\n".join(report.classes([step]) + report.parts([step]) + report.trends([step])))
    return step


def saturated(args, installation, accounts):
    """Ever less time to think, until something fails or no more gets done for it."""
    paces = [pace for pace in PACES if pace < args.think]
    load = installation.load(accounts, max(args.people), [(pace, args.step_seconds) for pace in paces], args.warm_up)
    steps = []
    try:
        answered(load)
        while len(steps) < len(paces):
            answered(load)
            with installation.watch(load) as watch:
                step = answered(load)
            step["cores"] = watch.cores
            steps.append(step)
            say("\n".join(report.saturation([step])[2:] + report.parts([step])[2:]))
            if step["errors"] or (len(steps) > 1 and report.rate(step) < 1.1 * report.rate(steps[-2])):
                break
    finally:
        load.kill()
        load.wait()
    return steps


# --- The report --------------------------------------------------------------------------------------------------


def statements(url):
    """Where PostgreSQL's time went."""
    return psql(url, "-F", "\t", "-c",
                "SELECT round(total_exec_time) || ' ms', calls, rows, left(regexp_replace(query, '\\s+', ' ', 'g'), 150) "
                "FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25")


def text(args, machine, steps, faster):
    lines = [f"Machine: {machine}; server, worker, database, Redis and load share two of the cores. {args.minutes:g} minutes "
             f"each, {args.think:g} s to think on average, {args.warm_up:g} s of warming up before.", "",
             *report.classes(steps), "", f"By request, {steps[-1]['people']:,} people:", "", *report.operations(steps[-1]), "",
             "Where the work is done, as cores that are busy:", "", *report.parts(steps), "",
             "Over time (Redis counts what people ask in windows of an hour and of a day: it is level only after them):", "",
             *report.trends(steps)]
    if faster:
        best = max((report.rate(step) for step in [*steps[-1:], *faster] if not report.broken(step)), default=0)
        most = max(report.rate(step) for step in faster)
        lines += ["", f"Saturation, {faster[0]['people']:,} people with ever less time to think: {best:,.0f} requests/s "
                  f"are the most within all limits, {most:,.0f} the most at all.", "", *report.saturation(faster), "", *report.parts(faster)]
    return "\n".join(lines)


def verdict(args, steps):
    """What is not as it must be."""
    problems = [f"{step['people']} people: {report.broken(step)}" for step in steps if step["errors"]]
    if args.soak:
        problems += [f"{t['name']} grows by {t['growth_of_second_half']:.1f} {t['unit']} in the second half"
                     for step in steps for t in step["trends"] if t["flat"] is False]
    return problems


def main():
    args = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="accunode-load."))
    try:
        url, accounts = database(args, folder)
        with Installation(args, url, folder, "") as installation:
            steps = [at_a_pace(args, installation, accounts, people) for people in args.people]
        faster = []
        if not args.soak and not args.no_saturation:
            # Who thinks for a second is many people at once: what one of them may ask is no measure then.
            with Installation(args, url, folder, "off") as installation:
                faster = saturated(args, installation, accounts)
        if args.statements:
            say(statements(url))
        told = text(args, common.machine(url), steps, faster)
    except (Failed, OSError) as failure:  # or a process is gone that is looked at
        say(f"bench: {failure}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    problems = verdict(args, steps)
    told += "\n\n" + ("Verdict: " + "; ".join(problems) if problems else
                      "Verdict: nothing grows, nothing failed." if args.soak else "Verdict: nothing failed.")
    made, name = HERE.parent / "made", "soak" if args.soak else "load"
    made.mkdir(exist_ok=True)
    (made / f"{name}.md").write_text(told + "\n")
    (made / f"{name}.json").write_text(json.dumps({"steps": steps, "saturation": faster, "problems": problems}, indent=1))
    print(told)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
