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

output "facts" {
  description = "What tests ask about."
  value = {
    node_type    = aws_elasticache_replication_group.this.node_type
    nodes        = aws_elasticache_replication_group.this.num_cache_clusters
    failover     = aws_elasticache_replication_group.this.automatic_failover_enabled
    at_rest      = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled)
    on_the_way   = aws_elasticache_replication_group.this.transit_encryption_enabled
    token_length = nonsensitive(length(aws_elasticache_replication_group.this.auth_token))
    who_connects = sort([for r in aws_vpc_security_group_ingress_rule.clients : r.description])
  }
}
