output "alert_topic" {
  description = "Subscribe to this topic to get alerts."
  value       = module.lanner.alert_topic
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}

output "identity" {
  description = "ARN of the function's role."
  value       = module.lanner.identity
}
