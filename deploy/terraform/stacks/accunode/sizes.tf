variable "zones" {
  type = number
}

variable "nat" {
  type = string
}

variable "interface_endpoints" {
  description = "ECR inside the VPC: saves NAT's price by the gigabyte, costs by the hour."
  type        = set(string)
  default     = []
}

variable "api" {
  description = "The service that answers requests. response_seconds over response_minutes brings one more task."
  type = object({
    cpu              = number
    memory           = number
    min              = number
    max              = number
    cpu_percent      = optional(number, 70)
    response_seconds = optional(number, 0.3)
    response_minutes = optional(number, 3)
    out_seconds      = optional(number, 60)
    in_seconds       = optional(number, 300)
    blue_green       = optional(bool, true)
  })
}

variable "worker" {
  description = "The service that works on jobs. jobs run at a time in one task. scaler says who changes the number: aws by the queue's length, or the server's own rules."
  type = object({
    cpu          = number
    memory       = number
    min          = number
    max          = number
    jobs         = optional(number, 4)
    scaler       = optional(string, "aws")
    cpu_percent  = optional(number, 80)
    queue_up     = optional(number, 20)
    up_minutes   = optional(number, 3)
    queue_down   = optional(number, 5)
    down_minutes = optional(number, 10)
    per_task     = optional(number, 15)
    out_seconds  = optional(number, 120)
    in_seconds   = optional(number, 600)
    spot_percent = optional(number, 0)
    spot_base    = optional(number, 1)
  })

  validation {
    condition     = contains(["aws", "server"], var.worker.scaler)
    error_message = "worker.scaler must be aws or server."
  }

  validation {
    condition     = var.worker.jobs >= 1 && var.worker.jobs <= 16
    error_message = "worker.jobs must lie between 1 and 16."
  }
}

variable "machines" {
  description = "EC2 machines that the tasks run on in place of Fargate."
  type        = object({ instance_type = string, min = number, max = number })
  default     = null
}

variable "database" {
  type = object({
    class          = string
    storage_gb     = number
    storage_max_gb = number
    backup_days    = number
    multi_az       = optional(bool, false)
    replicas       = optional(number, 0)
    # Connections that a task keeps for changes, and as many again for reading.
    pool = optional(number, 10)
    # Whether the tasks may want more connections than it takes when all of them are busy.
    overcommitted = optional(bool, false)
    # Where the image keeps the certificates of RDS; empty encrypts without knowing who answers.
    root_certificates = optional(string, "")
  })

  validation {
    condition     = var.database.pool >= 3 && var.database.pool <= 100
    error_message = "database.pool must lie between 3 and 100, as the server wants it."
  }
}

variable "cache" {
  type = object({
    node_type = string
    nodes     = optional(number, 1)
    engine    = optional(string, "valkey")
  })
}

variable "firewall_requests" {
  description = "Requests that one address may send in five minutes; 0 has no firewall. An office has one address for everybody."
  type        = number
  default     = 6000
}
