mock_provider "aws" {
  source = "../../modules/aws-function/tests/mocks"
}

variables {
  cluster = "shop"
  path    = "0123456789abcdef"
  ibm_logs = {
    url            = "https://90d208cc-e1dd-4fb2-a938-358e5996f056.ingress.eu-de.logs.cloud.ibm.com"
    api_key_secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ibm-logs-AbCdEf"
  }
}

run "apply" {
  assert {
    condition     = nonsensitive(output.webhook) == "ibmcloud ks cluster master audit-webhook set --cluster shop --remote-server https://abc123.lambda-url.eu-west-1.on.aws/audit/0123456789abcdef --policy verbose"
    error_message = "The line sets the cluster's webhook, by its secret path."
  }
}

run "no_such_region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
