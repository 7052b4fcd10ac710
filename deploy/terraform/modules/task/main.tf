data "aws_region" "current" {}

locals {
  volumes = { for path in var.writable : trim(replace(path, "/", "-"), "-") => path }

  container = merge(
    {
      name                   = var.name
      image                  = var.image
      essential              = true
      user                   = var.user
      readonlyRootFilesystem = true
      privileged             = false
      stopTimeout            = var.stop_seconds
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
      environment            = [for name in sort(keys(var.environment)) : { name = name, value = var.environment[name] }]
      secrets                = [for name in sort(keys(var.secrets)) : { name = name, valueFrom = var.secrets[name] }]
      mountPoints            = [for name in sort(keys(local.volumes)) : { sourceVolume = name, containerPath = local.volumes[name], readOnly = false }]
      dockerLabels           = { "secrets-revision" = tostring(var.secrets_revision) }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = var.log_group.name
          "awslogs-region"        = data.aws_region.current.name
          "awslogs-stream-prefix" = var.name
        }
      }
    },
    length(var.command) > 0 ? { command = var.command } : null,
    var.port == null ? null : { portMappings = [{ containerPort = var.port, hostPort = var.port, protocol = "tcp" }] },
    length(var.health_command) == 0 ? null : {
      healthCheck = {
        command     = var.health_command
        interval    = var.health.interval
        timeout     = var.health.timeout
        retries     = var.health.retries
        startPeriod = var.health.start
      }
    },
  )
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = [var.machines ? "EC2" : "FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([local.container])
  # Earlier revisions stay: going back needs them.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  dynamic "volume" {
    for_each = local.volumes
    content {
      name = volume.key
    }
  }
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = { Name = var.name }
}

resource "aws_vpc_security_group_egress_rule" "anywhere" {
  for_each          = { for port in var.egress : tostring(port) => port }
  security_group_id = aws_security_group.this.id
  description       = "Port ${each.key} of services outside"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "groups" {
  for_each                     = var.egress_groups
  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}"
  referenced_security_group_id = each.value.group
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
