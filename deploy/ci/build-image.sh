#!/usr/bin/env bash
# Builds an image once and tells its digest: build-image.sh REPOSITORY TAG [DOCKERFILE [CONTEXT]]
#
# With PUSH=yes it is pushed to REPOSITORY (ECR; tags there are never changed); a tag that is there already is taken
# as it is, so that a repeated run releases the same bytes. Without, it is only built and stays on this machine.
# Outputs `tagged` (REPOSITORY:TAG) and, when pushed, `image`, which is the same by digest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
export AWS_PAGER="" AWS_DEFAULT_OUTPUT=json

[ $# -ge 2 ] || { echo "usage: build-image.sh REPOSITORY TAG [DOCKERFILE [CONTEXT]]" >&2; exit 2; }
repository=$1 tag=$2 dockerfile=${3:-deploy/docker/Dockerfile} context=${4:-.}
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] || die "'$tag' is no tag"
[ -f "$dockerfile" ] || die "there is no $dockerfile"
need_tools docker jq

arguments=(--file "$dockerfile" --tag "$repository:$tag" --platform linux/amd64 --build-arg "VERSION=$tag")
if [ "${PUSH:-no}" != yes ]; then
    docker buildx build --load "${arguments[@]}" "$context"
    output tagged "$repository:$tag"
    exit 0
fi

need_tools aws
registry=${repository%%/*} name=${repository#*/}
digest_in_registry() {
    aws ecr describe-images --repository-name "$name" --image-ids "imageTag=$tag" 2>"$errors" |
        jq -r '.imageDetails[0].imageDigest // empty'
}
errors=$(mktemp)
metadata=$(mktemp)
trap 'rm -f "$errors" "$metadata"' EXIT
status=0
digest=$(digest_in_registry) || status=$?
if [ "$status" != 0 ] && ! grep -q ImageNotFoundException "$errors"; then
    die "the registry does not answer: $(tail -n 1 "$errors")"
fi
if [ -n "$digest" ]; then
    say "$tag is there already and is not built again"
else
    aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" >&2
    # What was built from what, and what is in it, is kept beside the image.
    docker buildx build --push --provenance=mode=max --metadata-file "$metadata" "${arguments[@]}" "$context"
    digest=$(jq -re '."containerimage.digest"' "$metadata")
fi
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "no digest: '$digest'"
output tagged "$repository:$tag"
output image "$repository@$digest"
