"""What the contract says, for people: clauses with their rules, elements with their provenance."""
