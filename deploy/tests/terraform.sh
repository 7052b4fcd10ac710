#!/usr/bin/env bash
# Checks deploy/terraform and deploy/bin. --quick: format, lint, validity, and the promises of production with a mocked
# provider. Otherwise also every module, phase and environment, a rehearsal against moto's server, checkov, and faults
# that are put in on purpose.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

source deploy/tests/terraform/tools.sh

check_scripts() {
    if ! command -v shellcheck >/dev/null; then
        echo "SKIPPED: shellcheck is not installed (Debian: apt-get install shellcheck)"
        return
    fi
    shellcheck deploy/bin/* deploy/tests/terraform.sh deploy/tests/terraform/*.sh deploy/tests/terraform/*/*.sh scripts/test-infra.sh
    step "scripts are clean"
}

check_format() {
    terraform fmt -check -recursive deploy/terraform
    terraform fmt -check -recursive deploy/tests/terraform
    step "Terraform files are formatted"
}

check_validity() {
    local stack
    for stack in accunode counselor; do
        initialise "stacks/$stack"
        in_folder "stacks/$stack" terraform validate -no-color
    done
}

quick_tests() {
    test_folder stacks/accunode -filter=tests/promises.tftest.hcl -filter=tests/phase_startup.tftest.hcl \
        -var-file=phases/startup.tfvars -var-file=environments/prod.tfvars
    test_folder stacks/counselor -filter=tests/prod.tftest.hcl -var-file=environments/prod.tfvars
}

all_tests() {
    local module phase environment
    for module in "$copy"/terraform/modules/*/tests/*.tftest.hcl; do
        test_folder "modules/$(basename "$(dirname "$(dirname "$module")")")"
    done
    test_folder ../tests/terraform/secrets
    for phase in minimal growth scale; do
        test_folder stacks/accunode -filter=tests/promises.tftest.hcl -filter="tests/phase_$phase.tftest.hcl" \
            -var-file="phases/$phase.tfvars" -var-file=environments/prod.tfvars -var "phase=$phase"
    done
    test_folder stacks/accunode -filter=tests/staging.tftest.hcl -var-file=phases/minimal.tfvars -var-file=environments/staging.tfvars
    test_folder stacks/accunode -filter=tests/refusals.tftest.hcl -var-file=phases/startup.tfvars -var-file=environments/prod.tfvars
    for environment in dev test; do
        test_folder stacks/counselor -filter="tests/$environment.tftest.hcl" -var-file="environments/$environment.tfvars"
    done
    test_folder stacks/counselor -filter=tests/refusals.tftest.hcl -var-file=environments/prod.tfvars
}

# What a stack becomes with the mocked provider, where every value is known.
save_state() { # stack, run, file, arguments of terraform test
    local stack=$1 run=$2 file=$3
    shift 3
    [ -d "$copy/terraform/stacks/$stack/.terraform" ] || initialise "stacks/$stack"
    in_folder "stacks/$stack" terraform test -json -verbose "$@" |
        jq -c --arg run "$run" 'select(.type == "test_state" and .["@testrun"] == $run) | {values: .test_state}' >"$file"
    [ -s "$file" ] || fail_with "terraform test of $stack showed no state"
}

pictures() { # check or write
    save_state accunode startup "$work/accunode.json" -filter=tests/phase_startup.tftest.hcl \
        -var-file=phases/startup.tfvars -var-file=environments/prod.tfvars
    save_state counselor everywhere "$work/counselor.json" -filter=tests/prod.tftest.hcl -var-file=environments/prod.tfvars
    python3 deploy/tests/terraform/pictures.py "$1" docs/operations.md accunode="$work/accunode.json" counselor="$work/counselor.json"
}

original_resources() {
    save_state counselor as_large_as_the_original "$work/counselor-44.json" -filter=tests/test.tftest.hcl -var-file=environments/test.tfvars
    python3 deploy/tests/terraform/counselor.py 44 "$work/counselor-44.json"
    python3 deploy/tests/terraform/counselor.py 49 "$work/counselor.json"
}

find_terraform
copy_tree
if [ "${1-}" = --pictures ]; then
    pictures write
    exit
fi
check_scripts
check_format
check_validity
quick_tests
if [ "${1-}" != --quick ]; then
    all_tests
    pictures check
    original_resources
    make_environments
    deploy/tests/terraform/rehearsal/run.sh "$python_environment" "$checkov_environment"
    "$python_environment/bin/python" deploy/tests/terraform/faults/panel.py
fi
