provider "aws" {
  region = var.region
}

# Much volume, a key of one's own, alerts to Slack and into a queue, alarms to whoever is on call.
module "lanner" {
  source = "../../modules/aws-eks"

  name     = "lanner-prod"
  package  = "${path.module}/../../../dist/lanner-lambda-arm64.zip"
  clusters = { shop = {}, pay = {} }
  stream   = { shards = 2 }

  minimum_priority = "notice"
  settings = {
    LANNER_SLACK_URL_SECRET_ARN   = var.slack_secret
    LANNER_SLACK_MINIMUM_PRIORITY = "error"
    LANNER_DISABLE                = "Port Forwarded*"
  }

  kms_key            = aws_kms_key.lanner.arn
  memory_mb          = 1024
  max_concurrency    = 50
  log_retention_days = 90
  alarm_actions      = [aws_sns_topic.on_call.arn]
  alarms             = { silence_minutes = 10, lag_seconds = 120 }
  tags               = { team = "security" }
}

resource "aws_sqs_queue" "alerts" {
  name              = "lanner-prod-alerts"
  kms_master_key_id = aws_kms_key.lanner.arn
}

resource "aws_sqs_queue_policy" "alerts" {
  queue_url = aws_sqs_queue.alerts.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.alerts.arn
      Condition = { ArnEquals = { "aws:SourceArn" = module.lanner.alert_topic } }
    }]
  })
}

# Alerts carry their priority, rule and cluster as attributes, by which subscriptions can choose.
resource "aws_sns_topic_subscription" "alerts" {
  topic_arn     = module.lanner.alert_topic
  protocol      = "sqs"
  endpoint      = aws_sqs_queue.alerts.arn
  filter_policy = jsonencode({ priority = ["Emergency", "Alert", "Critical", "Error", "Warning"] })
}

resource "aws_sns_topic" "on_call" {
  name              = "lanner-prod-on-call"
  kms_master_key_id = aws_kms_key.lanner.arn
}
