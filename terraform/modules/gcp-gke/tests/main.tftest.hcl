mock_provider "google" {
  source = "../gcp-function/tests/mocks"
}

variables {
  project  = "shop-prod"
  region   = "europe-west1"
  package  = "../../../dist/lanner-gcp-pubsub.zip"
  clusters = { shop = { location = "europe-west1" } }
}

run "one_cluster" {
  assert {
    condition     = keys(google_logging_project_sink.this) == ["shop"]
    error_message = "A cluster has a sink in its project."
  }

  assert {
    condition     = google_logging_project_sink.this["shop"].project == "shop-prod" && google_logging_project_sink.this["shop"].name == "lanner-shop" && google_logging_project_sink.this["shop"].unique_writer_identity
    error_message = "The sink is in the project, has a name of its own, and its own writer."
  }

  assert {
    condition     = google_logging_project_sink.this["shop"].destination == "pubsub.googleapis.com/projects/shop-prod/topics/created"
    error_message = "The sink writes into the topic of entries."
  }

  assert {
    condition     = length(google_logging_folder_sink.this) + length(google_logging_organization_sink.this) == 0
    error_message = "Without a scope there are sinks of projects alone."
  }

  assert {
    condition     = google_pubsub_topic_iam_binding.sinks.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_binding.sinks.members == toset(["serviceAccount:service-123456789012@gcp-sa-logging.iam.gserviceaccount.com"])
    error_message = "The sinks' writer, and nobody else, may publish entries."
  }
}

run "filter" {
  assert {
    condition = output.filters["shop"] == chomp(<<-EOT
      resource.type="k8s_cluster"
      AND (log_id("cloudaudit.googleapis.com/activity") OR log_id("cloudaudit.googleapis.com/data_access"))
      AND protoPayload.serviceName="k8s.io"
      AND resource.labels.cluster_name="shop"
      AND resource.labels.location="europe-west1"
      AND (NOT (protoPayload.methodName="io.k8s.coordination.v1.leases.update"
      AND protoPayload.authenticationInfo.principalEmail=~"^system:"
      AND NOT protoPayload.authenticationInfo.principalEmail="system:anonymous"
      AND NOT protoPayload.authenticationInfo.authoritySelector:*
      AND NOT protoPayload.status.code>0
      AND NOT protoPayload.requestMetadata.callerSuppliedUserAgent=~"^(kubectl/|curl/|Wget/|[Pp]ython-|Go-http-client/|k9s/|Mozilla/)"))
    EOT
    )
    error_message = "The whole filter is another one: ${output.filters["shop"]}"
  }

  assert {
    condition     = google_logging_project_sink.this["shop"].filter == output.filters["shop"]
    error_message = "The output tells the sink's own filter."
  }
}

run "no_filter" {
  variables {
    filter = ""
  }

  assert {
    condition     = endswith(output.filters["shop"], "resource.labels.location=\"europe-west1\"")
    error_message = "Without a filter all entries of the cluster are taken."
  }
}

run "push" {
  assert {
    condition     = google_pubsub_subscription.entries.push_config[0].push_endpoint == "https://lanner-abc-ew.a.run.app" && google_pubsub_subscription.entries.push_config[0].oidc_token[0].audience == "https://lanner-abc-ew.a.run.app" && google_pubsub_subscription.entries.push_config[0].oidc_token[0].service_account_email == "account@shop-prod.iam.gserviceaccount.com"
    error_message = "Pub/Sub calls the function's own URL, as its account."
  }

  assert {
    condition     = google_pubsub_subscription.entries.ack_deadline_seconds == 60 && google_pubsub_subscription.entries.message_retention_duration == "604800s" && google_pubsub_subscription.entries.expiration_policy[0].ttl == ""
    error_message = "A message is waited for longer than the function takes, kept for a week, and the subscription never expires."
  }

  assert {
    condition     = google_pubsub_subscription.entries.retry_policy[0].minimum_backoff == "10s" && google_pubsub_subscription.entries.retry_policy[0].maximum_backoff == "600s"
    error_message = "What fails comes again, ever later."
  }

  assert {
    condition     = google_pubsub_subscription.entries.dead_letter_policy[0].dead_letter_topic == "projects/shop-prod/topics/created" && google_pubsub_subscription.entries.dead_letter_policy[0].max_delivery_attempts == 20
    error_message = "What fails for long becomes a dead letter."
  }
}

