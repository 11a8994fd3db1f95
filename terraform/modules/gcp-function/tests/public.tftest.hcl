mock_provider "google" {
  source = "./tests/mocks"
}

variables {
  project = "shop-prod"
  region  = "europe-west1"
  name    = "lanner"
  package = "../../../dist/lanner-gcp-pubsub.zip"
  public  = true
}

run "everybody_calls" {
  assert {
    condition     = google_cloud_run_v2_service_iam_member.invoker.member == "allUsers" && google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_ALL" && length(google_service_account.push) == 0
    error_message = "A public function may be called by everybody, and has no account that calls it."
  }
}
