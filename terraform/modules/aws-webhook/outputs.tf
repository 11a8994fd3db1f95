output "function" {
  description = "Name of the function."
  value       = module.function.function
}

output "function_id" {
  description = "ARN of the function."
  value       = module.function.function_id
}

output "identity" {
  description = "ARN of the function's role."
  value       = module.function.identity
}

output "alert_topic" {
  description = "ARN of the topic that alerts are sent to."
  value       = module.function.alert_topic
}

output "dead_letters" {
  description = "URL of the queue of dead letters: `lanner replay URL`."
  value       = module.function.dead_letters
}

output "logs" {
  description = "Name of the function's log group."
  value       = module.function.logs
}

output "alarms" {
  description = "Names of the alarms."
  value       = sort(concat(module.function.alarms, aws_cloudwatch_metric_alarm.refused[*].alarm_name))
}

output "url" {
  description = "The function's URL, without credential and cluster."
  value       = local.url
}

output "urls" {
  description = "Where the API server of each cluster posts to; a credential that only `secret` holds stands there as CREDENTIAL."
  value       = local.urls
  sensitive   = true
}

output "kubeconfig" {
  description = "By cluster, the file for its API server's --audit-webhook-config-file; a credential that only `secret` holds stands there as CREDENTIAL."
  sensitive   = true
  value = {
    for cluster in var.clusters : cluster => yamlencode({
      apiVersion      = "v1"
      kind            = "Config"
      current-context = "lanner"
      clusters        = [{ name = "lanner", cluster = { server = local.urls[cluster] } }]
      users           = [{ name = "lanner", user = var.secret_paths ? {} : { token = local.credentials[cluster] } }]
      contexts        = [{ name = "lanner", context = { cluster = "lanner", user = "lanner" } }]
    })
  }
}
