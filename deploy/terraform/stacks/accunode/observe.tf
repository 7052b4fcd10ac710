locals {
  balancer = { LoadBalancer = module.edge.balancer_suffix }
  of       = { for s in ["api", "worker"] : s => { ClusterName = local.name, ServiceName = local.services[s] } }
  database = { DBInstanceIdentifier = module.postgres.id }
  groups   = module.edge.target_groups["api"].suffixes
  node     = { CacheClusterId = "${local.name}-001" }

  # Connections that an instance of RDS takes: its memory in bytes / 9531392.
  memory_gb   = { micro = 1, small = 2, medium = 4, large = 8, xlarge = 16 }
  size        = element(split(".", var.database.class), 2)
  connections = floor(local.memory_gb[local.size] * 1073741824 / 9531392)

  alarms = merge({
    api-cpu      = { description = "CPU of the API above 80 %", namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.of.api, threshold = 80 }
    worker-cpu   = { description = "CPU of the workers above 80 %", namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.of.worker, threshold = 80 }
    response     = { description = "Answers take more than 500 ms", namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.balancer, threshold = 0.5 }
    response-p95 = { description = "One answer of twenty takes more than 2 s", namespace = "AWS/ApplicationELB", metric = "TargetResponseTime", dimensions = local.balancer, percentile = "p95", threshold = 2 }
    unhealthy = {
      description = "A task of the API fails its check"
      threshold   = 0
      periods     = 3
      # Whichever of the two groups has the traffic; the other one has no tasks, and so no figures.
      expression = join(" + ", [for i, _ in local.groups : "FILL(group${i}, 0)"])
      queries    = { for i, group in local.groups : "group${i}" => { namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = merge(local.balancer, { TargetGroup = group }), statistic = "Maximum" } }
    }
    errors = {
      description = "More than 5 % of the requests end in a server error"
      threshold   = 5
      periods     = 3
      # Below 20 requests a minute a single failure would be an alarm.
      expression = "IF(requests > 20, 100 * errors / requests, 0)"
      queries = {
        errors   = { namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.balancer, statistic = "Sum" }
        requests = { namespace = "AWS/ApplicationELB", metric = "RequestCount", dimensions = local.balancer, statistic = "Sum" }
      }
    }
    queue        = { description = "More than 50 jobs wait", namespace = "AccuNode", metric = "PendingJobs", dimensions = local.of.worker, threshold = 50 }
    database-cpu = { description = "CPU of the database above 70 %", namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database, threshold = 70 }
    database-connections = {
      description = "More than 80 % of the database's connections are taken"
      namespace   = "AWS/RDS", metric = "DatabaseConnections", dimensions = local.database, statistic = "Maximum"
      threshold   = floor(0.8 * local.connections)
    }
    database-storage = { description = "Less than 2 GB left in the database", namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database, comparison = "LessThanThreshold", threshold = 2000000000, missing = "breaching" }
    cache-memory     = { description = "More than 90 % of the cache's memory is used", namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = local.node, threshold = 90 }
    log-errors       = { description = "The server writes errors", namespace = "AccuNode/${var.environment}", metric = "api-errors", statistic = "Sum", threshold = 10 }
    }, {
    for s in ["api", "worker"] : "${s}-tasks" => {
      description = "Fewer tasks of ${s} run than are wanted"
      threshold   = 0
      periods     = 10 # longer than a deployment needs
      expression  = "desired - running"
      queries = {
        desired = { namespace = "ECS/ContainerInsights", metric = "DesiredTaskCount", dimensions = local.of[s], statistic = "Average" }
        running = { namespace = "ECS/ContainerInsights", metric = "RunningTaskCount", dimensions = local.of[s], statistic = "Average" }
      }
    }
  })

  widgets = [
    { title = "Requests", stat = "Sum", metrics = [for m in ["RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"] : ["AWS/ApplicationELB", m, "LoadBalancer", module.edge.balancer_suffix]] },
    { title = "Response time (p95)", stat = "p95", metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", module.edge.balancer_suffix]] },
    { title = "Queue", metrics = [for m in ["PendingJobs", "BacklogPerWorker", "OldestWait"] : ["AccuNode", m, "ClusterName", local.name, "ServiceName", local.services.worker]] },
    { title = "CPU of the tasks", metrics = [for s in ["api", "worker"] : ["AWS/ECS", "CPUUtilization", "ClusterName", local.name, "ServiceName", local.services[s]]] },
    { title = "Memory of the tasks", metrics = [for s in ["api", "worker"] : ["AWS/ECS", "MemoryUtilization", "ClusterName", local.name, "ServiceName", local.services[s]]] },
    { title = "Tasks", metrics = [for s in ["api", "worker"] : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", local.name, "ServiceName", local.services[s]]] },
    { title = "Database", metrics = [for m in ["CPUUtilization", "DatabaseConnections"] : ["AWS/RDS", m, "DBInstanceIdentifier", module.postgres.id]] },
    { title = "Database latency (s)", metrics = [for m in ["ReadLatency", "WriteLatency"] : ["AWS/RDS", m, "DBInstanceIdentifier", module.postgres.id]] },
    { title = "Cache", metrics = [for m in ["DatabaseMemoryUsagePercentage", "EngineCPUUtilization", "CurrConnections", "Evictions"] : ["AWS/ElastiCache", m, "CacheClusterId", local.node.CacheClusterId]] },
  ]
}

module "observe" {
  source         = "../../modules/observe"
  name           = local.name
  log_groups     = { for s, full in local.services : s => "/ecs/${full}" }
  log_days       = var.log_days
  kms_key_arn    = module.key.arn
  emails         = var.emails
  namespace      = "AccuNode/${var.environment}"
  error_patterns = { api = "{ $.level = \"ERROR\" }", worker = "{ $.level = \"ERROR\" }" }
  alarms         = local.alarms
  widgets        = local.widgets
  budget_usd     = var.budget_usd
  cost_tag       = "Project$accunode"
}

locals {
  # Of one task: for changes, for reading, and one each to show that it lives and to look after its health.
  connections_of_task = 2 * var.database.pool + 2
  connections_at_most = (var.api.max + var.worker.max) * local.connections_of_task
}

check "connections" {
  assert {
    condition     = var.database.overcommitted || local.connections_at_most <= local.connections
    error_message = "At most ${var.api.max + var.worker.max} tasks may open ${local.connections_at_most} connections, and ${var.database.class} takes about ${local.connections}. Take a larger class, fewer tasks or a smaller database.pool, or set database.overcommitted and watch the alarm database-connections."
  }
}
