# Values that neither Terraform nor a linter without an account can check, in one place for whoever reviews them.
# Source: Amazon RDS User Guide, "Supported DB engines for DB instance classes", PostgreSQL.
locals {
  reviewed = {
    database_classes = [
      "db.t3.micro", "db.t3.small", "db.t3.medium", "db.t3.large",
      "db.t4g.micro", "db.t4g.small", "db.t4g.medium", "db.t4g.large",
      "db.m6g.large", "db.m6g.xlarge", "db.r6g.large", "db.r6g.xlarge",
    ]
    certificate_authority = "rds-ca-rsa2048-g1"
  }
}
