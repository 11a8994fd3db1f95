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

# Diagnostic settings stay within a region: one Lanner a region, in a resource group of its own, for all of its clusters.
module "lanner" {
  source   = "../../modules/azure-aks"
  for_each = var.regions

  resource_group_name  = each.value.resource_group_name
  location             = each.key
  storage_account_name = each.value.storage_account_name
  package              = "${path.module}/../../../dist/lanner-azure-eventhub.zip"
  deploy               = var.deploy
  clusters             = { for name, id in each.value.clusters : name => { id = id } }

  # As many partitions as readers are ever needed: a Standard hub cannot be given more later.
  namespace = { capacity = 2, maximum_capacity = 10, partitions = 16 }
}
