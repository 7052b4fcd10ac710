#!/usr/bin/env bash
# Installs what the checks of this folder use from Debian, where it is missing; needs root or sudo for that only. PostgreSQL
# and Redis come by scripts/with-services.sh. Without a tool the checks say loudly what they skip.
set -euo pipefail

declare -A package=(
    [haproxy]=haproxy [wrk]=wrk [socat]=socat [jq]=jq [curl]=curl [shellcheck]=shellcheck [promtool]=prometheus
    [buildah]=buildah [podman]=podman [runc]=runc [ip]=iproute2 [unshare]=util-linux [setpriv]=util-linux
)
missing=()
for tool in "${!package[@]}"; do
    command -v "$tool" >/dev/null || missing+=("${package[$tool]}")
done
[ "${#missing[@]}" -gt 0 ] || exit 0
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "install: ${missing[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# RUNLEVEL=1 keeps the packages from starting services of their own.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}"
