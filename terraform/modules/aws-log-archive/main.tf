locals {
  place      = module.function.place
  bucket_arn = "arn:${local.place.partition}:s3:::${var.bucket.name}"
  notify     = coalesce(var.bucket.notify, var.bucket.create)
}

module "function" {
  source = "../aws-function"

  name                       = var.name
  package                    = var.package
  handler                    = "handler.handle"
  clusters                   = var.clusters
  settings                   = var.settings
  minimum_priority           = var.minimum_priority
  alert_topic                = var.alert_topic
  dead_letter_retention_days = var.dead_letter_retention_days
  memory_mb                  = var.memory_mb
  timeout_seconds            = var.timeout_seconds
  log_retention_days         = var.log_retention_days
  kms_key                    = var.kms_key
  alarm_actions              = var.alarm_actions
  alarms                     = var.alarms
  dashboard                  = var.dashboard
  tags                       = var.tags
}

resource "aws_iam_role_policy" "objects" {
  name = "objects"
  role = module.function.role
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "TakeNotifications"
          Effect   = "Allow"
          Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
          Resource = [aws_sqs_queue.objects.arn]
        },
        {
          Sid      = "ReadObjects"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = ["${local.bucket_arn}/${var.bucket.prefix}*"]
        },
      ],
      [
        for key in var.bucket.kms_key[*] : {
          Sid      = "DecryptObjects"
          Effect   = "Allow"
          Action   = ["kms:Decrypt"]
          Resource = [key]
        }
      ],
    )
  })
}

resource "aws_lambda_event_source_mapping" "objects" {
  event_source_arn        = aws_sqs_queue.objects.arn
  function_name           = module.function.function_id
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  # Here and not at the function: calls that are refused there count as failures of a message.
  dynamic "scaling_config" {
    for_each = var.max_concurrency[*]

    content {
      maximum_concurrency = scaling_config.value
    }
  }

  depends_on = [aws_iam_role_policy.objects]
}
