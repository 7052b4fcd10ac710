mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  name = "test"
}

run "two_zones" {
  command = apply

  assert {
    condition     = output.facts.private_zones == tolist(["us-east-1a", "us-east-1b"]) && output.facts.nat_gateways == 1 && output.facts.ways_out == 2
    error_message = "Two zones share one NAT gateway."
  }

  assert {
    condition     = aws_subnet.public["us-east-1a"].cidr_block == "10.0.1.0/24" && aws_subnet.public["us-east-1b"].cidr_block == "10.0.2.0/24"
    error_message = "Public networks are 10.0.1.0/24 and 10.0.2.0/24."
  }

  assert {
    condition     = aws_subnet.private["us-east-1a"].cidr_block == "10.0.10.0/24" && aws_subnet.private["us-east-1b"].cidr_block == "10.0.11.0/24"
    error_message = "Private networks are 10.0.10.0/24 and 10.0.11.0/24."
  }

  assert {
    condition     = length(aws_route_table.data) == 1 && length([for r in aws_route.nat : r if r.route_table_id == aws_route_table.data[0].id]) == 0
    error_message = "The database's subnets have no way out."
  }

  assert {
    condition     = aws_vpc.this.enable_dns_support && aws_vpc.this.enable_dns_hostnames
    error_message = "Names are resolved."
  }

  assert {
    condition     = length(aws_default_security_group.none.ingress) == 0 && length(aws_default_security_group.none.egress) == 0
    error_message = "The group that AWS makes lets nothing through."
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "REJECT"
    error_message = "Refused connections are kept."
  }
}

run "one_zone" {
  command = plan

  variables {
    zones = 1
  }

  assert {
    condition     = output.facts.private_zones == tolist(["us-east-1a"]) && length(output.facts.public_zones) == 2
    error_message = "One zone for tasks, two for the balancer."
  }
}

run "nat_in_each_zone" {
  command = plan

  variables {
    nat = "per_zone"
  }

  assert {
    condition     = output.facts.nat_gateways == 2
    error_message = "One gateway in each zone."
  }
}

run "without_nat" {
  command = plan

  variables {
    nat                 = "none"
    interface_endpoints = ["ecr.api", "ecr.dkr", "logs"]
  }

  assert {
    condition     = output.facts.nat_gateways == 0 && output.facts.ways_out == 0 && length(output.facts.endpoints) == 4
    error_message = "AWS is reached by endpoints alone."
  }
}

run "three_zones" {
  command = plan

  variables {
    zones = 3
  }

  expect_failures = [var.zones]
}

run "small_network" {
  command = plan

  variables {
    cidr = "10.0.0.0/24"
  }

  expect_failures = [var.cidr]
}

run "no_network" {
  command = plan

  variables {
    cidr = "10.0.0.0/33"
  }

  expect_failures = [var.cidr]
}

run "unknown_nat" {
  command = plan

  variables {
    nat = "instance"
  }

  expect_failures = [var.nat]
}

run "tasks_that_cannot_start" {
  command = plan

  variables {
    nat = "none"
  }

  expect_failures = [var.interface_endpoints]
}

run "days_cloudwatch_does_not_have" {
  command = plan

  variables {
    flow_log_days = 31
  }

  expect_failures = [var.flow_log_days]
}
