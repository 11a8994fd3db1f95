locals {
  subscriptions = merge([
    for cluster in local.own : {
      for kind, filter in local.filters : "${cluster}/${kind}" => { cluster = cluster, name = local.filter_names[kind], filter = filter }
    }
  ]...)

  filter_names = { events = var.name, cut = "${var.name}-cut-events" }
}

resource "aws_lambda_permission" "logs" {
  for_each = local.stream == null ? local.own : []

  statement_id   = "logs-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = module.function.function
  principal      = "logs.amazonaws.com"
  source_account = local.place.account
  source_arn     = "arn:${local.place.partition}:logs:${local.place.region}:${local.place.account}:log-group:/aws/eks/${each.key}/cluster:*"
}

resource "aws_cloudwatch_log_subscription_filter" "this" {
  for_each = local.subscriptions

  name            = each.value.name
  log_group_name  = "/aws/eks/${each.value.cluster}/cluster"
  filter_pattern  = each.value.filter
  destination_arn = local.stream == null ? module.function.function_id : aws_kinesis_stream.this[0].arn
  role_arn        = one(aws_iam_role.logs[*].arn)
  # EKS writes to few log streams at a time: by log stream, one shard would take nearly all.
  distribution = local.stream == null ? "ByLogStream" : "Random"

  # CloudWatch Logs tries the destination when it is told of it.
  depends_on = [aws_lambda_permission.logs, aws_iam_role_policy.logs]
}
