variable "cluster" {
  description = "Name of the IBM Cloud cluster, as alerts are to call it."
  type        = string
}

variable "path" {
  description = "The secret part of the webhook's path, from `openssl rand -hex 32`: TF_VAR_path."
  type        = string
  sensitive   = true
}

variable "ibm_logs" {
  description = "Ingress of the IBM Cloud Logs instance, and the ARN of the secret in AWS Secrets Manager whose text is an API key that may send there (docs/iks.md, step 1)."
  type = object({
    url            = string
    api_key_secret = string
  })
}

variable "region" {
  description = "Region of the function."
  type        = string
  default     = "eu-central-1"

  validation {
    condition     = can(regex("^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[1-9]$", var.region))
    error_message = "Give the name of an AWS region, such as eu-west-1."
  }
}
