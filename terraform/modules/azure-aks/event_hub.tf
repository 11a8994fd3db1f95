locals {
  creates_hub = var.event_hub == null

  # /subscriptions/S/resourceGroups/GROUP/providers/Microsoft.EventHub/namespaces/NAMESPACE/eventhubs/HUB
  given = local.creates_hub ? [] : split("/", var.event_hub.id)

  hub = local.creates_hub ? {
    id             = azurerm_eventhub.audit[0].id
    name           = azurerm_eventhub.audit[0].name
    namespace      = azurerm_eventhub_namespace.audit[0].name
    namespace_id   = azurerm_eventhub_namespace.audit[0].id
    resource_group = var.resource_group_name
    } : {
    id             = var.event_hub.id
    name           = local.given[10]
    namespace      = local.given[8]
    namespace_id   = join("/", slice(local.given, 0, 9))
    resource_group = local.given[4]
  }
}

resource "azurerm_eventhub_namespace" "audit" {
  #checkov:skip=CKV_AZURE_228:Zones are the region's own affair since they cannot be chosen any more.
  count = local.creates_hub ? 1 : 0

  name                     = local.unique
  resource_group_name      = var.resource_group_name
  location                 = var.location
  sku                      = var.namespace.sku
  capacity                 = var.namespace.capacity
  auto_inflate_enabled     = var.namespace.sku == "Standard"
  maximum_throughput_units = var.namespace.sku == "Standard" ? var.namespace.maximum_capacity : null
  minimum_tls_version      = "1.2"
  tags                     = var.tags

  # Diagnostic settings send by the key of an authorization rule; Azure has no other way. Without local authentication
  # the namespace would refuse them.
  local_authentication_enabled = true

  # The diagnostic settings of Azure come in as a trusted service.
  public_network_access_enabled = true
  network_rulesets = var.subnet_id == null ? null : [{
    default_action                 = "Deny"
    public_network_access_enabled  = true
    trusted_service_access_enabled = true
    ip_rule                        = []
    virtual_network_rule = [{
      subnet_id                                       = var.subnet_id
      ignore_missing_virtual_network_service_endpoint = false
    }]
  }]

  dynamic "identity" {
    for_each = local.encrypts_hub ? [azurerm_user_assigned_identity.encryption[0].id] : []

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value]
    }
  }
}

resource "azurerm_eventhub_namespace_customer_managed_key" "audit" {
  count = local.encrypts_hub ? 1 : 0

  eventhub_namespace_id             = azurerm_eventhub_namespace.audit[0].id
  key_vault_key_ids                 = [local.key_url]
  user_assigned_identity_id         = azurerm_user_assigned_identity.encryption[0].id
  infrastructure_encryption_enabled = true

  depends_on = [azurerm_role_assignment.encryption]
}

resource "azurerm_eventhub" "audit" {
  count = local.creates_hub ? 1 : 0

  name            = var.name
  namespace_id    = azurerm_eventhub_namespace.audit[0].id
  partition_count = var.namespace.partitions

  # If alerts can be neither delivered nor kept, this is the time in which that has to be mended.
  message_retention = var.namespace.retention_days

  # No event is to be written before there is the key for it.
  depends_on = [azurerm_eventhub_namespace_customer_managed_key.audit]
}

# A group of its own: two readers of one group would take each other's events away.
resource "azurerm_eventhub_consumer_group" "lanner" {
  name                = var.name
  resource_group_name = local.hub.resource_group
  namespace_name      = local.hub.namespace
  eventhub_name       = local.hub.name
}

# The one place in which a key is at work: a diagnostic setting has no identity, and sends by the key of such a rule.
# Azure hands it over by itself. The rule is for this alone, and may do nothing but send: Azure asks for more only if it
# is to make the hubs, too. It has to be a rule of the namespace; one of the hub is refused. The key stands in the state,
# as each attribute of a resource does, so the state has to be kept like a secret.
resource "azurerm_eventhub_namespace_authorization_rule" "diagnostics" {
  name                = "${var.name}-diagnostics"
  resource_group_name = local.hub.resource_group
  namespace_name      = local.hub.namespace
  send                = true
  listen              = false
  manage              = false
}

# There is no filter: a diagnostic setting knows categories, and nothing of what is in them.
resource "azurerm_monitor_diagnostic_setting" "audit" {
  for_each = var.clusters

  name                           = var.name
  target_resource_id             = each.value.id
  eventhub_name                  = local.hub.name
  eventhub_authorization_rule_id = azurerm_eventhub_namespace_authorization_rule.diagnostics.id

  enabled_log {
    category = var.category
  }
}
