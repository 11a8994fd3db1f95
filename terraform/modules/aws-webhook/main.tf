locals {
  is_own_secret = nonsensitive(length(var.credentials) > 0)
  secret        = local.is_own_secret ? aws_secretsmanager_secret.credentials[0].arn : var.secret
  has_secret    = local.is_own_secret || var.secret != null
  setting       = var.secret_paths ? "LANNER_AUTH_PATHS_SECRET_ARN" : "LANNER_AUTH_TOKENS_SECRET_ARN"

  url = "${aws_lambda_function_url.this.function_url}audit"
  credentials = {
    for cluster in var.clusters : cluster => local.is_own_secret ? lookup(var.credentials, cluster, "") : "CREDENTIAL"
  }
  urls = { for cluster in var.clusters : cluster => "${local.url}/${var.secret_paths ? local.credentials[cluster] : cluster}" }
}

module "function" {
  source = "../aws-function"

  name                       = var.name
  package                    = var.package
  handler                    = "lambda_url.handle"
  clusters                   = var.clusters
  settings                   = merge(var.settings, local.has_secret ? { (local.setting) = local.secret } : {})
  minimum_priority           = var.minimum_priority
  alert_topic                = var.alert_topic
  dead_letter_retention_days = var.dead_letter_retention_days
  memory_mb                  = var.memory_mb
  timeout_seconds            = var.timeout_seconds
  max_concurrency            = var.max_concurrency
  log_retention_days         = var.log_retention_days
  kms_key                    = var.kms_key
  alarm_actions              = var.alarm_actions
  alarms                     = var.alarms
  dashboard                  = var.dashboard
  tags                       = var.tags
}

resource "aws_secretsmanager_secret" "credentials" {
  #checkov:skip=CKV2_AWS_57:both ends have to change: an API server cannot be told by Secrets Manager
  #checkov:skip=CKV_AWS_149:Secrets Manager encrypts by itself; with kms_key, by that key
  count = local.is_own_secret ? 1 : 0

  name        = "${var.name}-credentials"
  description = "By what API servers may post to Lanner's function ${var.name}"
  kms_key_id  = var.kms_key
  # Whoever applies this has the credentials; a secret that waits to be deleted would only block its name.
  recovery_window_in_days = 0
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "credentials" {
  count = local.is_own_secret ? 1 : 0

  secret_id     = aws_secretsmanager_secret.credentials[0].id
  secret_string = join("\n", [for cluster, credential in var.credentials : "${cluster}=${credential}"])
}

resource "aws_lambda_function_url" "this" {
  #checkov:skip=CKV_AWS_258:API servers cannot sign requests; the function itself lets in whom it knows
  function_name      = module.function.function
  authorization_type = "NONE"

  lifecycle {
    precondition {
      condition     = local.is_own_secret != (var.secret != null)
      error_message = "Give either credentials or secret: by them the function knows who may post."
    }

    precondition {
      condition     = !local.is_own_secret || nonsensitive(toset(keys(var.credentials))) == var.clusters
      error_message = "Each of the clusters needs its credential in credentials, by its name, and no other has one."
    }
  }

  # The first request finds it.
  depends_on = [aws_secretsmanager_secret_version.credentials]
}

resource "aws_lambda_permission" "url" {
  #checkov:skip=CKV_AWS_301:API servers cannot sign requests; the function itself lets in whom it knows
  statement_id           = "url"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.function.function
  principal              = "*"
  function_url_auth_type = "NONE"

  depends_on = [aws_lambda_function_url.this]
}

# Since October 2025 a URL needs this right, too. Given to everybody it must not let them call the function but by the
# URL, and only from version 6.29 on can aws_lambda_permission say that (invoked_via_function_url).
resource "aws_cloudformation_stack" "url" {
  #checkov:skip=CKV_AWS_124:it is a single permission, which Terraform waits for
  name = "${var.name}-url"
  tags = var.tags

  template_body = jsonencode({
    Resources = {
      Url = {
        Type = "AWS::Lambda::Permission"
        Properties = {
          Action                = "lambda:InvokeFunction"
          FunctionName          = module.function.function_id
          Principal             = "*"
          InvokedViaFunctionUrl = true
        }
      }
    }
  })

  depends_on = [aws_lambda_function_url.this]
}

resource "aws_cloudwatch_metric_alarm" "refused" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name          = "${var.name}-refused"
  alarm_description   = "API servers get 5xx and send again for about a minute: an alert was neither delivered nor kept, or the secret cannot be read."
  namespace           = "AWS/Lambda"
  metric_name         = "Url5xxCount"
  dimensions          = { FunctionName = module.function.function }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
