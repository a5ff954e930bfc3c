"""Fuzzing of a billing endpoint: requests generated from the OpenAPI document, sent through the target."""
