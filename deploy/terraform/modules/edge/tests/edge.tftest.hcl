mock_provider "aws" {
  source          = "../../../tests/terraform/mocks"
  override_during = plan
}

override_resource {
  target = aws_acm_certificate.this
  values = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"
    domain_validation_options = [{
      domain_name           = "app.example.com"
      resource_record_name  = "_proof.app.example.com"
      resource_record_type  = "CNAME"
      resource_record_value = "_proof.acm-validations.aws"
    }]
  }
}

variables {
  name       = "test"
  vpc_id     = "vpc-1"
  subnet_ids = ["subnet-1", "subnet-2"]
  protected  = true
  services   = { api = { port = 8000, paths = ["/*"], priority = 100, blue_green = true } }
}

run "plain" {
  command = plan

  assert {
    condition     = output.facts.http == "fixed-response" && output.facts.ssl_policy == null && length(aws_acm_certificate.this) == 0
    error_message = "Without a domain: plain HTTP, no certificate."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && output.facts.protected
    error_message = "Headers that are none are dropped."
  }

  assert {
    condition     = toset(keys(output.facts.health)) == toset(["api-blue", "api-green"])
    error_message = "Two target groups to switch between."
  }

  assert {
    condition     = jsonencode(output.facts.test_ports) == jsonencode({ api = { port = 8443, protocol = "HTTP", from = [] } }) && length(output.test_urls) == 0
    error_message = "A listener for trials, which nobody reaches unless testers are named."
  }
}

run "domain" {
  command = plan

  variables {
    domain  = "app.example.com"
    zone    = "example.com"
    testers = ["192.0.2.0/24"]
  }

  assert {
    condition     = jsonencode(output.facts.test_ports) == jsonencode({ api = { port = 8443, protocol = "HTTPS", from = ["192.0.2.0/24"] } }) && output.test_urls["api"] == "https://app.example.com:8443"
    error_message = "Testers reach the standby side by HTTPS at a port of its own."
  }

  assert {
    condition     = output.facts.http == "redirect" && output.facts.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "HTTP leads to HTTPS."
  }

  assert {
    condition     = aws_route53_record.proof["app.example.com"].ttl == 60 && aws_route53_record.site[0].name == "app.example.com" && aws_acm_certificate.this[0].subject_alternative_names == toset(["*.app.example.com"])
    error_message = "The certificate is proved by DNS and holds for the wildcard; the name leads to the balancer."
  }
}

run "firewall" {
  command = plan

  variables {
    waf = { requests = 2000, count_only = ["SizeRestrictions_BODY"] }
  }

  assert {
    condition     = [for r in aws_wafv2_web_acl.this[0].rule : r.statement[0].rate_based_statement[0].limit if r.name == "rate"] == [2000]
    error_message = "A limit for each address."
  }

  assert {
    condition     = length(aws_wafv2_web_acl.this[0].rule) == 5
    error_message = "Four managed sets beside the limit."
  }

  assert {
    condition     = toset(flatten([for r in aws_wafv2_web_acl.this[0].rule : [for m in r.statement[0].managed_rule_group_statement : m.rule_action_override[*].name]])) == toset(["SizeRestrictions_BODY"])
    error_message = "Long bodies are counted, not refused."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.firewall[0].name, "aws-waf-logs-") && length(aws_wafv2_web_acl_logging_configuration.this[0].redacted_fields) == 2
    error_message = "It is logged, without credentials."
  }
}

run "logs" {
  command = plan

  variables {
    logs_bucket = "test-access"
  }

  assert {
    condition     = output.facts.logged && module.logs[0].facts.algorithm == "AES256"
    error_message = "Access is logged."
  }
}

run "domain_without_zone" {
  command = plan

  variables {
    domain = "app.example.com"
  }

  expect_failures = [var.zone]
}

run "zone_of_somebody_else" {
  command = plan

  variables {
    domain = "app.example.com"
    zone   = "example.org"
  }

  expect_failures = [var.zone]
}

run "domain_with_scheme" {
  command = plan

  variables {
    domain = "https://app.example.com"
    zone   = "example.com"
  }

  expect_failures = [var.domain]
}

run "old_tls" {
  command = plan

  variables {
    ssl_policy = "ELBSecurityPolicy-2016-08"
  }

  expect_failures = [var.ssl_policy]
}

run "one_zone" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "same_priority" {
  command = plan

  variables {
    services = { a = { port = 1, paths = ["/a"], priority = 1 }, b = { port = 2, paths = ["/b"], priority = 1 } }
  }

  expect_failures = [var.services]
}

run "check_longer_than_its_interval" {
  command = plan

  variables {
    services = { a = { port = 1, paths = ["/a"], priority = 1, health_timeout = 60 } }
  }

  expect_failures = [var.services]
}

run "rate_too_low_for_aws" {
  command = plan

  variables {
    waf = { requests = 5 }
  }

  expect_failures = [var.waf]
}

run "long_name" {
  command = plan

  variables {
    name = "a-name-that-leaves-no-room-for-groups"
  }

  expect_failures = [var.name]
}

run "everybody_tests" {
  command = plan

  variables {
    testers = ["0.0.0.0/0"]
  }

  expect_failures = [var.testers]
}

run "trials_where_people_are" {
  command = plan

  variables {
    services = { api = { port = 8000, paths = ["/*"], priority = 100, blue_green = true, test_port = 443 } }
  }

  expect_failures = [var.services]
}
