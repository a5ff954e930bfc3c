"""One handler per operation of the OpenAPI document, grouped by resource."""
