variable "name" {
  description = "Prefix of the names of everything the pipeline may change."
  type        = string
}

variable "repository" {
  description = "Repository on GitHub, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be owner/name, without wildcards."
  }
}

variable "environment" {
  description = "Environment on GitHub whose jobs may release; those of NAME-plan may plan, those of NAME-drill may try to restore."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.environment))
    error_message = "environment must be lower-case letters, digits and hyphens."
  }
}

variable "make_provider" {
  description = "Whether to make the account's trust in GitHub; an account has it once."
  type        = bool
  default     = true
}

variable "state" {
  description = "Bucket of the state and the key in it."
  type        = object({ bucket = string, key = string })
}

variable "repository_arns" {
  type = list(string)
}

variable "cluster" {
  type = object({ name = string, arn = string })
}

variable "role_arns" {
  description = "Roles that the pipeline hands over to tasks."
  type        = list(string)
}

variable "secrets_prefix" {
  description = "What the names of the stack's secrets begin with."
  type        = string
}

variable "kms_key_arn" {
  type = string
}

variable "topic_arn" {
  description = "Topic that people read."
  type        = string
}

variable "drill" {
  description = "The parameter with the database's address, and the roles of the task that looks at a restored copy; null has no drill."
  type        = object({ parameter_arn = string, role_arns = list(string) })
  default     = null
}
