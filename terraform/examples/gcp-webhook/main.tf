provider "google" {
  project = var.project
  region  = var.region
}

module "lanner" {
  source = "../../modules/gcp-webhook"

  project     = var.project
  region      = var.region
  name        = "lanner-webhook"
  package     = "${path.module}/../../../dist/lanner-http-webhook.zip"
  clusters    = ["shop"]
  credentials = { shop = var.token }

  depends_on = [google_project_service.this]
}
