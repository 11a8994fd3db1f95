locals {
  per_function = {
    errors = {
      description = "Calls of the function fail: an alert was neither delivered nor kept, or it cannot start. Its log tells."
      namespace   = "AWS/Lambda"
      metric      = "Errors"
      dimensions  = { FunctionName = aws_lambda_function.this.function_name }
    }
    throttles = {
      description = "Calls of the function wait: max_concurrency, or the account's limit, is reached."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.this.function_name }
    }
    lost = {
      description = "Lambda gave up a batch and could not put it into the dead letters: it is lost."
      namespace   = "AWS/Lambda"
      metric      = "DestinationDeliveryFailures"
      dimensions  = { FunctionName = aws_lambda_function.this.function_name }
    }
    dead-letters = {
      description = "There are dead letters: see why, then `lanner replay`."
      namespace   = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic   = "Maximum"
    }
  }

  silence = {
    for cluster in var.alarms.silence_minutes > 0 ? var.clusters : [] : "silence-${cluster}" => {
      description = "No event of ${cluster} for ${var.alarms.silence_minutes} minutes: is its audit log still on?"
      namespace   = "Lanner"
      metric      = "Events"
      dimensions  = { service = var.name, cluster = cluster }
      comparison  = "LessThanThreshold"
      threshold   = 1
      period      = var.alarms.silence_minutes * 60
      # No metric is what silence looks like.
      missing = "breaching"
    }
  }

  lag = {
    for cluster in var.alarms.lag_seconds > 0 ? var.clusters : [] : "lag-${cluster}" => {
      description = "Events of ${cluster} are judged more than ${var.alarms.lag_seconds} s after they happened."
      namespace   = "Lanner"
      metric      = "LagSeconds"
      dimensions  = { service = var.name, cluster = cluster }
      statistic   = "Maximum"
      threshold   = var.alarms.lag_seconds
      evaluations = 3
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for key, alarm in merge(local.per_function, local.silence, local.lag) : key => alarm if var.alarms.enabled }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = try(each.value.statistic, "Sum")
  comparison_operator = try(each.value.comparison, "GreaterThanThreshold")
  threshold           = try(each.value.threshold, 0)
  period              = try(each.value.period, 300)
  evaluation_periods  = try(each.value.evaluations, 1)
  treat_missing_data  = try(each.value.missing, "notBreaching")
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
