"""HTTP <-> domain: one handler per operation of the OpenAPI document."""
