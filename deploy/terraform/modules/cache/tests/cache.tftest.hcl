mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  name           = "test"
  vpc_id         = "vpc-1"
  subnet_ids     = ["subnet-1", "subnet-2"]
  clients        = { api = "sg-1" }
  node_type      = "cache.t3.micro"
  token_revision = 1
  kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
}

run "cache" {
  command = apply

  assert {
    condition     = output.facts.at_rest && output.facts.on_the_way && output.facts.token_length == 64
    error_message = "Encrypted at rest and on the way, with a token."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.engine == "valkey" && aws_elasticache_parameter_group.this.family == "valkey8"
    error_message = "Valkey 8."
  }

  assert {
    condition     = nonsensitive(startswith(output.url, "rediss://:"))
    error_message = "The address wants TLS."
  }

  assert {
    condition     = !output.facts.failover
    error_message = "One node has nowhere to fail over to."
  }
}

run "two_nodes" {
  command = plan

  variables {
    nodes  = 2
    engine = "redis"
  }

  assert {
    condition     = output.facts.failover && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "Two nodes fail over between zones."
  }
}

run "unknown_engine" {
  command = plan

  variables {
    engine = "memcached"
  }

  expect_failures = [var.engine]
}

run "unknown_node" {
  command = plan

  variables {
    node_type = "cache.t9.huge"
  }

  expect_failures = [var.node_type]
}

run "no_node" {
  command = plan

  variables {
    nodes = 0
  }

  expect_failures = [var.nodes]
}
