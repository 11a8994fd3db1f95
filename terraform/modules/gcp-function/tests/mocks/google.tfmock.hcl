# What Google Cloud would say. It is the same for every resource of a kind, so tests tell them apart by other things.

mock_resource "google_storage_bucket" {
  defaults = { project_number = 123456789012 }
}

mock_resource "google_pubsub_topic" {
  defaults = { id = "projects/shop-prod/topics/created" }
}

mock_resource "google_service_account" {
  defaults = {
    email  = "account@shop-prod.iam.gserviceaccount.com"
    member = "serviceAccount:account@shop-prod.iam.gserviceaccount.com"
    name   = "projects/shop-prod/serviceAccounts/account@shop-prod.iam.gserviceaccount.com"
  }
}

mock_resource "google_logging_project_sink" {
  defaults = { writer_identity = "serviceAccount:service-123456789012@gcp-sa-logging.iam.gserviceaccount.com" }
}

mock_resource "google_logging_folder_sink" {
  defaults = { writer_identity = "serviceAccount:service-folder-42@gcp-sa-logging.iam.gserviceaccount.com" }
}

mock_resource "google_logging_organization_sink" {
  defaults = { writer_identity = "serviceAccount:service-org-42@gcp-sa-logging.iam.gserviceaccount.com" }
}

mock_resource "google_secret_manager_secret" {
  defaults = { id = "projects/shop-prod/secrets/created" }
}

mock_resource "google_kms_crypto_key" {
  defaults = { id = "projects/shop-prod/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner" }
}

mock_resource "google_monitoring_notification_channel" {
  defaults = { name = "projects/shop-prod/notificationChannels/42" }
}

mock_resource "google_cloudfunctions2_function" {
  defaults = { service_config = { uri = "https://lanner-abc-ew.a.run.app" } }
}
