variable "project" {
  description = "Id of the project in which all this is."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
  default     = "europe-west1"
}

variable "token" {
  description = "Bearer token of the cluster's API server, from `openssl rand -hex 32`: TF_VAR_token."
  type        = string
  sensitive   = true
}
