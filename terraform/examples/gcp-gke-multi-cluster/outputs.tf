output "alert_topics" {
  description = "Subscribe to these topics to get alerts."
  value       = [module.lanner.alert_topic, module.lanner_of_folder.alert_topic]
}

output "filters" {
  description = "What each sink takes."
  value       = { projects = module.lanner.filters, folder = module.lanner_of_folder.filters }
}
