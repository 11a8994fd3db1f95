mock_provider "azurerm" {
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.ManagedIdentity/userAssignedIdentities/lanner"
      client_id    = "11111111-1111-1111-1111-111111111111"
      principal_id = "22222222-2222-2222-2222-222222222222"
    }
  }

  mock_resource "azurerm_eventhub_namespace" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.EventHub/namespaces/mocked" }
  }

  mock_resource "azurerm_eventhub" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.EventHub/namespaces/mocked/eventhubs/mocked" }
  }

  mock_resource "azurerm_eventhub_namespace_authorization_rule" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.EventHub/namespaces/mocked/authorizationRules/mocked" }
  }

  mock_resource "azurerm_storage_account" {
    defaults = {
      id                     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.Storage/storageAccounts/mocked"
      primary_blob_endpoint  = "https://mocked.blob.core.windows.net/"
      primary_queue_endpoint = "https://mocked.queue.core.windows.net/"
    }
  }

  mock_resource "azurerm_storage_queue" {
    defaults = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.Storage/storageAccounts/mocked/queueServices/default/queues/mocked"
      url = "https://mocked.queue.core.windows.net/mocked"
    }
  }

  mock_resource "azurerm_eventgrid_topic" {
    defaults = {
      id       = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.EventGrid/topics/mocked"
      endpoint = "https://mocked.westeurope-1.eventgrid.azure.net/api/events"
    }
  }

  mock_resource "azurerm_application_insights" {
    defaults = {
      id                = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.Insights/components/mocked"
      connection_string = "InstrumentationKey=33333333-3333-3333-3333-333333333333"
    }
  }
}

