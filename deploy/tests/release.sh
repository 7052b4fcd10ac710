#!/usr/bin/env bash
# The release scripts against a stand-in for the aws command: what is done in which order when all goes well, and
# that nothing of a failed release stays. The real aws command checks the arguments of every kind of call.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
for tool in jq curl python3; do
    command -v "$tool" >/dev/null || { skip "the release scripts: $tool is missing"; exit 0; }
done
if [ -n "$quick" ]; then
    say "quick: the real aws command does not check the arguments"
elif python_tools; then
    export REAL_AWS=$tools/venv/bin/aws
else
    skip "the real aws command cannot be installed, so nobody checks the arguments"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-release.XXXXXX")
export FAKE_DIR=$folder
public=$(free_port)
standby=$(free_port)
echo none >"$folder/fault"
echo '{"services":{},"sound":[]}' >"$folder/state.json"
python3 "$deploy/tests/fakes/site.py" "$public" "$standby" &
site=$!
trap 'kill "$site" 2>/dev/null || true; rm -rf "$folder"' EXIT

export PATH=$deploy/tests/fakes:$PATH CLUSTER=accunode-prod POLL_SECONDS=0.02 SMOKE_TRIES=3
export PUBLIC_URL=http://127.0.0.1:$public TEST_URL=http://127.0.0.1:$standby
export NOTIFY_TOPIC_ARN=arn:aws:sns:us-east-1:123456789012:people
registry=123456789012.dkr.ecr.us-east-1.amazonaws.com
accunode() {
    export ROLLING=worker BLUE_GREEN=api CODEDEPLOY_APPLICATION=accunode-prod MIGRATE_FAMILY=migrate
    export IMAGE=$registry/accunode@sha256:22
    unset IMAGES
}
counselor() {
    export ROLLING="frontend backend" BLUE_GREEN="" MIGRATE_FAMILY=""
    export IMAGES="frontend=$registry/front:new backend=$registry/back:new" SMOKE_KIND=web
    unset IMAGE CODEDEPLOY_APPLICATION
}

# An account in which release r1 of everything runs, and r0 ran before.
account() {
    python3 - "$folder/state.json" "$registry" "$@" <<'PYTHON'
import json, sys
path, registry, services = sys.argv[1], sys.argv[2], sys.argv[3:]
arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/"
state = {"definitions": [], "services": {}, "deployments": {}, "sound": []}
for entry in services:
    name, kind, image = entry.split("/")
    for revision, release in ((1, "r0"), (2, "r1")):
        container = {"name": "app", "image": f"{registry}/{image}:{release}", "portMappings": [{"containerPort": 8000}]}
        sidecar = {"name": "log", "image": "public.ecr.aws/other/log:1"}
        tags = [{"key": "release", "value": release}, {"key": "released", "value": "2026"}, {"key": "Project", "value": "p"}]
        state["definitions"].append({"family": name, "revision": revision, "tags": tags,
            "body": {"family": name, "cpu": "256", "containerDefinitions": [container, sidecar]}})
    running = f"{arn}{name}:2"
    state["sound"] += [running, f"{arn}{name}:1"]
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}
    view = {"status": "ACTIVE", "desiredCount": 4, "networkConfiguration": network, "events": []}
    if kind == "rolling":
        view |= {"taskDefinition": running, "deployments": [{"status": "PRIMARY", "taskDefinition": running, "runningCount": 4, "rolloutState": "COMPLETED"}]}
    else:
        view |= {"taskSets": [{"status": "PRIMARY", "taskDefinition": running}]}
    if kind != "task":
        state["services"][name] = {"kind": kind, "first": running, "view": view}
json.dump(state, open(path, "w"))
PYTHON
    rm -f "$folder/calls"
}
accunode_account() { account worker/rolling/accunode api/switched/accunode migrate/task/accunode; }

# run FAULT EXPECTED-CODE ARGUMENT…
run() {
    local fault=$1 expected=$2 status=0
    shift 2
    echo "$fault" >"$folder/fault"
    FAKE_FAULT=$fault "$deploy/ci/release.sh" ecs "$@" >"$folder/log" 2>&1 || status=$?
    [ ! -f "$folder/refused" ] || fail "the real aws refuses: $(cat "$folder/refused")"
    [ "$status" = "$expected" ] || fail "fault $fault, release $*: exit code $status, not $expected: $(cat "$folder/log")"
}
runs() {
    jq -r --arg service "$1" '.services[$service].view
        | (([.taskSets[]? | select(.status == "PRIMARY").taskDefinition] + [.taskDefinition]) | map(select(. != null)) | first)
        | split("/") | last' "$folder/state.json"
}
expect_runs() {
    [ "$(runs "$2")" = "$3" ] || fail "$1: $2 runs $(runs "$2"), not $3: $(cat "$folder/log")"
}
never_called() { ! grep -q "^$2" "$folder/calls" || fail "$1: $2 was called"; }
line_of() { grep -n "^$1" "$folder/calls" | head -n 1 | cut -d: -f1; }
as_before() {
    expect_runs "$1" worker worker:2
    expect_runs "$1" api api:2
    jq -e '[.definitions[] | select(.revision > 2) | .tags[] | select(.key == "released")] == []' "$folder/state.json" >/dev/null ||
        fail "$1: a failed release counts as released"
    say "$1: as before"
}

