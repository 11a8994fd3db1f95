mock_provider "aws" {
  source = "../../modules/aws-function/tests/mocks"
}

variables {
  slack_secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf"
}

run "apply" {
  assert {
    condition     = aws_kms_key.lanner.enable_key_rotation && aws_sqs_queue.alerts.kms_master_key_id == aws_kms_key.lanner.arn
    error_message = "Alerts are encrypted by the account's own key, which rotates."
  }

  assert {
    condition     = contains(module.lanner.alarms, "lanner-prod-stream-lag") && contains(module.lanner.alarms, "lanner-prod-silence-pay")
    error_message = "The stream and each cluster have alarms."
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_policy.alerts.policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == module.lanner.alert_topic
    error_message = "The alerts' topic, and no other, may send to the queue."
  }
}

run "no_such_region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
