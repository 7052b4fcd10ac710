data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.log_groups
  name              = each.value
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  for_each       = var.error_patterns
  name           = "${var.name}-${each.key}-errors"
  log_group_name = aws_cloudwatch_log_group.this[each.key].name
  pattern        = each.value

  metric_transformation {
    namespace     = var.namespace
    name          = "${each.key}-errors"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgetsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each  = var.emails
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each            = var.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  namespace          = each.value.namespace
  metric_name        = each.value.metric
  dimensions         = each.value.metric == null ? null : each.value.dimensions
  statistic          = each.value.metric == null || each.value.percentile != null ? null : each.value.statistic
  extended_statistic = each.value.percentile
  period             = each.value.metric == null ? null : each.value.period

  dynamic "metric_query" {
    for_each = each.value.queries
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.statistic
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.expression[*]
    content {
      id          = "result"
      expression  = metric_query.value
      label       = each.value.description
      return_data = true
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  count          = length(var.widgets) > 0 ? 1 : 0
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for i, w in var.widgets : {
      type   = "metric"
      x      = (i % 3) * 8
      y      = floor(i / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = w.title
        view    = "timeSeries"
        region  = data.aws_region.current.name
        stat    = w.stat
        period  = w.period
        metrics = w.metrics
      }
    }]
  })
}

resource "aws_budgets_budget" "this" {
  count        = var.budget_usd == null ? 0 : 1
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "cost_filter" {
    for_each = var.cost_tag[*]
    content {
      name   = "TagKeyValue"
      values = ["user:${cost_filter.value}"]
    }
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      notification_type          = notification.key
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
    }
  }

  lifecycle {
    precondition {
      condition     = length(var.emails) > 0
      error_message = "A budget needs somebody to tell: give emails."
    }
  }
}
