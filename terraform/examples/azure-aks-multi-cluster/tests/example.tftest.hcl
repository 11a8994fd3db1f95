mock_provider "azurerm" {}

variables {
  subscription_id = "00000000-0000-0000-0000-000000000000"
  regions = {
    westeurope = {
      resource_group_name  = "security-west"
      storage_account_name = "shoplannerwest"
      clusters = {
        shop = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
        pay  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/pay/providers/Microsoft.ContainerService/managedClusters/pay"
      }
    }
    northeurope = {
      resource_group_name  = "security-north"
      storage_account_name = "shoplannernorth"
      clusters             = { spare = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/spare/providers/Microsoft.ContainerService/managedClusters/spare" }
    }
  }
  deploy = false # the Azure CLI would have nothing to deploy to
}

run "plan" {
  command = plan

  assert {
    condition     = keys(output.dead_letters) == ["northeurope", "westeurope"]
    error_message = "Each region has its own."
  }

  assert {
    condition     = module.lanner["northeurope"].function == "lanner-shoplannernorth"
    error_message = "What is made has other names in other regions."
  }
}
