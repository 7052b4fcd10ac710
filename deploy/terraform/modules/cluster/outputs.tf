# Services wait until the capacity providers are attached.
output "name" {
  value      = aws_ecs_cluster.this.name
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "arn" {
  value      = aws_ecs_cluster.this.arn
  depends_on = [aws_ecs_cluster_capacity_providers.this]
}

output "machines_provider" {
  description = "Capacity provider of the machines; null when there are none."
  value       = one(aws_ecs_capacity_provider.machines[*].name)
}
