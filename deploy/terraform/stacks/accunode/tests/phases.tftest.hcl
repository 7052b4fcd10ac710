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
  environment         = "prod"
  phase               = "startup"
  domain              = "accunode.example.com"
  zone                = "example.com"
  emails              = ["operations@example.com"]
  given_secrets       = ["secret-key", "database-password"]
  given_secret_values = { secret-key = "k", database-password = "p" }
  zones               = 2
  nat                 = "one"
  api                 = { cpu = 512, memory = 1024, min = 2, max = 4 }
  worker              = { cpu = 1024, memory = 2048, min = 2, max = 6, spot_percent = 50 }
  database            = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7 }
  cache               = { node_type = "cache.t3.micro" }
  budget_usd          = 250
}

run "startup" {
  command         = apply
  expect_failures = [check.connections]
}
