mock_provider "google" {
  source = "../../modules/gcp-function/tests/mocks"
}

variables {
  project = "shop-prod"
}

run "apply" {
  assert {
    condition     = output.alert_topic == "projects/shop-prod/topics/created"
    error_message = "Alerts go to a topic that was created."
  }

  assert {
    condition     = length(google_project_service.this) == 9 && alltrue([for service in google_project_service.this : !service.disable_on_destroy])
    error_message = "The services that it needs are switched on, and stay on."
  }
}
