mock_provider "google" {
  source = "../../modules/gcp-function/tests/mocks"
}

variables {
  project = "security-prod"
  folder  = "folders/42"
}

run "plan" {
  command = plan

  assert {
    condition     = keys(output.filters.projects) == ["pay", "shop", "shop-us"] && keys(output.filters.folder) == ["*"]
    error_message = "Each cluster has a sink, and the folder has one."
  }

  assert {
    condition     = strcontains(output.filters.projects["shop-us"], "resource.labels.cluster_name=\"shop\"\nAND resource.labels.location=\"us-east1\"")
    error_message = "Two clusters of the same name are told apart by their places."
  }
}
