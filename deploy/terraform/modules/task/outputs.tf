output "definition_arn" {
  # A task must not start before its roles may do their work.
  value      = aws_ecs_task_definition.this.arn
  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task]
}

output "family" {
  value = aws_ecs_task_definition.this.family
}

output "security_group_id" {
  value = aws_security_group.this.id
}

output "role_arns" {
  description = "Roles that whoever deploys has to hand over."
  value       = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
}
