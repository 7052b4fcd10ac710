#!/usr/bin/env bash
# Builds the web application into web/dist; with --check also its types, lints and tests.
# What has not changed since the last time is not done again.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! cmp -s package-lock.json node_modules/.installed-lock 2>/dev/null; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed-lock
fi
inputs() { find src public scripts index.html vite.config.ts svelte.config.js package-lock.json ../docs/openapi.json -path src/lib/api/made -prune -o -type f -newer dist/index.html -print -quit; }
if [ ! -f dist/index.html ] || [ -n "$(inputs)" ]; then
    npm run --silent build
fi
if [ "${1:-}" = "--check" ]; then
    npm run --silent check
    npm run --silent lint
    npm test --silent
fi
