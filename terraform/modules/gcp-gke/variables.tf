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
  description = "Path of the zip that `make package` built: dist/lanner-gcp-pubsub.zip."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no such file: run `make package` in Lanner's repository, and give the path of dist/lanner-gcp-pubsub.zip."
  }
}

variable "clusters" {
  description = "Clusters that are watched, by name: where they are, and their project if it is another one. A key may differ from the `name` where two have the same. \"*\" alone stands for every cluster."
  type = map(object({
    name     = optional(string)
    location = optional(string)
    project  = optional(string)
  }))

  validation {
    condition     = length(var.clusters) > 0
    error_message = "Name the clusters that are to be watched, such as { shop = { location = \"europe-west1\" } }, or { \"*\" = {} } for every cluster."
  }

  validation {
    condition     = !contains(keys(var.clusters), "*") || length(var.clusters) == 1
    error_message = "\"*\" stands for every cluster, so the others would be judged twice: leave either it or them out."
  }

  validation {
    condition     = alltrue([for key in keys(var.clusters) : key == "*" || can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", key))])
    error_message = "Keys are small letters, digits and hyphens, 63 at the most, and begin with a letter, as names of clusters do."
  }

  validation {
    condition     = alltrue([for cluster in values(var.clusters) : cluster.name == null || can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", cluster.name))])
    error_message = "Names of clusters are small letters, digits and hyphens, 40 at the most, and begin with a letter."
  }

  validation {
    condition     = alltrue([for cluster in values(var.clusters) : cluster.location == null || can(regex("^[a-z]+-[a-z]+[0-9]+(-[a-z])?$", cluster.location))])
    error_message = "A location is a region or a zone, such as europe-west1 or europe-west1-b."
  }

  validation {
    condition     = alltrue([for cluster in values(var.clusters) : cluster.project == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", cluster.project))])
    error_message = "Give the id of a cluster's project (not its name or number), such as shop-prod."
  }
}

variable "scope" {
  description = "Whose logs are taken: folders/NUMBER or organizations/NUMBER, with all projects below it. null: those of the clusters' own projects."
  type        = string
  default     = null

  validation {
    condition     = var.scope == null || can(regex("^(folders|organizations)/[0-9]+$", var.scope))
    error_message = "Give folders/123456789012 or organizations/123456789012, or null for the projects of the clusters."
  }
}

variable "filter" {
  description = "What of the clusters' entries is taken, in the Logging query language. The default leaves out what no rule can need: leases that the cluster's own accounts renew, judged by fields that no client can forge; those of tools that hands use are kept. \"\" takes everything."
  type        = string
  default     = <<-EOT
    NOT (protoPayload.methodName="io.k8s.coordination.v1.leases.update"
    AND protoPayload.authenticationInfo.principalEmail=~"^system:"
    AND NOT protoPayload.authenticationInfo.principalEmail="system:anonymous"
    AND NOT protoPayload.authenticationInfo.authoritySelector:*
    AND NOT protoPayload.status.code>0
    AND NOT protoPayload.requestMetadata.callerSuppliedUserAgent=~"^(kubectl/|curl/|Wget/|[Pp]ython-|Go-http-client/|k9s/|Mozilla/)")
  EOT

  validation {
    condition     = length(var.filter) <= 16000
    error_message = "A sink's filter has 20,000 characters at the most, and the module adds some: give up to 16,000."
  }
}

variable "data_access_logs" {
  description = "Data Access logs of GKE to switch on, ADMIN_READ, DATA_READ or DATA_WRITE: without them no read is seen, of secrets neither. They are billed, and the module then owns this setting of the projects (or of `scope`)."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.data_access_logs, ["ADMIN_READ", "DATA_READ", "DATA_WRITE"])) == 0
    error_message = "Give some of ADMIN_READ, DATA_READ, DATA_WRITE."
  }
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
  description = "Seconds that one call may take; the function itself ends within 25."
  type        = number
  default     = 60
}

variable "max_concurrency" {
  description = "Calls at the same time at the most; an instance takes four. null: the platform's limit."
  type        = number
  default     = null
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
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}
}