accunode
accunode_account
run none 0 r2
expect_runs "a good release" worker worker:3
expect_runs "a good release" api api:3
[ "$(line_of 'ecs run-task')" -lt "$(line_of 'ecs update-service')" ] || fail "workers changed before the migration"
[ "$(line_of 'ecs update-service')" -lt "$(line_of 'deploy create-deployment')" ] || fail "the API changed before the workers"
grep -q '^deploy continue-deployment.*TERMINATION_WAIT' "$folder/calls" || fail "the old side was not ended"
grep -q 'worker: 50 % run r2' "$folder/log" && fail "half of the workers never ran the new release"
grep -q 'workers: the first half' "$folder/log" || fail "workers were not looked at by halves"
jq -e '[.definitions[] | select(.revision == 3 and (.family != "migrate"))] | length == 2 and all(
    (.body.containerDefinitions[0].image | endswith("@sha256:22")) and .body.containerDefinitions[1].image == "public.ecr.aws/other/log:1"
    and ((.tags | from_entries) | .release == "r2" and .released != null and .Project == "p"))' "$folder/state.json" >/dev/null ||
    fail "the new revisions are not as they should be: $(jq -c .definitions "$folder/state.json")"
grep -q '^sns publish.*r2 is in place' "$folder/calls" || fail "nobody was told"
[ "$("$deploy/ci/release.sh" ecs --released)" = r2 ] || fail "what is in place is not told"
say "a good release: migrated, workers by halves, API switched, old side ended"

# By hand, to the release before, without naming it.
rm "$folder/calls"
run none 0 --rollback
expect_runs "rollback" worker worker:2
expect_runs "rollback" api api:2
never_called "rollback" "ecs run-task"
never_called "rollback" "ecs register-task-definition"
run none 0 --rollback
expect_runs "going back twice" api api:1
run none 1 --rollback
expect_runs "going back before the first release" api api:1
run none 0 --rollback r2
expect_runs "rollback to a named release" api api:3
run none 1 --rollback r7
expect_runs "rollback to an unknown release" api api:3
say "rollback by hand: to the release before, and to a named one"

accunode_account
run migration 1 r2
never_called "a failing migration" "ecs update-service"
never_called "a failing migration" "deploy create-deployment"
as_before "a failing migration"

accunode_account
run people-smoke 1 r2
grep -q '^deploy continue-deployment.*READY_WAIT' "$folder/calls" || fail "traffic never moved, so nothing was shown"
grep -q '^sns publish.*r2 failed' "$folder/calls" || fail "nobody was told of the failure"
as_before "a release that fails with traffic on it"

if [ -n "$quick" ]; then
    say "passed (quick)"
    exit 0
fi

accunode_account
run workers-crash 1 r2
never_called "workers that crash" "deploy create-deployment"
as_before "workers that crash"

accunode_account
run standby-unhealthy 1 r2
as_before "a standby side that is not healthy"

accunode_account
run standby-smoke 1 r2
never_called "a standby side that fails its trial" "deploy continue-deployment"
as_before "a standby side that fails its trial"

accunode_account
run no-wait 0 r2
expect_runs "a group that does not wait" api api:3
say "a group that does not wait: released all the same"

accunode_account
FAULTY=undo-fails
echo standby-smoke >"$folder/fault"
status=0
FAKE_FAULT=$FAULTY "$deploy/ci/release.sh" ecs r2 >"$folder/log" 2>&1 || status=$?
[ "$status" = 3 ] || fail "going back failed, and the exit code is $status: $(cat "$folder/log")"
grep -q '^sns publish.*going back failed' "$folder/calls" || fail "nobody was told that going back failed"
say "going back that fails: said so, exit code 3"

accunode_account
echo none >"$folder/fault"
POLL_SECONDS=0.5 "$deploy/ci/release.sh" ecs r2 >"$folder/log" 2>&1 &
release=$!
for _ in $(seq 400); do
    if grep -q '^deploy create-deployment' "$folder/calls" 2>/dev/null; then break; fi
    sleep 0.05
done
kill -TERM "$release"
status=0
wait "$release" || status=$?
[ "$status" = 1 ] || fail "a release that is stopped: exit code $status: $(cat "$folder/log")"
as_before "a release that is stopped on its way"

accunode_account
IMAGE=$registry/other@sha256:1 run none 1 r2
never_called "an image of another repository" "ecs update-service"
as_before "an image of another repository"

run none 2 "bad version"
run none 2 "../r2"
MISSING=$(env -u CLUSTER "$deploy/ci/release.sh" ecs r2 2>&1) && fail "a missing setting was accepted"
[[ $MISSING == *"CLUSTER is not set"* ]] || fail "a missing setting is not named: $MISSING"

counselor
account frontend/rolling/front backend/rolling/back
run none 0 dev-abc1234-20261127120000
expect_runs "two services with images of their own" frontend frontend:3
expect_runs "two services with images of their own" backend backend:3
account frontend/rolling/front backend/rolling/back
run workers-crash 1 dev-abc1234-20261127120001
expect_runs "a service that crashes" frontend frontend:2
expect_runs "a service that crashes" backend backend:2
say "two services with images of their own: released, and taken back"
say "passed"
