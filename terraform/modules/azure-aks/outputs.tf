output "function" {
  description = "Name of the function app."
  value       = azurerm_function_app_flex_consumption.lanner.name
}

output "function_id" {
  description = "Resource id of the function app."
  value       = azurerm_function_app_flex_consumption.lanner.id
}

output "identity" {
  description = "Principal id of the identity that the function has."
  value       = azurerm_user_assigned_identity.function.principal_id
}

output "event_hub" {
  description = "Resource id of the event hub for audit logs."
  value       = local.hub.id
}

output "alert_topic" {
  description = "Resource id of the Event Grid topic for alerts; null if they go to a queue alone."
  value       = try(local.topic.id, null)
}

output "dead_letters" {
  description = "URL of the queue of dead letters, which `lanner replay` takes."
  value       = local.settings.LANNER_DEAD_LETTERS
}

output "logs" {
  description = "Resource id of the Application Insights component that has the function's log."
  value       = azurerm_application_insights.function.id
}

output "alarms" {
  description = "Names of the alarms."
  value       = [for alarm in azurerm_monitor_metric_alert.this : alarm.name]
}

output "deploy_command" {
  description = "Commands that deploy the package, for a pipeline that does not let an apply do it: needed after each change of package or function."
  value       = <<-EOT
    az functionapp config appsettings delete --ids ${azurerm_function_app_flex_consumption.lanner.id} --setting-names ${local.injected} --output none
    az functionapp deployment source config-zip --ids ${azurerm_function_app_flex_consumption.lanner.id} --src ${var.package} --build-remote true
  EOT
}
