# Sourced by target-ecs.sh: services that CodeDeploy switches from one side to the other.
# shellcheck shell=bash disable=SC2154

create_deployment() {
    local service=$1 definition=$2
    describe_definition "$definition" | jq --arg definition "$definition" '
        first(.taskDefinition.containerDefinitions[] | select((.portMappings // []) | length > 0)) as $container
        | {version: 1, Resources: [{TargetService: {Type: "AWS::ECS::Service", Properties: {
            TaskDefinition: $definition,
            LoadBalancerInfo: {ContainerName: $container.name, ContainerPort: $container.portMappings[0].containerPort}
          }}}]} | tojson | {revisionType: "AppSpecContent", appSpecContent: {content: .}}' >"$work/revision.json"
    aws deploy create-deployment --application-name "${CODEDEPLOY_APPLICATION:-$service}" --deployment-group-name "$service" \
        --revision "file://$work/revision.json" --description "${version:0:100}" |
        jq -re .deploymentId >"$work/$service.deployment"
}

deployment_status() {
    aws deploy get-deployment --deployment-id "$1" >"$work/deployment.json"
    jq -r .deploymentInfo.status "$work/deployment.json"
}

# A deployment has one of these states: 0 yes, 1 not yet, 2 never.
reached() {
    local deployment=$1 status state
    shift
    status=$(deployment_status "$deployment")
    for state in "$@"; do [ "$status" != "$state" ] || return 0; done
    case $status in
        Failed | Stopped | Succeeded)
            say "deployment $deployment: $status: $(jq -r '.deploymentInfo.errorInformation.message // "no reason given"' "$work/deployment.json")"
            return 2
            ;;
    esac
    return 1
}

# What has happened to the service in a deployment.
event_status() {
    aws deploy get-deployment-target --deployment-id "$1" --target-id "$CLUSTER:$2" |
        jq -r --arg event "$3" 'first(.deploymentTarget.ecsTarget.lifecycleEvents[]? | select(.lifecycleEventName == $event).status) // "none"'
}

# The standby side runs and is healthy, and the deployment waits; or, where its group does not let it wait, it goes on.
start_standby() {
    create_deployment "$1" "$(cat "$work/$1.new")"
    until_true "$SWITCH_LIMIT" "$1: the standby side is healthy" standing_by "$1" "$(cat "$work/$1.deployment")"
}

standing_by() {
    [ "$(event_status "$2" "$1" AllowTraffic)" != Succeeded ] || return 0
    reached "$2" Ready Succeeded
}

switch_traffic() {
    local deployment
    deployment=$(cat "$work/$1.deployment")
    if [ "$(deployment_status "$deployment")" = Ready ] && [ "$(event_status "$deployment" "$1" AllowTraffic)" != Succeeded ]; then
        aws deploy continue-deployment --deployment-id "$deployment" --deployment-wait-type READY_WAIT >/dev/null
    fi
    until_true "$SWITCH_LIMIT" "$1: traffic has moved" traffic_moved "$1" "$deployment"
}

traffic_moved() {
    case $(event_status "$2" "$1" AllowTraffic) in
        Succeeded) return 0 ;;
        Failed | Skipped)
            say "$1: CodeDeploy did not move traffic"
            return 2
            ;;
    esac
    case $(deployment_status "$2") in Failed | Stopped) return 2 ;; esac
    return 1
}

end_old_side() {
    local deployment
    deployment=$(cat "$work/$1.deployment")
    if [ "$(deployment_status "$deployment")" != Succeeded ]; then
        aws deploy continue-deployment --deployment-id "$deployment" --deployment-wait-type TERMINATION_WAIT >/dev/null
    fi
    until_true "$SWITCH_LIMIT" "$1: the old side has ended" reached "$deployment" Succeeded
}

# Wherever a deployment is, traffic goes back to the definition before.
take_back() {
    local deployment status
    [ -s "$work/$1.deployment" ] || return 0
    deployment=$(cat "$work/$1.deployment")
    status=$(deployment_status "$deployment")
    if [ "$status" != Succeeded ] && [ "$status" != Failed ] && [ "$status" != Stopped ]; then
        aws deploy stop-deployment --deployment-id "$deployment" --auto-rollback-enabled >/dev/null
        until_true "$SWITCH_LIMIT" "$1: the deployment stops" reached "$deployment" Stopped Failed
        status=Stopped
    fi
    local again
    again=$(jq -r '.deploymentInfo.rollbackInfo.rollbackDeploymentId // empty' "$work/deployment.json")
    if [ -n "$again" ]; then
        until_true "$SWITCH_LIMIT" "$1: traffic goes back" reached "$again" Succeeded
    fi
    describe_service "$1" >"$work/now.json"
    if ! same_definition "$(running_definition <"$work/now.json")" "$(cat "$work/$1.old")"; then
        # Nothing was left to be stopped: the side before is started once more.
        create_deployment "$1" "$(cat "$work/$1.old")"
        until_true "$SWITCH_LIMIT" "$1: the side before is healthy" standing_by "$1" "$(cat "$work/$1.deployment")"
        switch_traffic "$1"
        end_old_side "$1"
    fi
}
