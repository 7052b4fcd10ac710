data "aws_elb_service_account" "this" {}

# The balancer writes only with S3's own encryption.
module "logs" {
  source    = "../files"
  count     = var.logs_bucket == null ? 0 : 1
  name      = var.logs_bucket
  versioned = false

  keep_deleted_days = 1
  expire_days       = var.logs_days
  removable         = true

  statements = [{
    Sid       = "BalancerWrites"
    Effect    = "Allow"
    Principal = { AWS = data.aws_elb_service_account.this.arn }
    Action    = "s3:PutObject"
    Resource  = "arn:aws:s3:::${var.logs_bucket}/AWSLogs/*"
  }]
}
