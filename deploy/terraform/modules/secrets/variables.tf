variable "prefix" {
  description = "Path that the names begin with, such as /accunode/prod."
  type        = string

  validation {
    condition     = can(regex("^(/[a-z0-9-]+)+$", var.prefix))
    error_message = "prefix must be a path of lower-case letters, digits and hyphens, such as /accunode/prod."
  }
}

variable "generate" {
  description = "Values made here: their names and lengths, and whether they hold hexadecimal digits alone."
  type        = map(object({ length = number, hex = optional(bool, false) }))
  default     = {}

  validation {
    condition     = alltrue([for g in values(var.generate) : g.length >= 32 && g.length <= 128])
    error_message = "Generated values have 32 to 128 characters."
  }
}

variable "given_names" {
  description = "Names whose values come from outside in place of being made: a key of another provider, or those of an installation that is being moved."
  type        = set(string)
  default     = []
}

variable "given" {
  description = "The values of given_names."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
}

variable "parameters" {
  description = "Parameters to write as SecureString: their names below the prefix."
  type        = set(string)
  default     = []
}

variable "parameter_values" {
  description = "What the parameters hold."
  type        = map(string)
  default     = {}
  ephemeral   = true
  sensitive   = true
}

variable "bundle" {
  description = "Names that one secret of Secrets Manager holds together as JSON; empty makes none."
  type        = set(string)
  default     = []
}

variable "revision" {
  description = "Raise it to write all values anew. Values that are made here change with it, those given are taken over."
  type        = number
  default     = 1

  validation {
    condition     = var.revision >= 1 && floor(var.revision) == var.revision
    error_message = "revision must be a whole number from 1."
  }
}

variable "recovery_days" {
  description = "Days in which a deleted secret can be called back; 0 deletes at once."
  type        = number
  default     = 7

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "recovery_days must be 0 or lie between 7 and 30."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the values."
  type        = string
}

variable "replica_region" {
  description = "Second region that keeps the bundle; empty for none."
  type        = string
  default     = ""
}
