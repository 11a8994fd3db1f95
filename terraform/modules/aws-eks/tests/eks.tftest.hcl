mock_provider "aws" {
  source = "../aws-function/tests/mocks"
}

variables {
  package  = "./main.tf" # any file will do
  clusters = { shop = {}, pay = {} }
}

run "direct" {
  assert {
    condition     = toset(keys(aws_cloudwatch_log_subscription_filter.this)) == toset(["shop/events", "shop/cut", "pay/events", "pay/cut"])
    error_message = "Each log group has its two subscriptions, by the cluster's name."
  }

  assert {
    condition = (
      aws_cloudwatch_log_subscription_filter.this["shop/events"].log_group_name == "/aws/eks/shop/cluster" &&
      aws_cloudwatch_log_subscription_filter.this["shop/events"].destination_arn == output.function_id &&
      startswith(aws_cloudwatch_log_subscription_filter.this["shop/events"].filter_pattern, "{ ($.objectRef.resource NOT EXISTS) ||") &&
      length(aws_cloudwatch_log_subscription_filter.this["shop/events"].filter_pattern) <= 1024
    )
    error_message = "Events go from the cluster's log group to the function, except for those that the filter drops."
  }

  assert {
    condition     = aws_cloudwatch_log_subscription_filter.this["shop/cut"].filter_pattern == "\"[Truncated...]\""
    error_message = "Cut lines, which are no JSON, have a subscription of their own."
  }

  assert {
    condition = { for cluster, permission in aws_lambda_permission.logs : cluster => [permission.principal, permission.source_account, permission.source_arn] } == {
      shop = ["logs.amazonaws.com", "123456789012", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/shop/cluster:*"]
      pay  = ["logs.amazonaws.com", "123456789012", "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/eks/pay/cluster:*"]
    }
    error_message = "CloudWatch Logs may call the function for these log groups, and for no others."
  }

  assert {
    condition     = length(aws_kinesis_stream.this) + length(aws_iam_role_policy.stream) + length(aws_cloudwatch_log_destination.this) == 0
    error_message = "There is no stream where none is wanted."
  }

  assert {
    condition     = output.destination == null && contains(output.alarms, "lanner-silence-shop")
    error_message = "The outputs tell what there is."
  }
}

run "one_cluster_less" {
  variables {
    clusters = { shop = {} }
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_log_subscription_filter.this)) == toset(["shop/events", "shop/cut"])
    error_message = "The other cluster's resources keep their addresses."
  }
}

run "no_filter" {
  variables {
    filter = ""
  }

  assert {
    condition     = { for key, one in aws_cloudwatch_log_subscription_filter.this : key => one.filter_pattern } == { "shop/events" = "", "pay/events" = "" }
    error_message = "Without a filter one subscription takes everything."
  }
}

