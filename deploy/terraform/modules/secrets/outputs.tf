output "values" {
  description = "The values that were made or given, for other write-only arguments of the same apply."
  # The condition is never true. It keeps the mark "ephemeral", which is lost while the names are not known yet.
  value     = var.given == null ? {} : local.values
  ephemeral = true
  sensitive = true
}

output "parameter_arns" {
  description = "Where a task finds each parameter."
  value       = { for name, p in aws_ssm_parameter.this : name => p.arn }
}

output "bundle_arn" {
  description = "The secret that holds the bundle; null when there is none."
  value       = one(aws_secretsmanager_secret.bundle[*].arn)
}

output "bundle_keys" {
  description = "Where a task finds each value of the bundle."
  value       = { for name in var.bundle : name => "${aws_secretsmanager_secret.bundle[0].arn}:${name}::" }
}

output "revision" {
  value = var.revision
}

output "facts" {
  description = "What tests ask about."
  value = {
    kinds         = { for name, p in aws_ssm_parameter.this : name => p.type }
    replicas      = try(length(aws_secretsmanager_secret.bundle[0].replica), 0)
    recovery_days = one(aws_secretsmanager_secret.bundle[*].recovery_window_in_days)
  }
}
