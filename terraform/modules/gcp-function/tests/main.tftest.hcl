mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project = "shop-prod"
  region  = "europe-west1"
  name    = "lanner"
  package = "../../../dist/lanner-gcp-pubsub.zip"
  public  = false
}

run "function" {
  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].runtime == "python313" && google_cloudfunctions2_function.this.build_config[0].entry_point == "handle"
    error_message = "The function is handle of the package, on Python 3.13."
  }

  assert {
    condition     = length(google_cloudfunctions2_function.this.event_trigger) == 0
    error_message = "It is called by http alone: a trigger of Eventarc has no dead-letter setting."
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "It cannot be reached from outside of Google's network."
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].available_memory == "512M" && google_cloudfunctions2_function.this.service_config[0].timeout_seconds == 60 && google_cloudfunctions2_function.this.service_config[0].max_instance_request_concurrency == 4
    error_message = "Memory, time and concurrency are those of functions/gcp_pubsub/README.md and of the framework's threads."
  }

  assert {
    condition = google_cloudfunctions2_function.this.service_config[0].environment_variables == tomap({
      LANNER_PUBSUB_TOPIC     = "projects/shop-prod/topics/created"
      LANNER_DEAD_LETTERS     = "projects/shop-prod/topics/created"
      LANNER_MINIMUM_PRIORITY = "debug"
      LOG_EXECUTION_ID        = "true"
    })
    error_message = "The function is told its topics and the priority, and nothing else."
  }
}

run "package" {
  assert {
    condition     = google_storage_bucket_object.package.name == "${filesha256("../../../dist/lanner-gcp-pubsub.zip")}.zip" && google_cloudfunctions2_function.this.build_config[0].source[0].storage_source[0].object == google_storage_bucket_object.package.name
    error_message = "The package is named by its hash, and the function is built from that one."
  }

  assert {
    condition     = google_storage_bucket.source.name == "shop-prod-lanner-source" && google_storage_bucket.source.uniform_bucket_level_access && google_storage_bucket.source.public_access_prevention == "enforced"
    error_message = "Nobody outside can read the package."
  }
}

run "another_package" {
  command = plan

  variables {
    package = "../../../dist/lanner-http-webhook.zip"
  }

  assert {
    condition     = google_cloudfunctions2_function.this.build_config[0].source[0].storage_source[0].object == "${filesha256("../../../dist/lanner-http-webhook.zip")}.zip"
    error_message = "Another package is another object."
  }
}

run "permissions" {
  assert {
    condition     = { for key, grant in google_pubsub_topic_iam_member.function : key => [grant.role, grant.member] } == { for key in ["alerts", "dead-letters"] : key => ["roles/pubsub.publisher", google_service_account.function.member] }
    error_message = "The function may publish to its two topics."
  }

  assert {
    condition     = length(google_secret_manager_secret_iam_member.function) == 0
    error_message = "Without secrets it may read none."
  }

  assert {
    condition     = { for role, grant in google_project_iam_member.build : role => [for one in grant.condition : one.expression] } == { "roles/logging.logWriter" = [], "roles/storage.objectViewer" = ["resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"] }
    error_message = "The build may write its log and read sources of functions."
  }

  assert {
    condition     = google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer" && google_artifact_registry_repository_iam_member.build.repository == google_artifact_registry_repository.images.name
    error_message = "The build may write into its own repository."
  }

  assert {
    condition     = alltrue([for account in [google_service_account.function, google_service_account.build, google_service_account.push[0]] : length(account.account_id) >= 6 && length(account.account_id) <= 30])
    error_message = "Ids of service accounts have 6 to 30 characters."
  }
}

run "nobody_but_pubsub_calls" {
  assert {
    condition     = google_cloud_run_v2_service_iam_member.invoker.role == "roles/run.invoker" && google_cloud_run_v2_service_iam_member.invoker.member == google_service_account.push[0].member
    error_message = "Pub/Sub's account, and nobody else, may call the function."
  }
}

