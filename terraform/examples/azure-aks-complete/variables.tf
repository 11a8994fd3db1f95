variable "subscription_id" {
  description = "Subscription of the cluster."
  type        = string
}

variable "location" {
  description = "Region of the cluster."
  type        = string
  default     = "westeurope"
}

variable "storage_account_name" {
  description = "Name for a storage account that nobody else in Azure has, of up to 21 characters."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,21}$", var.storage_account_name))
    error_message = "Give 3 to 21 small letters and digits, such as shoplanner: the account for alerts is called the same, with `out` behind."
  }
}

variable "cluster_id" {
  description = "Resource id of the cluster: `az aks show --name shop --resource-group shop --query id`."
  type        = string
}

variable "subnet_id" {
  description = "Subnet for the function, delegated to Microsoft.App/environments, with a service endpoint for Microsoft.EventHub."
  type        = string
}

variable "kms_key" {
  description = "Resource id, without a version, of a Key Vault key."
  type        = string
}

variable "log_analytics_workspace_id" {
  description = "Log Analytics workspace for the function's log."
  type        = string
}

variable "email" {
  description = "Who is told of alarms."
  type        = string
}

variable "deploy" {
  description = "Whether an apply deploys the package by the Azure CLI."
  type        = bool
  default     = true
}
