#!/usr/bin/env bash
# Known weaknesses of the crates and packages that are used. Both lists of them are asked over the network; where one
# cannot be reached this says so, loudly, and counts as skipped. ACCUNODE_REQUIRE_ADVISORIES=1 makes that a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

skipped=()
skip() {
    echo "advisories: SKIPPED: $*" >&2
    skipped+=("$1")
}

database=https://github.com/RustSec/advisory-db
if ! cargo deny --version >/dev/null 2>&1; then
    skip "crates" "cargo-deny is not installed: cargo install --locked cargo-deny"
elif ! timeout 60 git ls-remote --exit-code "$database" HEAD >/dev/null 2>&1; then
    skip "crates" "the list of RustSec ($database) cannot be reached"
else
    cargo deny check advisories
fi

# The registry answers with JSON, or npm with an error of its own.
report=$(cd web && timeout 120 npm audit --omit=dev --audit-level=high --package-lock-only --json 2>/dev/null) && failed=0 || failed=$?
if ! python3 -c 'import json, sys; json.load(sys.stdin)["metadata"]["vulnerabilities"]' <<<"$report" 2>/dev/null; then
    skip "packages of the web application" "the registry's list cannot be reached"
elif [ "$failed" -ne 0 ]; then
    (cd web && npm audit --omit=dev --audit-level=high --package-lock-only) || true
    exit 1
else
    echo "advisories: packages of the web application: none that is high or critical"
fi

if [ "${#skipped[@]}" -gt 0 ] && [ "${ACCUNODE_REQUIRE_ADVISORIES-}" = 1 ]; then
    exit 1
fi
