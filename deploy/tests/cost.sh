#!/usr/bin/env bash
# The cost tool: its unit tests, a day of scaling for each phase, and the bill of every plan that is there.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
command -v python3 >/dev/null || { skip "the cost tool: python3 is missing"; exit 0; }

python3 -m unittest discover --start-directory "$deploy/cost/tests" --buffer || fail "unit tests"
[ -z "$quick" ] || exit 0
python3 "$deploy/cost/cost.py" simulate || fail "the scaling rules flap or starve"

# Plans that other checks wrote: PHASE.json for AccuNode, ENVIRONMENT.json for Counselor.
plans=${ACCUNODE_PLANS:-$root/target/plans}
mapfile -t found < <(find "$plans" -name '*.json' 2>/dev/null | sort)
if [ "${#found[@]}" = 0 ]; then
    skip "no plans in $plans, so no bill of real ones"
    exit 0
fi
arguments=()
for file in "${found[@]}"; do arguments+=("$(basename "$file" .json)=$file"); done
report=$(python3 "$deploy/cost/cost.py" report "${arguments[@]}") || fail "the report"
echo "$report"
! grep -q '^Not priced' <<<"$report" || fail "a plan holds what nobody prices"
