output "vpc_id" {
  value = aws_vpc.this.id
}

output "cidr" {
  value = var.cidr
}

output "public_subnet_ids" {
  value = [for s in aws_subnet.public : s.id]
}

output "private_subnet_ids" {
  value = [for s in aws_subnet.private : s.id]
}

output "data_subnet_ids" {
  value = [for s in aws_subnet.data : s.id]
}

output "zones" {
  description = "Zones that tasks run in."
  value       = keys(local.private_zones)
}

output "facts" {
  description = "What tests ask about."
  value = {
    cidr             = aws_vpc.this.cidr_block
    public_zones     = sort([for s in aws_subnet.public : s.availability_zone])
    private_zones    = sort([for s in aws_subnet.private : s.availability_zone])
    data_zones       = sort([for s in aws_subnet.data : s.availability_zone])
    public_addresses = anytrue([for s in concat(values(aws_subnet.private), values(aws_subnet.data)) : s.map_public_ip_on_launch == true])
    nat_gateways     = length(aws_nat_gateway.this)
    ways_out         = length(aws_route.nat)
    endpoints        = sort(concat([aws_vpc_endpoint.s3.vpc_endpoint_type], [for e in aws_vpc_endpoint.interface : e.service_name]))
    flow_log_days    = one(aws_cloudwatch_log_group.flow[*].retention_in_days)
  }
}
