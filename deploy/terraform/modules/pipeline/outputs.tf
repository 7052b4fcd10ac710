output "role_arn" {
  description = "What a job of the environment takes over."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "What a job of the environment's plan takes over."
  value       = aws_iam_role.plan.arn
}
