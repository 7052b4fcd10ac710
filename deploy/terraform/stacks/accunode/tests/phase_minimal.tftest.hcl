# The sizes of phase minimal. Run with its variable files.
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

run "minimal" {
  command = apply

  assert {
    condition     = module.network.facts.private_zones == tolist(["us-east-1a"]) && module.network.facts.nat_gateways == 1
    error_message = "One zone, one NAT gateway."
  }
  assert {
    condition     = alltrue([for t in [module.api_task, module.worker_task] : t.facts.cpu == "256" && t.facts.memory == "512"])
    error_message = "A quarter of a CPU and 512 MiB each."
  }
  assert {
    condition     = module.api.facts.tasks == 1 && module.worker.facts.tasks == 1 && module.worker.facts.surge_percent == 200
    error_message = "One task each; the next worker comes before the last one goes."
  }
  assert {
    condition     = module.edge.facts.firewall == null && module.cache.facts.nodes == 1 && !module.postgres.facts.multi_az
    error_message = "No firewall, one cache node, one database."
  }
}
