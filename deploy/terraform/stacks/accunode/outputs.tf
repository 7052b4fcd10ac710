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
  description = "What deploy/bin/deploy needs to know."
  value = {
    cluster  = module.cluster.name
    services = [module.api.name, module.worker.name]
    # Switched by CodeDeploy: application and group are named as the service.
    blue_green = [for s in [{ name = module.api.name, port = 8000, on = module.api.blue_green, definition = module.api_task.definition_arn }] : { service = s.name, port = s.port, definition = s.definition } if s.on]
    migration = {
      definition     = module.migration.definition_arn
      subnets        = module.network.private_subnet_ids
      security_group = module.migration.security_group_id
    }
  }
}
