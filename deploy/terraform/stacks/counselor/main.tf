data "aws_caller_identity" "current" {}

locals {
  name    = "counselor-${var.environment}"
  account = data.aws_caller_identity.current.account_id
  parts   = { frontend = "${local.name}-frontend", backend = "${local.name}-backend" }
  made = {
    JWT_SECRET     = { length = 64 }
    SESSION_SECRET = { length = 64 }
    ENCRYPTION_KEY = { length = 64, hex = true }
    WEBHOOK_SECRET = { length = 32 }
  }
}

module "key" {
  source = "../../modules/key"
  name   = local.name
}

# Nothing lies in a database: there is no third tier of subnets.
module "network" {
  source        = "../../modules/network"
  name          = local.name
  zones         = var.zones
  nat           = var.nat
  data_subnets  = false
  flow_log_days = var.log_days
  kms_key_arn   = module.key.arn
}

module "registry" {
  source      = "../../modules/registry"
  names       = values(local.parts)
  tag_prefix  = "${var.environment}-"
  keep        = 10
  kms_key_arn = module.key.arn
  removable   = !var.protected
}

# One origin for both: no calls between origins, and no name of a host that a container would have to find.
module "edge" {
  source      = "../../modules/edge"
  name        = local.name
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.public_subnet_ids
  domain      = var.domain
  zone        = var.zone
  protected   = var.protected
  logs_bucket = "${local.name}-access-${local.account}"
  kms_key_arn = module.key.arn
  # The model is asked up to three times for 30 seconds, with pauses.
  idle_seconds = 120

  services = {
    backend  = { port = 3001, paths = ["/api/*", "/health"], priority = 100, health_timeout = 5, unhealthy_after = 2 }
    frontend = { port = 3000, paths = ["/*"], priority = 200, health_timeout = 5, unhealthy_after = 2 }
  }
}

module "cluster" {
  source = "../../modules/cluster"
  name   = local.name
}

module "secrets" {
  source         = "../../modules/secrets"
  providers      = { aws = aws, aws.random = aws.random }
  prefix         = "/counselor/${var.environment}"
  kms_key_arn    = module.key.arn
  revision       = var.secrets_revision
  generate       = local.made
  given_names    = var.given_secrets
  given          = merge({ OPENAI_API_KEY = var.openai_api_key }, var.given_secret_values)
  bundle         = concat(["OPENAI_API_KEY"], keys(local.made))
  recovery_days  = var.protected ? 7 : 0
  replica_region = var.backup_region
}

module "pipeline" {
  source          = "../../modules/pipeline"
  count           = var.github_repository == "" ? 0 : 1
  name            = local.name
  repository      = var.github_repository
  environment     = "counselor-${var.environment}"
  make_provider   = var.github_provider
  state           = { bucket = var.state_bucket, key = "counselor/${var.environment}.tfstate" }
  repository_arns = module.registry.arns
  cluster         = { name = module.cluster.name, arn = module.cluster.arn }
  role_arns       = flatten([for t in module.task : t.role_arns])
  secrets_prefix  = "counselor/${var.environment}"
  kms_key_arn     = module.key.arn
  topic_arn       = module.observe.topic_arn
}
