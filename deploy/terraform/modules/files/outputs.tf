# Whoever writes to the bucket waits for its policy and encryption.
output "name" {
  value      = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_policy.this, aws_s3_bucket_server_side_encryption_configuration.this]
}

output "arn" {
  value = aws_s3_bucket.this.arn
}
