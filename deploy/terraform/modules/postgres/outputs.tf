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
