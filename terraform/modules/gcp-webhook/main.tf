locals {
  is_own_secret = nonsensitive(length(var.credentials) > 0)
  secret        = local.is_own_secret ? google_secret_manager_secret.credentials[0].id : var.secret
  has_secret    = local.is_own_secret || var.secret != null
  setting       = var.secret_paths ? "LANNER_AUTH_PATHS" : "LANNER_AUTH_TOKENS"

  url = "${module.function.url}/audit"
  credentials = {
    for cluster in var.clusters : cluster => local.is_own_secret ? lookup(var.credentials, cluster, "") : "CREDENTIAL"
  }
  urls = { for cluster in var.clusters : cluster => "${local.url}/${var.secret_paths ? local.credentials[cluster] : cluster}" }

  answered = "run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.name}\",response_code_class=\"2xx\"}"

  silence = {
    for name in var.alarms.silence_minutes > 0 ? ["silence"] : [] : name => {
      description = "No batch for ${var.alarms.silence_minutes} minutes: do the API servers still post, and does the function let them in?"
      # Nothing is there at all if nothing ever came.
      query   = "(sum(increase(${local.answered}[5m])) or vector(0)) < 1"
      minutes = var.alarms.silence_minutes
    }
  }
}

module "function" {
  source = "../gcp-function"

  project                    = var.project
  region                     = var.region
  name                       = var.name
  package                    = var.package
  public                     = true
  settings                   = var.settings
  secrets                    = merge(var.secrets, local.has_secret ? { (local.setting) = local.secret } : {})
  minimum_priority           = var.minimum_priority
  alert_topic                = var.alert_topic
  dead_letter_retention_days = var.dead_letter_retention_days
  memory_mb                  = var.memory_mb
  timeout_seconds            = var.timeout_seconds
  max_concurrency            = var.max_concurrency
  kms_key                    = var.kms_key
  alarm_actions              = var.alarm_actions
  alarms                     = { enabled = var.alarms.enabled, more = local.silence }
  dashboard                  = var.dashboard
  tags                       = var.tags

  # An instance does not start without the file that it mounts.
  depends_on = [google_secret_manager_secret_version.credentials]
}

resource "google_secret_manager_secret" "credentials" {
  count = local.is_own_secret ? 1 : 0

  project   = var.project
  secret_id = "${var.name}-credentials"
  labels    = var.tags

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key[*]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

resource "google_secret_manager_secret_version" "credentials" {
  count = local.is_own_secret ? 1 : 0

  secret      = google_secret_manager_secret.credentials[0].id
  secret_data = join("\n", [for cluster, credential in var.credentials : "${cluster}=${credential}"])

  # The file is read again every five minutes, so there must always be one.
  lifecycle {
    create_before_destroy = true
  }
}

# Cloud Run writes a log of requests with their URLs, and these hold the credentials.
resource "google_logging_project_exclusion" "requests" {
  count = var.secret_paths ? 1 : 0

  project     = var.project
  name        = "${var.name}-requests"
  description = "Requests whose paths are secret"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.name}\" AND log_id(\"run.googleapis.com/requests\")"
}
