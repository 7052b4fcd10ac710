#!/usr/bin/env bash
# The smaller scripts of the pipeline against stand-ins that note what they are asked: an image is built once and
# pushed once, only digests are signed, a plan's comment is replaced and not repeated, a trial finds what is not sound.
set -euo pipefail
# shellcheck source=support/common.sh
. "$(dirname "$0")/support/common.sh"
command -v jq >/dev/null || { skip "the pipeline's scripts: jq is missing"; exit 0; }
cd "$root"

work=$(mktemp -d)
site=""
trap '[ -z "$site" ] || kill "$site" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir "$work/bin"
# stand_in NAME 'what it does': notes its arguments first.
stand_in() {
    printf '#!/usr/bin/env bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$work" "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
export PATH=$work/bin:$PATH WORK=$work
digest=sha256:$(printf '%064d' 7)
export DIGEST=$digest
called() { grep -qE -- "$1" "$work/calls" 2>/dev/null; }
# expect CODE COMMAND…: leaves what was said in $said
expect() {
    local code=$1 status=0
    shift
    rm -f "$work/calls"
    said=$("$@" 2>&1) || status=$?
    [ "$status" = "$code" ] || fail "$*: exit code $status, not $code: $said"
}

# --- build-image.sh ------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
stand_in docker '[ "$1" != login ] || cat >/dev/null
while [ $# -gt 0 ]; do [ "$1" != --metadata-file ] || echo "{\"containerimage.digest\":\"$DIGEST\"}" >"$2"; shift; done'
# shellcheck disable=SC2016
stand_in aws 'case "$2 ${REGISTRY:-}" in
  "get-login-password "*) echo word ;;
  "describe-images there") echo "{\"imageDetails\":[{\"imageDigest\":\"$DIGEST\"}]}" ;;
  "describe-images away") echo "Could not connect" >&2; exit 255 ;;
  "describe-images "*) echo "An error occurred (ImageNotFoundException)" >&2; exit 254 ;;
esac'
repository=123456789012.dkr.ecr.us-east-1.amazonaws.com/accunode
export PUSH=yes GITHUB_OUTPUT=$work/output
expect 0 deploy/ci/build-image.sh "$repository" prod-1a2b3c4
called '^docker buildx build --push' && called "--tag $repository:prod-1a2b3c4" && called '--platform linux/amd64' || fail "not built and pushed: $(cat "$work/calls")"
grep -qx "image=$repository@$digest" "$work/output" && grep -qx "tagged=$repository:prod-1a2b3c4" "$work/output" || fail "outputs: $(cat "$work/output")"
REGISTRY=there expect 0 deploy/ci/build-image.sh "$repository" prod-1a2b3c4
! called '^docker' || fail "an image that is there was built again"
REGISTRY=away expect 1 deploy/ci/build-image.sh "$repository" prod-1a2b3c4
! called '^docker' || fail "built although the registry did not answer"
PUSH=no expect 0 deploy/ci/build-image.sh accunode checked
called '^docker buildx build --load' && ! called '^aws' || fail "a build without a push asks the registry"
expect 1 deploy/ci/build-image.sh "$repository" 'bad tag'
expect 1 deploy/ci/build-image.sh "$repository" prod-1 nowhere/Dockerfile
unset GITHUB_OUTPUT
say "build-image: built once, pushed once, told by digest and tag"

# --- sign-image.sh -------------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
stand_in cosign '[ "$1" != verify ] || [ "${SIGNATURE:-}" = good ]'
echo '{}' >"$work/bill.json"
expect 0 deploy/ci/sign-image.sh "$repository@$digest" "$work/bill.json"
called '^cosign sign --yes' && called '^cosign attest --yes --type cyclonedx' || fail "not signed and attested"
expect 1 deploy/ci/sign-image.sh "$repository:prod-1a2b3c4"
! called '^cosign' || fail "a tag was signed"
expect 1 deploy/ci/sign-image.sh "$repository@$digest" "$work/no-bill.json"
expect 1 deploy/ci/sign-image.sh --verify "$repository@$digest"
[[ $said == *"SIGNED_BY is not set"* ]] || fail "verified for nobody: $said"
export SIGNED_BY=https://github.com/a/b/.github/workflows/release.yml@refs/heads/prod
SIGNATURE=good expect 0 deploy/ci/sign-image.sh --verify "$repository@$digest"
called "--certificate-identity $SIGNED_BY" || fail "verified without the identity"
SIGNATURE=bad expect 1 deploy/ci/sign-image.sh --verify "$repository@$digest"
say "sign-image: digests only, and what another signed is refused"

# --- comment-plan.sh -----------------------------------------------------------------------------------------------
# shellcheck disable=SC2016
stand_in gh 'case "$*" in *--paginate*) echo "${COMMENTS:-[]}" ;; *) for last; do :; done; cp "${last#body=@}" "$WORK/body" ;; esac'
export GITHUB_REPOSITORY=a/b
{ head -c 80000 /dev/zero | tr '\0' 'x'; printf '\nPlan: 1 to add, 2 to change, 0 to destroy.\n'; } >"$work/plan.txt"
expect 0 deploy/ci/comment-plan.sh 12 prod "$work/plan.txt"
called '--method POST repos/a/b/issues/12/comments' || fail "not commented: $(cat "$work/calls")"
[ "$(wc -c <"$work/body")" -lt 65536 ] && grep -q '^### prod: Plan: 1 to add' "$work/body" || fail "the comment is too long or has no summary"
COMMENTS='[{"id":7,"body":"<!-- plan:prod -->\nold"},{"id":8,"body":"else"}]' expect 0 deploy/ci/comment-plan.sh 12 prod "$work/plan.txt"
called '--method PATCH repos/a/b/issues/comments/7' && ! called POST || fail "a second comment in place of the first"
expect 1 deploy/ci/comment-plan.sh 'x; y' prod "$work/plan.txt"
say "comment-plan: one comment for each plan, short enough"

# --- smoke.sh ------------------------------------------------------------------------------------------------------
port=$(free_port)
python3 - "$port" "$work/health" <<'PYTHON' &
import http.server, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.headers.get("Authorization")
        status = 200 if not self.path.startswith("/api/") or key == "Bearer good" else 401
        self.send_response(status); self.end_headers()
        self.wfile.write(pathlib.Path(sys.argv[2]).read_bytes())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
site=$!
export SMOKE_TRIES=1
sound='{"services":{"database":{"status":"healthy"},"redis":{"status":"not_configured"},"ml_models":{"loaded":true}}}'
echo "$sound" >"$work/health"
for _ in $(seq 50); do curl -s "http://127.0.0.1:$port/health" >/dev/null && break || sleep 0.1; done
expect 0 deploy/ci/smoke.sh "http://127.0.0.1:$port/"
SMOKE_API_KEY=good expect 0 deploy/ci/smoke.sh "http://127.0.0.1:$port"
SMOKE_API_KEY=old expect 1 deploy/ci/smoke.sh "http://127.0.0.1:$port"
[[ $said == *"expected 200, got 401"* ]] || fail "a refused key is not named: $said"
for part in '.services.database.status = "unhealthy"' '.services.redis.status = "unhealthy"' '.services.ml_models.loaded = false'; do
    jq -c "$part" <<<"$sound" >"$work/health"
    expect 1 deploy/ci/smoke.sh "http://127.0.0.1:$port"
done
SMOKE_KIND=web expect 0 deploy/ci/smoke.sh "http://127.0.0.1:$port"
expect 1 deploy/ci/smoke.sh "http://127.0.0.1:$(free_port)"
say "smoke: each part that is not sound is found"
say "passed"
