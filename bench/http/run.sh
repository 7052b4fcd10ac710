#!/usr/bin/env bash
# Measures one server on PostgreSQL with a million predictions beside an axum server that says hello:
#
#     bench/http/run.sh [--seconds N]
#
# Builds both, installs what is missing (Debian packages postgresql, redis-server and wrk), starts a PostgreSQL of
# its own that keeps what it commits (fsync), seeds it, loads the servers from a second process, and writes the
# report to standard output and bench/made/http.md. Fails when a request fails, never for a figure.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

if ! command -v wrk >/dev/null; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq wrk >&2
fi
cargo build -q --release --locked -p accunode
target=${CARGO_TARGET_DIR:-$root/target}
cargo build -q --release --locked --manifest-path bench/http/hello/Cargo.toml --target-dir "$target/hello"

export ACCUNODE_POSTGRES_OPTIONS="-c fsync=on -c synchronous_commit=on -c full_page_writes=on \
    -c shared_buffers=1GB -c max_wal_size=4GB"
exec scripts/with-services.sh python3 "$here/bench.py" --binaries "$target/release" --hello "$target/hello/release/hello" "$@"
