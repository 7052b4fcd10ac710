# What a mistake in the variables is answered with. Run with the variable files of startup and prod.
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

run "environment_with_capitals" {
  command = plan

  variables {
    environment = "Prod"
    image_tag   = "Prod-1a2b3c4"
  }

  expect_failures = [var.environment]
}

run "image_latest" {
  command = plan

  variables {
    image_tag = "latest"
  }

  expect_failures = [var.image_tag]
}

run "image_of_another_environment" {
  command = plan

  variables {
    image_tag = "staging-1a2b3c4"
  }

  expect_failures = [var.image_tag]
}

run "unknown_phase" {
  command = plan

  variables {
    phase = "huge"
  }

  expect_failures = [var.phase]
}

run "prod_without_domain" {
  command = plan

  variables {
    domain = ""
  }

  expect_failures = [var.domain]
}

run "prod_unprotected" {
  command = plan

  variables {
    protected = false
  }

  expect_failures = [var.protected]
}

run "alarms_for_nobody" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}

run "pipeline_without_state" {
  command = plan

  variables {
    state_bucket = ""
  }

  expect_failures = [var.state_bucket]
}

run "secret_nobody_knows" {
  command = plan

  variables {
    given_secrets = ["secret-key", "database-password", "other"]
  }

  expect_failures = [var.given_secrets]
}

run "unknown_scaler" {
  command = plan

  variables {
    worker = { cpu = 1024, memory = 2048, min = 2, max = 6, scaler = "magic" }
  }

  expect_failures = [var.worker]
}

run "too_many_jobs" {
  command = plan

  variables {
    worker = { cpu = 1024, memory = 2048, min = 2, max = 6, jobs = 100 }
  }

  expect_failures = [var.worker]
}

run "bad_region" {
  command = plan

  variables {
    region = "mars"
  }

  expect_failures = [var.region]
}

run "more_connections_than_the_database_takes" {
  command = plan

  variables {
    database = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7 }
  }

  expect_failures = [check.connections]
}
