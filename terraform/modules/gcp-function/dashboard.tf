locals {
  own_charts = [
    {
      title   = "Calls"
      queries = { "{{response_code}}" = "sum by (response_code) (rate(${format(local.requests, "")}[5m]))" }
    },
    {
      title = "Milliseconds of a call"
      queries = {
        for share in ["0.5", "0.99"] : share =>
        "histogram_quantile(${share}, sum by (le) (rate(run_googleapis_com:request_latencies_bucket{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\"}[5m])))"
      }
    },
    {
      title   = "Instances"
      queries = { "{{state}}" = "sum by (state) (run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\"})" }
    },
    {
      title   = "Alerts sent"
      queries = { "{{response_code}}" = "sum by (response_code) (rate(pubsub_googleapis_com:topic_send_request_count{monitored_resource=\"pubsub_topic\",topic_id=\"${split("/", local.alert_topic)[3]}\"}[5m]))" }
    },
    {
      title   = "Dead letters that wait"
      queries = { messages = "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.dead_letters.name}\"})" }
    },
    {
      title   = "Lines of the log"
      queries = { "{{severity}}" = "sum by (severity) (rate(logging_googleapis_com:log_entry_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\"}[5m]))" }
    },
  ]

  charts = concat(var.charts, local.own_charts)
}

resource "google_monitoring_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  project = var.project

  dashboard_json = jsonencode({
    displayName = "Lanner: ${var.name}"
    mosaicLayout = {
      columns = 12
      tiles = [
        for number, chart in local.charts : merge(
          # The API leaves zeros out of its answer, which would be a difference in every plan.
          { for side, place in { xPos = 4 * (number % 3), yPos = 4 * floor(number / 3) } : side => place if place > 0 },
          {
            width  = 4
            height = 4
            widget = {
              title = chart.title
              xyChart = {
                dataSets = [
                  for legend, query in chart.queries : {
                    legendTemplate  = legend
                    plotType        = "LINE"
                    timeSeriesQuery = { prometheusQuery = query }
                  }
                ]
              }
            }
          },
        )
      ]
    }
  })
}
