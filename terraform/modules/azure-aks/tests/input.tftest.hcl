mock_provider "azurerm" {}

variables {
  resource_group_name  = "security"
  location             = "westeurope"
  storage_account_name = "shoplanner"
  package              = "../../../dist/lanner-azure-eventhub.zip"
  clusters             = { shop = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop" } }
}

run "no_clusters" {
  command = plan

  variables {
    clusters = {}
  }

  expect_failures = [var.clusters]
}

run "id_of_something_else" {
  command = plan

  variables {
    clusters = { shop = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop" } }
  }

  expect_failures = [var.clusters]
}

run "no_package" {
  command = plan

  variables {
    package = "../../../dist/nothing.zip"
  }

  expect_failures = [var.package]
}

run "unknown_region" {
  command = plan

  variables {
    location = "eu-west-1"
  }

  expect_failures = [var.location]
}

run "unknown_category" {
  command = plan

  variables {
    category = "kube-apiserver"
  }

  expect_failures = [var.category]
}

run "long_name" {
  command = plan

  variables {
    name = "lanner-of-the-whole-company"
  }

  expect_failures = [var.name]
}

run "account_with_hyphen" {
  command = plan

  variables {
    storage_account_name = "shop-lanner"
  }

  expect_failures = [var.storage_account_name]
}

run "id_instead_of_a_group" {
  command = plan

  variables {
    resource_group_name = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security"
  }

  expect_failures = [var.resource_group_name]
}

run "unknown_replication" {
  command = plan

  variables {
    storage_replication = "zrs"
  }

  expect_failures = [var.storage_replication]
}

run "namespace_instead_of_a_hub" {
  command = plan

  variables {
    event_hub = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.EventHub/namespaces/company-logs" }
  }

  expect_failures = [var.event_hub]
}

run "basic_tier" {
  command = plan

  variables {
    namespace = { sku = "Basic" }
  }

  expect_failures = [var.namespace]
}

run "more_capacity_than_the_most" {
  command = plan

  variables {
    namespace = { capacity = 8 }
  }

  expect_failures = [var.namespace]
}

run "too_many_partitions" {
  command = plan

  variables {
    namespace = { partitions = 64 }
  }

  expect_failures = [var.namespace]
}

run "retention_of_another_tier" {
  command = plan

  variables {
    namespace = { retention_days = 30 }
  }

  expect_failures = [var.namespace]
}

run "network_instead_of_a_subnet" {
  command = plan

  variables {
    subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/net"
  }

  expect_failures = [var.subnet_id]
}

run "setting_of_another_program" {
  command = plan

  variables {
    settings = { AzureWebJobsStorage = "DefaultEndpointsProtocol=https" }
  }

  expect_failures = [var.settings]
}

run "setting_of_the_module" {
  command = plan

  variables {
    settings = { LANNER_DEAD_LETTERS = "https://other.queue.core.windows.net/queue" }
  }

  expect_failures = [var.settings]
}

run "unknown_priority" {
  command = plan

  variables {
    minimum_priority = "high"
  }

  expect_failures = [var.minimum_priority]
}

run "topic_with_key" {
  command = plan

  variables {
    alert_topic = {
      id       = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.EventGrid/topics/alerts"
      endpoint = "https://alerts.westeurope-1.eventgrid.azure.net/api/events?aeg-sas-key=x"
    }
  }

  expect_failures = [var.alert_topic]
}

run "name_instead_of_a_topic" {
  command = plan

  variables {
    alert_topic = { id = "alerts", endpoint = "https://alerts.westeurope-1.eventgrid.azure.net/api/events" }
  }

  expect_failures = [var.alert_topic]
}

run "queue_with_signature" {
  command = plan

  variables {
    alert_queue = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/shopalerts/queueServices/default/queues/alerts"
      url = "https://shopalerts.queue.core.windows.net/alerts?sig=x"
    }
  }

  expect_failures = [var.alert_queue]
}

run "account_instead_of_a_queue" {
  command = plan

  variables {
    alert_queue = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/shopalerts"
      url = "https://shopalerts.queue.core.windows.net/alerts"
    }
  }

  expect_failures = [var.alert_queue]
}

run "queue_among_the_dead_letters" {
  command = plan

  variables {
    alert_queue = {
      id  = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/security/providers/Microsoft.Storage/storageAccounts/shoplanner/queueServices/default/queues/alerts"
      url = "https://shoplanner.queue.core.windows.net/alerts"
    }
  }

  expect_failures = [azurerm_storage_account.host]
}

run "memory_of_another_plan" {
  command = plan

  variables {
    memory_mb = 1024
  }

  expect_failures = [var.memory_mb]
}

run "no_instance" {
  command = plan

  variables {
    max_concurrency = 0
  }

  expect_failures = [var.max_concurrency]
}

run "odd_retention_of_logs" {
  command = plan

  variables {
    log_retention_days = 14
  }

  expect_failures = [var.log_retention_days]
}

run "name_instead_of_a_workspace" {
  command = plan

  variables {
    log_analytics_workspace_id = "logs"
  }

  expect_failures = [var.log_analytics_workspace_id]
}

run "url_of_a_key" {
  command = plan

  variables {
    kms_key = "https://company.vault.azure.net/keys/lanner"
  }

  expect_failures = [var.kms_key]
}

run "address_instead_of_an_action_group" {
  command = plan

  variables {
    alarm_actions = ["on-call@example.com"]
  }

  expect_failures = [var.alarm_actions]
}

run "odd_window" {
  command = plan

  variables {
    alarms = { silence_minutes = 20 }
  }

  expect_failures = [var.alarms]
}
