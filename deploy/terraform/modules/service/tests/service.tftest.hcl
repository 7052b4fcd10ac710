mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name       = "test"
  task       = { definition_arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/test:1", security_group_id = "sg-1" }
  cluster    = { name = "test", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/test" }
  subnet_ids = ["subnet-1"]
  tasks      = 2
}

run "worker" {
  command = plan

  variables {
    spot_percent    = 30
    healthy_percent = 50
    scaling         = { min = 2, max = 6, cpu_percent = 70, tracked_in = false, queue = { namespace = "Test", up_above = 20, up_minutes = 3, down_below = 5, down_minutes = 10, per_task = 15 } }
  }

  assert {
    condition     = output.facts.circuit_breaker.enable && output.facts.circuit_breaker.rollback && !output.facts.public_address
    error_message = "A circuit breaker that goes back, no public address."
  }

  assert {
    condition     = !output.facts.behind_balancer && length(aws_vpc_security_group_ingress_rule.balancer) == 0
    error_message = "Nobody calls a worker."
  }

  assert {
    condition     = output.facts.capacity == { FARGATE = { weight = 70, base = 1 }, FARGATE_SPOT = { weight = 30, base = 0 } }
    error_message = "Thirty percent on spare capacity, the first on ordinary."
  }

  assert {
    condition     = output.facts.bounds == { min = 2, max = 6 } && output.facts.steps == { queue-up = tolist([1]), queue-down = tolist([-1]) }
    error_message = "By the queue between its bounds."
  }

  assert {
    condition     = output.facts.marks["queue-up"] == { metric = "PendingJobs", threshold = 20, minutes = 3 } && output.facts.marks["queue-down"] == { metric = "PendingJobs", threshold = 5, minutes = 10 }
    error_message = "Up above 20 for 3 minutes, down below 5 for 10."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.queue["queue-down"].treat_missing_data == "missing"
    error_message = "When nothing is known, nothing is done."
  }

  assert {
    condition     = output.facts.surge_percent == 100
    error_message = "Halves are replaced in place."
  }
}

run "single_worker" {
  command = plan

  variables {
    tasks           = 1
    healthy_percent = 50
  }

  assert {
    condition     = output.facts.surge_percent == 200
    error_message = "A single task is replaced by one that came before it goes."
  }
}

run "behind_the_balancer" {
  command = plan

  variables {
    balancer        = { security_group_id = "sg-2", listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/0123456789abcdef", suffix = "app/a/0123456789abcdef", port = 8000, target_groups = { blue_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef", blue_name = "a", green_name = "b", suffixes = [] } }
    rollback_alarms = ["errors"]
    scaling         = { min = 2, max = 4, cpu_percent = 70, memory_percent = 80, response = { seconds = 0.3, minutes = 3 } }
  }

  assert {
    condition     = output.facts.behind_balancer && aws_vpc_security_group_ingress_rule.balancer[0].referenced_security_group_id == "sg-2" && aws_vpc_security_group_ingress_rule.balancer[0].from_port == 8000
    error_message = "Only the balancer calls it."
  }

  assert {
    condition     = output.facts.goes_back_on == toset(["errors"])
    error_message = "An alarm brings the release before back."
  }

  assert {
    condition     = output.facts.marks["slow"] == { metric = "TargetResponseTime", threshold = 0.3, minutes = 3 }
    error_message = "Slow answers bring a task."
  }
}

run "blue_green" {
  command = plan

  variables {
    balancer   = { security_group_id = "sg-2", listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/0123456789abcdef", suffix = "app/a/0123456789abcdef", port = 8000, target_groups = { blue_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef", blue_name = "a", green_name = "b", suffixes = [] } }
    blue_green = true
  }

  assert {
    condition     = output.facts.controller == "CODE_DEPLOY" && output.facts.goes_back_on == toset(["DEPLOYMENT_FAILURE"])
    error_message = "CodeDeploy switches and goes back."
  }

  assert {
    condition     = toset([for g in one(aws_codedeploy_deployment_group.this).load_balancer_info[0].target_group_pair_info[0].target_group : g.name]) == toset(["a", "b"])
    error_message = "Between blue and green."
  }

  assert {
    condition     = length(output.facts.tried_at) == 0 && !output.facts.waits_for_word
    error_message = "Without a listener for trials nobody is waited for."
  }
}

run "blue_green_with_trials" {
  command = plan

  variables {
    balancer        = { security_group_id = "sg-2", listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/0123456789abcdef", suffix = "app/a/0123456789abcdef", port = 8000, target_groups = { blue_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef", blue_name = "a", green_name = "b", test_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/fedcba9876543210", suffixes = [] } }
    blue_green      = true
    rollback_alarms = ["errors"]
    trial_minutes   = 15
  }

  assert {
    condition     = output.facts.tried_at == tolist(["arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/fedcba9876543210"]) && output.facts.waits_for_word
    error_message = "The standby side is tried, and traffic waits for the word."
  }

  assert {
    condition     = output.facts.goes_back_on == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]) && one(aws_codedeploy_deployment_group.this).alarm_configuration[0].alarms == toset(["errors"]) && one(aws_codedeploy_deployment_group.this).alarm_configuration[0].enabled
    error_message = "A failure or an alarm stops the deployment and brings the release before back."
  }
}

run "spare_capacity_behind_the_balancer" {
  command = plan

  variables {
    balancer     = { security_group_id = "sg-2", listener_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/0123456789abcdef/0123456789abcdef", suffix = "app/a/0123456789abcdef", port = 8000, target_groups = { blue_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/0123456789abcdef", blue_name = "a", green_name = "b", suffixes = [] } }
    spot_percent = 50
  }

  expect_failures = [var.spot_percent]
}

run "blue_green_of_a_worker" {
  command = plan

  variables {
    blue_green = true
  }

  expect_failures = [var.blue_green]
}

run "no_task" {
  command = plan

  variables {
    tasks = 0
  }

  expect_failures = [var.tasks]
}

run "bounds_the_wrong_way" {
  command = plan

  variables {
    scaling = { min = 4, max = 2 }
  }

  expect_failures = [var.scaling]
}

run "target_of_120_percent" {
  command = plan

  variables {
    scaling = { min = 1, max = 2, cpu_percent = 120 }
  }

  expect_failures = [var.scaling]
}

run "marks_the_wrong_way" {
  command = plan

  variables {
    scaling = { min = 1, max = 2, queue = { namespace = "Test", up_above = 3, up_minutes = 3, down_below = 5, down_minutes = 10, per_task = 15 } }
  }

  expect_failures = [var.scaling]
}

run "response_of_a_worker" {
  command = plan

  variables {
    scaling = { min = 1, max = 2, response = { seconds = 1, minutes = 1 } }
  }

  expect_failures = [var.scaling]
}

run "in_faster_than_out" {
  command = plan

  variables {
    scaling = { min = 1, max = 2, out_seconds = 300, in_seconds = 60 }
  }

  expect_failures = [var.scaling]
}

run "most_of_the_tasks_gone" {
  command = plan

  variables {
    healthy_percent = 10
  }

  expect_failures = [var.healthy_percent]
}
