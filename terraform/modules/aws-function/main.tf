locals {
  topic = one(concat(aws_sns_topic.alerts[*].arn, var.alert_topic[*]))

  # Every ARN tells these, so nothing has to be asked of the cloud for them.
  place = {
    partition = split(":", aws_cloudwatch_log_group.function.arn)[1]
    region    = split(":", aws_cloudwatch_log_group.function.arn)[3]
    account   = split(":", aws_cloudwatch_log_group.function.arn)[4]
  }
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_338:it tells what the function did; the audit log and the alerts are kept elsewhere
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts by itself; with kms_key, by that key
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:max_concurrency is null where the account's own limit is to count
  #checkov:skip=CKV_AWS_116:what fails at last goes to the destination for failures, which tells more than a dead-letter queue
  #checkov:skip=CKV_AWS_117:it calls public endpoints alone, and has nothing to reach in a VPC
  #checkov:skip=CKV_AWS_173:Lambda encrypts by itself; with kms_key, by that key. Secrets are named by ARN
  #checkov:skip=CKV_AWS_50:logs and metrics tell what a call did; a trace would add AWS's own times
  #checkov:skip=CKV_AWS_272:the package is built here; its hash is in the plan
  function_name    = var.name
  description      = "Falco's Kubernetes audit rules (Lanner)"
  role             = aws_iam_role.function.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = var.handler
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  memory_size      = var.memory_mb
  timeout          = var.timeout_seconds
  kms_key_arn      = var.kms_key
  tags             = var.tags

  reserved_concurrent_executions = var.max_concurrency == null ? -1 : var.max_concurrency

  environment {
    variables = merge(var.settings, {
      LANNER_SNS_TOPIC_ARN    = local.topic
      LANNER_DEAD_LETTERS     = aws_sqs_queue.dead_letters.url
      LANNER_MINIMUM_PRIORITY = lower(var.minimum_priority)
      POWERTOOLS_SERVICE_NAME = var.name
    })
  }

  # The first call finds its rights and its log group; Lambda would make one that keeps logs forever.
  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.asynchronous ? 1 : 0

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }

  # Lambda asks whether the role may send there.
  depends_on = [aws_iam_role_policy.function]
}
