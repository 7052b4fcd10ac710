variable "name" {
  description = "Alias of the key."
  type        = string
}

variable "deletion_days" {
  description = "Days in which a deleted key can be called back."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_days >= 7 && var.deletion_days <= 30
    error_message = "deletion_days must lie between 7 and 30."
  }
}
