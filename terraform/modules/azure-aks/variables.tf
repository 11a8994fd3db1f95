variable "name" {
  description = "Prefix of everything."
  type        = string
  default     = "lanner"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 20
    error_message = "Give a name of 2 to 20 small letters, digits and single hyphens that begins with a letter, such as lanner."
  }
}

variable "resource_group_name" {
  description = "Resource group in which everything is made."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]$", var.resource_group_name))
    error_message = "Give the name of a resource group that exists (not its id), such as security."
  }
}

variable "location" {
  description = "Region, which has to be that of the clusters: diagnostic settings stay within a region."
  type        = string

  validation {
    condition     = can(regex("^([a-z]*(north|south|east|west|central)[a-z]*[0-9]?|usgov(arizona|texas|virginia))$", var.location))
    error_message = "Give a region by its short name, such as westeurope (`az account list-locations --query [].name`)."
  }
}

variable "storage_account_name" {
  description = "Name of the storage account that is made, unique in all of Azure. The names of function, namespace and topic are made of it, too."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "Give a name of 3 to 24 small letters and digits that nobody else in Azure has, such as shoplanner."
  }
}

variable "storage_replication" {
  description = "Replication of the storage account: ZRS, or LRS where the region has no zones, or GZRS, RAGZRS, GRS, RAGRS."
  type        = string
  default     = "ZRS"

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"], var.storage_replication)
    error_message = "Give one of LRS, ZRS, GRS, RAGRS, GZRS, RAGZRS."
  }
}

variable "package" {
  description = "Path of the zip that `make package` built."
  type        = string

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no such file: run `make package` in Lanner's repository, and give the path of dist/lanner-azure-eventhub.zip."
  }
}

variable "deploy" {
  description = "Whether an apply deploys the package, for which the Azure CLI has to be there and signed in. false: run the output deploy_command after an apply."
  type        = bool
  default     = true
}

variable "clusters" {
  description = "Resource ids of the AKS clusters that are watched, by their names."
  type        = map(object({ id = string }))

  validation {
    condition     = length(var.clusters) > 0
    error_message = "Give at least one cluster, such as { shop = { id = azurerm_kubernetes_cluster.shop.id } }."
  }

  validation {
    condition = alltrue([
      for cluster in var.clusters :
      can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]ContainerService/managedClusters/[^/]+$", cluster.id))
    ])
    error_message = "The ids of clusters look like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.ContainerService/managedClusters/NAME (`az aks show --query id`)."
  }
}

variable "category" {
  description = "Category of the clusters' logs: kube-audit, or kube-audit-admin, which is much smaller and blind to everybody who only reads."
  type        = string
  default     = "kube-audit"

  validation {
    condition     = contains(["kube-audit", "kube-audit-admin"], var.category)
    error_message = "Give kube-audit, which holds all events, or kube-audit-admin, which holds those that change something."
  }
}

variable "event_hub" {
  description = "Resource id of an event hub for the audit logs, in this subscription and of the clusters' region. null: the module creates one."
  type        = object({ id = string })
  default     = null

  validation {
    condition     = var.event_hub == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]EventHub/namespaces/[^/]+/eventhubs/[^/]+$", var.event_hub.id))
    error_message = "The id of an event hub looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventHub/namespaces/NAMESPACE/eventhubs/HUB; give null to have one created."
  }
}

variable "namespace" {
  description = "What the event hub that the module creates is like: tier (Standard or Premium), its units at first and at the most, partitions, and the days for which events wait to be read."
  type = object({
    sku              = optional(string, "Standard")
    capacity         = optional(number, 1)
    maximum_capacity = optional(number, 4)
    partitions       = optional(number, 4)
    retention_days   = optional(number, 7)
  })
  default = {}

  validation {
    condition     = contains(["Standard", "Premium"], var.namespace.sku)
    error_message = "namespace.sku is Standard or Premium: the Basic tier has one consumer group only, and keeps events for a day."
  }

  validation {
    condition     = var.namespace.sku == "Premium" ? contains([1, 2, 4, 6, 8, 10, 12, 16], var.namespace.capacity) : var.namespace.capacity >= 1 && var.namespace.capacity <= var.namespace.maximum_capacity && var.namespace.maximum_capacity <= 40
    error_message = "namespace.capacity is 1 to namespace.maximum_capacity, which is 40 at the most; with Premium it is 1, 2, 4, 6, 8, 10, 12 or 16, and does not grow by itself."
  }

  validation {
    condition     = var.namespace.partitions >= 1 && var.namespace.partitions <= (var.namespace.sku == "Premium" ? 100 : 32)
    error_message = "namespace.partitions is 1 to 32, with Premium up to 100."
  }

  validation {
    condition     = var.namespace.retention_days >= 1 && var.namespace.retention_days <= (var.namespace.sku == "Premium" ? 90 : 7)
    error_message = "namespace.retention_days is 1 to 7, with Premium up to 90."
  }
}

variable "subnet_id" {
  description = "Subnet for the function, with a service endpoint for Microsoft.EventHub, and delegated to Microsoft.App/environments: the namespace that the module creates then takes nobody but it and Azure's own services. null: no network of its own."
  type        = string
  default     = null

  validation {
    condition     = var.subnet_id == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]Network/virtualNetworks/[^/]+/subnets/[^/]+$", var.subnet_id))
    error_message = "The id of a subnet looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NETWORK/subnets/SUBNET."
  }
}

