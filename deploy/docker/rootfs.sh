#!/bin/sh
# Lays out what the image consists of: rootfs.sh PROGRAM FOLDER. The image is this folder and nothing else: the
# program, certificates to trust, who runs it, and a place for temporary files.
set -eu
program=$1 folder=$2

# Statically linked, or nothing would load it.
if ldd "$program" >/dev/null 2>&1 && ! ldd "$program" 2>&1 | grep -q 'statically linked'; then
    echo "rootfs: $program needs shared libraries: build it with -C target-feature=+crt-static" >&2
    exit 1
fi
mkdir -p "$folder/etc/ssl/certs" "$folder/tmp" "$folder/data"
install -m 755 "$program" "$folder/accunode"
install -m 644 /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
printf 'accunode:x:10001:10001:AccuNode:/data:/sbin/nologin\n' >"$folder/etc/passwd"
printf 'accunode:x:10001:\n' >"$folder/etc/group"
# Names of other machines: the machine's own file first, then its name servers.
printf 'hosts: files dns\n' >"$folder/etc/nsswitch.conf"
chmod 1777 "$folder/tmp"
chown 10001:10001 "$folder/data"
