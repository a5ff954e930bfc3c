"""The JSON shapes in which the API shows what the domain holds."""
