locals {
  settings = {
    frontend = {
      tag         = var.frontend_image_tag
      port        = 3000
      environment = {}
      secrets     = {}
      # What nginx writes to while it runs.
      writable = ["/tmp", "/var/cache/nginx", "/var/run"]
    }
    backend = {
      tag  = var.backend_image_tag
      port = 3001
      environment = merge(
        { NODE_ENV = "production", PORT = "3001", FRONTEND_URL = module.edge.url },
        var.webhook_url == "" ? {} : { WEBHOOK_URL = var.webhook_url },
      )
      secrets  = module.secrets.bundle_keys
      writable = ["/tmp"]
    }
  }
}

module "task" {
  source           = "../../modules/task"
  for_each         = local.settings
  name             = local.parts[each.key]
  image            = "${module.registry.urls[local.parts[each.key]]}:${each.value.tag}"
  cpu              = var.cpu
  memory           = var.memory
  port             = each.value.port
  user             = "1001:1001"
  writable         = each.value.writable
  environment      = each.value.environment
  secrets          = each.value.secrets
  secrets_revision = var.secrets_revision
  repository_arns  = module.registry.arns
  kms_key_arn      = module.key.arn
  log_group        = module.observe.log_groups["all"]
  vpc_id           = module.network.vpc_id

  # The images are made from Alpine, which has wget and no curl.
  health_command = ["CMD-SHELL", "wget -q -O /dev/null http://127.0.0.1:${each.value.port}/health || exit 1"]
}

module "service" {
  source     = "../../modules/service"
  for_each   = local.settings
  name       = local.parts[each.key]
  task       = { definition_arn = module.task[each.key].definition_arn, security_group_id = module.task[each.key].security_group_id }
  cluster    = { name = module.cluster.name, arn = module.cluster.arn }
  subnet_ids = module.network.private_subnet_ids
  tasks      = var.tasks

  balancer = {
    security_group_id = module.edge.security_group_id
    listener_arn      = module.edge.listener_arn
    suffix            = module.edge.balancer_suffix
    port              = each.value.port
    target_groups     = module.edge.target_groups[each.key]
  }

  rollback_alarms = [module.observe.alarm_names["errors"]]

  scaling = var.tasks_max == null ? null : {
    min         = var.tasks
    max         = var.tasks_max
    cpu_percent = var.cpu_percent
  }
}
