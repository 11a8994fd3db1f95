# The host's own account: the package, its checkpoints, and the dead letters. Nothing else may write into its queues,
# because the metrics that the alarms go by do not tell one queue from another.
resource "azurerm_storage_account" "host" {
  #checkov:skip=CKV_AZURE_33:Logs of the queue service by queue_properties are written and read with keys, which the account refuses.
  #checkov:skip=CKV_AZURE_59:The function, which deploys and runs outside of any network unless it is given one, reaches the account by identity alone.
  #checkov:skip=CKV_AZURE_206:Replication is a variable. Checkpoints that are lost cost time: the hub is read again from its beginning.
  #checkov:skip=CKV2_AZURE_1:A key of one's own is a variable, kms_key.
  #checkov:skip=CKV2_AZURE_33:A private endpoint needs a network, which this module does not build.
  #checkov:skip=CKV2_AZURE_41:There are no signatures whose time could be limited, because there are no keys to sign with.
  name                     = var.storage_account_name
  resource_group_name      = var.resource_group_name
  location                 = var.location
  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.storage_replication
  tags                     = var.tags

  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  cross_tenant_replication_enabled  = false
  https_traffic_only_enabled        = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true

  # Not to be changed later, and what a key of one's own needs to be for queues, too.
  queue_encryption_key_type = "Account"

  blob_properties {
    delete_retention_policy {
      days = 7
    }

    container_delete_retention_policy {
      days = 7
    }
  }

  dynamic "identity" {
    for_each = azurerm_user_assigned_identity.encryption[*].id

    content {
      type         = "UserAssigned"
      identity_ids = [identity.value]
    }
  }

  dynamic "customer_managed_key" {
    for_each = azurerm_user_assigned_identity.encryption[*].id

    content {
      key_vault_key_id          = local.key_url
      user_assigned_identity_id = customer_managed_key.value
    }
  }

  depends_on = [azurerm_role_assignment.encryption]

  lifecycle {
    precondition {
      condition     = var.alert_queue == null || !strcontains(lower(try(var.alert_queue.id, "")), "/storageaccounts/${var.storage_account_name}/")
      error_message = "alert_queue is in the module's own account, where each alert would count as a dead letter: give a queue of another account."
    }
  }
}

resource "azurerm_storage_container" "package" {
  #checkov:skip=CKV2_AZURE_21:Read logs of blobs are no part of this module: what is read here is the package.
  name                  = "package"
  storage_account_id    = azurerm_storage_account.host.id
  container_access_type = "private"
}

# A message is kept until somebody takes it: the function gives it no end.
resource "azurerm_storage_queue" "dead_letters" {
  name               = "${var.name}-dead-letters"
  storage_account_id = azurerm_storage_account.host.id
}
