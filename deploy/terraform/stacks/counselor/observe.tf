locals {
  balancer = { LoadBalancer = module.edge.balancer_suffix }
  of       = { for part, full in local.parts : part => { ClusterName = local.name, ServiceName = full } }

  alarms = merge({
    errors = {
      description = "More than 5 % of the requests end in a server error"
      threshold   = 5
      periods     = 3
      expression  = "IF(requests > 20, 100 * errors / requests, 0)"
      queries = {
        errors   = { namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, statistic = "Sum" }
        requests = { namespace = "AWS/ApplicationELB", metric = "RequestCount", dimensions = local.balancer, statistic = "Sum" }
      }
    }
    }, {
    for part, of in local.of : "${part}-cpu" => { description = "CPU of the ${part} above 80 %", namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = of, threshold = 80 }
    }, {
    for part, of in local.of : "${part}-memory" => { description = "Memory of the ${part} above 80 %", namespace = "AWS/ECS", metric = "MemoryUtilization", dimensions = of, threshold = 80 }
    }, {
    for part, of in local.of : "${part}-tasks" => {
      description = "Tasks of the ${part} fail: fewer run than are wanted"
      threshold   = 0
      periods     = 10 # longer than a deployment needs
      expression  = "desired - running"
      queries = {
        desired = { namespace = "ECS/ContainerInsights", metric = "DesiredTaskCount", dimensions = of, statistic = "Average" }
        running = { namespace = "ECS/ContainerInsights", metric = "RunningTaskCount", dimensions = of, statistic = "Average" }
      }
    }
  })

  widgets = [
    { title = "Requests", stat = "Sum", metrics = [for m in ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"] : ["AWS/ApplicationELB", m, "LoadBalancer", module.edge.balancer_suffix]] },
    { title = "Response time (p95)", stat = "p95", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", module.edge.balancer_suffix]] },
    { title = "Tasks", metrics = [for full in values(local.parts) : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", local.name, "ServiceName", full]] },
    { title = "CPU", metrics = [for full in values(local.parts) : ["AWS/ECS", "CPUUtilization", "ClusterName", local.name, "ServiceName", full]] },
    { title = "Memory", metrics = [for full in values(local.parts) : ["AWS/ECS", "MemoryUtilization", "ClusterName", local.name, "ServiceName", full]] },
  ]
}

module "observe" {
  source      = "../../modules/observe"
  name        = local.name
  log_groups  = { all = "/ecs/${local.name}" }
  log_days    = var.log_days
  kms_key_arn = module.key.arn
  emails      = var.emails
  namespace   = "Counselor/${var.environment}"
  alarms      = local.alarms
  widgets     = local.widgets
  budget_usd  = var.budget_usd
  cost_tag    = "Project$counselor"
}
