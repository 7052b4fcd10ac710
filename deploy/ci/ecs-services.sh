# Sourced by target-ecs.sh: services, task definitions and rolling replacement.
# shellcheck shell=bash disable=SC2154

describe_service() {
    local answer
    answer=$(aws ecs describe-services --cluster "$CLUSTER" --services "$1")
    jq -e '.services[0] | select(.status == "ACTIVE")' <<<"$answer" ||
        die "there is no service $1 in cluster $CLUSTER: $(jq -c '.failures' <<<"$answer")"
}

# What a service (on standard input) runs; with CodeDeploy that stands in its task sets.
running_definition() {
    jq -r '[(.taskSets // [])[] | select(.status == "PRIMARY").taskDefinition] + [.taskDefinition] |
        map(select(. != null)) | first // empty'
}

same_definition() { [ "${1##*/}" = "${2##*/}" ]; }

# From `arn:…:task-definition/FAMILY:REVISION`.
family_of() {
    local name=${1##*/}
    echo "${name%:*}"
}

describe_definition() { aws ecs describe-task-definition --task-definition "$1" --include TAGS; }

# The tag `release`, or of what was not released by these scripts the tag of its image.
release_of() {
    describe_definition "$1" | jq -r '
        ([.tags[]? | select(.key == "release").value] | first)
        // (.taskDefinition.containerDefinitions[0].image | sub("@.*"; "") | capture(":(?<tag>[^/:]+)$").tag)
        // "unknown"'
}

# The release of a revision that was in place; nothing for one that was not.
released_tag() {
    describe_definition "$1" | jq -r '
        (.tags // []) | from_entries | select(.released != null) | .release // empty'
}

# The newest revisions of a family, newest first; further back nobody rolls.
revisions() {
    aws ecs list-task-definitions --family-prefix "$1" --status ACTIVE --sort DESC --max-items 30 |
        jq -r --arg family "$1" '.taskDefinitionArns[] | select(test("/" + $family + ":[0-9]+$"))'
}

revision_of_release() {
    local definition
    for definition in $(revisions "$1"); do
        if [ "$(released_tag "$definition")" = "$2" ]; then
            echo "$definition"
            return
        fi
    done
}

# The image that is meant for a service.
image_of() {
    local pair
    for pair in ${IMAGES:-}; do
        if [ "${pair%%=*}" = "$1" ]; then
            echo "${pair#*=}"
            return
        fi
    done
    [ -n "${IMAGE:-}" ] || die "IMAGES names no image for $1"
    echo "$IMAGE"
}

# Registers a family's newest revision again with another image, and prints the new one. Sidecars stay as they are:
# only containers whose image comes from the same repository change.
register() {
    local family=$1 image=$2
    describe_definition "$family" | jq --arg image "$image" --arg release "$version" '
        def repository: sub("@.*$"; "") | sub(":[^/:]+$"; "");
        .tags as $tags
        | .taskDefinition
        | if any(.containerDefinitions[]; .image | repository == ($image | repository)) then .
          else error("no container of \(.family) has an image of \($image | repository)") end
        | .containerDefinitions |= map(if (.image | repository) == ($image | repository) then .image = $image else . end)
        | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt,
              .registeredBy, .deregisteredAt, .deleteRequestedAt)
        | .tags = ([($tags // [])[] | select(.key | IN("release", "released") | not)] + [{key: "release", value: $release}])
    ' >"$work/register.json"
    aws ecs register-task-definition --cli-input-json "file://$work/register.json" |
        jq -re '.taskDefinition.taskDefinitionArn'
}

# Has ECS replace a service's tasks: at most half at a time and back by the circuit breaker, as its deployment
# configuration says.
roll() {
    aws ecs update-service --cluster "$CLUSTER" --service "$1" --task-definition "$2" >/dev/null
}

# Whether so many percent of a service run a definition: 0 yes, 1 not yet, 2 never.
rolled() {
    local definition=$2 percent=$3
    describe_service "$1" >"$work/now.json"
    jq -e --arg definition "${definition##*/}" '
        first(.deployments[] | select(.status == "PRIMARY")) as $primary
        | ($primary.taskDefinition | split("/") | last) == $definition and $primary.rolloutState != "FAILED"' \
        "$work/now.json" >/dev/null || {
        say "ECS took $definition back: $(jq -r '.events[0].message // "no reason given"' "$work/now.json")"
        return 2
    }
    jq -e --argjson percent "$percent" '
        first(.deployments[] | select(.status == "PRIMARY")) as $primary
        | if $percent < 100 then $primary.runningCount >= (.desiredCount * $percent / 100 | ceil)
          else $primary.rolloutState == "COMPLETED" and (.deployments | length) == 1 end' "$work/now.json" >/dev/null
}
