#!/usr/bin/env bash
# The image itself. The Dockerfile's stages are carried out as they stand, but on this machine in place of their base
# images; the last one is built by buildah and run by podman as the task definitions do it: another user, nothing
# writable but /tmp, no capabilities, a limit of memory. It finds machines by name, reaches PostgreSQL, answers its
# health check, and SIGTERM lets it finish.
#
# The first build takes about ten minutes of CPU, so --quick leaves all of this out. ACCUNODE_STATIC_BINARY names a
# statically linked program that is built already.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
if [ -n "$quick" ]; then
    say "quick: the image is neither built nor run"
    exit 0
fi
missing=""
for tool in buildah podman runc jq curl; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
[ "$(id -u)" = 0 ] || missing="$missing root"
if [ -n "$missing" ]; then
    skip "the image: missing$missing (Debian: buildah podman runc)"
    exit 0
fi
cd "$root"
if [ -z "${IMAGE_FOLDER:-}" ]; then
    image_folder || exit 0
    export IMAGE_FOLDER=$image
fi
[ -n "${ACCUNODE_TEST_POSTGRES_URL:-}" ] || exec "$root/scripts/with-services.sh" "$0" "$@"

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-image.XXXXXX")
# Health checks are run when this asks for them: there is no systemd to do it.
export CONTAINERS_CONF=$deploy/tests/support/containers.conf DISABLE_HC_SYSTEMD=true
store=(--root "$folder/store" --runroot "$folder/run")
names_pid=""
podman() { command podman "${store[@]}" --storage-driver=vfs "$@"; }
finish() {
    podman rm --force --all --time 1 >/dev/null 2>&1 || true
    [ -z "$names_pid" ] || kill "$names_pid" 2>/dev/null || true
    find "$folder" -type d -name merged -exec umount {} + 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

# --- Build ---------------------------------------------------------------------------------------------------------
# What the stages before leave behind is this folder; the last stage stands in the Dockerfile as it is.
mkdir -p "$folder/context"
cp -a "$IMAGE_FOLDER" "$folder/context/image"
sed 's/--from=build //' "$folder/context/image/Dockerfile" >"$folder/Dockerfile"
grep -q '^COPY /image/root /$' "$folder/Dockerfile" || fail "the Dockerfile's last stage is not what this check expects"
buildah "${store[@]}" --storage-driver=vfs bud --isolation=chroot --format docker --quiet --build-arg VERSION=check \
    --tag accunode:check --file "$folder/Dockerfile" "$folder/context" >/dev/null
bytes=$(podman image inspect accunode:check | jq '.[0].Size')
[ "$bytes" -lt 60000000 ] || fail "the image has $bytes bytes, less than 60,000,000 are promised"
podman image inspect accunode:check | jq -e '.[0] | .User == "10001:10001" and .Config.Entrypoint == ["/accunode"]
    and (.HealthCheck.Test // .Healthcheck.Test) == ["CMD", "/accunode", "health"]' >/dev/null ||
    fail "user, entry point or health check are not the Dockerfile's"
podman create --name look accunode:check >/dev/null
owners=$(podman export look | tar --list --verbose --numeric-owner | awk '$6 == "data/" || $6 == "tmp/" { print $2 }' | sort -u)
[ "$owners" = 10001/10001 ] || fail "/data and /tmp belong to '$owners', not to the program's user"
podman rm look >/dev/null
say "built: $((bytes / 1000000)) MB, user 10001, health check without a shell"

# --- Run -----------------------------------------------------------------------------------------------------------
port=$(free_port)
database=${ACCUNODE_TEST_POSTGRES_URL/127.0.0.1/database.image.test}
# As in a task definition: another user, read-only root, no capabilities, memory, only /tmp writable.
scratch="/tmp:rw,size=256m,mode=1777"
flags=(--read-only --cap-drop=all --security-opt=no-new-privileges --user 10001:10001 --memory 512m
    --tmpfs "$scratch" --network host --dns 127.0.0.77 --no-hosts
    --env DATABASE_URL="$database" --env REDIS_URL="$ACCUNODE_TEST_REDIS_URL" --env PORT="$port"
    --env SECRET_KEY=rehearsal-rehearsal-rehearsal-rehearsal --env ACCUNODE_DATA_DIR=/tmp --env HOST=127.0.0.1)
run() { podman run "${flags[@]}" "$@"; }

# A statically linked program has to ask name servers by itself: the database has a name that only ours knows.
python3 "$deploy/tests/support/names.py" 127.0.0.77:53 database.image.test >"$folder/names" &
names_pid=$!
for _ in $(seq 50); do [ -s "$folder/names" ] || sleep 0.1; done

run --rm --name migrate accunode:check migrate >"$folder/migrate.log" 2>&1 || fail "migrate: $(tail -n 3 "$folder/migrate.log")"
say "migrated a database that was found by its name"
run --detach --name server accunode:check serve --no-worker --no-migrate >/dev/null
run --detach --name worker accunode:check worker >/dev/null
url=http://127.0.0.1:$port
for _ in $(seq 100); do curl -sf "$url/health" >/dev/null && break || sleep 0.2; done
SMOKE_TRIES=5 POLL_SECONDS=0.5 "$deploy/ci/smoke.sh" "$url" 2>"$folder/smoke.log" || fail "smoke: $(cat "$folder/smoke.log") $(podman logs server 2>&1 | tail -n 3)"
podman healthcheck run server >/dev/null || fail "the image's health check fails on a server that answers"
podman exec server /accunode doctor >"$folder/doctor.log" 2>&1 || fail "doctor: $(cat "$folder/doctor.log")"
say "answers, its health check is good, the doctor finds nothing"

# --- Unprivileged --------------------------------------------------------------------------------------------------
pid=$(podman inspect server | jq '.[0].State.Pid')
[ "$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")" = 10001 ] || fail "the server does not run as user 10001"
[ "$(awk '/^CapEff:/ { print $2 }' "/proc/$pid/status")" = 0000000000000000 ] || fail "the server has capabilities"
[ "$(awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status")" = 1 ] || fail "the server may gain privileges"
awk '$5 == "/" { exit $6 !~ /(^|,)ro(,|$)/ }' "/proc/$pid/mountinfo" || fail "the root file system may be written"
say "runs as user 10001 without capabilities on a read-only root"

# --- SIGTERM lets it finish ----------------------------------------------------------------------------------------
# A request that takes seconds: its body comes slowly. It has to be answered although the server is told to stop.
head -c 60000 /dev/zero | tr '\0' ' ' >"$folder/slow"
printf '{"email":"nobody@example.com","password":"%s"}' "$(cat "$folder/slow")" >"$folder/body"
curl -s -o /dev/null -w '%{http_code}' --limit-rate 15k -H 'Content-Type: application/json' --data-binary "@$folder/body" \
    "$url/api/v1/auth/login" >"$folder/status" &
slow=$!
sleep 1
began=$SECONDS
podman stop --time 45 server >/dev/null
took=$((SECONDS - began))
wait "$slow" || fail "the request under way was broken off"
[[ $(cat "$folder/status") =~ ^4[0-9][0-9]$ ]] || fail "the request under way was answered by '$(cat "$folder/status")'"
[ "$(podman inspect server | jq '.[0].State.ExitCode')" = 0 ] || fail "the server did not end in order: $(podman logs server 2>&1 | tail -n 3)"
podman stop --time 45 worker >/dev/null
[ "$(podman inspect worker | jq '.[0].State.ExitCode')" = 0 ] || fail "the worker did not end in order"
! curl -s --max-time 2 "$url/health" >/dev/null || fail "something still answers"
say "SIGTERM: the request under way was answered, ended in order after $took s"
say "passed"
