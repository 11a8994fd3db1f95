provider "google" {
  project = var.project
  region  = var.region
}

module "lanner" {
  source = "../../modules/gcp-gke"

  project  = var.project
  region   = var.region
  package  = "${path.module}/../../../dist/lanner-gcp-pubsub.zip"
  clusters = { shop = { location = "europe-west1" } }

  depends_on = [google_project_service.this]
}
