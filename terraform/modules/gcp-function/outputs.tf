output "function" {
  description = "Name of the function."
  value       = google_cloudfunctions2_function.this.name
}

output "function_id" {
  description = "Resource id of the function."
  value       = google_cloudfunctions2_function.this.id
}

output "identity" {
  description = "E-mail address of the function's service account."
  value       = google_service_account.function.email
}

output "push_identity" {
  description = "E-mail address of the service account by which Pub/Sub calls the function. null if everybody may."
  value       = one(google_service_account.push[*].email)
}

output "push_identity_id" {
  description = "Resource id of that account."
  value       = one(google_service_account.push[*].name)
}

output "url" {
  description = "URL of the function, without a path."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "alert_topic" {
  description = "Topic that alerts are sent to: projects/P/topics/T."
  value       = local.alert_topic
}

output "dead_letters" {
  description = "Subscription of dead letters: `lanner replay projects/P/subscriptions/S`."
  value       = google_pubsub_subscription.dead_letters.id
}

output "dead_letters_topic" {
  description = "Topic that dead letters are put into: projects/P/topics/T."
  value       = google_pubsub_topic.dead_letters.id
}

output "logs" {
  description = "Filter that finds the function's own log."
  value       = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${google_cloudfunctions2_function.this.name}\""
}

output "alarms" {
  description = "Names of the alarms."
  value       = sort([for alarm in google_monitoring_alert_policy.this : alarm.display_name])
}

output "project_number" {
  description = "Number of the project, which tells the names of Google's own identities in it."
  value       = local.project_number
}
