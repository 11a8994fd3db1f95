locals {
  # A metric of all clusters, found by its name, so that new clusters show up by themselves.
  by_cluster = {
    for metric, statistic in {
      Events      = "Sum"
      Alerts      = "Sum"
      LagSeconds  = "Maximum"
      DeadLetters = "Sum"
      NotSafe     = "Sum"
      Truncated   = "Sum"
      } : metric => [{
        expression = "SEARCH('{Lanner,service,cluster} service=\"${var.name}\" MetricName=\"${metric}\"', '${statistic}', 300)"
        label      = "$${PROP('Dim.cluster')}"
        id         = lower(metric)
    }]
  }

  of_function = { for metric in ["Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "IteratorAge"] : metric =>
    ["AWS/Lambda", metric, "FunctionName", var.name]
  }

  charts = [
    { title = "Events", metrics = [local.by_cluster.Events] },
    { title = "Alerts", metrics = [local.by_cluster.Alerts] },
    { title = "Seconds from the last event to its verdict", metrics = [local.by_cluster.LagSeconds] },
    { title = "Dead letters", metrics = [local.by_cluster.DeadLetters] },
    {
      title   = "Dead letters that wait"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-dead-letters", { stat = "Maximum" }]]
    },
    { title = "Neither delivered nor kept: comes again", metrics = [local.by_cluster.NotSafe] },
    { title = "Cut events", metrics = [local.by_cluster.Truncated] },
    { title = "Calls", metrics = [local.of_function.Invocations, local.of_function.Errors, local.of_function.Throttles] },
    {
      title = "Milliseconds of a call"
      metrics = [
        concat(local.of_function.Duration, [{ stat = "p50" }]),
        concat(local.of_function.Duration, [{ stat = "p99" }]),
        concat(local.of_function.IteratorAge, [{ stat = "Maximum" }]),
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = concat(
      [
        for number, chart in local.charts : {
          type   = "metric"
          x      = 8 * (number % 3)
          y      = 6 * floor(number / 3)
          width  = 8
          height = 6
          properties = {
            title   = chart.title
            region  = local.place.region
            period  = 300
            stat    = "Sum"
            view    = "timeSeries"
            metrics = chart.metrics
          }
        }
      ],
      [{
        type   = "log"
        x      = 0
        y      = 18
        width  = 24
        height = 6
        properties = {
          title  = "Problems"
          region = local.place.region
          view   = "table"
          query  = "SOURCE '${aws_cloudwatch_log_group.function.name}' | fields @timestamp, level, message, problems | filter level in ['WARNING', 'ERROR', 'CRITICAL'] | sort @timestamp desc | limit 50"
        }
      }],
    )
  })
}
