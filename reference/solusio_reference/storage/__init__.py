"""Customers, collected usage, invoices and wanted SolusIO accounts, in SQLite or PostgreSQL."""
