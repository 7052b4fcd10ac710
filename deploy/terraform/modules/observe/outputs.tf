output "log_groups" {
  description = "Name and ARN of each log group, by its short name."
  value       = { for name, g in aws_cloudwatch_log_group.this : name => { name = g.name, arn = g.arn } }
}

output "topic_arn" {
  value = aws_sns_topic.alarms.arn
}

output "alarm_names" {
  value = { for name, a in aws_cloudwatch_metric_alarm.this : name => a.alarm_name }
}

output "facts" {
  description = "What tests ask about."
  value = {
    log_days   = distinct([for g in aws_cloudwatch_log_group.this : g.retention_in_days])
    alarms     = { for name, a in aws_cloudwatch_metric_alarm.this : name => { threshold = a.threshold, told = length(a.alarm_actions) > 0, metric = a.metric_name } }
    readers    = sort([for s in aws_sns_topic_subscription.email : s.endpoint])
    budget_usd = one(aws_budgets_budget.this[*].limit_amount)
  }
}
