# What AWS would say. It is the same for every resource of a kind, so tests tell them apart by other things.

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/lanner"
  }
}

mock_resource "aws_cloudwatch_log_destination" {
  defaults = {
    arn = "arn:aws:logs:eu-west-1:123456789012:destination:lanner"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/lanner"
  }
}

mock_resource "aws_kinesis_stream" {
  defaults = {
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/lanner"
  }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:lanner"
  }
}

mock_resource "aws_lambda_function_url" {
  defaults = {
    function_url = "https://abc123.lambda-url.eu-west-1.on.aws/"
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    arn = "arn:aws:s3:::lanner-archive"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = {
    id  = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:lanner-credentials-AbCdEf"
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:lanner-credentials-AbCdEf"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-west-1:123456789012:lanner-alerts"
  }
}

mock_resource "aws_sqs_queue" {
  defaults = {
    id  = "https://sqs.eu-west-1.amazonaws.com/123456789012/lanner-dead-letters"
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/lanner-dead-letters"
    arn = "arn:aws:sqs:eu-west-1:123456789012:lanner-dead-letters"
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}
