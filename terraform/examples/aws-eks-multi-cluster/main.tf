provider "aws" {
  region = var.region
}

# The account of the cluster that is not in this one: only there can its log group be subscribed.
provider "aws" {
  alias  = "edge"
  region = var.region

  assume_role {
    role_arn = "arn:aws:iam::${var.edge_account}:role/${var.edge_role}"
  }
}

module "lanner" {
  source = "../../modules/aws-eks"

  package = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters = {
    shop = {}
    pay  = {}
    edge = { account = var.edge_account }
  }
}

resource "aws_cloudwatch_log_subscription_filter" "edge" {
  for_each = module.lanner.filters
  provider = aws.edge

  name            = each.key
  log_group_name  = "/aws/eks/edge/cluster"
  filter_pattern  = each.value
  destination_arn = module.lanner.destination
  distribution    = "Random"
}
