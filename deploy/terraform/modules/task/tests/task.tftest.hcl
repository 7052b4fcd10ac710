mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name            = "test"
  image           = "example/test:prod-1a2b3c4"
  cpu             = 256
  memory          = 512
  repository_arns = ["arn:aws:ecr:us-east-1:123456789012:repository/test"]
  kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
  log_group       = { name = "/ecs/test", arn = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/test" }
  vpc_id          = "vpc-1"
  secrets         = { A = "arn:aws:ssm:us-east-1:123456789012:parameter/test/a", B = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test-AbCdEf:B::", C = "arn:aws:secretsmanager:us-east-1:123456789012:secret:test-AbCdEf:C::" }
  environment     = { Z = "1", A = "2" }
}

run "task" {
  command = plan

  assert {
    condition     = output.facts.container.readonlyRootFilesystem && output.facts.container.user == "10001:10001" && !output.facts.container.privileged && output.facts.container.linuxParameters.capabilities.drop == ["ALL"]
    error_message = "Read-only root, not root, no capabilities."
  }

  assert {
    condition     = output.facts.container.mountPoints == [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    error_message = "Only /tmp can be written."
  }

  assert {
    condition     = output.facts.container.environment[*].name == ["A", "Z"]
    error_message = "Variables stand in order, or every plan would differ."
  }

  assert {
    condition     = !can(output.facts.container.portMappings) && !can(output.facts.container.healthCheck) && !can(output.facts.container.command)
    error_message = "What is not asked for is left out."
  }

  assert {
    condition     = one([for s in output.facts.execution : s.Resource if s.Sid == "ReadSecrets"]) == ["arn:aws:secretsmanager:us-east-1:123456789012:secret:test-AbCdEf"]
    error_message = "Two keys of one secret are one permission."
  }

  assert {
    condition     = one([for s in output.facts.execution : s.Resource if s.Sid == "ReadParameters"]) == ["arn:aws:ssm:us-east-1:123456789012:parameter/test/a"]
    error_message = "The agent reads the named parameter alone."
  }

  assert {
    condition     = length(output.facts.program) == 0
    error_message = "The program may call nothing."
  }

  assert {
    condition     = jsondecode(aws_iam_role.task.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Only tasks of this account take the role."
  }

  assert {
    condition     = output.facts.egress == tolist(["443"])
    error_message = "The way out is HTTPS."
  }
}

run "without_secrets" {
  command = plan

  variables {
    secrets = {}
  }

  assert {
    condition     = length([for s in output.facts.execution : s if contains(["ReadSecrets", "ReadParameters", "Decrypt"], s.Sid)]) == 0
    error_message = "Who has no secrets may read none."
  }
}

run "image_latest" {
  command = plan

  variables {
    image = "example/test:latest"
  }

  expect_failures = [var.image]
}

run "image_without_tag" {
  command = plan

  variables {
    image = "example/test"
  }

  expect_failures = [var.image]
}

run "cpu_fargate_does_not_have" {
  command = plan

  variables {
    cpu = 300
  }

  expect_failures = [var.cpu]
}

run "memory_that_does_not_go_with_cpu" {
  command = plan

  variables {
    memory = 4096
  }

  expect_failures = [var.memory]
}

run "root" {
  command = plan

  variables {
    user = "0:0"
  }

  expect_failures = [var.user]
}

run "stops_too_slowly" {
  command = plan

  variables {
    stop_seconds = 300
  }

  expect_failures = [var.stop_seconds]
}
