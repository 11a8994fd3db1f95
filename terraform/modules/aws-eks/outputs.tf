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
  value       = sort(concat(module.function.alarms, aws_cloudwatch_metric_alarm.stream[*].alarm_name))
}

output "destination" {
  description = "ARN of the log destination that clusters of other accounts subscribe to; null if there are none."
  value       = one(aws_cloudwatch_log_destination.this[*].arn)

  # Whoever subscribes to it needs the right that this gives.
  depends_on = [aws_cloudwatch_log_destination_policy.this]
}

output "filters" {
  description = "Names and patterns of the subscriptions, for those that other accounts make."
  value       = { for kind, filter in local.filters : local.filter_names[kind] => filter }
}
