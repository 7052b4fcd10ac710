# Module secrets hands out ephemeral values, which the outermost module cannot: this one stands around it for the tests.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  alias  = "random"
  region = "us-east-1"
}

variable "generate" {
  type    = map(object({ length = number, hex = optional(bool, false) }))
  default = { a = { length = 64 }, b = { length = 32 } }
}

variable "prefix" {
  type    = string
  default = "/test/prod"
}

variable "revision" {
  type    = number
  default = 1
}

variable "recovery_days" {
  type    = number
  default = 7
}

variable "replica_region" {
  type    = string
  default = ""
}

module "secrets" {
  source           = "../../../terraform/modules/secrets"
  providers        = { aws = aws, aws.random = aws.random }
  prefix           = var.prefix
  generate         = var.generate
  given_names      = ["a", "b"]
  given            = { a = "given-a", b = "given-b" }
  parameters       = ["url"]
  parameter_values = { url = "https://a:${module.secrets.values["a"]}@example.com" }
  bundle           = ["a", "b"]
  revision         = var.revision
  recovery_days    = var.recovery_days
  replica_region   = var.replica_region
  kms_key_arn      = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
}
