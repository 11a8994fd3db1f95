locals {
  create = var.bucket.create ? 1 : 0
}

resource "aws_s3_bucket" "archive" {
  #checkov:skip=CKV_AWS_18:a log of who reads the log is the account's own choice (CloudTrail)
  #checkov:skip=CKV_AWS_144:it holds copies of what CloudWatch Logs has
  count = local.create

  bucket = var.bucket.name
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "archive" {
  count = local.create

  bucket                  = aws_s3_bucket.archive[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "archive" {
  count = local.create

  bucket = aws_s3_bucket.archive[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  count = local.create

  bucket = aws_s3_bucket.archive[0].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.bucket.kms_key == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.bucket.kms_key
    }
  }
}

resource "aws_s3_bucket_versioning" "archive" {
  count = local.create

  bucket = aws_s3_bucket.archive[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  count = local.create

  bucket = aws_s3_bucket.archive[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.bucket.retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.archive]
}

resource "aws_s3_bucket_policy" "archive" {
  count = local.create

  bucket = aws_s3_bucket.archive[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyByTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      # What Firehose asks for; reading is not part of it.
      [
        for writers in [sort(var.bucket.writers)] : {
          Sid       = "Write"
          Effect    = "Allow"
          Principal = { AWS = writers }
          Action    = ["s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"]
          Resource  = ["${local.bucket_arn}/${var.bucket.prefix}*"]
        } if length(writers) > 0
      ],
      [
        for writers in [sort(var.bucket.writers)] : {
          Sid       = "Find"
          Effect    = "Allow"
          Principal = { AWS = writers }
          Action    = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
          Resource  = [local.bucket_arn]
        } if length(writers) > 0
      ],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.archive]
}
