# Environment test. Run with its variable file.
mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
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
      domain_name           = "counselor.example.com"
      resource_record_name  = "_proof.counselor.example.com"
      resource_record_type  = "CNAME"
      resource_record_value = "_proof.acm-validations.aws"
    }]
  }
}

variables {
  frontend_image_tag  = "test-1a2b3c4-20260131120000"
  backend_image_tag   = "test-1a2b3c4-20260131120000"
  openai_api_key      = "sk-given-given-given-given"
  given_secrets       = ["JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"]
  given_secret_values = { JWT_SECRET = "given", SESSION_SECRET = "given", ENCRYPTION_KEY = "given", WEBHOOK_SECRET = "given" }
}

run "everywhere" {
  command = apply

  assert {
    condition     = module.service["frontend"].facts.behind_balancer && module.service["backend"].facts.behind_balancer
    error_message = "Both services stand behind the balancer."
  }
  assert {
    condition     = module.edge.facts.rules["backend"].priority == 100 && module.edge.facts.rules["backend"].paths == tolist(["/api/*", "/health"]) && module.edge.facts.rules["frontend"].paths == tolist(["/*"])
    error_message = "/api and /health go to the backend, the rest to the frontend."
  }
  assert {
    condition     = alltrue([for h in values(module.edge.facts.health) : h.path == "/health" && h.interval == 30 && h.timeout == 5 && h.healthy_threshold == 2 && h.unhealthy_threshold == 2 && h.target_type == "ip"])
    error_message = "Both are asked for /health every 30 s."
  }
  assert {
    condition     = module.task["frontend"].facts.container.portMappings[0].containerPort == 3000 && module.task["backend"].facts.container.portMappings[0].containerPort == 3001
    error_message = "Frontend on 3000, backend on 3001."
  }
  assert {
    condition     = alltrue([for t in values(module.task) : t.facts.container.readonlyRootFilesystem && t.facts.container.user == "1001:1001" && t.facts.container.healthCheck.interval == 30 && t.facts.container.healthCheck.startPeriod == 60])
    error_message = "Containers: read-only root, not root, asked for their health."
  }
  assert {
    condition     = toset(module.task["backend"].facts.container.secrets[*].name) == toset(["OPENAI_API_KEY", "JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"]) && length(module.task["frontend"].facts.container.secrets) == 0
    error_message = "The backend gets five secrets by reference, the frontend none."
  }
  assert {
    condition     = alltrue([for t in values(module.task) : length(t.facts.program) == 0])
    error_message = "Neither program may call anything in AWS."
  }
  assert {
    condition     = alltrue([for s in values(module.service) : s.facts.circuit_breaker.enable && s.facts.circuit_breaker.rollback && !s.facts.public_address && !contains(keys(s.facts.capacity), "FARGATE_SPOT")])
    error_message = "Services go back when a release fails, have no public address, and run on ordinary capacity."
  }
  assert {
    condition     = alltrue([for r in values(module.registry.facts) : r.mutability == "IMMUTABLE" && r.scanned && r.rules[1].selection.countNumber == 10 && r.rules[1].selection.tagPrefixList == ["${var.environment}-"]])
    error_message = "Tags are immutable, images are scanned, and the last 10 of the environment stay."
  }
  assert {
    condition     = toset(keys(module.observe.facts.alarms)) == toset(["errors", "frontend-cpu", "frontend-memory", "frontend-tasks", "backend-cpu", "backend-memory", "backend-tasks"]) && alltrue([for a in values(module.observe.facts.alarms) : a.told])
    error_message = "Alarms: CPU, memory, server errors, failing tasks; each is told to somebody."
  }
  assert {
    condition     = !module.network.facts.public_addresses && length(module.network.facts.data_zones) == 0 && length(module.network.facts.public_zones) == 2
    error_message = "Public subnets in two zones for the balancer, nothing private with a public address, no tier of data."
  }
  assert {
    condition     = module.edge.facts.idle_seconds > 90
    error_message = "The balancer waits longer than three tries of the model take."
  }
}

run "test" {
  command = apply

  assert {
    condition     = module.network.facts.private_zones == tolist(["us-east-1a"]) && module.network.facts.nat_gateways == 1
    error_message = "One zone, one NAT gateway."
  }
  assert {
    condition     = alltrue([for s in values(module.service) : s.facts.tasks == 1 && s.facts.bounds == null]) && alltrue([for t in values(module.task) : t.facts.cpu == "256" && t.facts.memory == "512"])
    error_message = "One small task each, whose number stays."
  }
  assert {
    condition     = module.observe.facts.log_days == tolist([14])
    error_message = "Logs stay 14 days."
  }
  assert {
    condition     = !module.edge.facts.protected && module.edge.facts.ssl_policy == null && module.edge.facts.http == "fixed-response"
    error_message = "Not protected, plain HTTP."
  }
  assert {
    condition     = module.secrets.facts.replicas == 1
    error_message = "A second region keeps the secrets."
  }
}

run "tls_where_it_is_wanted" {
  command = apply

  variables {
    domain = "counselor.example.com"
    zone   = "example.com"
  }

  assert {
    condition     = module.edge.facts.http == "redirect" && startswith(module.edge.facts.ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "With a domain there is TLS."
  }
}

# Without a domain, and with as many zones as the original has everywhere.
run "as_large_as_the_original" {
  command = apply

  variables {
    zones = 2
    nat   = "per_zone"
  }

  assert {
    condition     = module.network.facts.nat_gateways == 2 && length(module.network.facts.private_zones) == 2
    error_message = "Two zones, each with a way out of its own."
  }
}
