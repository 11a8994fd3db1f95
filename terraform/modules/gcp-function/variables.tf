variable "project" {
  description = "Id of the project in which all this is."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Give the id of a project (not its name or number), such as shop-prod."
  }
}

variable "region" {
  description = "Region of the function, its messages and its package."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Give a region (not a zone), such as europe-west1."
  }
}

variable "name" {
  description = "Name of the function; what else there is begins with it. One of each name in a project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,21}[a-z0-9]$", var.name))
    error_message = "Give a name of 3 to 23 small letters, digits and hyphens that begins with a letter, such as lanner."
  }
}

variable "package" {
  description = "Path of the zip that `make package` built for this function."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no such file: run `make package` in Lanner's repository, and give the path of the zip in dist/."
  }
}

variable "public" {
  description = "Whether everybody may call the function, which then has to decide itself whom it lets in; otherwise Pub/Sub of this project may, and nobody else."
  type        = bool
}

variable "settings" {
  description = "Further settings, by the names in functions/README.md. Secrets belong into `secrets`."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^LANNER_[A-Z0-9_]+$", name))])
    error_message = "Settings are environment variables that begin with LANNER_: see functions/README.md."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["LANNER_PUBSUB_TOPIC", "LANNER_DEAD_LETTERS", "LANNER_MINIMUM_PRIORITY"])) == 0
    error_message = "The module itself sets LANNER_PUBSUB_TOPIC (give alert_topic), LANNER_DEAD_LETTERS, and LANNER_MINIMUM_PRIORITY (give minimum_priority)."
  }
}

variable "secrets" {
  description = "Settings whose values are secrets of Secret Manager: { LANNER_SLACK_URL = \"projects/P/secrets/S\" }. The function may read exactly these, and takes a new version within five minutes."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^LANNER_[A-Z0-9_]+$", name)) && !endswith(name, "_FILE")])
    error_message = "Give the names of settings, such as LANNER_SLACK_URL, without _FILE: the module mounts the secret and sets LANNER_SLACK_URL_FILE."
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : can(regex("^projects/[a-z0-9-]+/secrets/[A-Za-z0-9_-]+$", secret))])
    error_message = "Give ids of secrets without a version, such as projects/shop-prod/secrets/slack-url."
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
  description = "Topic for alerts, known before the apply: projects/P/topics/T. null: the module creates one."
  type        = string
  default     = null

  validation {
    condition     = var.alert_topic == null || can(regex("^projects/[a-z0-9-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$", var.alert_topic))
    error_message = "Give the id of a Pub/Sub topic, such as projects/shop-prod/topics/alerts, or null to have one created."
  }
}

variable "dead_letter_retention_days" {
  description = "Days for which alerts that were not delivered, and input that could not be read, are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.dead_letter_retention_days >= 1 && var.dead_letter_retention_days <= 31 && floor(var.dead_letter_retention_days) == var.dead_letter_retention_days
    error_message = "Pub/Sub keeps messages for 1 to 31 days; give a whole number."
  }
}

variable "memory_mb" {
  description = "Memory of an instance of the function."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mb >= 256 && var.memory_mb <= 4096 && floor(var.memory_mb) == var.memory_mb
    error_message = "Give 256 to 4096 MB, which is what an instance with one processor may have."
  }
}

variable "timeout_seconds" {
  description = "Seconds that one call may take; the function itself ends within 25."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout_seconds >= 30 && var.timeout_seconds <= 600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "Give 30 to 600 seconds: the function takes up to 25 for itself, and Pub/Sub waits for 600 at the most."
  }
}

variable "max_concurrency" {
  description = "Calls at the same time at the most; an instance takes four. null: the platform's limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null || try(var.max_concurrency >= 1 && floor(var.max_concurrency) == var.max_concurrency, false)
    error_message = "Give a whole number of 1 or more, or null for the platform's limit: with 0, nothing would ever be judged."
  }
}

variable "kms_key" {
  description = "Key of Cloud KMS, in the same region, for all that is stored: projects/P/locations/L/keyRings/R/cryptoKeys/K. null: Google's keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "Give the id of a key (not of a version), such as projects/keys/locations/europe-west1/keyRings/lanner/cryptoKeys/lanner, or null."
  }
}

variable "alarm_actions" {
  description = "Notification channels that are told of alarms: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.alarm_actions : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", channel))])
    error_message = "Give ids of notification channels, such as projects/shop-prod/notificationChannels/1234567890123456789."
  }
}

variable "alarms" {
  description = "Whether there are alarms, and those beside errors, throttles and dead-letters, by name: a PromQL query that is true for `minutes`."
  type = object({
    enabled = optional(bool, true)
    more = optional(map(object({
      description = string
      query       = string
      minutes     = optional(number, 0)
    })), {})
  })
  default = {}
}

variable "dashboard" {
  description = "Whether there is a dashboard."
  type        = bool
  default     = true
}

variable "charts" {
  description = "Charts that come first on the dashboard: PromQL queries by their legends."
  type        = list(object({ title = string, queries = map(string) }))
  default     = []
}

variable "tags" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.tags : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Labels of Google Cloud are small letters, digits, '_' and '-', up to 63 of them; a key begins with a letter."
  }
}
