mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name = "test"
}

run "key" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key is changed every year and can be called back for 30 days."
  }

  assert {
    condition     = alltrue([for s in jsondecode(aws_kms_key.this.policy).Statement : s.Sid == "AccountDecidesByIam" || can(s.Condition)])
    error_message = "Services use the key for this account alone."
  }
}

run "gone_too_soon" {
  command = plan

  variables {
    deletion_days = 3
  }

  expect_failures = [var.deletion_days]
}
