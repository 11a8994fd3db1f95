locals {
  # What the host and the function sign in as, wherever they do.
  identity = {
    credential = "managedidentity"
    client_id  = azurerm_user_assigned_identity.function.client_id
  }

  settings = merge(
    {
      AzureWebJobsStorage__accountName = azurerm_storage_account.host.name
      AzureWebJobsStorage__credential  = local.identity.credential
      AzureWebJobsStorage__clientId    = local.identity.client_id

      EVENT_HUB__fullyQualifiedNamespace = "${local.hub.namespace}.servicebus.windows.net"
      EVENT_HUB__credential              = local.identity.credential
      EVENT_HUB__clientId                = local.identity.client_id
      EVENT_HUB_NAME                     = local.hub.name
      EVENT_HUB_CONSUMER_GROUP           = azurerm_eventhub_consumer_group.lanner.name

      APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=${local.identity.client_id};Authorization=AAD"
      AZURE_CLIENT_ID                           = local.identity.client_id

      LANNER_DEAD_LETTERS     = "${azurerm_storage_account.host.primary_queue_endpoint}${azurerm_storage_queue.dead_letters.name}"
      LANNER_MINIMUM_PRIORITY = var.minimum_priority
    },
    local.has_topic ? { LANNER_EVENTGRID_URL = local.topic.endpoint } : {},
    var.alert_queue == null ? {} : { LANNER_STORAGE_QUEUE_URL = var.alert_queue.url },
    var.settings,
  )

  # azurerm writes a connection string without a key into these settings, whatever the identity; the host would take it
  # instead of the identity, and be refused. They are taken out again before each deployment.
  injected = "AzureWebJobsStorage DEPLOYMENT_STORAGE_CONNECTION_STRING"
}

resource "azurerm_application_insights" "function" {
  name                          = var.name
  resource_group_name           = var.resource_group_name
  location                      = var.location
  application_type              = "web"
  workspace_id                  = var.log_analytics_workspace_id
  retention_in_days             = var.log_retention_days
  local_authentication_disabled = true
  tags                          = var.tags
}

resource "azurerm_service_plan" "function" {
  #checkov:skip=CKV_AZURE_212:The plan has no instances that one could count: there are as many as there is work.
  #checkov:skip=CKV_AZURE_225:An instance that a zone takes along is replaced in another; the events wait in the hub.
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = var.location
  os_type             = "Linux"
  sku_name            = "FC1" # Flex Consumption: the older Consumption plan has no Python 3.13
  tags                = var.tags
}

resource "azurerm_function_app_flex_consumption" "lanner" {
  name                      = local.unique
  resource_group_name       = var.resource_group_name
  location                  = var.location
  service_plan_id           = azurerm_service_plan.function.id
  runtime_name              = "python"
  runtime_version           = "3.13"
  instance_memory_in_mb     = var.memory_mb
  maximum_instance_count    = var.max_concurrency
  virtual_network_subnet_id = var.subnet_id
  app_settings              = local.settings
  tags                      = var.tags

  storage_container_type            = "blobContainer"
  storage_container_endpoint        = "${azurerm_storage_account.host.primary_blob_endpoint}${azurerm_storage_container.package.name}"
  storage_authentication_type       = "UserAssignedIdentity"
  storage_user_assigned_identity_id = azurerm_user_assigned_identity.function.id

  # It has no HTTP function. What is left is the host's own API, which asks for a key, and the place to which packages
  # are deployed, which asks for a token of Entra ID; a deployment needs both of them.
  https_only                                     = true
  public_network_access_enabled                  = true
  webdeploy_publish_basic_authentication_enabled = false

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.function.id]
  }

  site_config {
    application_insights_connection_string = azurerm_application_insights.function.connection_string
    minimum_tls_version                    = "1.2"
    scm_minimum_tls_version                = "1.2"
    vnet_route_all_enabled                 = var.subnet_id != null
  }

  # The host writes into its account as soon as it starts.
  depends_on = [azurerm_role_assignment.function]
}

# What shows in a plan that there is another package to deploy, whoever does it.
resource "terraform_data" "package" {
  input = filesha256(var.package)
}

# azurerm's own zip_deploy_file calls an address that this plan does not have, so the Azure CLI deploys the package, and
# Azure builds it. That may fail in the first minutes, until the roles are known everywhere.
resource "terraform_data" "deployment" {
  count = var.deploy ? 1 : 0

  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-ec"]
    command     = <<-EOT
      az functionapp config appsettings delete --ids "$FUNCTION" --setting-names ${local.injected} --output none
      tries=1
      until az functionapp deployment source config-zip --ids "$FUNCTION" --src "$PACKAGE" --build-remote true --output none
      do
        test "$tries" -lt 5
        tries=$((tries + 1))
        sleep 60
      done
    EOT
    environment = {
      FUNCTION = azurerm_function_app_flex_consumption.lanner.id
      PACKAGE  = var.package
    }
  }

  lifecycle {
    # Each change of the function app brings the settings back that have to be taken out.
    replace_triggered_by = [terraform_data.package, azurerm_function_app_flex_consumption.lanner]
  }
}
