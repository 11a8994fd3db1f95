locals {
  # All that the function may do. Each is a role on one resource; none is on the resource group.
  roles = merge(
    {
      events       = { role = "Azure Event Hubs Data Receiver", scope = local.hub.id }
      host         = { role = "Storage Blob Data Owner", scope = azurerm_storage_account.host.id }
      dead_letters = { role = "Storage Queue Data Message Sender", scope = azurerm_storage_queue.dead_letters.id }
      telemetry    = { role = "Monitoring Metrics Publisher", scope = azurerm_application_insights.function.id }
    },
    local.has_topic ? { alert_topic = { role = "EventGrid Data Sender", scope = local.topic.id } } : {},
    var.alert_queue == null ? {} : {
      alert_queue = { role = "Storage Queue Data Message Sender", scope = var.alert_queue.id }
    },
  )
}

resource "azurerm_role_assignment" "function" {
  for_each = local.roles

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.function.principal_id
  principal_type       = "ServicePrincipal" # of an identity that is new: Azure must not look for it yet
}
