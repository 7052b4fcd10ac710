# Whoever writes to the bucket waits for its policy and encryption.
output "name" {
  value      = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_policy.this, aws_s3_bucket_server_side_encryption_configuration.this]
}

output "arn" {
  value = aws_s3_bucket.this.arn
}

output "facts" {
  description = "What tests ask about."
  value = {
    versioned = aws_s3_bucket_versioning.this.versioning_configuration[0].status
    algorithm = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm
    private   = alltrue([for on in [aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy, aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets] : on])
    rules     = { for r in aws_s3_bucket_lifecycle_configuration.this.rule : r.id => r.status }
    removable = aws_s3_bucket.this.force_destroy
    policy    = jsondecode(aws_s3_bucket_policy.this.policy)
  }
}
