output "function" {
  description = "Name of the function."
  value       = module.function.function
}

output "function_id" {
  description = "ARN of the function."
  value       = module.function.function_id
}

output "identity" {
  description = "ARN of the function's role."
  value       = module.function.identity
}

output "alert_topic" {
  description = "ARN of the topic that alerts are sent to."
  value       = module.function.alert_topic
}

output "dead_letters" {
  description = "URL of the queue of dead letters: `lanner replay URL`."
  value       = module.function.dead_letters
}

output "logs" {
  description = "Name of the function's log group."
  value       = module.function.logs
}

output "alarms" {
  description = "Names of the alarms."
  value       = sort(concat(module.function.alarms, [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]))
}

output "objects_queue" {
  description = "ARN of the queue that the bucket notifies of new objects; where the module does not set that up, the bucket's owner does."
  value       = aws_sqs_queue.objects.arn
}

output "objects_failed" {
  description = "URL of the queue of notifications that failed five times: `aws sqs start-message-move-task` brings them back."
  value       = aws_sqs_queue.failed.url
}
