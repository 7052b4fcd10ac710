# What every environment promises. Run with the variable file of each, and with the tags of its images.
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
  openai_api_key      = "sk-given-given-given-given"
  given_secrets       = ["JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"]
  given_secret_values = { JWT_SECRET = "given", SESSION_SECRET = "given", ENCRYPTION_KEY = "given", WEBHOOK_SECRET = "given" }
}

run "promises" {
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
