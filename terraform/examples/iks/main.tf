provider "aws" {
  region = var.region
}

module "lanner" {
  source = "../../modules/aws-webhook"

  name         = "lanner-iks"
  package      = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters     = [var.cluster]
  credentials  = { (var.cluster) = var.path }
  secret_paths = true

  settings = {
    LANNER_PROVIDER                    = "iks"
    LANNER_IBM_LOGS_URL                = var.ibm_logs.url
    LANNER_IBM_LOGS_API_KEY_SECRET_ARN = var.ibm_logs.api_key_secret
  }
}
