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

output "facts" {
  description = "What tests ask about."
  value = {
    container = jsondecode(aws_ecs_task_definition.this.container_definitions)[0]
    kind      = aws_ecs_task_definition.this.requires_compatibilities
    cpu       = aws_ecs_task_definition.this.cpu
    memory    = aws_ecs_task_definition.this.memory
    kept      = aws_ecs_task_definition.this.skip_destroy
    execution = jsondecode(aws_iam_role_policy.execution.policy).Statement
    program   = try(jsondecode(aws_iam_role_policy.task[0].policy).Statement, [])
    egress    = sort([for r in aws_vpc_security_group_egress_rule.anywhere : tostring(r.from_port)])
  }
}
