# Sourced by the checks of this folder.
# shellcheck shell=bash

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
root=$(dirname "$deploy")
name=$(basename "$0" .sh)
export deploy root PYTHONDONTWRITEBYTECODE=1

# The interpreter itself: what chooses between several takes longer than most of the calls here.
PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH

quick=""
for argument in "$@"; do
    case $argument in
        --quick) quick=yes ;;
        *)
            echo "usage: $0 [--quick]" >&2
            exit 2
            ;;
    esac
done
export quick

say() { echo "$name: $*"; }
fail() {
    say "FAILED: $*" >&2
    exit 1
}
# Loud, so that nobody takes what was not done for done.
skip() { echo "******** $name: SKIPPED: $* ********" >&2; }

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 40000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# Tools of the checks, in exact versions, below target/. Says what is missing where they cannot be installed.
tools=$root/target/deploy-tools
python_tools() {
    local wanted=$deploy/tests/support/requirements.txt
    if ! cmp -s "$wanted" "$tools/requirements.txt"; then
        mkdir -p "$tools"
        python3 -m venv "$tools/venv" &&
            "$tools/venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" &&
            cp "$wanted" "$tools/requirements.txt"
    fi
}
node_tools() {
    local wanted=$deploy/tests/support/node
    if ! cmp -s "$wanted/package-lock.json" "$tools/node/installed"; then
        mkdir -p "$tools/node"
        cp "$wanted/package.json" "$wanted/package-lock.json" "$wanted/.npmrc" "$tools/node/"
        (cd "$tools/node" && npm ci --silent) && cp "$wanted/package-lock.json" "$tools/node/installed"
    fi
}

# Sets $binary to the program: ACCUNODE_BINARY, or the one that was built last, or nothing.
find_program() {
    local candidate
    binary=${ACCUNODE_BINARY:-}
    [ -z "$binary" ] || return 0
    for candidate in "$root"/target/{release,debug,image/last/root}/accunode; do
        [ -x "$candidate" ] || continue
        if [ -z "$binary" ] || [ "$candidate" -nt "$binary" ]; then binary=$candidate; fi
    done
}

# The program as the image has it, statically linked, and what lies beside it there: sets $image to a folder with root,
# owned and the last stage's Dockerfile. It comes from the Dockerfile's own stages, carried out here (stages.py), which
# takes about ten minutes of CPU at first and a moment when nothing has changed. ACCUNODE_STATIC_BINARY names a program
# that was built elsewhere. Says what is missing where it cannot be built.
image_folder() {
    local stages=$root/target/image
    image=$stages/last
    rm -rf "$image"
    mkdir -p "$image"
    if [ -n "${ACCUNODE_STATIC_BINARY:-}" ]; then
        "$deploy/docker/rootfs.sh" "$ACCUNODE_STATIC_BINARY" "$image" || fail "ACCUNODE_STATIC_BINARY is not what the image takes"
    else
        command -v cargo >/dev/null && command -v npm >/dev/null || { skip "cargo or npm is missing, so nobody builds the image"; return 1; }
        CARGO_INSTALL_ROOT=$tools/cargo PATH=$tools/cargo/bin:$PATH \
            python3 "$deploy/tests/support/stages.py" "$deploy/docker/Dockerfile" "$stages" || fail "a stage of the Dockerfile"
        cp -a "$stages/build/image/." "$image/"
    fi
    awk '/^FROM scratch/ { last = 1 } last' "$deploy/docker/Dockerfile" >"$image/Dockerfile"
}
