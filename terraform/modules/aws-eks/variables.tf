variable "name" {
  description = "Prefix of everything, unique in the account: roles have no region, so in another region take another name."
  type        = string
  default     = "lanner"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "Give a name of 2 to 40 small letters, digits and hyphens that begins with a letter, such as lanner."
  }
}

variable "package" {
  description = "Path of the zip for Lambda that `make package` built."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no such file: run `make package` in Lanner's repository, and give the path of dist/lanner-lambda-arm64.zip."
  }
}

variable "clusters" {
  description = "The EKS clusters that are watched, by name. Those of another `account` subscribe to the `destination` themselves."
  type        = map(object({ account = optional(string) }))

  validation {
    condition     = length(var.clusters) > 0
    error_message = "Name at least one cluster, such as { shop = {} }."
  }

  validation {
    condition     = alltrue([for name in keys(var.clusters) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", name))])
    error_message = "The keys are names of EKS clusters (not ARNs): letters, digits, '-' and '_', such as { shop = {} }."
  }

  validation {
    condition     = alltrue([for cluster in values(var.clusters) : cluster.account == null || can(regex("^[0-9]{12}$", cluster.account))])
    error_message = "An account is its id of 12 digits, such as { shop = { account = \"210987654321\" } }; leave it out for this one."
  }
}

variable "filter" {
  description = "CloudWatch filter pattern of what reaches the function. The default drops leases that the cluster's own accounts read and renew, judged by fields that no client can forge. \"\": no filter."
  type        = string
  default     = <<-EOT
    {
      ($.objectRef.resource NOT EXISTS) || ($.objectRef.resource != "leases") ||
      ($.objectRef.apiGroup NOT EXISTS) || ($.objectRef.apiGroup != "coordination.k8s.io") ||
      ($.verb NOT EXISTS) || ($.verb != "get" && $.verb != "update" && $.verb != "patch") ||
      ($.user.username NOT EXISTS) || ($.user.username != "system:*") || ($.user.username = "system:anonymous") ||
      ($.impersonatedUser.username = "*") ||
      ($.responseStatus.code NOT EXISTS) || ($.responseStatus.code != 200) ||
      ($.userAgent = "kubectl*") || ($.userAgent = "curl*") || ($.userAgent = "Wget*") || ($.userAgent = "*ython-*") ||
      ($.userAgent = "Go-http-client*") || ($.userAgent = "k9s*") || ($.userAgent = "Mozilla*")
    }
  EOT

  validation {
    condition     = length(trimspace(replace(var.filter, "/\\s+/", " "))) <= 1024
    error_message = "CloudWatch Logs takes patterns of up to 1,024 characters: shorten the filter, or give \"\" for none."
  }
}

variable "stream" {
  description = "A Kinesis stream before the function, for high volume: `{}` grows by itself, `shards` fixes its size. Clusters of other accounts always come by one. null: none else."
  type = object({
    shards          = optional(number)
    retention_hours = optional(number, 48)
  })
  default = null

  validation {
    condition     = var.stream == null || try(var.stream.retention_hours >= 24 && var.stream.retention_hours <= 8760, false)
    error_message = "Kinesis keeps records for 24 to 8760 hours."
  }

  validation {
    condition     = try(var.stream.shards, null) == null || try(var.stream.shards >= 1, false)
    error_message = "Give at least one shard, or leave shards out: then the stream grows by itself."
  }
}

variable "settings" {
  description = "Further settings, by the names in functions/README.md. Secrets belong into Secrets Manager: LANNER_..._SECRET_ARN names them, and the function may read exactly these."
  type        = map(string)
  default     = {}
}

variable "minimum_priority" {
  description = "Only rules of at least this priority: emergency, alert, critical, error, warning, notice, informational or debug."
  type        = string
  default     = "debug"
}

variable "alert_topic" {
  description = "ARN of the SNS topic for alerts, known before the apply. null: the module creates one."
  type        = string
  default     = null

  validation {
    condition     = var.alert_topic == null || can(regex("^arn:aws[a-z-]*:sns:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.alert_topic))
    error_message = "Give the ARN of a standard SNS topic, such as arn:aws:sns:eu-west-1:123456789012:alerts, or null to have one created."
  }
}

variable "dead_letter_retention_days" {
  description = "Days for which alerts that were not delivered, and input that could not be read, are kept."
  type        = number
  default     = 14
}

variable "memory_mb" {
  description = "Memory of the function, which its share of a processor goes with."
  type        = number
  default     = 512
}

variable "timeout_seconds" {
  description = "Seconds that one call may take: three quarters of them are for outputs, the rest for dead letters."
  type        = number
  default     = 60
}

variable "max_concurrency" {
  description = "Calls at the same time at the most, which are taken from the account's own limit. null: no limit of its own."
  type        = number
  default     = null
}

variable "log_retention_days" {
  description = "Days for which the function's own log is kept."
  type        = number
  default     = 30
}

variable "kms_key" {
  description = "ARN of a KMS key for topic, queues, log and settings. null: keys of the services."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^arn:aws[a-z-]*:kms:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key))
    error_message = "Give the ARN of a KMS key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, or null."
  }
}

variable "alarm_actions" {
  description = "ARNs of what is told when an alarm begins and ends, such as SNS topics."
  type        = list(string)
  default     = []
}

variable "alarms" {
  description = "Alarms: whether there are any, after how many minutes without an event a cluster counts as silent, and what lag is too much; 0 switches these two off."
  type = object({
    enabled         = optional(bool, true)
    silence_minutes = optional(number, 15)
    lag_seconds     = optional(number, 300)
  })
  default = {}
}

variable "dashboard" {
  description = "Whether there is a dashboard."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
}