variables {
  resource_group_name  = "security"
  location             = "westeurope"
  storage_account_name = "shoplanner"
  package              = "../../../dist/lanner-azure-eventhub.zip"
  deploy               = false # applies of this test are of mocks: the Azure CLI has nothing to deploy to
  clusters             = { shop = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop" } }
}

run "one_cluster" {
  assert {
    condition     = keys(azurerm_monitor_diagnostic_setting.audit) == ["shop"] && azurerm_monitor_diagnostic_setting.audit["shop"].target_resource_id == var.clusters["shop"].id
    error_message = "A cluster has a diagnostic setting."
  }

  assert {
    condition     = [for log in azurerm_monitor_diagnostic_setting.audit["shop"].enabled_log : log.category] == ["kube-audit"]
    error_message = "The setting sends all audit events, and no other log."
  }

  assert {
    condition     = azurerm_monitor_diagnostic_setting.audit["shop"].eventhub_name == "lanner" && azurerm_monitor_diagnostic_setting.audit["shop"].eventhub_authorization_rule_id == azurerm_eventhub_namespace_authorization_rule.diagnostics.id
    error_message = "The setting sends to the hub, by the rule that is there for it."
  }

  assert {
    condition     = azurerm_eventhub_namespace_authorization_rule.diagnostics.send && !azurerm_eventhub_namespace_authorization_rule.diagnostics.listen && !azurerm_eventhub_namespace_authorization_rule.diagnostics.manage
    error_message = "The one key that is at work may send, and nothing else."
  }

  assert {
    condition     = azurerm_eventhub_namespace.audit[0].name == "lanner-shoplanner" && azurerm_eventhub_namespace.audit[0].sku == "Standard" && azurerm_eventhub_namespace.audit[0].auto_inflate_enabled && azurerm_eventhub_namespace.audit[0].maximum_throughput_units == 4
    error_message = "The namespace has a name of its own, and grows by itself."
  }

  assert {
    condition     = azurerm_eventhub_namespace.audit[0].minimum_tls_version == "1.2" && azurerm_eventhub_namespace.audit[0].local_authentication_enabled
    error_message = "The namespace takes TLS 1.2, and the key of the diagnostic settings."
  }

  assert {
    condition     = azurerm_eventhub.audit[0].partition_count == 4 && azurerm_eventhub.audit[0].message_retention == 7
    error_message = "Events wait for as long as the tier allows."
  }

  assert {
    condition     = azurerm_eventhub_consumer_group.lanner.name == "lanner" && azurerm_eventhub_consumer_group.lanner.namespace_name == "lanner-shoplanner" && azurerm_eventhub_consumer_group.lanner.eventhub_name == "lanner"
    error_message = "The function has a consumer group of its own."
  }
}

run "function" {
  assert {
    condition     = azurerm_service_plan.function.sku_name == "FC1" && azurerm_function_app_flex_consumption.lanner.runtime_name == "python" && azurerm_function_app_flex_consumption.lanner.runtime_version == "3.13"
    error_message = "The plan is Flex Consumption, the runtime Python 3.13."
  }

  assert {
    condition = azurerm_function_app_flex_consumption.lanner.app_settings == tomap({
      AzureWebJobsStorage__accountName          = "shoplanner"
      AzureWebJobsStorage__credential           = "managedidentity"
      AzureWebJobsStorage__clientId             = "11111111-1111-1111-1111-111111111111"
      EVENT_HUB__fullyQualifiedNamespace        = "lanner-shoplanner.servicebus.windows.net"
      EVENT_HUB__credential                     = "managedidentity"
      EVENT_HUB__clientId                       = "11111111-1111-1111-1111-111111111111"
      EVENT_HUB_NAME                            = "lanner"
      EVENT_HUB_CONSUMER_GROUP                  = "lanner"
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "ClientId=11111111-1111-1111-1111-111111111111;Authorization=AAD"
      AZURE_CLIENT_ID                           = "11111111-1111-1111-1111-111111111111"
      LANNER_DEAD_LETTERS                       = "https://mocked.queue.core.windows.net/lanner-dead-letters"
      LANNER_MINIMUM_PRIORITY                   = "debug"
      LANNER_EVENTGRID_URL                      = "https://mocked.westeurope-1.eventgrid.azure.net/api/events"
    })
    error_message = "The settings are these, and none of them is a key or a connection string."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.lanner.storage_authentication_type == "UserAssignedIdentity" && azurerm_function_app_flex_consumption.lanner.storage_access_key == null && azurerm_function_app_flex_consumption.lanner.storage_container_endpoint == "https://mocked.blob.core.windows.net/package"
    error_message = "The package is kept in a container that is read by identity."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.lanner.identity[0].type == "UserAssigned" && azurerm_function_app_flex_consumption.lanner.identity[0].identity_ids == toset([azurerm_user_assigned_identity.function.id])
    error_message = "The function has the one identity that has the roles."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.lanner.https_only && !azurerm_function_app_flex_consumption.lanner.webdeploy_publish_basic_authentication_enabled && azurerm_function_app_flex_consumption.lanner.site_config[0].minimum_tls_version == "1.2" && azurerm_function_app_flex_consumption.lanner.site_config[0].scm_minimum_tls_version == "1.2"
    error_message = "It is reached by TLS 1.2 alone, and takes no passwords."
  }

  assert {
    condition     = azurerm_application_insights.function.local_authentication_disabled && azurerm_application_insights.function.retention_in_days == 30
    error_message = "The log takes nothing but what comes by identity."
  }

  assert {
    condition     = output.function == "lanner-shoplanner" && output.dead_letters == "https://mocked.queue.core.windows.net/lanner-dead-letters" && strcontains(output.deploy_command, "--src ../../../dist/lanner-azure-eventhub.zip --build-remote true")
    error_message = "Outputs name the function, its dead letters and what deploys it."
  }

  assert {
    condition     = !strcontains(lower(jsonencode([output.function, output.function_id, output.identity, output.event_hub, output.alert_topic, output.dead_letters, output.logs, output.alarms, output.deploy_command])), "key=")
    error_message = "No output is a key."
  }
}

run "storage" {
  assert {
    condition     = !azurerm_storage_account.host.shared_access_key_enabled && azurerm_storage_account.host.default_to_oauth_authentication && !azurerm_storage_account.host.local_user_enabled
    error_message = "The account has no keys, signatures or users of its own."
  }

  assert {
    condition     = !azurerm_storage_account.host.allow_nested_items_to_be_public && azurerm_storage_container.package.container_access_type == "private" && !azurerm_storage_account.host.cross_tenant_replication_enabled
    error_message = "Nothing in it is public."
  }

  assert {
    condition     = azurerm_storage_account.host.https_traffic_only_enabled && azurerm_storage_account.host.min_tls_version == "TLS1_2" && azurerm_storage_account.host.infrastructure_encryption_enabled && azurerm_storage_account.host.queue_encryption_key_type == "Account"
    error_message = "It is encrypted under way and at rest."
  }

  assert {
    condition     = length(azurerm_storage_account.host.customer_managed_key) == 0 && length(azurerm_user_assigned_identity.encryption) == 0
    error_message = "Without kms_key the keys are Microsoft's."
  }

  assert {
    condition     = azurerm_storage_queue.dead_letters.name == "lanner-dead-letters" && azurerm_storage_queue.dead_letters.storage_account_id == azurerm_storage_account.host.id
    error_message = "Dead letters are kept in a queue."
  }
}

run "least_privilege" {
  assert {
    condition = { for name, one in azurerm_role_assignment.function : name => "${one.role_definition_name} on ${one.scope}" } == {
      events       = "Azure Event Hubs Data Receiver on ${azurerm_eventhub.audit[0].id}"
      host         = "Storage Blob Data Owner on ${azurerm_storage_account.host.id}"
      dead_letters = "Storage Queue Data Message Sender on ${azurerm_storage_queue.dead_letters.id}"
      telemetry    = "Monitoring Metrics Publisher on ${azurerm_application_insights.function.id}"
      alert_topic  = "EventGrid Data Sender on ${azurerm_eventgrid_topic.alerts[0].id}"
    }
    error_message = "The function has the roles of the README, each on one resource."
  }

  assert {
    condition     = alltrue([for one in azurerm_role_assignment.function : one.principal_id == azurerm_user_assigned_identity.function.principal_id && one.principal_type == "ServicePrincipal"])
    error_message = "The roles are those of the function's identity."
  }

  assert {
    condition     = length(azurerm_role_assignment.encryption) == 0
    error_message = "Nobody else gets a role."
  }
}

run "topic" {
  assert {
    condition     = azurerm_eventgrid_topic.alerts[0].input_schema == "CloudEventSchemaV1_0" && !azurerm_eventgrid_topic.alerts[0].local_auth_enabled
    error_message = "The topic takes CloudEvents, and no keys."
  }

  assert {
    condition     = output.alert_topic == azurerm_eventgrid_topic.alerts[0].id
    error_message = "The output names the topic."
  }
}

run "alarms" {
  variables {
    alarm_actions = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.Insights/actionGroups/on-call"]
  }

  assert {
    condition     = toset(output.alarms) == toset(["lanner-dead-letters", "lanner-dead-letters-waiting", "lanner-dropped", "lanner-failures", "lanner-silence", "lanner-throttled", "lanner-unread"])
    error_message = "There are alarms for silence, for what is not read, for failures, dead letters, throttling, and what Event Grid drops."
  }

  assert {
    condition     = alltrue([for alarm in azurerm_monitor_metric_alert.this : toset(alarm.action[*].action_group_id) == toset(var.alarm_actions)])
    error_message = "Each alarm tells the action groups."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["silence"].window_size == "PT15M" && azurerm_monitor_metric_alert.this["silence"].frequency == "PT5M" && azurerm_monitor_metric_alert.this["silence"].criteria[0].metric_name == "IncomingMessages" && azurerm_monitor_metric_alert.this["silence"].criteria[0].operator == "LessThan" && azurerm_monitor_metric_alert.this["silence"].criteria[0].threshold == 1
    error_message = "A quarter of an hour without an event is silence."
  }

  assert {
    condition     = [for one in azurerm_monitor_metric_alert.this["unread"].criteria : "${one.metric_name} ${one.operator} ${one.threshold}"] == ["IncomingMessages GreaterThan 0", "OutgoingMessages LessThan 1"]
    error_message = "What comes in and does not go out is not read."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["dead-letters"].scopes == toset(["${azurerm_storage_account.host.id}/queueServices/default"]) && azurerm_monitor_metric_alert.this["dead-letters"].criteria[0].dimension[0].values == tolist(["PutMessage"])
    error_message = "Each message that is put into the account's queues is a dead letter."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["failures"].scopes == toset([azurerm_application_insights.function.id]) && azurerm_monitor_metric_alert.this["failures"].criteria[0].metric_name == "requests/failed"
    error_message = "Failures are those that the function's log has."
  }
}

run "silence_of_a_day" {
  variables {
    alarms = { silence_minutes = 1440 }
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["silence"].window_size == "P1D" && azurerm_monitor_metric_alert.this["silence"].frequency == "PT1H"
    error_message = "Alarms look back as far as they are told."
  }
}

run "no_silence" {
  variables {
    alarms = { silence_minutes = 0 }
  }

  assert {
    condition     = !contains(keys(azurerm_monitor_metric_alert.this), "silence") && length(azurerm_monitor_metric_alert.this) == 6
    error_message = "0 switches the alarm off, and no other."
  }
}

run "no_alarms" {
  variables {
    alarms = { enabled = false }
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.this) == 0 && output.alarms == []
    error_message = "Alarms can be left out."
  }
}

