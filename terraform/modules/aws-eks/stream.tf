locals {
  # None or one.
  streams = local.stream[*]
}

resource "aws_kinesis_stream" "this" {
  count = length(local.streams)

  name             = var.name
  shard_count      = local.stream.shards
  retention_period = local.stream.retention_hours
  encryption_type  = "KMS"
  kms_key_id       = coalesce(var.kms_key, "alias/aws/kinesis")
  tags             = var.tags

  stream_mode_details {
    stream_mode = local.stream.shards == null ? "ON_DEMAND" : "PROVISIONED"
  }
}

resource "aws_iam_role" "logs" {
  count = length(local.streams)

  name        = "${var.name}-logs"
  description = "CloudWatch Logs may write to the stream ${var.name}"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringLike = {
          "aws:SourceArn" = [for account in concat([local.place.account], local.accounts) : "arn:${local.place.partition}:logs:${local.place.region}:${account}:*"]
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "logs" {
  count = length(local.streams)

  name = "stream"
  role = aws_iam_role.logs[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "WriteStream"
        Effect   = "Allow"
        Action   = ["kinesis:PutRecord", "kinesis:PutRecords"]
        Resource = [aws_kinesis_stream.this[0].arn]
      }],
      [
        for key in var.kms_key[*] : {
          Sid      = "UseKey"
          Effect   = "Allow"
          Action   = ["kms:GenerateDataKey"]
          Resource = [key]
        }
      ],
    )
  })
}

resource "aws_iam_role_policy" "stream" {
  count = length(local.streams)

  name = "stream"
  role = module.function.role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "ReadStream"
      Effect = "Allow"
      Action = [
        "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
        "kinesis:ListShards",
      ]
      Resource = [aws_kinesis_stream.this[0].arn]
    }]
  })
}

resource "aws_lambda_event_source_mapping" "stream" {
  count = length(local.streams)

  event_source_arn                   = aws_kinesis_stream.this[0].arn
  function_name                      = module.function.function_id
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  maximum_batching_window_in_seconds = 1
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  # What comes again and again was neither delivered nor kept: that nothing else could be either, for hours, is likelier
  # than that one record is to blame.
  maximum_retry_attempts        = 100
  maximum_record_age_in_seconds = 21600
  tags                          = var.tags

  destination_config {
    on_failure {
      destination_arn = module.function.dead_letters_id
    }
  }

  depends_on = [aws_iam_role_policy.stream]
}

resource "aws_cloudwatch_log_destination" "this" {
  count = length(local.accounts) > 0 ? 1 : 0

  name       = var.name
  role_arn   = aws_iam_role.logs[0].arn
  target_arn = aws_kinesis_stream.this[0].arn
  tags       = var.tags

  depends_on = [aws_iam_role_policy.logs]
}

resource "aws_cloudwatch_log_destination_policy" "this" {
  count = length(aws_cloudwatch_log_destination.this)

  destination_name = aws_cloudwatch_log_destination.this[0].name
  access_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Subscribe"
      Effect    = "Allow"
      Principal = { AWS = local.accounts }
      Action    = "logs:PutSubscriptionFilter"
      Resource  = aws_cloudwatch_log_destination.this[0].arn
    }]
  })
}

resource "aws_cloudwatch_metric_alarm" "stream" {
  count = local.stream != null && var.alarms.enabled && var.alarms.lag_seconds > 0 ? 1 : 0

  alarm_name          = "${var.name}-stream-lag"
  alarm_description   = "Records wait in the stream for more than ${var.alarms.lag_seconds} s: more shards, or see why calls fail."
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = module.function.function }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.lag_seconds * 1000
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
