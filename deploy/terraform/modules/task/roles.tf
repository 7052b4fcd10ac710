data "aws_caller_identity" "current" {}

locals {
  # Only tasks of this account take the roles.
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })

  # The address of a key inside a secret ends with :KEY::, the policy is about the secret.
  sources    = distinct([for address in values(var.secrets) : replace(address, "/:[A-Za-z0-9_]+::$/", "")])
  parameters = concat([for arn in local.sources : arn if strcontains(arn, ":ssm:")], var.further_parameters)
  bundles    = [for arn in local.sources : arn if strcontains(arn, ":secretsmanager:")]
}

# The agent's role: fetch the image, fetch the secrets, write the log.
resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "SignInToRegistry"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = ["*"]
        },
        {
          Sid      = "FetchImage"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.repository_arns
        },
        {
          Sid      = "WriteLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${var.log_group.arn}:*"]
        },
      ],
      [for arns in [local.parameters] : { Sid = "ReadParameters", Effect = "Allow", Action = ["ssm:GetParameters"], Resource = arns } if length(arns) > 0],
      [for arns in [local.bundles] : { Sid = "ReadSecrets", Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = arns } if length(arns) > 0],
      [for names in [keys(var.secrets)] : { Sid = "Decrypt", Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] } if length(names) > 0],
    )
  })
}

# The program's own role, empty unless it calls AWS itself.
resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  count  = length(var.statements) > 0 ? 1 : 0
  name   = "work"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = var.statements })
}