run "many_clusters" {
  variables {
    clusters = {
      shop = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop" }
      pay  = { id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/pay/providers/microsoft.containerservice/managedClusters/pay" }
    }
    category = "kube-audit-admin"
  }

  assert {
    condition     = { for name, one in azurerm_monitor_diagnostic_setting.audit : name => one.target_resource_id } == { for name, one in var.clusters : name => one.id }
    error_message = "Each cluster has its own setting, under its own name: without one of them, the others stay."
  }

  assert {
    condition     = alltrue([for one in azurerm_monitor_diagnostic_setting.audit : [for log in one.enabled_log : log.category] == ["kube-audit-admin"]])
    error_message = "The category is that of the variable."
  }
}

run "hub_of_others" {
  variables {
    event_hub = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.EventHub/namespaces/company-logs/eventhubs/kubernetes" }
  }

  assert {
    condition     = length(azurerm_eventhub_namespace.audit) + length(azurerm_eventhub.audit) == 0
    error_message = "No hub is made."
  }

  assert {
    condition     = azurerm_eventhub_consumer_group.lanner.resource_group_name == "logs" && azurerm_eventhub_consumer_group.lanner.namespace_name == "company-logs" && azurerm_eventhub_consumer_group.lanner.eventhub_name == "kubernetes" && azurerm_eventhub_consumer_group.lanner.name == "lanner"
    error_message = "It gets a consumer group of our own."
  }

  assert {
    condition     = azurerm_eventhub_namespace_authorization_rule.diagnostics.resource_group_name == "logs" && azurerm_eventhub_namespace_authorization_rule.diagnostics.namespace_name == "company-logs"
    error_message = "Its namespace gets the rule."
  }

  assert {
    condition     = azurerm_role_assignment.function["events"].scope == var.event_hub.id && azurerm_function_app_flex_consumption.lanner.app_settings["EVENT_HUB__fullyQualifiedNamespace"] == "company-logs.servicebus.windows.net" && azurerm_function_app_flex_consumption.lanner.app_settings["EVENT_HUB_NAME"] == "kubernetes"
    error_message = "The function reads this hub, and no other of the namespace."
  }

  assert {
    condition     = azurerm_monitor_metric_alert.this["silence"].scopes == toset(["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.EventHub/namespaces/company-logs"]) && azurerm_monitor_metric_alert.this["silence"].criteria[0].dimension[0].values == tolist(["kubernetes"])
    error_message = "Its alarms look at this hub alone."
  }
}

run "topic_and_queue_of_others" {
  variables {
    alert_topic = {
      id       = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.EventGrid/topics/alerts"
      endpoint = "https://alerts.westeurope-1.eventgrid.azure.net/api/events"
    }
    alert_queue = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/shopalerts/queueServices/default/queues/alerts"
      url = "https://shopalerts.queue.core.windows.net/alerts"
    }
    settings         = { LANNER_STDOUT = "true" }
    minimum_priority = "warning"
  }

  assert {
    condition     = length(azurerm_eventgrid_topic.alerts) == 0 && output.alert_topic == var.alert_topic.id
    error_message = "No topic is made."
  }

  assert {
    condition = { for name, value in azurerm_function_app_flex_consumption.lanner.app_settings : name => value if startswith(name, "LANNER_") } == {
      LANNER_DEAD_LETTERS      = "https://mocked.queue.core.windows.net/lanner-dead-letters"
      LANNER_EVENTGRID_URL     = "https://alerts.westeurope-1.eventgrid.azure.net/api/events"
      LANNER_STORAGE_QUEUE_URL = "https://shopalerts.queue.core.windows.net/alerts"
      LANNER_MINIMUM_PRIORITY  = "warning"
      LANNER_STDOUT            = "true"
    }
    error_message = "Alerts go to both, and further settings are passed on."
  }

  assert {
    condition     = azurerm_role_assignment.function["alert_topic"].scope == var.alert_topic.id && azurerm_role_assignment.function["alert_queue"].scope == var.alert_queue.id && azurerm_role_assignment.function["alert_queue"].role_definition_name == "Storage Queue Data Message Sender"
    error_message = "The function may send to these two."
  }
}

