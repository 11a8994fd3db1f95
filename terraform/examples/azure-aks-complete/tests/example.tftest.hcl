mock_provider "azurerm" {
  mock_resource "azurerm_monitor_action_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/lanner/providers/Microsoft.Insights/actionGroups/on-call" }
  }
}

variables {
  subscription_id            = "00000000-0000-0000-0000-000000000000"
  storage_account_name       = "shoplanner"
  cluster_id                 = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"
  subnet_id                  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/net/subnets/functions"
  kms_key                    = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/company/keys/lanner"
  log_analytics_workspace_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/logs"
  email                      = "on-call@example.com"
  deploy                     = false # the Azure CLI would have nothing to deploy to
}

run "plan" {
  command = plan

  assert {
    condition     = length(module.lanner.alarms) == 7
    error_message = "There are all alarms."
  }

  assert {
    condition     = !azurerm_storage_account.alerts.shared_access_key_enabled && !azurerm_eventgrid_topic.alerts.local_auth_enabled
    error_message = "What takes alerts takes no keys."
  }
}

run "long_account_name" {
  command = plan

  variables {
    storage_account_name = "shoplannershoplanner24"
  }

  expect_failures = [var.storage_account_name]
}
