variable "subscription_id" {
  description = "Subscription for everything that is made; the clusters may be in others."
  type        = string
}

variable "regions" {
  description = "What is made in each region, and the resource ids of its clusters by their names."
  type = map(object({
    resource_group_name  = string
    storage_account_name = string
    clusters             = map(string)
  }))
}

variable "deploy" {
  description = "Whether an apply deploys the packages by the Azure CLI."
  type        = bool
  default     = true
}
