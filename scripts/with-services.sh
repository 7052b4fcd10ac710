#!/usr/bin/env bash
# Runs a command beside a PostgreSQL and a Redis of its own:
#
#     scripts/with-services.sh cargo nextest run
#
# Installs what is missing (Debian packages postgresql and redis-server; needs root or sudo for that only), starts
# both on free ports with their files in a temporary folder, sets ACCUNODE_TEST_POSTGRES_URL,
# ACCUNODE_TEST_REDIS_URL and ACCUNODE_REQUIRE_SERVICES=1, and takes everything down again however the command
# ends. The exit code is the command's. PostgreSQL does without what makes it survive a power cut, for tests are
# done with it soon; ACCUNODE_POSTGRES_OPTIONS adds settings like "-c fsync=on".
set -euo pipefail
# shellcheck source=lib/postgres.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/postgres.sh"

if [ $# -eq 0 ]; then
    echo "usage: $0 COMMAND [ARGUMENT…]" >&2
    exit 2
fi

say() { echo "with-services: $*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

redis_binary() { command -v redis-server || command -v valkey-server; }

install_missing() {
    local packages=()
    postgres_bin >/dev/null || packages+=(postgresql)
    redis_binary >/dev/null || packages+=(redis-server)
    [ ${#packages[@]} -eq 0 ] && return
    say "installing ${packages[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    # RUNLEVEL=1 keeps the packages from starting services of their own.
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${packages[@]}" >&2
}

folder=""
redis_pid=""
child=""

stop_all() {
    trap - EXIT INT TERM HUP
    if [ -n "$child" ]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    if [ -n "$redis_pid" ]; then kill "$redis_pid" 2>/dev/null && wait "$redis_pid" 2>/dev/null || true; fi
    if [ -n "$folder" ]; then
        if [ -f "$folder/postgres/postmaster.pid" ]; then
            as_postgres "$bin/pg_ctl" -D "$folder/postgres" -m immediate -w stop >/dev/null 2>&1 || true
        fi
        rm -rf "$folder"
    fi
}

start_postgres() {
    local port options try
    mkdir "$folder/postgres"
    if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder/postgres"; fi
    as_postgres "$bin/initdb" --no-sync -D "$folder/postgres" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
    for try in 1 2 3 4 5; do
        port=$(free_port)
        options="-p $port -k $folder/postgres -c listen_addresses=127.0.0.1 -c max_connections=300"
        options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off ${ACCUNODE_POSTGRES_OPTIONS:-}"
        if as_postgres "$bin/pg_ctl" -D "$folder/postgres" -l "$folder/postgres/log" -o "$options" -w start >/dev/null; then
            export ACCUNODE_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
            return
        fi
    done
    say "PostgreSQL does not start after $try tries:"
    cat "$folder/postgres/log" >&2
    exit 1
}

start_redis() {
    local port try wait
    mkdir "$folder/redis"
    : >"$folder/redis/log"
    for try in 1 2 3 4 5; do
        port=$(free_port)
        "$(redis_binary)" --port "$port" --bind 127.0.0.1 --dir "$folder/redis" --save '' --appendonly no \
            >"$folder/redis/log" 2>&1 &
        redis_pid=$!
        for wait in $(seq 100); do
            if ! kill -0 "$redis_pid" 2>/dev/null; then break; fi
            if grep -q "Ready to accept connections" "$folder/redis/log"; then
                export ACCUNODE_TEST_REDIS_URL="redis://127.0.0.1:$port"
                return
            fi
            sleep 0.05
        done
    done
    say "Redis does not start after $try tries of $wait waits:"
    cat "$folder/redis/log" >&2
    exit 1
}

install_missing
bin=$(postgres_bin)
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
folder=$(mktemp -d "${TMPDIR:-/tmp}/accunode-services.XXXXXX")
chmod 711 "$folder"
start_postgres
start_redis
export ACCUNODE_REQUIRE_SERVICES=1
say "PostgreSQL and Redis are up"

# In the background, so that a signal to this script is heard at once and not after the command; in a session of
# its own, so that the signal can be passed on to everything that the command started.
setsid "$@" <&0 &
child=$!
status=0
wait "$child" || status=$?
child=""
exit "$status"