run "stream" {
  variables {
    stream  = {}
    kms_key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = (
      aws_kinesis_stream.this[0].stream_mode_details[0].stream_mode == "ON_DEMAND" &&
      aws_kinesis_stream.this[0].encryption_type == "KMS" && aws_kinesis_stream.this[0].kms_key_id == var.kms_key
    )
    error_message = "The stream grows by itself, and is encrypted by the key."
  }

  assert {
    condition = (
      aws_cloudwatch_log_subscription_filter.this["shop/events"].destination_arn == aws_kinesis_stream.this[0].arn &&
      aws_cloudwatch_log_subscription_filter.this["shop/events"].role_arn == aws_iam_role.logs[0].arn &&
      aws_cloudwatch_log_subscription_filter.this["shop/events"].distribution == "Random" &&
      length(aws_lambda_permission.logs) == 0
    )
    error_message = "Events go to the stream, spread over its shards, and CloudWatch Logs may not call the function."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.stream[0].function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.stream[0].bisect_batch_on_function_error &&
      aws_lambda_event_source_mapping.stream[0].maximum_record_age_in_seconds == 21600 &&
      aws_lambda_event_source_mapping.stream[0].starting_position == "TRIM_HORIZON" &&
      length(aws_lambda_event_source_mapping.stream[0].destination_config) == 1
    )
    error_message = "Only what failed comes again, within six hours, and what fails at last is told of."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.logs[0].policy).Statement[*] == [
      { Sid = "WriteStream", Effect = "Allow", Action = ["kinesis:PutRecord", "kinesis:PutRecords"], Resource = ["arn:aws:kinesis:eu-west-1:123456789012:stream/lanner"] },
      { Sid = "UseKey", Effect = "Allow", Action = ["kms:GenerateDataKey"], Resource = [var.kms_key] },
    ]
    error_message = "CloudWatch Logs may write to the stream, and nothing else."
  }

  assert {
    condition = (
      length(jsondecode(aws_iam_role_policy.stream[0].policy).Statement) == 1 &&
      jsondecode(aws_iam_role_policy.stream[0].policy).Statement[0].Resource == ["arn:aws:kinesis:eu-west-1:123456789012:stream/lanner"] &&
      alltrue([for action in jsondecode(aws_iam_role_policy.stream[0].policy).Statement[0].Action : can(regex("^kinesis:(Describe|Get|List)[A-Za-z]+$", action))])
    )
    error_message = "The function may read the stream, and not write to it."
  }

  assert {
    condition     = contains(output.alarms, "lanner-stream-lag")
    error_message = "There is an alarm for records that wait."
  }
}

run "other_account" {
  variables {
    clusters = { shop = {}, edge = { account = "210987654321" } }
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_log_subscription_filter.this)) == toset(["shop/events", "shop/cut"])
    error_message = "Log groups of other accounts cannot be subscribed from here."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_destination_policy.this[0].access_policy).Statement[0].Principal == { AWS = ["210987654321"] }
    error_message = "The other account, and no third one, may subscribe to the destination."
  }

  assert {
    condition = jsondecode(aws_iam_role.logs[0].assume_role_policy).Statement[0].Condition.StringLike["aws:SourceArn"] == [
      "arn:aws:logs:eu-west-1:123456789012:*", "arn:aws:logs:eu-west-1:210987654321:*",
    ]
    error_message = "CloudWatch Logs takes the role for these two accounts alone."
  }

  assert {
    condition     = output.destination == "arn:aws:logs:eu-west-1:123456789012:destination:lanner" && toset(keys(output.filters)) == toset(["lanner", "lanner-cut-events"])
    error_message = "The outputs are what the other account needs to subscribe."
  }

  assert {
    condition     = contains(output.alarms, "lanner-silence-edge")
    error_message = "Its cluster is missed when it is silent, too."
  }
}

run "no_clusters" {
  command = plan

  variables {
    clusters = {}
  }

  expect_failures = [var.clusters]
}

run "cluster_by_arn" {
  command = plan

  variables {
    clusters = { "arn:aws:eks:eu-west-1:123456789012:cluster/shop" = {} }
  }

  expect_failures = [var.clusters]
}

run "no_account" {
  command = plan

  variables {
    clusters = { edge = { account = "production" } }
  }

  expect_failures = [var.clusters]
}

run "missing_package" {
  command = plan

  variables {
    package = "../../../dist/no-such.zip"
  }

  expect_failures = [var.package]
}

run "malformed" {
  command = plan

  variables {
    name        = "Lanner"
    alert_topic = "alerts"
    kms_key     = "arn:aws:kms:eu-west-1:123456789012:alias/lanner"
    stream      = { shards = 0, retention_hours = 1 }
  }

  expect_failures = [var.name, var.alert_topic, var.kms_key, var.stream]
}

run "unknown_region" {
  command = plan

  variables {
    alert_topic = "arn:aws:sns:ireland:123456789012:alerts"
  }

  expect_failures = [var.alert_topic]
}

run "filter_too_long" {
  command = plan

  variables {
    filter = join(" || ", [for number in range(100) : "($.a = ${number})"])
  }

  expect_failures = [var.filter]
}
