# What a mistake in the variables is answered with. Run with the variable files of startup and prod.
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

# Each variable in expect_failures has to be refused, or the run fails. A rule that compares two variables is asked only
# when the other one is right.
run "nothing_is_right" {
  command = plan

  variables {
    region        = "mars"
    environment   = "Prod"
    phase         = "huge"
    emails        = []
    state_bucket  = ""
    testers       = ["0.0.0.0/0"]
    given_secrets = ["secret-key", "database-password", "other"]
    worker        = { cpu = 1024, memory = 2048, min = 2, max = 6, scaler = "magic" }
    database      = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7, pool = 1 }
  }

  expect_failures = [
    var.region, var.environment, var.phase, var.emails, var.state_bucket, var.testers, var.given_secrets, var.worker,
    var.database,
  ]
}

run "not_for_prod" {
  command = plan

  variables {
    image_tag = "staging-1a2b3c4"
    domain    = ""
    protected = false
    worker    = { cpu = 1024, memory = 2048, min = 2, max = 6, jobs = 100 }
  }

  expect_failures = [var.image_tag, var.domain, var.protected, var.worker]
}

run "image_latest" {
  command = plan

  variables {
    image_tag = "latest"
  }

  expect_failures = [var.image_tag]
}

run "more_connections_than_the_database_takes" {
  command = plan

  variables {
    database = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7 }
  }

  expect_failures = [check.connections]
}
