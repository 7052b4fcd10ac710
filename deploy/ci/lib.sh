# Sourced by the scripts of this folder: messages, required settings, waiting.
# shellcheck shell=bash

# What fails inside of $(…) fails outside of it, too.
shopt -s inherit_errexit

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

# need NAME 'what it is': stops unless the variable is set.
need() {
    [ -n "${!1:-}" ] || die "$1 is not set: $2"
}

need_tools() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "$tool is not installed"
    done
}

# Seconds between two looks at something that takes its time; tests shorten them.
POLL_SECONDS=${POLL_SECONDS:-5}

# until_true SECONDS 'what is waited for' COMMAND…: the command's status 0 ends it, 2 means that it can never come.
until_true() {
    local limit=$1 what=$2 end status
    shift 2
    end=$((SECONDS + limit))
    while :; do
        status=0
        "$@" || status=$?
        case $status in
            0) return 0 ;;
            2)
                say "$what: failed"
                return 1
                ;;
        esac
        if [ "$SECONDS" -ge "$end" ]; then
            say "$what: not within $limit s"
            return 1
        fi
        sleep "$POLL_SECONDS"
    done
}

# Tells people, where a topic is named, and never fails for it.
notify() {
    say "$1"
    if [ -n "${NOTIFY_TOPIC_ARN:-}" ]; then
        aws sns publish --topic-arn "$NOTIFY_TOPIC_ARN" --subject "${1:0:99}" --message "${2:-$1}" >/dev/null ||
            say "the topic could not be told"
    fi
}

# Gives a value to later steps of a workflow; on a terminal it only shows it.
output() {
    if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "$1=$2" >>"$GITHUB_OUTPUT"; fi
    say "$1: $2"
}
