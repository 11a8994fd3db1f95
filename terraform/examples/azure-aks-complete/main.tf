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

resource "azurerm_resource_group" "lanner" {
  name     = "lanner"
  location = var.location
  tags     = local.tags
}

resource "azurerm_monitor_action_group" "on_call" {
  name                = "on-call"
  resource_group_name = azurerm_resource_group.lanner.name
  short_name          = "on-call"
  tags                = local.tags

  email_receiver {
    name                    = "on-call"
    email_address           = var.email
    use_common_alert_schema = true
  }
}

# A queue for who works through the alerts, in an account of its own: that of the module is the host's.
resource "azurerm_storage_account" "alerts" {
  #checkov:skip=CKV_AZURE_33:Logs of the queue service by queue_properties are written and read with keys, which the account refuses.
  #checkov:skip=CKV_AZURE_59:The function reaches the queue by identity alone, from outside of any network.
  #checkov:skip=CKV2_AZURE_1:The example gives a key of one's own to what Lanner makes; this account is only an example of a target.
  #checkov:skip=CKV2_AZURE_33:The example builds no network.
  #checkov:skip=CKV2_AZURE_41:There are no signatures whose time could be limited, because there are no keys to sign with.
  name                              = "${var.storage_account_name}out"
  resource_group_name               = azurerm_resource_group.lanner.name
  location                          = var.location
  account_tier                      = "Standard"
  account_replication_type          = "GZRS"
  shared_access_key_enabled         = false
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true
  tags                              = local.tags

  blob_properties {
    delete_retention_policy {
      days = 7
    }
  }
}

resource "azurerm_storage_queue" "alerts" {
  name               = "alerts"
  storage_account_id = azurerm_storage_account.alerts.id
}

# A topic for everybody else; subscriptions filter by the alert's subject, CLUSTER/RULE.
resource "azurerm_eventgrid_topic" "alerts" {
  #checkov:skip=CKV_AZURE_193:The function publishes from outside of any network, by identity alone.
  name                = "alerts-${var.storage_account_name}"
  resource_group_name = azurerm_resource_group.lanner.name
  location            = var.location
  input_schema        = "CloudEventSchemaV1_0"
  local_auth_enabled  = false
  tags                = local.tags

  identity {
    type = "SystemAssigned"
  }
}

module "lanner" {
  source = "../../modules/azure-aks"

  resource_group_name  = azurerm_resource_group.lanner.name
  location             = var.location
  storage_account_name = var.storage_account_name
  storage_replication  = "GZRS"
  package              = "${path.module}/../../../dist/lanner-azure-eventhub.zip"
  deploy               = var.deploy

  clusters = { shop = { id = var.cluster_id } }
  category = "kube-audit"

  namespace = {
    sku            = "Premium"
    capacity       = 1
    partitions     = 8
    retention_days = 14
  }
  subnet_id = var.subnet_id
  kms_key   = var.kms_key

  minimum_priority = "notice"
  settings         = { LANNER_RULE_MATCHING = "all" }

  alert_topic = { id = azurerm_eventgrid_topic.alerts.id, endpoint = azurerm_eventgrid_topic.alerts.endpoint }
  alert_queue = { id = azurerm_storage_queue.alerts.id, url = azurerm_storage_queue.alerts.url }

  memory_mb                  = 2048
  max_concurrency            = 8
  log_analytics_workspace_id = var.log_analytics_workspace_id

  alarm_actions = [azurerm_monitor_action_group.on_call.id]
  alarms        = { silence_minutes = 30 }
  tags          = local.tags
}

locals {
  tags = { service = "lanner" }
}
