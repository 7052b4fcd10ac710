# Names of an installation on AWS, as its stack gives them: . deploy/runbooks/names.sh ENVIRONMENT
# shellcheck shell=bash
ENVIRONMENT=${1:-prod}
NAME=accunode-$ENVIRONMENT
export ENVIRONMENT NAME CLUSTER=$NAME API=$NAME-api WORKER=$NAME-worker
export ROLLING=$WORKER BLUE_GREEN=$API MIGRATE_FAMILY=$NAME-migrate
export DB_INSTANCE=$NAME CACHE=$NAME PREFIX=/accunode/$ENVIRONMENT DATABASE_PARAMETER=/accunode/$ENVIRONMENT/database-url
export AWS_REGION=${AWS_REGION:-us-east-1} AWS_PAGER=""
# Where people come in, and where Terraform keeps what it knows: set both to yours.
export PUBLIC_URL=${PUBLIC_URL:-https://accunode.example.com} ACCUNODE_STATE_BUCKET=${ACCUNODE_STATE_BUCKET:-}
