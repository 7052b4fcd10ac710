"""Tries every operation of the API document with generated requests, as each role.

Starts the built server on a fresh database, makes somebody of each role, and lets Schemathesis send requests that fit
the document and requests that do not. It fails when an answer is a server error or is not what the document says, or
when a protected operation answers somebody who is not signed in.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import time

from post import Post
from rough import Rough
from world import PASSWORD, ROLES, call, sign_in

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "ignored_auth",
])


class Server:
    """The server, with its files in a folder and its database there or where the address says."""

    def __init__(self, program, folder, database_url, post):
        self.folder = pathlib.Path(folder)
        self.password = "start " + secrets.token_hex(8)
        self.log = open(self.folder / "log", "w+b")
        environment = {
            "PATH": os.environ["PATH"],
            "ACCUNODE_ADMIN_EMAIL": "root@example.com", "ACCUNODE_ADMIN_PASSWORD": self.password,
            "ACCUNODE_RATE_LIMITS": "off", "ENVIRONMENT": "production", "LOG_LEVEL": "info",
            "SECRET_KEY": secrets.token_hex(32),
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.server_address[1]), "SMTP_TLS": "false",
            "EMAIL_FROM": "no-reply@example.com", "EMAIL_TO": "desk@example.com",
        }
        if database_url:
            environment["DATABASE_URL"] = database_url
        command = [program, "serve", "--port", "0", "--data-dir", self.folder / "data"]
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self.host = self.address()
        self.base = f"http://{self.host}/api/v1"

    def output(self):
        return (self.folder / "log").read_text(errors="replace")

    def address(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"127\.0\.0\.1:\d+", self.output())
            if found:
                return found.group()
            time.sleep(0.1)
        raise SystemExit("the server does not start:\n" + self.output())

    def keeper(self):
        """Signs in the first administrator, who must choose a password before anything else."""
        first = sign_in(self.base, "root@example.com", self.password)
        change = {"current_password": self.password, "new_password": PASSWORD}
        call(self.base, "POST", "/auth/change-password", change, first)
        return sign_in(self.base, "root@example.com")

    def faults(self):
        """What the log says about failures inside."""
        return [line for line in self.output().splitlines() if "panicked" in line or "failed inside" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def spread(sent):
    return ", ".join(f"{sent[status]} {status}" for status in sorted(sent))


def generated(schemathesis, server, keeper, role, examples, path):
    """One role's run: what it printed, how many requests it sent, and whether all is well."""
    counts = server.folder / f"{role}.json"
    command = [
        schemathesis, "run", f"http://{server.host}/openapi.json", "--checks", CHECKS, "--max-examples", str(examples),
        "--request-timeout", "60", "--generation-allow-x00", "true", "--continue-on-failure", "--warnings", "off",
        "--no-color", "--suppress-health-check", "all", "--generation-deterministic", "--no-shrink",
        "--workers", "1",
    ]
    if path:
        command += ["--include-path-regex", path]
    environment = {
        **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
        "TRY_BASE": server.base, "TRY_KEEPER": keeper, "TRY_ROLE": role, "TRY_COUNTS": str(counts),
    }
    started = time.monotonic()
    ended = subprocess.run(command, cwd=server.folder, env=environment, capture_output=True, text=True)
    told = json.loads(counts.read_text()) if counts.exists() else {"sent": {}, "asked": [], "succeeded": {}}
    well = ended.returncode == 0
    line = f"{role}: {spread(told['sent'])} in {time.monotonic() - started:.0f} s: {'ok' if well else 'FAILED'}"
    if not well:
        line = ended.stdout + ended.stderr + line
    return role, well, line, told


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("accunode", help="the program to try")
    parser.add_argument("schemathesis", help="the program that makes the requests")
    parser.add_argument("--examples", type=int, default=10, help="generated requests for each operation")
    parser.add_argument("--role", action="append", choices=("nobody", *ROLES, "rough"),
                        help="only as this role, as nobody, or only the rough requests")
    parser.add_argument("--path", help="only operations whose path fits this regular expression")
    parser.add_argument("--database-url", help="an empty PostgreSQL database; without it, an embedded one")
    arguments = parser.parse_args()
    started = time.monotonic()
    roles = arguments.role or ["nobody", *ROLES]
    failed, requests, asked, succeeded = [], 0, set(), collections.Counter()
    everything = not arguments.role
    with tempfile.TemporaryDirectory(prefix="accunode-api-") as folder:
        os.environ["TRY_MAILS"] = str(pathlib.Path(folder) / "mails")
        server = Server(arguments.accunode, folder, arguments.database_url, Post(os.environ["TRY_MAILS"]))
        try:
            keeper = server.keeper()
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                runs = [pool.submit(generated, arguments.schemathesis, server, keeper, role, arguments.examples,
                                    arguments.path)
                        for role in roles if role != "rough"]
                for run in concurrent.futures.as_completed(runs):
                    role, well, line, told = run.result()
                    print(line, flush=True)
                    requests += told["sent"].get("requests", 0)
                    asked.update(told["asked"])
                    succeeded.update(told["succeeded"])
                    if not well:
                        failed.append(role)
            if everything or "rough" in arguments.role:
                rough = Rough(server, keeper, "super_admin")
                findings = rough.run(arguments.path)
                print(f"rough: {spread(rough.sent)}: {len(findings)} findings", flush=True)
                requests += rough.sent["requests"]
                failed += ["rough"] if findings else []
        finally:
            server.stop()
            faults = server.faults()
    never = sorted(asked - succeeded.keys())
    if asked:
        print("never succeeded: " + (", ".join(never) or "none"))
        print("seldom succeeded: " + ", ".join(f"{label} {n}" for label, n in succeeded.most_common()[:-6:-1]))
    if failed or faults or (everything and never):
        raise SystemExit("\n".join([f"failed as: {', '.join(failed) or 'none'}", *faults[:20]]))
    print(f"every answer is what the document says: {requests} requests to {len(asked)} operations as"
          f" {len(roles)} roles in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
