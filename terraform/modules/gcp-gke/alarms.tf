locals {
  published = "pubsub_googleapis_com:topic_send_request_count{monitored_resource=\"pubsub_topic\",topic_id=\"${google_pubsub_topic.entries.name}\"}"
  exported  = "logging_googleapis_com:exports_log_entry_count{monitored_resource=\"logging_sink\",name=\"%s\"}"
  oldest    = "max(pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.entries.name}\"})"

  # Sinks of this project tell what they write. Those elsewhere tell it there, so the topic has to tell for them.
  own = { for key, sink in local.sinks : key => sink if local.kind == "projects" && local.projects[key] == var.project }

  flows = merge(
    { for key, sink in local.own : "silence-${key == local.every ? "all" : key}" => format(local.exported, sink.name) },
    length(local.own) < length(local.sinks) ? { silence = local.published } : {},
  )

  silence = {
    for name, flow in var.alarms.silence_minutes > 0 ? local.flows : {} : name => {
      description = "No entry for ${var.alarms.silence_minutes} minutes: is the audit log still on, and the sink still there?"
      # Nothing is there at all if nothing ever came.
      query   = "(sum(increase(${flow}[5m])) or vector(0)) < 1"
      minutes = var.alarms.silence_minutes
    }
  }

  lag = {
    for name in var.alarms.lag_seconds > 0 ? ["lag"] : [] : name => {
      description = "Entries wait for more than ${var.alarms.lag_seconds} s to be judged: the function fails, or is too slow."
      query       = "${local.oldest} > ${var.alarms.lag_seconds}"
      minutes     = 0
    }
  }

  charts = [
    {
      title   = "Entries by sink"
      queries = { "{{name}}" = "sum by (name) (rate(logging_googleapis_com:exports_log_entry_count{monitored_resource=\"logging_sink\",name=~\"${var.name}-.*\"}[5m]))" }
    },
    {
      title   = "Requests to the topic"
      queries = { requests = "sum(rate(${local.published}[5m]))" }
    },
    {
      title   = "Seconds that the oldest entry waits"
      queries = { seconds = local.oldest }
    },
    {
      title   = "Entries that wait"
      queries = { entries = "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.entries.name}\"})" }
    },
  ]
}
