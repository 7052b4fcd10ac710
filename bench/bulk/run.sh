#!/usr/bin/env bash
# Measures bulk uploads: files of a thousand to a million rows, by 1, 2 and 4 workers, beside the same rows inserted by
# plain UNNEST, with a light load of requests meanwhile:
#
#     bench/bulk/run.sh [--rows N]… [--workers N]… [--kind annual|quarterly]… [--engine postgres|sqlite]… [--format csv|xlsx]…
#
# Builds what it runs, installs what is missing (Debian packages postgresql and redis-server), starts a PostgreSQL of
# its own that keeps what it commits (fsync), and writes the report to standard output and bench/made/bulk.md. Without
# options everything, in some 20 minutes. Fails when a request or a row fails, never for a figure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

cargo build -q --release --locked -p accunode
cargo build -q --release --locked -p accunode-testkit --examples
target=${CARGO_TARGET_DIR:-$root/target}

export ACCUNODE_POSTGRES_OPTIONS="-c fsync=on -c synchronous_commit=on -c full_page_writes=on \
    -c shared_buffers=1GB -c max_wal_size=4GB"
case " $* " in
*" --statements "*) ACCUNODE_POSTGRES_OPTIONS+=" -c shared_preload_libraries=pg_stat_statements" ;;
esac
exec scripts/with-services.sh python3 "$here/bulk.py" --binaries "$target/release" "$@"