run "pubsub_itself" {
  assert {
    condition     = google_pubsub_topic_iam_member.dead_letters.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" && google_pubsub_topic_iam_member.dead_letters.role == "roles/pubsub.publisher"
    error_message = "Pub/Sub may put messages among the dead letters."
  }

  assert {
    condition     = google_pubsub_subscription_iam_member.dead_letters.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" && google_pubsub_subscription_iam_member.dead_letters.role == "roles/pubsub.subscriber" && google_pubsub_subscription_iam_member.dead_letters.subscription == "lanner-entries"
    error_message = "Pub/Sub may take them out of the subscription."
  }

  assert {
    condition     = google_service_account_iam_member.push.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" && google_service_account_iam_member.push.role == "roles/iam.serviceAccountOpenIdTokenCreator"
    error_message = "Pub/Sub may sign tokens of the account by which it calls, and get no others."
  }
}

run "several_projects" {
  variables {
    clusters = {
      shop    = { location = "europe-west1" }
      shop-us = { name = "shop", location = "us-east1-b", project = "shop-us-prod" }
    }
  }

  assert {
    condition     = { for key, sink in google_logging_project_sink.this : key => sink.project } == { shop = "shop-prod", shop-us = "shop-us-prod" }
    error_message = "Each sink is in its cluster's project."
  }

  assert {
    condition     = strcontains(output.filters["shop-us"], "AND resource.labels.cluster_name=\"shop\"\nAND resource.labels.location=\"us-east1-b\"\n")
    error_message = "A key may differ from the cluster's name."
  }

  assert {
    condition     = contains(output.alarms, "lanner: silence-shop") && contains(output.alarms, "lanner: silence") && !contains(output.alarms, "lanner: silence-shop-us")
    error_message = "A cluster of this project has an alarm for silence of its own; the topic tells for the others."
  }
}

run "one_cluster_less" {
  command = plan

  variables {
    clusters = { shop-us = { name = "shop", location = "us-east1-b", project = "shop-us-prod" } }
  }

  assert {
    condition     = output.filters["shop-us"] == run.several_projects.filters["shop-us"]
    error_message = "The other cluster's sink stays as it is."
  }
}

run "every_cluster_of_a_folder" {
  variables {
    scope    = "folders/42"
    clusters = { "*" = {} }
  }

  assert {
    condition     = google_logging_folder_sink.this["*"].folder == "42" && google_logging_folder_sink.this["*"].include_children && google_logging_folder_sink.this["*"].name == "lanner-all"
    error_message = "The sink takes the logs of all that is in the folder."
  }

  assert {
    condition     = !strcontains(output.filters["*"], "resource.labels.")
    error_message = "Every cluster is taken."
  }

  assert {
    condition     = length(google_logging_project_sink.this) == 0 && google_pubsub_topic_iam_binding.sinks.members == toset(["serviceAccount:service-folder-42@gcp-sa-logging.iam.gserviceaccount.com"])
    error_message = "The folder's sink alone may write."
  }
}

run "some_clusters_of_an_organization" {
  variables {
    scope    = "organizations/42"
    clusters = { shop = { location = "europe-west1", project = "shop-prod" } }
  }

  assert {
    condition     = google_logging_organization_sink.this["shop"].org_id == "42" && google_logging_organization_sink.this["shop"].include_children
    error_message = "The sink takes the logs of all that is in the organization."
  }

  assert {
    condition     = strcontains(output.filters["shop"], "\nAND resource.labels.project_id=\"shop-prod\"\n")
    error_message = "The cluster is told by its project, too."
  }
}

run "data_access_of_projects" {
  variables {
    data_access_logs = ["ADMIN_READ", "DATA_READ"]
    clusters         = { shop = {}, pay = { project = "pay-prod" }, ship = { project = "pay-prod" } }
  }

  assert {
    condition     = { for key, config in google_project_iam_audit_config.this : key => [config.service, [for one in config.audit_log_config : one.log_type]] } == { for project in ["shop-prod", "pay-prod"] : project => ["container.googleapis.com", ["ADMIN_READ", "DATA_READ"]] }
    error_message = "Each project of a cluster logs reads of its API servers."
  }
}

run "data_access_of_a_folder" {
  variables {
    scope            = "folders/42"
    data_access_logs = ["DATA_READ"]
  }

  assert {
    condition     = google_folder_iam_audit_config.this[0].folder == "folders/42" && length(google_project_iam_audit_config.this) == 0
    error_message = "It is switched on for the folder."
  }
}

