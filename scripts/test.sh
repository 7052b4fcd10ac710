#!/usr/bin/env bash
# Every check and test, beside a PostgreSQL and a Redis of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo nextest --version >/dev/null 2>&1; then
    echo "test: installing cargo-nextest" >&2
    cargo install --locked cargo-nextest
fi
scripts/build-web.sh --check
cargo fmt --all --check
cargo clippy --locked --workspace --all-targets -- -D warnings
cargo build --locked --workspace --tests
# Behind the build: the rollback drill runs the program.
scripts/test-infra.sh --quick
scripts/with-services.sh cargo nextest run --locked --workspace --profile ci
ACCUNODE_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/accunode scripts/test-web.sh
cargo test --locked --workspace --doc --quiet
