provider "google" {
  project = var.project
  region  = var.region
}

# Some clusters in several projects: each has a sink in its own.
module "lanner" {
  source = "../../modules/gcp-gke"

  project = var.project
  region  = var.region
  package = "${path.module}/../../../dist/lanner-gcp-pubsub.zip"
  clusters = {
    shop    = { location = "europe-west1", project = "shop-prod" }
    shop-us = { name = "shop", location = "us-east1", project = "shop-prod" }
    pay     = { location = "europe-west1", project = "pay-prod" }
  }

  depends_on = [google_project_service.this]
}

# Every cluster in a folder, those that will come too.
module "lanner_of_folder" {
  source = "../../modules/gcp-gke"

  project  = var.project
  region   = var.region
  name     = "lanner-folder"
  package  = "${path.module}/../../../dist/lanner-gcp-pubsub.zip"
  scope    = var.folder
  clusters = { "*" = {} }

  depends_on = [google_project_service.this]
}
