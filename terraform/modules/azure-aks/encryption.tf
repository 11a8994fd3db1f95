locals {
  encrypts     = var.kms_key != null
  encrypts_hub = local.encrypts && local.creates_hub && var.namespace.sku == "Premium"

  # /subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/VAULT/keys/KEY
  key     = local.encrypts ? split("/", var.kms_key) : []
  key_url = local.encrypts ? "https://${local.key[8]}.vault.azure.net/keys/${local.key[10]}" : null
}

# The services use the key, the function does not: so they have an identity that it has not.
resource "azurerm_user_assigned_identity" "encryption" {
  count = local.encrypts ? 1 : 0

  name                = "${var.name}-encryption"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_assignment" "encryption" {
  count = local.encrypts ? 1 : 0

  scope                = var.kms_key
  role_definition_name = "Key Vault Crypto Service Encryption User"
  principal_id         = azurerm_user_assigned_identity.encryption[0].principal_id
  principal_type       = "ServicePrincipal"
}
