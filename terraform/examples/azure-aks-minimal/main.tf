provider "azurerm" {
  subscription_id     = var.subscription_id
  storage_use_azuread = true

  features {
    storage {
      data_plane_available = false # keys are refused, and nothing of the data is asked for
    }

    application_insights {
      disable_generated_rule = true # which a destroy would leave
    }
  }
}

module "lanner" {
  source = "../../modules/azure-aks"

  resource_group_name  = var.resource_group_name
  location             = var.location
  storage_account_name = var.storage_account_name
  package              = "${path.module}/../../../dist/lanner-azure-eventhub.zip"
  deploy               = var.deploy
  clusters             = { shop = { id = var.cluster_id } }
}
