variable "region" {
  type    = string
  default = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region's name, such as us-east-1."
  }
}

variable "environment" {
  type = string

  validation {
    condition     = contains(["dev", "test", "prod"], var.environment)
    error_message = "environment must be dev, test or prod."
  }
}

variable "frontend_image_tag" {
  description = "Release of the frontend: environment, commit and time, such as dev-1a2b3c4-20260131120000."
  type        = string

  validation {
    condition     = can(regex("^${var.environment}-[0-9a-f]{7,40}-[0-9]{14}$", var.frontend_image_tag))
    error_message = "frontend_image_tag must be the environment, a commit and a time of 14 digits, such as dev-1a2b3c4-20260131120000."
  }
}

variable "backend_image_tag" {
  description = "Release of the backend, likewise."
  type        = string

  validation {
    condition     = can(regex("^${var.environment}-[0-9a-f]{7,40}-[0-9]{14}$", var.backend_image_tag))
    error_message = "backend_image_tag must be the environment, a commit and a time of 14 digits, such as dev-1a2b3c4-20260131120000."
  }
}

variable "openai_api_key" {
  description = "Key of the model's provider; kept in Secrets Manager alone."
  type        = string
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = length(var.openai_api_key) >= 20
    error_message = "openai_api_key is too short for a key."
  }
}

variable "domain" {
  description = "Name that people use; empty serves plain HTTP, which is refused for prod."
  type        = string
  default     = ""

  validation {
    condition     = var.domain != "" || var.environment != "prod"
    error_message = "prod needs a domain: without one there is no certificate."
  }
}

variable "zone" {
  description = "Existing Route53 zone of the domain."
  type        = string
  default     = ""
}

variable "zones" {
  description = "Availability zones with tasks."
  type        = number

  validation {
    condition     = var.zones == 2 || var.environment != "prod"
    error_message = "prod runs in two zones."
  }
}

variable "nat" {
  type    = string
  default = "one"
}

variable "tasks" {
  description = "Tasks of each service."
  type        = number
}

variable "tasks_max" {
  description = "To how many tasks a service may grow by CPU; null keeps the number fixed."
  type        = number
  default     = null
}

variable "cpu_percent" {
  type    = number
  default = 70
}

variable "cpu" {
  type = number
}

variable "memory" {
  type = number
}

variable "log_days" {
  type = number
}

variable "protected" {
  description = "The balancer refuses to be deleted, and images outlive the stack."
  type        = bool
}

variable "confirm_unprotected" {
  description = "Says that prod may really be taken down."
  type        = bool
  default     = false

  validation {
    condition     = var.protected || var.environment != "prod" || var.confirm_unprotected
    error_message = "prod is protected. To destroy it on purpose, set confirm_unprotected and apply before."
  }
}

variable "backup_region" {
  description = "Second region that keeps the secrets: all else is made anew from this code and the images. Empty keeps none."
  type        = string
  default     = ""

  validation {
    condition     = var.backup_region != var.region
    error_message = "backup_region must be another region."
  }
}

variable "webhook_url" {
  description = "Whom the backend tells of results; empty tells nobody."
  type        = string
  default     = ""

  validation {
    condition     = var.webhook_url == "" || startswith(var.webhook_url, "https://")
    error_message = "webhook_url must begin with https://."
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

variable "secrets_revision" {
  description = "Raise it to make every secret anew; the next deployment takes them over."
  type        = number
  default     = 1
}

variable "given_secrets" {
  description = "Names among the made secrets whose values are given, for an installation that moves."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.given_secrets, ["JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"])) == 0
    error_message = "given_secrets may hold JWT_SECRET, SESSION_SECRET, ENCRYPTION_KEY and WEBHOOK_SECRET."
  }
}

variable "given_secret_values" {
  type      = map(string)
  default   = {}
  ephemeral = true
  sensitive = true
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

variable "budget_usd" {
  description = "What the stack may cost in a month."
  type        = number
}
