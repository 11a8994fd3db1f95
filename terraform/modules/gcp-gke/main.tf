module "function" {
  source = "../gcp-function"

  project                    = var.project
  region                     = var.region
  name                       = var.name
  package                    = var.package
  public                     = false
  settings                   = var.settings
  secrets                    = var.secrets
  minimum_priority           = var.minimum_priority
  alert_topic                = var.alert_topic
  dead_letter_retention_days = var.dead_letter_retention_days
  memory_mb                  = var.memory_mb
  timeout_seconds            = var.timeout_seconds
  max_concurrency            = var.max_concurrency
  kms_key                    = var.kms_key
  alarm_actions              = var.alarm_actions
  alarms                     = { enabled = var.alarms.enabled, more = merge(local.silence, local.lag) }
  dashboard                  = var.dashboard
  charts                     = local.charts
  tags                       = var.tags
}

resource "google_pubsub_topic" "entries" {
  #checkov:skip=CKV_GCP_83:Google encrypts by itself; with kms_key, by that key
  project      = var.project
  name         = "${var.name}-entries"
  kms_key_name = var.kms_key
  labels       = var.tags

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Not a trigger of Eventarc, which has no dead-letter setting: messages that fail would come again for a day, and then
# be lost.
resource "google_pubsub_subscription" "entries" {
  project                    = var.project
  name                       = "${var.name}-entries"
  topic                      = google_pubsub_topic.entries.id
  ack_deadline_seconds       = var.timeout_seconds
  message_retention_duration = "604800s"
  labels                     = var.tags

  push_config {
    # The URL of Cloud Run and not that of Cloud Functions: at this one alone, Pub/Sub counts as internal.
    push_endpoint = module.function.url

    oidc_token {
      service_account_email = module.function.push_identity
      audience              = module.function.url
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # Some hours: what fails for longer waits among the dead letters.
  dead_letter_policy {
    dead_letter_topic     = module.function.dead_letters_topic
    max_delivery_attempts = 20
  }

  expiration_policy {
    ttl = ""
  }
}

locals {
  pubsub = "serviceAccount:service-${module.function.project_number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

# Pub/Sub itself puts messages among the dead letters, and takes them out of the subscription.
resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = var.project
  topic   = split("/", module.function.dead_letters_topic)[3]
  role    = "roles/pubsub.publisher"
  member  = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  project      = var.project
  subscription = google_pubsub_subscription.entries.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}

# In projects from before April 2021, Pub/Sub may not sign tokens by itself.
resource "google_service_account_iam_member" "push" {
  service_account_id = module.function.push_identity_id
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub
}
