variable "token" {
  description = "Bearer token of the cluster's API server, from `openssl rand -hex 32`: TF_VAR_token."
  type        = string
  sensitive   = true
}

variable "region" {
  description = "Region of the function."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[1-9]$", var.region))
    error_message = "Give the name of an AWS region, such as eu-west-1."
  }
}
