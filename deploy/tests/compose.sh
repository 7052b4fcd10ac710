#!/usr/bin/env bash
# The compose file: resolved by a compose command, and what it describes started without the images that cannot be
# pulled here. Its settings, commands, names, ports, order and health checks are used as they stand; AccuNode runs in
# the image's own file system. support/compose.py tells what is not the same.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
cd "$root"
python_tools || { skip "podman-compose cannot be installed, so nobody resolves the compose file"; exit 0; }
command -v jq >/dev/null || { skip "the compose file: jq is missing"; exit 0; }
command -v podman >/dev/null || { skip "podman-compose does nothing without podman (Debian: podman)"; exit 0; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-compose.XXXXXX")
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
resolve() {
    "$tools/venv/bin/podman-compose" --env-file "$1" --file "$deploy/docker/compose.yaml" config 2>"$folder/said" |
        "$tools/venv/bin/python" -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))' >"$folder/config.json"
}

# Every variable of .env.example that has no value gets one; without them nothing is resolved.
sed -E 's/^(ACCUNODE_ADMIN_EMAIL)=$/\1=admin@example.com/; s/^(ACCUNODE_ADMIN_PASSWORD)=$/\1=Rehearsal-42-rehearsal/; s/^([A-Z_]+)=$/\1=rehearsal-\1-rehearsal-rehearsal/' \
    "$deploy/docker/.env.example" >"$folder/env"
! resolve "$deploy/docker/.env.example" || fail "secrets that nobody has given are accepted"
resolve "$folder/env" || fail "the compose file cannot be resolved: $(tail -n 3 "$folder/said")"
jq -e '.services | keys == ["grafana", "migrate", "postgres", "prometheus", "server", "valkey", "worker-1", "worker-2"]' "$folder/config.json" >/dev/null ||
    fail "services: $(jq -c '.services | keys' "$folder/config.json")"
say "resolved: $(jq '.services | length' "$folder/config.json") services; secrets have to be given"
if [ -n "$quick" ]; then
    say "quick: nothing is started"
    exit 0
fi

# Installs PostgreSQL and Redis where they are missing.
"$root/scripts/with-services.sh" true 2>/dev/null || true
missing=""
for tool in ip unshare setpriv chroot prometheus psql curl jq; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
command -v valkey-server >/dev/null || command -v redis-server >/dev/null || missing="$missing valkey-server"
[ "$(id -u)" = 0 ] || missing="$missing root"
if [ -n "$missing" ]; then
    skip "starting what the compose file describes: missing$missing (Debian: iproute2 prometheus postgresql redis-server)"
    exit 0
fi
image_folder || exit 0
# Settings of the last stage, for whoever is no container engine.
python3 - "$image" <<'PYTHON'
import json, pathlib, sys

image = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(pathlib.Path("deploy/tests/support")))
from stages import instructions, variables

env, check = {}, []
for word, text in instructions(image / "Dockerfile"):
    if word == "ENV":
        env |= variables(text)
    elif word == "HEALTHCHECK":
        check = ["CMD", *json.loads(text.partition(" CMD ")[2])]
(image / "image.json").write_text(json.dumps({"Env": env, "Healthcheck": check}))
PYTHON
timeout 600 unshare --mount --net --pid --fork --kill-child --mount-proc \
    python3 "$deploy/tests/support/compose.py" "$folder/config.json" "$image" "$folder" || exit 1
say "passed (Grafana itself, and memory and CPU limits, are not tried)"
