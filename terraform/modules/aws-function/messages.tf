resource "aws_sns_topic" "alerts" {
  count = var.alert_topic == null ? 1 : 0

  name              = "${var.name}-alerts"
  kms_master_key_id = coalesce(var.kms_key, "alias/aws/sns")
  tags              = var.tags
}

# Both kinds go here, and `lanner replay` takes both: alerts and input that the function kept, and batches that Lambda
# gave up. There is no policy: nobody but the account's own roles gets in.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-dead-letters"
  message_retention_seconds = var.dead_letter_retention_days * 86400
  # `lanner replay` takes a letter away when it has dealt with it.
  visibility_timeout_seconds        = 300
  kms_master_key_id                 = var.kms_key
  kms_data_key_reuse_period_seconds = var.kms_key == null ? null : 300
  sqs_managed_sse_enabled           = var.kms_key == null ? true : null
  tags                              = var.tags
}
