variable "name" {
  description = "Name of the replication group."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name))
    error_message = "name must be at most 40 lower-case letters, digits and hyphens."
  }
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "clients" {
  description = "Security groups that may connect, by a name for the rule."
  type        = map(string)
}

variable "engine" {
  description = "valkey or redis."
  type        = string
  default     = "valkey"

  validation {
    condition     = contains(keys(local.reviewed.engines), var.engine)
    error_message = "engine must be valkey or redis."
  }
}

variable "node_type" {
  type = string

  validation {
    condition     = contains(local.reviewed.node_types, var.node_type)
    error_message = "node_type is not in the reviewed list of reviewed.tf: a type that AWS does not have fails only when it is made."
  }
}

variable "nodes" {
  description = "1, or 2 to 3 with failover between zones."
  type        = number
  default     = 1

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 3
    error_message = "nodes must lie between 1 and 3."
  }
}

variable "token_revision" {
  description = "Raise it to make a new token."
  type        = number
}

variable "kms_key_arn" {
  type = string
}

variable "apply_at_once" {
  type    = bool
  default = false
}
