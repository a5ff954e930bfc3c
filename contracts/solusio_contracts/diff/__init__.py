"""Compares the contract with another OpenAPI document, such as the vendor's own."""
