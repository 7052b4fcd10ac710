locals {
  rolling = var.blue_green ? 0 : 1
  # What of the tasks beyond the base runs where. A share of 0 leaves ordinary capacity alone.
  strategy = concat(
    var.spot_percent == 100 ? [] : [{ provider = var.provider_name, weight = 100 - var.spot_percent, base = var.spot_percent == 0 ? 0 : var.spot_base }],
    var.spot_percent == 0 ? [] : [{ provider = "FARGATE_SPOT", weight = var.spot_percent, base = 0 }],
  )
  # With one task "half of them" is that one: it can go only after the next has come.
  least        = var.scaling == null ? var.tasks : var.scaling.min
  surge        = var.healthy_percent == 100 || local.least == 1 ? 200 : 100
  service_name = one(concat(aws_ecs_service.rolling[*].name, aws_ecs_service.switched[*].name))
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  count                        = var.balancer == null ? 0 : 1
  security_group_id            = var.task.security_group_id
  description                  = "Requests from the balancer"
  referenced_security_group_id = var.balancer.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.balancer.port
  to_port                      = var.balancer.port
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  count                        = var.balancer == null ? 0 : 1
  security_group_id            = var.balancer.security_group_id
  description                  = "Requests to ${var.name}"
  referenced_security_group_id = var.task.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.balancer.port
  to_port                      = var.balancer.port
}

resource "aws_ecs_service" "rolling" {
  count           = local.rolling
  name            = var.name
  cluster         = var.cluster.arn
  task_definition = var.task.definition_arn
  desired_count   = var.tasks

  deployment_minimum_healthy_percent = var.healthy_percent
  deployment_maximum_percent         = local.surge
  health_check_grace_period_seconds  = var.balancer == null ? null : var.grace_seconds
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "alarms" {
    for_each = length(var.rollback_alarms) == 0 ? [] : [1]
    content {
      enable      = true
      rollback    = true
      alarm_names = var.rollback_alarms
    }
  }

  dynamic "capacity_provider_strategy" {
    for_each = local.strategy
    content {
      capacity_provider = capacity_provider_strategy.value.provider
      weight            = capacity_provider_strategy.value.weight
      base              = capacity_provider_strategy.value.base
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.task.security_group_id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = var.balancer[*]
    content {
      target_group_arn = load_balancer.value.target_groups.blue_arn
      container_name   = var.name
      container_port   = load_balancer.value.port
    }
  }

  lifecycle {
    ignore_changes = [desired_count]
  }
}

# CodeDeploy alone may change the release and the target group of this one.
resource "aws_ecs_service" "switched" {
  count           = 1 - local.rolling
  name            = var.name
  cluster         = var.cluster.arn
  task_definition = var.task.definition_arn
  desired_count   = var.tasks

  health_check_grace_period_seconds = var.grace_seconds
  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"

  deployment_controller {
    type = "CODE_DEPLOY"
  }

  capacity_provider_strategy {
    capacity_provider = var.provider_name
    weight            = 100
    base              = 0
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.task.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.balancer.target_groups.blue_arn
    container_name   = var.name
    container_port   = var.balancer.port
  }

  lifecycle {
    ignore_changes = [task_definition, load_balancer, desired_count, capacity_provider_strategy]
  }
}
