"""Tests of the Terraform modules and examples, and what they are made with."""
