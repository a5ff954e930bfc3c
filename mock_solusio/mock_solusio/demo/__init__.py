"""``mock-solusio demo``: a hosting provider with customers, servers, prices and months of invoices."""
