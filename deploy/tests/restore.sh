#!/usr/bin/env bash
# The restore drill against a stand-in for the aws command: what it looks at, and that it leaves nothing behind.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
command -v jq >/dev/null || { skip "the restore drill: jq is missing"; exit 0; }
if [ -n "$quick" ]; then
    say "quick: the real aws command does not check the arguments"
elif python_tools; then
    export REAL_AWS=$tools/venv/bin/aws
else
    skip "the real aws command cannot be installed, so nobody checks the arguments"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-restore.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export FAKE_DIR=$folder PATH=$deploy/tests/fakes:$PATH POLL_SECONDS=0.02
export DB_INSTANCE=prod CLUSTER=accunode-prod MIGRATE_FAMILY=migrate SUBNETS=subnet-1,subnet-2 SECURITY_GROUP=sg-tasks
export DATABASE_PARAMETER=/accunode/prod/database-url NOTIFY_TOPIC_ARN=arn:aws:sns:us-east-1:123456789012:people

run() {
    local fault=$1 expected=$2 status=0
    rm -f "$folder/calls"
    cat >"$folder/state.json" <<'JSON'
{"services": {}, "deployments": {}, "parameters": {"/accunode/prod/database-url": "postgres://a:secret-word@prod.abc.us-east-1.rds.amazonaws.com:5432/accunode"},
 "definitions": [{"family": "migrate", "revision": 1, "tags": [], "body": {"family": "migrate", "containerDefinitions": [
   {"name": "accunode", "image": "r/accunode:1", "secrets": [
     {"name": "SECRET_KEY", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/accunode/prod/secret-key"},
     {"name": "DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/accunode/prod/database-url"}]}]}}]}
JSON
    FAKE_FAULT=$fault "$deploy/ci/restore-drill.sh" >"$folder/log" 2>&1 || status=$?
    [ ! -f "$folder/refused" ] || fail "the real aws refuses: $(cat "$folder/refused")"
    [ "$status" = "$expected" ] || fail "$fault: exit code $status, not $expected: $(cat "$folder/log")"
    jq -e '((.copies // {}) == {}) and (.parameters | keys == ["/accunode/prod/database-url"]) and
        ([.definitions[].family] == ["migrate"])' "$folder/state.json" >/dev/null ||
        fail "$fault: something was left behind: $(jq -c 'del(.services)' "$folder/state.json")"
    ! grep -q secret-word "$folder/log" "$folder/calls" || fail "$fault: the password was shown"
}

run none 0
jq -e '.looked == [["doctor"], ["admin", "verify-audit"], ["model", "replay", "--limit", "10000"]]' "$folder/state.json" >/dev/null ||
    fail "the program looked at $(jq -c .looked "$folder/state.json")"
grep -q '^cloudwatch put-metric-data' "$folder/calls" || fail "nothing was measured"
say "a sound copy: looked at three ways, measured, taken down"

for fault in damaged no-restore late; do
    run "$fault" 1
    grep -q '^sns publish.*restore drill of prod failed' "$folder/calls" || fail "$fault: nobody was told"
    say "$fault: found, told, taken down"
done
! grep -q '^rds restore' "$folder/calls" || fail "late: the copy was made although too much is lost"

RTO_SECONDS=0 run none 1
say "too slow: found, taken down"
say "passed"
