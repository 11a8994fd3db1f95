variable "project" {
  description = "Id of the project in which all this is."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
  default     = "europe-west1"
}

variable "project_number" {
  description = "Number of the project, which tells the names of Google's own identities in it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project: gcloud projects describe PROJECT --format='value(projectNumber)'."
  }
}

variable "slack_secret" {
  description = "The id of the secret whose text is the URL of a Slack webhook: projects/P/secrets/S."
  type        = string
}

variable "on_call" {
  description = "E-mail address that is told of alarms."
  type        = string
}
