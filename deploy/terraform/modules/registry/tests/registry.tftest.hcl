mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  names      = ["test"]
  tag_prefix = "prod-"
}

run "registry" {
  command = plan

  assert {
    condition     = output.facts["test"].mutability == "IMMUTABLE" && output.facts["test"].scanned
    error_message = "Immutable and scanned."
  }

  assert {
    condition     = output.facts["test"].rules[1].selection.tagPrefixList == ["prod-"] && output.facts["test"].rules[1].selection.countNumber == 7
    error_message = "The last seven of the prefix stay."
  }

  assert {
    condition     = output.facts["test"].rules[0].selection.tagStatus == "untagged"
    error_message = "Images without a tag go."
  }
}

run "prefix_of_everything" {
  command = plan

  variables {
    tag_prefix = ""
  }

  expect_failures = [var.tag_prefix]
}

run "nothing_to_go_back_to" {
  command = plan

  variables {
    keep = 1
  }

  expect_failures = [var.keep]
}

run "no_repository" {
  command = plan

  variables {
    names = []
  }

  expect_failures = [var.names]
}
