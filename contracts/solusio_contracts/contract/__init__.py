"""The contract itself: clauses and OpenAPI documents, loaded and outlined."""