run "data_access_of_an_organization" {
  variables {
    scope            = "organizations/42"
    data_access_logs = ["DATA_READ"]
  }

  assert {
    condition     = google_organization_iam_audit_config.this[0].org_id == "42"
    error_message = "It is switched on for the organization."
  }
}

run "labels_of_clusters" {
  variables {
    settings = { LANNER_GKE_LABELS = "true" }
  }

  assert {
    condition     = google_project_iam_member.labels["shop-prod"].role == "roles/container.clusterViewer" && google_project_iam_member.labels["shop-prod"].member == "serviceAccount:account@shop-prod.iam.gserviceaccount.com"
    error_message = "The function may look at clusters."
  }
}

run "labels_of_clusters_in_a_folder" {
  variables {
    scope    = "folders/42"
    settings = { LANNER_GKE_LABELS = "true" }
  }

  assert {
    condition     = google_folder_iam_member.labels[0].folder == "folders/42" && length(google_project_iam_member.labels) == 0
    error_message = "The function may look at clusters of the folder."
  }
}

run "nothing_else" {
  assert {
    condition     = length(google_project_iam_member.labels) + length(google_folder_iam_member.labels) + length(google_organization_iam_member.labels) == 0
    error_message = "Unless labels are asked for, the function may not look at clusters."
  }

  assert {
    condition     = length(google_project_iam_audit_config.this) + length(google_folder_iam_audit_config.this) + length(google_organization_iam_audit_config.this) == 0
    error_message = "Unless they are asked for, no further logs are switched on."
  }
}

run "alarms" {
  assert {
    condition     = output.alarms == tolist(["lanner: dead-letters", "lanner: errors", "lanner: lag", "lanner: silence-shop", "lanner: throttles"])
    error_message = "There are other alarms: ${join(", ", output.alarms)}"
  }

  assert {
    condition     = local.silence["silence-shop"].query == "(sum(increase(logging_googleapis_com:exports_log_entry_count{monitored_resource=\"logging_sink\",name=\"lanner-shop\"}[5m])) or vector(0)) < 1" && local.silence["silence-shop"].minutes == 15
    error_message = "The sink tells that its cluster is silent, also if it never said anything."
  }

  assert {
    condition     = local.lag["lag"].query == "max(pubsub_googleapis_com:subscription_oldest_unacked_message_age{monitored_resource=\"pubsub_subscription\",subscription_id=\"lanner-entries\"}) > 300"
    error_message = "The oldest entry that waits tells of lag."
  }
}

run "dashboard" {
  assert {
    condition     = !strcontains(jsonencode(local.charts), "shop")
    error_message = "Which clusters there are does not change the dashboard."
  }
}

run "no_silence_no_lag" {
  variables {
    alarms = { silence_minutes = 0, lag_seconds = 0 }
  }

  assert {
    condition     = output.alarms == tolist(["lanner: dead-letters", "lanner: errors", "lanner: throttles"])
    error_message = "0 switches these alarms off."
  }
}

run "own_key" {
  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner"
  }

  assert {
    condition     = google_pubsub_topic.entries.kms_key_name == var.kms_key
    error_message = "Entries are encrypted by the key."
  }
}

run "no_cluster" {
  command = plan

  variables {
    clusters = {}
  }

  expect_failures = [var.clusters]
}

run "every_cluster_and_another" {
  command = plan

  variables {
    clusters = { "*" = {}, shop = {} }
  }

  expect_failures = [var.clusters]
}

run "name_that_would_change_the_filter" {
  command = plan

  variables {
    clusters = { shop = { name = "shop\" OR resource.type=\"gce_instance" } }
  }

  expect_failures = [var.clusters]
}

run "no_location" {
  command = plan

  variables {
    clusters = { shop = { location = "Belgium" } }
  }

  expect_failures = [var.clusters]
}

run "no_project" {
  command = plan

  variables {
    clusters = { shop = { project = "123456789012" } }
  }

  expect_failures = [var.clusters]
}

run "no_scope" {
  command = plan

  variables {
    scope = "shop"
  }

  expect_failures = [var.scope]
}

run "unknown_logs" {
  command = plan

  variables {
    data_access_logs = ["ADMIN_WRITE"]
  }

  expect_failures = [var.data_access_logs]
}

run "broken_minutes" {
  command = plan

  variables {
    alarms = { silence_minutes = 1.5 }
  }

  expect_failures = [var.alarms]
}

run "missing_package" {
  command = plan

  variables {
    package = "nowhere.zip"
  }

  expect_failures = [var.package]
}
