provider "google" {
  project = var.project
  region  = var.region
}

# Reads are seen, too; a key of one's own, alerts to Slack and into a subscription, alarms to whoever is on call.
module "lanner" {
  source = "../../modules/gcp-gke"

  project = var.project
  region  = var.region
  name    = "lanner-prod"
  package = "${path.module}/../../../dist/lanner-gcp-pubsub.zip"
  clusters = {
    shop = { location = "europe-west1" }
    pay  = { location = "europe-west1-b" }
  }
  data_access_logs = ["ADMIN_READ", "DATA_READ"]

  minimum_priority = "notice"
  secrets          = { LANNER_SLACK_URL = var.slack_secret }
  settings = {
    LANNER_SLACK_MINIMUM_PRIORITY = "error"
    LANNER_DISABLE                = "Port Forwarded*"
  }

  kms_key                    = google_kms_crypto_key.lanner.id
  memory_mb                  = 1024
  max_concurrency            = 40
  dead_letter_retention_days = 31
  alarm_actions              = [google_monitoring_notification_channel.on_call.name]
  alarms                     = { silence_minutes = 10, lag_seconds = 120 }
  tags                       = { team = "security" }

  depends_on = [google_project_service.this, google_kms_crypto_key_iam_member.google]
}

# Alerts carry their priority, rule and cluster as attributes, by which subscriptions can choose.
resource "google_pubsub_subscription" "alerts" {
  name                       = "lanner-prod-alerts"
  topic                      = module.lanner.alert_topic
  message_retention_duration = "604800s"
  filter = join(" OR ", [
    for priority in ["Emergency", "Alert", "Critical", "Error", "Warning"] : "attributes.priority = \"${priority}\""
  ])

  expiration_policy {
    ttl = ""
  }
}

resource "google_monitoring_notification_channel" "on_call" {
  display_name = "On call"
  type         = "email"
  labels       = { email_address = var.on_call }
}
