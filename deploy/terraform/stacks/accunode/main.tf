data "aws_caller_identity" "current" {}

locals {
  name    = "accunode-${var.environment}"
  account = data.aws_caller_identity.current.account_id
  image   = "${module.registry.urls[local.name]}:${var.image_tag}"
  prefix  = "/accunode/${var.environment}"
}

module "key" {
  source = "../../modules/key"
  name   = local.name
}

module "network" {
  source              = "../../modules/network"
  name                = local.name
  zones               = var.zones
  nat                 = var.nat
  interface_endpoints = var.interface_endpoints
  kms_key_arn         = module.key.arn
}

module "registry" {
  source      = "../../modules/registry"
  names       = [local.name]
  tag_prefix  = "${var.environment}-"
  keep        = 7
  kms_key_arn = module.key.arn
  removable   = !var.protected
}

module "files" {
  source      = "../../modules/files"
  name        = "${local.name}-files-${local.account}"
  kms_key_arn = module.key.arn
  removable   = !var.protected
}

module "edge" {
  source      = "../../modules/edge"
  name        = local.name
  vpc_id      = module.network.vpc_id
  subnet_ids  = module.network.public_subnet_ids
  domain      = var.domain
  zone        = var.zone
  testers     = var.testers
  protected   = var.protected
  logs_bucket = "${local.name}-access-${local.account}"
  kms_key_arn = module.key.arn
  # Events of an upload are a stream that may be silent for a while.
  idle_seconds = 120

  services = {
    api = { port = 8000, paths = ["/*"], priority = 100, blue_green = var.api.blue_green }
  }

  # Files are data, not commands: their length and their contents are the server's to judge.
  waf = var.firewall_requests == 0 ? null : {
    requests   = var.firewall_requests
    count_only = ["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY", "GenericRFI_BODY"]
  }
}

module "cluster" {
  source = "../../modules/cluster"
  name   = local.name
  machines = var.machines == null ? null : {
    instance_type = var.machines.instance_type
    min           = var.machines.min
    max           = var.machines.max
    subnet_ids    = module.network.private_subnet_ids
    vpc_id        = module.network.vpc_id
  }
}

module "postgres" {
  source            = "../../modules/postgres"
  name              = local.name
  vpc_id            = module.network.vpc_id
  subnet_ids        = module.network.data_subnet_ids
  clients           = local.clients
  instance_class    = var.database.class
  storage_gb        = var.database.storage_gb
  storage_max_gb    = var.database.storage_max_gb
  multi_az          = var.database.multi_az
  replicas          = var.database.replicas
  backup_days       = var.database.backup_days
  protected         = var.protected
  password          = module.secrets.values["database-password"]
  password_revision = var.secrets_revision
  kms_key_arn       = module.key.arn
}

module "cache" {
  source         = "../../modules/cache"
  name           = local.name
  vpc_id         = module.network.vpc_id
  subnet_ids     = module.network.data_subnet_ids
  clients        = { for name, group in local.clients : name => group if name != "migrate" }
  node_type      = var.cache.node_type
  nodes          = var.cache.nodes
  engine         = var.cache.engine
  token_revision = var.secrets_revision
  kms_key_arn    = module.key.arn
}

locals {
  clients = {
    api     = module.api_task.security_group_id
    worker  = module.worker_task.security_group_id
    migrate = module.migration.security_group_id
  }

  tls_mode = var.database.root_certificates == "" ? "sslmode=require" : "sslmode=verify-full&sslrootcert=${var.database.root_certificates}"
  admin    = var.admin_email == "" ? [] : ["admin-password"]
}

module "secrets" {
  source      = "../../modules/secrets"
  providers   = { aws = aws, aws.random = aws.random }
  prefix      = local.prefix
  kms_key_arn = module.key.arn
  revision    = var.secrets_revision
  generate    = merge({ secret-key = { length = 64 }, database-password = { length = 40 } }, { for name in local.admin : name => { length = 32 } })
  given_names = var.given_secrets
  given       = var.given_secret_values
  parameters  = concat(["secret-key", "database-url", "redis-url"], local.admin)

  parameter_values = merge(module.secrets.values, {
    database-url = "postgres://${module.postgres.username}:${module.secrets.values["database-password"]}@${module.postgres.address}:${module.postgres.port}/${module.postgres.database}?${local.tls_mode}"
    redis-url    = module.cache.url
  })
}

module "pipeline" {
  source          = "../../modules/pipeline"
  count           = var.github_repository == "" ? 0 : 1
  name            = local.name
  repository      = var.github_repository
  environment     = var.environment
  make_provider   = var.github_provider
  state           = { bucket = var.state_bucket, key = "accunode/${var.environment}.tfstate" }
  repository_arns = module.registry.arns
  cluster         = { name = module.cluster.name, arn = module.cluster.arn }
  role_arns       = concat(module.api_task.role_arns, module.worker_task.role_arns, module.migration.role_arns)
  secrets_prefix  = "accunode/${var.environment}"
  kms_key_arn     = module.key.arn
  topic_arn       = module.observe.topic_arn
  drill           = { parameter_arn = module.secrets.parameter_arns["database-url"], role_arns = module.migration.role_arns }
}
