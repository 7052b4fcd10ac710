#!/usr/bin/env bash
# Tests the web application in a browser, against servers of the tests' own: on SQLite, and a part on PostgreSQL.
#
#     scripts/test-web.sh                      # all
#     scripts/test-web.sh uploads --headed     # what Playwright takes: files, -g "a title", --project sqlite
#
# Installs Chromium from the system's packages where it lacks (needs root or sudo for that only; CHROMIUM names
# another one), and brings the services of with-services.sh up unless they are. ACCUNODE_BIN names a binary that is
# built already.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "test-web: $*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

browser() { type -P chromium || type -P chromium-browser || type -P google-chrome; }

if [ -z "${CHROMIUM:-}" ]; then
    if ! browser >/dev/null; then
        say "installing chromium"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends chromium >&2
    fi
    CHROMIUM=$(browser)
    export CHROMIUM
fi
# Playwright drives the system's browser and fetches none.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

if [ -z "${ACCUNODE_TEST_POSTGRES_URL:-}" ]; then
    exec scripts/with-services.sh scripts/test-web.sh "$@"
fi
scripts/build-web.sh
if [ -z "${ACCUNODE_BIN:-}" ]; then
    cargo build --locked -p accunode
else
    ACCUNODE_BIN=$(realpath -e "$ACCUNODE_BIN")
    export ACCUNODE_BIN
fi
cd web
exec npx --no-install playwright test "$@"
