"""The contract for people: clauses with their rules, elements with their provenance."""
