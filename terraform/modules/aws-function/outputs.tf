output "function" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_id" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "identity" {
  description = "ARN of the function's role."
  value       = aws_iam_role.function.arn
}

output "role" {
  description = "Name of the function's role, for further policies."
  value       = aws_iam_role.function.name
}

output "alert_topic" {
  description = "ARN of the topic that alerts are sent to."
  value       = local.topic
}

output "dead_letters" {
  description = "URL of the queue of dead letters: `lanner replay URL`."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letters_id" {
  description = "ARN of the queue of dead letters."
  value       = aws_sqs_queue.dead_letters.arn
}

output "logs" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.function.name
}

output "alarms" {
  description = "Names of the alarms."
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
}

output "place" {
  description = "Partition, region and account in which all this is."
  value       = local.place
}

output "statements" {
  description = "What the function's role may do, as statements of a policy."
  value       = local.statements
}
