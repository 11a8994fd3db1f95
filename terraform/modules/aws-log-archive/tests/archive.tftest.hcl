mock_provider "aws" {
  source = "../aws-function/tests/mocks"
}

variables {
  package  = "./main.tf" # any file will do
  clusters = ["shop"]
  bucket   = { name = "audit-logs", prefix = "eks/" }
}

run "own_bucket" {
  assert {
    condition     = length(aws_s3_bucket.archive) + length(aws_s3_bucket_notification.objects) == 0
    error_message = "A bucket that is there is left as it is, with the notifications it has."
  }

  assert {
    condition = [for one in jsondecode(aws_iam_role_policy.objects.policy).Statement : [one.Action, one.Resource]] == [
      [["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], ["arn:aws:sqs:eu-west-1:123456789012:lanner-dead-letters"]],
      [["s3:GetObject", "s3:GetObjectVersion"], ["arn:aws:s3:::audit-logs/eks/*"]],
    ]
    error_message = "The function may read what is under the prefix, and nothing else."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.objects.policy).Statement[*].Condition == [{
      ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::audit-logs" }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    }]
    error_message = "This bucket, and no other, may notify."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.objects.function_response_types == toset(["ReportBatchItemFailures"]) &&
      length(aws_lambda_event_source_mapping.objects.scaling_config) == 0 &&
      aws_sqs_queue.objects.visibility_timeout_seconds == 1800 &&
      jsondecode(aws_sqs_queue.objects.redrive_policy).maxReceiveCount == 5
    )
    error_message = "Only what failed comes again, five times at the most."
  }

  assert {
    condition     = aws_sqs_queue.objects.sqs_managed_sse_enabled && aws_sqs_queue.failed.sqs_managed_sse_enabled
    error_message = "The queues are encrypted."
  }

  assert {
    condition     = contains(output.alarms, "lanner-objects-failed") && contains(output.alarms, "lanner-objects-lag")
    error_message = "There are alarms for objects that fail, and that wait."
  }
}

run "own_bucket_notified" {
  variables {
    bucket = { name = "audit-logs", notify = true }
  }

  assert {
    condition     = aws_s3_bucket_notification.objects[0].bucket == "audit-logs"
    error_message = "The module sets up notifications where it is told to."
  }
}

run "bucket_of_another_account" {
  variables {
    bucket          = { name = "audit-logs", account = "210987654321", kms_key = "arn:aws:kms:eu-west-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
    max_concurrency = 10
  }

  assert {
    condition     = jsondecode(aws_sqs_queue_policy.objects.policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "210987654321"
    error_message = "The bucket's owner may notify."
  }

  assert {
    condition     = [for one in jsondecode(aws_iam_role_policy.objects.policy).Statement : [one.Action, one.Resource] if one.Sid == "DecryptObjects"] == [[["kms:Decrypt"], [var.bucket.kms_key]]]
    error_message = "The function may decrypt objects, and not encrypt any."
  }

  assert {
    condition     = aws_lambda_event_source_mapping.objects.scaling_config[0].maximum_concurrency == 10
    error_message = "The queue waits where calls are limited."
  }
}

run "new_bucket" {
  variables {
    bucket = { name = "audit-logs", create = true, prefix = "eks/", writers = ["arn:aws:iam::210987654321:role/firehose"] }
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.archive[0].block_public_acls && aws_s3_bucket_public_access_block.archive[0].block_public_policy &&
      aws_s3_bucket_public_access_block.archive[0].ignore_public_acls && aws_s3_bucket_public_access_block.archive[0].restrict_public_buckets
    )
    error_message = "The bucket is not public, and cannot be made so."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.archive[0].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "The bucket is encrypted."
  }

  assert {
    condition = [for one in jsondecode(aws_s3_bucket_policy.archive[0].policy).Statement : [one.Effect, one.Resource]] == [
      ["Deny", ["arn:aws:s3:::audit-logs", "arn:aws:s3:::audit-logs/*"]],
      ["Allow", ["arn:aws:s3:::audit-logs/eks/*"]],
      ["Allow", ["arn:aws:s3:::audit-logs"]],
    ]
    error_message = "Writers get to the prefix, and everybody only by TLS."
  }

  assert {
    condition     = length(setintersection(flatten([for one in jsondecode(aws_s3_bucket_policy.archive[0].policy).Statement : one.Action if one.Effect == "Allow"]), ["s3:GetObject", "s3:DeleteObject"])) == 0
    error_message = "Writers can neither read nor delete."
  }

  assert {
    condition     = aws_s3_bucket_notification.objects[0].queue[0].filter_prefix == "eks/" && aws_s3_bucket_notification.objects[0].queue[0].events == toset(["s3:ObjectCreated:*"])
    error_message = "It tells of new objects under the prefix."
  }
}

run "no_writers" {
  variables {
    bucket = { name = "audit-logs", create = true }
  }

  assert {
    condition     = length(jsondecode(aws_s3_bucket_policy.archive[0].policy).Statement) == 1
    error_message = "Without writers, the account's own policies decide."
  }
}

run "bucket_by_arn" {
  command = plan

  variables {
    bucket = { name = "arn:aws:s3:::audit-logs" }
  }

  expect_failures = [var.bucket]
}

run "every_prefix" {
  command = plan

  variables {
    bucket = { name = "audit-logs", prefix = "*" }
  }

  expect_failures = [var.bucket]
}

run "new_bucket_of_another_account" {
  command = plan

  variables {
    bucket = { name = "audit-logs", create = true, account = "210987654321" }
  }

  expect_failures = [var.bucket]
}

run "writer_by_name" {
  command = plan

  variables {
    bucket = { name = "audit-logs", create = true, writers = ["firehose"] }
  }

  expect_failures = [var.bucket]
}

run "malformed" {
  command = plan

  variables {
    name            = "Lanner"
    clusters        = []
    package         = "../../../dist/no-such.zip"
    alert_topic     = "alerts"
    kms_key         = "alias/lanner"
    max_concurrency = 1
  }

  expect_failures = [var.name, var.clusters, var.package, var.alert_topic, var.kms_key, var.max_concurrency]
}
