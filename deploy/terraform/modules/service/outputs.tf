output "name" {
  value = local.service_name
}

output "blue_green" {
  value = var.blue_green
}

output "facts" {
  description = "What tests ask about."
  value = {
    tasks           = local.service.desired_count
    controller      = var.blue_green ? local.service.deployment_controller[0].type : "ECS"
    circuit_breaker = var.blue_green ? null : one(local.service.deployment_circuit_breaker)
    healthy_percent = var.blue_green ? null : local.service.deployment_minimum_healthy_percent
    surge_percent   = var.blue_green ? null : local.service.deployment_maximum_percent
    goes_back_on    = var.blue_green ? one(one(aws_codedeploy_deployment_group.this).auto_rollback_configuration).events : one(local.service.alarms[*].alarm_names)
    waits_for_word  = var.blue_green ? one(one(aws_codedeploy_deployment_group.this).blue_green_deployment_config).deployment_ready_option[0].action_on_timeout == "STOP_DEPLOYMENT" : false
    tried_at        = var.blue_green ? flatten(one(one(aws_codedeploy_deployment_group.this).load_balancer_info).target_group_pair_info[0].test_traffic_route[*].listener_arns) : []
    public_address  = local.service.network_configuration[0].assign_public_ip
    capacity        = { for s in local.service.capacity_provider_strategy : s.capacity_provider => { weight = s.weight, base = s.base } }
    behind_balancer = length(local.service.load_balancer) > 0
    bounds          = one([for t in aws_appautoscaling_target.this : { min = t.min_capacity, max = t.max_capacity }])
    tracked = { for metric, p in aws_appautoscaling_policy.tracked : metric => {
      target  = p.target_tracking_scaling_policy_configuration[0].target_value
      out     = p.target_tracking_scaling_policy_configuration[0].scale_out_cooldown
      in      = p.target_tracking_scaling_policy_configuration[0].scale_in_cooldown
      in_also = !p.target_tracking_scaling_policy_configuration[0].disable_scale_in
    } }
    backlog = one([for p in aws_appautoscaling_policy.backlog : p.target_tracking_scaling_policy_configuration[0].target_value])
    steps   = { for name, p in aws_appautoscaling_policy.step : name => p.step_scaling_policy_configuration[0].step_adjustment[*].scaling_adjustment }
    marks = merge(
      { for a in aws_cloudwatch_metric_alarm.slow : "slow" => { metric = a.metric_name, threshold = a.threshold, minutes = a.evaluation_periods } },
      { for name, a in aws_cloudwatch_metric_alarm.queue : name => { metric = a.metric_name, threshold = a.threshold, minutes = a.evaluation_periods } },
    )
  }
}

locals {
  service = one(concat(aws_ecs_service.rolling[*], aws_ecs_service.switched[*]))
}
