output "urls" {
  description = "Address of each repository, by its name."
  value       = { for name, r in aws_ecr_repository.this : name => r.repository_url }
}

output "arns" {
  value = [for r in aws_ecr_repository.this : r.arn]
}

output "facts" {
  description = "What tests ask about."
  value = {
    for name, r in aws_ecr_repository.this : name => {
      mutability = r.image_tag_mutability
      scanned    = r.image_scanning_configuration[0].scan_on_push
      removable  = r.force_delete
      rules      = jsondecode(aws_ecr_lifecycle_policy.this[name].policy).rules
    }
  }
}
