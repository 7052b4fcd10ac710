#!/usr/bin/env bash
# Tries what a release has to do at once: smoke.sh URL
#
# The health answer says that the database is reached and models are loaded, the API refuses whoever is nobody, the
# application is served. With SMOKE_API_KEY (a key that may read companies) it also reads a list of them.
# SMOKE_KIND=web tries only that /health answers 200 and the first page is served. SMOKE_TRIES (default 10) with
# POLL_SECONDS between them give a balancer time to notice.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

[ $# -eq 1 ] || { echo "usage: smoke.sh URL" >&2; exit 2; }
url=${1%/}
need_tools curl jq
body=$(mktemp)
trap 'rm -f "$body"' EXIT

# fetch PATH [CURL ARGUMENT…]: prints the status, leaves the answer in $body.
fetch() {
    local path=$1
    shift
    curl --silent --show-error --max-time 10 --output "$body" --write-out '%{http_code}' "$@" "$url$path" || true
}

# expect 'what' STATUS GOT
expect() {
    [ "$3" = "$2" ] && return 0
    say "smoke: $1: expected $2, got ${3:-nothing}"
    return 1
}

healthy() {
    expect "GET /health" 200 "$(fetch /health)" || return 1
    [ "${SMOKE_KIND:-api}" = api ] || return 0
    jq -e '.services.database.status == "healthy" and .services.ml_models.loaded == true
           and (.services.redis.status | IN("healthy", "not_configured"))' "$body" >/dev/null && return 0
    say "smoke: /health is not sound: $(head -c 400 "$body")"
    return 1
}

api() {
    expect "GET /api/v1/companies as nobody" 401 "$(fetch /api/v1/companies)" || return 1
    [ -n "${SMOKE_API_KEY:-}" ] || return 0
    # The key stays out of the process list.
    expect "GET /api/v1/companies with a key" 200 \
        "$(fetch '/api/v1/companies?limit=1' --config <(printf 'header = "Authorization: Bearer %s"\n' "$SMOKE_API_KEY"))"
}

all() {
    healthy || return 1
    expect "GET / as a browser" 200 "$(fetch / --header 'Accept: text/html')" || return 1
    [ "${SMOKE_KIND:-api}" != api ] || api
}

for try in $(seq "${SMOKE_TRIES:-10}"); do
    if all; then
        say "smoke: $url is sound"
        exit 0
    fi
    [ "$try" = "${SMOKE_TRIES:-10}" ] || sleep "$POLL_SECONDS"
done
say "smoke: $url is not sound after ${SMOKE_TRIES:-10} tries"
exit 1
