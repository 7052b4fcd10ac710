variable "name" {
  type = string
}

variable "task" {
  description = "What module task made: the definition, and the group of its tasks."
  type        = object({ definition_arn = string, security_group_id = string })
}

variable "cluster" {
  type = object({ name = string, arn = string })
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "tasks" {
  description = "Tasks at first. Where the service is scaled, scaling decides afterwards."
  type        = number

  validation {
    condition     = var.tasks >= 1
    error_message = "tasks must be at least 1."
  }
}

variable "balancer" {
  description = "Where requests come from; null for a service that nobody calls."
  type = object({
    security_group_id = string
    listener_arn      = string
    suffix            = string
    port              = number
    target_groups     = object({ blue_arn = string, blue_name = string, green_name = optional(string), test_arn = optional(string), suffixes = list(string) })
  })
  default = null
}

variable "blue_green" {
  description = "A release starts beside the running one, and CodeDeploy leads the traffic over. Needs a green target group. Otherwise tasks are replaced step by step."
  type        = bool
  default     = false

  validation {
    condition     = !var.blue_green || var.balancer != null
    error_message = "blue_green is for services behind the balancer."
  }
}

variable "blue_green_wait_minutes" {
  description = "How long the old tasks stay after the traffic was led over, to go back at once."
  type        = number
  default     = 10
}

variable "trial_minutes" {
  description = "How long CodeDeploy waits for a word that the standby side was tried and is sound, before it gives the release up; 0 waits for health alone."
  type        = number
  default     = 0

  validation {
    condition     = var.trial_minutes >= 0 && var.trial_minutes <= 60
    error_message = "trial_minutes must lie between 0 and 60."
  }
}

variable "healthy_percent" {
  description = "Share of the tasks that stays up while they are replaced: 50 replaces one half, then the other."
  type        = number
  default     = 100

  validation {
    condition     = var.healthy_percent >= 50 && var.healthy_percent <= 100
    error_message = "healthy_percent must lie between 50 and 100."
  }
}

variable "grace_seconds" {
  description = "How long a new task may fail the balancer's check."
  type        = number
  default     = 60
}

variable "provider_name" {
  description = "Capacity provider: FARGATE, or the cluster's machines."
  type        = string
  default     = "FARGATE"
}

variable "spot_percent" {
  description = "Share of the tasks beyond spot_base that runs on spare capacity, which AWS takes back with two minutes' notice."
  type        = number
  default     = 0

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100
    error_message = "spot_percent must lie between 0 and 100."
  }

  validation {
    condition     = var.spot_percent == 0 || var.balancer == null
    error_message = "Spare capacity is for workers: a request must not be cut off."
  }

  validation {
    condition     = var.spot_percent == 0 || var.provider_name == "FARGATE"
    error_message = "spot_percent is for Fargate."
  }
}

variable "spot_base" {
  description = "Tasks that always run on ordinary capacity."
  type        = number
  default     = 1
}

variable "rollback_alarms" {
  description = "Alarms that end a deployment and bring the release before back."
  type        = list(string)
  default     = []
}

variable "scaling" {
  description = <<-TEXT
    Bounds, and what is gone by; null leaves the number alone.
    cpu_percent and memory_percent are tracked. response adds a task when answers are slow for some minutes.
    queue adds one above up_above and takes one below down_below, and tracks the backlog of each task upwards.
  TEXT
  type = object({
    min            = number
    max            = number
    cpu_percent    = optional(number)
    memory_percent = optional(number)
    tracked_in     = optional(bool, true)
    out_seconds    = optional(number, 60)
    in_seconds     = optional(number, 300)
    response       = optional(object({ seconds = number, minutes = number }))
    queue = optional(object({
      namespace    = string
      up_above     = number
      up_minutes   = number
      down_below   = number
      down_minutes = number
      per_task     = number
    }))
  })
  default = null

  validation {
    condition     = var.scaling == null ? true : var.scaling.min >= 1 && var.scaling.max >= var.scaling.min && var.scaling.max <= 50
    error_message = "scaling.min must be at least 1, scaling.max not below it and at most 50."
  }

  validation {
    condition     = var.scaling == null ? true : alltrue([for p in [var.scaling.cpu_percent, var.scaling.memory_percent] : p == null ? true : p >= 10 && p <= 95])
    error_message = "scaling.cpu_percent and scaling.memory_percent must lie between 10 and 95."
  }

  validation {
    condition     = try(var.scaling.queue, null) == null ? true : var.scaling.queue.up_above > var.scaling.queue.down_below
    error_message = "scaling.queue.up_above must be above down_below, or tasks come and go in turns."
  }

  validation {
    condition     = try(var.scaling.response, null) == null || var.balancer != null
    error_message = "scaling.response is for services behind the balancer."
  }

  validation {
    condition     = var.scaling == null ? true : var.scaling.out_seconds >= 0 && var.scaling.in_seconds >= var.scaling.out_seconds
    error_message = "scaling.in_seconds must not be shorter than out_seconds."
  }
}
