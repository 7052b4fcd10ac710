# Sourced by release.sh: an installation on this machine, behind haproxy with ../local/haproxy.cfg.
#
#   LOCAL_DIR          its folder: releases/VERSION/accunode are the versions; logs, process ids and notes lie beside
#   BALANCER_SOCKET    haproxy's socket for commands
#   BALANCER_PORT, BLUE_PORT, GREEN_PORT
#   LOCAL_WORKERS      processes that work on jobs (default 2)
#
# What the servers read (DATABASE_URL, SECRET_KEY …) is inherited.
# shellcheck shell=bash

LOCAL_WORKERS=${LOCAL_WORKERS:-2}
# Seconds: to become healthy, to finish what is under way, to show that a worker stays.
START_LIMIT=${START_LIMIT:-30}
STOP_LIMIT=${STOP_LIMIT:-45}
WORKER_SETTLE=${WORKER_SETTLE:-2}

note() { [ ! -f "$LOCAL_DIR/$1" ] || cat "$LOCAL_DIR/$1"; }
write_note() { printf '%s\n' "$2" >"$LOCAL_DIR/$1"; }

target_check() {
    local name
    for name in LOCAL_DIR BALANCER_SOCKET BALANCER_PORT BLUE_PORT GREEN_PORT; do need "$name" "see target-local.sh"; done
    need_tools curl jq flock setsid socat
    mkdir -p "$LOCAL_DIR/run" "$LOCAL_DIR/log"
    balancer "show info" | grep -q '^Name: HAProxy' || die "no haproxy answers at $BALANCER_SOCKET"
}

target_lock() {
    exec 9>"$LOCAL_DIR/lock"
    flock -n 9 || die "another release is under way"
}

target_url() { echo "http://127.0.0.1:$BALANCER_PORT"; }
target_standby_url() { echo "http://127.0.0.1:$(port_of "$(standby_side)")"; }
target_released() { note released; }
# The release that was put in place before the one that is; `history` has them in order.
target_previous() { note history | awk -v now="$(note released)" '$0 == now { found = last } { last = $0 } END { print found }'; }

# Commands of the balancer.
balancer() { printf '%s\n' "$1" | socat -t5 - "UNIX-CONNECT:$BALANCER_SOCKET"; }
set_state() {
    local answer
    answer=$(balancer "set server api/$1 state $2")
    [ -z "${answer//[[:space:]]/}" ] || die "haproxy: $answer"
}
# A column of `show stat` for a side, by the column's name.
stat_of() {
    balancer "show stat" | awk -F, -v side="$1" -v column="$2" '
        NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) at[$i] = i }
        $1 == "api" && $2 == side { print $at[column] }'
}

live_side() { note live; }
standby_side() { if [ "$(live_side)" = blue ]; then echo green; else echo blue; fi; }
port_of() { if [ "$1" = blue ]; then echo "$BLUE_PORT"; else echo "$GREEN_PORT"; fi; }

# Processes: NAME has run/NAME.pid and run/NAME.version while it is meant to run.
start_process() {
    local name=$1 release=$2
    shift 2
    write_note "run/$name.version" "$release"
    # A session of its own, without the lock: it outlives the release. `exec` keeps the process id.
    # shellcheck disable=SC2016
    setsid bash -c 'echo $$ >"$1"; shift; exec "$@"' - "$LOCAL_DIR/run/$name.pid" \
        env PORT="$(port_of "$name")" "$LOCAL_DIR/releases/$release/accunode" "$@" \
        </dev/null >>"$LOCAL_DIR/log/$name.log" 2>&1 9>&- &
}

alive() {
    local pid
    pid=$(note "run/$1.pid")
    [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
}
gone() { ! alive "$1"; }

stop_process() {
    local name=$1 pid
    pid=$(note "run/$name.pid")
    if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
        POLL_SECONDS=0.1 until_true "$STOP_LIMIT" "$name stops" gone "$name" || {
            say "$name does not stop and is killed"
            kill -KILL "$pid" 2>/dev/null || true
        }
    fi
    rm -f "$LOCAL_DIR/run/$name.pid" "$LOCAL_DIR/run/$name.version"
}

target_prepare() {
    [ -x "$LOCAL_DIR/releases/$1/accunode" ] || die "there is no $LOCAL_DIR/releases/$1/accunode"
    "$LOCAL_DIR/releases/$1/accunode" --version >&2
}

# shellcheck disable=SC2154 # version and before are release.sh's
target_migrate() { "$LOCAL_DIR/releases/$version/accunode" migrate; }

# The workers that one half, or all, of them are: 1 … N.
put_worker() {
    local name=worker-$1 release=$2
    stop_process "$name"
    start_process "$name" "$release" worker
    sleep "$WORKER_SETTLE"
    alive "$name" && return 0
    say "$name of $release ended at once: $(tail -n 1 "$LOCAL_DIR/log/$name.log")"
    return 1
}

target_workers() {
    local number upto=$(((LOCAL_WORKERS * $1 + 99) / 100))
    for number in $(seq "$upto"); do
        [ "$(note "run/worker-$number.version")" = "$version" ] && alive "worker-$number" && continue
        put_worker "$number" "$version"
    done
}

target_undo_workers() {
    local number
    for number in $(seq "$LOCAL_WORKERS"); do
        if [ -z "$before" ]; then
            stop_process "worker-$number"
        elif [ "$(note "run/worker-$number.version")" != "$before" ] || gone "worker-$number"; then
            put_worker "$number" "$before"
        fi
    done
}

healthy_in_balancer() {
    alive "$1" || return 2
    [ "$(stat_of "$1" check_status)" = L7OK ] && [ "$(stat_of "$1" check_health)" -ge 2 ]
}

# Checked by the balancer, without traffic.
target_standby() {
    local side
    side=$(standby_side)
    set_state "$side" maint
    stop_process "$side"
    write_note standby "$side"
    start_process "$side" "$version" serve --no-worker --no-migrate
    POLL_SECONDS=0.2 until_true "$START_LIMIT" "$side answers" answers "$side"
    set_state "$side" drain
    POLL_SECONDS=0.2 until_true "$START_LIMIT" "$side is healthy for the balancer" healthy_in_balancer "$side"
}

answers() {
    [ ! -f "$LOCAL_DIR/run/$1.pid" ] || alive "$1" || return 2
    curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$(port_of "$1")/health"
}

# First the new side in, then the old one out: at no moment is there none.
target_switch() {
    local side
    side=$(note standby)
    set_state "$side" ready
    if [ -n "$(live_side)" ]; then set_state "$(live_side)" drain; fi
}

idle() { [ "$(stat_of "$1" scur)" = 0 ] && [ "$(stat_of "$1" qcur)" = 0 ]; }

target_retire() {
    local old new
    old=$(live_side)
    new=$(note standby)
    write_note live "$new"
    rm -f "$LOCAL_DIR/standby"
    [ -n "$old" ] || return 0
    POLL_SECONDS=0.2 until_true "$STOP_LIMIT" "$old has answered what it had" idle "$old" || say "$old is ended all the same"
    set_state "$old" maint
    stop_process "$old"
}

target_undo_api() {
    local side
    side=$(note standby)
    [ -n "$side" ] || return 0
    if [ -n "$(live_side)" ]; then set_state "$(live_side)" ready; fi
    set_state "$side" maint
    stop_process "$side"
    rm -f "$LOCAL_DIR/standby"
}

target_commit() {
    if [ -z "$rollback" ]; then printf '%s\n' "$version" >>"$LOCAL_DIR/history"; fi
    write_note released "$version"
}
