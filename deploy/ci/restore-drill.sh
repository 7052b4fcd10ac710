#!/usr/bin/env bash
# Restores the database to its latest point in time beside the real one, lets the program look at it, measures, and
# takes everything down again. Fails when the restored data is not sound, or later or longer than promised.
#
#   DB_INSTANCE          the database;  CLUSTER, MIGRATE_FAMILY: as in target-ecs.sh
#   SUBNETS, SECURITY_GROUP   where the program's tasks run (subnets separated by commas)
#   DATABASE_PARAMETER   the parameter that holds DATABASE_URL
#   RTO_SECONDS (1800), RPO_SECONDS (3600)    how long it may take, how much may be missing
#   NOTIFY_TOPIC_ARN     whom to tell when it fails
#
# The copy is reached with the same password, so its address goes to the task by a parameter of its own that is
# removed afterwards, and never through this machine's output.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
export AWS_PAGER="" AWS_DEFAULT_OUTPUT=json AWS_RETRY_MODE=standard

need_tools aws jq
for name in DB_INSTANCE CLUSTER MIGRATE_FAMILY SUBNETS SECURITY_GROUP DATABASE_PARAMETER; do
    need "$name" "see the head of restore-drill.sh"
done
RTO_SECONDS=${RTO_SECONDS:-1800} RPO_SECONDS=${RPO_SECONDS:-3600} TASK_LIMIT=${TASK_LIMIT:-900}
began=$SECONDS
copy=${DB_INSTANCE:0:40}-drill-$(date -u +%Y%m%d%H%M%S)
parameter=$DATABASE_PARAMETER-drill
definition=""
private=$(mktemp -d)

take_down() {
    local status=$?
    trap '' INT TERM
    set +e
    [ -z "$definition" ] || aws ecs deregister-task-definition --task-definition "$definition" >/dev/null
    aws ssm delete-parameter --name "$parameter" >/dev/null 2>&1
    if [ -f "$private/restored" ]; then
        aws rds delete-db-instance --db-instance-identifier "$copy" --skip-final-snapshot --delete-automated-backups >/dev/null ||
            say "the copy $copy could not be deleted: do it by hand, it costs money"
    fi
    rm -rf "$private"
    [ "$status" = 0 ] || notify "restore drill of $DB_INSTANCE failed"
    exit "$status"
}
trap take_down EXIT
trap 'exit 143' INT TERM

describe() { aws rds describe-db-instances --db-instance-identifier "$1" | jq -e '.DBInstances[0]'; }

# How much would be lost if the database were gone now.
describe "$DB_INSTANCE" >"$private/original"
latest=$(jq -re '.LatestRestorableTime | sub("\\.[0-9]+"; "") | sub("[+]00:00$"; "Z") | fromdate' "$private/original") ||
    die "$DB_INSTANCE cannot be restored to a point in time"
lost=$(($(date -u +%s) - latest))
say "the last $lost s could not be restored (allowed: $RPO_SECONDS)"
[ "$lost" -le "$RPO_SECONDS" ] || die "more than the promised $RPO_SECONDS s would be lost: $lost s"

mapfile -t groups < <(jq -r '.VpcSecurityGroups[].VpcSecurityGroupId' "$private/original")
touch "$private/restored"
aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier "$DB_INSTANCE" \
    --target-db-instance-identifier "$copy" --use-latest-restorable-time --no-publicly-accessible --no-multi-az \
    --db-instance-class "$(jq -r .DBInstanceClass "$private/original")" \
    --db-subnet-group-name "$(jq -r .DBSubnetGroup.DBSubnetGroupName "$private/original")" \
    --db-parameter-group-name "$(jq -r '.DBParameterGroups[0].DBParameterGroupName' "$private/original")" \
    --vpc-security-group-ids "${groups[@]}" --tags Key=Purpose,Value=restore-drill >/dev/null

available() {
    describe "$copy" >"$private/copy" || return 1
    case $(jq -r .DBInstanceStatus "$private/copy") in
        available) return 0 ;;
        failed | incompatible-*) return 2 ;;
    esac
    return 1
}
until_true "$RTO_SECONDS" "the copy is available" available
restored=$((SECONDS - began))

# The same address with the copy's host.
old=$(jq -r .Endpoint.Address "$private/original") new=$(jq -r .Endpoint.Address "$private/copy")
aws ssm get-parameter --name "$DATABASE_PARAMETER" --with-decryption |
    jq --arg old "$old" --arg new "$new" --arg name "$parameter" '
        if .Parameter.Value | contains($old) then . else error("the parameter does not lead to the database") end
        | {Name: $name, Type: "SecureString", Overwrite: true,
           Value: (.Parameter.Value | split($old) | join($new))}' >"$private/parameter.json"
aws ssm put-parameter --cli-input-json "file://$private/parameter.json" >/dev/null
rm "$private/parameter.json"

aws ecs describe-task-definition --task-definition "$MIGRATE_FAMILY" |
    jq --arg parameter "${parameter##*/}" '.taskDefinition
        | .family += "-drill"
        | .containerDefinitions[0].secrets |= map(if .name == "DATABASE_URL"
            then .valueFrom |= sub("[^/]+$"; $parameter) else . end)
        | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt,
              .registeredBy, .deregisteredAt, .deleteRequestedAt)' >"$private/definition.json"
container=$(jq -r '.containerDefinitions[0].name' "$private/definition.json")
definition=$(aws ecs register-task-definition --cli-input-json "file://$private/definition.json" | jq -re .taskDefinition.taskDefinitionArn)

ended() {
    aws ecs describe-tasks --cluster "$CLUSTER" --tasks "$1" | jq '.tasks[0]' >"$private/task"
    [ "$(jq -r .lastStatus "$private/task")" = STOPPED ]
}

# Has the program look at the copy: look 'what for' ARGUMENT…
look() {
    local what=$1 task network
    shift
    network="awsvpcConfiguration={subnets=[$SUBNETS],securityGroups=[$SECURITY_GROUP],assignPublicIp=DISABLED}"
    task=$(aws ecs run-task --cluster "$CLUSTER" --task-definition "$definition" --launch-type FARGATE \
        --network-configuration "$network" --started-by restore-drill --overrides "$(jq -nc --arg name "$container" \
            '{containerOverrides: [{name: $name, command: $ARGS.positional}]}' --args -- "$@")" | jq -re '.tasks[0].taskArn')
    until_true "$TASK_LIMIT" "$what" ended "$task"
    jq -e '.containers | length > 0 and all(.exitCode == 0)' "$private/task" >/dev/null ||
        die "$what failed: $(jq -c '[.stoppedReason, (.containers[] | {exitCode, reason})]' "$private/task")"
    say "$what: sound"
}
look "database reached, migrated and guarded" doctor
look "audit chains" admin verify-audit
look "stored scores, made again" model replay --limit "${REPLAY_ROWS:-10000}"

took=$((SECONDS - began))
say "restored after $restored s, found sound after $took s (allowed: $RTO_SECONDS)"
aws cloudwatch put-metric-data --namespace AccuNode/Recovery --metric-data \
    "MetricName=RestoreSeconds,Unit=Seconds,Value=$took,Dimensions=[{Name=Database,Value=$DB_INSTANCE}]" \
    "MetricName=LostSeconds,Unit=Seconds,Value=$lost,Dimensions=[{Name=Database,Value=$DB_INSTANCE}]"
[ "$took" -le "$RTO_SECONDS" ] || die "that is longer than promised"
