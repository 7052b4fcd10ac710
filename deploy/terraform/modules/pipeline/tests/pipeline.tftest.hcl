mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name            = "test"
  repository      = "example/test"
  environment     = "prod"
  state           = { bucket = "states", key = "test/prod.tfstate" }
  repository_arns = ["arn:aws:ecr:us-east-1:123456789012:repository/test"]
  cluster         = { name = "test", arn = "arn:aws:ecs:us-east-1:123456789012:cluster/test" }
  role_arns       = ["arn:aws:iam::123456789012:role/test-task"]
  secrets_prefix  = "test/prod"
  topic_arn       = "arn:aws:sns:us-east-1:123456789012:test"
  kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
}

run "pipeline" {
  command = plan

  assert {
    condition     = output.facts.trusted["deploy"]["token.actions.githubusercontent.com:sub"] == "repo:example/test:environment:prod" && output.facts.trusted["plan"]["token.actions.githubusercontent.com:sub"] == "repo:example/test:environment:prod-plan"
    error_message = "One repository, one environment for each role."
  }

  assert {
    condition     = alltrue([for s in output.facts.releases : contains(["SignInToRegistry", "DescribeTasks"], s.Sid) || !contains(s.Resource, "*")])
    error_message = "Only what cannot be limited is for everything."
  }

  assert {
    condition     = one([for s in output.facts.releases : s.Condition.StringEquals["iam:PassedToService"] if s.Sid == "HandRolesToTasks"]) == "ecs-tasks.amazonaws.com"
    error_message = "Roles are handed to tasks alone."
  }

  assert {
    condition     = alltrue(flatten([for s in output.facts.releases : [for a in s.Action : !endswith(a, "*")]]))
    error_message = "No action has a wildcard."
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 1
    error_message = "The account trusts GitHub."
  }
}

run "second_stack_of_the_account" {
  command = plan

  variables {
    make_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && jsondecode(aws_iam_role.deploy.assume_role_policy).Statement[0].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "The trust that is there is used."
  }
}

run "any_repository" {
  command = plan

  variables {
    repository = "example/*"
  }

  expect_failures = [var.repository]
}

run "any_environment" {
  command = plan

  variables {
    environment = "*"
  }

  expect_failures = [var.environment]
}

run "drill" {
  command = plan

  variables {
    drill = { parameter_arn = "arn:aws:ssm:us-east-1:123456789012:parameter/test/database-url", role_arns = ["arn:aws:iam::123456789012:role/test-task"] }
  }

  assert {
    condition     = output.facts.trusted["drill"]["token.actions.githubusercontent.com:sub"] == "repo:example/test:environment:prod-drill"
    error_message = "The drill has an environment of its own."
  }
  assert {
    condition     = one([for s in output.facts.tries : s.Resource if s.Sid == "TakeDown"]) == ["arn:aws:rds:us-east-1:123456789012:db:test-drill-*"]
    error_message = "It may delete copies alone."
  }
}
