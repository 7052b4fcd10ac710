variable "name" {
  type = string

  validation {
    condition     = length(var.name) <= 24 && can(regex("^[a-z][a-z0-9-]+$", var.name))
    error_message = "name must be at most 24 lower-case letters, digits and hyphens: names of target groups grow from it."
  }
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  description = "Public subnets in two zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "The balancer wants subnets in two zones."
  }
}

variable "services" {
  description = "What stands behind the balancer, by name. paths are tried by priority, lowest first. A service with blue_green gets a second target group, between which CodeDeploy switches."
  type = map(object({
    port              = number
    paths             = list(string)
    priority          = number
    blue_green        = optional(bool, false)
    test_port         = optional(number, 8443)
    health_path       = optional(string, "/health")
    health_seconds    = optional(number, 30)
    health_timeout    = optional(number, 10)
    healthy_after     = optional(number, 2)
    unhealthy_after   = optional(number, 3)
    drain_seconds     = optional(number, 30)
    slow_start_second = optional(number, 0)
  }))

  validation {
    condition     = length(distinct([for s in values(var.services) : s.priority])) == length(var.services)
    error_message = "Each service needs a priority of its own."
  }

  validation {
    condition     = length(distinct(concat([80, 443], [for s in values(var.services) : s.test_port if s.blue_green]))) == 2 + length([for s in values(var.services) : s if s.blue_green])
    error_message = "Each service with blue_green needs a test_port of its own, other than 80 and 443."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : s.health_timeout < s.health_seconds])
    error_message = "health_timeout must be shorter than health_seconds."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : length(s.paths) >= 1 && length(s.paths) <= 5])
    error_message = "A service has one to five paths: a rule of the balancer holds no more."
  }
}

variable "domain" {
  description = "Name that people use, such as app.example.com; empty serves plain HTTP under the balancer's own name."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be empty or a host name in lower case, such as app.example.com."
  }
}

variable "zone" {
  description = "Existing Route53 zone that the domain lies in, such as example.com."
  type        = string
  default     = ""

  validation {
    condition     = var.domain == "" || (var.zone != "" && (var.domain == var.zone || endswith(var.domain, ".${var.zone}")))
    error_message = "With a domain, zone must name the Route53 zone that it lies in."
  }
}

variable "testers" {
  description = "Addresses (CIDR) that may try a release at test_port before people get there; nobody else reaches that port."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.testers : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "testers must be address ranges such as 192.0.2.0/24, and not everybody."
  }
}

variable "ssl_policy" {
  type    = string
  default = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  validation {
    condition     = contains(local.reviewed.ssl_policies, var.ssl_policy)
    error_message = "ssl_policy is not in the reviewed list of reviewed.tf: an unknown one fails only when the listener is made."
  }
}

variable "idle_seconds" {
  description = "How long a connection may be silent."
  type        = number
  default     = 60

  validation {
    condition     = var.idle_seconds >= 1 && var.idle_seconds <= 4000
    error_message = "idle_seconds must lie between 1 and 4000."
  }
}

variable "protected" {
  description = "Refuse to be deleted."
  type        = bool
}

variable "waf" {
  description = "Web application firewall: requests that one address may send in five minutes, and rules of the managed sets that count in place of blocking; null has none."
  type = object({
    requests   = number
    count_only = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.waf == null ? true : var.waf.requests >= 100
    error_message = "waf.requests must be at least 100."
  }
}

variable "logs_bucket" {
  description = "Bucket for access logs, unique in the world; null keeps none."
  type        = string
  default     = null
}

variable "logs_days" {
  type    = number
  default = 7
}

variable "kms_key_arn" {
  description = "Key that encrypts the firewall's log."
  type        = string
  default     = null
}
