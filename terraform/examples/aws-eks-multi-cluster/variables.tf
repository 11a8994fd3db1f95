variable "edge_account" {
  description = "Id of the account with the cluster edge."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.edge_account))
    error_message = "An account's id has 12 digits."
  }
}

variable "edge_role" {
  description = "Name of the role there that Terraform takes to subscribe the log group."
  type        = string
  default     = "terraform"
}

variable "region" {
  description = "Region of the clusters."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[1-9]$", var.region))
    error_message = "Give the name of an AWS region, such as eu-west-1."
  }
}
