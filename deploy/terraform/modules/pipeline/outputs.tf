output "role_arn" {
  description = "What a job of the environment takes over."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "What a job of the environment's plan takes over."
  value       = aws_iam_role.plan.arn
}

output "facts" {
  description = "What tests ask about."
  value = {
    trusted  = { for name, role in { deploy = aws_iam_role.deploy, plan = aws_iam_role.plan } : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals }
    releases = jsondecode(aws_iam_role_policy.deploy.policy).Statement
  }
}
