"""The part of the stand-in for `aws` that the restore drill asks: RDS, parameters, tasks that look at the copy."""

import datetime
import json
import os
import sys
from pathlib import Path

FAULT = os.environ.get("FAKE_FAULT", "")
REAL = "prod.abc.us-east-1.rds.amazonaws.com"


def describe_database(state: dict, options: dict) -> dict:
    name = options["db-instance-identifier"]
    late = 7200 if FAULT == "late" else 240
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=late)
    one = {
        "DBInstanceIdentifier": name,
        "DBInstanceClass": "db.t3.micro",
        "DBInstanceStatus": "available",
        "LatestRestorableTime": moment.isoformat(timespec="microseconds"),
        "Endpoint": {"Address": REAL},
        "DBSubnetGroup": {"DBSubnetGroupName": "data"},
        "DBParameterGroups": [{"DBParameterGroupName": "pg15"}],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-data"}],
    }
    if name != "prod":
        copy = state["copies"][name]
        copy["looks"] += 1
        ready = "incompatible-restore" if FAULT == "no-restore" else "available"
        one |= {"DBInstanceStatus": ready if copy["looks"] > 3 else "creating", "Endpoint": {"Address": f"{name}.abc"}}
    return {"DBInstances": [one]}


def restore(state: dict, options: dict) -> dict:
    assert options["use-latest-restorable-time"] is True and options["no-publicly-accessible"] is True
    state.setdefault("copies", {})[options["target-db-instance-identifier"]] = {"looks": 0}
    return {}


def delete_database(state: dict, options: dict) -> dict:
    assert options["db-instance-identifier"] != "prod", "the drill deletes the real database"
    del state["copies"][options["db-instance-identifier"]]
    return {}


def get_parameter(state: dict, options: dict) -> dict:
    return {"Parameter": {"Value": state["parameters"][options["name"]]}}


def put_parameter(state: dict, options: dict) -> dict:
    new = json.loads(Path(options["cli-input-json"].removeprefix("file://")).read_text())
    assert new["Type"] == "SecureString"
    state["parameters"][new["Name"]] = new["Value"]
    return {}


def delete_parameter(state: dict, options: dict) -> dict:
    if state["parameters"].pop(options["name"], None) is None:
        sys.exit("An error occurred (ParameterNotFound)")
    return {}


def deregister(state: dict, options: dict) -> dict:
    arn = options["task-definition"].rsplit("/", 1)[1]
    state["definitions"] = [d for d in state["definitions"] if f"{d['family']}:{d['revision']}" != arn]
    return {}


def check_look(state: dict, options: dict, body: dict) -> None:
    """What a task of the drill is given: the copy's address, by the drill's parameter."""
    secret = next(s["valueFrom"] for s in body["containerDefinitions"][0]["secrets"] if s["name"] == "DATABASE_URL")
    value = state["parameters"]["/" + secret.split(":parameter/", 1)[1]]
    assert REAL not in value and "-drill-" in value, value
    state.setdefault("looked", []).append(json.loads(options["overrides"])["containerOverrides"][0]["command"])


CALLS = {
    "rds describe-db-instances": describe_database,
    "rds restore-db-instance-to-point-in-time": restore,
    "rds delete-db-instance": delete_database,
    "ssm get-parameter": get_parameter,
    "ssm put-parameter": put_parameter,
    "ssm delete-parameter": delete_parameter,
    "ecs deregister-task-definition": deregister,
    "cloudwatch put-metric-data": lambda state, options: {},
}
