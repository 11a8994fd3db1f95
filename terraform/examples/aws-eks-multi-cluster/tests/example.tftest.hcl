mock_provider "aws" {
  source = "../../modules/aws-function/tests/mocks"
}

mock_provider "aws" {
  alias  = "edge"
  source = "../../modules/aws-function/tests/mocks"
}

variables {
  edge_account = "210987654321"
}

run "apply" {
  assert {
    condition     = { for name, one in aws_cloudwatch_log_subscription_filter.edge : name => one.filter_pattern } == module.lanner.filters
    error_message = "The other account's log group has the same two subscriptions."
  }

  assert {
    condition     = alltrue([for one in aws_cloudwatch_log_subscription_filter.edge : one.destination_arn == "arn:aws:logs:eu-west-1:123456789012:destination:lanner"])
    error_message = "They go to the log destination of this account."
  }
}

run "account_by_name" {
  command = plan

  variables {
    edge_account = "edge"
  }

  expect_failures = [var.edge_account]
}

run "no_such_region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
