locals {
  alert_topic = one(concat(google_pubsub_topic.alerts[*].id, var.alert_topic[*]))

  # Who of Google's own identities acts in this project is told by its number, which the bucket knows.
  project_number = google_storage_bucket.source.project_number

  # Threads that the functions framework has on one processor.
  concurrency = 4
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:it holds packages that `make package` can build again; who wrote them is in the audit log
  #checkov:skip=CKV_GCP_78:an object is named by its hash, so it never has a second version
  project                     = var.project
  name                        = "${var.project}-${var.name}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = var.tags

  dynamic "encryption" {
    for_each = var.kms_key[*]

    content {
      default_kms_key_name = encryption.value
    }
  }

  lifecycle {
    precondition {
      condition     = var.kms_key == null || try(split("/", var.kms_key)[3], "") == var.region
      error_message = "kms_key lies in another location than ${var.region}: the bucket, the images and the function need a key of their own region."
    }
  }
}

resource "google_storage_bucket_object" "package" {
  bucket = google_storage_bucket.source.name
  name   = "${filesha256(var.package)}.zip"
  source = var.package
}

# Of its own, so that the build may write nowhere else, and that nothing is left when it is destroyed.
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google encrypts by itself; with kms_key, by that key
  project       = var.project
  location      = var.region
  repository_id = var.name
  description   = "Images of Lanner's function ${var.name}"
  format        = "DOCKER"
  kms_key_name  = var.kms_key
  labels        = var.tags

  cleanup_policies {
    id     = "keep-latest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-older"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }
}

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:only the webhook is open: API servers are anywhere, and it lets nobody in without a credential
  project      = var.project
  location     = var.region
  name         = var.name
  description  = "Falco's Kubernetes audit rules (Lanner)"
  kms_key_name = var.kms_key
  labels       = var.tags

  build_config {
    runtime           = "python313"
    entry_point       = "handle"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.package.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function.email
    ingress_settings                 = var.public ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_memory                 = "${var.memory_mb}M"
    available_cpu                    = "1"
    timeout_seconds                  = var.timeout_seconds
    max_instance_request_concurrency = local.concurrency
    max_instance_count               = var.max_concurrency == null ? null : ceil(var.max_concurrency / local.concurrency)

    environment_variables = merge(
      var.settings,
      { for name in keys(var.secrets) : "${name}_FILE" => "/secrets/${name}/value" },
      {
        LANNER_PUBSUB_TOPIC     = local.alert_topic
        LANNER_DEAD_LETTERS     = google_pubsub_topic.dead_letters.id
        LANNER_MINIMUM_PRIORITY = lower(var.minimum_priority)
        # The platform's default: not to write it would be a difference in every plan.
        LOG_EXECUTION_ID = "true"
      },
    )

    # Files and not variables: their latest version is read again every five minutes, so rotation needs no deployment.
    dynamic "secret_volumes" {
      for_each = var.secrets

      content {
        mount_path = "/secrets/${secret_volumes.key}"
        project_id = split("/", secret_volumes.value)[1]
        secret     = split("/", secret_volumes.value)[3]

        versions {
          version = "latest"
          path    = "value"
        }
      }
    }
  }

  # The build needs its rights from the beginning, and the first call those of the function.
  depends_on = [
    google_project_iam_member.build,
    google_artifact_registry_repository_iam_member.build,
    google_pubsub_topic_iam_member.function,
    google_secret_manager_secret_iam_member.function,
  ]
}