variable "settings" {
  description = "Further settings, by the names in functions/README.md. They stand in the state and can be read in the portal, so give no secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^LANNER_[A-Z0-9_]+$", name))])
    error_message = "Settings are environment variables that begin with LANNER_: see functions/README.md."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["LANNER_DEAD_LETTERS", "LANNER_EVENTGRID_URL", "LANNER_STORAGE_QUEUE_URL", "LANNER_MINIMUM_PRIORITY"])) == 0
    error_message = "The module itself sets LANNER_DEAD_LETTERS, LANNER_EVENTGRID_URL (give alert_topic), LANNER_STORAGE_QUEUE_URL (give alert_queue), and LANNER_MINIMUM_PRIORITY (give minimum_priority)."
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
  description = "Event Grid topic for alerts, which takes CloudEvents. null: the module creates one, unless there is an alert_queue."
  type = object({
    id       = string
    endpoint = string
  })
  default = null

  validation {
    condition     = var.alert_topic == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]EventGrid/topics/[^/]+$", var.alert_topic.id))
    error_message = "alert_topic.id looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.EventGrid/topics/NAME."
  }

  validation {
    condition     = var.alert_topic == null || can(regex("^https://[^/?]+/api/events$", var.alert_topic.endpoint))
    error_message = "alert_topic.endpoint looks like https://NAME.westeurope-1.eventgrid.azure.net/api/events, without a key."
  }
}

variable "alert_queue" {
  description = "Storage queue for alerts, of an account other than that of the module. null: none."
  type = object({
    id  = string
    url = string
  })
  default = null

  validation {
    condition     = var.alert_queue == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]Storage/storageAccounts/[^/]+/queueServices/default/queues/[^/]+$", var.alert_queue.id))
    error_message = "alert_queue.id looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/ACCOUNT/queueServices/default/queues/QUEUE."
  }

  validation {
    condition     = var.alert_queue == null || can(regex("^https://[^/?]+/[a-z0-9-]{3,63}$", var.alert_queue.url))
    error_message = "alert_queue.url looks like https://ACCOUNT.queue.core.windows.net/QUEUE, without a key or signature."
  }
}

variable "memory_mb" {
  description = "Memory of an instance, which its share of a processor goes with: 512, 2048 or 4096."
  type        = number
  default     = 2048

  validation {
    condition     = contains([512, 2048, 4096], var.memory_mb)
    error_message = "Instances of this plan have 512, 2048 or 4096 MB."
  }
}

variable "max_concurrency" {
  description = "Instances at the same time at the most; more than partitions are of no use. null: the platform's default."
  type        = number
  default     = null

  validation {
    condition     = var.max_concurrency == null ? true : var.max_concurrency >= 1 && var.max_concurrency <= 1000
    error_message = "Give 1 to 1000 instances, or null."
  }
}

variable "log_retention_days" {
  description = "Days for which the function's own log is kept, unless log_analytics_workspace_id names a workspace, which has its own."
  type        = number
  default     = 30

  validation {
    condition     = contains([30, 60, 90, 120, 180, 270, 365, 550, 730], var.log_retention_days)
    error_message = "Application Insights keeps logs for 30, 60, 90, 120, 180, 270, 365, 550 or 730 days."
  }
}

variable "log_analytics_workspace_id" {
  description = "Log Analytics workspace for the function's own log. null: the one that Azure makes for it."
  type        = string
  default     = null

  validation {
    condition     = var.log_analytics_workspace_id == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]OperationalInsights/workspaces/[^/]+$", var.log_analytics_workspace_id))
    error_message = "The id of a workspace looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.OperationalInsights/workspaces/NAME."
  }
}

variable "kms_key" {
  description = "Resource id, without a version, of a Key Vault key for the storage account, and for the namespace if it is Premium, known before the apply. null: Microsoft's keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]KeyVault/vaults/[^/]+/keys/[^/]+$", var.kms_key))
    error_message = "The id of a key looks like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/keys/KEY (resource_versionless_id of azurerm_key_vault_key, not its URL)."
  }
}

variable "alarm_actions" {
  description = "Resource ids of the action groups that are told when an alarm begins and ends."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.alarm_actions : can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft[.]Insights/actionGroups/[^/]+$", id))])
    error_message = "The ids of action groups look like /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Insights/actionGroups/NAME."
  }
}

variable "alarms" {
  description = "Alarms: whether there are any, and after how many minutes without an event the hub counts as silent; 0 switches that one off."
  type = object({
    enabled         = optional(bool, true)
    silence_minutes = optional(number, 15)
  })
  default = {}

  validation {
    condition     = contains([0, 5, 15, 30, 60, 360, 720, 1440], var.alarms.silence_minutes)
    error_message = "Azure's alarms look back 5, 15, 30, 60, 360, 720 or 1440 minutes: give one of these as alarms.silence_minutes, or 0 for no such alarm."
  }
}

variable "tags" {
  description = "Tags of everything that can have some."
  type        = map(string)
  default     = {}
}
