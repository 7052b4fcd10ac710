variable "name" {
  description = "Name of the instance."
  type        = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  description = "Subnets without a way out, in two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "RDS wants subnets in two zones."
  }
}

variable "clients" {
  description = "Security groups that may connect, by a name for the rule."
  type        = map(string)
}

variable "major_version" {
  description = "Major version of PostgreSQL; the minor one follows in the maintenance window."
  type        = string
  default     = "15"

  validation {
    condition     = contains(["15", "16", "17"], var.major_version)
    error_message = "major_version must be 15, 16 or 17."
  }
}

variable "instance_class" {
  type = string

  validation {
    condition     = contains(local.reviewed.database_classes, var.instance_class)
    error_message = "instance_class is not in the reviewed list of reviewed.tf: a class that AWS does not have fails only when it is made."
  }
}

variable "storage_gb" {
  type = number

  validation {
    condition     = var.storage_gb >= 20 && var.storage_gb <= 16384
    error_message = "storage_gb must lie between 20 and 16384."
  }
}

variable "storage_max_gb" {
  description = "To how much storage the instance may grow by itself."
  type        = number

  validation {
    condition     = var.storage_max_gb >= var.storage_gb
    error_message = "storage_max_gb must not be less than storage_gb."
  }
}

variable "multi_az" {
  description = "A standby in the second zone."
  type        = bool
  default     = false
}

variable "replicas" {
  description = "Instances for reading."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 1, 2], var.replicas) && (var.replicas == 0 || var.backup_days > 0)
    error_message = "replicas must be 0, 1 or 2, and needs backups."
  }
}

variable "backup_days" {
  description = "Days to whose every second the database can be restored."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 7
    error_message = "backup_days must lie between 1 and 7."
  }
}

variable "protected" {
  description = "Refuse to be deleted, and leave a last snapshot behind."
  type        = bool
}

variable "password" {
  description = "Password of the owner; not kept in the state."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "password_revision" {
  description = "Raised when the password has changed."
  type        = number
}

variable "kms_key_arn" {
  type = string
}

variable "log_days" {
  description = "Days for which the database's log is kept."
  type        = number
  default     = 7
}

variable "apply_at_once" {
  description = "Make changes at once, not in the maintenance window."
  type        = bool
  default     = false
}
