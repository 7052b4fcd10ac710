"""What Schemathesis is given: who signs in, and ids of things that are there in most of its requests."""

import atexit
import collections
import itertools
import json
import os
import pathlib
import sys

import schemathesis

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from world import World, about  # noqa: E402

WORLD = World(os.environ["TRY_BASE"], os.environ["TRY_KEEPER"], os.environ["TRY_ROLE"])
TURNS = itertools.count()
SENT = collections.Counter()
ASKED, SUCCEEDED = set(), collections.Counter()


@schemathesis.auth(refresh_interval=None)
class Person:
    def get(self, case, context):
        return WORLD.ready()

    def set(self, case, token, context):
        if token:
            case.headers["Authorization"] = f"Bearer {token}"


def name_what_is_there(case, values):
    for name in list(values):
        kind = about(case.path, name)
        # What is left out or null stays so.
        if kind and values[name] is not None:
            values[name] = WORLD.one(kind)


def be_sound(case, kwargs):
    """Sends a body that can succeed where generated ones hardly do; whether there is one."""
    if case.media_type == "multipart/form-data":
        kwargs["files"] = {"file": WORLD.file(case.path)}
        return True
    if case.media_type == "application/json" and (body := WORLD.body(case.method.upper(), case.path)):
        case.body = body
        return True
    return False


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = case.headers or {}
    if headers.get("Authorization", "").removeprefix("Bearer ") in WORLD.issued:
        # Made ahead of time, perhaps.
        headers["Authorization"] = f"Bearer {WORLD.bearer(case.path)}"
    turn = next(TURNS) % 3
    if turn == 0:
        return
    sound = turn == 1 and be_sound(case, kwargs)
    name_what_is_there(case, case.path_parameters or {})
    name_what_is_there(case, case.query or {})
    if isinstance(case.body, dict) and not sound:
        name_what_is_there(case, case.body)


@schemathesis.hook
def after_call(context, case, response):
    SENT["requests"] += 1
    ASKED.add(case.operation.label)
    # Other methods are tried too: asking for OPTIONS always succeeds.
    if response.status_code < 300 and case.method.upper() == case.operation.method.upper():
        SUCCEEDED[case.operation.label] += 1
    SENT[f"{response.status_code // 100}xx"] += 1
    if response.status_code == 401 or (case.method.upper() != "GET" and response.status_code < 400):
        WORLD.suspect = True
    if response.status_code in (404, 410) or (case.method.upper() == "DELETE" and response.status_code < 400):
        for value in (case.path_parameters or {}).values():
            WORLD.forget(value)


@atexit.register
def tell():
    pathlib.Path(os.environ["TRY_COUNTS"]).write_text(
        json.dumps({"sent": SENT, "asked": sorted(ASKED), "succeeded": SUCCEEDED}))
