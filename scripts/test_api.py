"""Tries every operation of the API document with generated requests, as each role.

Starts the built server on a fresh embedded database, makes a tenant, an organization and somebody of each role, and
lets Schemathesis send requests that fit the document and requests that do not. It fails when an answer is a server
error or is not what the document says, or when a protected operation answers somebody who is not signed in.
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKS = ",".join([
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "ignored_auth",
])
# These end the session that the run itself uses.
LEFT_OUT = "/auth/(logout-all|change-password)$"


def call(base, method, path, body=None, token=None):
    request = urllib.request.Request(base + path, method=method)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error


class Server:
    """The server with an embedded database in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.password = "start " + secrets.token_hex(8)
        self.log = open(self.folder / "log", "w+b")
        environment = {
            **os.environ,
            "ACCUNODE_ADMIN_EMAIL": "root@example.com", "ACCUNODE_ADMIN_PASSWORD": self.password,
            "ACCUNODE_RATE_LIMITS": "off", "ENVIRONMENT": "production", "LOG_LEVEL": "info",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT", "HOST"):
            environment.pop(name, None)
        command = [ROOT / "target/debug/accunode", "serve", "--port", "0", "--data-dir", self.folder / "data"]
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        self.base = f"http://{self.address()}/api/v1"

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

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def sign_in(base, email, password):
    return call(base, "POST", "/auth/login", {"email": email, "password": password})["access_token"]


def people(server):
    """An access token for somebody of each role."""
    base, password = server.base, "correct horse " + secrets.token_hex(4) + "1"
    first = sign_in(base, "root@example.com", server.password)
    change = {"current_password": server.password, "new_password": password}
    call(base, "POST", "/auth/change-password", change, first)
    root = sign_in(base, "root@example.com", password)
    tenant = {
        "tenant_name": "First", "admin_email": "tenant_admin@example.com", "admin_password": password,
        "admin_first_name": "First", "admin_last_name": "Admin",
    }
    made = call(base, "POST", "/tenant-admin/create-tenant-with-admin", tenant, root)
    for role in ("org_admin", "org_member"):
        person = {
            "email": f"{role}@example.com", "password": password, "role": role, "full_name": role,
            "organization_id": made["default_org_id"],
        }
        call(base, "POST", "/auth/admin/create-user", person, root)
    call(base, "POST", "/auth/register", {"email": "user@example.com", "password": password})
    roles = ("user", "org_member", "org_admin", "tenant_admin")
    tokens = {role: sign_in(base, f"{role}@example.com", password) for role in roles}
    return {**tokens, "super_admin": root}


def run(schemathesis, server, role, token, examples):
    print(f"== as {role}", flush=True)
    command = [
        schemathesis, "run", f"http://{server.base.split('/')[2]}/openapi.json", "--checks", CHECKS,
        "--max-examples", str(examples), "--exclude-path-regex", LEFT_OUT, "--request-timeout", "60",
        "--generation-allow-x00", "true", "--continue-on-failure", "--warnings", "off", "--no-color",
        "--suppress-health-check", "all", "--generation-deterministic",
    ]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    return subprocess.run(command, cwd=server.folder).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schemathesis", help="the program")
    parser.add_argument("--examples", type=int, default=25, help="generated requests for each operation")
    parser.add_argument("--role", action="append", help="only as this role, or as nobody")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accunode-api-") as folder:
        server = Server(folder)
        try:
            tokens = {"nobody": None, **people(server)}
            chosen = arguments.role or list(tokens)
            failed = [role for role in chosen
                      if not run(arguments.schemathesis, server, role, tokens[role], arguments.examples)]
        finally:
            server.stop()
        panics = [line for line in server.output().splitlines() if "panicked" in line]
    if failed or panics:
        raise SystemExit("\n".join([f"failed as: {', '.join(failed) or 'none'}", *panics]))
    print("every answer is what the document says")


if __name__ == "__main__":
    sys.exit(main())
