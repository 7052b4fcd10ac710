#!/usr/bin/env bash
# Checks everything under deploy/: runs deploy/tests/*.sh one after the other. With --quick only what takes about a minute.
# What a check needs and does not find it says as SKIPPED; ACCUNODE_REQUIRE_TERRAFORM=1 makes a failure of that for Terraform.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

case ${1-} in
    '' | --quick) ;;
    *) echo "test-infra: the only option is --quick" >&2; exit 2 ;;
esac

failed=()
for check in deploy/tests/*.sh; do
    echo "== $check ${1-}"
    bash "$check" ${1+"$1"} || failed+=("$check")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "test-infra: FAILED: ${failed[*]}" >&2
    exit 1
fi
echo "test-infra: everything passed that was not SKIPPED"
