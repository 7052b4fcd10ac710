"""Makes, plans again, releases, rolls back and takes down a stack with the shipped deploy script against moto's server.

Usage: rehearse.py STACK ENVIRONMENT WORK. WORK is a copy of deploy/ that may be written to.
What moto answers differently from AWS is listed in known.py; any other difference is a failure.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3

import existence
import known

FIRST = {"accunode": "{env}-1a2b3c4", "counselor": "{env}-1a2b3c4-20260131120000"}
SECOND = {"accunode": "{env}-5d6e7f8", "counselor": "{env}-5d6e7f8-20260201120000"}
THIRD = {"accunode": "{env}-9e0f1a2", "counselor": "{env}-9e0f1a2-20260202120000"}
# In seconds. An operation that moto lacks makes the provider try again for a quarter of an hour.
LIMITS = {"bootstrap": 60, "plan": 300, "apply": 900, "rollback": 600, "destroy": 600}
# Raise it on a machine that does other things, too.
PATIENCE = float(os.environ.get("ACCUNODE_REHEARSAL_PATIENCE", "1"))


class Rehearsal:
    def __init__(self, stack, environment, work):
        self.stack, self.environment, self.work = stack, environment, Path(work)
        self.directory = self.work / "terraform/stacks" / stack
        self.log = self.work / f"{stack}-{environment}.log"
        self.first = FIRST[stack].format(env=environment)
        self.second = SECOND[stack].format(env=environment)
        self.third = THIRD[stack].format(env=environment)

    def deploy(self, action, *arguments, answer=""):
        command = [str(self.work / "bin/deploy"), self.stack, self.environment, action, *arguments]
        began = time.monotonic()
        with self.log.open("a") as output:
            output.write(f"\n$ {' '.join(command[1:])}\n")
            output.flush()
            # In a group of its own: at the end of its time everything that it started ends with it.
            started = subprocess.Popen(
                command, stdin=subprocess.PIPE, text=True, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                started.communicate(answer, timeout=LIMITS[action] * PATIENCE)
            except BaseException as reason:
                os.killpg(started.pid, signal.SIGTERM)
                started.wait()
                output.write("\nended: too slow, or no longer wanted\n")
                if not isinstance(reason, subprocess.TimeoutExpired):
                    raise
        if started.returncode != 0:
            end = "\n".join(self.log.read_text().splitlines()[-40:])
            raise SystemExit(f"{' '.join(command[1:])} failed:\n{end}")
        print(f"  {action} {' '.join(a for a in arguments if '=' not in a)}: {time.monotonic() - began:.0f} s", flush=True)

    def unprotected(self):
        return ["--var", "protected=false", "--var", "confirm_unprotected=true"]

    def changes(self, tag):
        """Addresses that a plan would change, with the attributes that differ; without what is known of moto."""
        target = self.work / f"{self.stack}.plan.json"
        self.deploy("plan", "--tag", tag, "--json", str(target), *self.unprotected())
        plan = json.loads(target.read_text())
        found = {}
        for change in plan["resource_changes"]:
            actions = change["change"]["actions"]
            if actions in (["no-op"], ["read"]):
                continue
            differing = known.differing(change["change"])
            if actions == ["update"]:
                differing -= known.of_moto(change["address"])
                if not differing:
                    continue
            found[change["address"]] = sorted(differing)
        return found

    def state(self):
        environment = os.environ | {"TF_DATA_DIR": str(self.directory / f".terraform-{self.environment}")}
        shown = subprocess.run(
            ["terraform", "show", "-json"], cwd=self.directory, env=environment, capture_output=True, text=True, check=True
        )
        return json.loads(shown.stdout)

    def released_by_hand(self, tag):
        """Has every service run a release that Terraform does not know of, as deploy/ci leaves them."""
        ecs = boto3.client("ecs")
        cluster = f"{self.stack}-{self.environment}"
        for name in self.running_tags():
            service = ecs.describe_services(cluster=cluster, services=[name])["services"][0]
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            container = definition["containerDefinitions"][0]
            container["image"] = f"{container['image'].rsplit(':', 1)[0]}:{tag}"
            taken = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
            made = ecs.register_task_definition(**{key: value for key, value in definition.items() if key in taken})
            ecs.update_service(cluster=cluster, service=name, taskDefinition=made["taskDefinition"]["taskDefinitionArn"])

    def planned_tags(self):
        """Releases that a plan without --tag would have run."""
        target = self.work / f"{self.stack}.plan.json"
        self.deploy("plan", "--json", str(target), *self.unprotected())
        variables = json.loads(target.read_text())["variables"]
        return {value["value"] for name, value in variables.items() if name.endswith("image_tag")}

    def running_tags(self):
        """Tags of the images that the services run."""
        ecs = boto3.client("ecs")
        cluster = f"{self.stack}-{self.environment}"
        services = ecs.list_services(cluster=cluster)["serviceArns"]
        tags = {}
        for service in ecs.describe_services(cluster=cluster, services=services)["services"]:
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            tags[service["serviceName"]] = definition["containerDefinitions"][0]["image"].rsplit(":", 1)[1]
        return tags


FAILED = []


def expect(what, right, found=""):
    """Goes on after a failure: a run takes minutes, and the next question may be of use."""
    if right:
        print(f"  ok: {what}", flush=True)
    else:
        print(f"  FAILED: {what}: {found}", flush=True)
        FAILED.append(what)


def only_release(stack, found):
    """What a release may touch: task definitions, and the services that Terraform itself leads over."""
    allowed = (".aws_ecs_task_definition.this", ".aws_ecs_service.rolling[0]")
    strangers = [address for address in found if not address.endswith(allowed)]
    tasks = {"accunode": 3, "counselor": 2}[stack]
    rolling = {"accunode": 1, "counselor": 2}[stack]
    counted = [sum(address.endswith(end) for address in found) for end in allowed]
    return not strangers and counted == [tasks, rolling]


def rehearse(run):
    run.deploy("bootstrap")
    run.deploy("apply", "--yes", "--tag", run.first, *run.unprotected())
    state = run.state()
    (run.work / f"{run.stack}-{run.environment}.state.json").write_text(json.dumps(state))
    existence.check(run.stack, run.environment, expect)
    kept = boto3.client("s3").get_object(Bucket=os.environ["ACCUNODE_STATE_BUCKET"], Key=f"{run.stack}/{run.environment}.tfstate")
    written = {"state": kept["Body"].read().decode(), "output": run.log.read_text()}
    for where, text in written.items():
        leaked = [name for name, value in existence.secrets(run.stack, run.environment).items() if value in text]
        expect(f"no secret stands in the {where}", not leaked, leaked)

    # As its file has it, protected, and over what was made: addresses that are known can be looked at.
    run.deploy("plan", "--tag", run.first, "--json", str(run.work / f"{run.stack}-{run.environment}.plan.json"))
    found = run.changes(run.first)
    expect("a second plan finds nothing to change but what is known of moto", not found, found)
    found = run.changes(run.second)
    expect("another tag changes task definitions and services alone", only_release(run.stack, found), found)

    run.deploy("apply", "--yes", "--tag", run.second, *run.unprotected())
    tags = run.running_tags()
    expect("every service runs the new release", set(tags.values()) == {run.second}, tags)
    run.deploy("rollback", "--yes", *run.unprotected())
    tags = run.running_tags()
    expect("after the rollback every service runs the first release", set(tags.values()) == {run.first}, tags)

    run.released_by_hand(run.third)
    tags = run.planned_tags()
    expect("without a tag, the release that runs is planned, whoever put it there", tags == {run.third}, tags)

    run.deploy("destroy", *run.unprotected(), answer=f"{run.stack} {run.environment}\n")
    left = run.state().get("values", {}).get("root_module", {})
    expect("the state is empty", not left.get("resources") and not left.get("child_modules"), left)
    existence.check_gone(run.stack, run.environment, expect)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    rehearse(Rehearsal(*sys.argv[1:4]))
    if FAILED:
        raise SystemExit(f"FAILED: {len(FAILED)} of the rehearsal's questions")
