locals {
  every = "*"

  # Whose logs are watched: those of projects, or of a folder or an organisation and all below it.
  kind   = var.scope == null ? "projects" : split("/", var.scope)[0]
  number = var.scope == null ? null : split("/", var.scope)[1]

  projects = { for key, cluster in var.clusters : key => coalesce(cluster.project, var.project) }

  filters = {
    for key, cluster in var.clusters : key => join("\nAND ", compact([
      "resource.type=\"k8s_cluster\"",
      "(log_id(\"cloudaudit.googleapis.com/activity\") OR log_id(\"cloudaudit.googleapis.com/data_access\"))",
      "protoPayload.serviceName=\"k8s.io\"",
      key == local.every ? "" : "resource.labels.cluster_name=\"${coalesce(cluster.name, key)}\"",
      cluster.location == null ? "" : "resource.labels.location=\"${cluster.location}\"",
      local.kind == "projects" || cluster.project == null ? "" : "resource.labels.project_id=\"${coalesce(cluster.project, "-")}\"",
      trimspace(var.filter) == "" ? "" : "(${trimspace(var.filter)})",
    ]))
  }

  # One for each cluster, so that a cluster that goes takes nothing of another one with it.
  sinks = {
    for key, filter in local.filters : key => {
      name        = "${var.name}-${key == local.every ? "all" : key}"
      description = "Audit log of ${key == local.every ? "all clusters" : key} for Lanner"
      filter      = filter
    }
  }
}

resource "google_logging_project_sink" "this" {
  for_each = local.kind == "projects" ? local.sinks : {}

  project                = local.projects[each.key]
  name                   = each.value.name
  description            = each.value.description
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.entries.id}"
  filter                 = each.value.filter
  unique_writer_identity = true
}

resource "google_logging_folder_sink" "this" {
  for_each = local.kind == "folders" ? local.sinks : {}

  folder           = local.number
  name             = each.value.name
  description      = each.value.description
  destination      = "pubsub.googleapis.com/${google_pubsub_topic.entries.id}"
  filter           = each.value.filter
  include_children = true
}

resource "google_logging_organization_sink" "this" {
  for_each = local.kind == "organizations" ? local.sinks : {}

  org_id           = local.number
  name             = each.value.name
  description      = each.value.description
  destination      = "pubsub.googleapis.com/${google_pubsub_topic.entries.id}"
  filter           = each.value.filter
  include_children = true
}

# All of them at once: the sinks of one project write by the same identity, which must not lose its right when one of
# them goes. And nobody else may put entries there.
resource "google_pubsub_topic_iam_binding" "sinks" {
  project = var.project
  topic   = google_pubsub_topic.entries.name
  role    = "roles/pubsub.publisher"

  members = distinct(concat(
    [for sink in google_logging_project_sink.this : sink.writer_identity],
    [for sink in google_logging_folder_sink.this : sink.writer_identity],
    [for sink in google_logging_organization_sink.this : sink.writer_identity],
  ))
}
