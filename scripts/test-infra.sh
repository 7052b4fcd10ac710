#!/usr/bin/env bash
# Checks everything under deploy/: runs deploy/tests/*.sh one after the other. With --quick only what takes about a minute.
# What a check needs and does not find it says as SKIPPED; ACCUNODE_REQUIRE_TERRAFORM=1 makes a failure of that for Terraform.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

case ${1-} in
    '' | --quick) ;;
    *) echo "test-infra: the only option is --quick" >&2; exit 2 ;;
esac

# Tools from Debian. Without them, or without the right to install them, the checks say what they skip.
[ -n "${1-}" ] || deploy/tests/support/install.sh || echo "test-infra: not everything could be installed" >&2

# What costs is reckoned from what Terraform makes, so that comes first.
checks=(deploy/tests/terraform.sh)
for check in deploy/tests/*.sh; do
    [ "$check" = "${checks[0]}" ] || checks+=("$check")
done

failed=()
for check in "${checks[@]}"; do
    echo "== $check ${1-}"
    bash "$check" ${1+"$1"} || failed+=("$check")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "test-infra: FAILED: ${failed[*]}" >&2
    exit 1
fi
echo "test-infra: everything passed that was not SKIPPED"
