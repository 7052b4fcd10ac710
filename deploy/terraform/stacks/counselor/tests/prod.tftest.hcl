# Environment prod. Run with its variable file, and with the tags of its images.
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

run "prod" {
  command = plan

  assert {
    condition     = module.network.facts.private_zones == tolist(["us-east-1a", "us-east-1b"]) && module.network.facts.nat_gateways == 2
    error_message = "Two zones, each with a way out of its own."
  }
  assert {
    condition     = alltrue([for s in values(module.service) : s.facts.tasks == 2 && s.facts.bounds == { min = 2, max = 6 } && s.facts.tracked["ECSServiceAverageCPUUtilization"].target == 70])
    error_message = "Two to six tasks each, by CPU 70 %."
  }
  assert {
    condition     = alltrue([for t in values(module.task) : t.facts.cpu == "512" && t.facts.memory == "1024"])
    error_message = "Half a CPU and 1 GiB each."
  }
  assert {
    condition     = module.edge.facts.protected && module.edge.facts.http == "redirect" && startswith(module.edge.facts.ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "Protected, and HTTPS alone."
  }
  assert {
    condition     = module.observe.facts.log_days == tolist([30]) && module.secrets.facts.replicas == 1
    error_message = "Logs stay 30 days, and a second region keeps the secrets."
  }
}
