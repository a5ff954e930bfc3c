"""Fuzzing of a billing endpoint: schemathesis drives the OpenAPI document through the target."""
