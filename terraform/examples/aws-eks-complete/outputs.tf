output "alerts" {
  description = "URL of the queue that holds alerts from warning on."
  value       = aws_sqs_queue.alerts.url
}

output "on_call" {
  description = "Subscribe whoever is on call to this topic."
  value       = aws_sns_topic.on_call.arn
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}
