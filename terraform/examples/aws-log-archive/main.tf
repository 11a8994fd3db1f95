provider "aws" {
  region = var.region
}

module "lanner" {
  source = "../../modules/aws-log-archive"

  name     = "lanner-archive"
  package  = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters = ["shop", "pay"]

  bucket = {
    name    = var.bucket
    create  = true
    prefix  = "eks/"
    writers = ["arn:aws:iam::210987654321:role/firehose"]
  }
}