run "dead_letters" {
  assert {
    condition     = google_pubsub_subscription.dead_letters.topic == google_pubsub_topic.dead_letters.id && google_pubsub_subscription.dead_letters.message_retention_duration == "1209600s" && google_pubsub_subscription.dead_letters.expiration_policy[0].ttl == ""
    error_message = "Dead letters are kept for two weeks, by a subscription that never expires."
  }
}

run "google_keys" {
  assert {
    condition     = alltrue([for key in [google_pubsub_topic.alerts[0].kms_key_name, google_pubsub_topic.dead_letters.kms_key_name, google_cloudfunctions2_function.this.kms_key_name] : key == null]) && length(google_storage_bucket.source.encryption) == 0
    error_message = "Without a key of one's own, Google's are used."
  }
}

run "own_key" {
  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner"
  }

  assert {
    condition = alltrue([
      for key in [
        google_pubsub_topic.alerts[0].kms_key_name,
        google_pubsub_topic.dead_letters.kms_key_name,
        google_storage_bucket.source.encryption[0].default_kms_key_name,
        google_artifact_registry_repository.images.kms_key_name,
        google_cloudfunctions2_function.this.kms_key_name,
      ] : key == var.kms_key
    ])
    error_message = "Messages, package, image and function are encrypted by the key."
  }
}

run "own_topic_and_secrets" {
  variables {
    alert_topic = "projects/security/topics/alerts"
    secrets     = { LANNER_SLACK_URL = "projects/security/secrets/slack-url" }
    settings    = { LANNER_CLUSTER = "shop" }
    tags        = { team = "security" }
  }

  assert {
    condition     = length(google_pubsub_topic.alerts) == 0 && google_pubsub_topic_iam_member.function["alerts"].project == "security" && google_pubsub_topic_iam_member.function["alerts"].topic == "alerts"
    error_message = "A topic that is brought is used, and may be published to."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.function["LANNER_SLACK_URL"].role == "roles/secretmanager.secretAccessor" && google_secret_manager_secret_iam_member.function["LANNER_SLACK_URL"].project == "security" && google_secret_manager_secret_iam_member.function["LANNER_SLACK_URL"].secret_id == "slack-url"
    error_message = "The function may read its secret."
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].secret_volumes[0].mount_path == "/secrets/LANNER_SLACK_URL" && google_cloudfunctions2_function.this.service_config[0].secret_volumes[0].versions[0].version == "latest"
    error_message = "The secret is mounted in its latest version."
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].environment_variables["LANNER_SLACK_URL_FILE"] == "/secrets/LANNER_SLACK_URL/value" && google_cloudfunctions2_function.this.service_config[0].environment_variables["LANNER_CLUSTER"] == "shop"
    error_message = "Settings and paths of secrets are passed on."
  }

  assert {
    condition     = google_cloudfunctions2_function.this.labels == tomap({ team = "security" })
    error_message = "Labels are passed on."
  }
}

run "limits" {
  variables {
    max_concurrency = 10
  }

  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].max_instance_count == 3
    error_message = "Ten calls at a time need three instances of four."
  }
}

run "alarms" {
  variables {
    alarm_actions = ["projects/shop-prod/notificationChannels/42"]
    alarms        = { more = { silence = { description = "Silent.", query = "up < 1", minutes = 15 } } }
  }

  assert {
    condition     = output.alarms == tolist(["lanner: dead-letters", "lanner: errors", "lanner: silence", "lanner: throttles"])
    error_message = "There are the alarms of every function, and those that were added."
  }

  assert {
    condition     = alltrue([for alarm in google_monitoring_alert_policy.this : alarm.notification_channels == tolist(["projects/shop-prod/notificationChannels/42"])])
    error_message = "Every alarm tells the channels."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["dead-letters"].conditions[0].condition_prometheus_query_language[0].query == "max(pubsub_googleapis_com:subscription_num_undelivered_messages{monitored_resource=\"pubsub_subscription\",subscription_id=\"lanner-dead-letters\"}) > 0"
    error_message = "One dead letter is enough."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["errors"].conditions[0].condition_prometheus_query_language[0].query == "sum(increase(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",service_name=\"lanner\",response_code_class=\"5xx\"}[5m])) > 0"
    error_message = "One failed call is enough."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["silence"].conditions[0].condition_prometheus_query_language[0].duration == "900s"
    error_message = "Minutes become seconds."
  }
}

