resource "aws_sqs_queue" "objects" {
  name                              = "${var.name}-objects"
  visibility_timeout_seconds        = 6 * var.timeout_seconds
  message_retention_seconds         = 345600
  kms_master_key_id                 = var.kms_key
  kms_data_key_reuse_period_seconds = var.kms_key == null ? null : 300
  sqs_managed_sse_enabled           = var.kms_key == null ? true : null
  tags                              = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed.arn
    maxReceiveCount     = 5
  })
}

# Apart from the function's dead letters, so that all of it can be moved back at once.
resource "aws_sqs_queue" "failed" {
  name                              = "${var.name}-objects-failed"
  message_retention_seconds         = var.dead_letter_retention_days * 86400
  kms_master_key_id                 = var.kms_key
  kms_data_key_reuse_period_seconds = var.kms_key == null ? null : 300
  sqs_managed_sse_enabled           = var.kms_key == null ? true : null
  tags                              = var.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.objects.arn]
  })
}

resource "aws_sqs_queue_policy" "objects" {
  queue_url = aws_sqs_queue.objects.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Notify"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.objects.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
        StringEquals = { "aws:SourceAccount" = coalesce(var.bucket.account, local.place.account) }
      }
    }]
  })
}

resource "aws_s3_bucket_notification" "objects" {
  count = local.notify ? 1 : 0

  bucket = var.bucket.create ? aws_s3_bucket.archive[0].id : var.bucket.name

  queue {
    id            = var.name
    queue_arn     = aws_sqs_queue.objects.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = var.bucket.prefix
  }

  # S3 tries whether it may send there.
  depends_on = [aws_sqs_queue_policy.objects]
}

locals {
  alarms = {
    objects-failed = {
      description = "Objects could not be read, or their alerts not delivered, in five attempts: see why, then move the messages back."
      metric      = "ApproximateNumberOfMessagesVisible"
      queue       = aws_sqs_queue.failed.name
      threshold   = 0
    }
    objects-lag = {
      description = "Objects wait for more than ${var.alarms.lag_seconds} s to be read."
      metric      = "ApproximateAgeOfOldestMessage"
      queue       = aws_sqs_queue.objects.name
      threshold   = var.alarms.lag_seconds
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for key, alarm in local.alarms : key => alarm if var.alarms.enabled && (key == "objects-failed" || var.alarms.lag_seconds > 0) }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
