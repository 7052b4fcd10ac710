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

output "pipeline_role" {
  value = one(module.pipeline[*].role_arn)
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
