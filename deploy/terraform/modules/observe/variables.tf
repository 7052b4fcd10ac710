variable "name" {
  type = string
}

variable "log_groups" {
  description = "Log groups to make, by a short name: their names in CloudWatch."
  type        = map(string)
}

variable "log_days" {
  type = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 180, 365], var.log_days)
    error_message = "log_days must be a number of days that CloudWatch keeps: 1, 3, 5, 7, 14, 30, 60, 90, 180, 365."
  }
}

variable "kms_key_arn" {
  type = string
}

variable "emails" {
  description = "Who hears of alarms and of the budget. Each address has to confirm once."
  type        = set(string)

  validation {
    condition     = alltrue([for e in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", e))])
    error_message = "emails must be mail addresses."
  }
}

variable "error_patterns" {
  description = "What counts as an error in the log, by log group: a filter pattern of CloudWatch."
  type        = map(string)
  default     = {}
}

variable "namespace" {
  description = "Namespace of the figures counted in the logs."
  type        = string
}

variable "alarms" {
  description = "Alarms. Either a metric of its own, or an expression over queries."
  type = map(object({
    description = string
    namespace   = optional(string)
    metric      = optional(string)
    dimensions  = optional(map(string), {})
    statistic   = optional(string, "Average")
    percentile  = optional(string)
    comparison  = optional(string, "GreaterThanThreshold")
    threshold   = number
    period      = optional(number, 60)
    periods     = optional(number, 5)
    missing     = optional(string, "notBreaching")
    expression  = optional(string)
    queries     = optional(map(object({ namespace = string, metric = string, dimensions = map(string), statistic = string })), {})
  }))
  default = {}

  validation {
    condition     = alltrue([for a in values(var.alarms) : (a.metric == null) != (a.expression == null)])
    error_message = "An alarm has either a metric or an expression."
  }
}

variable "budget_usd" {
  description = "What the stack may cost in a month; the addresses hear of 80 % and of what is foreseen beyond; null sets none."
  type        = number
  default     = null

  validation {
    condition     = var.budget_usd == null ? true : var.budget_usd > 0
    error_message = "budget_usd must be above 0."
  }
}

variable "cost_tag" {
  description = "Tag by which costs are told apart, as Name$Value."
  type        = string
  default     = null
}

variable "widgets" {
  description = "Charts of the dashboard: title and metrics in CloudWatch's notation."
  type = list(object({
    title   = string
    metrics = any
    stat    = optional(string, "Average")
    period  = optional(number, 60)
  }))
  default = []
}
