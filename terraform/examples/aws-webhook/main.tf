provider "aws" {
  region = var.region
}

module "lanner" {
  source = "../../modules/aws-webhook"

  name        = "lanner-webhook"
  package     = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters    = ["shop"]
  credentials = { shop = var.token }
}
