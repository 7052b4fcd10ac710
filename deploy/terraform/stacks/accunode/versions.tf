terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket, key and region are given by deploy/bin/deploy: one state for each stack and environment.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project     = "accunode"
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }
}

# For module secrets, which says why.
provider "aws" {
  alias  = "random"
  region = var.region
}
