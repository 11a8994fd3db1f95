output "webhook" {
  description = "Run this, then `ibmcloud ks cluster master refresh`: `terraform output -raw webhook`. It holds the secret."
  value       = "ibmcloud ks cluster master audit-webhook set --cluster ${var.cluster} --remote-server ${module.lanner.urls[var.cluster]} --policy verbose"
  sensitive   = true
}

output "alert_topic" {
  description = "Alerts go to this topic, too."
  value       = module.lanner.alert_topic
}

output "dead_letters" {
  description = "What was not delivered waits here: `lanner replay URL`."
  value       = module.lanner.dead_letters
}
