variable "project" {
  description = "Id of the project in which all this is."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
  default     = "europe-west1"
}
