locals {
  scaled   = var.scaling == null ? 0 : 1
  tracked  = { for metric, target in { ECSServiceAverageCPUUtilization = try(var.scaling.cpu_percent, null), ECSServiceAverageMemoryUtilization = try(var.scaling.memory_percent, null) } : metric => target if target != null }
  response = try(var.scaling.response, null)[*]
  queue    = try(var.scaling.queue, null)[*]

  # What module observe and the server write the figures of this service under.
  dimensions = { ClusterName = var.cluster.name, ServiceName = local.service_name }
  steps = merge(
    length(local.response) == 0 ? {} : { slow = 1 },
    length(local.queue) == 0 ? {} : { queue-up = 1, queue-down = -1 },
  )
}

resource "aws_appautoscaling_target" "this" {
  count              = local.scaled
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${local.service_name}"
  min_capacity       = var.scaling.min
  max_capacity       = var.scaling.max
}

resource "aws_appautoscaling_policy" "tracked" {
  for_each           = local.tracked
  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value
    scale_out_cooldown = var.scaling.out_seconds
    scale_in_cooldown  = var.scaling.in_seconds
    disable_scale_in   = !var.scaling.tracked_in

    predefined_metric_specification {
      predefined_metric_type = each.key
    }
  }
}

# A long queue brings as many tasks as it needs at once; tasks are taken away by the queue's own lower mark only.
resource "aws_appautoscaling_policy" "backlog" {
  count              = length(local.queue)
  name               = "${var.name}-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.queue[0].per_task
    scale_out_cooldown = var.scaling.out_seconds
    scale_in_cooldown  = var.scaling.in_seconds
    disable_scale_in   = true

    customized_metric_specification {
      namespace   = local.queue[0].namespace
      metric_name = "BacklogPerWorker"
      statistic   = "Average"

      dynamic "dimensions" {
        for_each = local.dimensions
        content {
          name  = dimensions.key
          value = dimensions.value
        }
      }
    }
  }
}

resource "aws_appautoscaling_policy" "step" {
  for_each           = local.steps
  name               = "${var.name}-${each.key}"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  step_scaling_policy_configuration {
    adjustment_type         = "ChangeInCapacity"
    cooldown                = each.value > 0 ? var.scaling.out_seconds : var.scaling.in_seconds
    metric_aggregation_type = "Average"

    step_adjustment {
      scaling_adjustment          = each.value
      metric_interval_lower_bound = each.value > 0 ? 0 : null
      metric_interval_upper_bound = each.value > 0 ? null : 0
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  count               = length(local.response)
  alarm_name          = "${var.name}-scale-slow"
  alarm_description   = "Answers are slow: one more task"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = var.balancer.suffix }
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.response[0].seconds
  period              = 60
  evaluation_periods  = local.response[0].minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.step["slow"].arn]
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = length(local.queue) == 0 ? {} : {
    queue-up   = { operator = "GreaterThanThreshold", threshold = local.queue[0].up_above, minutes = local.queue[0].up_minutes, says = "Much waits: one more task" }
    queue-down = { operator = "LessThanThreshold", threshold = local.queue[0].down_below, minutes = local.queue[0].down_minutes, says = "Little waits: one task less" }
  }
  alarm_name          = "${var.name}-scale-${each.key}"
  alarm_description   = each.value.says
  namespace           = local.queue[0].namespace
  metric_name         = "PendingJobs"
  dimensions          = local.dimensions
  statistic           = "Average"
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  # Nothing is known: nothing is done.
  treat_missing_data = "missing"
  alarm_actions      = [aws_appautoscaling_policy.step[each.key].arn]
}
