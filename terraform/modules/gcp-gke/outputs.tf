output "function" {
  description = "Name of the function."
  value       = module.function.function
}

output "function_id" {
  description = "Resource id of the function."
  value       = module.function.function_id
}

output "identity" {
  description = "E-mail address of the function's service account."
  value       = module.function.identity
}

output "alert_topic" {
  description = "Topic that alerts are sent to: projects/P/topics/T."
  value       = module.function.alert_topic
}

output "dead_letters" {
  description = "Subscription of dead letters: `lanner replay projects/P/subscriptions/S`."
  value       = module.function.dead_letters
}

output "filters" {
  description = "Whole filter of each sink, by the key of its cluster."
  value       = local.filters
}

output "logs" {
  description = "Filter that finds the function's own log."
  value       = module.function.logs
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.function.alarms
}
