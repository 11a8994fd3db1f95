output "alerts" {
  description = "Subscription that holds alerts from warning on."
  value       = google_pubsub_subscription.alerts.id
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay projects/P/subscriptions/S`."
  value       = module.lanner.dead_letters
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.lanner.alarms
}
