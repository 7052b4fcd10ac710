locals {
  services = { api = "${local.name}-api", worker = "${local.name}-worker", migrate = "${local.name}-migrate" }

  # Folders that the image declares as volumes.
  writable = ["/data", "/tmp"]

  # What the server, the workers and the migration read alike.
  common = merge(var.settings, {
    ACCUNODE_DATA_DIR  = "/data"
    DATABASE_POOL_SIZE = tostring(var.database.pool)
    ACCUNODE_FILES     = "s3://${module.files.name}/accunode"
    AWS_REGION         = var.region
    ENVIRONMENT        = "production"
  })

  scaler = {
    ACCUNODE_SCALER      = "ecs" # also tells CloudWatch how long the queue is
    ACCUNODE_ECS_CLUSTER = module.cluster.name
    ACCUNODE_ECS_SERVICE = local.services.worker
    AUTO_SCALING_ENABLED = tostring(var.worker.scaler == "server")
    MIN_WORKERS          = tostring(var.worker.min)
    MAX_WORKERS          = tostring(var.worker.max)
    SCALE_UP_THRESHOLD   = tostring(var.worker.queue_up)
    SCALE_DOWN_THRESHOLD = tostring(var.worker.queue_down)
    SCALE_UP_COOLDOWN    = tostring(var.worker.out_seconds)
    SCALE_DOWN_COOLDOWN  = tostring(var.worker.in_seconds)
  }

  secrets = {
    DATABASE_URL = module.secrets.parameter_arns["database-url"]
    REDIS_URL    = module.secrets.parameter_arns["redis-url"]
    SECRET_KEY   = module.secrets.parameter_arns["secret-key"]
  }
  first_admin = var.admin_email == "" ? {} : { ACCUNODE_ADMIN_PASSWORD = module.secrets.parameter_arns["admin-password"] }

  of_files = [
    {
      Sid      = "Files"
      Effect   = "Allow"
      Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
      Resource = ["${module.files.arn}/accunode/*"]
    },
    {
      Sid       = "ListFiles"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [module.files.arn]
      Condition = { StringLike = { "s3:prefix" = ["accunode/*"] } }
    },
    {
      Sid       = "EncryptFiles"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [module.key.arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    },
  ]

  # The server changes the number of workers itself only where that is its task.
  of_scaler = [{
    Sid      = "Workers"
    Effect   = "Allow"
    Action   = concat(["ecs:DescribeServices"], var.worker.scaler == "server" ? ["ecs:UpdateService"] : [])
    Resource = ["arn:aws:ecs:${var.region}:${local.account}:service/${local.name}/${local.services.worker}"]
  }]

  data_groups = {
    database = { group = module.postgres.security_group_id, port = 5432 }
    cache    = { group = module.cache.security_group_id, port = 6379 }
  }

  provider = var.machines == null ? "FARGATE" : module.cluster.machines_provider
}

module "api_task" {
  source           = "../../modules/task"
  name             = local.services.api
  image            = local.image
  command          = ["serve", "--no-migrate", "--no-worker"]
  cpu              = var.api.cpu
  memory           = var.api.memory
  port             = 8000
  machines         = var.machines != null
  secrets          = merge(local.secrets, local.first_admin)
  secrets_revision = var.secrets_revision
  statements       = concat(local.of_files, local.of_scaler)
  repository_arns  = module.registry.arns
  kms_key_arn      = module.key.arn
  log_group        = module.observe.log_groups["api"]
  writable         = local.writable
  # The image has no shell. The program asks its own /health at PORT.
  health_command = ["CMD", "/accunode", "health"]
  vpc_id         = module.network.vpc_id
  egress         = var.egress_ports
  egress_groups  = local.data_groups

  environment = merge(local.common, local.scaler, {
    HOST                     = "0.0.0.0"
    PORT                     = "8000"
    ACCUNODE_PUBLIC_URL      = module.edge.url
    ACCUNODE_TRUSTED_PROXIES = "1" # the balancer
  }, var.admin_email == "" ? {} : { ACCUNODE_ADMIN_EMAIL = var.admin_email })
}

module "api" {
  source          = "../../modules/service"
  name            = local.services.api
  task            = { definition_arn = module.api_task.definition_arn, security_group_id = module.api_task.security_group_id }
  cluster         = { name = module.cluster.name, arn = module.cluster.arn }
  subnet_ids      = module.network.private_subnet_ids
  tasks           = var.api.min
  blue_green      = var.api.blue_green
  provider_name   = local.provider
  rollback_alarms = [module.observe.alarm_names["errors"]]
  trial_minutes   = length(var.testers) == 0 ? 0 : 15

  balancer = {
    security_group_id = module.edge.security_group_id
    listener_arn      = module.edge.listener_arn
    suffix            = module.edge.balancer_suffix
    port              = 8000
    target_groups     = module.edge.target_groups["api"]
  }

  scaling = {
    min         = var.api.min
    max         = var.api.max
    cpu_percent = var.api.cpu_percent
    out_seconds = var.api.out_seconds
    in_seconds  = var.api.in_seconds
    response    = { seconds = var.api.response_seconds, minutes = var.api.response_minutes }
  }
}

module "worker_task" {
  source           = "../../modules/task"
  name             = local.services.worker
  image            = local.image
  command          = ["worker", "--concurrency", tostring(var.worker.jobs)]
  cpu              = var.worker.cpu
  memory           = var.worker.memory
  machines         = var.machines != null
  environment      = merge(local.common, { ACCUNODE_PUBLIC_URL = module.edge.url })
  secrets          = local.secrets
  secrets_revision = var.secrets_revision
  statements       = local.of_files
  repository_arns  = module.registry.arns
  kms_key_arn      = module.key.arn
  log_group        = module.observe.log_groups["worker"]
  writable         = local.writable
  vpc_id           = module.network.vpc_id
  egress           = var.egress_ports
  egress_groups    = local.data_groups
}

module "worker" {
  source          = "../../modules/service"
  name            = local.services.worker
  task            = { definition_arn = module.worker_task.definition_arn, security_group_id = module.worker_task.security_group_id }
  cluster         = { name = module.cluster.name, arn = module.cluster.arn }
  subnet_ids      = module.network.private_subnet_ids
  tasks           = var.worker.min
  healthy_percent = 50
  provider_name   = local.provider
  spot_percent    = var.worker.spot_percent
  spot_base       = var.worker.spot_base

  # Where the server's own rules decide, no other scaler may.
  scaling = var.worker.scaler == "server" ? null : {
    min         = var.worker.min
    max         = var.worker.max
    cpu_percent = var.worker.cpu_percent
    tracked_in  = false
    out_seconds = var.worker.out_seconds
    in_seconds  = var.worker.in_seconds
    queue = {
      namespace    = "AccuNode"
      up_above     = var.worker.queue_up
      up_minutes   = var.worker.up_minutes
      down_below   = var.worker.queue_down
      down_minutes = var.worker.down_minutes
      per_task     = var.worker.per_task
    }
  }
}

# Run once by deploy/bin/deploy before the services are changed. The owner of the database may create roles.
module "migration" {
  source           = "../../modules/task"
  name             = local.services.migrate
  image            = local.image
  command          = ["migrate"]
  cpu              = 256
  memory           = 512
  environment      = { ACCUNODE_DATA_DIR = "/data", ENVIRONMENT = "production", AWS_REGION = var.region }
  secrets          = { for name, arn in local.secrets : name => arn if name != "REDIS_URL" }
  secrets_revision = var.secrets_revision
  repository_arns  = module.registry.arns
  kms_key_arn      = module.key.arn
  log_group        = module.observe.log_groups["migrate"]
  writable         = local.writable
  # The drill of a restore looks at the copy with this task's roles.
  further_parameters = ["${module.secrets.parameter_arns["database-url"]}-drill"]
  vpc_id             = module.network.vpc_id
  egress_groups      = { database = local.data_groups.database }
}
