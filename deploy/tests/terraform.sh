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
    test_folder stacks/accunode -verbose -filter=tests/promises.tftest.hcl -filter=tests/phase_startup.tftest.hcl \
        -var-file=phases/startup.tfvars -var-file=environments/prod.tfvars
    keep startup startup
    test_counselor prod
}

test_counselor() { # environment
    local tag=$1-1a2b3c4-20260131120000
    test_folder stacks/counselor -verbose -filter=tests/promises.tftest.hcl -filter="tests/$1.tftest.hcl" \
        -var-file="environments/$1.tfvars" -var "frontend_image_tag=$tag" -var "backend_image_tag=$tag"
    keep promises "$1"
}

all_tests() {
    local module phase environment
    for module in "$copy"/terraform/modules/*/tests/*.tftest.hcl; do
        test_folder "modules/$(basename "$(dirname "$(dirname "$module")")")"
    done
    test_folder ../tests/terraform/secrets
    for phase in minimal growth scale; do
        test_folder stacks/accunode -verbose -filter=tests/promises.tftest.hcl -filter="tests/phase_$phase.tftest.hcl" \
            -var-file="phases/$phase.tfvars" -var-file=environments/prod.tfvars -var "phase=$phase"
        keep "$phase" "$phase"
    done
    test_folder stacks/accunode -filter=tests/staging.tftest.hcl -var-file=phases/minimal.tfvars -var-file=environments/staging.tfvars
    test_folder stacks/accunode -filter=tests/refusals.tftest.hcl -var-file=phases/startup.tfvars -var-file=environments/prod.tfvars
    for environment in dev test; do
        test_counselor "$environment"
    done
    keep as_large_as_the_original original
    test_folder stacks/counselor -filter=tests/refusals.tftest.hcl -var-file=environments/prod.tfvars
}

pictures() { # check or write
    python3 deploy/tests/terraform/pictures.py "$1" docs/operations.md accunode="$work/made/startup.json" counselor="$work/made/prod.json"
}

original_resources() {
    python3 deploy/tests/terraform/counselor.py 44 "$work/made/original.json"
    python3 deploy/tests/terraform/counselor.py 49 "$work/made/prod.json"
}

# For deploy/cost, which reads a state as it reads a plan.
hand_to_cost() {
    local name plans=${ACCUNODE_PLANS:-target/plans}
    mkdir -p "$plans"
    for name in minimal startup growth scale dev test prod; do
        cp "$work/made/$name.json" "$plans/"
    done
    step "$plans has every phase and environment"
}

# Beside everything else, because it mostly waits.
begin_rehearsal() {
    deploy/tests/terraform/rehearsal/run.sh "$python_environment" "$checkov_environment" >"$work/rehearsal.log" 2>&1 &
    rehearsal=$!
    trap 'kill "$rehearsal" 2>/dev/null || true; wait "$rehearsal" 2>/dev/null || true; rm -rf "$work"' EXIT
}

end_rehearsal() {
    local outcome=0
    wait "$rehearsal" || outcome=$?
    cat "$work/rehearsal.log"
    return "$outcome"
}

find_terraform
copy_tree
if [ "${1-}" = --pictures ]; then
    quick_tests
    pictures write
    exit
fi
check_scripts
check_format
check_validity
quick_tests
pictures check
if [ "${1-}" != --quick ]; then
    make_environments
    begin_rehearsal
    all_tests
    original_resources
    hand_to_cost
    "$python_environment/bin/python" deploy/tests/terraform/faults/panel.py
    end_rehearsal
fi
