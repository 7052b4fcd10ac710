# What a mistake in the variables is answered with. Run with the variable file of prod.
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
  frontend_image_tag  = "prod-1a2b3c4-20260131120000"
  backend_image_tag   = "prod-1a2b3c4-20260131120000"
  openai_api_key      = "sk-given-given-given-given"
  given_secrets       = ["JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"]
  given_secret_values = { JWT_SECRET = "given", SESSION_SECRET = "given", ENCRYPTION_KEY = "given", WEBHOOK_SECRET = "given" }
}

run "unknown_environment" {
  command = plan

  variables {
    environment        = "stage"
    frontend_image_tag = "stage-1a2b3c4-20260131120000"
    backend_image_tag  = "stage-1a2b3c4-20260131120000"
  }

  expect_failures = [var.environment]
}

run "image_without_time" {
  command = plan

  variables {
    backend_image_tag = "prod-1a2b3c4"
  }

  expect_failures = [var.backend_image_tag]
}

run "image_latest" {
  command = plan

  variables {
    frontend_image_tag = "latest"
  }

  expect_failures = [var.frontend_image_tag]
}

run "key_too_short" {
  command = plan

  variables {
    openai_api_key = "sk"
  }

  expect_failures = [var.openai_api_key]
}

run "prod_without_domain" {
  command = plan

  variables {
    domain = ""
  }

  expect_failures = [var.domain]
}

run "prod_in_one_zone" {
  command = plan

  variables {
    zones = 1
  }

  expect_failures = [var.zones]
}

run "prod_unprotected" {
  command = plan

  variables {
    protected = false
  }

  expect_failures = [var.confirm_unprotected]
}

run "backup_in_the_same_region" {
  command = plan

  variables {
    backup_region = "us-east-1"
  }

  expect_failures = [var.backup_region]
}

run "webhook_in_the_clear" {
  command = plan

  variables {
    webhook_url = "http://example.com/"
  }

  expect_failures = [var.webhook_url]
}

run "alarms_for_nobody" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}
