mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name        = "test"
  log_groups  = { api = "/ecs/test" }
  log_days    = 7
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
  emails      = ["a@example.com"]
  namespace   = "Test"
}

run "observe" {
  command = plan

  variables {
    alarms         = { cpu = { description = "CPU", namespace = "AWS/ECS", metric = "CPUUtilization", threshold = 80 }, errors = { description = "Errors", threshold = 5, expression = "100 * e / r", queries = { e = { namespace = "A", metric = "E", dimensions = {}, statistic = "Sum" }, r = { namespace = "A", metric = "R", dimensions = {}, statistic = "Sum" } } } }
    budget_usd     = 100
    cost_tag       = "Project$test"
    error_patterns = { api = "ERROR" }
    widgets        = [{ title = "CPU", metrics = [["AWS/ECS", "CPUUtilization"]] }]
  }

  assert {
    condition     = output.facts.alarms["cpu"].told && output.facts.alarms["cpu"].threshold == 80 && aws_cloudwatch_metric_alarm.this["cpu"].period == 60
    error_message = "An alarm of a metric."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this["errors"].metric_query) == 3
    error_message = "An alarm of an expression over two metrics."
  }

  assert {
    condition     = output.facts.readers == tolist(["a@example.com"]) && output.facts.log_days == tolist([7])
    error_message = "Somebody reads, and logs end."
  }

  assert {
    condition     = aws_budgets_budget.this[0].limit_amount == "100" && length(aws_budgets_budget.this[0].notification) == 2
    error_message = "A budget that warns at 80 % and of what is foreseen."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets) == 1
    error_message = "A chart."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.errors["api"].pattern == "ERROR"
    error_message = "Errors in the log are counted."
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id != null
    error_message = "Alarms are encrypted."
  }
}

run "days_cloudwatch_does_not_have" {
  command = plan

  variables {
    log_days = 31
  }

  expect_failures = [var.log_days]
}

run "no_address" {
  command = plan

  variables {
    emails = ["nobody"]
  }

  expect_failures = [var.emails]
}

run "alarm_of_nothing" {
  command = plan

  variables {
    alarms = { a = { description = "a", threshold = 1 } }
  }

  expect_failures = [var.alarms]
}

run "budget_for_nobody" {
  command = plan

  variables {
    emails     = []
    budget_usd = 1
  }

  expect_failures = [aws_budgets_budget.this[0]]
}

run "budget_of_nothing" {
  command = plan

  variables {
    budget_usd = 0
  }

  expect_failures = [var.budget_usd]
}
