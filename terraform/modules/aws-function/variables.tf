variable "name" {
  description = "Name of the function, its role and its alarms; what else there is begins with it."
  type        = string
}

variable "package" {
  description = "Path of the zip for Lambda that `make package` built."
  type        = string
}

variable "handler" {
  description = "Which of the functions in the package it is: `handler.handle`, or `lambda_url.handle` for the webhook."
  type        = string
}

variable "asynchronous" {
  description = "Whether events are handed over asynchronously, so that Lambda tries again and puts aside what fails."
  type        = bool
  default     = false
}

variable "clusters" {
  description = "Names of the clusters that are watched, as they stand in alerts: each has alarms for silence and lag."
  type        = set(string)
}

variable "settings" {
  description = "Further settings, by the names in functions/README.md. Secrets belong into Secrets Manager: LANNER_..._SECRET_ARN names them, and the function may read exactly these."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^LANNER_[A-Z0-9_]+$", name))])
    error_message = "Settings are environment variables that begin with LANNER_: see functions/README.md."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["LANNER_SNS_TOPIC_ARN", "LANNER_DEAD_LETTERS", "LANNER_MINIMUM_PRIORITY"])) == 0
    error_message = "The module itself sets LANNER_SNS_TOPIC_ARN (give alert_topic), LANNER_DEAD_LETTERS, and LANNER_MINIMUM_PRIORITY (give minimum_priority)."
  }

  validation {
    condition = alltrue([
      for name, value in var.settings :
      can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:secret:[^*?]+$", value)) if endswith(name, "_SECRET_ARN")
    ])
    error_message = "Settings that end with _SECRET_ARN take the whole ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf."
  }
}

variable "minimum_priority" {
  description = "Only rules of at least this priority: emergency, alert, critical, error, warning, notice, informational or debug."
  type        = string
  default     = "debug"

  validation {
    condition     = contains(["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"], lower(var.minimum_priority))
    error_message = "Give one of emergency, alert, critical, error, warning, notice, informational, debug."
  }
}

variable "alert_topic" {
  description = "ARN of the SNS topic for alerts, known before the apply. null: the module creates one."
  type        = string
  default     = null
}

variable "dead_letter_retention_days" {
  description = "Days for which alerts that were not delivered, and input that could not be read, are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.dead_letter_retention_days >= 1 && var.dead_letter_retention_days <= 14
    error_message = "SQS keeps messages for 1 to 14 days."
  }
}

variable "memory_mb" {
  description = "Memory of the function, which its share of a processor goes with."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 10240
    error_message = "Give 256 to 10240 MB."
  }
}

variable "timeout_seconds" {
  description = "Seconds that one call may take: three quarters of them are for outputs, the rest for dead letters."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout_seconds >= 10 && var.timeout_seconds <= 900
    error_message = "Give 10 to 900 seconds."
  }
}

variable "max_concurrency" {
  description = "Calls at the same time at the most, which are taken from the account's own limit. null: no limit of its own."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null || try(var.max_concurrency >= 1 && floor(var.max_concurrency) == var.max_concurrency, false)
    error_message = "Give a whole number of 1 or more, or null for no limit: with 0, nothing would ever be judged."
  }
}

variable "log_retention_days" {
  description = "Days for which the function's own log is kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 days."
  }
}

variable "kms_key" {
  description = "ARN of a KMS key for topic, queues, log and settings. null: keys of the services."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "ARNs of what is told when an alarm begins and ends, such as SNS topics."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_actions : can(regex("^arn:aws[a-z-]*:[a-z0-9-]+:", arn))])
    error_message = "Give ARNs, such as arn:aws:sns:eu-west-1:123456789012:on-call."
  }
}

variable "alarms" {
  description = "Alarms: whether there are any, after how many minutes without an event a cluster counts as silent, and what lag is too much; 0 switches these two off."
  type = object({
    enabled         = optional(bool, true)
    silence_minutes = optional(number, 15)
    lag_seconds     = optional(number, 300)
  })
  default = {}

  validation {
    condition     = var.alarms.silence_minutes >= 0 && var.alarms.silence_minutes <= 1440 && floor(var.alarms.silence_minutes) == var.alarms.silence_minutes
    error_message = "silence_minutes is a whole number from 1 to 1440 (a day), or 0 for no such alarm."
  }

  validation {
    condition     = var.alarms.lag_seconds >= 0
    error_message = "lag_seconds is a number of seconds, or 0 for no such alarm."
  }
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
