variable "region" {
  type    = string
  default = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region's name, such as us-east-1."
  }
}

variable "environment" {
  description = "Part of every name, of the state's key, and of the images' tags."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "environment must be 2 to 10 lower-case letters and digits, such as prod."
  }
}

variable "phase" {
  description = "Which file of phases/ gives the sizes; deploy/bin/deploy reads it from the environment's file."
  type        = string

  validation {
    condition     = contains(["minimal", "startup", "growth", "scale"], var.phase)
    error_message = "phase must be minimal, startup, growth or scale."
  }
}

variable "image_tag" {
  description = "Release: the environment and the commit, such as prod-1a2b3c4."
  type        = string

  validation {
    condition     = can(regex("^${var.environment}-[0-9a-f]{7,40}$", var.image_tag))
    error_message = "image_tag must be the environment, a hyphen and a commit of 7 to 40 digits, such as prod-1a2b3c4."
  }
}

variable "domain" {
  description = "Name that people use; empty serves plain HTTP, which is refused for prod."
  type        = string
  default     = ""

  validation {
    condition     = var.domain != "" || var.environment != "prod"
    error_message = "prod needs a domain: without one there is no certificate, and passwords would travel in the clear."
  }
}

variable "zone" {
  description = "Existing Route53 zone of the domain."
  type        = string
  default     = ""
}

variable "testers" {
  description = "Addresses (CIDR) of whoever tries a release of the API before people get it, such as your runners'; empty relies on the balancer's check."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.testers : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "testers must be address ranges such as 192.0.2.0/24, and not everybody."
  }
}

variable "emails" {
  description = "Who hears of alarms and costs."
  type        = set(string)

  validation {
    condition     = length(var.emails) > 0
    error_message = "emails must name at least one address: alarms that nobody hears are none."
  }
}

variable "admin_email" {
  description = "First super_admin, whose password is made and kept in parameter admin-password; empty makes none."
  type        = string
  default     = ""
}

variable "github_repository" {
  description = "owner/name whose pipeline may release; empty makes no role for it."
  type        = string
  default     = ""
}

variable "github_provider" {
  description = "Whether this stack makes the account's trust in GitHub, which an account has once."
  type        = bool
  default     = true
}

variable "state_bucket" {
  description = "Bucket of the state, for the pipeline's role."
  type        = string
  default     = ""

  validation {
    condition     = var.github_repository == "" || var.state_bucket != ""
    error_message = "The pipeline's role needs to know the bucket of the state."
  }
}

variable "protected" {
  description = "Balancer and database refuse to be deleted, and data outlives the stack."
  type        = bool
  default     = true

  validation {
    condition     = var.protected || var.environment != "prod" || var.confirm_unprotected
    error_message = "prod is protected. To destroy it on purpose, set confirm_unprotected and apply before."
  }
}

variable "confirm_unprotected" {
  description = "Says that prod may really be taken down."
  type        = bool
  default     = false
}

variable "secrets_revision" {
  description = "Raise it to make every secret anew; the next deployment takes them over."
  type        = number
  default     = 1
}

variable "given_secrets" {
  description = "Names among secret-key and database-password whose values are given in place of being made, for an installation that moves."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.given_secrets, ["secret-key", "database-password", "admin-password"])) == 0
    error_message = "given_secrets may hold secret-key, database-password and admin-password."
  }
}

variable "given_secret_values" {
  description = "The values of given_secrets."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
}

variable "settings" {
  description = "Further settings of the server and its workers, such as those of mail; see docs/operations.md."
  type        = map(string)
  default     = {}
}

variable "egress_ports" {
  description = "Ports that tasks may connect to outside: 443 for AWS services; add 587 where mail is sent."
  type        = set(number)
  default     = [443]
}

variable "log_days" {
  type    = number
  default = 30
}

variable "budget_usd" {
  description = "What the stack may cost in a month."
  type        = number
}
