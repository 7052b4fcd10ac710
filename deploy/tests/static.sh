#!/usr/bin/env bash
# What can be read without being run: shell scripts, Dockerfiles, the compose file, what Prometheus and Grafana get.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
cd "$root"

if command -v shellcheck >/dev/null; then
    mapfile -t scripts < <(git ls-files --cached --others --exclude-standard deploy |
        while read -r file; do
            if [ -f "$file" ] && { [[ $file == *.sh ]] || head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b'; }; then echo "$file"; fi
        done)
    [ "${#scripts[@]}" -gt 0 ] || fail "no scripts found below deploy/"
    shellcheck --external-sources "${scripts[@]}" || fail "shellcheck"
    say "shellcheck: ${#scripts[@]} scripts"
else
    skip "shellcheck is not installed (Debian: shellcheck)"
fi

if python_tools; then
    mapfile -t dockerfiles < <(find deploy -name 'Dockerfile' -o -name '*.Dockerfile' | sort)
    "$tools/venv/bin/hadolint" --config deploy/docker/hadolint.yaml "${dockerfiles[@]}" || fail "hadolint"
    say "hadolint: ${#dockerfiles[@]} Dockerfiles"
    "$tools/venv/bin/check-jsonschema" --quiet --builtin-schema vendor.compose-spec deploy/docker/compose.yaml || fail "compose"
    say "compose file: fits its schema"
else
    skip "hadolint and the compose schema cannot be installed"
fi

if command -v promtool >/dev/null; then
    (cd deploy/docker/prometheus && promtool check config prometheus.yml && promtool test rules rules_test.yml) >/dev/null ||
        fail "promtool: $(cd deploy/docker/prometheus && promtool check config prometheus.yml 2>&1; promtool test rules rules_test.yml 2>&1)"
    say "promtool: configuration sound, alerts fire as told"
else
    skip "promtool is not installed (Debian: prometheus)"
fi

python3 deploy/docker/grafana/dashboards.py --check || fail "dashboards"
figures=$(python3 deploy/tests/support/figures.py) || fail "figures"
say "$figures"
