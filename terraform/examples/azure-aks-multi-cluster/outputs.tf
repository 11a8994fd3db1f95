output "alert_topics" {
  description = "Subscribe to these Event Grid topics, one a region, to get alerts."
  value       = { for region, lanner in module.lanner : region => lanner.alert_topic }
}

output "dead_letters" {
  description = "What was not delivered waits here, by region: `lanner replay URL`."
  value       = { for region, lanner in module.lanner : region => lanner.dead_letters }
}
