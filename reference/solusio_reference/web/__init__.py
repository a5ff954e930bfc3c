"""Pages for browsers, the adapter for `invoices check`, and who may use them."""
