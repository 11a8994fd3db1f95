mock_provider "google" {
  source = "../../modules/gcp-function/tests/mocks"
}

variables {
  project = "shop-prod"
  token   = "0123456789abcdef"
}

run "apply" {
  assert {
    condition     = yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user.token == "0123456789abcdef"
    error_message = "The API server's kubeconfig has its token."
  }
}
