"""``mock-solusio demo``: a hoster with customers, servers, prices, and months of invoices to look at."""
