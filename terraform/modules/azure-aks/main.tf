locals {
  # Names that nobody else in Azure may have; the storage account's is one, so these are, too.
  unique = "${var.name}-${var.storage_account_name}"
}

resource "azurerm_user_assigned_identity" "function" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}
