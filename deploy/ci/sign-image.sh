#!/usr/bin/env bash
# Signs an image with the identity of the workflow that runs (no key is kept anywhere), and its bill of materials:
#
#     sign-image.sh IMAGE@sha256:… [BILL]      BILL: a CycloneDX file
#     sign-image.sh --verify IMAGE@sha256:…    fails unless SIGNED_BY (a workflow of this repository) signed it
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"

verify=""
if [ "${1:-}" = --verify ]; then
    verify=yes
    shift
fi
[ $# -ge 1 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
image=$1 bill=${2:-}
# A tag could point somewhere else by the time it is read.
[[ $image =~ ^[^@[:space:]]+@sha256:[0-9a-f]{64}$ ]] || die "'$image' does not name an image by digest"
need_tools cosign

if [ -n "$verify" ]; then
    need SIGNED_BY "like https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/heads/prod"
    cosign verify --certificate-oidc-issuer https://token.actions.githubusercontent.com \
        --certificate-identity "$SIGNED_BY" "$image" >/dev/null
    say "signed by $SIGNED_BY: $image"
    exit 0
fi
cosign sign --yes "$image"
if [ -n "$bill" ]; then
    [ -s "$bill" ] || die "the bill of materials $bill is empty or not there"
    cosign attest --yes --type cyclonedx --predicate "$bill" "$image"
fi
