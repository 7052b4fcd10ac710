output "address" {
  value = aws_db_instance.this.address
}

output "port" {
  value = 5432
}

output "database" {
  value = aws_db_instance.this.db_name
}

output "username" {
  value = aws_db_instance.this.username
}

output "id" {
  value = aws_db_instance.this.identifier
}

output "replica_addresses" {
  value = aws_db_instance.replica[*].address
}

output "security_group_id" {
  value = aws_security_group.this.id
}

output "facts" {
  description = "What tests ask about."
  value = {
    class          = aws_db_instance.this.instance_class
    storage_gb     = aws_db_instance.this.allocated_storage
    encrypted      = alltrue([for d in local.instances : d.storage_encrypted])
    public         = anytrue([for d in local.instances : d.publicly_accessible])
    protected      = alltrue([for d in local.instances : d.deletion_protection])
    last_snapshot  = !aws_db_instance.this.skip_final_snapshot
    backup_days    = aws_db_instance.this.backup_retention_period
    multi_az       = aws_db_instance.this.multi_az
    replicas       = length(aws_db_instance.replica)
    parameters     = { for p in aws_db_parameter_group.this.parameter : p.name => p.value }
    log_days       = distinct([for g in aws_cloudwatch_log_group.this : g.retention_in_days])
    who_connects   = sort([for r in aws_vpc_security_group_ingress_rule.clients : r.description])
    from_addresses = anytrue([for r in aws_vpc_security_group_ingress_rule.clients : r.cidr_ipv4 != null])
  }
}

locals {
  instances = concat([aws_db_instance.this], aws_db_instance.replica)
}
