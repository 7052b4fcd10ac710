mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name = "test"
}

run "fargate" {
  command = plan

  assert {
    condition     = one(aws_ecs_cluster.this.setting).value == "enabled" && length(aws_ecs_capacity_provider.machines) == 0
    error_message = "Fargate alone, with figures of each task."
  }
}

run "machines" {
  command = plan

  variables {
    machines = { instance_type = "t3.small", min = 1, max = 3, subnet_ids = ["subnet-1"], vpc_id = "vpc-1" }
  }

  assert {
    condition     = aws_launch_template.machine[0].metadata_options[0].http_tokens == "required" && aws_launch_template.machine[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Containers cannot take the machine's role."
  }

  assert {
    condition     = aws_launch_template.machine[0].block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Disks are encrypted."
  }

  assert {
    condition     = aws_autoscaling_group.machine[0].protect_from_scale_in && aws_ecs_capacity_provider.machines[0].auto_scaling_group_provider[0].managed_termination_protection == "ENABLED"
    error_message = "A machine is emptied before it goes."
  }
}

run "more_at_least_than_at_most" {
  command = plan

  variables {
    machines = { instance_type = "t3.small", min = 9, max = 3, subnet_ids = ["subnet-1"], vpc_id = "vpc-1" }
  }

  expect_failures = [var.machines]
}

run "unknown_machine" {
  command = plan

  variables {
    machines = { instance_type = "t9.huge", min = 1, max = 3, subnet_ids = ["subnet-1"], vpc_id = "vpc-1" }
  }

  expect_failures = [var.machines]
}
