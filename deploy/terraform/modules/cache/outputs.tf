output "address" {
  value = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "url" {
  description = "Address with the token, for a parameter."
  value       = "rediss://:${sensitive(terraform_data.token.output)}@${aws_elasticache_replication_group.this.primary_endpoint_address}:6379"
  sensitive   = true
}

output "node_ids" {
  value = aws_elasticache_replication_group.this.member_clusters
}

output "id" {
  value = aws_elasticache_replication_group.this.replication_group_id
}

output "security_group_id" {
  value = aws_security_group.this.id
}
