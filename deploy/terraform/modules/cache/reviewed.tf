# Values that neither Terraform nor a linter without an account can check, in one place for whoever reviews them.
# Source: Amazon ElastiCache User Guide, "Supported node types" and "Supported engines and versions".
locals {
  reviewed = {
    node_types = [
      "cache.t3.micro", "cache.t3.small", "cache.t3.medium",
      "cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium",
      "cache.m6g.large", "cache.r6g.large",
    ]
    engines = {
      valkey = { version = "8.0", family = "valkey8" }
      redis  = { version = "7.1", family = "redis7" }
    }
  }
}
