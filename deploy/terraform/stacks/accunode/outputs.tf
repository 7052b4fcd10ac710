output "url" {
  value = module.edge.url
}

output "repository" {
  value = module.registry.urls[local.name]
}

output "image_tag" {
  value = var.image_tag
}

output "files_bucket" {
  value = module.files.name
}

output "alarms_topic" {
  value = module.observe.topic_arn
}

output "pipeline" {
  description = "Variables of the environments on GitHub; see deploy/ci/README.md."
  value = {
    AWS_REGION         = var.region
    STATE_BUCKET       = var.state_bucket
    DEPLOY_ROLE_ARN    = one(module.pipeline[*].role_arn)
    PLAN_ROLE_ARN      = one(module.pipeline[*].plan_role_arn)
    DRILL_ROLE_ARN     = one(module.pipeline[*].drill_role_arn)
    REPOSITORY_URL     = module.registry.urls[local.name]
    CLUSTER            = local.name
    ROLLING            = var.api.blue_green ? local.services.worker : "${local.services.worker} ${local.services.api}"
    BLUE_GREEN         = var.api.blue_green ? local.services.api : ""
    MIGRATE_FAMILY     = local.services.migrate
    PUBLIC_URL         = module.edge.url
    TEST_URL           = lookup(module.edge.test_urls, "api", "")
    NOTIFY_TOPIC_ARN   = module.observe.topic_arn
    DB_INSTANCE        = module.postgres.id
    DATABASE_PARAMETER = "${local.prefix}/database-url"
    SUBNETS            = join(",", module.network.private_subnet_ids)
    SECURITY_GROUP     = module.migration.security_group_id
  }
}

output "release" {
  description = "What deploy/bin/deploy needs to know. Services that CodeDeploy switches have a group there of their own name."
  value = {
    cluster = module.cluster.name
    services = {
      (module.api.name)    = { definition = module.api_task.definition_arn, blue_green = module.api.blue_green, port = 8000 }
      (module.worker.name) = { definition = module.worker_task.definition_arn, blue_green = false, port = null }
    }
  }
}

output "migration" {
  description = "The task that migrates the database, and where it runs. Made before everything else, so it depends on nothing else."
  value = {
    cluster        = module.cluster.name
    definition     = module.migration.definition_arn
    subnets        = module.network.private_subnet_ids
    security_group = module.migration.security_group_id
  }
}
