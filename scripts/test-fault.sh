#!/usr/bin/env bash
# Lets faults happen for as long as docs/operations.md says, to the real program on services of its own, and prints what
# answered during each and what was true afterwards. Needs PostgreSQL and Redis; root for the full disk, or that one is
# skipped. Exits with 1 when a drill failed.
set -euo pipefail
cd "$(dirname "$0")/.."

table=$(mktemp "${TMPDIR:-/tmp}/accunode-faults.XXXXXX")
trap 'rm -f "$table"' EXIT
status=0
faults='(binary(drills) & test(/^(outages|slow|rude|disk)::/)) | (package(accunode-server) & binary(it) & test(/^clock::/))'
ACCUNODE_FAULTS=full ACCUNODE_FAULT_TABLE=$table scripts/with-services.sh \
    cargo nextest run --locked --workspace --no-fail-fast -E "$faults" "$@" || status=$?
echo
echo "| fault | during | afterwards | passed |"
echo "|---|---|---|---|"
sed 's/\t/ | /g; s/^/| /; s/$/ |/' "$table"
exit "$status"
