provider "aws" {
  region = var.region
}

module "lanner" {
  source = "../../modules/aws-eks"

  package  = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters = { shop = {} }
}
