output "urls" {
  description = "Address of each repository, by its name."
  value       = { for name, r in aws_ecr_repository.this : name => r.repository_url }
}

output "arns" {
  value = [for r in aws_ecr_repository.this : r.arn]
}