run "quiet" {
  variables {
    alarms    = { enabled = false }
    dashboard = false
  }

  assert {
    condition     = length(google_monitoring_alert_policy.this) == 0 && length(google_monitoring_dashboard.this) == 0
    error_message = "Alarms and dashboard can be left out."
  }
}

run "dashboard" {
  variables {
    charts = [{ title = "First", queries = { one = "up" } }]
  }

  assert {
    condition     = [for tile in jsondecode(google_monitoring_dashboard.this[0].dashboard_json).mosaicLayout.tiles : tile.widget.title] == ["First", "Calls", "Milliseconds of a call", "Instances", "Alerts sent", "Dead letters that wait", "Lines of the log"]
    error_message = "Charts that are added come first."
  }

  assert {
    condition     = [for tile in jsondecode(google_monitoring_dashboard.this[0].dashboard_json).mosaicLayout.tiles : [lookup(tile, "xPos", 0), lookup(tile, "yPos", 0)]] == [[0, 0], [4, 0], [8, 0], [0, 4], [4, 4], [8, 4], [0, 8]]
    error_message = "Three charts stand in a row."
  }
}

run "bad_project" {
  command = plan

  variables {
    project = "Shop Prod"
  }

  expect_failures = [var.project]
}

run "zone_for_region" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "long_name" {
  command = plan

  variables {
    name = "lanner-for-the-whole-shop"
  }

  expect_failures = [var.name]
}

run "no_setting_of_ours" {
  command = plan

  variables {
    settings = { SLACK_URL = "https://hooks.example" }
  }

  expect_failures = [var.settings]
}

run "setting_of_the_module" {
  command = plan

  variables {
    settings = { LANNER_DEAD_LETTERS = "projects/p/topics/t" }
  }

  expect_failures = [var.settings]
}

run "secret_by_file" {
  command = plan

  variables {
    secrets = { LANNER_SLACK_URL_FILE = "projects/p/secrets/s" }
  }

  expect_failures = [var.secrets]
}

run "secret_with_version" {
  command = plan

  variables {
    secrets = { LANNER_SLACK_URL = "projects/p/secrets/s/versions/1" }
  }

  expect_failures = [var.secrets]
}

run "unknown_priority" {
  command = plan

  variables {
    minimum_priority = "loud"
  }

  expect_failures = [var.minimum_priority]
}

run "topic_without_project" {
  command = plan

  variables {
    alert_topic = "alerts"
  }

  expect_failures = [var.alert_topic]
}

run "kept_for_too_long" {
  command = plan

  variables {
    dead_letter_retention_days = 90
  }

  expect_failures = [var.dead_letter_retention_days]
}

run "little_memory" {
  command = plan

  variables {
    memory_mb = 128
  }

  expect_failures = [var.memory_mb]
}

run "little_time" {
  command = plan

  variables {
    timeout_seconds = 25
  }

  expect_failures = [var.timeout_seconds]
}

run "never_called" {
  command = plan

  variables {
    max_concurrency = 0
  }

  expect_failures = [var.max_concurrency]
}

run "version_of_a_key" {
  command = plan

  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner/cryptoKeyVersions/1"
  }

  expect_failures = [var.kms_key]
}

run "key_of_another_region" {
  command = plan

  variables {
    kms_key = "projects/keys/locations/global/keyRings/lanner/cryptoKeys/lanner"
  }

  expect_failures = [google_storage_bucket.source]
}

run "no_channel" {
  command = plan

  variables {
    alarm_actions = ["oncall@corp.example"]
  }

  expect_failures = [var.alarm_actions]
}

run "capital_label" {
  command = plan

  variables {
    tags = { Team = "security" }
  }

  expect_failures = [var.tags]
}

run "missing_package" {
  command = plan

  variables {
    package = "nowhere.zip"
  }

  expect_failures = [var.package]
}
