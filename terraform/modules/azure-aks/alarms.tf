locals {
  # A namespace of others may hold other hubs; of ours the total is taken, which is there even while nothing comes in.
  only_this_hub = local.creates_hub ? {} : { EntityName = local.hub.name }

  # By name: what is looked at, how long, and what has to be true of each metric. The values of a metric are
  # aggregation, operator and threshold.
  alarms = var.alarms.enabled ? merge(
    var.alarms.silence_minutes == 0 ? {} : {
      silence = {
        text      = "No event of any cluster has come in: diagnostic settings are gone, or the clusters are."
        scope     = local.hub.namespace_id
        type      = "Microsoft.EventHub/namespaces"
        severity  = 1
        frequency = var.alarms.silence_minutes > 60 ? "PT1H" : "PT5M"
        window    = local.windows[var.alarms.silence_minutes]
        criteria = {
          IncomingMessages = { of = "Total", is = "LessThan", than = 1, where = local.only_this_hub }
        }
      }
    },
    {
      unread = {
        text      = "Events come in, and nobody reads them."
        scope     = local.hub.namespace_id
        type      = "Microsoft.EventHub/namespaces"
        severity  = 1
        frequency = "PT5M"
        window    = "PT15M"
        criteria = {
          IncomingMessages = { of = "Total", is = "GreaterThan", than = 0, where = local.only_this_hub }
          OutgoingMessages = { of = "Total", is = "LessThan", than = 1, where = local.only_this_hub }
        }
      }
      throttled = {
        text      = "The namespace refuses requests: it needs more units."
        scope     = local.hub.namespace_id
        type      = "Microsoft.EventHub/namespaces"
        severity  = 2
        frequency = "PT5M"
        window    = "PT5M"
        criteria = {
          ThrottledRequests = { of = "Total", is = "GreaterThan", than = 0, where = local.only_this_hub }
        }
      }
      failures = {
        text      = "The function fails: alerts could be neither delivered nor kept, and the events wait."
        scope     = azurerm_application_insights.function.id
        type      = "microsoft.insights/components"
        severity  = 1
        frequency = "PT5M"
        window    = "PT5M"
        criteria = {
          "requests/failed" = { of = "Count", is = "GreaterThan", than = 0, where = {} }
        }
      }
      dead-letters = {
        text      = "Something has just become a dead letter."
        scope     = "${azurerm_storage_account.host.id}/queueServices/default"
        type      = "Microsoft.Storage/storageAccounts/queueServices"
        severity  = 2
        frequency = "PT5M"
        window    = "PT5M"
        criteria = {
          Transactions = { of = "Total", is = "GreaterThan", than = 0, where = { ApiName = "PutMessage" } }
        }
      }
      # The service counts once an hour.
      dead-letters-waiting = {
        text      = "There are dead letters: see why they are, then take them with `lanner replay`."
        scope     = "${azurerm_storage_account.host.id}/queueServices/default"
        type      = "Microsoft.Storage/storageAccounts/queueServices"
        severity  = 3
        frequency = "PT1H"
        window    = "PT6H"
        criteria = {
          QueueMessageCount = { of = "Average", is = "GreaterThan", than = 0, where = {} }
        }
      }
    },
    local.has_topic ? {
      dropped = {
        text      = "Event Grid has given up alerts: a subscription's target does not take them, and it has no dead letters."
        scope     = local.topic.id
        type      = "Microsoft.EventGrid/topics"
        severity  = 1
        frequency = "PT5M"
        window    = "PT15M"
        criteria = {
          DroppedEventCount = { of = "Total", is = "GreaterThan", than = 0, where = {} }
        }
      }
    } : {},
  ) : {}

  windows = {
    5    = "PT5M"
    15   = "PT15M"
    30   = "PT30M"
    60   = "PT1H"
    360  = "PT6H"
    720  = "PT12H"
    1440 = "P1D"
  }
}

resource "azurerm_monitor_metric_alert" "this" {
  for_each = local.alarms

  name                = "${var.name}-${each.key}"
  description         = each.value.text
  resource_group_name = var.resource_group_name
  scopes              = [each.value.scope]
  severity            = each.value.severity
  frequency           = each.value.frequency
  window_size         = each.value.window
  tags                = var.tags

  dynamic "criteria" {
    for_each = each.value.criteria

    content {
      metric_namespace = each.value.type
      metric_name      = criteria.key
      aggregation      = criteria.value.of
      operator         = criteria.value.is
      threshold        = criteria.value.than

      dynamic "dimension" {
        for_each = criteria.value.where

        content {
          name     = dimension.key
          operator = "Include"
          values   = [dimension.value]
        }
      }
    }
  }

  dynamic "action" {
    for_each = toset(var.alarm_actions)

    content {
      action_group_id = action.value
    }
  }
}
