#!/usr/bin/env bash
# Fuzzes each target, or those that are named, for some seconds each (60 unless told):
#
#     fuzz/run.sh [--seconds N] [target…]
#
# Needs a nightly toolchain and cargo-fuzz, which is installed below target/ where it is missing. What the fuzzer adds to
# the corpus stays below target/; what breaks a target is kept in fuzz/artifacts/<target>, and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
target=${CARGO_TARGET_DIR:-$PWD/target}
seconds=60
if [ "${1-}" = --seconds ]; then
    seconds=$2
    shift 2
fi
if [ "$#" -eq 0 ]; then
    set -- lightgbm bundle_zip bundle_files csv xlsx_zip xlsx_sheet token cursor
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "fuzz: a nightly toolchain is needed: rustup toolchain install nightly --profile minimal" >&2
    exit 1
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    [ -x "$target/fuzz-tools/bin/cargo-fuzz" ] || cargo install --locked --root "$target/fuzz-tools" "cargo-fuzz@$version"
    PATH=$target/fuzz-tools/bin:$PATH
fi

failed=()
for name in "$@"; do
    case "$name" in
        token | cursor) features=(--features server) ;;
        *) features=() ;;
    esac
    work=$target/fuzz-corpus/$name
    mkdir -p "$work"
    echo "fuzz: $name for $seconds s" >&2
    # The first folder is where new files go. An input that takes 512 MiB or 20 s is a finding, too.
    cargo +nightly fuzz run ${features[@]+"${features[@]}"} --target-dir "$target/fuzz" "$name" \
        "$work" "fuzz/corpus/$name" -- -max_total_time="$seconds" -max_len=32768 -rss_limit_mb=1024 \
        -malloc_limit_mb=512 -timeout=20 -print_final_stats=1 || failed+=("$name")
done
if [ "${#failed[@]}" -gt 0 ]; then
    echo "fuzz: broken: ${failed[*]}; the inputs lie in fuzz/artifacts" >&2
    exit 1
fi
