#!/usr/bin/env bash
# Writes what the program and the web application are made of, as CycloneDX 1.5, to target/sbom: accunode.cdx.json of
# the crates that the binary is built from, web.cdx.json of the packages that the pages are built from. Nothing is
# built and, with crates and packages already downloaded, nothing is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${CARGO_TARGET_DIR:-$PWD/target}/sbom
mkdir -p "$folder"
cargo metadata --locked --format-version 1 --filter-platform "$(rustc -vV | sed -n 's/^host: //p')" |
    python3 scripts/sbom.py accunode Cargo.lock >"$folder/accunode.cdx.json"
if ! command -v npm >/dev/null || [ "$(npm --version | cut -d. -f1)" -lt 9 ]; then
    echo "sbom: npm 9 or later is needed for the web application's part" >&2
    exit 1
fi
(cd web && npm sbom --package-lock-only --sbom-format cyclonedx) >"$folder/web.cdx.json"
python3 scripts/sbom.py --check "$folder/accunode.cdx.json" "$folder/web.cdx.json"
