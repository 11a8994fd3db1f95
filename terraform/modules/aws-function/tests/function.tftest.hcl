mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name         = "lanner"
  package      = "./main.tf" # any file will do
  handler      = "handler.handle"
  asynchronous = true
  clusters     = ["shop", "pay"]
}

run "least_privilege" {
  assert {
    condition = [for one in local.statements : { actions = one.Action, resources = one.Resource }] == [
      {
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/lanner:*"]
      },
      { actions = ["sns:Publish"], resources = ["arn:aws:sns:eu-west-1:123456789012:lanner-alerts"] },
      { actions = ["sqs:SendMessage"], resources = ["arn:aws:sqs:eu-west-1:123456789012:lanner-dead-letters"] },
    ]
    error_message = "The role may do what functions/aws_cloudwatch/README.md lists, and nothing else."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.function.policy).Statement == local.statements
    error_message = "The role's policy is these statements."
  }

  assert {
    condition     = jsondecode(aws_iam_role.function.assume_role_policy).Statement[*].Principal == [{ Service = "lambda.amazonaws.com" }]
    error_message = "Nobody but Lambda takes the role."
  }
}

run "function" {
  assert {
    condition = (
      aws_lambda_function.this.runtime == "python3.13" &&
      aws_lambda_function.this.architectures == tolist(["arm64"]) &&
      aws_lambda_function.this.handler == "handler.handle" &&
      aws_lambda_function.this.source_code_hash == filebase64sha256("./main.tf")
    )
    error_message = "The package runs on Python 3.13 on arm64, and another package is another hash."
  }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      LANNER_SNS_TOPIC_ARN    = "arn:aws:sns:eu-west-1:123456789012:lanner-alerts"
      LANNER_DEAD_LETTERS     = "https://sqs.eu-west-1.amazonaws.com/123456789012/lanner-dead-letters"
      LANNER_MINIMUM_PRIORITY = "debug"
      POWERTOOLS_SERVICE_NAME = "lanner"
    })
    error_message = "The function is told where alerts and dead letters go."
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "Without max_concurrency the account's limit counts."
  }

  assert {
    condition = (
      aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 2 &&
      aws_lambda_function_event_invoke_config.this[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.dead_letters.arn
    )
    error_message = "Lambda tries again, and puts what fails at last into the dead letters."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.name == "/aws/lambda/lanner" && aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = "The function's log is made before Lambda makes one, and ends."
  }
}

run "encrypted_by_the_services" {
  assert {
    condition     = aws_sns_topic.alerts[0].kms_master_key_id == "alias/aws/sns" && aws_sqs_queue.dead_letters.sqs_managed_sse_enabled
    error_message = "Topic and queue are encrypted, by keys of the services."
  }
}

run "encrypted_by_a_key" {
  variables {
    kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = toset([
      aws_sns_topic.alerts[0].kms_master_key_id,
      aws_sqs_queue.dead_letters.kms_master_key_id,
      aws_cloudwatch_log_group.function.kms_key_id,
      aws_lambda_function.this.kms_key_arn,
    ]) == toset([var.kms_key])
    error_message = "Everything is encrypted by the key."
  }

  assert {
    condition = [for one in local.statements : { actions = one.Action, resources = one.Resource } if one.Sid == "UseKey"] == [
      { actions = ["kms:Decrypt", "kms:GenerateDataKey"], resources = [var.kms_key] },
    ]
    error_message = "The role may use that key, and no other."
  }
}

run "secrets" {
  variables {
    settings = {
      LANNER_SLACK_URL_SECRET_ARN     = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf"
      LANNER_WEBHOOK_URL              = "https://alerts.example/in"
      LANNER_WEBHOOK_TOKEN_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf"
    }
  }

  assert {
    condition = jsonencode([for one in local.statements : [one.Action, one.Resource] if one.Sid == "ReadSecrets"]) == jsonencode([[
      ["secretsmanager:GetSecretValue"],
      [
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-AbCdEf",
      ],
    ]])
    error_message = "The role may read the secrets that settings name, and no other."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables["LANNER_WEBHOOK_URL"] == "https://alerts.example/in"
    error_message = "Settings reach the function."
  }
}

run "own_topic" {
  variables {
    alert_topic = "arn:aws:sns:eu-west-1:123456789012:alerts"
  }

  assert {
    condition     = length(aws_sns_topic.alerts) == 0 && output.alert_topic == var.alert_topic
    error_message = "A topic that is there is used; none is made."
  }

  assert {
    condition     = [for one in local.statements : one.Resource if one.Sid == "SendAlerts"] == [[var.alert_topic]]
    error_message = "The role may publish there, and nowhere else."
  }
}

run "alarms" {
  variables {
    alarm_actions = ["arn:aws:sns:eu-west-1:123456789012:on-call"]
  }

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset([
      "errors", "throttles", "lost", "dead-letters", "silence-pay", "silence-shop", "lag-pay", "lag-shop",
    ])
    error_message = "There are alarms for the function, its dead letters, and each cluster."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset(var.alarm_actions)])
    error_message = "Each tells whoever is to be told."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["silence-shop"].treat_missing_data == "breaching" &&
      aws_cloudwatch_metric_alarm.this["silence-shop"].namespace == "Lanner" &&
      aws_cloudwatch_metric_alarm.this["silence-shop"].dimensions == tomap({ service = "lanner", cluster = "shop" }) &&
      aws_cloudwatch_metric_alarm.this["silence-shop"].period == 900
    )
    error_message = "That nothing is measured is silence."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data == "notBreaching" if !startswith(key, "silence-")])
    error_message = "For all others, nothing measured is nothing wrong."
  }

  assert {
    condition     = contains(output.alarms, "lanner-silence-shop") && length(output.alarms) == 8
    error_message = "The alarms are named in an output."
  }
}

run "fewer_alarms" {
  variables {
    alarms    = { silence_minutes = 0, lag_seconds = 0 }
    dashboard = false
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 4 && length(aws_cloudwatch_dashboard.this) == 0
    error_message = "0 switches an alarm off, and there is no dashboard where none is wanted."
  }
}

run "no_alarms" {
  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "There are no alarms where none are wanted."
  }
}

run "dashboard" {
  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.region == "eu-west-1"])
    error_message = "The dashboard shows the function's region."
  }
}

run "wrong_settings" {
  command = plan

  variables {
    settings = { SLACK_URL = "https://hooks.slack.example" }
  }

  expect_failures = [var.settings]
}

run "settings_of_the_module" {
  command = plan

  variables {
    settings = { LANNER_DEAD_LETTERS = "file:letters" }
  }

  expect_failures = [var.settings]
}

run "secret_by_name" {
  command = plan

  variables {
    settings = { LANNER_SLACK_URL_SECRET_ARN = "slack" }
  }

  expect_failures = [var.settings]
}

run "every_secret" {
  command = plan

  variables {
    settings = { LANNER_SLACK_URL_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*" }
  }

  expect_failures = [var.settings]
}

run "no_such_priority" {
  command = plan

  variables {
    minimum_priority = "severe"
  }

  expect_failures = [var.minimum_priority]
}

run "out_of_range" {
  command = plan

  variables {
    dead_letter_retention_days = 30
    memory_mb                  = 128
    timeout_seconds            = 901
    max_concurrency            = 0
    log_retention_days         = 31
    alarms                     = { silence_minutes = 1441, lag_seconds = -1 }
    alarm_actions              = ["on-call"]
  }

  expect_failures = [
    var.dead_letter_retention_days, var.memory_mb, var.timeout_seconds, var.max_concurrency, var.log_retention_days,
    var.alarms, var.alarm_actions,
  ]
}
