resource "google_service_account" "function" {
  project      = var.project
  account_id   = "${var.name}-run"
  display_name = "Lanner's function ${var.name}"
}

# What functions/gcp_pubsub/README.md lists, and nothing else.
resource "google_pubsub_topic_iam_member" "function" {
  for_each = { alerts = local.alert_topic, dead-letters = google_pubsub_topic.dead_letters.id }

  project = split("/", each.value)[1]
  topic   = split("/", each.value)[3]
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function.member
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = var.secrets

  project   = split("/", each.value)[1]
  secret_id = split("/", each.value)[3]
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function.member
}

# By default the build runs as an identity that may edit the whole project, or that may do nothing in newer ones.
resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.name}-build"
  display_name = "Build of Lanner's function ${var.name}"
}

resource "google_project_iam_member" "build" {
  for_each = {
    "roles/logging.logWriter" = null
    # Where Cloud Functions puts a copy of the source before it is built.
    "roles/storage.objectViewer" = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }

  project = var.project
  role    = each.key
  member  = google_service_account.build.member

  dynamic "condition" {
    for_each = each.value[*]

    content {
      title      = "sources-of-functions"
      expression = condition.value
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  # Only the webhook is public: API servers cannot sign requests for Google, and it lets nobody in without a credential.
  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.this.name
  role     = "roles/run.invoker"
  member   = var.public ? "allUsers" : one(google_service_account.push[*].member)
}

# Calls the function, and can do nothing else.
resource "google_service_account" "push" {
  count = var.public ? 0 : 1

  project      = var.project
  account_id   = "${var.name}-push"
  display_name = "Pub/Sub, where it calls Lanner's function ${var.name}"
}
