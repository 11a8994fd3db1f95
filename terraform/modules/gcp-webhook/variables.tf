variable "project" {
  description = "Id of the project in which all this is."
  type        = string
}

variable "region" {
  description = "Region of the function, its messages and its package."
  type        = string
}

variable "name" {
  description = "Name of the function; what else there is begins with it. One of each name in a project."
  type        = string
  default     = "lanner"
}

variable "package" {
  description = "Path of the zip that `make package` built: dist/lanner-http-webhook.zip."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no such file: run `make package` in Lanner's repository, and give the path of dist/lanner-http-webhook.zip."
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
  description = "The id of a secret that you made, projects/P/secrets/S: a line CLUSTER=CREDENTIAL for each cluster. Terraform then never sees them. null: `credentials` are given."
  type        = string
  default     = null

  validation {
    condition     = var.secret == null || can(regex("^projects/[a-z0-9-]+/secrets/[A-Za-z0-9_-]+$", var.secret))
    error_message = "Give the id of a secret without a version, such as projects/shop-prod/secrets/lanner, or null."
  }
}

variable "secret_paths" {
  description = "Whether the credentials are parts of the path, for API servers that send no token, such as IBM Cloud's. They are bearer tokens otherwise."
  type        = bool
  default     = false
}

variable "settings" {
  description = "Further settings, by the names in functions/README.md. Secrets belong into `secrets`."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings whose values are secrets of Secret Manager: { LANNER_SLACK_URL = \"projects/P/secrets/S\" }. The function may read exactly these, and takes a new version within five minutes."
  type        = map(string)
  default     = {}
}

variable "minimum_priority" {
  description = "Only rules of at least this priority: emergency, alert, critical, error, warning, notice, informational or debug."
  type        = string
  default     = "debug"
}

variable "alert_topic" {
  description = "Topic for alerts, known before the apply: projects/P/topics/T. null: the module creates one."
  type        = string
  default     = null
}

variable "dead_letter_retention_days" {
  description = "Days for which alerts that were not delivered, and input that could not be read, are kept."
  type        = number
  default     = 14
}

variable "memory_mb" {
  description = "Memory of an instance of the function."
  type        = number
  default     = 512
}

variable "timeout_seconds" {
  description = "Seconds that one request may take; answers come within 20 s."
  type        = number
  default     = 60
}

variable "max_concurrency" {
  description = "Requests at the same time at the most; an instance takes four, and what waits for too long is answered 429. null: the platform's limit."
  type        = number
  default     = 10
}

variable "kms_key" {
  description = "Key of Cloud KMS, in the same region, for all that is stored: projects/P/locations/L/keyRings/R/cryptoKeys/K. null: Google's keys."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "Notification channels that are told of alarms: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
}

variable "alarms" {
  description = "Alarms: whether there are any, and after how many minutes without a batch, of any cluster, it counts as silence; 0 switches this one off."
  type = object({
    enabled         = optional(bool, true)
    silence_minutes = optional(number, 15)
  })
  default = {}

  validation {
    condition     = var.alarms.silence_minutes >= 0 && var.alarms.silence_minutes <= 1440 && floor(var.alarms.silence_minutes) == var.alarms.silence_minutes
    error_message = "silence_minutes is a whole number from 1 to 1440 (a day), or 0 for no such alarm."
  }
}

variable "dashboard" {
  description = "Whether there is a dashboard."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}
}
