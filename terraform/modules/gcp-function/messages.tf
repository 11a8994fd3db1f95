resource "google_pubsub_topic" "alerts" {
  #checkov:skip=CKV_GCP_83:Google encrypts by itself; with kms_key, by that key
  count = var.alert_topic == null ? 1 : 0

  project      = var.project
  name         = "${var.name}-alerts"
  kms_key_name = var.kms_key
  labels       = var.tags

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# Both kinds go here, and `lanner replay` takes both: alerts and input that the function kept, and messages that Pub/Sub
# gave up.
resource "google_pubsub_topic" "dead_letters" {
  #checkov:skip=CKV_GCP_83:Google encrypts by itself; with kms_key, by that key
  project      = var.project
  name         = "${var.name}-dead-letters"
  kms_key_name = var.kms_key
  labels       = var.tags

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project
  name                       = "${var.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  message_retention_duration = "${var.dead_letter_retention_days * 86400}s"
  # `lanner replay` takes a letter away when it has dealt with it.
  ack_deadline_seconds = 300
  labels               = var.tags

  # It is read when something has gone wrong, so it must outlive months in which nothing has.
  expiration_policy {
    ttl = ""
  }
}
