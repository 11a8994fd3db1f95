mock_provider "aws" {
  source = "../../modules/aws-function/tests/mocks"
}

run "apply" {
  assert {
    condition     = output.alert_topic == "arn:aws:sns:eu-west-1:123456789012:lanner-alerts"
    error_message = "Alerts go to the topic that was created."
  }
}

run "no_such_region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
