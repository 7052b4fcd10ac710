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
        Action   = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:RegisterTaskDefinition", "ecs:DescribeClusters"]
        Resource = ["*"]
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
        Action = ["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:StopTask", "ecs:UpdateService", "ecs:TagResource"]
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
          "codedeploy:CreateDeployment", "codedeploy:GetApplication", "codedeploy:GetApplicationRevision",
          "codedeploy:GetDeployment", "codedeploy:GetDeploymentConfig", "codedeploy:GetDeploymentGroup",
          "codedeploy:ListDeployments", "codedeploy:RegisterApplicationRevision", "codedeploy:StopDeployment",
        ]
        Resource = [
          "${local.arn}:codedeploy:${local.region}:${local.account}:application:${var.name}-*",
          "${local.arn}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.name}-*/*",
          "${local.arn}:codedeploy:${local.region}:${local.account}:deploymentconfig:*",
        ]
      },
      {
        Sid      = "ReadAndWriteState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}"]
      },
      {
        Sid      = "LockState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}.tflock"]
      },
      {
        Sid       = "FindState"
        Effect    = "Allow"
        Action    = ["s3:ListBucket"]
        Resource  = ["${local.arn}:s3:::${var.state.bucket}"]
        Condition = { StringLike = { "s3:prefix" = ["${var.state.key}*"] } }
      },
    ]
  })
}

# Terraform compares every resource with what is there, so whoever plans may look at all of the account. The provider
# reads parameters and secrets back, too: their names are limited to this stack's, and customers' files stay closed.
locals {
  look = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadState"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}"]
      },
      {
        Sid      = "ReadOwnSecrets"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = ["${local.arn}:secretsmanager:${local.region}:${local.account}:secret:${var.secrets_prefix}-*"]
      },
      {
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.kms_key_arn]
        Condition = {
          StringEquals = { "kms:ViaService" = [for s in ["ssm", "secretsmanager"] : "${s}.${local.region}.amazonaws.com"] }
        }
      },
      {
        Sid         = "NoOtherObjects"
        Effect      = "Deny"
        Action      = ["s3:GetObject", "s3:GetObjectVersion"]
        NotResource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}*"]
      },
    ]
  })
  lookers = { deploy = aws_iam_role.deploy.name, plan = aws_iam_role.plan.name }
}

# Plans of pull requests run in an environment of their own, which a person has to open for each run.
resource "aws_iam_role" "plan" {
  name                 = "${var.name}-plan"
  description          = "Plans ${var.name} from ${var.repository}"
  assume_role_policy   = replace(local.trust, "environment:${var.environment}", "environment:${var.environment}-plan")
  max_session_duration = 3600
}

resource "aws_iam_role_policy_attachment" "look" {
  for_each   = local.lookers
  role       = each.value
  policy_arn = "${local.arn}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "look" {
  for_each = local.lookers
  name     = "look"
  role     = each.value
  policy   = local.look
}