run "queue_alone" {
  variables {
    alert_queue = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/shopalerts/queueServices/default/queues/alerts"
      url = "https://shopalerts.queue.core.windows.net/alerts"
    }
  }

  assert {
    condition     = length(azurerm_eventgrid_topic.alerts) == 0 && output.alert_topic == null && !contains(keys(azurerm_function_app_flex_consumption.lanner.app_settings), "LANNER_EVENTGRID_URL") && !contains(keys(azurerm_role_assignment.function), "alert_topic")
    error_message = "With a queue alone there is no topic, and no role on one."
  }

  assert {
    condition     = !contains(keys(azurerm_monitor_metric_alert.this), "dropped")
    error_message = "Without a topic there is nothing that it could drop."
  }
}

run "premium_with_key_and_network" {
  variables {
    namespace = { sku = "Premium", retention_days = 30 }
    kms_key   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/company/keys/lanner"
    subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/net/subnets/functions"
  }

  override_resource {
    target = azurerm_user_assigned_identity.encryption[0]
    values = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.ManagedIdentity/userAssignedIdentities/lanner-encryption"
      principal_id = "44444444-4444-4444-4444-444444444444"
    }
  }

  assert {
    condition     = azurerm_storage_account.host.customer_managed_key[0].key_vault_key_id == "https://company.vault.azure.net/keys/lanner" && azurerm_storage_account.host.customer_managed_key[0].user_assigned_identity_id == azurerm_user_assigned_identity.encryption[0].id && azurerm_storage_account.host.identity[0].identity_ids == toset([azurerm_user_assigned_identity.encryption[0].id])
    error_message = "The account uses the key, by an identity that is there for it."
  }

  assert {
    condition     = azurerm_eventhub_namespace_customer_managed_key.audit[0].key_vault_key_ids == toset(["https://company.vault.azure.net/keys/lanner"]) && azurerm_eventhub_namespace.audit[0].identity[0].identity_ids == toset([azurerm_user_assigned_identity.encryption[0].id])
    error_message = "A Premium namespace uses the key, too."
  }

  assert {
    condition     = azurerm_role_assignment.encryption[0].scope == var.kms_key && azurerm_role_assignment.encryption[0].role_definition_name == "Key Vault Crypto Service Encryption User" && azurerm_role_assignment.encryption[0].principal_id == "44444444-4444-4444-4444-444444444444"
    error_message = "That identity may use this key, and the function's identity may not."
  }

  assert {
    condition     = azurerm_eventhub_namespace.audit[0].network_rulesets[0].default_action == "Deny" && azurerm_eventhub_namespace.audit[0].network_rulesets[0].trusted_service_access_enabled && [for one in azurerm_eventhub_namespace.audit[0].network_rulesets[0].virtual_network_rule : one.subnet_id] == [var.subnet_id]
    error_message = "The namespace takes the subnet and Azure's diagnostic settings, and nobody else."
  }

  assert {
    condition     = azurerm_function_app_flex_consumption.lanner.virtual_network_subnet_id == var.subnet_id && azurerm_function_app_flex_consumption.lanner.site_config[0].vnet_route_all_enabled
    error_message = "The function is in the subnet, with all that it calls."
  }

  assert {
    condition     = !azurerm_eventhub_namespace.audit[0].auto_inflate_enabled && azurerm_eventhub.audit[0].message_retention == 30
    error_message = "A Premium namespace keeps events for longer, and does not grow by itself."
  }
}

run "standard_with_key" {
  variables {
    kms_key = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/keys/providers/Microsoft.KeyVault/vaults/company/keys/lanner"
  }

  assert {
    condition     = length(azurerm_eventhub_namespace_customer_managed_key.audit) == 0 && length(azurerm_storage_account.host.customer_managed_key) == 1
    error_message = "A Standard namespace cannot have a key of one's own; the account can."
  }
}

run "deployment" {
  command = plan

  variables {
    deploy = true
  }

  assert {
    condition     = terraform_data.package.input == filesha256(var.package) && length(terraform_data.deployment) == 1
    error_message = "Another package is deployed again, and nothing else follows from it."
  }
}

run "no_deployment" {
  assert {
    condition     = terraform_data.package.input == filesha256(var.package) && length(terraform_data.deployment) == 0
    error_message = "Without deploy, an apply needs no Azure CLI, and shows all the same that there is another package."
  }
}
