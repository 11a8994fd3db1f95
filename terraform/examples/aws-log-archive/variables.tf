variable "bucket" {
  description = "Name of the bucket to create."
  type        = string
}

variable "region" {
  description = "Region of the bucket."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-(central|north|northeast|northwest|south|southeast|southwest|east|west)-[1-9]$", var.region))
    error_message = "Give the name of an AWS region, such as eu-west-1."
  }
}
