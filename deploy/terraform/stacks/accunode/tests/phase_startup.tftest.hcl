# The sizes of phase startup. Run with its variable files.
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

run "startup" {
  command = apply

  assert {
    condition     = module.network.facts.private_zones == tolist(["us-east-1a", "us-east-1b"]) && module.network.facts.nat_gateways == 1
    error_message = "Two zones, one NAT gateway."
  }
  assert {
    condition     = module.api.facts.bounds == { min = 2, max = 4 } && module.worker.facts.bounds == { min = 2, max = 6 }
    error_message = "2 to 4 API tasks, 2 to 6 workers."
  }
  assert {
    condition     = module.postgres.facts.class == "db.t3.micro" && module.postgres.facts.storage_gb == 20 && module.cache.facts.node_type == "cache.t3.micro"
    error_message = "The smallest database and cache."
  }
  assert {
    condition     = module.worker.facts.capacity["FARGATE_SPOT"].weight == 50 && module.worker.facts.capacity["FARGATE"].base == 1 && module.worker.facts.surge_percent == 100
    error_message = "Half of the workers beyond the first run on spare capacity, and half are replaced at a time."
  }
  assert {
    condition     = module.edge.facts.firewall == "accunode-prod"
    error_message = "A firewall."
  }
}

# Where the server's own rules scale, AWS does not, and the server may change the service.
run "server_scales" {
  command = plan

  variables {
    worker = { cpu = 1024, memory = 2048, min = 2, max = 6, scaler = "server" }
  }

  assert {
    condition     = module.worker.facts.bounds == null && length(module.worker.facts.steps) == 0
    error_message = "Two scalers would work against each other."
  }
  assert {
    condition     = length([for s in module.api_task.facts.program : s if s.Sid == "Workers" && toset(s.Action) == toset(["ecs:DescribeServices", "ecs:UpdateService"])]) == 1
    error_message = "The server may change the number of workers."
  }
  assert {
    condition     = contains(module.api_task.facts.container.environment, { name = "AUTO_SCALING_ENABLED", value = "true" }) && contains(module.api_task.facts.container.environment, { name = "MAX_WORKERS", value = "6" })
    error_message = "The server knows that it scales, and how far."
  }
}

run "machines" {
  command = plan

  variables {
    machines = { instance_type = "t3.small", min = 1, max = 4 }
    worker   = { cpu = 1024, memory = 1024 * 2, min = 2, max = 6 }
  }

  assert {
    condition     = module.api_task.facts.kind == toset(["EC2"]) && !contains(keys(module.worker.facts.capacity), "FARGATE")
    error_message = "Tasks run on the machines."
  }
}
