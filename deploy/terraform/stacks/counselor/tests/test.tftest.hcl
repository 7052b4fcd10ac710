# Environment test. Run with its variable file, and with the tags of its images.
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

run "test" {
  command = plan

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
  command = plan

  variables {
    domain = "counselor.example.com"
    zone   = "example.com"
  }

  assert {
    condition     = module.edge.facts.http == "redirect" && startswith(module.edge.facts.ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "With a domain there is TLS."
  }
}
