"""`mock-solusio mcp`: the check, the scenarios and mocks as tools for editors' assistants."""
