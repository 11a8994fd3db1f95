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

output "logs" {
  description = "Filter that finds the function's own log."
  value       = module.function.logs
}

output "alarms" {
  description = "Names of the alarms."
  value       = module.function.alarms
}

output "url" {
  description = "The function's URL, without credential and cluster."
  value       = local.url

  precondition {
    condition     = local.is_own_secret != (var.secret != null)
    error_message = "Give either credentials or secret: by them the function knows who may post."
  }

  precondition {
    condition     = !local.is_own_secret || nonsensitive(toset(keys(var.credentials))) == var.clusters
    error_message = "Each of the clusters needs its credential in credentials, by its name, and no other has one."
  }
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
