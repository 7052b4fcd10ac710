# What every phase of production promises, in one run: a plan takes longer than all questions to it. Run with the
# variable files of each phase.
mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

# Unused, for every secret is given; it cannot be mocked.
provider "aws" {
  alias                       = "random"
  region                      = "us-east-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}

override_resource {
  target = module.edge.aws_acm_certificate.this
  values = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"
    domain_validation_options = [{
      domain_name           = "accunode.example.com"
      resource_record_name  = "_proof.accunode.example.com"
      resource_record_type  = "CNAME"
      resource_record_value = "_proof.acm-validations.aws"
    }]
  }
}

variables {
  image_tag           = "prod-1a2b3c4"
  given_secrets       = ["secret-key", "database-password"]
  given_secret_values = { secret-key = "given", database-password = "given" }
  github_repository   = "example/accunode"
  state_bucket        = "states"
}

run "promises" {
  command = plan

  # Network.
  assert {
    condition     = module.network.facts.cidr == "10.0.0.0/16"
    error_message = "The network is 10.0.0.0/16."
  }
  assert {
    condition     = !module.network.facts.public_addresses
    error_message = "Nothing private gets a public address."
  }
  assert {
    condition     = length(module.network.facts.public_zones) == 2 && length(module.network.facts.data_zones) == 2
    error_message = "The balancer and the database get subnets in two zones."
  }
  assert {
    condition     = module.network.facts.endpoints[0] == "Gateway"
    error_message = "S3 is reached without NAT."
  }
  assert {
    condition     = module.edge.facts.open_ports == tolist(["443", "80"])
    error_message = "The balancer listens on 80 and 443 alone."
  }

  # Balancer.
  assert {
    condition     = module.edge.facts.http == "redirect" && startswith(module.edge.facts.ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "HTTP leads to HTTPS with TLS 1.2 or newer."
  }
  assert {
    condition     = module.edge.facts.rules["api"].paths == tolist(["/*"]) && module.edge.facts.health["api-blue"].path == "/health"
    error_message = "Everything goes to the API, which is asked for /health."
  }
  assert {
    condition     = module.edge.facts.health["api-blue"].port == 8000 && module.edge.facts.health["api-blue"].interval == 30 && module.edge.facts.health["api-blue"].timeout == 10 && module.edge.facts.health["api-blue"].healthy_threshold == 2 && module.edge.facts.health["api-blue"].unhealthy_threshold == 3
    error_message = "The check: port 8000, every 30 s, 10 s at most, 2 good or 3 bad in a row."
  }
  assert {
    condition     = contains(keys(module.edge.facts.health), "api-green")
    error_message = "A second target group for blue/green."
  }
  assert {
    condition     = module.edge.facts.protected && module.edge.facts.logged
    error_message = "The balancer is protected and writes access logs."
  }

  # Data.
  assert {
    condition     = module.postgres.facts.encrypted && !module.postgres.facts.public && module.postgres.facts.protected && module.postgres.facts.last_snapshot
    error_message = "The database is encrypted, private, protected, and leaves a last snapshot."
  }
  assert {
    condition     = module.postgres.facts.parameters["rds.force_ssl"] == "1"
    error_message = "The database takes only encrypted connections."
  }
  assert {
    condition     = module.postgres.facts.backup_days >= 1 && module.postgres.facts.backup_days <= 7 && module.postgres.facts.backup_days == var.database.backup_days
    error_message = "Backups of one to seven days."
  }
  assert {
    condition     = module.postgres.facts.who_connects == tolist(["PostgreSQL from api", "PostgreSQL from migrate", "PostgreSQL from worker"]) && !module.postgres.facts.from_addresses
    error_message = "Only the services' groups reach the database."
  }
  assert {
    condition     = module.cache.facts.at_rest && module.cache.facts.on_the_way
    error_message = "The cache is encrypted at rest and on the way."
  }
  assert {
    condition     = module.cache.facts.who_connects == tolist(["Redis protocol from api", "Redis protocol from worker"])
    error_message = "Only API and workers reach the cache."
  }
  assert {
    condition     = module.files.facts.versioned == "Enabled" && module.files.facts.algorithm == "aws:kms" && module.files.facts.private && !module.files.facts.removable
    error_message = "Files are versioned, encrypted, private, and outlive the stack."
  }
  assert {
    condition     = module.files.facts.rules["broken-uploads"] == "Enabled" && module.files.facts.policy.Statement[0].Effect == "Deny"
    error_message = "Broken uploads end, and plain HTTP is refused."
  }

  # Tasks.
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task, module.migration] : t.facts.container.readonlyRootFilesystem && t.facts.container.user == "10001:10001" && !t.facts.container.privileged && t.facts.container.linuxParameters.capabilities.drop == ["ALL"]])
    error_message = "Every container: read-only root, not root, no capabilities."
  }
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task, module.migration] : t.facts.kept && endswith(t.facts.container.image, ":prod-1a2b3c4")])
    error_message = "Every task runs the release, and its earlier revisions stay."
  }
  assert {
    condition     = module.api_task.facts.container.command == ["serve", "--no-migrate", "--no-worker"] && module.api_task.facts.container.portMappings[0].containerPort == 8000
    error_message = "The API serves on 8000, and neither migrates nor works on jobs."
  }
  assert {
    condition     = module.api_task.facts.container.healthCheck.command == ["CMD", "/accunode", "health"]
    error_message = "The program itself says whether it is well: the image has no shell."
  }
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task] : contains(t.facts.container.environment, { name = "DATABASE_POOL_SIZE", value = tostring(var.database.pool) })])
    error_message = "Tasks know how many connections they may open."
  }
  assert {
    condition     = module.worker_task.facts.container.command[0] == "worker" && !can(module.worker_task.facts.container.portMappings)
    error_message = "The worker has no port."
  }
  assert {
    condition     = module.migration.facts.container.command == ["migrate"] && length(module.migration.facts.program) == 0
    error_message = "The migration may call nothing in AWS."
  }
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task] : toset(t.facts.container.secrets[*].name) == toset(["DATABASE_URL", "REDIS_URL", "SECRET_KEY"]) && length([for e in t.facts.container.environment : e if strcontains(e.name, "SECRET") || strcontains(e.name, "PASSWORD") || e.name == "DATABASE_URL"]) == 0])
    error_message = "Secrets come by reference, never as plain variables."
  }
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task] : toset(t.facts.program[0].Action) == toset(["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]) && endswith(t.facts.program[0].Resource[0], "/accunode/*")])
    error_message = "Programs may touch the files of their prefix alone."
  }
  assert {
    condition     = alltrue(flatten([for t in [module.api_task, module.worker_task, module.migration] : [for s in concat(t.facts.execution, t.facts.program) : s.Sid == "SignInToRegistry" || !contains(s.Resource, "*")]]))
    error_message = "No permission is for everything but the one that cannot be limited."
  }
  assert {
    condition     = alltrue(flatten([for t in [module.api_task, module.worker_task, module.migration] : [for s in concat(t.facts.execution, t.facts.program) : [for a in s.Action : !endswith(a, "*")]]]))
    error_message = "No permission has a wildcard in its action."
  }
  assert {
    condition     = length([for s in module.api_task.facts.program : s if s.Sid == "Workers" && s.Action == ["ecs:DescribeServices"]]) == 1 && length([for s in module.worker_task.facts.program : s if s.Sid == "Workers"]) == 0
    error_message = "The API may look at the workers' service; only where its own rules scale may it change it."
  }

  # Services.
  assert {
    condition     = !module.api.facts.public_address && !module.worker.facts.public_address
    error_message = "Tasks have no public address."
  }
  assert {
    condition     = module.api.facts.controller == "CODE_DEPLOY" && module.api.facts.goes_back_on == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"])
    error_message = "The API is switched blue/green and goes back on failure and alarm."
  }
  assert {
    condition     = length(module.api.facts.tried_at) == 1 && !module.api.facts.waits_for_word && module.edge.facts.test_ports["api"].protocol == "HTTPS" && length(module.edge.facts.test_ports["api"].from) == 0
    error_message = "There is a listener for trials, closed until testers are named."
  }
  assert {
    condition     = module.worker.facts.circuit_breaker.enable && module.worker.facts.circuit_breaker.rollback && module.worker.facts.healthy_percent == 50
    error_message = "Workers are replaced by halves, with a circuit breaker that goes back."
  }
  assert {
    condition     = module.api.facts.bounds == { min = var.api.min, max = var.api.max } && module.worker.facts.bounds == { min = var.worker.min, max = var.worker.max }
    error_message = "Both services have bounds."
  }
  assert {
    condition     = module.api.facts.tracked["ECSServiceAverageCPUUtilization"].target == 70 && module.api.facts.marks["slow"].threshold == 0.3 && module.api.facts.marks["slow"].minutes == 3
    error_message = "The API scales on CPU 70 % and on answers slower than 300 ms for three minutes."
  }
  assert {
    condition     = module.worker.facts.marks["queue-up"] == { metric = "PendingJobs", threshold = 20, minutes = 3 } && module.worker.facts.marks["queue-down"] == { metric = "PendingJobs", threshold = 5, minutes = 10 }
    error_message = "Workers come above 20 jobs for three minutes and go below 5 for ten."
  }
  assert {
    condition     = module.worker.facts.steps == { queue-up = tolist([1]), queue-down = tolist([-1]) } && module.worker.facts.backlog == 15 && !module.worker.facts.tracked["ECSServiceAverageCPUUtilization"].in_also
    error_message = "Only a short queue takes workers away."
  }
  assert {
    condition     = !contains(keys(module.api.facts.capacity), "FARGATE_SPOT")
    error_message = "The API never runs on spare capacity."
  }

  # Watched, and delivered.
  assert {
    condition     = length(setsubtract(["api-cpu", "worker-cpu", "response", "response-p95", "errors", "queue", "unhealthy", "database-cpu", "database-connections", "cache-memory", "api-tasks", "worker-tasks"], keys(module.observe.facts.alarms))) == 0
    error_message = "Every alarm of the list is there."
  }
  assert {
    condition     = alltrue([for a in values(module.observe.facts.alarms) : a.told]) && length(module.observe.facts.readers) > 0
    error_message = "Every alarm is told to somebody."
  }
  assert {
    condition     = module.observe.facts.log_days == tolist([30]) && module.postgres.facts.log_days == tolist([7])
    error_message = "Logs of the tasks stay 30 days, those of the database 7."
  }
  assert {
    condition     = module.registry.facts["accunode-prod"].mutability == "IMMUTABLE" && module.registry.facts["accunode-prod"].scanned && module.registry.facts["accunode-prod"].rules[1].selection.countNumber == 7 && module.registry.facts["accunode-prod"].rules[1].selection.tagPrefixList == ["prod-"]
    error_message = "Tags are immutable, images are scanned, and the last 7 of prod- stay."
  }
  assert {
    condition     = module.pipeline[0].facts.trusted["deploy"]["token.actions.githubusercontent.com:sub"] == "repo:example/accunode:environment:prod"
    error_message = "Only the repository's environment prod may release."
  }
  assert {
    condition     = module.pipeline[0].facts.trusted["plan"]["token.actions.githubusercontent.com:sub"] == "repo:example/accunode:environment:prod-plan"
    error_message = "Plans have an environment of their own."
  }
}
