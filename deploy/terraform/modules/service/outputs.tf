output "name" {
  value = local.service_name
}

output "blue_green" {
  value = var.blue_green
}
