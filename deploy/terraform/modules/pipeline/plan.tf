# Terraform compares every resource with what is there, so whoever plans may look at all of the account. The provider
# reads parameters and secrets back, too: their names are limited to this stack's, and customers' files stay closed.
# Plans of pull requests run in an environment of their own, which a person has to open for each run.
resource "aws_iam_role" "plan" {
  name                 = "${var.name}-plan"
  description          = "Plans ${var.name} from ${var.repository}"
  assume_role_policy   = replace(local.trust, "environment:${var.environment}", "environment:${var.environment}-plan")
  max_session_duration = 3600
}

resource "aws_iam_role_policy_attachment" "look" {
  role       = aws_iam_role.plan.name
  policy_arn = "${local.arn}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name = "plan"
  role = aws_iam_role.plan.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadState"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}"]
      },
      {
        Sid      = "LockState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = ["${local.arn}:s3:::${var.state.bucket}/${var.state.key}.tflock"]
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
}
