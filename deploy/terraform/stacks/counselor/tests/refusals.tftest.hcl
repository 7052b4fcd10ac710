# What a mistake in the variables is answered with. Run with the variable file of prod.
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
  frontend_image_tag  = "prod-1a2b3c4-20260131120000"
  backend_image_tag   = "prod-1a2b3c4-20260131120000"
  openai_api_key      = "sk-given-given-given-given"
  given_secrets       = ["JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"]
  given_secret_values = { JWT_SECRET = "given", SESSION_SECRET = "given", ENCRYPTION_KEY = "given", WEBHOOK_SECRET = "given" }
}

# Each variable in expect_failures has to be refused, or the run fails. A rule that compares two variables is asked only
# when the other one is right.
run "nothing_is_right" {
  command = plan

  variables {
    region         = "mars"
    environment    = "stage"
    openai_api_key = "sk"
    webhook_url    = "http://example.com/"
    emails         = []
    given_secrets  = ["OTHER"]
  }

  expect_failures = [
    var.region, var.environment, var.openai_api_key, var.webhook_url, var.emails, var.given_secrets,
  ]
}

run "not_for_prod" {
  command = plan

  variables {
    frontend_image_tag = "latest"
    backend_image_tag  = "prod-1a2b3c4"
    backup_region      = "us-east-1"
    domain             = ""
    zones              = 1
    protected          = false
    github_repository  = "example/counselor"
  }

  expect_failures = [
    var.frontend_image_tag, var.backend_image_tag, var.backup_region, var.domain, var.zones, var.confirm_unprotected,
    var.state_bucket,
  ]
}
