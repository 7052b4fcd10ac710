variable "names" {
  description = "Repositories to make."
  type        = set(string)

  validation {
    condition     = length(var.names) > 0 && alltrue([for n in var.names : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", n))])
    error_message = "names must be repositories' names: lower-case letters and digits, with single . _ / - between them."
  }
}

variable "tag_prefix" {
  description = "What the tags of releases begin with, such as prod-. The rule of expiry counts only those."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]+-$", var.tag_prefix))
    error_message = "tag_prefix must be lower-case letters or digits and a hyphen, such as prod-."
  }
}

variable "keep" {
  description = "Releases that are kept."
  type        = number
  default     = 7

  validation {
    condition     = var.keep >= 2 && var.keep <= 100
    error_message = "keep must lie between 2 (the running release and the one before) and 100."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the images; null takes the registry's own. A repository cannot change it later."
  type        = string
  default     = null
}

variable "removable" {
  description = "Whether destroying the stack removes repositories that still hold images."
  type        = bool
  default     = false
}
