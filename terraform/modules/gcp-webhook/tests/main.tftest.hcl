mock_provider "google" {
  source = "../gcp-function/tests/mocks"
}

variables {
  project     = "shop-prod"
  region      = "europe-west1"
  package     = "../../../dist/lanner-http-webhook.zip"
  clusters    = ["shop", "pay"]
  credentials = { shop = "0123456789abcdef", pay = "fedcba9876543210" }
}

run "credentials" {
  assert {
    condition     = google_secret_manager_secret.credentials[0].secret_id == "lanner-credentials" && nonsensitive(google_secret_manager_secret_version.credentials[0].secret_data) == "pay=fedcba9876543210\nshop=0123456789abcdef"
    error_message = "The secret holds the credentials, a line for each cluster."
  }

  assert {
    condition     = google_secret_manager_secret.credentials[0].replication[0].user_managed[0].replicas[0].location == "europe-west1"
    error_message = "The secret stays in the region."
  }

  assert {
    condition     = output.url == "https://lanner-abc-ew.a.run.app/audit"
    error_message = "The function's URL is told."
  }

  assert {
    condition     = nonsensitive(output.urls) == { shop = "https://lanner-abc-ew.a.run.app/audit/shop", pay = "https://lanner-abc-ew.a.run.app/audit/pay" }
    error_message = "A URL names the cluster, and holds no token."
  }

  assert {
    condition = yamldecode(nonsensitive(output.kubeconfig["shop"])) == {
      apiVersion      = "v1"
      kind            = "Config"
      current-context = "lanner"
      clusters        = [{ name = "lanner", cluster = { server = "https://lanner-abc-ew.a.run.app/audit/shop" } }]
      users           = [{ name = "lanner", user = { token = "0123456789abcdef" } }]
      contexts        = [{ name = "lanner", context = { cluster = "lanner", user = "lanner" } }]
    }
    error_message = "The kubeconfig is what the API server's flag takes."
  }

  assert {
    condition     = length(google_logging_project_exclusion.requests) == 0
    error_message = "Paths without secrets may be logged."
  }

  assert {
    condition     = output.alarms == tolist(["lanner: dead-letters", "lanner: errors", "lanner: silence", "lanner: throttles"])
    error_message = "There are other alarms: ${join(", ", output.alarms)}"
  }
}

run "secret_paths" {
  variables {
    secret_paths = true
  }

  assert {
    condition     = nonsensitive(output.urls["shop"]) == "https://lanner-abc-ew.a.run.app/audit/0123456789abcdef" && yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user == {}
    error_message = "The path is the credential, and there is no token."
  }

  assert {
    condition     = google_logging_project_exclusion.requests[0].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"lanner\" AND log_id(\"run.googleapis.com/requests\")"
    error_message = "Cloud Run's log of requests, which has the paths, is not kept."
  }
}

run "own_secret" {
  variables {
    credentials = {}
    secret      = "projects/security/secrets/lanner"
  }

  assert {
    condition     = length(google_secret_manager_secret.credentials) == 0 && length(google_secret_manager_secret_version.credentials) == 0
    error_message = "A secret that is brought is not made."
  }

  assert {
    condition     = yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user.token == "CREDENTIAL"
    error_message = "What Terraform does not know has to be filled in."
  }
}

run "own_key" {
  variables {
    kms_key = "projects/keys/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner"
  }

  assert {
    condition     = google_secret_manager_secret.credentials[0].replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key
    error_message = "Credentials are encrypted by the key."
  }
}

run "no_silence" {
  variables {
    alarms = { silence_minutes = 0 }
  }

  assert {
    condition     = !contains(output.alarms, "lanner: silence")
    error_message = "0 switches the alarm off."
  }
}

run "nobody_may_post" {
  command = plan

  variables {
    credentials = {}
  }

  expect_failures = [output.url]
}

run "two_places_for_credentials" {
  command = plan

  variables {
    secret = "projects/security/secrets/lanner"
  }

  expect_failures = [output.url]
}

run "cluster_without_credential" {
  command = plan

  variables {
    clusters = ["shop", "pay", "edge"]
  }

  expect_failures = [output.url]
}

run "short_credential" {
  command = plan

  variables {
    clusters    = ["shop"]
    credentials = { shop = "short" }
  }

  expect_failures = [var.credentials]
}

run "no_cluster" {
  command = plan

  variables {
    clusters    = []
    credentials = {}
    secret      = "projects/security/secrets/lanner"
  }

  expect_failures = [var.clusters]
}

run "no_name" {
  command = plan

  variables {
    clusters    = ["shop prod"]
    credentials = { "shop prod" = "0123456789abcdef" }
  }

  expect_failures = [var.clusters]
}

run "secret_with_version" {
  command = plan

  variables {
    credentials = {}
    secret      = "projects/security/secrets/lanner/versions/1"
  }

  expect_failures = [var.secret]
}

run "broken_minutes" {
  command = plan

  variables {
    alarms = { silence_minutes = 2000 }
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
