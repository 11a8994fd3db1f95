output "function" {
  description = "Name of the function app."
  value       = module.lanner.function
}

output "identity" {
  description = "Principal id of the function's identity, for further roles."
  value       = module.lanner.identity
}

output "alert_queue" {
  description = "URL of the queue of alerts."
  value       = azurerm_storage_queue.alerts.url
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.lanner.alarms
}

output "deploy_command" {
  description = "What deploys the package if `deploy` is false."
  value       = module.lanner.deploy_command
}
