"""Faults that are put in on purpose, each with the layer that has to find it.

A fault is (name, layer, file below terraform/, text, what it becomes, where it shows). Layers:
  validate  `terraform validate` of the stacks
  test      `terraform test` of the folder where it shows; a file of variables after a colon
  shadow    cfn-lint, on what the stack becomes, names the value where it shows: Terraform takes it as it comes
"""

ACCUNODE = "stacks/accunode"
COUNSELOR = "stacks/counselor"
COUNSELOR_DEV = f"{COUNSELOR}:dev"

FAULTS = [
    # What the provider's schema knows, or a rule of a variable with a default.
    ("unknown argument", "validate", "modules/postgres/main.tf", "storage_encrypted     = true", "storage_encrypt       = true", None),
    ("undeclared reference", "validate", "modules/edge/main.tf", "var.idle_seconds", "var.idle_second", None),
    ("protocol that does not exist", "validate", "modules/edge/main.tf", 'protocol          = "HTTPS"', 'protocol          = "HTTPZ"', None),
    ("comparison that does not exist", "validate", "modules/service/scaling.tf", 'comparison_operator = "GreaterThanThreshold"', 'comparison_operator = "GreaterThen"', None),
    ("scope that WAF does not have", "validate", "modules/edge/firewall.tf", 'scope       = "REGIONAL"', 'scope       = "LOCAL"', None),
    ("wrong type", "validate", "modules/network/main.tf", "enable_dns_support   = true", "enable_dns_support   = [true]", None),
    ("TLS policy that nobody reviewed", "validate", "modules/edge/variables.tf", '"ELBSecurityPolicy-TLS13-1-2-2021-06"', '"ELBSecurityPolicy-TLS13-1-2-2021-07"', None),
    # What the tests promise.
    ("public database", "test", "modules/postgres/main.tf", "publicly_accessible    = false\n  ca_cert_identifier     = local.reviewed.certificate_authority\n  parameter_group_name   = aws_db_parameter_group.this.name\n\n  backup", "publicly_accessible    = true\n  ca_cert_identifier     = local.reviewed.certificate_authority\n  parameter_group_name   = aws_db_parameter_group.this.name\n\n  backup", "modules/postgres"),
    ("connections in the clear", "test", "modules/postgres/main.tf", '"rds.force_ssl"              = "1"', '"rds.force_ssl"              = "0"', "modules/postgres"),
    ("protection forgotten", "test", "modules/postgres/main.tf", "deletion_protection        = var.protected\n  skip_final", "deletion_protection        = false\n  skip_final", "modules/postgres"),
    ("release that does not go back", "test", "modules/service/main.tf", "rollback = true\n  }\n\n  dynamic", "rollback = false\n  }\n\n  dynamic", "modules/service"),
    ("task with a public address", "test", "modules/service/main.tf", "assign_public_ip = false\n  }\n\n  dynamic", "assign_public_ip = true\n  }\n\n  dynamic", "modules/service"),
    ("service behind no balancer", "test", "modules/service/main.tf", "for_each = var.balancer[*]", "for_each = []", "modules/service"),
    ("spare capacity for requests", "test", "modules/service/variables.tf", "var.spot_percent == 0 || var.balancer == null", "var.spot_percent >= 0", "modules/service"),
    ("writable root", "test", "modules/task/main.tf", "readonlyRootFilesystem = true", "readonlyRootFilesystem = false", "modules/task"),
    ("secret as a plain permission", "test", "modules/task/roles.tf", "Resource = arns } if length(arns) > 0],\n      [for arns in [local.bundles]", 'Resource = ["*"] } if length(arns) > 0],\n      [for arns in [local.bundles]', "modules/task"),
    ("tags that can be moved", "test", "modules/registry/main.tf", '"IMMUTABLE"', '"MUTABLE"', "modules/registry"),
    ("expiry by another prefix", "test", "modules/registry/main.tf", "tagPrefixList = [var.tag_prefix]", 'tagPrefixList = ["v"]', "modules/registry"),
    ("alarm that tells nobody", "test", "modules/observe/main.tf", "alarm_actions       = [aws_sns_topic.alarms.arn]", "alarm_actions       = []", "modules/observe"),
    ("any branch may release", "test", "modules/pipeline/main.tf", '"repo:${var.repository}:environment:${var.environment}"', '"repo:${var.repository}:*"', "modules/pipeline"),
    ("always two zones", "test", "modules/network/main.tf", "slice(local.two_zones, 0, var.zones)", "local.two_zones", "modules/network"),
    ("days of the log fixed", "test", "stacks/counselor/observe.tf", "log_days    = var.log_days", "log_days    = 30", COUNSELOR_DEV),
    ("class of machine that does not exist", "test", "stacks/accunode/phases/startup.tfvars", "db.t3.micro", "db.t3.mikro", ACCUNODE),
    ("node of the cache that does not exist", "test", "stacks/accunode/phases/startup.tfvars", "cache.t3.micro", "cache.t3.mikro", ACCUNODE),
    # What Terraform and the provider take as it comes.
    ("engine that does not exist", "shadow", "modules/postgres/main.tf", 'engine         = "postgres"', 'engine         = "postgress"', "postgress"),
    ("dimension that does not exist", "shadow", "modules/service/scaling.tf", '"ecs:service:DesiredCount"', '"ecs:service:DesiredCounts"', "ecs:service:DesiredCounts"),
    ("action that does not exist", "shadow", "modules/task/roles.tf", '"ecr:BatchGetImage"', '"ecr:BatchGetImages"', "BatchGetImages"),
    ("key of a container that does not exist", "shadow", "modules/task/main.tf", "initProcessEnabled = true", "initProcesEnabled = true", "initProcesEnabled"),
]
