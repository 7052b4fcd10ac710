# Restores the database beside the real one, looks at it, and takes it down. It can read the database's password, so it is
# a role of its own, in an environment of its own.
locals {
  drill = var.drill == null ? 0 : 1
  rds   = "${local.arn}:rds:${local.region}:${local.account}"
}

resource "aws_iam_role" "drill" {
  count                = local.drill
  name                 = "${var.name}-drill"
  description          = "Tries to restore ${var.name} from ${var.repository}"
  assume_role_policy   = replace(local.trust, "environment:${var.environment}", "environment:${var.environment}-drill")
  max_session_duration = 7200
}

resource "aws_iam_role_policy" "drill" {
  count = local.drill
  name  = "drill"
  role  = aws_iam_role.drill[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # These calls know no single resource.
        Sid      = "Describe"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"]
        Resource = ["*"]
      },
      {
        Sid      = "LookAtDatabases"
        Effect   = "Allow"
        Action   = ["rds:DescribeDBInstances"]
        Resource = ["${local.rds}:db:${var.name}", "${local.rds}:db:${var.name}-drill-*"]
      },
      {
        Sid    = "Restore"
        Effect = "Allow"
        Action = ["rds:RestoreDBInstanceToPointInTime", "rds:AddTagsToResource"]
        Resource = [
          "${local.rds}:db:${var.name}", "${local.rds}:db:${var.name}-drill-*", "${local.rds}:subgrp:${var.name}",
          "${local.rds}:pg:*", "${local.rds}:og:*",
        ]
      },
      {
        Sid      = "TakeDown"
        Effect   = "Allow"
        Action   = ["rds:DeleteDBInstance", "rds:ModifyDBInstance"]
        Resource = ["${local.rds}:db:${var.name}-drill-*"]
      },
      {
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        Resource = [var.kms_key_arn]
      },
      {
        Sid      = "ReadAddress"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = [var.drill.parameter_arn]
      },
      {
        Sid      = "WriteAddressOfCopy"
        Effect   = "Allow"
        Action   = ["ssm:PutParameter", "ssm:DeleteParameter"]
        Resource = ["${var.drill.parameter_arn}-drill"]
      },
      {
        Sid       = "RunTasks"
        Effect    = "Allow"
        Action    = ["ecs:RunTask"]
        Resource  = ["${local.arn}:ecs:${local.region}:${local.account}:task-definition/${var.name}-*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster.arn } }
      },
      {
        Sid      = "WatchTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTasks", "ecs:StopTask"]
        Resource = ["${local.arn}:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*"]
      },
      {
        Sid       = "HandRolesToTasks"
        Effect    = "Allow"
        Action    = ["iam:PassRole"]
        Resource  = var.drill.role_arns
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Sid       = "WriteFigures"
        Effect    = "Allow"
        Action    = ["cloudwatch:PutMetricData"]
        Resource  = ["*"]
        Condition = { StringEquals = { "cloudwatch:namespace" = "AccuNode/Recovery" } }
      },
      {
        Sid      = "TellPeople"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [var.topic_arn]
      },
    ]
  })
}
