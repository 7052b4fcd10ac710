variable "name" {
  description = "Name of the bucket, unique in the world: put the account's number in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name must be a bucket's name: 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null takes S3's own (the balancer can write its logs only so)."
  type        = string
  default     = null
}

variable "versioned" {
  description = "Keep what was overwritten or deleted for keep_deleted_days."
  type        = bool
  default     = true
}

variable "keep_deleted_days" {
  description = "Days for which overwritten and deleted objects can be called back."
  type        = number
  default     = 30

  validation {
    condition     = var.keep_deleted_days >= 1
    error_message = "keep_deleted_days must be at least 1."
  }
}

variable "expire_days" {
  description = "Days after which objects are removed; null keeps them."
  type        = number
  default     = null
}

variable "cold_days" {
  description = "Days after which objects move to the storage class for rare access; null keeps them where they are."
  type        = number
  default     = null

  validation {
    condition     = var.cold_days == null ? true : var.cold_days >= 30
    error_message = "S3 moves objects to rare access after 30 days at the earliest."
  }
}

variable "removable" {
  description = "Whether destroying the stack removes a bucket that still holds objects."
  type        = bool
  default     = false
}

variable "statements" {
  description = "Further statements of the bucket's policy, for who else may write."
  type        = any
  default     = []
}
