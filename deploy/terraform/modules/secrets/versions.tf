terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
      # Draws the random values. It stands apart because tests mock the other one, and Terraform's mocks refuse
      # ephemeral resources.
      configuration_aliases = [aws.random]
    }
  }
}
