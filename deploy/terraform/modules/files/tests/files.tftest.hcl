mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name        = "test-files"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
}

run "files" {
  command = plan

  assert {
    condition     = output.facts.versioned == "Enabled" && output.facts.algorithm == "aws:kms" && output.facts.private
    error_message = "Versioned, encrypted, private."
  }

  assert {
    condition     = output.facts.policy.Statement[0].Effect == "Deny" && output.facts.policy.Statement[0].Condition.Bool["aws:SecureTransport"] == "false"
    error_message = "Plain HTTP is refused."
  }

  assert {
    condition     = one([for r in aws_s3_bucket_lifecycle_configuration.this.rule : r.abort_incomplete_multipart_upload[0].days_after_initiation if r.id == "broken-uploads"]) == 1
    error_message = "Broken uploads end after a day."
  }

  assert {
    condition     = !output.facts.removable
    error_message = "A bucket with objects is not removed."
  }
}

run "logs" {
  command = plan

  variables {
    kms_key_arn = null
    versioned   = false
    expire_days = 7
  }

  assert {
    condition     = output.facts.algorithm == "AES256" && output.facts.versioned == "Suspended"
    error_message = "The balancer's logs: S3's own key, no versions."
  }

  assert {
    condition     = one([for r in aws_s3_bucket_lifecycle_configuration.this.rule : r.expiration[0].days if r.id == "deleted"]) == 7
    error_message = "They end after a week."
  }
}

run "capitals" {
  command = plan

  variables {
    name = "Files"
  }

  expect_failures = [var.name]
}

run "cold_too_soon" {
  command = plan

  variables {
    cold_days = 7
  }

  expect_failures = [var.cold_days]
}

run "deleted_at_once" {
  command = plan

  variables {
    keep_deleted_days = 0
  }

  expect_failures = [var.keep_deleted_days]
}
