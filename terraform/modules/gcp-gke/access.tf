# What goes with `scope`: the Data Access logs that are switched on there, and the labels of clusters.

locals {
  # The names of Kubernetes' audit logs are those of k8s.io, yet they are switched on with the service of GKE.
  audited = "container.googleapis.com"

  asks_for_labels = contains(["true", "yes", "on", "1"], lower(lookup(var.settings, "LANNER_GKE_LABELS", "")))
}

resource "google_project_iam_audit_config" "this" {
  for_each = local.kind == "projects" && length(var.data_access_logs) > 0 ? toset(values(local.projects)) : []

  project = each.key
  service = local.audited

  dynamic "audit_log_config" {
    for_each = var.data_access_logs

    content {
      log_type = audit_log_config.value
    }
  }
}

resource "google_folder_iam_audit_config" "this" {
  count = local.kind == "folders" && length(var.data_access_logs) > 0 ? 1 : 0

  folder  = var.scope
  service = local.audited

  dynamic "audit_log_config" {
    for_each = var.data_access_logs

    content {
      log_type = audit_log_config.value
    }
  }
}

resource "google_organization_iam_audit_config" "this" {
  count = local.kind == "organizations" && length(var.data_access_logs) > 0 ? 1 : 0

  org_id  = local.number
  service = local.audited

  dynamic "audit_log_config" {
    for_each = var.data_access_logs

    content {
      log_type = audit_log_config.value
    }
  }
}

resource "google_project_iam_member" "labels" {
  for_each = local.kind == "projects" && local.asks_for_labels ? toset(values(local.projects)) : []

  project = each.key
  role    = "roles/container.clusterViewer"
  member  = "serviceAccount:${module.function.identity}"
}

resource "google_folder_iam_member" "labels" {
  count = local.kind == "folders" && local.asks_for_labels ? 1 : 0

  folder = var.scope
  role   = "roles/container.clusterViewer"
  member = "serviceAccount:${module.function.identity}"
}

resource "google_organization_iam_member" "labels" {
  count = local.kind == "organizations" && local.asks_for_labels ? 1 : 0

  org_id = local.number
  role   = "roles/container.clusterViewer"
  member = "serviceAccount:${module.function.identity}"
}
