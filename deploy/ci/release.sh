#!/usr/bin/env bash
# Puts a version in place, and the one before back when anything fails:
#
#     release.sh TARGET VERSION               migrate, workers by half and then all, API blue/green
#     release.sh TARGET --rollback [VERSION]  the same with an earlier release (by default the one before), no migration
#     release.sh TARGET --released            tell which version is in place
#
# TARGET is `ecs` (AWS) or `local` (this machine, behind haproxy); target-TARGET.sh says what it needs. A release
# that is not healthy never gets traffic; one that turns out bad afterwards is taken back. Exit codes: 0 in place,
# 1 failed and the version before serves on, 2 wrong use, 3 somebody has to look:
# going back failed, too, or the new version is in place but something was left undone.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

usage() {
    sed -n '2,6p' "$0" >&2
    exit 2
}

[ $# -ge 2 ] || usage
target=$1
[ -f "$here/target-$target.sh" ] || usage
rollback="" only_tell="" version=""
case $2 in
    --rollback)
        rollback=yes
        version=${3:-}
        ;;
    --released) only_tell=yes ;;
    *) version=$2 ;;
esac
if [ -n "$version" ] && ! [[ $version =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$ ]]; then
    echo "release: '$version' is no version: letters, digits, '.', '_' and '-'" >&2
    exit 2
fi
# shellcheck disable=SC1090
. "$here/target-$target.sh"

# Runs a step in a shell of its own with `set -e` in force, and leaves its status in $outcome. (Inside `if` or `||`
# bash would ignore failures within the step.) It runs beside this one, so that a signal is heard at once.
attempt() {
    set +e
    (
        set -e
        "$@"
    ) &
    child=$!
    wait "$child"
    outcome=$?
    # A signal that is not to end anything ends the waiting all the same.
    while kill -0 "$child" 2>/dev/null; do
        wait "$child"
        outcome=$?
    done
    child=""
    set -e
}
child=""

# What has been begun, so that going back knows what to undo.
begun=nothing

go_back() {
    trap : INT TERM # not '': processes that are started now would never hear one either
    if [ -n "$child" ]; then
        kill "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    say "going back to ${before:-nothing}: $1"
    local failed="" status=1
    if [ "$begun" != nothing ]; then
        attempt target_undo_api
        [ "$outcome" = 0 ] || failed="$failed API"
        attempt target_undo_workers
        [ "$outcome" = 0 ] || failed="$failed workers"
        if [ -n "$before" ]; then
            attempt "$here/smoke.sh" "$(target_url)"
            [ "$outcome" = 0 ] || failed="$failed smoke-test"
        fi
    fi
    if [ -n "$failed" ]; then
        status=3
        notify "$target: $version failed ($1) and going back failed, too:$failed"
    else
        notify "$target: $version failed ($1); ${before:-nothing} is in place"
    fi
    exit "$status"
}

step() {
    say "$1"
    local what=$1
    shift
    attempt "$@"
    [ "$outcome" = 0 ] || go_back "$what"
}

settle() {
    say "$1"
    attempt "$2"
    [ "$outcome" = 0 ] || unfinished="$unfinished [$1]"
}

standby_is_sound() {
    local url
    # No address of its own: the balancer's health check has to do until traffic is on it.
    url=$(target_standby_url)
    if [ -z "$url" ]; then
        say "there is no address for the standby side, so it is not tried before traffic comes"
        return 0
    fi
    "$here/smoke.sh" "$url"
}

target_check
if [ -n "$only_tell" ]; then
    target_released
    exit 0
fi
target_lock
before=$(target_released)
if [ -n "$rollback" ] && [ -z "$version" ]; then
    version=$(target_previous)
    [ -n "$version" ] || die "no earlier release is known; name one"
fi
say "in place: ${before:-nothing}; ${rollback:+rolling back, }to be put in place: $version"
trap 'go_back "stopped by a signal"' INT TERM

step "prepare $version" target_prepare "$version" "$rollback"
if [ -z "$rollback" ]; then step "migrate the database" target_migrate; fi
begun=workers
step "workers: the first half" target_workers 50
step "workers: all" target_workers 100
begun=api
step "API: start the standby side" target_standby
step "API: try the standby side" standby_is_sound
step "API: move traffic" target_switch
step "try it as people reach it" "$here/smoke.sh" "$(target_url)"
# From here on it counts as released: the old side may be gone, so nothing is taken back.
trap : INT TERM
unfinished=""
settle "API: end the old side" target_retire
settle "note the release" target_commit
notify "$target: $version is in place${rollback:+ (rolled back)}${unfinished:+, but not done:$unfinished}"
[ -z "$unfinished" ] || exit 3
