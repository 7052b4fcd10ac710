"""Who and what the requests are about: somebody of a role, and throw-away people and things that their ids name."""

import itertools
import json
import os
import pathlib
import time
import urllib.error
import urllib.request
import uuid

import sound
from post import REFUSED

PASSWORD = "correct horse 1"
ROLES = ("user", "org_member", "org_admin", "tenant_admin", "super_admin")
# A number of each kind is kept; whatever is gone is made anew when it is asked for.
KEPT = 3
# Rows of an upload that is still running when the answer to it has been read.
MANY = 300
# Seconds for what the workers do by and by.
PATIENCE = 60
# What a member or parameter of this name refers to, and what `{id}` does below this part of a path.
NAMED = {
    "user_id": "user", "actor_id": "user", "target_id": "user", "tenant_id": "tenant",
    "organization_id": "organization", "organization_filter": "organization", "join_token": "join_token",
    "company_symbol": "new_symbol", "reporting_year": "year", "reporting_quarter": "quarter",
}
BELOW = {
    "users": "user", "tenants": "tenant", "organizations": "organization", "jobs": "job", "api-keys": "api_key",
    "companies": "company", "annual": "annual", "quarterly": "quarterly", "models": "model", "dead": "dead_job",
}


def about(path, name):
    """The kind of thing that a member or parameter refers to, if any."""
    if name == "id":
        if path.endswith("/cancel"):
            return "running"
        before = path.split("/{id}")[0].rsplit("/", 1)[-1]
        return "followed" if path.endswith("/events") else BELOW.get(before)
    if name == "kind" and "/models/" in path:
        return "kind"
    if name == "prediction_type":
        return "upload_kind"
    if name == "token":
        return "reset_token"
    if "/remove-tenant-admin/" in path:
        return "tenant_admin"
    if name == "symbol":
        return "symbol" if "/search/" in path else "new_symbol"
    if name == "email" and "/whitelist/" in path:
        return "whitelisted"
    if name.endswith("email"):
        known = name == "user_email" or path.endswith(("/login", "/forgot-password"))
        return "user_email" if known else "new_email"
    if name.endswith("password"):
        return "new_password" if name.startswith("new_") else "password"
    return NAMED.get(name)


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status} {text}")
        self.status = status


def call(base, method, path, body=None, token=None, kind="application/json"):
    """The answer's JSON; `Refused` for any status but success."""
    request = urllib.request.Request(base + path, method=method)
    request.add_header("Content-Type", kind)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, f"{method} {path}: {error.read().decode(errors='replace')}") from None


def session(base, email, password=PASSWORD):
    return call(base, "POST", "/auth/login", {"email": email, "password": password})


def sign_in(base, email, password=PASSWORD):
    return session(base, email, password)["access_token"]


