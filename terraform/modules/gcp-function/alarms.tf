locals {
  requests = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\"%s}"

  own_alarms = {
    errors = {
      description = "Calls of the function fail: an alert was neither delivered nor kept, or it cannot start. Its log tells."
      query       = "sum(increase(${format(local.requests, ",response_code_class=\"5xx\"")}[5m])) > 0"
      minutes     = 0
    }
    throttles = {
      description = "Calls of the function are turned away: max_concurrency, or the platform's limit, is reached."
      query       = "sum(increase(${format(local.requests, ",response_code=\"429\"")}[5m])) > 0"
      # Some are while instances start.
      minutes = 10
    }
    dead-letters = {
      description = "There are dead letters: see why, then `lanner replay`."
      query       = "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.dead_letters.name}\"}) > 0"
      minutes     = 0
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = var.alarms.enabled ? merge(local.own_alarms, var.alarms.more) : {}

  project               = var.project
  display_name          = "${var.name}: ${each.key}"
  combiner              = "OR"
  notification_channels = var.alarm_actions
  user_labels           = var.tags

  conditions {
    display_name = each.key

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = "${each.value.minutes * 60}s"
      evaluation_interval = "60s"
    }
  }

  documentation {
    content   = each.value.description
    mime_type = "text/markdown"
  }
}
