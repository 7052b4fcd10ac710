variable "name" {
  description = "Name of the task, its container and its roles, unique in the account."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,39}$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens."
  }
}

variable "image" {
  description = "Image with its tag."
  type        = string

  validation {
    condition     = can(regex(":[A-Za-z0-9._-]+$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image must end with the tag of a release; latest says nothing about what runs."
  }
}

variable "command" {
  description = "Arguments of the image's program; empty takes the image's own."
  type        = list(string)
  default     = []
}

variable "cpu" {
  description = "Units of CPU: 1024 are one virtual CPU."
  type        = number

  validation {
    condition     = contains(keys(local.memory_of_cpu), tostring(var.cpu))
    error_message = "cpu must be 256, 512, 1024, 2048 or 4096: Fargate has no others of this size."
  }
}

variable "memory" {
  description = "Memory in MiB."
  type        = number

  validation {
    condition     = contains(lookup(local.memory_of_cpu, tostring(var.cpu), []), var.memory)
    error_message = "Fargate has no such memory with this cpu: 256 goes with 512 to 2048, 512 with 1024 to 4096, 1024 with 2048 to 8192, 2048 with 4096 to 16384, 4096 with 8192 to 30720, in whole GiB."
  }
}

variable "machines" {
  description = "Whether the task runs on EC2 machines in place of Fargate."
  type        = bool
  default     = false
}

variable "port" {
  description = "Port that it listens on; null for none."
  type        = number
  default     = null
}

variable "user" {
  description = "Who runs it in the container: user and group by number."
  type        = string
  default     = "10001:10001"

  validation {
    condition     = can(regex("^[1-9][0-9]*:[1-9][0-9]*$", var.user))
    error_message = "user must be two numbers like 10001:10001, neither of them root's."
  }
}

variable "writable" {
  description = "Folders of the container that can be written, gone with the task. The image must hold each as a VOLUME that belongs to user."
  type        = set(string)
  default     = ["/tmp"]
}

variable "health_command" {
  description = "What the agent runs in the container to see whether it is well; empty leaves that to the balancer."
  type        = list(string)
  default     = []
}

variable "health" {
  description = "Figures of health_command, in seconds."
  type = object({
    interval = optional(number, 30)
    timeout  = optional(number, 5)
    retries  = optional(number, 3)
    start    = optional(number, 60)
  })
  default = {}
}

variable "stop_seconds" {
  description = "Time between SIGTERM and SIGKILL."
  type        = number
  default     = 45

  validation {
    condition     = var.stop_seconds >= 2 && var.stop_seconds <= 120
    error_message = "stop_seconds must lie between 2 and 120."
  }
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "secrets" {
  description = "Variables whose values the agent fetches: name and address of a parameter or of a key of a secret."
  type        = map(string)
  default     = {}
}

variable "further_parameters" {
  description = "Parameters that another definition with the same roles may ask for."
  type        = list(string)
  default     = []
}

variable "secrets_revision" {
  description = "Changes the task when the values of the secrets changed, so that a deployment takes them over."
  type        = number
  default     = 1
}

variable "statements" {
  description = "What the program may do in AWS: statements of its role's policy."
  type        = any
  default     = []
}

variable "repository_arns" {
  description = "Repositories that the image may come from."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key of the secrets."
  type        = string
}

variable "log_group" {
  type = object({ name = string, arn = string })
}

variable "vpc_id" {
  type = string
}

variable "egress" {
  description = "Ports to anywhere, such as 443 for AWS services, 587 for mail."
  type        = set(number)
  default     = [443]
}

variable "egress_groups" {
  description = "Security groups that it connects to, by a name for the rule, with the port."
  type        = map(object({ group = string, port = number }))
  default     = {}
}

locals {
  memory_of_cpu = {
    "256"  = [512, 1024, 2048]
    "512"  = [for gib in range(1, 5) : gib * 1024]
    "1024" = [for gib in range(2, 9) : gib * 1024]
    "2048" = [for gib in range(4, 17) : gib * 1024]
    "4096" = [for gib in range(8, 31) : gib * 1024]
  }
}
