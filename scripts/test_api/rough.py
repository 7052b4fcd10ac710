"""Requests that no generator makes: broken encodings, zero characters, numbers out of range, very long and deep bodies.

Each operation is asked by somebody who may do nearly everything, with one rough part in an otherwise sound request.
"""

import collections
import http.client
import json
import re
import urllib.parse
import uuid

import sound
from world import World, about

TEXTS = [
    "\0", "a\0b", "\x1b[2J", "\ud800", "a" * 100_000, "𝕳\u0301\u202e\ufeff\uffff", "\u0085", "ß" * 254,
    "=1+1", "' OR 1=1 --", "", " ", "\U0010ffff" * 50, "9" * 400, "٣", "NaN", "1e999", "0x10", "null",
    "9999-99-99", "-262144-01-01T00:00:00Z",
]
NUMBERS = ["0", "-1", "-0.0", "2147483648", "9223372036854775807", "9223372036854775808", "1e308", "1e309",
           "1e-400", "NaN", "9" * 400]
OTHERS = ["null", "true", "[]", "{}", '[{"a":[]}]']
VALUES = [json.dumps(text) for text in TEXTS] + NUMBERS + OTHERS
DEEP = 100_000
BODIES = [
    b"", b"null", b"\xff", b'{"\xff":1}', b'\xef\xbb\xbf{}', b'"', b"[" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b'{"a":1' + b',"a":1' * 10_000 + b"}", b'"' + b"a" * 900_000 + b'"', b"[" + b"0," * 1_000_000 + b"0]",
]
QUERIES = ["%00", "%FF", "%ED%A0%80", "%", "a" * 6_000, "-1", "9223372036854775807", "9223372036854775808", "1e5",
           "%D9%A3", "%2B1", "", "+", "%F0%9D%95%B3", "9999-12-31T23:59:59Z", "-9999-01-01", "NaN", "true"]
PATHS = ["%00", "%FF", "%ED%A0%80", "a" * 6_000, "%2E%2E", "%2F", "-1", "%20", "%F0%9D%95%B3", "{id}"]
BEARERS = [b"", b"Bearer", b"Bearer ", b"Bearer \xff", b"Basic YTpi", b"Bearer " + b"a" * 6_000, b"Bearer a.b.c",
           b"bearer e30.e30.e30", b"Bearer acn_" + b"a" * 40]
HEADERS = [b"", b" ", b"\xff", b"a" * 6_000, "\u0663".encode(), b"end", b"-1"]
FORMS = [
    (b"multipart/form-data", b""),
    (b"multipart/form-data; boundary=", b"----"),
    (b"multipart/form-data; boundary=b", b"--b\r\n"),
    (b"multipart/form-data; boundary=b", b"--b--\r\n"),
    (b"application/json", b"{}"),
    *((b"multipart/form-data; boundary=b",
       b'--b\r\nContent-Disposition: form-data; name="' + name + b'"; filename="' + file + b'"\r\n\r\n' + rows
       + b"\r\n--b--\r\n")
      for name, file, rows in [
          (b"file", b"rows.csv", b""), (b"file", b"rows.csv", b"\0\0\0"), (b"file", b"rows.csv", b"\xff\xfe,\n"),
          (b"file", b"\0.csv", b"a,b\n1,2\n"), (b"file", b"../../" + b"x" * 5_000 + b".csv", b"a,b\n1,2\n"),
          (b"file", b"rows.xlsx", b"PK\3\4broken"), (b"file", b"rows.exe", b"MZ"), (b"other", b"rows.csv", b"a\n1\n"),
          (b"file", b"\xff.csv", b"a\n1\n"), (b"file", b"", b"a\n1\n"),
      ]),
]


def leaves(value, at=()):
    """Where the plain values stand in a body; of lists, in the first element."""
    if not isinstance(value, dict | list):
        yield at
        return
    for key, inner in value.items() if isinstance(value, dict) else list(enumerate(value))[:1]:
        yield from leaves(inner, (*at, key))


def placed(value, at, rough):
    """The JSON of a body with something rough in one place, whether that is JSON or not."""
    if not at:
        return rough
    if isinstance(value, list):
        return "[" + ",".join(placed(v, at[1:], rough) if n == at[0] else json.dumps(v)
                              for n, v in enumerate(value)) + "]"
    return "{" + ",".join(json.dumps(n) + ":" + (placed(v, at[1:], rough) if n == at[0] else json.dumps(v))
                          for n, v in value.items()) + "}"


