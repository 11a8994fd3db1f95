locals {
  creates_topic = var.alert_topic == null && var.alert_queue == null
  has_topic     = local.creates_topic || var.alert_topic != null

  topic = local.creates_topic ? {
    id       = azurerm_eventgrid_topic.alerts[0].id
    endpoint = azurerm_eventgrid_topic.alerts[0].endpoint
  } : var.alert_topic
}

resource "azurerm_eventgrid_topic" "alerts" {
  #checkov:skip=CKV_AZURE_193:The function publishes from outside of any network unless it is given one, by identity alone.
  count = local.creates_topic ? 1 : 0

  name                = local.unique
  resource_group_name = var.resource_group_name
  location            = var.location
  input_schema        = "CloudEventSchemaV1_0"
  local_auth_enabled  = false
  tags                = var.tags

  # For subscriptions that deliver by identity, such as to a queue.
  identity {
    type = "SystemAssigned"
  }
}
