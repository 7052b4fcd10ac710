# shellcheck shell=bash
# What deploy/tests/terraform.sh is made of.

step() { echo "  ok: $*"; }

fail_with() {
    echo "FAILED: $*" >&2
    return 1
}

# Terraform and the AWS provider as it lies unpacked in a mirror; neither comes from a package registry.
find_terraform() {
    local binary
    binary=$(find_provider)
    if ! command -v terraform >/dev/null || [ -z "$binary" ]; then
        echo "SKIPPED: the checks of deploy/terraform: they need terraform (1.11 or newer) and a mirror of hashicorp/aws 5.100"
        [ "${ACCUNODE_REQUIRE_TERRAFORM-}" != 1 ] || exit 1
        exit 0
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/test-infra.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    # …/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5
    local mirror=${binary%/*/*/*/*/*/*}
    cat >"$work/terraform.rc" <<RC
provider_installation {
  filesystem_mirror {
    path    = "$mirror"
    include = ["registry.terraform.io/*/*"]
  }
}
RC
    export TF_CLI_CONFIG_FILE=$work/terraform.rc TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
    # Most of the time goes into the provider's 1,500 schemas, which every command builds anew: less collecting of garbage.
    export AWS_EC2_METADATA_DISABLED=true GOGC=400
}

find_provider() {
    find / -xdev -path /proc -prune -o -path '*/registry.terraform.io/hashicorp/aws/5.100.0/*' \
        -name 'terraform-provider-aws*' -type f -print -quit 2>/dev/null || true
}

# Terraform writes into the folders that it runs in, so it runs in a copy.
copy_tree() {
    copy=$work/deploy
    mkdir -p "$copy"
    cp -r deploy/bin deploy/terraform deploy/tests "$copy/"
    find "$copy" -type d -name '.terraform*' -prune -exec rm -rf {} +
}

in_folder() { # folder below terraform/, command
    local folder=$copy/terraform/$1
    shift
    (cd "$folder" && "$@")
}

initialise() {
    in_folder "$1" terraform init -backend=false -input=false -no-color >"$work/init.log" 2>&1 || {
        cat "$work/init.log"
        return 1
    }
}

# Prints what failed, or one line. With -verbose, what each run made stays in $work/test.json for keep; it takes a while,
# because the provider's schemas stand in it, too.
test_folder() { # folder below terraform/, arguments of terraform test
    local folder=$1 log=$work/test.json
    shift
    [ -d "$copy/terraform/$folder/.terraform" ] || initialise "$folder"
    if ! in_folder "$folder" timeout 900 terraform test -json "$@" >"$log" 2>"$work/test.errors"; then
        jq -rR 'fromjson? | select(.type == "diagnostic") | "\(.["@testrun"] // ""): \(.diagnostic | .summary + ": " + .detail)"' "$log"
        cat "$work/test.errors"
        echo "FAILED: terraform test of $folder $*" >&2
        return 1
    fi
    step "$folder $(grep -o "[a-z_]*.tftest.hcl" <<<"$*" | xargs): $(jq -r 'select(.type == "test_summary")["@message"]' "$log")"
}

# What a stack becomes with the mocked provider, where every value is known: for pictures, counts and bills.
keep() { # run, name
    mkdir -p "$work/made"
    jq -c --arg run "$1" 'select(.type == "test_state" and .["@testrun"] == $run) | {values: .test_state}' "$work/test.json" >"$work/made/$2.json"
    [ -s "$work/made/$2.json" ] || fail_with "run $1 showed no state"
}

# Two, because checkov wants other versions of what moto wants, too.
make_environments() {
    local base=${ACCUNODE_INFRA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/accunode-infra}
    python_environment=$base/python checkov_environment=$base/checkov
    make_environment "$python_environment" deploy/tests/terraform/requirements.txt
    make_environment "$checkov_environment" deploy/tests/terraform/requirements-checkov.txt
}

make_environment() { # folder, requirements
    if [ -f "$1/made-from" ] && cmp -s "$1/made-from" "$2"; then
        return
    fi
    python3 -m venv --clear "$1"
    "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
    cp "$2" "$1/made-from"
}
