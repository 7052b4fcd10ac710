#!/usr/bin/env bash
# Measures one server and one worker with 500, 1,200 and 2,000 people at screens, then with ever less time to think:
#
#     bench/load/run.sh [--people N]… [--minutes N] [--think SECONDS] [--no-saturation]
#     bench/load/run.sh --soak [--people N] [--minutes N]
#
# Builds what it runs, installs what is missing (Debian packages postgresql and redis-server), starts a PostgreSQL of
# its own that keeps what it commits (fsync), seeds it, and writes the report to standard output, bench/made/load.md
# and bench/made/load.json (soak.md, soak.json). Everything shares two cores, database and load included. Fails when a
# request fails at the people's own pace or, as a soak, when something grows; never for another figure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

case " $* " in
*" --binaries "*) binaries=() ;;
*)
    cargo build -q --release --locked -p accunode -p accunode-testkit --examples --bins
    binaries=(--binaries "${CARGO_TARGET_DIR:-$root/target}/release")
    ;;
esac

# A connection for each person, at both of its ends.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
export ACCUNODE_POSTGRES_OPTIONS="-c fsync=on -c synchronous_commit=on -c full_page_writes=on \
    -c shared_buffers=1GB -c max_wal_size=4GB"
case " $* " in
*" --statements "*) ACCUNODE_POSTGRES_OPTIONS+=" -c shared_preload_libraries=pg_stat_statements" ;;
esac
exec taskset -c 0,1 scripts/with-services.sh python3 "$here/load.py" "${binaries[@]}" "$@"
