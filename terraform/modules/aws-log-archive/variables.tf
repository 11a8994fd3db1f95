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
  description = "Names of the clusters whose audit logs the bucket holds."
  type        = set(string)

  validation {
    condition     = length(var.clusters) > 0
    error_message = "Name at least one cluster, such as [\"shop\"]."
  }

  validation {
    condition     = alltrue([for name in var.clusters : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", name))])
    error_message = "Give names of clusters: letters, digits, '-', '_' and '.', the first a letter or digit."
  }
}

variable "bucket" {
  description = "The bucket with the audit logs, under a `prefix`: one of yours (of another `account`, encrypted by a `kms_key`), or one to `create` for `writers`. `notify` says whether the module sets up the bucket's notifications, all of them; it does for one that it creates."
  type = object({
    name           = string
    prefix         = optional(string, "")
    account        = optional(string)
    kms_key        = optional(string)
    notify         = optional(bool)
    create         = optional(bool, false)
    writers        = optional(set(string), [])
    retention_days = optional(number, 90)
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket.name))
    error_message = "Give the name of a bucket, not its ARN: 3 to 63 small letters, digits, hyphens and dots."
  }

  validation {
    condition     = !startswith(var.bucket.prefix, "/") && !can(regex("[*?]", var.bucket.prefix))
    error_message = "A prefix is how the objects' keys begin, such as AWSLogs/: without a leading slash and without '*' and '?'."
  }

  validation {
    condition     = var.bucket.account == null || can(regex("^[0-9]{12}$", var.bucket.account))
    error_message = "An account is its id of 12 digits; leave it out for this one."
  }

  validation {
    condition     = !(var.bucket.create || coalesce(var.bucket.notify, false)) || var.bucket.account == null
    error_message = "A bucket of another account cannot be created here, and its owner sets up its notifications: see the output objects_queue."
  }

  validation {
    condition     = var.bucket.kms_key == null || can(regex("^arn:aws[a-z-]*:kms:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.bucket.kms_key))
    error_message = "Give the ARN of a KMS key (not of an alias), such as arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab."
  }

  validation {
    condition     = alltrue([for writer in var.bucket.writers : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", writer))])
    error_message = "Writers are ARNs of roles or users, such as arn:aws:iam::210987654321:role/firehose."
  }

  validation {
    condition     = var.bucket.retention_days >= 1
    error_message = "Objects are kept for at least a day."
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
  description = "Seconds that one call may take, which reads up to ten objects; what it did not get to comes again."
  type        = number
  default     = 300
}

variable "max_concurrency" {
  description = "Calls at the same time at the most: the queue then waits. null: the account's limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null || try(var.max_concurrency >= 2 && var.max_concurrency <= 1000, false)
    error_message = "Lambda takes 2 to 1000 for functions behind a queue; give null for no limit."
  }
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
    silence_minutes = optional(number, 60)
    lag_seconds     = optional(number, 3600)
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
