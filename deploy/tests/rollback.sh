#!/usr/bin/env bash
# The rollback drill: releases on this machine behind haproxy, under load. A good one takes over without one failed
# request; one that is not healthy never gets traffic; one that turns out bad is taken back; the release before can
# be put in place by hand. ACCUNODE_BINARY names the program (default: the one that was built last).
# --quick leaves out going back by hand and releases that fail in less usual ways.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"

find_program
missing=""
for tool in haproxy wrk socat jq curl python3 setsid; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
[ -n "$binary" ] || missing="$missing accunode(binary)"
if [ -n "$missing" ]; then
    skip "the rollback drill: missing$missing"
    exit 0
fi
if [ -z "${ACCUNODE_TEST_POSTGRES_URL:-}" ]; then
    exec "$root/scripts/with-services.sh" "$0" "$@"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-drill.XXXXXX")
export LOCAL_DIR=$folder/local
haproxy_pid=""
finish() {
    local file
    kill "$(jobs -p)" 2>/dev/null || true
    for file in "$LOCAL_DIR"/run/*.pid; do [ ! -f "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true; done
    [ -z "$haproxy_pid" ] || kill "$haproxy_pid" 2>/dev/null || true
    if [ -n "${KEEP:-}" ]; then say "kept: $folder"; else rm -rf "$folder"; fi
}
trap finish EXIT

# --- The installation ---------------------------------------------------------------------------------------------
export DATABASE_URL=$ACCUNODE_TEST_POSTGRES_URL REDIS_URL=$ACCUNODE_TEST_REDIS_URL
export SECRET_KEY=rehearsal-rehearsal-rehearsal-rehearsal ACCUNODE_DATA_DIR=$folder/data
export ACCUNODE_RATE_LIMITS=off ACCUNODE_TRUSTED_PROXIES=1 LOG_LEVEL=warn,accunode=info
BALANCER_PORT=$(free_port)
BLUE_PORT=$(free_port)
GREEN_PORT=$(free_port)
export BALANCER_PORT BLUE_PORT GREEN_PORT BALANCER_SOCKET=$folder/haproxy.sock
export POLL_SECONDS=0.3 SMOKE_TRIES=6 START_LIMIT=30
mkdir -p "$LOCAL_DIR/releases" "$ACCUNODE_DATA_DIR"

good_release() {
    mkdir -p "$LOCAL_DIR/releases/$1"
    ln -s "$(realpath "$binary")" "$LOCAL_DIR/releases/$1/accunode"
}

# A release whose command $2 does $3, and otherwise what the program does.
bad_release() {
    mkdir -p "$LOCAL_DIR/releases/$1"
    cat >"$LOCAL_DIR/releases/$1/accunode" <<WRAPPER
#!/usr/bin/env bash
if [ "\$1" = $2 ]; then $3; fi
exec "$(realpath "$binary")" "\$@"
WRAPPER
    chmod +x "$LOCAL_DIR/releases/$1/accunode"
}
answering() { echo "exec python3 '$deploy/tests/drill/bad.py' $1 '$folder/$1.requests'"; }

good_release v1
good_release v2
bad_release v3-unhealthy serve "$(answering unhealthy)"
bad_release v4-no-database serve "$(answering no-database)"
bad_release v5-ends serve "echo 'ends at once' >&2; exit 1"
bad_release v6-silent serve "exec sleep 1000"
bad_release v7-workers worker "exit 1"
bad_release v8-migration migrate "exit 1"
bad_release v9-later serve "$(answering later)"

haproxy -db -f "$deploy/local/haproxy.cfg" >"$folder/haproxy.log" 2>&1 &
haproxy_pid=$!
for _ in $(seq 50); do [ -S "$BALANCER_SOCKET" ] || sleep 0.1; done

release() { "$deploy/ci/release.sh" local "$@" >>"$folder/release.log" 2>&1; }
url=http://127.0.0.1:$BALANCER_PORT
note() { cat "$LOCAL_DIR/$1" 2>/dev/null || true; }

# --- Load ----------------------------------------------------------------------------------------------------------
sign_in() {
    local email=drill@example.com password=Rehearsal-42-rehearsal
    printf '%s\n' "$password" | "$binary" admin create-user --email "$email" --role super_admin >/dev/null
    DRILL_TOKEN=$(curl -sf "$url/api/v1/auth/login" --json "{\"email\":\"$email\",\"password\":\"$password\"}" |
        jq -r .access_token)
    export DRILL_TOKEN
}

wrk_pid=""
start_load() {
    wrk -t1 -c8 -d300s --timeout 30s -s "$deploy/tests/drill/load.lua" "$url/api/v1/companies?limit=10" >"$folder/load.txt" 2>&1 &
    wrk_pid=$!
    sleep 1
}
# Leaves in $answers "SIDE STATUS COUNT" lines, in $lost what got no answer.
end_load() {
    sleep 1
    kill -INT "$wrk_pid" 2>/dev/null || fail "the load ended too early: $(cat "$folder/load.txt")"
    wait "$wrk_pid" || true
    lost=$(awk '/^drill errors/ { print $3 }' "$folder/load.txt")
    answers=$(sed -n 's/^drill \([a-z-]* [0-9]* [0-9]*\)$/\1/p' "$folder/load.txt")
    [ -n "$answers" ] && [ -n "$lost" ] || fail "the load gave no figures: $(cat "$folder/load.txt")"
}
# count SIDE ok|bad: answers of a side (or any), those with 200 or the others.
count() {
    awk -v side="$1" -v kind="$2" '(side == "any" || $1 == side) && ($2 == 200) == (kind == "ok") { n += $3 }
        END { print n + 0 }' <<<"$answers"
}
all_answered_well() {
    [ "$lost" = 0 ] || fail "$1: $lost requests without an answer"
    [ "$(count any bad)" = 0 ] || fail "$1: answers other than 200: $answers"
    [ "$(count any ok)" -gt 20 ] || fail "$1: too few requests to prove anything: $answers"
}

# Uploads that take seconds, one begun each second, so that some are under way when traffic moves.
upload() {
    curl -s -o /dev/null -w '%{http_code}\n' --limit-rate 10k -H "Authorization: Bearer $DRILL_TOKEN" \
        -F "file=@$root/sample/portfolio_annual.csv;type=text/csv" \
        "$url/api/v1/predictions/annual/bulk-upload-async" >>"$folder/uploads"
}
uploading() {
    local number
    : >"$folder/uploads"
    for number in $(seq 60); do
        [ -f "$folder/uploading" ] || break
        upload &
        sleep 1
    done
    wait
    echo "ended after $number" >>"$folder/uploads"
}

# --- The drill -----------------------------------------------------------------------------------------------------
good() {
    local expected=$1 from=$2 to=$3 uploads began took
    shift 3
    touch "$folder/uploading"
    start_load
    uploading &
    local uploads_pid=$!
    sleep 2
    began=$SECONDS
    release "$@" || fail "release $*: $(tail -n 20 "$folder/release.log")"
    took=$((SECONDS - began))
    rm "$folder/uploading"
    wait "$uploads_pid"
    end_load
    all_answered_well "$*"
    [ "$(count "$from" ok)" -gt 0 ] && [ "$(count "$to" ok)" -gt 0 ] || fail "$*: traffic did not move: $answers"
    uploads=$(grep -c '^20[0-9]$' "$folder/uploads")
    [ "$(wc -l <"$folder/uploads")" = $((uploads + 1)) ] || fail "$*: uploads failed: $(sort "$folder/uploads" | uniq -c)"
    [ "$(note released)" = "$expected" ] && [ "$(note live)" = "$to" ] || fail "$*: in place: $(note released)"
    say "$*: in place after $took s; $(count any ok) requests and $uploads uploads, none failed"
}

in_place_as_before() {
    [ "$(note released)" = "$2" ] && [ "$(note live)" = "$3" ] || fail "$1: in place is $(note released)"
    [ "$(cat "$LOCAL_DIR"/run/worker-*.version | sort -u)" = "$2" ] || fail "$1: workers were not taken back"
    [ "$(find "$LOCAL_DIR/run" -name '*.pid' | wc -l)" = 3 ] || fail "$1: leftover processes: $(ls "$LOCAL_DIR/run")"
}

# A release that fails before it may have traffic: everything is answered by the side that was there.
never_served() {
    local release=$1 side=$2 status=0 other=green
    [ "$side" = blue ] || other=blue
    local before
    before=$(note released)
    start_load
    release "$release" || status=$?
    end_load
    [ "$status" = 1 ] || fail "$release: exit code $status: $(tail -n 20 "$folder/release.log")"
    all_answered_well "$release"
    [ "$(count "$other" ok)" = 0 ] || fail "$release got traffic: $answers"
    [ ! -s "$folder/${release#v?-}.requests" ] || fail "$release got requests: $(head -3 "$folder/${release#v?-}.requests")"
    in_place_as_before "$release" "$before" "$side"
    say "$release: refused, $(count "$side" ok) requests answered by $before meanwhile, none failed"
}

# A release that looks sound until people come: it is taken back by itself.
taken_back() {
    local release=$1 side=$2 status=0 before
    before=$(note released)
    start_load
    release "$release" || status=$?
    end_load
    [ "$status" = 1 ] || fail "$release: exit code $status: $(tail -n 20 "$folder/release.log")"
    [ -s "$folder/later.requests" ] || fail "$release never had traffic, so nothing was shown"
    in_place_as_before "$release" "$before" "$side"
    start_load
    end_load
    all_answered_well "after $release"
    say "$release: taken back; $(wc -l <"$folder/later.requests") requests had reached it"
}

release v1 || fail "the first release: $(tail -n 20 "$folder/release.log")"
sign_in
never_served v3-unhealthy blue
good v2 blue green v2
if [ -z "$quick" ]; then
    never_served v4-no-database green
    never_served v5-ends green
    never_served v6-silent green
    never_served v7-workers green
    never_served v8-migration green
    taken_back v9-later green
    good v1 green blue --rollback
    status=0
    release --rollback || status=$?
    [ "$status" = 1 ] && [ "$(note released)" = v1 ] || fail "before the first release there is none, and the exit code is $status"
fi
say "passed"
