data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  host     = "token.actions.githubusercontent.com"
  account  = data.aws_caller_identity.current.account_id
  arn      = "arn:${data.aws_partition.current.partition}"
  provider = var.make_provider ? aws_iam_openid_connect_provider.github[0].arn : "${local.arn}:iam::${local.account}:oidc-provider/${local.host}"
  region   = data.aws_region.current.name

  # One repository and one environment: jobs of other branches, of forks and of pull requests have another subject.
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.host}:aud" = "sts.amazonaws.com"
        "${local.host}:sub" = "repo:${var.repository}:environment:${var.environment}"
      } }
    }]
  })
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.make_provider ? 1 : 0
  url            = "https://${local.host}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name                 = "${var.name}-deploy"
  description          = "Releases ${var.name} from ${var.repository}"
  assume_role_policy   = local.trust
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "deploy" {
  name = "release"
  role = aws_iam_role.deploy.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SignInToRegistry"
        Effect   = "Allow"
        Action   = ["ecr:GetAuthorizationToken"]
        Resource = ["*"]
      },
      {
        Sid    = "PushImages"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:DescribeImageScanFindings", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage",
          "ecr:UploadLayerPart",
        ]
        Resource = var.repository_arns
      },
      {
        # These calls know no single resource.
        Sid      = "DescribeTasks"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:RegisterTaskDefinition"]
        Resource = ["*"]
      },
      {
        Sid      = "DescribeCluster"
        Effect   = "Allow"
        Action   = ["ecs:DescribeClusters"]
        Resource = [var.cluster.arn]
      },
      {
        Sid      = "TagDefinitions"
        Effect   = "Allow"
        Action   = ["ecs:TagResource"]
        Resource = ["${local.arn}:ecs:${local.region}:${local.account}:task-definition/${var.name}-*"]
      },
      {
        Sid      = "RunTasks"
        Effect   = "Allow"
        Action   = ["ecs:RunTask"]
        Resource = ["${local.arn}:ecs:${local.region}:${local.account}:task-definition/${var.name}-*"]
        Condition = {
          ArnEquals = { "ecs:cluster" = var.cluster.arn }
        }
      },
      {
        Sid    = "ReplaceTasks"
        Effect = "Allow"
        Action = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:StopTask", "ecs:UpdateService"]
        Resource = [
          "${local.arn}:ecs:${local.region}:${local.account}:service/${var.cluster.name}/*",
          "${local.arn}:ecs:${local.region}:${local.account}:task/${var.cluster.name}/*",
        ]
      },
      {
        Sid      = "HandRolesToTasks"
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = var.role_arns
        Condition = {
          StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" }
        }
      },
      {
        Sid    = "SwitchTraffic"
        Effect = "Allow"
        Action = [
          "codedeploy:ContinueDeployment", "codedeploy:CreateDeployment", "codedeploy:GetApplication",
          "codedeploy:GetApplicationRevision", "codedeploy:GetDeployment", "codedeploy:GetDeploymentConfig",
          "codedeploy:GetDeploymentGroup", "codedeploy:GetDeploymentTarget", "codedeploy:ListDeployments",
          "codedeploy:RegisterApplicationRevision", "codedeploy:StopDeployment",
        ]
        Resource = [
          "${local.arn}:codedeploy:${local.region}:${local.account}:application:${var.name}-*",
          "${local.arn}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.name}-*/*",
          "${local.arn}:codedeploy:${local.region}:${local.account}:deploymentconfig:*",
        ]
      },
      {
        Sid      = "TellPeople"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [var.topic_arn]
      },
      {
        Sid       = "EncryptWhatIsTold"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "sns.${local.region}.amazonaws.com" } }
      },
    ]
  })
}

