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
  description = "Names of the clusters whose API servers post here."
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

variable "credentials" {
  description = "The credential of each cluster, from `openssl rand -hex 32`; the module keeps them in a secret. Empty: `secret` holds them."
  type        = map(string)
  default     = {}
  sensitive   = true

  validation {
    condition     = alltrue([for credential in values(var.credentials) : can(regex("^[A-Za-z0-9._~-]{16,}$", credential))])
    error_message = "A credential has at least 16 letters, digits and '-', '.', '_', '~': make it by `openssl rand -hex 32`."
  }
}

variable "secret" {
  description = "ARN of a secret that you made: a line CLUSTER=CREDENTIAL for each cluster. Terraform then never sees them. null: `credentials` are given."
  type        = string
  default     = null

  validation {
    condition     = var.secret == null || can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z]{2}(-[a-z]+)+-[0-9]+:[0-9]{12}:secret:[^*?]+$", var.secret))
    error_message = "Give the whole ARN of a secret, such as arn:aws:secretsmanager:eu-west-1:123456789012:secret:lanner-AbCdEf, or null."
  }
}

variable "secret_paths" {
  description = "Whether the credentials are parts of the path, for API servers that send no token, such as IBM Cloud's. They are bearer tokens otherwise."
  type        = bool
  default     = false
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
  description = "Seconds that one request may take; answers come within 20 s."
  type        = number
  default     = 30
}

variable "max_concurrency" {
  description = "Requests at the same time at the most, and ten times as many within a second: Lambda answers 429 to more. null: the account's limit."
  type        = number
  default     = 10
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