class Rough:
    def __init__(self, server, keeper, role):
        self.host = server.host
        self.world = World(server.base, keeper, role, "rough")
        self.link = http.client.HTTPConnection(self.host, timeout=60)
        self.document = json.loads(self.send("GET", "/openapi.json")[2])
        self.sent, self.findings = collections.Counter(), []

    def send(self, method, target, body=None, headers=()):
        """Status, content type and body; once more on a new connection where the last one was closed."""
        for last in (False, True):
            try:
                return self.send_once(method, target, body, headers)
            except (http.client.HTTPException, ConnectionError) as error:
                self.link.close()
                if last:
                    return 0, "", repr(error).encode()

    def send_once(self, method, target, body, headers):
        self.link.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            self.link.putheader(name, value)
        if body is not None:
            self.link.putheader("Content-Length", str(len(body)))
        try:
            self.link.endheaders()
            if body:
                self.link.send(body)
        except ConnectionError:
            # Refused before all of it was read: the answer is there.
            pass
        answer = self.link.getresponse()
        text = answer.read()
        return answer.status, answer.headers.get("Content-Type", ""), text

    def resolved(self, schema):
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def value(self, path, name, schema):
        """Something sound for a member or parameter."""
        schema = self.resolved(schema)
        kind = about(path, name)
        if kind:
            return self.world.one(kind)
        for key in ("default", "example"):
            if schema.get(key) is not None:
                return schema[key]
        if "enum" in schema:
            return schema["enum"][0]
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.value(path, name, schema[key][0])
        types = schema.get("type")
        if isinstance(types, list):
            if "null" in types:
                return None
            types = types[0]
        match types:
            case "integer" | "number":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return False
            case "array":
                return []
            case "object":
                return {}
        return {"reporting_year": "2023", "reporting_quarter": "Q1", "role": "user"}.get(name, "Some text")

    def check(self, operation, label, sent):
        """Notes it when the answer to what was sent is not one that the operation promises."""
        status, kind, text = self.send(*sent)
        self.sent.update(["requests", f"{status // 100}xx"])
        rough = f"{label} as {sent[1][:200]} {(sent[2] or b'')[:200]!r}: {status} {text[:200]!r}"
        if status == 0 and len(sent[2] or b"") > 1 << 20:
            # What is refused unread may lose its answer with the connection.
            pass
        elif status >= 500 or (str(status) not in operation["responses"] and status not in (404, 405)):
            self.found(f"undocumented status: {rough}")
        elif status >= 400:
            try:
                body = json.loads(text)
            except ValueError:
                body = None
            shaped = isinstance(body, dict) and body.keys() & {"detail", "errors"}
            if not kind.startswith("application/json") or not shaped:
                self.found(f"an error in another shape: {rough}")
        if status == 401 or (sent[0] != "GET" and status < 400):
            self.world.suspect = True

    def found(self, finding):
        self.findings.append(finding)
        if len(self.findings) <= 50:
            print(f"rough: {finding}", flush=True)

    def bearer(self, path):
        token = self.world.bearer(path)
        return [("Authorization", f"Bearer {token}")] if token else []

    def cut_forms(self, path):
        """Forms with a sound file: as it is, without its second half, with some bytes changed, and cut short."""
        name, content = self.world.file(path)
        half = len(content) // 2
        boundary = b"multipart/form-data; boundary=b"
        for changed in (content, content[:half], content[:half] + b"\0\xff\0\xff" + content[half + 4:]):
            yield boundary, sound.form(name, changed, "b")
        yield boundary, sound.form(name, content, "b")[:half]

    def operation(self, method, path, operation):
        label = f"{method} {path}"
        parameters = operation.get("parameters", [])
        query = [p for p in parameters if p["in"] == "query"]

        def target(at=None, rough=None):
            filled = path
            for p in parameters:
                if p["in"] == "path":
                    sound = urllib.parse.quote(str(self.value(path, p["name"], p["schema"])), safe="")
                    filled = filled.replace("{" + p["name"] + "}", rough if p["name"] == at else sound)
            return filled

        content = operation.get("requestBody", {}).get("content", {})
        schema = self.resolved(content["application/json"]["schema"]) if "application/json" in content else None
        members = (schema or {}).get("properties", {})

        def body(at=None, rough=None):
            if schema is None:
                return None
            sound_ones = self.world.body(method, path) or {}
            values = {n: json.dumps(sound_ones[n] if n in sound_ones else self.value(path, n, s))
                      for n, s in members.items()}
            if at:
                values[at] = rough
            return ("{" + ",".join(f"{json.dumps(n)}:{v}" for n, v in values.items()) + "}").encode()

        json_type = [("Content-Type", "application/json")] if schema else []

        def check(target, body, headers=json_type):
            self.check(operation, label, (method, target, body, [*headers, *self.bearer(path)]))

        for p in parameters:
            if p["in"] == "path":
                for rough in PATHS:
                    check(target(p["name"], rough), body())
        for p in query:
            for rough in QUERIES:
                check(f"{target()}?{p['name']}={rough}", body())
        if query:
            name = query[0]["name"]
            for rough in (f"{name}=1&{name}=2", name, "%FF=1", "&" * 5_000, "unknown=1"):
                check(f"{target()}?{rough}", body())
        for p in parameters:
            if p["in"] == "header":
                for rough in HEADERS:
                    check(target(), body(), [*json_type, (p["name"], rough)])
        for rough in BEARERS:
            self.check(operation, label, (method, target(), body(), [*json_type, ("Authorization", rough)]))
        if schema:
            for rough in BODIES:
                check(target(), rough)
            for kind in ("", "text/plain", "application/xml", "application/json; charset=utf-16", "\xff"):
                check(target(), body(), [("Content-Type", kind)])
            check(target(), body(str(uuid.uuid4()), "1"))
            whole = self.world.body(method, path) or {}
            for at in leaves(whole):
                # The outer members follow below.
                for rough in VALUES if len(at) > 1 else ():
                    check(target(), placed(whole, at, rough).encode())
            for name in members:
                for rough in VALUES:
                    check(target(), body(name, rough))
                check(target(), body(name, '"ROUGH"').replace(b"ROUGH", b"\xff\xfe"))
        elif "multipart/form-data" in content:
            for kind, form in [*FORMS, *self.cut_forms(path)]:
                check(target(), form, [("Content-Type", kind)])

    def run(self, only):
        for path, methods in self.document["paths"].items():
            if only and not re.search(only, path):
                continue
            for method, operation in methods.items():
                self.operation(method.upper(), path, operation)
        return self.findings
