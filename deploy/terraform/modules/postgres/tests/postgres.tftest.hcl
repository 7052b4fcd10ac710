mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

variables {
  name              = "test"
  vpc_id            = "vpc-1"
  subnet_ids        = ["subnet-1", "subnet-2"]
  clients           = { api = "sg-1" }
  instance_class    = "db.t3.micro"
  storage_gb        = 20
  storage_max_gb    = 50
  protected         = true
  password          = "given"
  password_revision = 1
  kms_key_arn       = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000000"
}

run "database" {
  command = plan

  assert {
    condition     = output.facts.encrypted && !output.facts.public && output.facts.protected && output.facts.last_snapshot
    error_message = "Encrypted, private, protected, with a last snapshot."
  }

  assert {
    condition     = output.facts.parameters["rds.force_ssl"] == "1"
    error_message = "TLS is forced."
  }

  assert {
    condition     = aws_db_instance.this.engine == "postgres" && aws_db_instance.this.engine_version == "15" && aws_db_parameter_group.this.family == "postgres15"
    error_message = "PostgreSQL 15."
  }

  assert {
    condition     = aws_db_instance.this.password == null
    error_message = "The password is not kept."
  }

  assert {
    condition     = aws_db_instance.this.copy_tags_to_snapshot && aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.monitoring_interval == 60
    error_message = "Snapshots carry tags, and the instance is watched."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.clients["api"].from_port == 5432 && aws_vpc_security_group_ingress_rule.clients["api"].referenced_security_group_id == "sg-1"
    error_message = "Only the clients' groups connect."
  }
}

run "replica" {
  command = plan

  variables {
    replicas = 1
    multi_az = true
  }

  assert {
    condition     = output.facts.replicas == 1 && output.facts.encrypted && !output.facts.public && output.facts.protected
    error_message = "The replica is as guarded as the database."
  }
}

run "unprotected" {
  command = plan

  variables {
    protected = false
  }

  assert {
    condition     = !output.facts.protected && !output.facts.last_snapshot
    error_message = "Can be taken down."
  }
}

run "unknown_class" {
  command = plan

  variables {
    instance_class = "db.t9.huge"
  }

  expect_failures = [var.instance_class]
}

run "no_backups" {
  command = plan

  variables {
    backup_days = 0
  }

  expect_failures = [var.backup_days]
}

run "backups_for_a_month" {
  command = plan

  variables {
    backup_days = 30
  }

  expect_failures = [var.backup_days]
}

run "too_little_storage" {
  command = plan

  variables {
    storage_gb = 5
  }

  expect_failures = [var.storage_gb]
}

run "storage_that_shrinks" {
  command = plan

  variables {
    storage_max_gb = 10
  }

  expect_failures = [var.storage_max_gb]
}

run "old_version" {
  command = plan

  variables {
    major_version = "12"
  }

  expect_failures = [var.major_version]
}

run "one_zone" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}
