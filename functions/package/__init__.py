"""Builds what is deployed: zip archives for Lambda and for Cloud Run functions, the same bytes from the same input."""
