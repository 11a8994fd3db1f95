mock_provider "google" {
  source = "../../modules/gcp-function/tests/mocks"
}

variables {
  project        = "shop-prod"
  project_number = "123456789012"
  slack_secret   = "projects/shop-prod/secrets/slack-url"
  on_call        = "oncall@corp.example"
}

run "plan" {
  command = plan

  assert {
    condition     = google_pubsub_subscription.alerts.filter == "attributes.priority = \"Emergency\" OR attributes.priority = \"Alert\" OR attributes.priority = \"Critical\" OR attributes.priority = \"Error\" OR attributes.priority = \"Warning\""
    error_message = "The subscription takes alerts from warning on."
  }

  assert {
    condition     = output.alarms == tolist(["lanner-prod: dead-letters", "lanner-prod: errors", "lanner-prod: lag", "lanner-prod: silence-pay", "lanner-prod: silence-shop", "lanner-prod: throttles"])
    error_message = "Each cluster has an alarm for silence."
  }

  assert {
    condition     = alltrue([for grant in google_kms_crypto_key_iam_member.google : grant.role == "roles/cloudkms.cryptoKeyEncrypterDecrypter" && startswith(grant.member, "serviceAccount:service-123456789012@")])
    error_message = "Google's identities of this project, and nobody else, use the key."
  }
}

run "no_number" {
  command = plan

  variables {
    project_number = "shop-prod"
  }

  expect_failures = [var.project_number]
}