class World:
    """A tenant with two organizations, somebody of the role in it, and what that person can find.

    The keeper is a super_admin whom nobody else can touch and who mends the world: requests may sign the person out,
    demote them, close their account, or archive the tenant.
    """

    def __init__(self, base, keeper, role, prefix=None):
        self.base, self.keeper, self.role = base, keeper, role
        self.prefix = prefix or role.replace("_", "")
        self.numbers = itertools.count(1)
        self.token, self.refresh_token, self.issued, self.suspect = None, None, set(), False
        self.pool = {}
        if role != "nobody":
            self.build()

    def ask(self, method, path, body=None, token=None):
        return call(self.base, method, path, body, token or self.keeper)

    def name(self):
        return f"{self.prefix}{next(self.numbers)}"

    def build(self):
        name = self.name()
        made = self.ask("POST", "/tenant-admin/create-tenant-with-admin", {
            "tenant_name": f"Tenant {name}", "admin_email": f"first-{name}@example.com", "admin_password": PASSWORD,
            "admin_first_name": "First", "admin_last_name": "Admin",
        })
        self.tenant, self.organization = made["tenant_id"], made["default_org_id"]
        self.pool = {}
        self.enter()

    def enter(self):
        """Makes a person of the role and signs them in."""
        self.email = self.person(self.role)[1]
        tokens = session(self.base, self.email)
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.issued.add(self.token)
        self.suspect = False

    def person(self, role, domain="example.com"):
        email = f"{self.name()}@{domain}"
        body = {"email": email, "password": PASSWORD, "role": role, "full_name": "Some One"}
        if role in ("org_member", "org_admin"):
            body["organization_id"] = self.organization
        elif role == "tenant_admin":
            body["tenant_id"] = self.tenant
        return self.ask("POST", "/auth/admin/create-user", body)["id"], email

    def stands(self):
        try:
            me = self.ask("GET", "/users/me", token=self.token)
        except Refused:
            return False
        return me["role"] == self.role and (me["organization_id"] or self.role not in ("org_member", "org_admin"))

    def ready(self):
        """A token with which the person of the role is signed in."""
        if self.role != "nobody" and self.suspect and not self.stands():
            try:
                self.enter()
            except Refused:
                self.build()
        self.suspect = False
        return self.token

    def bearer(self, path):
        """The token that an operation takes."""
        token = self.ready()
        return self.refresh_token if path.endswith("/auth/refresh") else token

    def one(self, kind):
        """The id of something of the kind that is there: each in turn."""
        match kind:
            case "password":
                return PASSWORD
            case "new_password":
                return PASSWORD + "2"
            case "new_email":
                return f"{self.name()}@example.org"
            case "new_symbol":
                return self.symbol()
            case "year":
                return str(1950 + next(self.numbers) % 120)
            case "quarter":
                return f"Q{1 + next(self.numbers) % 4}"
            case "upload_kind":
                # What `file` gives where the path does not say.
                return "annual"
            case "kind":
                return sound.KINDS[next(self.numbers) % 2]
        if self.role == "nobody":
            return str(uuid.uuid4())
        if kind == "followed":
            kind = ("job", "job", "running")[next(self.numbers) % 3]
        if kind in ("running", "join_token"):
            return self.made(kind)
        if len(self.pool.setdefault(kind, [])) < KEPT:
            made = self.made(kind)
            # A world that was built anew has another pool.
            self.pool.setdefault(kind, []).append(made)
        things = self.pool[kind]
        things.append(things.pop(0))
        return things[-1]

    def made(self, kind):
        try:
            return self.make(kind)
        except Refused:
            self.build()
            return self.make(kind)

    def forget(self, value):
        """Something may be gone."""
        for things in self.pool.values():
            while value in things:
                things.remove(value)

    def make(self, kind):
        match kind:
            case "tenant":
                # One of them is the person's own, here and below.
                if not self.pool.get("tenant"):
                    return self.tenant
                return self.ask("POST", "/tenants", {"name": f"Customer {self.name()}"})["id"]
            case "organization":
                if not self.pool.get("organization"):
                    return self.organization
                return self.ask("POST", "/organizations", {"name": self.name(), "tenant_id": self.tenant})["id"]
            case "user":
                return self.person(("org_member", "user", "org_admin")[next(self.numbers) % 3])[0]
            case "user_email":
                return self.person("user")[1]
            case "join_token":
                place = f"/organizations/{self.organization}"
                self.ask("POST", f"{place}/whitelist", {"email": self.email})
                return self.ask("GET", place)["join_token"]
            case "tenant_admin":
                return self.person("tenant_admin")[0]
            case "whitelisted":
                email = f"{self.name()}@example.com"
                self.ask("POST", f"/organizations/{self.organization}/whitelist", {"email": email})
                return email
            case "api_key":
                body = {"name": self.name(), "permissions": ["prediction.read"]}
                return self.ask("POST", "/api-keys", body, self.token)["id"]
            case "job":
                return self.ended(self.upload(self.symbol()))
            case "running":
                # Of the same companies again and again: exports of thousands of them take their time.
                return self.upload(f"{self.prefix}MANY".upper(), MANY)
            case "annual" | "quarterly":
                return self.predicted(kind)["id"]
            case "company":
                return self.predicted("annual")["company_id"]
            case "symbol":
                return self.predicted("annual")["company_symbol"]
            case "model":
                # By turns one that the person may bring into use and whatever is there.
                if len(self.pool.get("model", [])) % 2 == 0:
                    return self.imported()
                models = self.ask("GET", "/models?limit=100")["models"]
                return models[next(self.numbers) % len(models)]["id"]
            case "reset_token":
                return self.mailed_token()
            case "dead_job":
                return self.dead_job()
        raise ValueError(kind)

    def symbol(self):
        return self.name().upper()[-20:]

    def predicted(self, kind):
        """A prediction that the person of the role has made."""
        body = sound.prediction(kind, self.symbol())
        return self.ask("POST", f"/predictions/{kind}", body, self.token)["prediction"]

    def send_file(self, path, name, content, token):
        boundary = uuid.uuid4().hex
        kind = f"multipart/form-data; boundary={boundary}"
        return call(self.base, "POST", path, sound.form(name, content, boundary), token, kind)

    def upload(self, symbol, number=1):
        rows = sound.rows("annual", symbol, number)
        return self.send_file("/predictions/annual/bulk-upload-async", "rows.csv", rows, self.token)["job_id"]

    def imported(self):
        """A model that the keeper has imported."""
        return self.send_file("/models", "model.zip", self.archive(), self.keeper)["id"]

    def archive(self):
        number = next(self.numbers)
        return sound.archive(sound.KINDS[number % 2], f"{self.prefix}.{number}")

    def awaited(self, look):
        """What `look` gives, once it does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(0.05)
        raise TimeoutError(look)

    def ended(self, job):
        """An upload when the workers have done it."""
        def look():
            state = self.ask("GET", f"/predictions/jobs/{job}/status", token=self.token)
            return job if state["job"]["status"] in ("completed", "failed", "cancelled") else None
        return self.awaited(look)

    def forgetful(self, domain):
        """Somebody who asks for a new password; the address."""
        email = self.person("user", domain)[1]
        self.ask("POST", "/auth/forgot-password", {"email": email})
        return email

    def mailed_token(self):
        file = pathlib.Path(os.environ["TRY_MAILS"]) / self.forgetful("example.com")
        return self.awaited(lambda: file.read_text() if file.exists() else None)

    def dead_job(self):
        """A job that died, for its mail was refused."""
        def dead():
            return {job["id"] for job in self.ask("GET", "/queue/dead?limit=100")["jobs"]}
        before = dead()
        self.forgetful(REFUSED)
        return self.awaited(lambda: next(iter(dead() - before), None))

    def body(self, method, path):
        """A sound body of an operation whose members depend on each other, if it is one."""
        kind = next((kind for kind in sound.KINDS if f"/{kind}" in path), sound.KINDS[next(self.numbers) % 2])
        match method, path.removeprefix("/api/v1"):
            case ("POST", "/predictions/annual" | "/predictions/quarterly") | (
                    "PUT", "/predictions/annual/{id}" | "/predictions/quarterly/{id}"):
                return sound.prediction(kind, self.symbol())
            case "POST", "/tenant-admin/assign-user-to-organization" if self.role != "nobody":
                return {"user_email": self.made("user_email"), "organization_id": self.organization,
                        "role": "org_member"}
            case "POST", "/score":
                return {"kind": kind, "rows": [sound.RATIOS[kind] | {"id": "a"}, sound.RATIOS[kind]], "explain": True}
            case "POST", "/score/what-if":
                return {"kind": kind, "base": sound.RATIOS[kind], "changes": {"total_debt_to_ebitda": 4.2}}
            case "POST", "/score/target":
                return {"kind": kind, "base": sound.RATIOS[kind], "risk_level": "CRITICAL"}
            case "PUT", "/master-scale":
                return dict(sound.SCALE)
            case "PUT", "/scaling/config":
                return {"max_workers": 12 + next(self.numbers) % 8}
            case "POST", "/scaling/manual":
                return {"target_workers": 2}

    def file(self, path):
        """Name and content of a sound file for an operation that takes one."""
        if path.endswith("/models"):
            return "model.zip", self.archive()
        return "rows.csv", sound.rows("quarterly" if "/quarterly/" in path else "annual", self.symbol())
