"""Lanner runs Falco's Kubernetes audit rules as serverless functions."""

__version__ = "0.1.0"  # the only place: the build reads it from here
