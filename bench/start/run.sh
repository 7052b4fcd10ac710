#!/usr/bin/env bash
# Measures how long a server takes from being called to its first answer on a database that is migrated and filled, what
# memory it holds when nobody asks anything, and how large the program is without debug information:
#
#     bench/start/run.sh [--rounds N] [--rows N]
#
# Builds the program in release mode (ACCUNODE_BIN names one that is built already), and measures on the embedded database
# and on a PostgreSQL of its own. Writes the report to standard output; fails when a server does not start, never for a
# figure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

if [ -z "${ACCUNODE_BIN-}" ]; then
    cargo build -q --release --locked -p accunode
    ACCUNODE_BIN=${CARGO_TARGET_DIR:-$root/target}/release/accunode
fi
exec scripts/with-services.sh python3 "$here/start.py" "$ACCUNODE_BIN" "$@"
