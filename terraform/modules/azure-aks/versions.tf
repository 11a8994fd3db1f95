terraform {
  required_version = ">= 1.7"

  required_providers {
    azurerm = {
      source = "hashicorp/azurerm"
      # Before 4.49 a queue could not be made in an account that refuses shared keys.
      version = ">= 4.49, < 5"
    }
  }
}
