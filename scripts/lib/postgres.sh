# Sourced: where PostgreSQL is, and how it is run.
# shellcheck shell=bash

# The folder of initdb and pg_ctl: on PATH, or the newest that Debian installed beside it.
postgres_bin() {
    if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
        dirname "$(command -v initdb)"
        return
    fi
    local bin newest=""
    for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        if [ -x "$bin/initdb" ] && [ -x "$bin/pg_ctl" ]; then newest=$bin; fi
    done
    [ -n "$newest" ] && echo "$newest"
}

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 40000))
        # Nobody answers: free enough, and whoever starts there tries again if not.
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}
