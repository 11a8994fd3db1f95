output "kubeconfig" {
  description = "Files for --audit-webhook-config-file: `terraform output -json kubeconfig | jq -r .shop`."
  value       = module.lanner.kubeconfig
  sensitive   = true
}

output "alert_topic" {
  description = "Subscribe to this topic to get alerts."
  value       = module.lanner.alert_topic
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}
