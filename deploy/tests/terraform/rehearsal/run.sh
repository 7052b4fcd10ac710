#!/usr/bin/env bash
# Starts moto's server and rehearses both stacks, looking at what was planned with checkov and at what was made with
# cfn-lint. Wants terraform; $1 and $2 are the folders of the Python environments with moto and with checkov.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$1 checkov=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/rehearsal.XXXXXX")
server='' children=()
cleanup() {
    for process in ${children[@]+"${children[@]}"} $server; do
        kill "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' TERM INT

cp -r "$here/../../../bin" "$here/../../../terraform" "$work/"
mkdir -p "$work/tests/terraform"
cp -r "$here/../mocks" "$work/tests/terraform/"
find "$work" -type d -name '.terraform*' -prune -exec rm -rf {} +
# Another phase takes longer and shows little more.
phase=${ACCUNODE_REHEARSAL_PHASE:-startup}
sed -i "s/^phase .*/phase = \"$phase\"/" "$work/terraform/stacks/accunode/environments/prod.tfvars"

port=$("$venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
MOTO_IAM_LOAD_MANAGED_POLICIES=true "$venv/bin/python" "$here/serve.py" -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
server=$!

export PATH="$venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 TF_IN_AUTOMATION=1
export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=2
export ACCUNODE_STATE_BUCKET=rehearsal-states TF_VAR_openai_api_key=sk-rehearsal-rehearsal-rehearsal
export TF_CLI_ARGS_init="-backend-config=use_path_style=true -backend-config=skip_credentials_validation=true -backend-config=skip_requesting_account_id=true"

# What the environments' files leave open: the roles of a pipeline. The account's trust in GitHub is AccuNode's here.
export TF_VAR_github_repository=example/rehearsed

for _ in $(seq 120); do
    curl -fs "$AWS_ENDPOINT_URL/moto-api/" >/dev/null && break
    sleep 0.5
done
aws route53 create-hosted-zone --name example.com --caller-reference rehearsal --endpoint-url "$AWS_ENDPOINT_URL" >/dev/null

# At the same time: most of it is waiting. Each tells all at its end.
for stack in accunode counselor; do
    trust=true
    [ "$stack" = accunode ] || trust=false
    TF_VAR_github_provider=$trust "$venv/bin/python" "$here/rehearse.py" "$stack" prod "$work" >"$work/$stack.told" 2>&1 &
    children+=("$!")
done
failed=0
for stack in accunode counselor; do
    outcome=0
    wait "${children[0]}" || outcome=1
    children=("${children[@]:1}")
    echo "rehearsal: $stack prod"
    cat "$work/$stack.told"
    if [ "$outcome" = 0 ]; then
        "$venv/bin/python" "$here/../shadow/check.py" "$work/$stack-prod.state.json" || outcome=1
        "$venv/bin/python" "$here/../checkov/check.py" "$checkov" "$work/$stack-prod.plan.json" || outcome=1
    fi
    [ "$outcome" = 0 ] || failed=1
done
if [ "$failed" = 1 ]; then
    grep -o 'NotImplementedError: .*' "$work/moto.log" | sort | uniq -c >&2 || true
    echo "FAILED: the rehearsal" >&2
    exit 1
fi
