mock_provider "aws" {
  source = "../aws-function/tests/mocks"
}

variables {
  package     = "./main.tf" # any file will do
  clusters    = ["shop", "pay"]
  credentials = { shop = "0123456789abcdef-shop", pay = "0123456789abcdef-pay" }
}

run "tokens" {
  assert {
    condition     = nonsensitive(aws_secretsmanager_secret_version.credentials[0].secret_string) == "pay=0123456789abcdef-pay\nshop=0123456789abcdef-shop"
    error_message = "The secret is a list of clusters and their tokens."
  }

  assert {
    condition = [for one in module.function.statements : one.Resource if one.Sid == "ReadSecrets"] == [
      tolist(["arn:aws:secretsmanager:eu-west-1:123456789012:secret:lanner-credentials-AbCdEf"]),
    ]
    error_message = "The function may read this secret, and no other."
  }

  assert {
    condition     = output.url == "https://abc123.lambda-url.eu-west-1.on.aws/audit"
    error_message = "API servers post to /audit."
  }

  assert {
    condition     = nonsensitive(output.urls["shop"]) == "https://abc123.lambda-url.eu-west-1.on.aws/audit/shop"
    error_message = "A URL without a secret names the cluster."
  }

  assert {
    condition = (
      yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user.token == "0123456789abcdef-shop" &&
      yamldecode(nonsensitive(output.kubeconfig["shop"])).clusters[0].cluster.server == nonsensitive(output.urls["shop"]) &&
      yamldecode(nonsensitive(output.kubeconfig["shop"])).current-context == yamldecode(nonsensitive(output.kubeconfig["shop"])).contexts[0].name
    )
    error_message = "The kubeconfig has the cluster's own token and URL."
  }
}

run "public_by_its_url_alone" {
  assert {
    condition = (
      aws_lambda_function_url.this.authorization_type == "NONE" &&
      aws_lambda_permission.url.action == "lambda:InvokeFunctionUrl" &&
      aws_lambda_permission.url.function_url_auth_type == "NONE"
    )
    error_message = "Everybody may call the URL."
  }

  assert {
    condition     = [for resource in jsondecode(aws_cloudformation_stack.url.template_body).Resources : resource.Properties.InvokedViaFunctionUrl] == [true]
    error_message = "Nobody may call the function but by its URL."
  }
}

run "paths" {
  variables {
    secret_paths = true
  }

  assert {
    condition     = nonsensitive(output.urls["pay"]) == "https://abc123.lambda-url.eu-west-1.on.aws/audit/0123456789abcdef-pay"
    error_message = "The credential is a part of the path."
  }

  assert {
    condition     = yamldecode(nonsensitive(output.kubeconfig["pay"])).users[0].user == {}
    error_message = "There is no token then."
  }
}

run "secret_of_your_own" {
  variables {
    credentials = {}
    secret      = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine-AbCdEf"
  }

  assert {
    condition     = length(aws_secretsmanager_secret.credentials) == 0
    error_message = "No secret is made where there is one."
  }

  assert {
    condition     = [for one in module.function.statements : one.Resource if one.Sid == "ReadSecrets"] == [tolist([var.secret])]
    error_message = "The function may read that secret."
  }

  assert {
    condition     = yamldecode(nonsensitive(output.kubeconfig["shop"])).users[0].user.token == "CREDENTIAL"
    error_message = "What Terraform does not know is left open."
  }
}

run "no_credentials" {
  command = plan

  variables {
    credentials = {}
  }

  expect_failures = [aws_lambda_function_url.this]
}

run "both_credentials_and_secret" {
  command = plan

  variables {
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine-AbCdEf"
  }

  expect_failures = [aws_lambda_function_url.this]
}

run "cluster_without_credential" {
  command = plan

  variables {
    clusters = ["shop", "pay", "edge"]
  }

  expect_failures = [aws_lambda_function_url.this]
}

run "short_credential" {
  command = plan

  variables {
    credentials = { shop = "secret", pay = "0123456789abcdef" }
  }

  expect_failures = [var.credentials]
}

run "no_clusters" {
  command = plan

  variables {
    clusters = []
  }

  expect_failures = [var.clusters]
}

run "missing_package" {
  command = plan

  variables {
    package = "../../../dist/no-such.zip"
  }

  expect_failures = [var.package]
}

run "malformed" {
  command = plan

  variables {
    name        = "Lanner"
    secret      = "lanner"
    alert_topic = "arn:aws:sqs:eu-west-1:123456789012:alerts"
    kms_key     = "1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  expect_failures = [var.name, var.secret, var.alert_topic, var.kms_key]
}
