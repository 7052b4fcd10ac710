#!/bin/sh
# Measures the LightGBM engine next to LightGBM and lleaves on one core: bench/run.sh [MODEL...]
# Models: the synthetic one, every models/*/lightgbm.txt, and those given. Wants Python 3.11 and cargo.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
python="$here/.venv/bin/python"
mkdir -p "$here/made"

if ! cmp -s "$here/requirements.txt" "$here/.venv/installed.txt"; then
    python3 -m venv "$here/.venv"
    "$here/.venv/bin/pip" install -q -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$here/.venv/installed.txt"
fi
synthetic="$here/made/synthetic_500x31x20.txt"
[ -f "$synthetic" ] || "$python" "$here/train_synthetic.py" "$synthetic"
(cd "$root" && cargo build -q --release -p accunode-scoring --example engine_speed)

core=${BENCH_CORE:-$(($(nproc) - 1))}
set -- "$synthetic" "$@"
for model in "$root"/models/*/lightgbm.txt; do
    [ -f "$model" ] && set -- "$@" "$model"
done
export OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1
if command -v taskset >/dev/null; then
    exec taskset -c "$core" "$python" "$here/compare.py" "${CARGO_TARGET_DIR:-$root/target}/release/examples/engine_speed" "$@"
fi
exec "$python" "$here/compare.py" "${CARGO_TARGET_DIR:-$root/target}/release/examples/engine_speed" "$@"
