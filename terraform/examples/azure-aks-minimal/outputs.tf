output "alert_topic" {
  description = "Subscribe to this Event Grid topic to get alerts."
  value       = module.lanner.alert_topic
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}

output "deploy_command" {
  description = "What deploys the package if `deploy` is false."
  value       = module.lanner.deploy_command
}
