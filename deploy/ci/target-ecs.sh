# Sourced by release.sh: services on Amazon ECS.
#
#   CLUSTER            the cluster
#   ROLLING            services that ECS replaces by halves (their deployment configuration says so), in this order
#   BLUE_GREEN         services that CodeDeploy switches; the deployment group of each is named like the service, and so
#                      is its application unless CODEDEPLOY_APPLICATION names another. Where the group waits before it
#                      moves traffic, the standby side is tried first
#   MIGRATE_FAMILY     task definition that migrates the database and ends; not set: nothing to migrate
#   IMAGE              what is released, by a tag that never changes (Terraform has it so, too); or IMAGES="SERVICE=IMAGE …" where services have images of their own
#   PUBLIC_URL         where people come in; TEST_URL: the test listener, which leads to the standby side
#   NOTIFY_TOPIC_ARN   whom to tell
#
# Every revision carries the tag `release`; one that was put in place carries `released`, by which --rollback finds it.
# shellcheck shell=bash disable=SC2154 # version and before are release.sh's

export AWS_PAGER="" AWS_DEFAULT_OUTPUT=json AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-5}
ROLLING=${ROLLING:-}
BLUE_GREEN=${BLUE_GREEN:-}
# Seconds.
MIGRATE_LIMIT=${MIGRATE_LIMIT:-900}
ROLL_LIMIT=${ROLL_LIMIT:-900}
SWITCH_LIMIT=${SWITCH_LIMIT:-900}
MIGRATE_FAMILY=${MIGRATE_FAMILY:-}
# Notes of one release, by service: .old and .new are task definitions, .deployment is CodeDeploy's.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# shellcheck source=ecs-services.sh
. "$here/ecs-services.sh"
# shellcheck source=ecs-blue-green.sh
. "$here/ecs-blue-green.sh"

services() { echo "$ROLLING $BLUE_GREEN"; }
first_service() {
    local all
    read -ra all <<<"$(services)"
    echo "${all[0]}"
}

target_check() {
    need_tools aws jq curl
    need CLUSTER "name of the ECS cluster"
    [ -n "$ROLLING$BLUE_GREEN" ] || die "neither ROLLING nor BLUE_GREEN names a service"
    [ -n "$only_tell" ] || need PUBLIC_URL "where people come in"
    [ -n "$rollback$only_tell" ] || [ -n "${IMAGE:-}${IMAGES:-}" ] || die "IMAGE (or IMAGES) is not set: what is released"
    local service
    for service in $(services); do
        describe_service "$service" >"$work/$service.json"
        running_definition <"$work/$service.json" >"$work/$service.old"
        [ -s "$work/$service.old" ] || die "$service runs no task definition"
    done
}

# Nothing else may be under way; CodeDeploy refuses a second deployment by itself.
target_lock() {
    local service
    for service in $ROLLING; do
        jq -e '(.deployments | length) == 1' "$work/$service.json" >/dev/null || die "a deployment of $service is under way"
    done
}

target_url() { echo "$PUBLIC_URL"; }
target_standby_url() { [ -z "$BLUE_GREEN" ] || echo "${TEST_URL:-}"; }
target_released() { release_of "$(cat "$work/$(first_service).old")"; }

# The newest release that was in place before this one: going back twice goes back by two.
target_previous() {
    local running current definition release older=""
    running=$(cat "$work/$(first_service).old")
    current=$(release_of "$running")
    for definition in $(revisions "$(family_of "$running")"); do
        if [ -n "$older" ]; then
            release=$(released_tag "$definition")
            if [ -n "$release" ] && [ "$release" != "$current" ]; then
                echo "$release"
                return
            fi
        fi
        if same_definition "$definition" "$running"; then older=yes; fi
    done
}

target_prepare() {
    local service
    for service in $(services); do
        if [ -n "$rollback" ]; then
            revision_of_release "$(family_of "$(cat "$work/$service.old")")" "$version" >"$work/$service.new"
            [ -s "$work/$service.new" ] || die "$service has no revision of $version that was in place"
        else
            register "$(family_of "$(cat "$work/$service.old")")" "$(image_of "$service")" >"$work/$service.new"
        fi
        say "$service: $(cat "$work/$service.old") -> $(cat "$work/$service.new")"
    done
}

target_migrate() {
    [ -n "$MIGRATE_FAMILY" ] || { say "nothing to migrate"; return 0; }
    local definition network task answer
    definition=$(register "$MIGRATE_FAMILY" "$(image_of "$MIGRATE_FAMILY")")
    # Where the service runs is where the database can be reached from.
    network=$(jq -c '.networkConfiguration // (.taskSets[] | select(.status == "PRIMARY") | .networkConfiguration)' \
        "$work/$(first_service).json")
    answer=$(aws ecs run-task --cluster "$CLUSTER" --task-definition "$definition" --launch-type FARGATE \
        --network-configuration "$network" --started-by "release" --tags "key=release,value=$version")
    task=$(jq -r '.tasks[0].taskArn // empty' <<<"$answer")
    [ -n "$task" ] || die "the migration does not start: $(jq -c '.failures' <<<"$answer")"
    until_true "$MIGRATE_LIMIT" "the migration ends" task_ended "$task" || {
        aws ecs stop-task --cluster "$CLUSTER" --task "$task" --reason "the release waited too long" >/dev/null
        return 1
    }
    jq -e '.containers | length > 0 and all(.exitCode == 0)' "$work/task.json" >/dev/null && return 0
    say "the migration failed: $(jq -c '[.stoppedReason, (.containers[] | {name, exitCode, reason})]' "$work/task.json")"
    return 1
}

task_ended() {
    aws ecs describe-tasks --cluster "$CLUSTER" --tasks "$1" | jq '.tasks[0]' >"$work/task.json"
    [ "$(jq -r .lastStatus "$work/task.json")" = STOPPED ]
}

# ECS replaces half of the tasks first, and the rest once those run; so the first call starts and sees the first half
# through, and the second waits for the end.
target_workers() {
    local service
    for service in $ROLLING; do
        if [ "$1" = 50 ]; then roll "$service" "$(cat "$work/$service.new")"; fi
        until_true "$ROLL_LIMIT" "$service: $1 % run $version" rolled "$service" "$(cat "$work/$service.new")" "$1"
    done
}

target_undo_workers() {
    local service
    for service in $ROLLING; do
        describe_service "$service" >"$work/now.json"
        # The circuit breaker may have been quicker.
        if ! same_definition "$(running_definition <"$work/now.json")" "$(cat "$work/$service.old")"; then
            roll "$service" "$(cat "$work/$service.old")"
        fi
        until_true "$ROLL_LIMIT" "$service: back at $before" rolled "$service" "$(cat "$work/$service.old")" 100
    done
}

target_standby() { each_switched start_standby; }
target_switch() { each_switched switch_traffic; }
target_retire() { each_switched end_old_side; }
target_undo_api() { each_switched take_back; }

each_switched() {
    local service
    for service in $BLUE_GREEN; do "$1" "$service"; done
}

target_commit() {
    local service
    for service in $(services); do
        aws ecs tag-resource --resource-arn "$(cat "$work/$service.new")" \
            --tags "key=released,value=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    done
}
