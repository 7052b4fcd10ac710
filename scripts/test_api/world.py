"""Who and what the requests are about: somebody of a role, and throw-away people and things that their ids name."""

import itertools
import json
import urllib.error
import urllib.request
import uuid

PASSWORD = "correct horse 1"
ROLES = ("user", "org_member", "org_admin", "tenant_admin", "super_admin")
# A number of each kind is kept; whatever is gone is made anew when it is asked for.
KEPT = 3
ROWS = """company_symbol,company_name,market_cap,sector,reporting_year,long_term_debt_to_total_capital,\
total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets
{symbol},Some Company,1200.5,Energy,2023,25,1.5,10,8,6
{symbol},Twice,1200.5,Energy,2023,25,1.5,10,8,6
"""

# What a member or parameter of this name refers to, and what `{id}` does below this part of a path.
NAMED = {
    "user_id": "user", "actor_id": "user", "target_id": "user", "tenant_id": "tenant",
    "organization_id": "organization", "organization_filter": "organization", "join_token": "join_token",
    "company_symbol": "new_symbol", "reporting_year": "year", "reporting_quarter": "quarter",
}
BELOW = {
    "users": "user", "tenants": "tenant", "organizations": "organization", "jobs": "job", "api-keys": "api_key",
    "companies": "company", "annual": "annual", "quarterly": "quarterly", "models": "model",
}
# Sound bodies of predictions, but for the company.
SOUND = {
    "annual": {
        "company_name": "Some Company", "market_cap": 1200.5, "sector": "Energy", "reporting_year": "2023",
        "long_term_debt_to_total_capital": 25.5, "total_debt_to_ebitda": 2.3, "net_income_margin": 8.2,
        "ebit_to_interest_expense": 12.5, "return_on_assets": 6.8,
    },
    "quarterly": {
        "company_name": "Some Company", "market_cap": 1200.5, "sector": "Energy", "reporting_year": "2023",
        "reporting_quarter": "Q3", "total_debt_to_ebitda": 2.8, "sga_margin": 15.3,
        "long_term_debt_to_total_capital": 28.7, "return_on_capital": 12.4,
    },
}


def about(path, name):
    """The kind of thing that a member or parameter refers to, if any."""
    if name == "id":
        before = path.split("/{id}")[0].rsplit("/", 1)[-1]
        return BELOW.get(before)
    if name == "kind" and "/models/" in path:
        return "kind"
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


def sign_in(base, email, password=PASSWORD):
    return call(base, "POST", "/auth/login", {"email": email, "password": password})["access_token"]


class World:
    """A tenant with two organizations, somebody of the role in it, and what that person can find.

    The keeper is a super_admin whom nobody else can touch and who mends the world: requests may sign the person out,
    demote them, close their account, or archive the tenant.
    """

    def __init__(self, base, keeper, role, prefix=None):
        self.base, self.keeper, self.role = base, keeper, role
        self.prefix = prefix or role.replace("_", "")
        self.numbers = itertools.count(1)
        self.token, self.issued, self.suspect = None, set(), False
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
        email = self.person(self.role)[1]
        self.token = sign_in(self.base, email)
        self.issued.add(self.token)
        self.suspect = False

    def person(self, role):
        email = f"{self.name()}@example.com"
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
            case "kind":
                return ("annual", "quarterly")[next(self.numbers) % 2]
        if self.role == "nobody":
            return str(uuid.uuid4())
        things = self.pool.setdefault(kind, [])
        if len(things) < KEPT:
            try:
                things.append(self.make(kind))
            except Refused:
                self.build()
                things = self.pool.setdefault(kind, [])
                things.append(self.make(kind))
        things.append(things.pop(0))
        return things[-1]

    def forget(self, value):
        """Something may be gone."""
        for things in self.pool.values():
            while value in things:
                things.remove(value)

    def make(self, kind):
        match kind:
            case "tenant":
                # One of them is the person's own, here and below.
                if not self.pool["tenant"]:
                    return self.tenant
                return self.ask("POST", "/tenants", {"name": f"Customer {self.name()}"})["id"]
            case "organization":
                if not self.pool["organization"]:
                    return self.organization
                return self.ask("POST", "/organizations", {"name": self.name(), "tenant_id": self.tenant})["id"]
            case "user":
                return self.person(("org_member", "user", "org_admin")[next(self.numbers) % 3])[0]
            case "user_email":
                return self.person("user")[1]
            case "join_token":
                return self.ask("GET", f"/organizations/{self.one('organization')}")["join_token"]
            case "whitelisted":
                email = f"{self.name()}@example.com"
                self.ask("POST", f"/organizations/{self.organization}/whitelist", {"email": email})
                return email
            case "api_key":
                body = {"name": self.name(), "permissions": ["prediction.read"]}
                return self.ask("POST", "/api-keys", body, self.token)["id"]
            case "job":
                return self.upload()
            case "annual" | "quarterly":
                return self.predicted(kind)["id"]
            case "company":
                return self.predicted("annual")["company_id"]
            case "symbol":
                return self.predicted("annual")["company_symbol"]
            case "model":
                models = self.ask("GET", "/models?limit=100")["models"]
                return models[next(self.numbers) % len(models)]["id"]
        raise ValueError(kind)

    def symbol(self):
        return self.name().upper()[-20:]

    def predicted(self, kind):
        """A prediction that the person of the role has made."""
        body = SOUND[kind] | {"company_symbol": self.symbol()}
        return self.ask("POST", f"/predictions/{kind}", body, self.token)["prediction"]

    def upload(self):
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="rows.csv"\r\n\r\n'
        body = head + ROWS.format(symbol=self.symbol()) + f"\r\n--{boundary}--\r\n"
        kind = f"multipart/form-data; boundary={boundary}"
        path = "/predictions/annual/bulk-upload-async"
        made = call(self.base, "POST", path, body.encode(), self.token, kind)
        return made.get("job_id") or made["id"]
