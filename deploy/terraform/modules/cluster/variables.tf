variable "name" {
  type = string
}

variable "insights" {
  description = "Container Insights: figures of each task, at a price for each metric."
  type        = bool
  default     = true
}

variable "machines" {
  description = "EC2 machines as a further capacity provider named machines; null has none, everything runs on Fargate."
  type = object({
    instance_type = string
    min           = number
    max           = number
    subnet_ids    = list(string)
    vpc_id        = string
  })
  default = null

  validation {
    condition     = var.machines == null ? true : var.machines.min >= 0 && var.machines.max >= var.machines.min && var.machines.max > 0
    error_message = "machines.max must be at least 1 and not below machines.min."
  }

  validation {
    condition     = var.machines == null ? true : contains(local.reviewed_instance_types, var.machines.instance_type)
    error_message = "machines.instance_type is not in the reviewed list of the cluster module."
  }
}

locals {
  # x86-64 as the images are, with network interfaces enough for at least two tasks.
  reviewed_instance_types = ["t3.small", "t3.medium", "t3.large", "m6i.large", "c6i.large", "c6i.xlarge"]
}
