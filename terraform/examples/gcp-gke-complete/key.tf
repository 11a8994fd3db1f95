resource "google_kms_key_ring" "lanner" {
  name     = "lanner"
  location = var.region

  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key" "lanner" {
  name            = "lanner"
  key_ring        = google_kms_key_ring.lanner.id
  rotation_period = "7776000s"

  lifecycle {
    # Without it, dead letters and images could never be read again.
    prevent_destroy = true
  }
}

# Google's own identities that encrypt and decrypt for the module.
resource "google_kms_crypto_key_iam_member" "google" {
  for_each = {
    functions = "gcf-admin-robot"
    images    = "gcp-sa-artifactregistry"
    messages  = "gcp-sa-pubsub"
    package   = "gs-project-accounts"
    service   = "serverless-robot-prod"
  }

  crypto_key_id = google_kms_crypto_key.lanner.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:service-${var.project_number}@${each.value}.iam.gserviceaccount.com"
}
