#!/usr/bin/env bash
# Puts a plan under a pull request, over the one of the run before: comment-plan.sh PULL-REQUEST NAME PLAN.txt
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

[ $# -eq 3 ] || { echo "usage: comment-plan.sh PULL-REQUEST NAME PLAN.txt" >&2; exit 2; }
number=$1 name=$2 plan=$3
[[ $number =~ ^[0-9]+$ ]] || die "'$number' is no pull request"
[ -f "$plan" ] || die "there is no $plan"
need_tools gh jq
need GITHUB_REPOSITORY "OWNER/NAME, set by GitHub"

# The mark finds the comment again. GitHub takes 65,536 characters; the end of a plan counts what changes.
mark="<!-- plan:$name -->"
body=$(mktemp)
trap 'rm -f "$body"' EXIT
summary=$(grep -E '^(Plan:|No changes)' "$plan" | tail -n 1 || true)
{
    printf '%s\n### %s: %s\n\n<details><summary>plan</summary>\n\n~~~~text\n' "$mark" "$name" "${summary:-no summary}"
    tail -c 60000 "$plan"
    printf '\n~~~~\n\n</details>\n'
} >"$body"

path=repos/$GITHUB_REPOSITORY/issues
comment=$(gh api --paginate "$path/$number/comments" | jq -r --arg mark "$mark" '.[] | select(.body | startswith($mark)) | .id' | head -n 1)
if [ -n "$comment" ]; then
    gh api --silent --method PATCH "$path/comments/$comment" --field "body=@$body"
else
    gh api --silent --method POST "$path/$number/comments" --field "body=@$body"
fi
say "commented on $number: ${summary:-no summary}"
