output "url" {
  value = module.edge.url
}

output "backend_url" {
  value = "${module.edge.url}/api"
}

output "balancer" {
  value = module.edge.dns_name
}

output "vpc_id" {
  value = module.network.vpc_id
}

output "repositories" {
  value = module.registry.urls
}

output "secret" {
  description = "Where the secrets lie; not what they are."
  value       = module.secrets.bundle_arn
}

output "log_group" {
  value = module.observe.log_groups["all"].name
}

output "alarms_topic" {
  value = module.observe.topic_arn
}

output "frontend_image_tag" {
  value = var.frontend_image_tag
}

output "backend_image_tag" {
  value = var.backend_image_tag
}

output "pipeline" {
  description = "Variables of the environment on GitHub; see deploy/ci/README.md."
  value = {
    AWS_REGION              = var.region
    DEPLOY_ROLE_ARN         = one(module.pipeline[*].role_arn)
    CLUSTER                 = local.name
    FRONTEND_SERVICE        = local.parts.frontend
    BACKEND_SERVICE         = local.parts.backend
    FRONTEND_REPOSITORY_URL = module.registry.urls[local.parts.frontend]
    BACKEND_REPOSITORY_URL  = module.registry.urls[local.parts.backend]
    PUBLIC_URL              = module.edge.url
    NOTIFY_TOPIC_ARN        = module.observe.topic_arn
  }
}

output "release" {
  description = "What deploy/bin/deploy needs to know."
  value = {
    cluster  = module.cluster.name
    services = { for part, s in module.service : s.name => { definition = module.task[part].definition_arn, blue_green = false, port = local.settings[part].port } }
  }
}
