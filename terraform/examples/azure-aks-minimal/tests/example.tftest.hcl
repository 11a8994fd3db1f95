mock_provider "azurerm" {}

variables {
  subscription_id      = "00000000-0000-0000-0000-000000000000"
  resource_group_name  = "security"
  storage_account_name = "shoplanner"
  cluster_id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
  deploy               = false # the Azure CLI would have nothing to deploy to
}

run "plan" {
  command = plan

  assert {
    condition     = module.lanner.function == "lanner-shoplanner"
    error_message = "The function has a name that nobody else has."
  }
}
