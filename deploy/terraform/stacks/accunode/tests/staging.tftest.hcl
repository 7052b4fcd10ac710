# A small copy without a domain. Run with the variable files of minimal and staging.
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

variables {
  image_tag           = "staging-1a2b3c4"
  given_secrets       = ["secret-key", "database-password"]
  given_secret_values = { secret-key = "given", database-password = "given" }
}

run "staging" {
  command = plan

  assert {
    condition     = !module.edge.facts.protected && !module.postgres.facts.protected && module.files.facts.removable
    error_message = "It may be taken down with all its data."
  }
  assert {
    condition     = module.edge.facts.http == "fixed-response" && module.edge.facts.ssl_policy == null && startswith(output.url, "http://")
    error_message = "Without a domain: plain HTTP under the balancer's name."
  }
  assert {
    condition     = contains(module.api_task.facts.container.environment, { name = "ACCUNODE_PUBLIC_URL", value = output.url })
    error_message = "Mails lead to the balancer's name."
  }
  assert {
    condition     = length(module.pipeline) == 0
    error_message = "No pipeline may release without being named."
  }
}

# The first administrator's password is made and handed over by reference.
run "first_administrator" {
  command = plan

  variables {
    admin_email         = "admin@example.com"
    given_secrets       = ["secret-key", "database-password", "admin-password"]
    given_secret_values = { secret-key = "given", database-password = "given", admin-password = "given" }
  }

  assert {
    condition     = contains(module.api_task.facts.container.secrets[*].name, "ACCUNODE_ADMIN_PASSWORD") && !contains(module.worker_task.facts.container.secrets[*].name, "ACCUNODE_ADMIN_PASSWORD")
    error_message = "Only the API gets the first administrator's password."
  }
  assert {
    condition     = module.secrets.facts.kinds["admin-password"] == "SecureString"
    error_message = "The password is a SecureString."
  }
}
