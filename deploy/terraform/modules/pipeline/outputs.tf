output "role_arn" {
  description = "What a job of the environment takes over."
  value       = aws_iam_role.deploy.arn
}

output "plan_role_arn" {
  description = "What a job of the environment's plan takes over."
  value       = aws_iam_role.plan.arn
}

output "drill_role_arn" {
  description = "What a job of the environment's drill takes over; null when there is none."
  value       = one(aws_iam_role.drill[*].arn)
}

output "facts" {
  description = "What tests ask about."
  value = {
    trusted  = { for name, role in merge({ deploy = aws_iam_role.deploy, plan = aws_iam_role.plan }, { for r in aws_iam_role.drill : "drill" => r }) : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals }
    tries    = try(jsondecode(aws_iam_role_policy.drill[0].policy).Statement, [])
    releases = jsondecode(aws_iam_role_policy.deploy.policy).Statement
  }
}
