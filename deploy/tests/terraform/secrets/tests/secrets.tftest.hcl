mock_provider "aws" {
  source = "../mocks"
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

run "secrets" {
  command = apply

  assert {
    condition     = module.secrets.facts.kinds == { url = "SecureString" }
    error_message = "Parameters are SecureStrings."
  }

  assert {
    condition     = toset(keys(module.secrets.bundle_keys)) == toset(["a", "b"]) && endswith(module.secrets.bundle_keys["a"], ":a::")
    error_message = "A task finds each value of the bundle."
  }

  assert {
    condition     = module.secrets.facts.recovery_days == 7 && module.secrets.facts.replicas == 0
    error_message = "A deleted secret can be called back."
  }
}

run "second_region" {
  command = apply

  variables {
    replica_region = "us-west-2"
  }

  assert {
    condition     = module.secrets.facts.replicas == 1
    error_message = "A second region keeps it."
  }
}
