# No value stands in the plan or in the state: they are ephemeral, and go only into write-only arguments.
# A write-only argument is sent when its version changes. So the values of one revision are made and written in one
# apply; when that breaks off half way, raise the revision.

ephemeral "aws_secretsmanager_random_password" "made" {
  provider            = aws.random
  for_each            = { for name, g in var.generate : name => g if !contains(var.given_names, name) }
  password_length     = each.value.length
  exclude_punctuation = true # also fits into an address without being escaped
  exclude_uppercase   = each.value.hex
  exclude_characters  = each.value.hex ? "ghijklmnopqrstuvwxyz" : null
}

locals {
  values = merge({ for name, p in ephemeral.aws_secretsmanager_random_password.made : name => p.random_password }, var.given)
}

resource "aws_ssm_parameter" "this" {
  for_each         = var.parameters
  name             = "${var.prefix}/${each.key}"
  type             = "SecureString"
  key_id           = var.kms_key_arn
  value_wo         = var.parameter_values[each.key]
  value_wo_version = var.revision
}

resource "aws_secretsmanager_secret" "bundle" {
  count                   = length(var.bundle) > 0 ? 1 : 0
  name                    = trimprefix(var.prefix, "/")
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days

  # The replica is encrypted by its region's own key.
  dynamic "replica" {
    for_each = var.replica_region == "" ? [] : [var.replica_region]
    content {
      region = replica.value
    }
  }
}

resource "aws_secretsmanager_secret_version" "bundle" {
  count                    = length(var.bundle) > 0 ? 1 : 0
  secret_id                = aws_secretsmanager_secret.bundle[0].id
  secret_string_wo         = jsonencode({ for name in var.bundle : name => local.values[name] })
  secret_string_wo_version = var.revision
}
