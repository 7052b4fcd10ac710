#!/bin/sh
# Lays out what the image consists of, and nothing else is in it: rootfs.sh PROGRAM FOLDER makes FOLDER/root (the
# program, certificates to trust, who runs it) and FOLDER/owned (folders that the program's user may write).
set -eu
program=$1 folder=$2

# Statically linked, or nothing would load it.
if ldd "$program" >/dev/null 2>&1 && ! ldd "$program" 2>&1 | grep -q 'statically linked'; then
    echo "rootfs: $program needs shared libraries: build it with -C target-feature=+crt-static" >&2
    exit 1
fi
mkdir -p "$folder/root/etc/ssl/certs" "$folder/owned/tmp" "$folder/owned/data"
# Without its symbols, which are a sixth of it: errors name files and lines of their own.
install -m 755 --strip "$program" "$folder/root/accunode"
install -m 644 /etc/ssl/certs/ca-certificates.crt "$folder/root/etc/ssl/certs/"
printf 'accunode:x:10001:10001:AccuNode:/data:/sbin/nologin\n' >"$folder/root/etc/passwd"
printf 'accunode:x:10001:\n' >"$folder/root/etc/group"
# Names of other machines: the machine's own file first, then its name servers.
printf 'hosts: files dns\n' >"$folder/root/etc/nsswitch.conf"
# A temporary file system that is mounted over it takes the folder's mode.
chmod 1777 "$folder/owned/tmp"
