locals {
  filter = trimspace(replace(var.filter, "/\\s+/", " "))

  # A pattern that looks into JSON lets no cut line pass, which is none: those take the second of the two subscriptions
  # that a log group can have. A client that writes this text somewhere only has its event judged twice.
  filters = local.filter == "" ? { events = "" } : { events = local.filter, cut = "\"[Truncated...]\"" }

  own      = toset([for name, cluster in var.clusters : name if cluster.account == null])
  accounts = sort(distinct([for cluster in values(var.clusters) : cluster.account if cluster.account != null]))

  # Of another account, CloudWatch Logs can write to a stream, not to a function.
  stream = length(local.accounts) > 0 ? coalesce(var.stream, { shards = null, retention_hours = 48 }) : var.stream
  place  = module.function.place
}

module "function" {
  source = "../aws-function"

  name                       = var.name
  package                    = var.package
  handler                    = "handler.handle"
  asynchronous               = local.stream == null
  clusters                   = keys(var.clusters)
  settings                   = var.settings
  minimum_priority           = var.minimum_priority
  alert_topic                = var.alert_topic
  dead_letter_retention_days = var.dead_letter_retention_days
  memory_mb                  = var.memory_mb
  timeout_seconds            = var.timeout_seconds
  max_concurrency            = var.max_concurrency
  log_retention_days         = var.log_retention_days
  kms_key                    = var.kms_key
  alarm_actions              = var.alarm_actions
  alarms                     = var.alarms
  dashboard                  = var.dashboard
  tags                       = var.tags
}
