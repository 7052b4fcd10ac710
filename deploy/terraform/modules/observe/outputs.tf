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
