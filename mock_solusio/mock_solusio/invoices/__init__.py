"""`mock-solusio invoices`: holds a billing system to invoices; a mock plays each scenario for it."""
