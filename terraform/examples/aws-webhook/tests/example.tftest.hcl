mock_provider "aws" {
  source = "../../modules/aws-function/tests/mocks"
}

variables {
  token = "0123456789abcdef"
}

run "apply" {
  assert {
    condition     = yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user.token == "0123456789abcdef"
    error_message = "The API server's kubeconfig has its token."
  }
}

run "no_such_region" {
  command = plan

  variables {
    region = "Ireland"
  }

  expect_failures = [var.region]
}
