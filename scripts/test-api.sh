#!/usr/bin/env bash
# Tries the API with generated requests, as each role. Installs Schemathesis into a folder of its own below target/.
# With --postgres as first argument on a private PostgreSQL, otherwise on the embedded database. The other arguments
# go to test_api/run.py: --examples N, --role ROLE, --path REGEX, --database-url URL. ACCUNODE_BIN names a built program
# to try in place of building it.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1-}" = --postgres ]; then
    shift
    # The instance is fresh, so its first database is empty. The address is known to the shell inside alone.
    # shellcheck disable=SC2016
    exec scripts/with-services.sh bash -c 'scripts/test-api.sh --database-url "$ACCUNODE_TEST_POSTGRES_URL" "$@"' - "$@"
fi

version=4.32.5
venv=target/test-api/venv
if ! "$venv/bin/schemathesis" --version 2>/dev/null | grep -q "$version"; then
    if ! python3 -m venv "$venv" 2>/dev/null; then
        packages=(apt-get install -y --no-install-recommends python3-venv)
        if [ "$(id -u)" = 0 ]; then "${packages[@]}"; else sudo "${packages[@]}"; fi
        python3 -m venv "$venv"
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
program=${ACCUNODE_BIN:-${CARGO_TARGET_DIR:-$PWD/target}/debug/accunode}
if [ -z "${ACCUNODE_BIN-}" ]; then
    cargo build --locked -p accunode
fi
PYTHONDONTWRITEBYTECODE=1 python3 scripts/test_api/run.py "$program" "$PWD/$venv/bin/schemathesis" "$@"
