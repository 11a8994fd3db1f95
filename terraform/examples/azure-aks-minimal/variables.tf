variable "subscription_id" {
  description = "Subscription of the cluster."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group that is there, for everything that is made."
  type        = string
}

variable "location" {
  description = "Region of the cluster."
  type        = string
  default     = "westeurope"
}

variable "storage_account_name" {
  description = "Name for a storage account that nobody else in Azure has."
  type        = string
}

variable "cluster_id" {
  description = "Resource id of the cluster: `az aks show --name shop --resource-group shop --query id`."
  type        = string
}

variable "deploy" {
  description = "Whether an apply deploys the package by the Azure CLI."
  type        = bool
  default     = true
}
