variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC, a /16 network."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && endswith(var.cidr, "/16")
    error_message = "cidr must be an IPv4 network of 16 bits, such as 10.0.0.0/16."
  }
}

variable "zones" {
  description = "Availability zones with tasks and NAT: 1 or 2. The balancer and the database always get subnets in two, because AWS asks for them."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2], var.zones)
    error_message = "zones must be 1 or 2."
  }
}

variable "nat" {
  description = "Way out of the private subnets: none, one NAT gateway, or one per_zone."
  type        = string
  default     = "one"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat must be none, one or per_zone."
  }
}

variable "data_subnets" {
  description = "Whether to make subnets without a way out, for a database and a cache."
  type        = bool
  default     = true
}

variable "interface_endpoints" {
  description = "AWS services that the tasks reach inside the VPC, such as ecr.api, ecr.dkr or logs. Each costs by the hour and zone; without NAT, ecr.api, ecr.dkr and logs are needed."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for s in var.interface_endpoints : can(regex("^[a-z][a-z0-9.-]+$", s))])
    error_message = "interface_endpoints are names of services without the region, such as ecr.api."
  }

  validation {
    condition     = var.nat != "none" || length(setintersection(var.interface_endpoints, ["ecr.api", "ecr.dkr", "logs"])) == 3
    error_message = "Without NAT the tasks cannot start: add ecr.api, ecr.dkr and logs to interface_endpoints."
  }
}

variable "flow_log_days" {
  description = "Days for which refused connections are kept; 0 writes none."
  type        = number
  default     = 14

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 180, 365], var.flow_log_days)
    error_message = "flow_log_days must be 0 or a number of days that CloudWatch keeps: 1, 3, 5, 7, 14, 30, 60, 90, 180, 365."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow log; null takes the service's own."
  type        = string
  default     = null
}
