# The sizes of phase growth. Run with its variable files.
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

run "growth" {
  command = apply

  assert {
    condition     = module.api.facts.tasks == 3 && module.worker.facts.tasks == 4
    error_message = "3 API tasks and 4 workers."
  }
  assert {
    condition     = module.postgres.facts.class == "db.t3.small" && module.postgres.facts.storage_gb == 50 && module.cache.facts.node_type == "cache.t3.small"
    error_message = "Database and cache of the second size."
  }
  assert {
    condition     = length(module.network.facts.private_zones) == 2
    error_message = "Two zones."
  }
}
