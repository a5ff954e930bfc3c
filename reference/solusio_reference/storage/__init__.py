"""Everything that is kept: customers, collected usage, invoices; SQLite or PostgreSQL."""
